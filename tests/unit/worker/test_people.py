from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from bot.core.effects import BringPerson, CallBack, LeaveQueue
from bot.core.handoff import HandoffState
from bot.core.hours import parse_hours
from bot.core.messages import Choice, Text
from bot.core.replies import Ask, Say
from bot.core.turns import Topic, Understood
from bot.handoff.calendar import hours_of, mexican_holidays
from bot.handoff.desk import Desk, DeskStatus, expected_wait
from bot.store import StoredMessage
from bot.store.handoffs import HandoffRecord, Place
from bot.worker.people import CALL, KEEP, LEAVE, People

# A Sunday at noon in Mexico City.
NOW = datetime(2026, 11, 22, 18, 0, tzinfo=timezone.utc)
MEXICO = ZoneInfo("America/Mexico_City")
MESSAGE = StoredMessage(7, "sms", "SM1", "c" * 32, Text("hola"), None, NOW)


class Queue:
    """A desk's handoffs: as many agents and people as a test says."""

    def __init__(self, staffed=True, position=2, waits=(), agents=1, team_hours=("",)):
        self.is_staffed, self.position, self.waits, self.agents = staffed, position, waits, agents
        self.team_hours = team_hours
        self.told = self.closed_lately = False
        self.talk = ()

    def understood(self, conversation):
        return self.talk

    def hours(self, sensitive, team=None):
        return frozenset(self.team_hours)

    def reopens(self, conversation, now):
        return self.closed_lately

    def next_place(self, reason, now):
        return Place(self.position, tuple(self.waits), self.agents)

    def staffed(self):
        return self.is_staffed

    def answered_since(self, conversation, outcome, since):
        return self.told

    def open_of(self, conversation):
        fields = dict.fromkeys(HandoffRecord.__dataclass_fields__)
        return HandoffRecord(**{**fields, "id": 1, "waiting_since": NOW})

    def place(self, handoff, now):
        return Place(self.position, tuple(self.waits), self.agents)


def people(queue=None, hours="", number="", catalogue=None, **more):
    desk = Desk(queue, parse_hours(hours)) if queue else None
    return People(desk, number, procedures=catalogue or {}, **more)


def bring(people, reason="asked", understood=None):
    return people.bring(reason, MESSAGE, understood, NOW)


def phrases(replies):
    return [reply.phrase for reply in replies]


def test_where_people_answer_the_conversation_is_put_into_the_queue():
    replies, effects = bring(people(Queue()))
    assert replies == (Say("handoff_asked"), Say("handoff_first_place", {"position": "2"}))
    assert effects == (BringPerson("asked", "sms"),)


def test_place_and_wait_are_said_at_once_and_a_call_is_offered_where_calls_are_made():
    replies, _ = bring(people(Queue(position=2, waits=[timedelta(minutes=4)] * 5), can_call=True))
    place = Say("handoff_first_place_wait", {"position": "2", "minutes": "10"})
    assert replies[:2] == (Say("handoff_asked"), place)
    assert [option.id for option in replies[2].options] == [LEAVE, CALL]


def test_by_a_cards_rule_a_person_comes_unasked_and_is_easily_declined():
    replies, effects = bring(people(Queue()), "rule", Understood("x", 0.9, procedure="busqueda", outcome="answer"))
    assert phrases(replies) == ["handoff_asked", "handoff_first_place", "handoff_waiting_what"]
    assert [option.id for option in replies[-1].options] == [LEAVE]
    assert effects == (BringPerson("rule", "sms", "procedure:busqueda"),)
    assert bring(people(), "rule") == ((), ())  # nobody asked for somebody: that nobody is there is not told
    assert bring(people(number="800 123 4567"), "rule") == ((Say("handoff_line", {"line": "800 123 4567"}),), ())


def test_who_is_in_danger_is_not_asked_what_she_prefers():
    replies, _ = bring(people(Queue(), can_call=True), "emergency")
    assert not any(isinstance(reply, Ask) for reply in replies)


def test_who_comes_back_after_a_close_is_welcomed_back():
    queue = Queue()
    queue.closed_lately = True
    assert phrases(bring(people(queue))[0]) == ["handoff_reopened", "handoff_first_place"]


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


def test_outside_the_hours_a_call_is_offered_and_promised_for_when_they_begin():
    closed = people(Queue(), "lun-vie 09:00-18:00", can_call=True)
    assert [option.id for option in bring(closed)[0][-1].options] == [KEEP, LEAVE, CALL]
    called = closed.aside(MESSAGE, Choice(CALL), HandoffState.BOT, NOW)
    opens = "2026-11-23T09:00:00-06:00"
    assert (called.replies, called.effects) == ((Say("call_at", {"at": opens}),), (CallBack(opens),))


@pytest.mark.parametrize(
    ("hours", "status"),
    [
        (["lun-vie 09:00-18:00", "dom 10:00-13:00"], DeskStatus("open")),
        (["", "lun 10:00-13:00"], DeskStatus("open")),
        (["mar 10:00-12:00", "lun 11:00-13:00"], DeskStatus("closed", datetime(2026, 11, 23, 11, 0))),
        (["no hours at all"], DeskStatus("open")),
    ],
    ids=str,
)
def test_the_desk_is_open_while_one_team_is(hours, status):
    assert Desk(Queue(team_hours=hours), parse_hours("")).status(datetime(2026, 11, 22, 12, 0)) == status


