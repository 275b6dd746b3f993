"""When somebody means: what people say of a day, seen from a Sunday at 12:40 in Mexico City."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.dialogue.clock import local_now, zone_of
from actions.dialogue.dates import FARTHEST, when
from bot.catalogue.places import Place
from bot.core.hours import FIRST, LAST, within_day

MEXICO = ZoneInfo("America/Mexico_City")
NOW = datetime(2026, 11, 22, 12, 40, tzinfo=MEXICO)

SAID = {
    "recuérdeme el lunes": "2026-11-23 09:00",
    "avíseme mañana a las 10 de lo del pasaporte": "2026-11-23 10:00",
    "acuerdame en 3 dias": "2026-11-25 09:00",
    "en tres días": "2026-11-25 09:00",
    "pasado mañana en la tarde": "2026-11-24 16:00",
    "mañana en la mañana": "2026-11-23 09:00",
    "mañana temprano": "2026-11-23 09:00",
    "mañana a la 1": "2026-11-23 13:00",
    "mañana a las 7": "2026-11-23 19:00",
    "mañana a las 10 y media de la mañana": "2026-11-23 10:30",
    "mañana a las 20:00": "2026-11-23 20:00",
    "el sabado a las 9:30 am": "2026-11-28 09:30",
    "a las 3": "2026-11-22 15:00",
    "a las 11 de la mañana": "2026-11-23 11:00",
    "hoy": "2026-11-22 14:00",
    "hoy en la noche": "2026-11-22 19:00",
    "en dos horas": "2026-11-22 14:40",
    "en media hora": "2026-11-22 13:10",
    "en 2 horas y media": "2026-11-22 15:10",
    "en quince días": "2026-12-07 09:00",
    "dentro de dos semanas": "2026-12-06 09:00",
    "en un mes": "2026-12-22 09:00",
    "la próxima semana": "2026-11-29 09:00",
    "el mes que entra": "2026-12-22 09:00",
    "el próximo viernes por la tarde": "2026-11-27 16:00",
    "el domingo": "2026-11-29 09:00",
    "el martes de la otra semana": "2026-11-24 09:00",
    "el fin de semana": "2026-11-28 09:00",
    "a fin de mes": "2026-11-30 09:00",
    "el 15": "2026-12-15 09:00",
    "el día 30": "2026-11-30 09:00",
    "el 31": "2026-12-31 09:00",
    "el 5 de enero": "2027-01-05 09:00",
    "primero de diciembre": "2026-12-01 09:00",
    "el 1o de enero": "2027-01-01 09:00",
    "el lunes 23 de noviembre a las 4 pm": "2026-11-23 16:00",
    "15/12/2026 a las 5": "2026-12-15 17:00",
    "29 de febrero": "2028-02-29 09:00",
    "una semana antes del 15 de enero": "2027-01-08 09:00",
    "un día antes del 20 de diciembre": "2026-12-19 09:00",
    "two things tomorrow": "2026-11-23 09:00",
}


@pytest.mark.parametrize(("text", "expected"), SAID.items())
def test_what_people_say_of_a_day(text: str, expected: str) -> None:
    found = when(text, NOW)
    assert found.at is not None, found.problem
    assert found.at.strftime("%Y-%m-%d %H:%M") == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("el 31 de noviembre", "impossible"),
        ("el 30 de febrero", "impossible"),
        ("el 45", "impossible"),
        ("32/13/2026", "impossible"),
        ("ayer", "past"),
        ("hace 3 días", "past"),
        ("el 5 de noviembre de 2025", "past"),
        ("hoy en la mañana", "past"),
        ("una semana antes del 24 de noviembre", "past"),
        ("en 500 años", "far"),
        ("en 9999 meses", "far"),
        ("una semana antes de que se venza", "before_what"),
        ("2 días antes", "before_what"),
        ("lo del pasaporte", "no_date"),
        ("", "no_date"),
    ],
)
def test_a_day_that_cannot_be_is_said_to_be_so(text: str, problem: str) -> None:
    found = when(text, NOW)
    assert (found.at, found.problem) == (None, problem)


def test_what_is_not_the_date_is_left_over() -> None:
    assert when("avíseme mañana a las 10 de lo del pasaporte", NOW).rest == "aviseme de lo del pasaporte"


nows = st.datetimes(
    min_value=datetime(2026, 1, 1),
    max_value=datetime(2035, 12, 31),
).map(lambda naive: naive.replace(tzinfo=MEXICO))


@given(text=st.text(max_size=300), now=nows)
def test_any_text_gives_a_time_to_come_or_a_reason(text: str, now: datetime) -> None:
    found = when(text, now)
    assert (found.at is None) != (found.problem is None)
    assert found.at is None or now < found.at <= now + FARTHEST + timedelta(days=1)


@given(
    count=st.integers(0, 10**30),
    unit=st.sampled_from(["minutos", "horas", "días", "semanas", "meses", "años"]),
    now=nows,
)
def test_no_count_is_too_big_to_answer(count: int, unit: str, now: datetime) -> None:
    for text in (f"en {count} {unit}", f"{count} {unit} antes del 3 de marzo", f"el {count} de enero a las {count}"):
        found = when(text, now)
        assert found.at is None or found.at > now


@given(days=st.integers(1, 60), now=nows)
def test_days_ahead_are_counted_by_the_calendar(days: int, now: datetime) -> None:
    found = when(f"en {days} días", now)
    assert found.at is not None
    assert found.at.date() == now.date() + timedelta(days=days)


@given(day=st.dates(date(2026, 1, 1), date(2027, 11, 30)), now=nows)
def test_a_whole_date_is_that_date_or_past(day: date, now: datetime) -> None:
    found = when(f"el {day.day}/{day.month}/{day.year} a las 12", now)
    if found.at is None:
        assert found.problem == ("far" if day > now.date() else "past")
    else:
        assert found.at.date() == day


@given(weekday=st.integers(0, 6), now=nows)
def test_a_weekday_is_the_next_one_and_never_today(weekday: int, now: datetime) -> None:
    name = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")[weekday]
    found = when(f"el {name}", now)
    assert found.at is not None
    assert found.at.weekday() == weekday
    assert 1 <= (found.at.date() - now.date()).days <= 7


@given(now=nows, zone=st.sampled_from(["America/Mexico_City", "America/Tijuana", "America/Cancun"]))
def test_the_allowed_hours_are_reached_and_never_passed_over(now: datetime, zone: str) -> None:
    at = now.astimezone(ZoneInfo(zone))
    moved = within_day(at)
    assert FIRST <= moved.time() < LAST
    assert moved >= at
    assert within_day(moved) == moved
    assert moved - at < timedelta(hours=12)


@pytest.mark.parametrize(
    ("place", "hour"),
    [
        (None, 12),
        (Place("Jalisco"), 12),
        (Place("Sonora", "Hermosillo"), 11),
        (Place("Sinaloa"), 11),
        (Place("Nayarit"), 11),
        (Place("Nayarit", "Bahía de Banderas"), 12),
        (Place("Baja California"), 10),
        (Place("Baja California Sur"), 11),
        (Place("Quintana Roo"), 13),
        (Place("Chihuahua"), 12),
        (Place("Chihuahua", "Juárez"), 11),
        (Place("Tamaulipas", "Reynosa"), 12),
    ],
)
def test_the_time_where_the_person_is_in_winter(place: Place | None, hour: int) -> None:
    assert local_now("2026-11-22T18:40:00+00:00", place).hour == hour


def test_only_the_border_keeps_summer_time() -> None:
    july = "2026-07-01T18:00:00+00:00"
    assert local_now(july, Place("Tamaulipas", "Reynosa")).hour == 13
    assert local_now(july, Place("Tamaulipas", "Ciudad Victoria")).hour == 12
    assert local_now(july, Place("Baja California")).hour == 11
    assert zone_of(Place("Sonora")).key == "America/Hermosillo"
