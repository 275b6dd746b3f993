"""Calls as people write them down (README.md here), and how one is played on the twin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from channels.twin.telephone import Heard, TwinCall
from tests.conversations.aloud import bare, says_aloud
from tests.conversations.expect import says
from tests.faults.system import System
from tests.servers import eventually

HERE = Path(__file__).resolve().parent
HUMAN = "+525500009999"
"""HUMAN_NUMBER of the system that the calls are played on."""
DEADLINE = 60.0
LONGEST_TO_WAIT = 120.0
"""For the service's call: it comes half a minute after it was asked for."""
_DEEDS = ("call", "say", "press", "silence", "noise", "hang_up", "sms", "whatsapp", "is_called", "agent_leaves")
_EXPECTED = (
    "hears",
    "hears_choice",
    "any",
    "not",
    "choices",
    "ends",
    "doing",
    "gets_sms",
    "callback",
    "within",
    "words_within",
)
_ABOUT = ("confidence", "hidden", "at", "after", "from")
_OF_CALL = {"name", "system", "engine", "human", "phone", "steps"}


@dataclass(frozen=True)
class Step:
    """One thing done, and what must come of it."""

    do: str
    what: Any
    about: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True)
class ScriptedCall:
    """A call. ``system``: people are there ("open") or not ("closed"); ``human`` and ``phone``: how these answer."""

    file: str
    name: str
    steps: tuple[Step, ...]
    system: str = "open"
    engine: str = "running"
    human: str = "ring"
    phone: str = ""

    @property
    def id(self) -> str:
        """Return the test's name."""
        return f"{self.file}: {self.name}"


def scripted_calls() -> Iterator[ScriptedCall]:
    """Yield every call of the folder; raises ValueError for what README.md does not know."""
    for path in sorted(HERE.glob("*.yml")):
        with path.open(encoding="utf-8") as file:
            for item in YAML(typ="safe").load(file):
                unknown = set(item) - _OF_CALL
                if unknown or "steps" not in item:
                    raise ValueError(f"{path.name}: «{item.get('name')}»: {sorted(unknown) or 'no steps'}")
                about = {name: item[name] for name in ("system", "engine", "human", "phone") if name in item}
                yield ScriptedCall(path.stem, item["name"], tuple(map(_step, item["steps"])), **about)


def _step(given: Mapping[str, Any]) -> Step:
    deeds = [name for name in _DEEDS if name in given]
    unknown = set(given) - {*_DEEDS, *_EXPECTED, *_ABOUT}
    if len(deeds) != 1 or unknown:
        raise ValueError(f"one of {', '.join(_DEEDS)} is expected, not {sorted(given)}")
    return Step(
        deeds[0],
        given[deeds[0]],
        {name: given[name] for name in _ABOUT if name in given},
        {name: given[name] for name in _EXPECTED if name in given},
    )


class Telephone:
    """A person with a telephone, on a running system."""

    def __init__(self, system: System, number: str) -> None:
        self._system, self.number = system, number
        self._call: TwinCall | None = None
        self._known: set[str] = set()
        self.transcript: list[str] = []
        self._asked = 0
        self._choices: tuple[str, ...] = ()
        self.picked = ""

    def waits(self) -> list[float]:
        """Return how long the service took to say something, each time that the carrier asked since the last look."""
        sid = self._call.sid if self._call is not None else ""
        asked = [
            each["seconds"]
            for each in self._system.control("GET", "webhooks")
            if each["sid"] == sid and each["kind"] == "voice" and "seconds" in each
        ]
        new, self._asked = asked[self._asked :], len(asked)
        return new

    def does(self, step: Step) -> Heard | None:
        """Do a step and return what is heard; None for what is no call's."""
        self.transcript.append(f"  caller: {step.do} {step.what if step.what is not True else ''}")
        key = str(step.what)[:1] if step.do == "press" else ""
        self.picked = self._choices[int(key) - 1] if key.isdigit() and 0 < int(key) <= len(self._choices) else ""
        heard = self._does(step)
        if heard is not None:
            self._choices = heard.choices
            self.transcript += [f"  line:   {line['text']}" for line in heard.lines if line["side"] == "line"]
        return heard

    def _does(self, step: Step) -> Heard | None:
        if step.do in ("sms", "whatsapp"):
            with self._system.phone(self.number, channel=step.do, deadline=30) as phone:
                replies = phone.send(step.what).replies
            said = tuple(reply.body for reply in replies)
            return Heard(said, (), "", False, True, 0.0)
        if step.do == "call":
            return self._place(step)
        if step.do == "is_called":
            return self._taken()
        call = self._call
        assert call is not None, "there is no call"
        hang_up = {"do": "hang_up", **{name: step.about[name] for name in ("at", "after") if name in step.about}}
        action = {
            "say": {"do": "say", "text": step.what, "confidence": step.about.get("confidence", 0.9)},
            "press": {"do": "keys", "keys": str(step.what)},
            "hang_up": hang_up,
        }.get(step.do, {"do": step.do})
        return call.act(action)

    def _place(self, step: Step) -> Heard:
        self.close()
        self._call = TwinCall(
            self._system.twin, self.number, hidden=bool(step.about.get("hidden", False)), deadline=DEADLINE
        )
        leaves = {name: step.about[name] for name in ("at", "after") if name in step.about}
        return self._call.place(*([{"do": "hang_up", **leaves}] if leaves else []))

    def _taken(self) -> Heard:
        def found() -> Any:
            calls = self._system.control("GET", f"phones/{self.number}/calls")["calls"]
            return next((each for each in calls if each["direction"] == "outbound-api" and each["idle"]), None)

        self.close()
        told = eventually(found, LONGEST_TO_WAIT, "a call to this phone")
        self._call = TwinCall(self._system.twin, self.number, deadline=DEADLINE)
        return self._call.take_up(told["sid"])

    def close(self) -> None:
        """Put the phone down."""
        if self._call is not None:
            self._call.close()
            self._call, self._asked = None, 0


