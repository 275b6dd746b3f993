"""Calls as the twin knows them: who talks to whom, what was said and pressed, who waits in which queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any, Literal
from uuid import uuid4

from channels.twin.caller import Action

CallDirection = Literal["inbound", "outbound-api", "outbound-dial"]
Clock = Literal["real", "patient"]
"""``patient``: time passes only as far as a prompt or a silence takes, at once, and the line waits for what the caller
does next for as long as it takes. ``real``: prompts, silences and rings take their time."""
Doing = Literal["ringing", "asking", "speaking", "listening", "dialling", "talking", "ended"]
Habit = Literal["ring", "answer", "busy", "no-answer", "machine", "fax", "failed"]
Side = Literal["line", "caller", "agent"]
LineKind = Literal["said", "played", "pressed", "spoke", "silent", "lost", "event"]

HABITS: tuple[Habit, ...] = ("ring", "answer", "busy", "no-answer", "machine", "fax", "failed")
FINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
_MOST_CALLS = 500


@dataclass(frozen=True)
class Line:
    """One line of a call's transcript. ``at``: seconds of the call; ``heard``: what of a prompt was said before a cut.

    A ``lost`` line is what the caller did when nobody listened.
    """

    seq: int
    side: Side
    kind: LineKind
    text: str
    at: float
    heard: str | None = None


@dataclass(frozen=True)
class Answering:
    """What a phone does when it rings, and what follows when it is taken."""

    habit: Habit = "ring"
    clock: Clock = "real"
    script: tuple[Action, ...] = ()


@dataclass
class Bridge:
    """Two people talking: over once one of them hangs up. ``url``: what the queued caller hears before.

    ``taker``: the call that took the caller out of the queue.
    """

    url: str = ""
    method: str = "POST"
    taker: str = ""
    over: bool = False
    took: bool = False


@dataclass
class Call:
    """One call. ``phone`` is the person's number, ``ours`` the service's; ``hidden``: she withholds hers.

    ``idle``: nothing goes on before the caller (or who is called) does something. Changed only under the book's lock.
    """

    sid: str
    phone: str
    ours: str
    direction: CallDirection
    created: datetime
    clock: Clock = "real"
    status: str = "queued"
    doing: Doing = "ringing"
    hidden: bool = False
    parent: str | None = None
    answered_by: str | None = None
    seconds: float = 0.0
    answered: float | None = None
    ended: datetime | None = None
    lines: list[Line] = field(default_factory=list)
    listening: dict[str, Any] | None = None
    choices: tuple[str, ...] = ()
    errors: list[dict[str, Any]] = field(default_factory=list)
    queue: str | None = None
    idle: bool = False
    version: int = 0
    actions: deque[Action] = field(default_factory=deque)
    given: dict[str, str] = field(default_factory=dict)
    """What a request of the REST API asked for: another document, an end."""
    bridge: Bridge | None = None

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status in FINAL

    @property
    def duration(self) -> int:
        """Return the whole seconds since it was answered."""
        return 0 if self.answered is None else max(round(self.seconds - self.answered), 0)

    @property
    def sender(self) -> str:
        """Return who calls, as Twilio tells it; a number that is withheld as Twilio writes it."""
        # https://help.twilio.com/articles/223179988
        person = "+266696687" if self.hidden else self.phone
        return person if self.direction == "inbound" else self.ours

    @property
    def recipient(self) -> str:
        """Return who is called."""
        return self.ours if self.direction == "inbound" else self.phone


@dataclass
class Queue:
    """A queue of callers: their calls, first come first."""

    sid: str
    name: str
    waiting: list[str] = field(default_factory=list)
    since: dict[str, float] = field(default_factory=dict)
    entered: dict[str, datetime] = field(default_factory=dict)
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))


class Calls:
    """All calls. Every method may be called from any thread."""

    def __init__(self, changed: threading.Condition, next_version: Callable[[], int]) -> None:
        """``changed`` and ``next_version`` are the twin's: one numbering of all changes."""
        self.changed = changed
        self._next_version = next_version
        self._calls: dict[str, Call] = {}
        self._queues: dict[str, Queue] = {}
        self._answering: dict[str, Answering] = {}

    def add(self, phone: str, ours: str, direction: CallDirection, **more: Any) -> Call:
        """Keep a new call; ``more`` are other fields of :class:`Call`."""
        now = datetime.now(timezone.utc)
        call = Call(f"CA{uuid4().hex}", phone, ours, direction, now, **more)
        with self.changed:
            self._calls[call.sid] = call
            ended = [each.sid for each in self._calls.values() if each.over]
            for old in ended[: max(len(self._calls) - _MOST_CALLS, 0)]:
                del self._calls[old]
            self.touch(call)
        return call

    def touch(self, call: Call, **changes: Any) -> None:
        """Change a call's fields and tell who waits."""
        with self.changed:
            for name, value in changes.items():
                setattr(call, name, value)
            call.version = self._next_version()
            self.changed.notify_all()

    def write(self, call: Call, side: Side, kind: LineKind, text: str, heard: str | None = None) -> None:
        """Add a line to a call's transcript."""
        with self.changed:
            call.lines.append(Line(len(call.lines) + 1, side, kind, text, round(call.seconds, 1), heard))
            self.touch(call)

    def get(self, sid: str) -> Call | None:
        """Return one call."""
        with self.changed:
            return self._calls.get(sid)

    def all(self) -> list[Call]:
        """Return all calls, newest first."""
        with self.changed:
            return list(reversed(self._calls.values()))

    def of_phone(self, phone: str, after: int = 0) -> list[Call]:
        """Return a phone's calls that are new or changed since version ``after``, the oldest change first."""
        with self.changed:
            found = [call for call in self._calls.values() if call.phone == phone and call.version > after]
        return sorted(found, key=lambda call: call.version)

    def act(self, call: Call, actions: tuple[Action, ...]) -> None:
        """Let the caller do something; on a call that is over, nobody hears it."""
        with self.changed:
            if call.over:
                return
            call.actions.extend(actions)
            self.touch(call, idle=False)

    def settled(self, call: Call, timeout: float) -> bool:
        """Wait until the call waits for somebody, or is over."""
        with self.changed:
            return self.changed.wait_for(lambda: call.over or (call.idle and not call.actions), timeout)

    def longer_than(self, call: Call, lines: int, timeout: float) -> None:
        """Wait until a call's transcript has more than so many lines, or the call is over."""
        with self.changed:
            self.changed.wait_for(lambda: call.over or len(call.lines) > lines, timeout)

    # What a phone does when it rings

    def answering(self, phone: str) -> Answering:
        """Return what a phone does when it rings."""
        with self.changed:
            return self._answering.get(phone, Answering())

    def set_answering(self, phone: str, answering: Answering) -> None:
        """Say what a phone does when it rings from now on."""
        with self.changed:
            self._answering[phone] = answering

    # Queues

    def enter(self, name: str, call: Call) -> Queue:
        """Put a caller at the end of a queue, which is made when there is none."""
        with self.changed:
            queue = self._queues.setdefault(name, Queue(f"QU{uuid4().hex}", name))
            queue.waiting.append(call.sid)
            queue.since[call.sid] = call.seconds
            queue.entered[call.sid] = datetime.now(timezone.utc)
            self.touch(call, queue=name)
            return queue

    def leave(self, queue: Queue, call: Call) -> None:
        """Take a caller out of a queue."""
        with self.changed:
            if call.sid in queue.waiting:
                queue.waiting.remove(call.sid)
            self.touch(call, queue=None)

    def queues(self) -> list[Queue]:
        """Return all queues, the oldest first."""
        with self.changed:
            return list(self._queues.values())

    def drop_queue(self, queue: Queue) -> None:
        """Remove a queue."""
        with self.changed:
            self._queues.pop(queue.name, None)

    def queue(self, name: str) -> Queue | None:
        """Return a queue by its name."""
        with self.changed:
            return self._queues.get(name)

    def take(self, name: str, bridge: Bridge) -> Call | None:
        """Connect the first caller of a queue; None when nobody waits."""
        with self.changed:
            queue = self._queues.get(name)
            if queue is None or not queue.waiting:
                return None
            call = self._calls[queue.waiting.pop(0)]
            self.touch(call, bridge=bridge, idle=False)
            return call

    def reset(self) -> None:
        """Hang all calls up and forget them, and what phones do."""
        with self.changed:
            for call in self._calls.values():
                if not call.over:
                    call.given["Status"] = "completed"
            self._calls.clear()
            self._queues.clear()
            self._answering.clear()
            self.changed.notify_all()


def shown(call: Call, after: int = 0) -> dict[str, Any]:
    """Return a call for the control API, with its lines after the one numbered ``after``."""
    return {
        "sid": call.sid,
        "phone": call.phone,
        "ours": call.ours,
        "direction": call.direction,
        "status": call.status,
        "doing": call.doing,
        "clock": call.clock,
        "parent": call.parent,
        "answered_by": call.answered_by,
        "at": call.created.isoformat(),
        "seconds": round(call.seconds, 1),
        "duration": call.duration,
        "queue": call.queue,
        "idle": call.idle,
        "over": call.over,
        "listening": call.listening,
        "choices": list(call.choices),
        "errors": list(call.errors),
        "lines": [asdict(line) for line in call.lines[after:]],
        "version": call.version,
    }
