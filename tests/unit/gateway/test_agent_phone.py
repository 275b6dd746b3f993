"""A caller who waits, and an agent's telephone that rings for her: what each hears, and what becomes of the handoff."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from bot.core.delivery import CarrierUnavailable, Rejected, Throttled
from bot.core.handoff import HandoffState
from bot.core.replies import Say
from bot.store.agents import Agents
from bot.store.clock import utc_now
from bot.store.handoffs import Full, Handoffs, NotYours
from bot.store.live import LiveEvents
from bot.store.rings import NoCall, NoPhone, Ringing, Rings
from bot.store.tables import calls, handoffs, rings
from bot.worker.calls import RingTimer
from tests.people import JUAN, ROSA, SECRET
from tests.unit.gateway.test_voice_calls import replies, topic
from tests.unit.gateway.voice_line import Caller, Line, Said

PHONE = "+525555550001"
AGENT_CALL = "CAagent"


@dataclass
class Carrier:
    """Rings, or fails."""

    error: Exception | None = None
    rung: list[dict[str, Any]] = field(default_factory=list)
    hung_up: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)

    def ring(self, to: str, **about: Any) -> str:
        self.rung.append({"to": to, **about})
        if self.error is not None:
            raise self.error
        return f"{AGENT_CALL}{len(self.rung)}"

    def hang_up(self, call_sid: str) -> None:
        self.hung_up.append(call_sid)

    def remove_queue(self, queue_sid: str) -> None:
        self.removed.append(queue_sid)


class Office:
    """Agents, their telephones, and a worker's timer."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.agents = Agents(line.database, SECRET)
        self.handoffs = Handoffs(line.database)
        self.rings = Rings(line.database, SECRET)
        self.live = LiveEvents(line.database)
        self.carrier = Carrier()
        self.now = utc_now()

    def hire(self, name: str, phone: str | None = PHONE, **more: Any) -> int:
        agent = self.agents.add(name.lower(), name, "agent", None, utc_now(), **more).id
        self.agents.set_phone(agent, phone)
        self.agents.change(agent, presence="here", seen_at=utc_now())
        return agent

    def work(self, by_itself: bool = False, later: float = 0.0) -> None:
        now = utc_now() + timedelta(seconds=later)
        RingTimer(
            self.rings, self.line.calls, self.carrier, "https://v.example", seconds=25, by_itself=by_itself,
            now=lambda: now,
        )()  # fmt: skip

    def wait(self, number: str = ROSA, sid: str = "CA1") -> tuple[Caller, Any]:
        """Let somebody call until she waits; return her and her ``<Enqueue>``."""
        caller = self.line.caller(sid, number)
        caller.dial()
        queue = caller.press("0").verb("Enqueue")
        assert queue is not None
        caller.ask(queue.get("waitUrl"), QueueSid="QU" + sid, QueueTime="1")
        return caller, queue

    def handoff(self) -> Any:
        with self.line.database.connect() as db:
            return db.execute(select(handoffs).order_by(handoffs.c.id.desc()).limit(1)).one()

    def take(self, agent: int) -> Any:
        return self.rings.ask(self.handoff().id, agent, utc_now())

    def agents_phone(self, ring: int, number: str = PHONE) -> Agentside:
        return Agentside(self.line, ring, number)

    def state(self, ring: int) -> tuple[str, str | None]:
        record = self.rings.get(ring)
        assert record is not None
        return record.status, record.result

    def kinds(self) -> list[str]:
        return [event.kind for event in self.live.since(0)]


