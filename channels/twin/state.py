"""What the twin knows: messages, phones, contents, who opted out, faults it was asked for, requests that it got."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, Literal, TextIO, get_args
from uuid import uuid4

from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.ids import canonical_number
from channels.sms.segments import count
from channels.twin.calls import Call, Calls
from channels.twin.shown import Attachment, Pin, Shown

ChannelKind = Literal["sms", "whatsapp"]
Direction = Literal["inbound", "outbound-api", "outbound-reply"]
RecordKind = Literal["request", "webhook"]

FaultPlace = Literal["send", "list", "content", "typing", "media", "call"]
Mark = Literal["", "sent", "delivered", "read", "failed"]

_MARKS: tuple[Mark, ...] = ("", "sent", "failed", "delivered", "read")
SESSION = timedelta(hours=24)
"""How long after a person's last WhatsApp message anything but an approved template may be sent to her."""
_MOST_RECORDS = 2000
_MOST_FILES = 200
# What a fault may be, apart from a carrier's five-digit code.
_SPECIAL_FAULTS = ("timeout", "drop", "hang_after_accept", "drop_after_accept", "500_after_accept")
_HTTP_FAULTS = ("429", "500", "502", "503", "504")


@dataclass(frozen=True)
class TwinConfig:
    """How a twin is set up. The numbers are the service's; the addresses may carry ``#rc=…`` as in Twilio's console.

    Without ``whatsapp_inbound_url``, WhatsApp messages go beside the SMS: ``…/sms/…`` becomes ``…/whatsapp/…``.
    ``contracts`` is a folder of Twilio's OpenAPI files: every request is checked against them.
    """

    account_sid: str
    auth_token: str
    inbound_url: str
    number: str = "+525500000000"
    messaging_service_sid: str = ""
    handles_opt_out: bool = False
    journal: Path | None = None
    hang_seconds: float = 60.0
    whatsapp_number: str = "+525500000001"
    whatsapp_inbound_url: str = ""
    contracts: Path | None = None
    voice_number: str = ""
    voice_inbound_url: str = ""

    def inbound(self, channel: str) -> str:
        """Return where a phone's messages on a channel go."""
        if channel == "whatsapp":
            return self.whatsapp_inbound_url or self.inbound_url.replace("/sms/", "/whatsapp/")
        return self.inbound_url

    def own_number(self, channel: str) -> str:
        """Return the service's number on a channel."""
        if channel == "voice":
            return self.voice_number or self.number
        return self.whatsapp_number if channel == "whatsapp" else self.number

    @property
    def voice_inbound(self) -> str:
        """Where calls are answered."""
        return self.voice_inbound_url or self.inbound_url.replace("/sms/", "/voice/")

    @property
    def voice_fallback(self) -> str:
        """Where calls are answered when that fails."""
        return self._beside("fallback")

    @property
    def voice_status(self) -> str:
        """Where the end of a call is told."""
        return self._beside("status")

    def _beside(self, name: str) -> str:
        plain, _, overrides = self.voice_inbound.partition("#")
        address = f"{plain.rpartition('/')[0]}/{name}"
        return f"{address}#{overrides}" if overrides else address


@dataclass(frozen=True)
class Message:
    """One message, either way. ``seq`` grows by one a message, ``version`` by one a change of any message.

    ``reached`` tells whether the recipient's phone has it. ``sender`` and ``recipient`` are canonical numbers;
    ``address`` is the phone's as it was written. ``kind`` is Twilio's MessageType. ``mark`` is what a phone shows of a
    message that it sent.
    """

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
    version: int = 0
    channel: ChannelKind = "sms"
    address: str = ""
    kind: str = "text"
    mark: Mark = ""
    shown: Shown | None = None
    content_sid: str | None = None
    pin: Pin | None = None
    files: tuple[Attachment, ...] = ()
    quotes: str | None = None

    @property
    def segments(self) -> int:
        """Return how many segments the body takes; WhatsApp has none, and Twilio says 1."""
        return count(self.body).segments if self.channel == "sms" else 1

    @property
    def phone(self) -> str:
        """Return the number of the phone, whichever end it is."""
        return self.sender if self.direction == "inbound" else self.recipient


@dataclass(frozen=True)
class Content:
    """A content of Twilio's Content API. ``types`` is as it was created; ``approval`` is WhatsApp's answer to it."""

    sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    created: datetime
    updated: datetime
    approval: dict[str, str] | None = None
    deleted: bool = False


