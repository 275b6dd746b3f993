"""Which place is meant: the municipality nearest to a position, and the question which of several namesakes."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.catalogue.places import STATE_NAMES, Place
from bot.core.replies import Ask, Option

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "places"
FARTHEST_KM = 60.0
"""Beyond this from every known locality a position is not taken for one in Mexico."""
_EARTH_KM = 6371.0


def which_place(turn: Turn, places: Sequence[Place]) -> Answer:
    """Ask which of several places of one name is meant, one a state; what waited for a place waits on."""
    options = tuple(
        Option(f"town:{place.state}/{place.municipality or ''}", place.state, description=place.municipality)
        for place in places
    )
    waiting = turn.memory.pending
    pending = waiting if waiting is not None and waiting.kind in ("place", "cost_place") else Pending("place")
    return answer(turn, "ask_place", Ask("which_place", options), pending=pending)


def nearest(latitude: float, longitude: float) -> Place | None:
    """Return the municipality of the nearest known point (WGS 84 degrees), or None far from all."""
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    best = min(_points(), key=lambda point: _distance(latitude, longitude, point[0], point[1]))
    return best[2] if _distance(latitude, longitude, best[0], best[1]) <= FARTHEST_KM else None


@lru_cache(maxsize=1)
def _points() -> tuple[tuple[float, float, Place], ...]:
    by_code: dict[str, Place] = {}
    points: list[tuple[float, float, Place]] = []
    with (_FOLDER / "municipalities.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            place = Place(STATE_NAMES.get(row["state"], row["state"]), row["municipality"])
            by_code[row["code"]] = place
            if row["latitude"] and row["longitude"]:  # some seats have no coordinates
                points.append((float(row["latitude"]), float(row["longitude"]), place))
    with (_FOLDER / "localities.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            known = by_code.get(row["municipality_code"])
            if known and row["latitude"] and row["longitude"]:
                points.append((float(row["latitude"]), float(row["longitude"]), known))
    return tuple(points)


def _distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Return kilometres; flat within a latitude, which is exact enough to compare near points."""
    mean = math.radians((lat1 + lat2) / 2)
    x = math.radians(lon2 - lon1) * math.cos(mean)
    y = math.radians(lat2 - lat1)
    return _EARTH_KM * math.hypot(x, y)