class Agentside:
    """The agent's end of a ring."""

    def __init__(self, line: Line, ring: int, number: str) -> None:
        form = {"From": "+525500000000", "To": number, "Direction": "outbound-api"}
        self._caller = Caller(line, f"{AGENT_CALL}1", number, form)
        self._line, self._ring = line, ring

    def takes_the_phone(self) -> Said:
        return self._caller.ask(f"/channels/voice/agent?ring={self._ring}")

    def presses(self, said: Said, key: str = "") -> Said:
        return self._caller.ask(said.verb("Gather").get("action"), **({"Digits": key} if key else {}))

    def goes_on(self, said: Said, status: str) -> Said:
        return self._caller.ask(said.verb("Dial").get("action"), DialCallStatus=status)

    def ends(self, status: str) -> None:
        form = {**self._caller.base, "CallStatus": status, "CallDuration": "9"}
        answer = self._line.post(f"/channels/voice/agent/status?ring={self._ring}", form)
        assert answer.status_code == 204


@pytest.fixture
def office(open_line) -> Office:
    return Office(open_line(replies(Say("thanks"), topic=topic(last_procedure="pasaporte-adulto"))))


def connect(office: Office, agent: int) -> tuple[Caller, Any, Agentside, Said, int]:
    """Bring a caller and an agent together."""
    caller, queue = office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    dialled = phone.presses(phone.takes_the_phone(), "1")
    noun = dialled.verb("Dial").find("Queue")
    told = caller.ask(noun.get("url"), QueueSid="QUCA1", DequeingCallSid=f"{AGENT_CALL}1")
    assert told.words == ["Le atiende Ana."]
    return caller, queue, phone, dialled, ring


# ---- from the queue to the assistant again


def test_a_caller_waits_like_everybody_and_an_agents_phone_rings_once(office):
    agent = office.hire("Ana")
    caller = office.line.caller()
    caller.dial()
    caller.say("pasaporte")
    said = caller.press("0")
    assert said.verb("Enqueue").text == "personas-CA1"
    handoff = office.handoff()
    assert (handoff.state, handoff.channel, handoff.reason) == ("waiting", "voice", "asked")
    assert handoff.topic == "procedure:pasaporte-adulto"
    first = caller.ask(said.verb("Enqueue").get("waitUrl"), QueueSid="QU1", QueueTime="1")
    assert "Usted es quien sigue." in first.heard
    ring = office.take(agent)
    assert office.take(agent).id == ring.id
    office.work()
    office.work()
    (rung,) = office.carrier.rung
    assert rung["to"] == PHONE
    assert rung["seconds"] == 25
    again = caller.ask(first.verb("Gather").get("action"), QueueSid="QU1")
    assert "Ya le estamos llamando" in again.heard
    assert office.handoff().state == "waiting"


def test_the_agent_hears_who_it_is_and_only_one_connects(office):
    agent = office.hire("Ana")
    caller, queue = office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    whisper = phone.takes_the_phone()
    assert "termina en" in whisper.heard
    assert ROSA not in whisper.text
    assert "marque uno" in whisper.heard
    assert whisper.verb("Gather").get("input") == "dtmf"
    assert office.handoff().state == "waiting"
    dialled = phone.presses(whisper, "1")
    assert dialled.verb("Dial").find("Queue").text == queue.text
    assert office.handoff().state == "with_agent"
    told = caller.ask(dialled.verb("Dial").find("Queue").get("url"), QueueSid="QU1")
    assert told.words == ["Le atiende Ana."]
    assert office.state(ring) == ("talking", None)
    assert [each.queue for each in office.rings.live()] == ["talking"]


def test_when_the_agent_hangs_up_the_assistant_goes_on(office):
    agent = office.hire("Ana")
    caller, queue, phone, _, ring = connect(office, agent)
    phone.ends("completed")
    assert office.handoff().state == "with_agent"  # the caller's own call says what became of her
    after = caller.ask(queue.get("action"), QueueResult="bridged", QueueTime="12")
    assert "¿Le ayudo en algo más?" in after.heard
    assert after.has("Gather")
    handoff = office.handoff()
    assert (handoff.state, handoff.end_reason, handoff.agent_id) == ("bot", "talked", agent)
    assert office.state(ring) == ("over", "talked")
    assert "Gather" in caller.say("pasaporte").text
    office.work()
    assert office.carrier.hung_up == []
    assert office.carrier.removed == ["QUCA1"]


