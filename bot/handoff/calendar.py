"""Days on which nobody answers: Mexico's official holidays (Ley Federal del Trabajo, artículo 74), and one's own."""

from __future__ import annotations

from datetime import date

import holidays

from bot.core.hours import OpeningHours, parse_days, parse_hours

_YEARS = range(2025, 2051)


def mexican_holidays() -> frozenset[date]:
    """Return the obligatory days of rest of the years to come."""
    return frozenset(holidays.country_holidays("MX", years=_YEARS))


def hours_of(text: str, closed_days: str = "") -> OpeningHours:
    """Return hours as ``HUMAN_HOURS`` is written, with the days of rest and the institution's own ``closed_days``.

    Raises:
        bot.core.hours.BadHours: one of the texts cannot be read.
    """
    return parse_hours(text, mexican_holidays(), parse_days(closed_days))
