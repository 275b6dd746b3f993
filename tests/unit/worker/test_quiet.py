from __future__ import annotations

from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.worker.quiet import FIRST, LAST, quiet_until, zones_of

MEXICO = frozenset({"America/Mexico_City"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(timezone.utc)


@pytest.mark.parametrize(
    ("number", "state", "zones"),
    [
        ("+525512345678", None, {"America/Mexico_City"}),
        ("+526641234567", None, {"America/Tijuana"}),
        ("+529981234567", None, {"America/Cancun"}),
        ("+526641234567", "Quintana Roo", {"America/Cancun"}),  # where she is, not where her number is from
        ("+525512345678", "Puebla", {"America/Mexico_City"}),
        ("+12125551234", None, {"America/New_York"}),
        ("+50255123456", None, {"America/Guatemala"}),
        ("whatsapp:MX.1", None, {"America/Mexico_City"}),
    ],
)
def test_where_a_person_is(number, state, zones):
    assert zones_of(number, state) == zones


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-23T07:59:59-06:00", "2026-11-23T08:00:00-06:00"),
        ("2026-11-23T08:00:00-06:00", None),
        ("2026-11-23T20:59:59-06:00", None),
        ("2026-11-23T21:00:00-06:00", "2026-11-24T08:00:00-06:00"),
        ("2026-11-24T02:00:00-06:00", "2026-11-24T08:00:00-06:00"),
        ("2026-12-31T23:00:00-06:00", "2027-01-01T08:00:00-06:00"),
    ],
)
def test_night_ends_in_the_morning(now, until):
    assert quiet_until(at(now), MEXICO) == (until and at(until))


def test_it_must_be_day_everywhere_a_person_may_be():
    both = frozenset({"America/Tijuana", "America/Cancun"})
    assert quiet_until(at("2026-11-23T09:30:00-05:00"), both) == at("2026-11-23T08:00:00-08:00")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(timezone.utc)),
    st.sampled_from(
        ["America/Mexico_City", "America/Tijuana", "America/Cancun", "America/Hermosillo", "Europe/Madrid"]
    ),
)
def test_what_waits_goes_out_by_day_within_half_a_day(now, zone):
    until = quiet_until(now, frozenset({zone}))
    local = (until or now).astimezone(ZoneInfo(zone))
    assert FIRST <= local.time() < LAST
    if until is not None:
        assert timedelta(0) < until - now <= timedelta(hours=13)
