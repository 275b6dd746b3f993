"""What time it is where the person is."""

from __future__ import annotations

import csv
from datetime import datetime, timezone
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.catalogue.places import Place

_FILE = Path(__file__).resolve().parents[2] / "data" / "places" / "time_zones.csv"
MOST_OF_MEXICO = "America/Mexico_City"


def zone_of(place: Place | None) -> ZoneInfo:
    """Return the time zone of a place; without one, that of most of the country."""
    zones = _zones()
    if place is None:
        return ZoneInfo(MOST_OF_MEXICO)
    found = zones.get((place.state, place.municipality or "")) or zones.get((place.state, ""))
    return ZoneInfo(found or MOST_OF_MEXICO)


@lru_cache(maxsize=1)
def _zones() -> dict[tuple[str, str], str]:
    """Zones that differ from most of the country's (Ley de los Husos Horarios, DOF 2022-10-28)."""
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {(row["state"], row["municipality"]): row["zone"] for row in csv.DictReader(lines)}


def local_now(now: str | None, place: Place | None) -> datetime:
    """Return the time at a place; ``now`` is ISO 8601 with offset, without it the machine's clock counts."""
    at = datetime.fromisoformat(now) if now else datetime.now(timezone.utc)
    return at.astimezone(zone_of(place))
