from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from bot.core.delivery import Outgoing
from bot.core.handoff import HandoffEvent
from bot.core.hours import parse_hours
from bot.core.replies import Say
from bot.handoff.timeouts import Limits, Timeouts

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("America/Mexico_City"))
LIMITS = Limits(timedelta(hours=1), timedelta(minutes=10), timedelta(minutes=5), timedelta(hours=6))


class Queue:
    def __init__(self, **overdue):
        self.due = {HandoffEvent[name.upper()]: count for name, count in overdue.items()}
        self.asked, self.done = {}, []

    def mark_away(self, unseen_since, now):
        self.unseen_since = unseen_since
        return 0

    def overdue(self, event, before):
        self.asked[event] = before
        return tuple(SimpleNamespace(id=n, channel="sms", language="es_MX") for n in range(self.due.get(event, 0)))

    def time_out(self, handoff, event, now, announce):
        self.done.append((event, announce))
        return True


def words(channel, language, replies):
    return tuple(Outgoing(channel, reply.phrase) for reply in replies)


def run(queue, at=NOON, hours="lun-vie 09:00-18:00"):
    return Timeouts(queue, words, parse_hours(hours), LIMITS).run(at)


def test_each_event_has_its_own_time_and_words():
    queue = Queue(waited_too_long=2, agent_silent=1, person_silent=1)
    assert run(queue) == 4
    assert queue.asked[HandoffEvent.WAITED_TOO_LONG] == NOON - timedelta(hours=1)
    assert queue.unseen_since == NOON - timedelta(minutes=5)
    assert queue.asked[HandoffEvent.AGENT_SILENT] == NOON - timedelta(minutes=10)
    assert queue.done[0] == (HandoffEvent.WAITED_TOO_LONG, (Outgoing("sms", "handoff_waited_too_long"),))
    assert {said[0].text for _, said in queue.done} >= {"handoff_queue_again", "handoff_person_silent"}


def test_nobody_is_late_while_the_desk_is_closed_or_has_just_opened():
    for at in (NOON.replace(hour=3), NOON.replace(hour=9, minute=30)):
        queue = Queue(waited_too_long=1, agent_gone=1, agent_silent=1, person_silent=1)
        assert run(queue, at) == 1
        assert set(queue.asked) == {HandoffEvent.PERSON_SILENT}


def test_every_event_has_words_in_the_catalogue(phrases):
    queue = Queue(**{event.value: 1 for event in HandoffEvent})
    said = []
    Timeouts(queue, lambda channel, language, replies: said.extend(replies) or (), parse_hours("")).run(NOON)
    assert len(said) == 4
    assert all(isinstance(reply, Say) and phrases(reply.phrase) for reply in said)
