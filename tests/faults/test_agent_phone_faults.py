"""Processes killed while a caller waits, while an agent's phone rings and while they talk: nobody is called twice at
once, nobody is left in silence, and what SQL says is what is.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from typing import Any

import httpx
import pytest

from bot.store import open_engine
from bot.store.agents import Agents
from bot.store.rings import Rings
from channels.twin.telephone import Heard, TwinCall
from tests.faults.system import System
from tests.people import number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(300)

_people = itertools.count(100)


def now() -> datetime:
    return datetime.now(timezone.utc)


class Agent:
    """An agent with a telephone, who works without a browser."""

    def __init__(self, system: System) -> None:
        self._system = system
        engine = open_engine(f"sqlite:///{system.var / 'ventanilla.sqlite'}")
        secret = (system.var / "secret" / "ventanilla_secret").read_text(encoding="ascii").strip()
        self.agents, self.rings = Agents(engine, secret), Rings(engine, secret)
        index = next(_people)
        self.phone = f"+5281{10_000_000 + index}"
        self.id = self.agents.add(f"agente{index}", "Ana", "agent", None, now()).id
        self.agents.set_phone(self.id, self.phone)
        self.sid = ""

    def here(self) -> None:
        self.agents.change(self.id, presence="here", seen_at=now())

    def takes(self, handoff: int) -> int:
        self.here()
        return self.rings.ask(handoff, self.id, now()).id

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._system.control("GET", f"phones/{self.phone}/calls")["calls"]
        return found

    def rung(self) -> str:
        """Wait until the phone rings."""

        def ringing() -> str:
            waiting = [call for call in self.calls() if call["status"] == "ringing" and call["idle"]]
            return str(waiting[-1]["sid"]) if waiting else ""

        self.sid = eventually(ringing, 60, "a phone that rings")
        return self.sid

    def does(self, do: str, **more: Any) -> str:
        given = {"do": do, "clock": "patient", "wait": 40, **more}
        told = self._system.control("POST", f"calls/{self.sid}/actions", json=given)
        return " ".join(line["text"] for line in told["lines"] if line["kind"] == "said")

    def talks(self) -> None:
        assert "marque uno" in self.does("answer")
        self.does("keys", keys="1")


@pytest.fixture
def agent(system: System) -> Agent:
    return Agent(system)


@pytest.fixture
def caller(system: System, agent: Agent) -> Iterator[TwinCall]:
    """A caller who waits for a person."""
    agent.here()
    with TwinCall(system.twin, number(next(_people)), deadline=60) as call:
        call.place()
        assert "Le paso con una persona" in " ".join(call.press("0").said)
        yield call
        call.hang_up()


def handoff_of(system: System, caller: TwinCall) -> tuple[int, str, str | None]:
    query = (
        "SELECT h.id, h.state, h.end_reason FROM handoffs h JOIN calls c ON c.conversation_id = h.conversation_id"
        " WHERE c.call_sid = ? ORDER BY h.id DESC"
    )
    return system.sql(query, caller.sid)[0]  # type: ignore[return-value]


def hears(caller: TwinCall, words: str) -> Heard:
    def heard() -> Heard | None:
        found = caller.take_up(caller.sid)
        return found if words in " ".join(found.said) else None

    return eventually(heard, 60, f"«{words}»")  # type: ignore[no-any-return]


def killed(system: System, name: str) -> None:
    """Kill a program and wait until another process has taken its place."""
    pid = system.kill(name)
    eventually(lambda: system.program(name).pid != pid, 60, f"another {name}")
    if name == "gateway":
        eventually(lambda: _answers(system), 60, "a gateway that answers")


def _answers(system: System) -> bool:
    try:
        return httpx.get(f"{system.gateway}/health/live", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def finish(system: System, caller: TwinCall, agent: Agent) -> None:
    """Let the agent put the phone down: the caller is with the assistant again, and SQL says so."""
    agent.does("hang_up")
    heard = hears(caller, "¿Le ayudo en algo más?")
    assert not heard.over
    assert handoff_of(system, caller)[1:] == ("bot", "talked")
    assert len(agent.calls()) == 1
    assert system.sql("SELECT count(*) FROM rings WHERE agent_id = ?", agent.id) == [(1,)]


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_killed_while_a_caller_waits_she_goes_on_waiting(
    system: System, caller: TwinCall, agent: Agent, name: str
) -> None:
    killed(system, name)
    heard = caller.keep_silent()
    assert "Gracias por esperar" in " ".join(heard.said)
    assert not heard.over
    assert handoff_of(system, caller)[1] == "waiting"
    agent.takes(handoff_of(system, caller)[0])
    agent.rung()
    agent.talks()
    hears(caller, "Le atiende Ana")
    finish(system, caller, agent)


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_killed_while_the_agents_phone_rings_it_rings_once(
    system: System, caller: TwinCall, agent: Agent, name: str
) -> None:
    agent.takes(handoff_of(system, caller)[0])
    agent.rung()
    killed(system, name)
    assert "Ya le estamos llamando" in " ".join(caller.keep_silent().said)
    agent.talks()
    hears(caller, "Le atiende Ana")
    finish(system, caller, agent)


@pytest.mark.parametrize("name", ["worker", "gateway"])
def test_killed_while_they_talk_the_talk_goes_on(system: System, caller: TwinCall, agent: Agent, name: str) -> None:
    agent.takes(handoff_of(system, caller)[0])
    agent.rung()
    agent.talks()
    hears(caller, "Le atiende Ana")
    killed(system, name)
    assert caller.take_up(caller.sid).doing == "talking"
    assert handoff_of(system, caller)[1] == "with_agent"
    finish(system, caller, agent)


@pytest.mark.parametrize("fault", ["drop_after_accept", "500_after_accept"])
def test_an_answer_of_the_carrier_that_is_lost_does_not_ring_twice(
    system: System, caller: TwinCall, agent: Agent, fault: str
) -> None:
    system.control("POST", "faults", json={"fault": fault, "on": "call", "match": {"to": agent.phone}})
    agent.takes(handoff_of(system, caller)[0])
    agent.rung()
    agent.talks()
    hears(caller, "Le atiende Ana")
    finish(system, caller, agent)


def test_a_carrier_that_takes_no_call_is_asked_again(system: System, caller: TwinCall, agent: Agent) -> None:
    system.control("POST", "faults", json={"fault": "429", "on": "call", "match": {"to": agent.phone}})
    agent.takes(handoff_of(system, caller)[0])
    agent.rung()
    agent.talks()
    hears(caller, "Le atiende Ana")
    finish(system, caller, agent)


def test_who_hangs_up_while_no_worker_is_there_lets_the_agents_phone_rest(
    system: System, caller: TwinCall, agent: Agent
) -> None:
    agent.takes(handoff_of(system, caller)[0])
    sid = agent.rung()
    with system.frozen("worker"):
        caller.hang_up()
        eventually(lambda: handoff_of(system, caller)[1] == "closed", 20, "the end of the handoff")
    resting: Callable[[], bool] = lambda: all(call["over"] for call in agent.calls())  # noqa: E731
    eventually(resting, 40, "the agent's phone at rest")
    assert [call["sid"] for call in agent.calls()] == [sid]
    assert handoff_of(system, caller)[1:] == ("closed", "hung_up")
