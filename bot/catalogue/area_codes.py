"""The state that a phone number's area code belongs to: a guess, since people move and keep their number."""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

_FILE = Path(__file__).resolve().parents[2] / "data" / "places" / "area_codes.csv"


def state_of_number(number: str) -> str | None:
    """Return the state of a Mexican number in E.164 (``+525512345678``), None when its area code does not tell."""
    if not number.startswith("+52") or len(number) != 13:
        return None
    states = _states()
    return next((states[number[3 : 3 + n]] for n in range(10, 1, -1) if number[3 : 3 + n] in states), None)


@lru_cache(maxsize=1)
def _states() -> dict[str, str]:
    with _FILE.open(encoding="utf-8", newline="") as lines:
        return {row["prefix"]: row["state"] for row in csv.DictReader(lines)}
