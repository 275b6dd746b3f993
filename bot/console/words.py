"""How the console writes times and keys for its readers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime


def shown(value: object, zone: ZoneInfo) -> str:
    """Return a time as people here write it: ``22 nov 2026, 12:30``; nothing for None."""
    if not isinstance(value, datetime):
        return ""
    return format_datetime(value.astimezone(zone), "d MMM y, H:mm", locale="es_MX")
