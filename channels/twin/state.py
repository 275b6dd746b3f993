"""What the twin knows: messages, phones, who opted out, the faults it was asked for, and the requests that it got."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal, TextIO
from uuid import uuid4

from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.ids import canonical_number
from channels.sms.segments import count

Direction = Literal["inbound", "outbound-api", "outbound-reply"]
RecordKind = Literal["request", "webhook"]

_MOST_RECORDS = 2000
# What a fault may be, apart from a carrier's five-digit code.
_SPECIAL_FAULTS = ("timeout", "drop", "hang_after_accept", "drop_after_accept", "500_after_accept")
_HTTP_FAULTS = ("429", "500", "502", "503", "504")


@dataclass(frozen=True)
class TwinConfig:
    """How a twin is set up. ``number`` is the service's; ``inbound_url`` may carry ``#rc=…`` as in Twilio's console."""

    account_sid: str
    auth_token: str
    inbound_url: str
    number: str = "+525500000000"
    messaging_service_sid: str = ""
    handles_opt_out: bool = False
    journal: Path | None = None
    hang_seconds: float = 60.0


@dataclass(frozen=True)
class Message:
    """One SMS, either way. ``seq`` grows by one a message; ``reached`` tells whether the recipient's phone has it."""

    seq: int
    sid: str
    direction: Direction
    sender: str
    recipient: str
    body: str
    created: datetime
    updated: datetime
    status: str
    sent: datetime | None = None
    error_code: int | None = None
    service_sid: str | None = None
    status_callback: str | None = None
    reached: bool = True

    @property
    def segments(self) -> int:
        """Return how many segments the body takes."""
        return count(self.body).segments


@dataclass
class Fault:
    """A failure to play, ``times`` times (None: until cleared), on requests that match. See :meth:`check`."""

    name: str
    to: str | None = None
    on: Literal["send", "list", "any"] = "send"
    times: int | None = 1
    retry_after: float | None = None

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> Fault:
        """Read a fault as the control API takes it.

        ``fault``: an HTTP status (``429``, ``500``, ``502``–``504``), a carrier code (``21610``: refused at once;
        ``30xxx``: accepted, then undelivered), ``timeout`` and ``drop`` (not taken; no answer, a cut connection),
        ``hang_after_accept``, ``drop_after_accept``, ``500_after_accept`` (taken, and the answer lost).

        Raises:
            ValueError: it has no such form.
        """
        if not isinstance(given, Mapping):
            raise ValueError("a fault is a JSON object")
        name = str(given.get("fault", ""))
        if name not in _SPECIAL_FAULTS + _HTTP_FAULTS and not (name.isdigit() and len(name) == 5):
            raise ValueError(f"fault: {name!r} is none of {_SPECIAL_FAULTS + _HTTP_FAULTS} nor a five-digit code")
        unknown = set(given) - {"fault", "match", "times", "retry_after", "on"}
        match = given.get("match") or {}
        if unknown or set(match) - {"to"}:
            raise ValueError(f"unknown: {sorted(unknown | (set(match) - {'to'}))}")
        times = given.get("times", 1)
        if times is not None and (not isinstance(times, int) or times < 1):
            raise ValueError("times: 1 or more, or null for ever")
        on = given.get("on", "send")
        if on not in ("send", "list", "any"):
            raise ValueError("on: send, list or any")
        retry_after = given.get("retry_after")
        to = canonical_number(match["to"]) if "to" in match else None
        return cls(name, to, on, times, None if retry_after is None else float(retry_after))

    @property
    def after_accept(self) -> bool:
        """Whether the message is taken, and then something goes wrong."""
        return self.name.endswith("_after_accept") or self.undelivered is not None

    @property
    def undelivered(self) -> int | None:
        """Return the code of a failure that comes later, in a status callback."""
        return int(self.name) if len(self.name) == 5 and self.name.startswith("30") else None


@dataclass(frozen=True)
class CallbackMode:
    """How status callbacks misbehave: each ``repeat`` times, newest first when shuffled, ``delay`` seconds apart."""

    repeat: int = 1
    shuffle: bool = False
    delay: float = 0.0


