"""How the console writes times and keys for its readers."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime


def shown(value: object, zone: ZoneInfo, today: datetime | None = None) -> str:
    """Return a time as people here write it: ``22 nov 2026, 12:30``, only ``12:30`` on ``today``; nothing for None."""
    if not isinstance(value, datetime):
        return ""
    local = value.astimezone(zone)
    same_day = today is not None and local.date() == today.astimezone(zone).date()
    return format_datetime(local, "H:mm" if same_day else "d MMM y, H:mm", locale="es_MX")
