"""Agents' phones in SQL, on both databases: what happens at once happens once, and nothing is left half done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from itertools import count

import pytest

from bot.core.effects import BringPerson
from bot.core.handoff import HandoffEvent, HandoffState
from bot.store import Calls
from bot.store.agents import Agents
from bot.store.calls import AskPerson, LeaveLine, TalkOver
from bot.store.handoffs import Handoffs
from bot.store.rings import Ringing, Rings
from tests.builders import inbound
from tests.people import SECRET

_calls = count(1)


def now():
    return datetime.now(timezone.utc)


class Office:
    def __init__(self, database, store):
        self.store = store
        self.agents, self.calls = Agents(database, SECRET), Calls(database, SECRET)
        self.handoffs, self.rings = Handoffs(database), Rings(database, SECRET)

    def hire(self, name, phone="+525555550001", **more):
        agent = self.agents.add(name, name.title(), "agent", None, now(), **more).id
        self.agents.set_phone(agent, phone)
        self.agents.change(agent, presence="here", seen_at=now())
        return agent

    def waits(self, reason="asked", **more):
        """Let a new person wait on the telephone; return her call and her handoff."""
        number = next(_calls)
        sid = f"CA{number}"
        message = inbound("", f"+5255{10_000_000 + number}", channel="voice", provider_id=f"{sid}:0")
        conversation = self.store.record(message, message.content).conversation_id
        self.calls.begin(sid, conversation, "in", "{}", "<Response/>")
        person = AskPerson(BringPerson(reason, "voice", **more))
        self.calls.finish_step(sid, 1, "{}", "<Response/>", queue="waiting", writes=(person,))
        handoff = self.handoffs.open_of(conversation)
        assert handoff is not None
        return sid, handoff.id

    def talks(self, agent):
        sid, handoff = self.waits()
        ring = self.rings.ask(handoff, agent, now()).id
        assert self.rings.take(ring, now()) is not None
        assert self.rings.connected(ring, now()) is not None
        return sid, handoff, ring

    def state(self, handoff):
        return self.handoffs.get(handoff).state


@pytest.fixture
def office(database, store):
    return Office(database, store)


def at_once(*jobs):
    """Do all at once; return what each returned, or the refusal that it raised."""

    def guarded(job):
        try:
            return job()
        except Ringing as refused:
            return refused

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(guarded, jobs))


def test_of_agents_who_ask_for_a_caller_at_once_one_is_rung(office):
    agents = [office.hire(f"agente{n}") for n in range(4)]
    _, handoff = office.waits()
    found = at_once(*(lambda agent=agent: office.rings.ask(handoff, agent, now()) for agent in agents))
    assert len([each for each in found if not isinstance(each, Ringing)]) == 1
    assert len(office.rings.of_handoff(handoff)) == 1


def test_of_workers_who_look_at_once_one_rings(office):
    agent = office.hire("ana")
    _, handoff = office.waits()
    office.rings.ask(handoff, agent, now())
    found = at_once(*([lambda: office.rings.next_due(now())] * 6))
    assert [each.phone for each in found if each is not None] == ["+525555550001"]


def test_a_key_and_a_hang_up_at_once_end_in_one_of_two_ways(office):
    for number in range(5):
        agent = office.hire(f"agente{number}")
        sid, handoff = office.waits()
        ring = office.rings.ask(handoff, agent, now()).id
        office.rings.answered(ring, f"CX{number}", now())
        at_once(lambda ring=ring: office.rings.take(ring, now()), lambda sid=sid: office.calls.end(sid, "completed"))
        assert office.state(handoff) is HandoffState.CLOSED
        assert office.rings.get(ring).status == "over"
        assert office.rings.get(ring).result == "caller_left"


def test_the_ends_of_both_sides_at_once_close_it_once(office):
    for number in range(5):
        sid, handoff, ring = office.talks(office.hire(f"agente{number}"))
        at_once(
            lambda ring=ring: office.rings.over(ring, "talked", now()),
            lambda sid=sid: office.calls.end(sid, "completed"),
        )
        assert office.handoffs.get(handoff).end_reason == "talked"
        assert office.rings.get(ring).result == "talked"


def test_when_the_talk_is_over_the_assistant_has_the_caller(office):
    sid, handoff, ring = office.talks(office.hire("ana"))
    assert not office.rings.transferred(sid)
    office.calls.finish_step(sid, 2, "{}", "<Response/>", queue="talked", writes=(TalkOver(),))
    assert office.state(handoff) is HandoffState.BOT
    assert office.rings.get(ring).seconds >= 1
    assert office.rings.day(now() - timedelta(hours=1)) == {"talked": 1}


def test_who_asked_in_writing_too_keeps_her_place_when_she_hangs_up(office):
    sid, handoff = office.waits()
    with office.store._engine.begin() as db:
        db.exec_driver_sql("UPDATE handoffs SET channel = 'sms'")
    office.calls.end(sid, "completed")
    assert office.state(handoff) is HandoffState.WAITING


def test_whoever_leaves_the_line_is_with_the_assistant(office):
    sid, handoff = office.waits()
    ring = office.rings.ask(handoff, office.hire("ana"), now()).id
    office.calls.finish_step(sid, 2, "{}", "<Response/>", queue="left", writes=(LeaveLine("call_me"),))
    assert (office.state(handoff), office.handoffs.get(handoff).end_reason) == (HandoffState.BOT, "call_me")
    assert office.rings.get(ring).result == "caller_left"
    assert office.rings.live() == ()


def test_by_itself_the_right_agent_is_rung(office):
    team = office.agents.save_team("Violencia", "", True)
    plain, trusted = office.hire("ana"), office.hire("beto", "+525555550002", in_teams=[team])
    office.hire("lleno", "+525555550003", capacity=0)
    _, secret = office.waits("emergency", sensitive=True)
    _, ordinary = office.waits()
    first, second = office.rings.assign_next(now()), office.rings.assign_next(now())
    assert (first.handoff_id, first.agent_id) == (secret, trusted)
    assert (second.handoff_id, second.agent_id) == (ordinary, plain)
    assert office.rings.assign_next(now()) is None
    office.rings.over(second.id, "no_answer", now())
    assert office.rings.assign_next(now()) is None
    again = office.rings.assign_next(now() + timedelta(minutes=4))
    assert again.agent_id == plain


def test_a_ring_for_what_was_closed_meanwhile_is_overdue_at_once(office):
    _, handoff = office.waits()
    ring = office.rings.ask(handoff, office.hire("ana"), now()).id
    assert office.rings.overdue(now(), 25) == ()
    office.handoffs.close(handoff, None, "other", now())
    assert office.rings.overdue(now(), 25) == ((ring, "cancelled"),)


def test_timeouts_leave_who_talks_by_telephone_alone(office):
    _, handoff, _ = office.talks(office.hire("ana"))
    later = now() + timedelta(hours=13)
    for event in (HandoffEvent.AGENT_GONE, HandoffEvent.AGENT_SILENT, HandoffEvent.PERSON_SILENT):
        assert office.handoffs.overdue(event, later) == ()
    assert office.state(handoff) is HandoffState.WITH_AGENT