def test_where_nobody_may_see_a_sensitive_matter_nobody_is_promised(plain_search):
    catalogue = plain_search.catalogue.procedures
    violence = next(card.id for card in catalogue.values() if card.sensitive == "violence")
    asked = Understood("human", 0.9, procedure=violence)
    replies, effects = bring(people(Queue(team_hours=()), number="800 123 4567", catalogue=catalogue), "asked", asked)
    assert (replies, effects) == ((Say("handoff_line", {"line": "800 123 4567"}),), ())


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


def test_asking_for_a_person_alone_is_about_what_was_talked_about(plain_search):
    catalogue = plain_search.catalogue.procedures
    violence = next(card.id for card in catalogue.values() if card.sensitive == "violence")
    before = Topic(NOW.isoformat(), "sms", {"last_procedure": violence})
    asked = Understood("human", 0.99, outcome="handoff")
    _, effects = people(Queue(), catalogue=catalogue).bring("asked", MESSAGE, asked, NOW, before)
    assert effects == (BringPerson("asked", "sms", f"procedure:{violence}", True),)
    _, effects = people(Queue()).bring(
        "asked", MESSAGE, asked, NOW, replace(before, memory={"last_life_event": "boda"})
    )
    assert effects == (BringPerson("asked", "sms", "life_event:boda"),)


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


@pytest.mark.parametrize("reason", ["asked", "upset"])
def test_who_asks_out_of_hours_is_kept_with_her_matter(plain_search, reason):
    catalogue = plain_search.catalogue.procedures
    violence = next(card.id for card in catalogue.values() if card.sensitive == "violence")
    before = Topic(NOW.isoformat(), "sms", {"last_procedure": violence})
    desk = people(Queue(), "lun-vie 09:00-18:00", catalogue=catalogue)
    replies, _ = desk.bring(reason, MESSAGE, None, NOW, before)
    keep = replies[-1].options[0].id
    kept = desk.aside(MESSAGE, Choice(keep), HandoffState.BOT, NOW, before)
    assert kept.effects == (BringPerson(reason, "sms", f"procedure:{violence}", True),)


@pytest.mark.parametrize("kind", ["procedure", "life_event", "outcome"])
def test_one_word_about_a_sensitive_matter_makes_the_whole_conversation_one(plain_search, kind):
    procedures, events = plain_search.catalogue.procedures, plain_search.catalogue.life_events
    plain = next(card.id for card in procedures.values() if card.sensitive == "none")
    told = {
        "procedure": {"procedure": next(card.id for card in procedures.values() if card.sensitive == "violence")},
        "life_event": {"life_event": next(card.id for card in events.values() if card.sensitive == "violence")},
        "outcome": {"outcome": "emergency"},
    }[kind]
    queue = Queue()
    desk = people(queue, catalogue=procedures, life_events=events)
    now = Understood("faq", 0.9, procedure=plain)
    queue.talk = (now,)
    assert bring(desk, understood=now)[1] == (BringPerson("asked", "sms", f"procedure:{plain}"),)
    queue.talk = (now, Understood("faq", 0.9, **told))
    assert bring(desk, understood=now)[1] == (BringPerson("asked", "sms", f"procedure:{plain}", True),)


def test_who_waits_may_be_called_instead_where_calls_are_made():
    waits = people(Queue(), can_call=True).aside(MESSAGE, Text("hola?"), HandoffState.WAITING, NOW)
    assert [option.id for option in waits.replies[-1].options] == [LEAVE, CALL]
    called = people(Queue(), can_call=True).aside(MESSAGE, Choice(CALL), HandoffState.WAITING, NOW)
    assert (phrases(called.replies), called.effects) == (["call_soon"], (LeaveQueue(), CallBack()))


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
        (1, [0, 0, 0], 5, 2),
    ],
)
def test_no_wait_is_said_that_is_not_known(position, waits, agents, minutes):
    place = Place(position, tuple(timedelta(minutes=each) for each in waits), agents)
    assert expected_wait(place) == minutes


CHRISTMAS = datetime(2026, 12, 25, 18, 0, tzinfo=timezone.utc)
"""A Friday at noon in Mexico City."""


@pytest.mark.parametrize(
    ("closed_days", "opens"),
    [
        ("", "lunes 28 de diciembre, 9:00"),
        ("2026-12-28/2026-12-31", "lunes 4 de enero, 9:00"),  # the first of January is a day of rest
    ],
)
def test_on_25_december_nobody_is_promised_before_the_next_day_on_which_people_work(closed_days, opens):
    desk = Desk(Queue(team_hours=["", "vie 08:00-20:00"]), hours_of("lun-vie 09:00-18:00", closed_days))
    assert desk.status(CHRISTMAS.astimezone(MEXICO)).kind == "closed"
    replies, effects = People(desk).bring("asked", MESSAGE, None, CHRISTMAS)
    assert replies[0] == Say("handoff_closed", {"opens": opens})
    assert effects == ()


def test_a_team_may_work_on_days_of_rest_but_not_when_the_institution_is_closed():
    def kind(closed_days=""):
        desk = Desk(Queue(team_hours=["lun-vie 09:00-18:00; fes 10:00-14:00"]), hours_of("", closed_days))
        return desk.status(CHRISTMAS.astimezone(MEXICO)).kind

    assert kind() == "open"
    assert kind("2026-12-25") == "closed"


def test_days_of_rest_are_holidays():
    assert datetime(2026, 12, 25).date() in mexican_holidays()
    assert datetime(2027, 9, 16).date() in mexican_holidays()


def test_the_desk_is_open_by_default():
    assert Desk(Queue(), parse_hours("")).status(NOW) == DeskStatus("open")
