"""When SMS that nobody waits for may go out, by the person's own clock."""

from __future__ import annotations

import csv
from collections.abc import Collection
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
from phonenumbers import timezone as number_zones

FIRST, LAST = time(8), time(21)
"""From the first to before the last, local time. What waits for the day are reminders that people asked for at an hour
of their own; what is sent unasked would have to wait until nine (Twilio's guidelines for Mexico)."""
_PLACES = Path(__file__).resolve().parents[2] / "data" / "places" / "time_zones.csv"
MOST_OF_MEXICO = "America/Mexico_City"


def zones_of(number: str, state: str | None) -> frozenset[str]:
    """Return the zones that a person may be in: of her state if it is known, else of her number's area code."""
    if state:
        return frozenset({_zones_of_states().get(state, MOST_OF_MEXICO)})
    try:
        found = number_zones.time_zones_for_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        found = ()
    known = frozenset(zone for zone in found if zone != number_zones.UNKNOWN_TIMEZONE)
    return known or frozenset({MOST_OF_MEXICO})


def quiet_until(now: datetime, zones: Collection[str]) -> datetime | None:
    """Return when it is day in all of ``zones``; None when it is now."""
    until = now
    # Each step goes to the next morning of a zone where it is night; the day is longer than the zones are apart, except
    # for countries with many: then the number says nothing about the hour.
    for _ in range(2 * len(zones)):
        nights = [at for zone in zones if (at := _morning(until, ZoneInfo(zone))) is not None]
        if not nights:
            return None if until == now else until
        until = max(nights)
    return None


def _morning(now: datetime, zone: ZoneInfo) -> datetime | None:
    local = now.astimezone(zone)
    if FIRST <= local.time() < LAST:
        return None
    day = local.date() if local.time() < FIRST else local.date() + timedelta(days=1)
    return datetime.combine(day, FIRST, zone).astimezone(now.tzinfo)


@lru_cache(maxsize=1)
def _zones_of_states() -> dict[str, str]:
    """States whose zone differs from most of the country's; of a state with several, the one of its largest part."""
    with _PLACES.open(encoding="utf-8", newline="") as lines:
        return {row["state"]: row["zone"] for row in csv.DictReader(lines) if not row["municipality"]}