@pytest.mark.parametrize("first", ["caller", "agent"])
def test_when_the_caller_hangs_up_the_matter_is_closed_whoever_tells_first(office, first):
    agent = office.hire("Ana")
    caller, _, phone, dialled, ring = connect(office, agent)
    sides = [caller.hang_up, lambda: (phone.goes_on(dialled, "completed"), phone.ends("completed"))]
    for side in sides if first == "caller" else reversed(sides):
        side()
    assert (office.handoff().state, office.handoff().end_reason) == ("closed", "talked")
    assert office.state(ring) == ("over", "talked")
    assert office.rings.live() == ()


def test_who_is_given_to_a_colleague_in_the_middle_of_a_talk_waits_for_that_one(office):
    agent, other = office.hire("Ana"), office.hire("Beto", "+525555550002")
    caller, queue, phone, _, _ = connect(office, agent)
    office.handoffs.transfer(office.handoff().id, agent, utc_now(), to=other)
    office.rings.put_down(office.handoff().id)
    office.work()
    assert office.carrier.hung_up == [f"{AGENT_CALL}1"]
    phone.ends("completed")
    again = caller.ask(queue.get("action"), QueueResult="bridged")
    assert "Le paso con otra persona" in again.heard
    assert again.verb("Enqueue").text == queue.text
    assert (office.handoff().state, office.handoff().wanted_agent_id) == ("waiting", other)
    assert office.take(other).status == "waiting"


def test_the_answer_to_a_caller_who_is_gone_changes_nothing_more(office):
    agent = office.hire("Ana")
    caller, queue, _, _, _ = connect(office, agent)
    caller.ask(queue.get("action"), QueueResult="bridged", CallStatus="completed")
    caller.hang_up()
    assert (office.handoff().state, office.handoff().end_reason) == ("closed", "talked")


# ---- what goes wrong


def test_a_database_that_is_busy_in_the_moment_of_connecting_spoils_no_talk(office, monkeypatch):
    agent = office.hire("Ana")
    caller, queue = office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    dialled = phone.presses(phone.takes_the_phone(), "1")
    with monkeypatch.context() as patch:
        patch.setattr(Rings, "connected", lambda *_: 1 / 0)
        told = caller.ask(dialled.verb("Dial").find("Queue").get("url"), QueueSid="QUCA1")
    assert told.words == ["Le comunico."]
    after = caller.ask(queue.get("action"), QueueResult="bridged")
    assert "¿Le ayudo en algo más?" in after.heard
    assert (office.handoff().state, office.handoff().end_reason) == ("bot", "talked")


@pytest.mark.parametrize(
    ("status", "result"),
    [("busy", "busy"), ("no-answer", "no_answer"), ("failed", "failed"), ("completed", "declined")],
)
def test_a_phone_that_is_not_taken_leaves_the_caller_in_the_queue_with_the_reason(office, status, result):
    agent, other = office.hire("Ana"), office.hire("Beto", "+525555550002")
    caller, queue = office.wait()
    ring = office.take(agent).id
    office.work()
    office.agents_phone(ring).ends(status)
    assert office.state(ring) == ("over", result)
    assert office.handoff().state == "waiting"
    assert f"ring_{result}" in office.kinds()
    assert "Usted es quien sigue." in caller.ask(queue.get("waitUrl"), QueueTime="30").heard
    assert office.take(other).id != ring


def test_an_answering_machine_is_never_connected(office):
    agent = office.hire("Ana")
    office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    said = phone.takes_the_phone()
    for _ in range(2):
        said = phone.presses(said)
        assert said.has("Gather")
    last = phone.presses(said)
    assert last.has("Hangup")
    assert not last.has("Dial")
    assert office.state(ring) == ("over", "declined")
    assert office.handoff().state == "waiting"


