"""A conversation as one thread: what the person sent and what went out on every channel, notes and changes of hands."""

from __future__ import annotations

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Connection, Engine, Row, and_, or_, select
from sqlalchemy.exc import IntegrityError

from bot.core.codec import PayloadError, from_payload
from bot.core.messages import ChannelName, Choice, Content, Location, Media, Text
from bot.core.turns import Understood
from bot.store.tables import agents, inbound, live_events, notes, outbound

EntryKind = Literal["in", "out", "note", "event"]
_CHANGES = frozenset(
    {
        "asked",
        "cancelled",
        "taken",
        "assigned",
        "released",
        "transferred",
        "handed_back",
        "closed",
        "waited_too_long",
        "agent_silent",
        "agent_gone",
        "person_silent",
        "hung_up",
        "ring_asked",
        "ring_talking",
        "ring_busy",
        "ring_no_answer",
        "ring_declined",
        "ring_failed",
        "ring_unknown",
        "ring_not_connected",
    }
)


@dataclass(frozen=True)
class Entry:
    """One thing in the thread. ``id`` is unique within its kind.

    ``media``: the kind of a file or ``location``; ``status`` of what went out; ``sort`` says who speaks in "out":
    ``answer`` and ``confirmation`` the assistant, ``agent`` an agent; of an "event" it is what happened.
    """

    kind: EntryKind
    id: int
    at: datetime
    text: str = ""
    channel: ChannelName | None = None
    media: str | None = None
    status: str | None = None
    error: str | None = None
    sort: str = ""
    who: str | None = None
    understood: Understood | None = None


_ID = re.compile(r"[1-9][0-9]{0,9}")
_LARGEST_ID = 2**31 - 1


def cursor_of(entry: Entry) -> str:
    """Return what stands for an entry's place in an address: the page before it begins there."""
    return base64.urlsafe_b64encode(f"{entry.at.isoformat()}|{entry.kind}|{entry.id}".encode()).decode().rstrip("=")


def entry_at(cursor: str) -> Entry:
    """Return the place in the thread that a cursor stands for, as far as it orders entries.

    Raises:
        ValueError: it is no cursor.
    """
    try:
        at, kind, id_ = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().split("|")
        moment = datetime.fromisoformat(at)
    except (ValueError, binascii.Error):
        raise ValueError("no cursor") from None
    known = kind in get_args(EntryKind) and _ID.fullmatch(id_) and int(id_) <= _LARGEST_ID
    if moment.tzinfo is None or not known:
        raise ValueError("no cursor")
    return Entry(kind, int(id_), moment)  # type: ignore[arg-type]  # checked above


class Threads:
    """Reads threads."""

    def __init__(self, engine: Engine) -> None:
        """Read from this database."""
        self._engine = engine

    def of(self, conversation: str, limit: int = 200, before: Entry | None = None) -> tuple[Entry, ...]:
        """Return the last entries of a conversation, oldest first; ``before``: those that stand before an entry.

        Of ``before`` only what orders entries is looked at: ``at``, ``kind`` and ``id``.
        """

        def last(found: Any, kind: EntryKind, at: Any, id_: Any) -> Any:
            if before is not None:
                found = found.where(_stands_before(kind, at, id_, before))
            return db.execute(found.order_by(at.desc(), id_.desc()).limit(limit)).all()

        with self._engine.connect() as db:
            came = last(
                select(inbound).where(inbound.c.conversation_id == conversation),
                "in",
                inbound.c.received_at,
                inbound.c.id,
            )
            sent = last(
                select(outbound).where(outbound.c.conversation_id == conversation),
                "out",
                outbound.c.created_at,
                outbound.c.id,
            )
            noted = last(
                select(notes, agents.c.name.label("who"))
                .outerjoin(agents, agents.c.id == notes.c.agent_id)
                .where(notes.c.conversation_id == conversation),
                "note",
                notes.c.at,
                notes.c.id,
            )
            changed = last(
                select(live_events, agents.c.name.label("who"))
                .outerjoin(agents, agents.c.id == live_events.c.agent_id)
                .where(live_events.c.conversation_id == conversation, live_events.c.kind.in_(_CHANGES)),
                "event",
                live_events.c.at,
                live_events.c.id,
            )
        entries = [_received(row) for row in came]
        entries += [
            Entry(
                "out",
                row.id,
                row.created_at,
                row.text,
                row.channel,
                status=row.status,
                error=row.error_code,
                sort=row.kind,
            )
            for row in sent
        ]
        entries += [Entry("note", row.id, row.at, row.text, who=row.who) for row in noted]
        entries += [Entry("event", row.id, row.at, sort=row.kind, who=row.who) for row in changed]
        return tuple(sorted(entries, key=lambda entry: (entry.at, _ORDER[entry.kind], entry.id)))[-limit:]

    def note(
        self, conversation: str, handoff: int, agent: int, text: str, now: datetime, key: str | None = None
    ) -> int:
        """Add an internal note and return its id. A ``key`` that is known means the same note: nothing is added."""
        made = notes.insert().values(
            conversation_id=conversation, handoff_id=handoff, agent_id=agent, text=text, at=now, idempotency_key=key
        )
        try:
            with self._engine.begin() as db:
                return int(db.execute(made.returning(notes.c.id)).scalar_one())
        except IntegrityError:
            with self._engine.connect() as db:
                known = db.execute(select(notes.c.id).where(notes.c.idempotency_key == key)).scalar()
            if known is None:
                raise
            return int(known)


_ORDER: dict[EntryKind, int] = {"in": 0, "event": 1, "out": 2, "note": 3}
"""What comes first of what happened at the same moment."""


def _stands_before(kind: EntryKind, at: Any, id_: Any, entry: Entry) -> Any:
    same_moment = _ORDER[kind] < _ORDER[entry.kind]
    if kind == entry.kind:
        return or_(at < entry.at, and_(at == entry.at, id_ < entry.id))
    return at <= entry.at if same_moment else at < entry.at


def received(db: Connection, inbound_id: int) -> Entry | None:
    """Return a message as the thread shows it; None when its row is gone."""
    row = db.execute(select(inbound).where(inbound.c.id == inbound_id)).first()
    return _received(row) if row is not None else None


def _received(row: Row[Any]) -> Entry:
    try:
        value = from_payload(Content, json.loads(row.content))
        read = from_payload(Understood, json.loads(row.understood)) if row.understood else None
    except (PayloadError, ValueError):
        return Entry("in", row.id, row.received_at, channel=row.channel, media="unreadable")
    text = value.text if isinstance(value, (Text, Choice, Media)) else ""
    media = value.kind if isinstance(value, Media) else "location" if isinstance(value, Location) else None
    return Entry("in", row.id, row.received_at, text, row.channel, media=media, understood=read)
