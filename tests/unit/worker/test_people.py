from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from bot.core.effects import BringPerson, LeaveQueue
from bot.core.handoff import HandoffState
from bot.core.hours import parse_hours
from bot.core.messages import Choice, Text
from bot.core.replies import Ask, Say
from bot.core.turns import Understood
from bot.handoff.calendar import mexican_holidays
from bot.handoff.desk import Desk, DeskStatus, expected_wait
from bot.store import StoredMessage
from bot.store.handoffs import HandoffRecord, Place
from bot.worker.people import KEEP, LEAVE, People

# A Sunday at noon in Mexico City.
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=timezone.utc)
MESSAGE = StoredMessage(7, "sms", "SM1", "c" * 32, Text("hola"), None, NOW)


class Queue:
    """A desk's handoffs: as many agents and people as a test says."""

    def __init__(self, staffed=True, position=2, waits=(), agents=1):
        self.is_staffed, self.position, self.waits, self.agents = staffed, position, waits, agents
        self.told = False

    def staffed(self):
        return self.is_staffed

    def answered_since(self, conversation, outcome, since):
        return self.told

    def open_of(self, conversation):
        fields = dict.fromkeys(HandoffRecord.__dataclass_fields__)
        return HandoffRecord(**{**fields, "id": 1, "waiting_since": NOW})

    def place(self, handoff, now):
        return Place(self.position, tuple(self.waits), self.agents)


def people(queue=None, hours="", number="", catalogue=None):
    desk = Desk(queue, parse_hours(hours)) if queue else None
    return People(desk, number, procedures=catalogue or {})


def bring(people, reason="asked", understood=None):
    return people.bring(reason, MESSAGE, understood, NOW)


def phrases(replies):
    return [reply.phrase for reply in replies]


def test_where_people_answer_the_conversation_is_put_into_the_queue():
    replies, effects = bring(people(Queue()))
    assert phrases(replies) == ["handoff_asked"]
    assert effects == (BringPerson("asked", "sms"),)


@pytest.mark.parametrize("desk", [None, Queue(staffed=False)])
def test_without_anybody_the_line_is_said_or_that_nobody_is_there(desk):
    assert bring(people(desk, number="800 123 4567")) == ((Say("handoff_line", {"line": "800 123 4567"}),), ())
    assert bring(people(desk)) == ((Say("handoff_nobody"),), ())
    assert bring(people(desk), "emergency") == ((), ())


def test_outside_the_hours_it_is_said_when_they_begin_and_asked_what_to_do():
    replies, effects = bring(people(Queue(), "lun-vie 09:00-18:00"))
    assert replies[0] == Say("handoff_closed", {"opens": "lunes 23 de noviembre, 9:00"})
    assert isinstance(replies[-1], Ask)
    assert [option.id for option in replies[-1].options] == [KEEP, LEAVE]
    assert effects == ()


def test_an_emergency_is_in_the_queue_at_any_hour():
    _, effects = bring(people(Queue(), "lun-vie 09:00-18:00"), "emergency")
    assert effects == (BringPerson("emergency", "sms", None, True),)


def test_what_was_talked_about_goes_with_it_and_sensitive_matters_are_marked(plain_search):
    catalogue = plain_search.catalogue.procedures
    by_kind = {card.sensitive: card.id for card in catalogue.values()}
    for kind, marked in (("none", False), ("violence", True)):
        understood = Understood("human", 0.9, procedure=by_kind[kind])
        _, effects = bring(people(Queue(), catalogue=catalogue), understood=understood)
        assert effects == (BringPerson("asked", "sms", f"procedure:{by_kind[kind]}", marked),)


def test_the_assistant_is_silent_while_an_agent_has_it():
    aside = people(Queue()).aside(MESSAGE, Text("sigue ahí?"), HandoffState.WITH_AGENT, NOW)
    assert (aside.replies, aside.effects) == ((), ())


def test_who_waits_is_told_where_she_stands_but_not_at_every_word():
    queue = Queue(position=2, waits=[timedelta(minutes=4)] * 5, agents=1)
    aside = people(queue).aside(MESSAGE, Text("sigue ahí?"), HandoffState.WAITING, NOW)
    assert aside.replies[0] == Say("handoff_place_wait", {"position": "2", "minutes": "10"})
    queue.told = True
    assert people(queue).aside(MESSAGE, Text("hola?"), HandoffState.WAITING, NOW).replies == ()


def test_the_choices_about_waiting_do_what_they_say():
    mode = HandoffState.WAITING
    left = people(Queue()).aside(MESSAGE, Choice(LEAVE), mode, NOW)
    assert (phrases(left.replies), left.effects) == (["handoff_left"], (LeaveQueue(),))
    kept = people(Queue()).aside(MESSAGE, Choice(KEEP), HandoffState.BOT, NOW)
    assert (phrases(kept.replies), kept.effects) == (["handoff_kept"], (BringPerson("asked", "sms"),))


def test_what_is_the_assistants_is_left_to_it():
    assert people(Queue()).aside(MESSAGE, Text("hola"), HandoffState.BOT, NOW) is None
    assert people().aside(MESSAGE, Text("hola"), HandoffState.BOT, NOW) is None


@pytest.mark.parametrize(
    ("position", "waits", "agents", "minutes"),
    [
        (1, [1, 2, 3], 1, 2),
        (1, [1, 2], 1, None),
        (1, [1, 2, 3], 0, None),
        (4, [2, 2, 2], 2, 5),
        (50, [30, 30, 30], 1, 120),
        (1, [0, 0, 0], 5, 1),
    ],
)
def test_no_wait_is_said_that_is_not_known(position, waits, agents, minutes):
    place = Place(position, tuple(timedelta(minutes=each) for each in waits), agents)
    assert expected_wait(place) == minutes


def test_days_of_rest_are_holidays():
    assert datetime(2026, 12, 25).date() in mexican_holidays()
    assert datetime(2027, 9, 16).date() in mexican_holidays()


def test_the_desk_is_open_by_default():
    assert Desk(Queue(), parse_hours("")).status(NOW) == DeskStatus("open")
