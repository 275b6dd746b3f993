"""A conversation as one thread: what the person sent and what went out on every channel, notes and changes of hands."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Engine, select

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


class Threads:
    """Reads threads."""

    def __init__(self, engine: Engine) -> None:
        """Read from this database."""
        self._engine = engine

    def of(self, conversation: str, limit: int = 200) -> tuple[Entry, ...]:
        """Return the last entries of a conversation, oldest first."""
        with self._engine.connect() as db:
            received = db.execute(
                select(inbound)
                .where(inbound.c.conversation_id == conversation)
                .order_by(inbound.c.id.desc())
                .limit(limit)
            ).all()
            sent = db.execute(
                select(outbound)
                .where(outbound.c.conversation_id == conversation)
                .order_by(outbound.c.id.desc())
                .limit(limit)
            ).all()
            noted = db.execute(
                select(notes, agents.c.name.label("who"))
                .outerjoin(agents, agents.c.id == notes.c.agent_id)
                .where(notes.c.conversation_id == conversation)
                .order_by(notes.c.id.desc())
                .limit(limit)
            ).all()
            changed = db.execute(
                select(live_events, agents.c.name.label("who"))
                .outerjoin(agents, agents.c.id == live_events.c.agent_id)
                .where(live_events.c.conversation_id == conversation, live_events.c.kind.in_(_CHANGES))
                .order_by(live_events.c.id.desc())
                .limit(limit)
            ).all()
        entries = [_received(row.id, row.received_at, row.channel, row.content, row.understood) for row in received]
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
        order = {"in": 0, "event": 1, "out": 2, "note": 3}
        return tuple(sorted(entries, key=lambda entry: (entry.at, order[entry.kind], entry.id)))[-limit:]

    def note(self, conversation: str, handoff: int, agent: int, text: str, now: datetime) -> None:
        """Add an internal note."""
        with self._engine.begin() as db:
            db.execute(
                notes.insert().values(
                    conversation_id=conversation, handoff_id=handoff, agent_id=agent, text=text, at=now
                )
            )


def _received(id_: int, at: datetime, channel: ChannelName, content: str, understood: str | None) -> Entry:
    try:
        value = from_payload(Content, json.loads(content))
        read = from_payload(Understood, json.loads(understood)) if understood else None
    except (PayloadError, ValueError):
        return Entry("in", id_, at, channel=channel, media="unreadable")
    text = value.text if isinstance(value, (Text, Choice, Media)) else ""
    media = value.kind if isinstance(value, Media) else "location" if isinstance(value, Location) else None
    return Entry("in", id_, at, text, channel, media=media, understood=read)
