"""When people answer: opening hours by weekday, with holidays. Local times of one time zone.

Written as ``lun-vie 09:00-18:00; sab 09:00-14:00``; days are ``lun`` to ``dom``, or English ``mon`` to ``sun``. On a
holiday nothing of that counts, but only what ``fes`` says (``fes 10:00-14:00``).
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

_DAYS = {
    name: number
    for names in (
        ("lun", "mar", "mie", "jue", "vie", "sab", "dom"),
        ("mon", "tue", "wed", "thu", "fri", "sat", "sun"),
    )
    for number, name in enumerate(names)
}
_HOLIDAY = 7
_PART = re.compile(r"^([a-z]{3})(?:-([a-z]{3}))?\s+(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$")
_LONGEST_SEARCH_DAYS = 370


class BadHours(ValueError):
    """Hours cannot be read; the message quotes the part at fault."""


@dataclass(frozen=True)
class OpeningHours:
    """``spans``: (weekday from 0 = Monday, 7 = a holiday; opens, closes). No span at all: open on every day.

    ``closed``: days on which nobody answers whatever the spans say.
    """

    spans: tuple[tuple[int, time, time], ...] = ()
    holidays: Collection[date] = frozenset()
    closed: Collection[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        """Say whether somebody answers at a local time."""
        if not self.spans:
            return at.date() not in self.closed
        return any(opens <= at.time() < closes for opens, closes in self.spans_of(at.date()))

    def spans_of(self, day: date) -> tuple[tuple[time, time], ...]:
        """Return when it opens and closes on a day, in order; ``time.max`` is midnight."""
        if day in self.closed:
            return ()
        if not self.spans:
            return ((time.min, time.max),)
        number = _HOLIDAY if day in self.holidays else day.weekday()
        return tuple(sorted((opens, closes) for each, opens, closes in self.spans if each == number))

    def next_opening(self, at: datetime) -> datetime | None:
        """Return ``at`` if open then, else the next opening in the same zone; None when there is none in a year."""
        if self.is_open(at):
            return at
        for days in range(_LONGEST_SEARCH_DAYS):
            day = at.date() + timedelta(days=days)
            for opens, _ in self.spans_of(day):
                opening = datetime.combine(day, opens, at.tzinfo)
                if opening > at:
                    return opening
        return None


def open_between(hours: Collection[OpeningHours], since: datetime, until: datetime) -> timedelta:
    """Return for how long at least one of these hours was open between two local times of one zone."""
    total, counted, day = timedelta(0), since, since.date()
    while day <= until.date():
        for opens, closes in sorted(span for each in hours for span in each.spans_of(day)):
            end = datetime.combine(day, closes, until.tzinfo)
            if closes == time.max:  # midnight, which a time of the same day cannot be
                end = datetime.combine(day + timedelta(days=1), time.min, until.tzinfo)
            begin, end = max(datetime.combine(day, opens, until.tzinfo), counted), min(end, until)
            if end > begin:
                total += end - begin
                counted = end
        day += timedelta(days=1)
    return total


def parse_hours(
    text: str, holidays: Collection[date] = frozenset(), closed: Collection[date] = frozenset()
) -> OpeningHours:
    """Read hours; an empty text is always open, but on ``closed`` days.

    Raises:
        BadHours: a part cannot be read, names an unknown day, or closes before it opens.
    """
    spans: list[tuple[int, time, time]] = []
    for part in filter(None, (each.strip().lower().replace("é", "e").replace("á", "a") for each in text.split(";"))):
        match = _PART.match(part)
        known = _DAYS if match is None or match[2] else {**_DAYS, "fes": _HOLIDAY}
        if match is None or match[1] not in known or (match[2] or match[1]) not in known:
            raise BadHours(f"{part!r}: expected like 'lun-vie 09:00-18:00'")
        first, last = known[match[1]], known[match[2] or match[1]]
        try:
            opens, closes = time(int(match[3]), int(match[4])), _closing(int(match[5]), int(match[6]))
        except ValueError:
            raise BadHours(f"{part!r}: there is no such time") from None
        if closes <= opens:
            raise BadHours(f"{part!r}: closes before it opens")
        days = range(first, last + 1) if first <= last else (*range(first, 7), *range(last + 1))
        spans += [(day, opens, closes) for day in days]
    return OpeningHours(tuple(sorted(spans)), holidays, closed)


def parse_days(text: str) -> frozenset[date]:
    """Read days written as ``2026-12-24 2026-12-28/2027-01-06``: single ones, and spans with both ends.

    Raises:
        BadHours: a part is no day, or a span ends before it begins or after more than a year.
    """
    days: set[date] = set()
    for part in text.replace(",", " ").split():
        first_text, _, last_text = part.partition("/")
        try:
            first, last = date.fromisoformat(first_text), date.fromisoformat(last_text or first_text)
        except ValueError:
            raise BadHours(f"{part!r}: expected like 2026-12-24 or 2026-12-28/2027-01-06") from None
        length = (last - first).days
        if not 0 <= length <= _LONGEST_SEARCH_DAYS:
            raise BadHours(f"{part!r}: a span ends after it begins, within a year")
        days.update(first + timedelta(days=number) for number in range(length + 1))
    return frozenset(days)


def _closing(hour: int, minute: int) -> time:
    return time.max if (hour, minute) == (24, 0) else time(hour, minute)


FIRST, LAST = time(8), time(21)
"""What nobody waits for (reminders, calls back) reaches people from the first to before the last, local time."""


def within_day(at: datetime) -> datetime:
    """Return ``at`` moved forward into those hours, in its own zone."""
    if FIRST <= at.time() < LAST:
        return at
    day = at.date() if at.time() < FIRST else at.date() + timedelta(days=1)
    return datetime.combine(day, FIRST, at.tzinfo)