def test_two_declines(office):
    agent = office.hire("Ana")
    office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    assert phone.presses(phone.takes_the_phone(), "2").words == ["Está bien. La persona sigue en la fila."]
    assert office.state(ring) == ("over", "declined")


def test_a_caller_who_hangs_up_while_she_waits_puts_the_agents_phone_down(office):
    agent = office.hire("Ana")
    caller, _ = office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    said = phone.takes_the_phone()
    caller.hang_up()
    assert (office.handoff().state, office.handoff().end_reason) == ("closed", "hung_up")
    assert office.state(ring) == ("over", "caller_left")
    office.work()
    assert office.carrier.hung_up == [f"{AGENT_CALL}1"]
    assert "Ya no hace falta" in phone.presses(said, "1").heard


def test_who_pressed_one_and_finds_nobody_gives_the_caller_back(office):
    agent = office.hire("Ana")
    office.wait()
    ring = office.take(agent).id
    office.work()
    phone = office.agents_phone(ring)
    dialled = phone.presses(phone.takes_the_phone(), "1")
    assert "Ya no hace falta" in phone.goes_on(dialled, "no-answer").heard
    assert office.state(ring) == ("over", "not_connected")
    assert office.handoff().state == "waiting"


def test_what_nobody_moves_ends_by_itself(office):
    agent = office.hire("Ana")
    office.wait()
    first = office.take(agent).id
    office.work(later=120)  # no worker was there to place it
    assert office.state(first) == ("over", "failed")
    second = office.take(agent).id
    office.work()
    office.work(later=30)
    assert office.state(second)[0] == "ringing"
    office.work(later=60)  # the carrier never told what became of it
    assert office.state(second) == ("over", "unknown")
    office.work()
    assert office.carrier.hung_up == [f"{AGENT_CALL}1"]


def test_a_caller_whose_line_asks_for_nothing_any_more_is_gone(office):
    office.hire("Ana")
    office.wait()
    office.work(later=200)
    assert office.handoff().state == "waiting"
    office.work(later=300)
    assert (office.handoff().state, office.handoff().end_reason) == ("closed", "hung_up")


@pytest.mark.parametrize(
    ("error", "rung", "state"),
    [
        (CarrierUnavailable("no_connection", ""), 3, ("over", "failed")),
        (Throttled("20429", ""), 3, ("over", "failed")),
        (Rejected("21211", ""), 1, ("over", "failed")),
        (CarrierUnavailable("timeout", ""), 1, ("ringing", None)),
    ],
)
def test_a_phone_is_rung_again_only_when_it_certainly_did_not_ring(office, error, rung, state):
    agent = office.hire("Ana")
    office.wait()
    ring = office.take(agent).id
    office.carrier.error = error
    for later in range(0, 20, 5):
        office.work(later=later)
    assert len(office.carrier.rung) == rung
    assert office.state(ring) == state


def test_a_worker_that_died_after_asking_the_carrier_does_not_ring_again(office):
    agent = office.hire("Ana")
    office.wait()
    ring = office.take(agent).id
    assert office.rings.next_due(utc_now()) is not None
    office.work()
    assert office.carrier.rung == []
    assert office.agents_phone(ring).takes_the_phone().has("Gather")  # it rings all the same
    assert office.state(ring)[0] == "whisper"


# ---- who may


def test_one_phone_for_one_caller(office):
    ana, beto = office.hire("Ana"), office.hire("Beto", "+525555550002")
    office.wait()
    first = office.handoff().id
    office.wait(JUAN, "CA2")
    second = office.handoff().id
    office.rings.ask(first, ana, utc_now())
    with pytest.raises(Ringing, match="rings") as refused:
        office.rings.ask(first, beto, utc_now())
    assert refused.value.agent == "Ana"
    with pytest.raises(Ringing):
        office.rings.ask(second, ana, utc_now())
    office.rings.give_up(first, ana, utc_now())
    assert office.rings.ask(second, ana, utc_now()).agent == "Ana"


