"""Days on which nobody answers: Mexico's official holidays (Ley Federal del Trabajo, artículo 74)."""

from __future__ import annotations

from datetime import date

import holidays

_YEARS = range(2025, 2051)


def mexican_holidays() -> frozenset[date]:
    """Return the obligatory days of rest of the years to come."""
    return frozenset(holidays.country_holidays("MX", years=_YEARS))
