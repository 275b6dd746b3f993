from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.core.delivery import Outgoing
from bot.core.handoff import HandoffEvent
from bot.core.hours import open_between, parse_hours
from bot.core.replies import Say
from bot.handoff.calendar import mexican_holidays
from bot.handoff.desk import Desk
from bot.handoff.timeouts import Limits, Timeouts

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("America/Mexico_City"))  # a Monday
LIMITS = Limits(timedelta(hours=1), timedelta(minutes=10), timedelta(minutes=5), timedelta(hours=6))
OFFICE = "lun-vie 09:00-18:00"
LONG_AGO = timedelta(days=1)


@dataclass(frozen=True)
class Late:
    """A handoff, as far as its timers look at it: everything began ``since``."""

    id: int
    since: datetime
    team_id: int | None = None
    sensitive: bool = False
    channel: str = "sms"
    language: str = "es_MX"

    @property
    def waiting_since(self):
        return self.since

    person_waits_since = held_since = waiting_since


@dataclass
class Queue:
    """What is overdue by the clock, event by event, and the hours of teams."""

    due: dict[HandoffEvent, list[Late]]
    team_hours: dict[int | None, set[str]] = field(default_factory=lambda: {None: {""}})
    asked: dict[HandoffEvent, datetime] = field(default_factory=dict)
    looked_up: list[tuple[bool, int | None]] = field(default_factory=list)
    done: list[tuple[HandoffEvent, tuple[Outgoing, ...]]] = field(default_factory=list)

    def mark_away(self, unseen_since, now):
        self.unseen_since = unseen_since
        return 0

    def hours(self, sensitive, team=None):
        self.looked_up.append((sensitive, team))
        return frozenset(self.team_hours.get(team, ()))

    def overdue(self, event, before, after=0, limit=50):
        self.asked[event] = before
        return tuple(each for each in self.due.get(event, ()) if each.id > after and each.since < before)[:limit]

    def time_out(self, handoff, event, now, announce):
        self.done.append((event, announce))
        return True

    @property
    def events(self):
        return [event for event, _ in self.done]


def words(channel, language, replies):
    return tuple(Outgoing(channel, reply.phrase) for reply in replies)


def everything(since, count=1, **more):
    return {event: [Late(n, since, **more) for n in range(1, count + 1)] for event in HandoffEvent}


def run(queue, at=NOON, hours=OFFICE, say=words, limits=LIMITS):
    return Timeouts(Desk(queue, parse_hours(hours, mexican_holidays())), say, limits).run(at)


def test_each_event_has_its_own_time_and_words():
    queue = Queue(everything(NOON - LONG_AGO))
    assert run(queue) == 4
    assert queue.asked[HandoffEvent.WAITED_TOO_LONG] == NOON - timedelta(hours=1)
    assert queue.unseen_since == NOON - timedelta(minutes=5)
    assert queue.asked[HandoffEvent.AGENT_SILENT] == NOON - timedelta(minutes=10)
    assert queue.done[0] == (HandoffEvent.WAITED_TOO_LONG, (Outgoing("sms", "handoff_waited_too_long"),))
    assert {said[0].text for _, said in queue.done} >= {"handoff_queue_again", "handoff_person_silent"}


def test_nobody_is_late_while_the_desk_is_closed_but_who_says_nothing():
    queue = Queue(everything(NOON - LONG_AGO))
    assert run(queue, NOON.replace(hour=3)) == 1
    assert queue.events == [HandoffEvent.PERSON_SILENT]


@pytest.mark.parametrize(
    ("minute", "late"),
    [
        (4, set()),
        (5, {HandoffEvent.AGENT_GONE}),
        (10, {HandoffEvent.AGENT_GONE, HandoffEvent.AGENT_SILENT}),
        (59, {HandoffEvent.AGENT_GONE, HandoffEvent.AGENT_SILENT}),
        (60, {HandoffEvent.AGENT_GONE, HandoffEvent.AGENT_SILENT, HandoffEvent.WAITED_TOO_LONG}),
    ],
)
def test_what_began_after_hours_counts_from_the_morning_on(minute, late):
    evening = (NOON - timedelta(days=3)).replace(hour=18, minute=5)  # Friday
    queue = Queue(everything(evening))
    run(queue, NOON.replace(hour=9) + timedelta(minutes=minute))
    assert set(queue.events) - {HandoffEvent.PERSON_SILENT} == late