def play(script: ScriptedCall, system: System, number: str) -> str:
    """Play a call; return an empty text when all was right, else what was wrong and the transcript."""
    # Who waits for a call takes it.
    takes = script.phone or ("answer" if any(step.do == "is_called" for step in script.steps) else "ring")
    for phone, habit in ((HUMAN, script.human), (number, takes)):
        system.control("POST", f"phones/{phone}/answering", json={"habit": habit, "clock": "patient"})
    telephone = Telephone(system, number)
    with ExitStack() as stack:
        stack.callback(telephone.close)
        stack.enter_context(system.frozen("engine") if script.engine == "frozen" else nullcontext())
        for place, step in enumerate(script.steps, 1):
            wrong = list(_problems(step, telephone.does(step), telephone, system))
            if wrong:
                return "\n".join([f"step {place}: {'; '.join(wrong)}", *telephone.transcript])
    return ""


def _problems(step: Step, heard: Heard | None, telephone: Telephone, system: System) -> Iterator[str]:
    expected, said = step.expected, " ".join(heard.said) if heard else ""
    has = says if step.do in ("sms", "whatsapp") else says_aloud
    if heard is not None and not heard.settled:
        yield "the line does not wait for the caller"
    if heard is not None and heard.errors:
        yield f"the carrier complains: {[(error['code'], error['detail']) for error in heard.errors]}"
    for words in _texts(expected.get("hears", ())):
        if not has(said, words):
            yield f"does not hear «{words}»"
    if expected.get("hears_choice") and not (telephone.picked and has(said, telephone.picked)):
        yield f"does not hear what the key stood for: «{telephone.picked}»"
    if "any" in expected and not any(has(said, words) for words in _texts(expected["any"])):
        yield f"hears none of {expected['any']}"
    for words in _texts(expected.get("not", ())):
        if has(said, words):
            yield f"hears «{words}»"
    if heard is None:
        return
    if "choices" in expected and len(heard.choices) < expected["choices"]:
        yield f"is offered {len(heard.choices)}, not {expected['choices']}"
    if "ends" in expected and heard.over is not expected["ends"]:
        yield "the call goes on" if expected["ends"] else "the call has ended"
    if "doing" in expected and heard.doing != expected["doing"]:
        yield f"the line is {heard.doing}, not {expected['doing']}"
    if "within" in expected and heard.seconds > expected["within"]:
        yield f"took {heard.seconds:.1f} s"
    if "words_within" in expected:
        waits = telephone.waits()
        if not waits or max(waits) > expected["words_within"]:
            yield f"waited {[round(each, 1) for each in waits]} s for words"
    if "gets_sms" in expected:
        yield from _messages(expected["gets_sms"], telephone, system)
    if "callback" in expected:
        yield from _callback(expected["callback"], telephone.number, system)


def _messages(words: Any, telephone: Telephone, system: System) -> Iterator[str]:
    def arrived() -> bool:
        return any(
            all(bare(each) in bare(text) for each in _texts(words)) for text in system.on_phone(telephone.number)
        )

    try:
        eventually(arrived, 20, "the message")
    except AssertionError:
        yield f"gets no SMS with {words}"


def _callback(status: str, number: str, system: System) -> Iterator[str]:
    query = (
        "SELECT b.status FROM callbacks b JOIN calls c ON c.conversation_id = b.conversation_id"
        " WHERE c.call_sid = ? ORDER BY b.id DESC"
    )
    calls = system.control("GET", f"phones/{number}/calls")["calls"]

    def found() -> bool:
        rows = [row[0] for call in calls for row in system.sql(query, call["sid"])]
        return status in rows if status != "none" else not rows

    try:
        eventually(found, 10, "the call back")
    except AssertionError:
        yield f"there is no call back that is {status}"


def _texts(given: Any) -> Sequence[str]:
    return [given] if isinstance(given, str) else list(given)