def test_what_cannot_ring_is_refused(office):
    ana, nobody = office.hire("Ana", capacity=1), office.hire("Beto", None)
    office.wait()
    handoff = office.handoff().id
    with pytest.raises(NoPhone):
        office.rings.ask(handoff, nobody, utc_now())
    office.handoffs.take(handoff, ana, utc_now())
    with pytest.raises(NotYours):
        office.rings.ask(handoff, nobody, utc_now())
    assert office.rings.ask(handoff, ana, utc_now()).handoff_id == handoff
    office.wait(JUAN, "CA2")
    office.rings.give_up(handoff, ana, utc_now())
    with pytest.raises(Full):
        office.rings.ask(office.handoff().id, ana, utc_now())
    with office.line.database.begin() as db:
        db.execute(update(calls).values(queue="left"))
    with pytest.raises(NoCall):
        office.rings.ask(handoff, ana, utc_now())


def test_by_itself_the_phone_rings_that_rested_longest(office):
    ana, beto = office.hire("Ana"), office.hire("Beto", "+525555550002")
    office.hire("Sin teléfono", None)
    away = office.hire("Ausente", "+525555550003")
    office.agents.change(away, presence="away")
    office.wait()
    office.work(by_itself=True)
    with office.line.database.connect() as db:
        (row,) = db.execute(select(rings)).all()
    assert row.agent_id == ana
    office.agents_phone(row.id).ends("no-answer")
    office.work(by_itself=True)
    office.work(by_itself=True)
    assert [each["to"] for each in office.carrier.rung] == [PHONE, "+525555550002"]
    live = office.rings.live()[0].ring
    assert live is not None
    assert live.agent_id == beto


def test_an_agent_who_answers_in_writing_lets_the_caller_go(office):
    agent = office.hire("Ana", None)
    caller, queue = office.wait()
    office.handoffs.take(office.handoff().id, agent, utc_now())
    assert office.line.calls.leave_queue(office.handoff().conversation_id, "in_writing")
    assert caller.ask(queue.get("waitUrl"), QueueTime="9").has("Leave")
    after = caller.ask(queue.get("action"), QueueResult="leave")
    assert "le va a escribir" in after.heard
    caller.hang_up()
    assert office.handoff().state == HandoffState.WITH_AGENT.value


def test_a_handoff_that_is_closed_lets_the_caller_go_on(office):
    office.hire("Ana")
    caller, queue = office.wait()
    office.handoffs.close(office.handoff().id, None, "other", utc_now())
    assert caller.ask(queue.get("waitUrl"), QueueTime="9").has("Leave")
    assert caller.ask(queue.get("action"), QueueResult="leave").has("Gather")


def test_who_waited_too_long_goes_on_with_the_reason(open_line):
    office = Office(open_line(voice_queue_minutes=1))
    office.hire("Ana")
    caller, queue = office.wait()
    assert caller.ask(queue.get("waitUrl"), QueueTime="61").has("Leave")
    assert caller.ask(queue.get("action"), QueueResult="leave").has("Gather")
    assert (office.handoff().state, office.handoff().end_reason) == ("bot", "waited_too_long")


def test_what_is_said_and_pressed_can_be_read(office):
    office.hire("Ana")
    caller = office.line.caller()
    caller.dial()
    caller.say("pasaporte")
    caller.press("0")
    steps = office.line.calls.transcript(office.handoff().conversation_id)
    assert [step.heard for step in steps] == ["", "pasaporte", "[0]"]
    assert all(step.answer for step in steps)


def test_every_request_must_be_signed(office):
    for path in ("agent", "agent/key", "agent/before", "agent/over", "agent/status"):
        answer = office.line.post(f"/channels/voice/{path}?ring=1", {"CallSid": "CA1"}, signed=False)
        assert answer.status_code == 403
