"""Whom an event calls by sound and title."""

from __future__ import annotations

from datetime import datetime, timezone
from types import SimpleNamespace

import pytest

from bot.console.queue import calls
from bot.store.live import LiveEvent

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=timezone.utc)
ANA, BETO, ACTAS, OTHERS = 1, 2, 7, 8
WHO = SimpleNamespace(id=ANA, teams=(ACTAS,))
WAITS = ("asked", "call_waiting", "released", "transferred", "agent_silent", "agent_gone")


def event(kind, by=None, holder=None, wanted=None, team=None):
    return LiveEvent(1, NOW, kind, "c" * 32, 5, by, {}, False, holder, wanted, team)


@pytest.mark.parametrize("kind", WAITS)
@pytest.mark.parametrize(
    ("asked", "called"),
    [
        ({}, True),
        ({"team": ACTAS}, True),
        ({"team": OTHERS}, False),
        ({"wanted": ANA, "team": OTHERS}, True),
        ({"wanted": BETO}, False),
        ({"by": ANA}, False),
    ],
    ids=str,
)
def test_who_waits_calls_those_who_may_take_her(kind, asked, called):
    assert calls(event(kind, **asked), WHO) is called


@pytest.mark.parametrize(("holder", "called"), [(ANA, True), (BETO, False), (None, False)])
def test_what_a_person_says_calls_who_attends_her_alone(holder, called):
    assert calls(event("person_said", holder=holder), WHO) is called


def test_what_a_supervisor_gives_me_calls_me():
    assert calls(event("assigned", by=BETO, holder=ANA), WHO)
    assert not calls(event("assigned", by=ANA, holder=ANA), WHO)


@pytest.mark.parametrize(
    "kind", ["delivery", "agent_said", "taken", "presence", "closed", "handed_back", "ring_talking"]
)
def test_all_else_calls_nobody(kind):
    assert not calls(event(kind, holder=ANA), WHO)


def test_the_stream_says_whom_it_calls(desk):
    handoff = desk.ask()
    ana, beto = desk.hire("ana"), desk.hire("beto")
    desk.handoffs.take(handoff.id, ana.id, datetime.now(timezone.utc))
    start = desk.parts.live.last_id()
    desk.ask("¿Sigue ahí?", effect=None)
    for agent, alert in ((ana, "true"), (beto, "false")):
        here = {"may_see": lambda event: True, "still_here": lambda: True, "longest": 5}
        stream = desk.parts.hub.stream(start, **here, alerts=lambda event, agent=agent: calls(event, agent))
        next(stream)
        assert f'"alert": {alert}' in next(stream)
        stream.close()
