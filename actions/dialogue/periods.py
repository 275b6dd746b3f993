"""Until when, for somebody who says when it happened: "nació el 3 de noviembre" and a card's "6 meses de vida".

Only a period that the card gives once, in calendar days, weeks or months, is counted, and only from a date that was
said of what the period begins with. Working days are not counted: no card says which days are.
"""

from __future__ import annotations

import calendar
import re
from datetime import date, timedelta

from actions.dialogue.dates import MONTH_NUMBERS, plain
from bot.core.procedures import Procedure

_UNITS = r"(?P<unit>dias?|semanas?|mes(?:es)?)"
_PERIOD = re.compile(rf"(?<![\w-])(?P<count>\d{{1,3}}) {_UNITS}\b")
_NOT_COUNTED = re.compile(r"\b(?:habil\w*|20\d\d|horas?)\b")
_BEGINS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (
        re.compile(r"\b(?:vida|nacimiento|nac\w+)\b"),
        re.compile(r"\b(?:naci\w*|alivi\w+|pari\w*|di a luz|dio a luz|parto)\b"),
    ),
    (re.compile(r"\b(?:muerte|defuncion|fallec\w+)\b"), re.compile(r"\b(?:muri\w*|fallec\w*)\b")),
    (
        re.compile(r"\bbaja\b"),
        re.compile(r"\b(?:baja|corrieron|despidi\w+|renunci\w+|perdi el (?:trabajo|imss|seguro))\b"),
    ),
    (re.compile(r"\breporte\b"), re.compile(r"\b(?:report\w+)\b")),
)
"""What a card's period begins with, and the words of a person for it."""
_DAY_MONTH = re.compile(
    rf"\b(?P<day>\d{{1,2}}|primero) de (?P<month>{'|'.join(MONTH_NUMBERS)})\b(?: (?:de |del )?(?P<year>20\d\d))?"
)
_AGO = re.compile(rf"\bhace (?:como )?(?P<count>\d{{1,3}}|una?|dos|tres|cuatro|cinco|seis) {_UNITS}\b")
_DAYS = (
    (re.compile(r"\b(?:anteayer|antier|antes de ayer)\b"), 2),
    (re.compile(r"\b(?:ayer|anoche|yesterday)\b"), 1),
    (re.compile(r"\b(?:hoy|today)\b"), 0),
)
_WORDS = {"un": 1, "una": 1, "dos": 2, "tres": 3, "cuatro": 4, "cinco": 5, "seis": 6}


def last_day(card: Procedure, text: str, today: date) -> date | None:
    """Return the last day of the card's period for what the text dates; None when that cannot be counted surely."""
    if not card.deadline or not text:
        return None
    deadline, said = plain(card.deadline), plain(text)
    periods = list(_PERIOD.finditer(deadline))
    if len(periods) != 1 or _NOT_COUNTED.search(deadline):
        return None
    about = f"{deadline} {plain(card.name)}"
    if not any(of_card.search(about) and of_text.search(said) for of_card, of_text in _BEGINS):
        return None
    begun = happened(said, today)
    if begun is None:
        return None
    return _after(begun, int(periods[0]["count"]), periods[0]["unit"])


def happened(said: str, today: date) -> date | None:
    """Return the one past day that a plain text names, the latest that fits when it has no year."""
    found = {day for day in (*_named(said, today), *_ago(said, today), *_near(said, today)) if day <= today}
    return next(iter(found)) if len(found) == 1 else None


def _named(said: str, today: date) -> list[date]:
    days = []
    for match in _DAY_MONTH.finditer(said):
        day = 1 if match["day"] == "primero" else int(match["day"])
        month = MONTH_NUMBERS[match["month"]]
        years = [int(match["year"])] if match["year"] else [today.year, today.year - 1]
        known = [date(y, month, day) for y in years if 1 <= day <= calendar.monthrange(y, month)[1]]
        days += [each for each in known if each <= today][:1]
    return days


def _ago(said: str, today: date) -> list[date]:
    counts = ((_WORDS.get(m["count"]) or int(m["count"]), m["unit"]) for m in _AGO.finditer(said))
    return [_after(today, -count, unit) for count, unit in counts]


def _near(said: str, today: date) -> list[date]:
    return [today - timedelta(days=days) for pattern, days in _DAYS if pattern.search(said)]


def _after(day: date, count: int, unit: str) -> date:
    if unit.startswith("mes"):
        months = day.year * 12 + day.month - 1 + count
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    return day + timedelta(days=count * (7 if unit.startswith("semana") else 1))