def test_minutes_of_two_days_are_added_up():
    late_in_the_day = (NOON - timedelta(days=3)).replace(hour=17, minute=20)
    waits = {HandoffEvent.WAITED_TOO_LONG: [Late(1, late_in_the_day)]}
    assert run(Queue(waits), NOON.replace(hour=9, minute=19)) == 0
    assert run(Queue(waits), NOON.replace(hour=9, minute=20)) == 1


def test_a_desk_of_short_hours_has_its_timers_too():
    hours = "lun-vie 09:00-09:40; lun-vie 16:00-16:40"
    waits = Late(1, NOON.replace(hour=9))
    for at, late in ((NOON.replace(hour=9, minute=39), 0), (NOON, 0), (NOON.replace(hour=16, minute=20), 1)):
        assert run(Queue({HandoffEvent.WAITED_TOO_LONG: [waits]}), at, hours) == late
    silent = {HandoffEvent.AGENT_SILENT: [waits], HandoffEvent.AGENT_GONE: [waits]}
    assert run(Queue(silent), NOON.replace(hour=9, minute=11), hours) == 2


@pytest.mark.parametrize(
    ("hours", "team", "late"),
    [
        ({None: {"", "lun-dom 00:00-24:00"}}, None, 1),  # some team is open at night
        ({None: {""}}, None, 0),
        ({None: {"", "lun-dom 00:00-24:00"}, 7: {OFFICE}}, 7, 0),  # it was sent to one that is not
        ({None: {""}, 7: {"lun-dom 00:00-24:00"}}, 7, 1),
        ({None: {""}, 7: {""}}, 7, 0),  # a team without hours of its own
        ({None: set()}, None, 0),  # nobody is left who could take it: the institution's hours
    ],
    ids=str,
)
def test_the_hours_are_those_of_who_may_take_it(hours, team, late):
    night = NOON.replace(hour=3)
    queue = Queue({HandoffEvent.WAITED_TOO_LONG: [Late(1, night - timedelta(hours=2), team)]}, hours)
    assert run(queue, night) == late


def test_a_holiday_is_nobodys_delay():
    christmas_eve = datetime(2026, 12, 24, 17, 30, tzinfo=NOON.tzinfo)
    waits = {HandoffEvent.WAITED_TOO_LONG: [Late(1, christmas_eve)]}
    assert run(Queue(waits), datetime(2026, 12, 25, 12, 0, tzinfo=NOON.tzinfo)) == 0
    assert run(Queue(waits), datetime(2026, 12, 28, 9, 29, tzinfo=NOON.tzinfo)) == 0
    assert run(Queue(waits), datetime(2026, 12, 28, 9, 30, tzinfo=NOON.tzinfo)) == 1


def test_who_is_late_is_found_behind_many_who_are_not():
    overnight = [Late(n, NOON - timedelta(days=30), 7) for n in range(1, 201)]
    late = Late(201, NOON - LONG_AGO)
    queue = Queue({HandoffEvent.WAITED_TOO_LONG: [*overnight, late]}, {None: {""}, 7: {"dom 09:00-10:00"}})
    assert run(queue) == 1
    assert sorted(queue.looked_up, key=str) == [(False, 7), (False, None)], "each kind of hours once"


def test_every_event_has_words_in_the_catalogue(phrases):
    said = []
    run(Queue(everything(NOON - LONG_AGO)), hours="", say=lambda channel, language, r: said.extend(r) or ())
    assert len(said) == 4
    assert all(isinstance(reply, Say) and phrases(reply.phrase) for reply in said)


@pytest.mark.parametrize(
    ("hours", "since", "until", "minutes"),
    [
        (["lun-vie 09:00-18:00"], (23, 8, 0), (23, 10, 0), 60),
        (["lun-vie 09:00-18:00"], (20, 17, 0), (23, 10, 0), 120),
        (["lun 09:00-12:00", "lun 11:00-13:00"], (23, 0, 0), (23, 23, 0), 240),
        (["lun 09:00-12:00", ""], (22, 0, 0), (23, 0, 0), 24 * 60),
        (["dom 09:00-12:00"], (23, 0, 0), (28, 0, 0), 0),
        (["lun 09:00-12:00"], (23, 11, 0), (23, 10, 0), 0),
        ([], (23, 9, 0), (23, 10, 0), 0),
    ],
    ids=str,
)
def test_open_time_between_two_moments(hours, since, until, minutes):
    begin, end = (NOON.replace(day=day, hour=hour, minute=minute) for day, hour, minute in (since, until))
    assert open_between([parse_hours(each) for each in hours], begin, end) == timedelta(minutes=minutes)