@dataclass
class Fault:
    """A failure to play, ``times`` times (None: until cleared), on requests that match. See :meth:`check`."""

    name: str
    to: str | None = None
    on: FaultPlace | Literal["any"] = "send"
    times: int | None = 1
    retry_after: float | None = None
    #: Set by the twin: who hangs by this fault is let go by it, also when it is set before the hanging begins.
    release: threading.Event = field(default_factory=threading.Event, repr=False, compare=False)

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> Fault:
        """Read a fault as the control API takes it.

        ``fault``: an HTTP status (``429``, ``500``, ``502``–``504``), a carrier code (``21610``: refused at once;
        ``30xxx``, ``63xxx``: accepted, then undelivered), ``timeout`` and ``drop`` (not taken; no answer, a cut
        connection), ``hang_after_accept``, ``drop_after_accept``, ``500_after_accept`` (taken, and the answer lost).

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
        places = (*get_args(FaultPlace), "any")
        if on not in places:
            raise ValueError(f"on: one of {places}")
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
        return int(self.name) if len(self.name) == 5 and self.name.startswith(("30", "63")) else None


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
    url: str = ""
    """Where the twin itself is reached: files have addresses under it."""
    approvals: str = "approved"
    """What WhatsApp answers to a content that is submitted: ``approved``, ``pending`` or ``rejected``."""
    reads: bool = True
    """Whether phones send read receipts on WhatsApp."""

    def __post_init__(self) -> None:
        self._records: dict[RecordKind, deque[dict[str, Any]]] = {
            "request": deque(maxlen=_MOST_RECORDS),
            "webhook": deque(maxlen=_MOST_RECORDS),
        }
        self._changed = threading.Condition(threading.RLock())
        self._messages: dict[str, Message] = {}
        self._of_phone: dict[str, list[str]] = {}
        self._faults: list[Fault] = []
        self._opted_out: set[tuple[str, str]] = set()
        self._contents: dict[str, Content] = {}
        self._sessions: dict[str, datetime] = {}
        self._advanced = timedelta()
        self._files: dict[str, tuple[str, bytes]] = {}
        self._violations: list[dict[str, Any]] = []
        self._seq = 0
        self._version = 0
        self._release = threading.Event()
        self.calls = Calls(self._changed, self._next_version)
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
            message = self._keep(message)
            self._changed.notify_all()
        return message

    def update(self, sid: str, **changes: Any) -> Message | None:
        """Change a message's fields; None when it is gone (the state was reset)."""
        with self._changed:
            message = self._messages.get(sid)
            if message is None:
                return None
            message = self._keep(replace(message, updated=datetime.now(timezone.utc), **changes))
            self._changed.notify_all()
        return message

    def mark(self, sid: str, mark: Mark) -> None:
        """Move what a phone shows of its own message forward, never back; a failure only replaces "sent"."""
        with self._changed:
            message = self._messages.get(sid)
            if message is not None and _MARKS.index(mark) > _MARKS.index(message.mark):
                self.update(sid, mark=mark)

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

    @property
    def version(self) -> int:
        """Return the newest change's number."""
        with self._changed:
            return self._version

    def of_phone(
        self, number: str, after: int, wait: float, everything: bool, channel: str | None = None
    ) -> list[Message]:
        """Return a phone's messages after ``after``, oldest first; waits up to ``wait`` seconds for the first one.

        What the phone received; ``everything`` adds what it sent. ``channel`` None: on every channel.
        """
        return self._wait_for(
            number,
            wait,
            lambda message: (
                message.seq > after
                and (everything or message.direction != "inbound")
                and channel in (None, message.channel)
            ),
        )

    def changes(self, number: str, after: int, wait: float) -> tuple[list[Message], list[Call]]:
        """Return a phone's messages and calls that are new or changed since version ``after``, oldest change first.

        Waits up to ``wait`` seconds for the first.
        """
        deadline = time.monotonic() + wait
        with self._changed:
            while True:
                messages = self._wait_for(number, 0, lambda message: message.version > after)
                calls = self.calls.of_phone(number, after)
                left = deadline - time.monotonic()
                if messages or calls or left <= 0 or self.closed:
                    return sorted(messages, key=lambda message: message.version), calls
                self._changed.wait(left)

    def _wait_for(self, number: str, wait: float, matching: Callable[[Message], bool]) -> list[Message]:
        deadline = time.monotonic() + wait
        with self._changed:
            while True:
                own = map(self._messages.__getitem__, self._of_phone.get(number, ()))
                found = [message for message in own if message.reached and matching(message)]
                left = deadline - time.monotonic()
                if found or left <= 0 or self.closed:
                    return found
                self._changed.wait(left)

    def _next_version(self) -> int:
        with self._changed:
            self._version += 1
            return self._version

    def _keep(self, message: Message) -> Message:
        message = replace(message, version=self._next_version())
        if message.sid not in self._messages:
            self._of_phone.setdefault(message.phone, []).append(message.sid)
            if message.channel == "whatsapp" and message.direction == "inbound":
                self._sessions[message.phone] = message.created + self._advanced
        self._messages[message.sid] = message
        self._write(message)
        return message

    def _write(self, kept: Message | Content) -> None:
        if self._journal is not None:
            self._journal.write(json.dumps(to_payload(kept), ensure_ascii=False) + "\n")
            self._journal.flush()

    def _read_journal(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                kept: Message | Content = from_payload(Message | Content, json.loads(line))
            except (ValueError, PayloadError):
                continue  # the last line of a twin that was killed while it wrote
            if isinstance(kept, Content):
                self._contents[kept.sid] = kept
            else:
                self._keep(kept)
                self._seq = max(self._seq, kept.seq)

    # WhatsApp's session, its contents and files

    def in_session(self, number: str) -> bool:
        """Say whether a person wrote on WhatsApp within the last 24 hours, by the twin's clock."""
        with self._changed:
            last = self._sessions.get(number)
            return last is not None and datetime.now(timezone.utc) + self._advanced - last < SESSION

    def end_session(self, number: str) -> None:
        """Let 24 hours pass for one phone."""
        with self._changed:
            self._sessions.pop(number, None)

    def advance(self, seconds: float) -> None:
        """Move the clock of the sessions forward."""
        with self._changed:
            self._advanced += timedelta(seconds=seconds)

    def keep_content(self, content: Content) -> None:
        """Create or change a content."""
        with self._changed:
            self._contents[content.sid] = content
            self._write(content)

    def content(self, sid: str) -> Content | None:
        """Return one content."""
        with self._changed:
            found = self._contents.get(sid)
            return None if found is None or found.deleted else found

    def contents(self) -> list[Content]:
        """Return all contents, newest first."""
        with self._changed:
            return [content for content in reversed(self._contents.values()) if not content.deleted]

    def keep_file(self, content_type: str, data: bytes) -> str:
        """Keep a file in memory and return its id; the oldest go when there are too many."""
        sid = f"ME{uuid4().hex}"
        with self._changed:
            self._files[sid] = (content_type, data)
            while len(self._files) > _MOST_FILES:
                del self._files[next(iter(self._files))]
        return sid

    def file(self, sid: str) -> tuple[str, bytes] | None:
        """Return a file's type and bytes."""
        with self._changed:
            return self._files.get(sid)

    # Opt-out

    def opt_out(self, number: str, out: bool, channel: str = "sms") -> None:
        """Block or unblock a number on a channel, as Twilio does on its keywords."""
        with self._changed:
            (self._opted_out.add if out else self._opted_out.discard)((channel, number))

    def is_opted_out(self, number: str, channel: str = "sms") -> bool:
        """Say whether a number is blocked."""
        with self._changed:
            return (channel, number) in self._opted_out

    # Requests that Twilio's description does not allow

    def violate(self, violation: dict[str, Any]) -> None:
        """Keep a request that breaks Twilio's description."""
        with self._changed:
            self._violations.append(violation)

    def violations(self) -> list[dict[str, Any]]:
        """Return the requests that broke Twilio's description, oldest first."""
        with self._changed:
            return list(self._violations)

    # Faults

    def add_faults(self, faults: list[Fault]) -> None:
        """Add faults; the first that matches a request is played."""
        with self._changed:
            for fault in faults:
                fault.release = self._release
            self._faults.extend(faults)

    def clear_faults(self) -> None:
        """Forget the faults that are left, and let go of what hangs."""
        with self._changed:
            self._faults.clear()
        self.let_go()

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that are left."""
        with self._changed:
            return [{name: value for name, value in vars(fault).items() if name != "release"} for fault in self._faults]

    def take_fault(self, on: FaultPlace, to: str | None) -> Fault | None:
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

    def hang(self, fault: Fault) -> None:
        """Wait as a carrier that never answers; ends with :meth:`let_go`, or after ``hang_seconds``."""
        fault.release.wait(self.config.hang_seconds)

    def let_go(self) -> None:
        """End all waits of :meth:`hang`, also those of faults that were taken and hang only later."""
        with self._changed:
            release, self._release = self._release, threading.Event()
        release.set()

    # All of it

    def reset(self) -> None:
        """Forget all but the account's contents and the numbering, so that a reader's place in it stays right."""
        with self._changed:
            self._messages.clear()
            self._of_phone.clear()
            self._opted_out.clear()
            self._sessions.clear()
            self._advanced = timedelta()
            self._files.clear()
            self._violations.clear()
            for records in self._records.values():
                records.clear()
            self.callbacks = CallbackMode()
            self.approvals, self.reads = "approved", True
            self.calls.reset()
            if self._journal is not None:
                self._journal.truncate(0)
                for content in self._contents.values():
                    self._write(content)
        self.clear_faults()

    def close(self) -> None:
        """Let go of waiting requests, answer no more and close the journal."""
        self.closed = True
        self.let_go()
        with self._changed:
            self._changed.notify_all()
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
