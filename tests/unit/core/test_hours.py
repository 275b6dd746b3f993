from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.hours import BadHours, OpeningHours, parse_days, parse_hours

MEXICO = ZoneInfo("America/Mexico_City")
SUNDAY = datetime(2026, 11, 22, 10, 0, tzinfo=MEXICO)
MONDAY = datetime(2026, 11, 23, 10, 0, tzinfo=MEXICO)


def test_days_and_times():
    hours = parse_hours("lun-vie 09:00-18:00; sáb 09:00-14:00")
    assert hours.is_open(MONDAY)
    assert not hours.is_open(SUNDAY)
    assert not hours.is_open(MONDAY.replace(hour=18))
    assert hours.is_open(MONDAY.replace(hour=9, minute=0))
    assert hours.is_open(datetime(2026, 11, 28, 13, 59, tzinfo=MEXICO))


def test_the_next_opening_skips_holidays_and_nights():
    hours = parse_hours("lun-vie 09:00-18:00", {date(2026, 11, 23)})
    assert hours.next_opening(SUNDAY) == datetime(2026, 11, 24, 9, 0, tzinfo=MEXICO)
    assert hours.next_opening(datetime(2026, 11, 24, 12, tzinfo=MEXICO)) == datetime(2026, 11, 24, 12, tzinfo=MEXICO)
    assert hours.next_opening(datetime(2026, 11, 27, 20, tzinfo=MEXICO)) == datetime(2026, 11, 30, 9, tzinfo=MEXICO)


def test_no_hours_are_always_and_a_week_of_holidays_is_never():
    assert parse_hours("").is_open(SUNDAY)
    closed = OpeningHours(((6, time(9), time(10)),), frozenset(date.fromordinal(d) for d in range(739000, 741000)))
    assert closed.next_opening(SUNDAY) is None


def test_days_may_wrap_around_the_week_and_a_day_may_have_no_end():
    hours = parse_hours("vie-lun 08:00-24:00")
    assert hours.is_open(SUNDAY.replace(hour=23, minute=59))
    assert not hours.is_open(datetime(2026, 11, 24, 12, tzinfo=MEXICO))


@pytest.mark.parametrize(
    "text",
    [
        "lunes 9-18",
        "lun 09:00-08:00",
        "xyz 09:00-10:00",
        "lun 25:00-26:00",
        "lun 09:00",
        "lun-xyz 09:00-10:00",
        "fes-dom 09:00-10:00",
    ],
)
def test_what_cannot_be_read_is_quoted(text):
    with pytest.raises(BadHours, match=text.split("-")[0][:3]):
        parse_hours(text)


HOLIDAY = datetime(2026, 11, 23, 12, 0, tzinfo=MEXICO)


def test_on_holidays_only_what_is_said_of_them_counts():
    hours = parse_hours("lun-dom 09:00-18:00; fes 10:00-11:00", {HOLIDAY.date()})
    assert [hour for hour in range(24) if hours.is_open(HOLIDAY.replace(hour=hour))] == [10]
    assert hours.next_opening(HOLIDAY.replace(hour=9, minute=30)) == HOLIDAY.replace(hour=10)
    assert hours.next_opening(HOLIDAY) == datetime(2026, 11, 24, 9, 0, tzinfo=MEXICO)
    assert not parse_hours("fes 10:00-11:00").is_open(HOLIDAY.replace(hour=10))


@pytest.mark.parametrize("text", ["", "lun-dom 00:00-24:00", "fes 09:00-18:00"])
def test_on_closed_days_nobody_answers_whatever_the_hours_say(text):
    hours = parse_hours(text, {HOLIDAY.date()}, {HOLIDAY.date()})
    assert not hours.is_open(HOLIDAY)
    after = hours.next_opening(HOLIDAY)
    assert after is None or after == datetime(2026, 11, 24, 0, 0, tzinfo=MEXICO)


def test_days_are_single_ones_and_spans():
    assert parse_days("") == frozenset()
    assert sorted(parse_days("2026-12-24, 2026-12-31/2027-01-02")) == [
        date(2026, 12, 24), date(2026, 12, 31), date(2027, 1, 1), date(2027, 1, 2)
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["24-12-2026", "2026-02-30", "2027-01-02/2026-12-31", "2026-01-01/2030-01-01", "x/y"])
def test_days_that_cannot_be_read_are_quoted(text):
    with pytest.raises(BadHours, match=text):
        parse_days(text)


@given(st.integers(0, 23), st.integers(1, 24), st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))
def test_the_next_opening_is_open_and_not_earlier(opens, closes, at):
    if closes <= opens:
        return
    hours = parse_hours(f"lun-vie {opens:02}:00-{closes:02}:00")
    at = at.replace(tzinfo=MEXICO)
    opening = hours.next_opening(at)
    assert opening >= at
    assert hours.is_open(opening)
