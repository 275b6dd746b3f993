"""When somebody means: "el lunes", "mañana a las 10", "en 3 días", "una semana antes del 15 de enero".

Own and small: what people say of a day in the near future, in Mexican Spanish as it is typed or heard. The patterns
are the citizens' words on folded text; nothing here is ever shown. Standard library only.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Literal

Problem = Literal["past", "impossible", "far", "no_date", "before_what"]
FARTHEST = timedelta(days=731)
_MORNING, _NOON, _AFTERNOON, _EVENING = time(9), time(12), time(16), time(19)


@dataclass(frozen=True)
class When:
    """A point in time, or why there is none.

    ``no_date``: nothing of a date was said; ``before_what``: so long before a day that was not said ("una semana antes
    de que se venza"). ``rest`` is the folded text without the words of the date.
    """

    at: datetime | None = None
    problem: Problem | None = None
    rest: str = ""


def plain(text: str) -> str:
    """Return text in lower case without accents and signs but ``: / -`` between digits; ñ becomes n."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    folded = "".join(c for c in decomposed if not unicodedata.combining(c))
    folded = re.sub(r"(?<![a-z])([ap])\s?\.?\s?m\b\.?", r"\1m", folded)  # "p. m." -> "pm"
    folded = re.sub(r"(?<=\d)(?=am\b|pm\b|hrs?\b|h\b)", " ", folded)
    folded = re.sub(r"(?<=\d)\.(?=\d\d\b)", ":", folded)
    folded = re.sub(r"(?<!\d)[:/\-]|[:/\-](?!\d)", " ", folded)
    return " ".join(re.sub(r"[^a-z0-9:/\-]+", " ", folded).split())


_NUMBERS = {
    name: value
    for value, names in enumerate(
        (
            "cero", "un uno una", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez", "once",
            "doce", "trece", "catorce", "quince", "dieciseis", "diecisiete", "dieciocho", "diecinueve", "veinte",
            "veintiuno veintiun", "veintidos", "veintitres", "veinticuatro", "veinticinco", "veintiseis", "veintisiete",
            "veintiocho", "veintinueve", "treinta", "treintaiuno",
        )
    )
    for name in names.split()
} | {"primero": 1, "1ro": 1, "1o": 1, "par": 2}  # fmt: skip
_WORDS = "|".join(sorted(_NUMBERS, key=len, reverse=True))
_N = rf"(?:\d{{1,4}}|treinta y un[oa]?|(?:{_WORDS})(?![a-z]))"
_WEEKDAYS = {"lunes": 0, "martes": 1, "miercoles": 2, "jueves": 3, "viernes": 4, "sabado": 5, "domingo": 6}
MONTH_NUMBERS = {
    name: number
    for number, names in enumerate(
        (
            "enero ene", "febrero feb", "marzo mar", "abril abr", "mayo", "junio jun", "julio jul", "agosto ago",
            "septiembre setiembre sep sept", "octubre oct", "noviembre nov", "diciembre dic",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_UNITS = r"(?:minut\w*|min|hor\w*|dias?|semanas?|mes(?:es)?|anos?)"
_DAY_NAME = rf"(?:{'|'.join(_WEEKDAYS)})"
_MONTH_NAME = rf"(?:{'|'.join(sorted(MONTH_NUMBERS, key=len, reverse=True))})"

_CLOCK = re.compile(
    rf"\b(?:(?:a|como a|tipo|desde|despues de|antes de|por ahi de|para) )?(?:las?|eso de las?) (?P<hour>{_N})"
    r"(?::(?P<minute>\d{2})| y (?P<half>media|cuarto)| y (?P<more>\d{1,2}|cinco|diez|quince|veinte)\b)?"
    r"(?: en punto)?(?: (?:horas?|hrs?|h)\b)?"
    r"(?: (?P<part>am|pm|(?:de|en|por) la (?:manana|tarde|noche|madrugada)|del? mediodia|de la tardecita))?"
)
_BARE_CLOCK = re.compile(r"\b(?P<hour>\d{1,2})(?::(?P<minute>\d{2}))?(?: ?(?P<part>am|pm|hrs?|h))\b")
_COLON_CLOCK = re.compile(r"\b(?P<hour>\d{1,2}):(?P<minute>\d{2})\b")
_PARTS = (
    (re.compile(r"\b(?:(?:en|por|de|a) la|temprano en la|esta|toda la) manana\b|\b(?:muy )?temprano\b"), _MORNING),
    (re.compile(r"\b(?:al?|del|en el) ?medio ?dia\b"), _NOON),
    (re.compile(r"\b(?:(?:en|por|de|a) la|esta) tarde\b|\bmas tarde\b|\bal rato\b"), _AFTERNOON),
    (re.compile(r"\b(?:(?:en|por|de|a) la|esta) noche\b|\b(?:en|por|de) la tardecita\b"), _EVENING),
)
_BEFORE = re.compile(
    rf"\b(?P<count>{_N}) (?P<unit>{_UNITS}) antes(?P<of> del?(?: que)?\b| que\b)?|"
    r"\b(?P<eve>(?:un )?dia antes|la vispera)(?P<of2> del?(?: que)?\b| que\b)?"
)
_IN = re.compile(
    rf"\b(?:en|dentro de|de aqui a|a) (?:unos |unas |otros |otras )?(?:(?P<count>{_N}|media) )?(?P<unit>{_UNITS})\b"
    rf"(?P<half> y media)?"
)
_GONE = re.compile(rf"\b(?:ayer|anteayer|antier|yesterday|hace (?:un |unos |unas )?(?:{_N} )?{_UNITS})\b")
_NEXT = re.compile(
    r"\b(?:(?:la |el |en la |en el )?(?:proxim[ao]|siguiente|otr[ao]) (?P<a>semana|mes|ano)"
    r"|(?:la|el) (?P<b>semana|mes|ano) (?:que (?:viene|entra|sigue)|proxim[ao]|siguiente))\b"
)
_WEEKDAY = re.compile(
    rf"\b(?:(?:el|este|esta|para el|del|proximo|el proximo|el siguiente|el otro|al) )*(?P<day>{_DAY_NAME})\b"
    r"(?P<next> (?:de la (?:otra |proxima )semana|de la semana (?:que (?:viene|entra)|proxima)))?"
    r"(?: (?:que (?:viene|entra)|proximo|siguiente))?"
)
_DAY_MONTH = re.compile(
    rf"\b(?:(?:el|dia|para el|del|al) )*(?P<day>{_N})o? (?:de |del )?(?:mes de )?(?P<month>{_MONTH_NAME})\b"
    r"(?:(?: de| del)?(?: ano)? (?P<year>20\d\d)\b)?"
)
_SLASHED = re.compile(r"\b(?P<day>\d{1,2})[/\-](?P<month>\d{1,2})(?:[/\-](?P<year>\d{4}|\d{2}))?\b")
_ISO = re.compile(r"\b(?P<year>20\d\d)-(?P<month>\d{1,2})-(?P<day>\d{1,2})\b")
_DAY = re.compile(rf"\b(?:(?:el|para el|al) dia|el|dia|para el|del) (?P<day>{_N})(?! (?:{_UNITS}|horas?))\b")
_RELATIVE = (
    (re.compile(r"\bpasado manana\b"), 2),
    (re.compile(r"\b(?:hoy(?: mismo)?|ahorita|al rato)\b"), 0),
    (re.compile(r"\bmanana(?: mismo)?\b|\btomorrow\b"), 1),
)
_MONTH_END = re.compile(
    r"\b(?:a |para )?(?P<which>fin(?:es|al)?|principios?|inicios?|mediados?) del? (?:el |este )?mes\b"
)
_WEEKEND = re.compile(r"\b(?:el |este |en el )?fin de semana\b")


def when(text: str, now: datetime) -> When:
    """Read the point in time that a text names, as seen from ``now`` (aware, local to the person).

    A day without an hour is that day at nine; an hour without a day is the next time it strikes. Hours from one to
    seven are of the afternoon: nobody is called at night. The result is not moved into any allowed hours.
    """
    said = plain(text)
    said, offset = _cut_before(said)
    said, clock, vague = _cut_clock(said)
    said, day, exact, problem = _cut_day(said, now)
    rest = " ".join(said.split())
    if problem:
        return When(None, problem, rest)
    if exact is not None:
        return _checked(exact, now, rest)
    if day is None:
        if offset is not None:
            return When(None, "before_what", rest)
        if clock is None:
            return When(None, "no_date", rest)
        day = now.date()
        if datetime.combine(day, clock, now.tzinfo) <= now:
            if vague:
                return When(None, "past", rest)
            day += timedelta(days=1)
    if offset is not None:
        try:
            day = offset.back_from(day)
        except (ValueError, OverflowError):
            return When(None, "impossible", rest)
    if clock is None and day == now.date():
        return _checked(_soon(now), now, rest)
    return _checked(datetime.combine(day, clock or _MORNING, now.tzinfo), now, rest)


@dataclass(frozen=True)
class _Span:
    count: int
    unit: str

    def after(self, at: datetime) -> datetime:
        if self.unit.startswith("min"):
            return _elapsed(at, timedelta(minutes=self.count))
        if self.unit.startswith("hor"):
            return _elapsed(at, timedelta(hours=self.count))
        return datetime.combine(self._moved(at.date(), 1), at.time(), at.tzinfo)

    def back_from(self, day: date) -> date:
        return self._moved(day, -1)

    def _moved(self, day: date, sign: int) -> date:
        if self.unit.startswith("d"):
            return day + timedelta(days=sign * self.count)
        if self.unit.startswith("s"):
            return day + timedelta(weeks=sign * self.count)
        if self.unit.startswith(("min", "hor")):
            return day
        months = sign * self.count * (12 if self.unit.startswith("a") else 1)
        index = day.year * 12 + day.month - 1 + months
        year, month = divmod(index, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _elapsed(at: datetime, span: timedelta) -> datetime:
    """Add real time: a clock change in between counts (arithmetic in a zone would not see it)."""
    return (at.astimezone(timezone.utc) + span).astimezone(at.tzinfo)


def _number(word: str) -> int:
    if word.isdigit():
        return int(word)
    return 31 if word.startswith("treinta y un") else _NUMBERS[word]


def _cut(said: str, match: re.Match[str]) -> str:
    return f"{said[: match.start()]} {said[match.end() :]}"


def _cut_before(said: str) -> tuple[str, _Span | None]:
    match = _BEFORE.search(said)
    if match is None:
        return said, None
    span = _Span(1, "dia") if match["eve"] else _Span(_number(match["count"]), match["unit"])
    return _cut(said, match), span


def _cut_clock(said: str) -> tuple[str, time | None, bool]:
    """Return the text without its hour, the hour, and whether it is only a part of the day."""
    for pattern in (_CLOCK, _BARE_CLOCK, _COLON_CLOCK):
        for match in pattern.finditer(said):
            found = _clock(match)
            if found is not None:
                return _cut(said, match), found, False
    for pattern, at in _PARTS:
        match = pattern.search(said)
        if match is not None:
            return _cut(said, match), at, True
    return said, None, False


def _clock(match: re.Match[str]) -> time | None:
    groups = match.groupdict()
    hour, minute = _number(match["hour"]), int(groups.get("minute") or 0)
    if groups.get("half"):
        minute = 30 if groups["half"] == "media" else 15
    elif groups.get("more"):
        minute = _number(groups["more"])
    part = groups.get("part") or ""
    if hour > 23 or minute > 59:
        return None
    if ("pm" in part or "tarde" in part or "noche" in part) and hour < 12:
        hour += 12
    elif (part == "am" or "manana" in part or "madrugada" in part) and hour == 12:
        hour = 0
    elif not part and 1 <= hour <= 7 and not (groups.get("minute") and match["hour"].startswith("0")):
        hour += 12
    return time(hour, minute)


def _cut_day(said: str, now: datetime) -> tuple[str, date | None, datetime | None, Problem | None]:
    """Return the text without its day, the day, or the exact time ("en dos horas"), or what is wrong with it."""
    today = now.date()
    if _GONE.search(said):
        return _GONE.sub(" ", said), None, None, "past"
    match = _IN.search(said)
    if match is not None and (match["count"] or match["half"]):
        half_hour = match["count"] == "media"
        span = _Span(30 if half_hour else _number(match["count"] or "una"), "min" if half_hour else match["unit"])
        try:
            moved = span.after(now)
        except (ValueError, OverflowError):
            return _cut(said, match), None, None, "far"
        exact = moved if span.unit.startswith(("min", "hor")) else None
        if exact is not None and match["half"]:
            exact = _elapsed(exact, timedelta(minutes=30))
        return _cut(said, match), None if exact else moved.date(), exact, None
    for pattern, read in ((_ISO, _numbered), (_SLASHED, _numbered), (_DAY_MONTH, _named)):
        match = pattern.search(said)
        if match is not None:
            day, problem = read(match, today)
            return _WEEKDAY.sub(" ", _cut(said, match)), day, None, problem  # "el lunes 23 de noviembre"
    match = _WEEKDAY.search(said)
    if match is not None:
        ahead = (_WEEKDAYS[match["day"]] - today.weekday()) % 7 or 7
        if match["next"]:  # of the calendar week that follows this one
            ahead = 7 - today.weekday() + _WEEKDAYS[match["day"]]
        return _cut(said, match), today + timedelta(days=ahead), None, None
    for pattern, days in _RELATIVE:
        match = pattern.search(said)
        if match is not None:
            return _cut(said, match), today + timedelta(days=days), None, None
    match = _WEEKEND.search(said)
    if match is not None:
        return _cut(said, match), today + timedelta(days=(5 - today.weekday()) % 7 or 7), None, None
    match = _MONTH_END.search(said)
    if match is not None:
        return _cut(said, match), _part_of_month(match["which"], today), None, None
    match = _NEXT.search(said)
    if match is not None:
        unit = match["a"] or match["b"]
        return _cut(said, match), _Span(1, unit).after(now).date(), None, None
    match = _DAY.search(said)
    if match is not None:
        day = _day_of_month(_number(match["day"]), today)
        return _cut(said, match), day, None, None if day else "impossible"
    return said, None, None, None


def _numbered(match: re.Match[str], today: date) -> tuple[date | None, Problem | None]:
    return _of(int(match["day"]), int(match["month"]), match["year"], today)


def _named(match: re.Match[str], today: date) -> tuple[date | None, Problem | None]:
    return _of(_number(match["day"]), MONTH_NUMBERS[match["month"]], match["year"], today)


def _of(day: int, month: int, year: str | None, today: date) -> tuple[date | None, Problem | None]:
    """Return the date; without a year the next one, even where that is a leap year's day."""
    if not 1 <= month <= 12:
        return None, "impossible"
    if year:
        try:
            return date(int(year) + (2000 if len(year) == 2 else 0), month, day), None
        except ValueError:
            return None, "impossible"
    for candidate in range(today.year, today.year + 9):
        try:
            found = date(candidate, month, day)
        except ValueError:
            continue
        if found >= today:
            return found, None
    return None, "impossible"


def _day_of_month(day: int, today: date) -> date | None:
    if not 1 <= day <= 31:
        return None
    year, month = today.year, today.month
    for _ in range(4):
        if day <= calendar.monthrange(year, month)[1] and date(year, month, day) >= today:
            return date(year, month, day)
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return None


def _part_of_month(which: str, today: date) -> date:
    last = calendar.monthrange(today.year, today.month)[1]
    day = today.replace(day=last if which.startswith("fin") else 15 if which.startswith("med") else 1)
    if day > today:
        return day
    following = _Span(1, "mes").after(datetime.combine(today.replace(day=1), time())).date()
    if which.startswith("fin"):
        return following.replace(day=calendar.monthrange(following.year, following.month)[1])
    return following.replace(day=15 if which.startswith("med") else 1)


def _soon(now: datetime) -> datetime:
    """Return the next full hour that is at least half an hour away: what "hoy" alone means."""
    return _elapsed(now, timedelta(minutes=90)).replace(minute=0, second=0, microsecond=0)


def _checked(at: datetime, now: datetime, rest: str) -> When:
    if at <= now:
        return When(None, "past", rest)
    if at - now > FARTHEST:
        return When(None, "far", rest)
    return When(at, None, rest)