@dataclass
class Twin:
    """The twin's state. Every method may be called from any thread."""

    config: TwinConfig
    callbacks: CallbackMode = CallbackMode()
    closed: bool = False

    def __post_init__(self) -> None:
        self._records: dict[RecordKind, deque[dict[str, Any]]] = {
            "request": deque(maxlen=_MOST_RECORDS),
            "webhook": deque(maxlen=_MOST_RECORDS),
        }
        self._changed = threading.Condition()
        self._messages: dict[str, Message] = {}
        self._of_phone: dict[str, list[str]] = {}
        self._faults: list[Fault] = []
        self._opted_out: set[str] = set()
        self._seq = 0
        self._release = threading.Event()
        self._journal: TextIO | None = None
        if self.config.journal is not None:
            self._read_journal(self.config.journal)
            self._journal = self.config.journal.open("a", encoding="utf-8")

    # Messages

    def add(self, direction: Direction, sender: str, recipient: str, body: str, **more: Any) -> Message:
        """Keep a new message and return it; ``more`` are other fields of :class:`Message`."""
        now = datetime.now(timezone.utc)
        with self._changed:
            self._seq += 1
            more = {"sid": f"SM{uuid4().hex}", "created": now, "updated": now, **more}
            message = Message(seq=self._seq, direction=direction, sender=sender, recipient=recipient, body=body, **more)
            self._keep(message)
            self._changed.notify_all()
        return message

    def update(self, sid: str, **changes: Any) -> Message | None:
        """Change a message's fields; None when it is gone (the state was reset)."""
        with self._changed:
            message = self._messages.get(sid)
            if message is None:
                return None
            message = replace(message, updated=datetime.now(timezone.utc), **changes)
            self._keep(message)
            self._changed.notify_all()
        return message

    def message(self, sid: str) -> Message | None:
        """Return one message."""
        with self._changed:
            return self._messages.get(sid)

    def messages(self) -> list[Message]:
        """Return all messages, newest first."""
        with self._changed:
            return sorted(self._messages.values(), key=lambda message: -message.seq)

    @property
    def seq(self) -> int:
        """Return the newest message's number: what comes later has a greater one."""
        with self._changed:
            return self._seq

    def of_phone(self, number: str, after: int, wait: float, everything: bool) -> list[Message]:
        """Return a phone's messages after ``after``, oldest first; waits up to ``wait`` seconds for the first one.

        What the phone received; ``everything`` adds what it sent.
        """
        deadline = time.monotonic() + wait
        with self._changed:
            while True:
                found = [
                    message
                    for message in map(self._messages.__getitem__, self._of_phone.get(number, ()))
                    if message.seq > after and message.reached and (everything or message.direction != "inbound")
                ]
                left = deadline - time.monotonic()
                if found or left <= 0:
                    return found
                self._changed.wait(left)

    def _keep(self, message: Message) -> None:
        if message.sid not in self._messages:
            phone = message.sender if message.direction == "inbound" else message.recipient
            self._of_phone.setdefault(phone, []).append(message.sid)
        self._messages[message.sid] = message
        if self._journal is not None:
            self._journal.write(json.dumps(to_payload(message), ensure_ascii=False) + "\n")
            self._journal.flush()

    def _read_journal(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                message: Message = from_payload(Message, json.loads(line))
            except (ValueError, PayloadError):
                continue  # the last line of a twin that was killed while it wrote
            self._keep(message)
            self._seq = max(self._seq, message.seq)

    # Opt-out

    def opt_out(self, number: str, out: bool) -> None:
        """Block or unblock a number, as Twilio does on its keywords."""
        with self._changed:
            (self._opted_out.add if out else self._opted_out.discard)(number)

    def is_opted_out(self, number: str) -> bool:
        """Say whether a number is blocked."""
        with self._changed:
            return number in self._opted_out

    # Faults

    def add_faults(self, faults: list[Fault]) -> None:
        """Add faults; the first that matches a request is played."""
        with self._changed:
            self._faults.extend(faults)

    def clear_faults(self) -> None:
        """Forget the faults that are left, and let go of what hangs."""
        with self._changed:
            self._faults.clear()
        self.let_go()

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that are left."""
        with self._changed:
            return [dict(vars(fault)) for fault in self._faults]

    def take_fault(self, on: Literal["send", "list"], to: str | None) -> Fault | None:
        """Return the fault to play on this request, and count it."""
        with self._changed:
            for fault in self._faults:
                if fault.on in (on, "any") and fault.to in (None, to):
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times == 0:
                            self._faults.remove(fault)
                    return fault
        return None

    def hang(self) -> None:
        """Wait as a carrier that never answers; ends with :meth:`let_go`, or after ``hang_seconds``."""
        self._release.wait(self.config.hang_seconds)

    def let_go(self) -> None:
        """End all waits of :meth:`hang`."""
        with self._changed:
            release, self._release = self._release, threading.Event()
        release.set()

    # All of it

    def reset(self) -> None:
        """Forget everything but the numbering, so that a reader's place in it stays right."""
        with self._changed:
            self._messages.clear()
            self._of_phone.clear()
            self._opted_out.clear()
            for records in self._records.values():
                records.clear()
            self.callbacks = CallbackMode()
            if self._journal is not None:
                self._journal.truncate(0)
        self.clear_faults()

    def close(self) -> None:
        """Let go of waiting requests, answer no more and close the journal."""
        self.closed = True
        self.let_go()
        with self._changed:
            if self._journal is not None:
                self._journal.close()
                self._journal = None

    # What came in and went out, for assertions

    def record(self, kind: RecordKind, /, **facts: Any) -> dict[str, Any]:
        """Keep a record from now on; :meth:`amend` changes it."""
        record = {"at": datetime.now(timezone.utc).isoformat(), **facts}
        with self._changed:
            self._records[kind].append(record)
        return record

    def amend(self, record: dict[str, Any], **facts: Any) -> None:
        """Add to a record."""
        with self._changed:
            record.update(facts)

    def records(self, kind: RecordKind) -> list[dict[str, Any]]:
        """Return the newest records of a kind, oldest first."""
        with self._changed:
            return [dict(record) for record in self._records[kind]]
