"""Live events: what consoles must hear of, in the order of commits."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, text

from bot.store.tables import handoffs, live_events, outbound

# A sequence's numbers are given before commit: a later number may be seen first, and a stream that went past it would
# miss the earlier one. Holding this lock until commit makes numbers appear in order (SQLite has one writer anyway).
_LOCK = 7265777


@dataclass(frozen=True)
class LiveEvent:
    """One thing that consoles hear of. ``data`` holds ids and keys, never a number or a text.

    ``agent_id`` did it. Who has the handoff, whom it was sent to and whose it is are as they stand when it is read.
    """

    id: int
    at: datetime
    kind: str
    conversation_id: str | None
    handoff_id: int | None
    agent_id: int | None
    data: dict[str, Any]
    sensitive: bool
    holder_id: int | None
    wanted_agent_id: int | None
    team_id: int | None


def note_live(
    db: Connection,
    kind: str,
    now: datetime,
    *,
    conversation: str | None = None,
    handoff: int | None = None,
    agent: int | None = None,
    **data: Any,
) -> None:
    """Write an event in the caller's transaction; the last thing that the transaction does."""
    if db.dialect.name == "postgresql":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    db.execute(
        live_events.insert().values(
            at=now,
            kind=kind,
            conversation_id=conversation,
            handoff_id=handoff,
            agent_id=agent,
            data=json.dumps(data, ensure_ascii=False),
        )
    )


def note_delivery(db: Connection, delivery_id: str, status: str, now: datetime) -> None:
    """Tell consoles and desks that an agent's message got further; nothing for other messages.

    It is told of the newest handoff of the conversation, also when that is over: a last word has its fate too.
    """
    handoff = db.execute(
        select(handoffs.c.id, handoffs.c.conversation_id)
        .join(outbound, outbound.c.conversation_id == handoffs.c.conversation_id)
        .where(outbound.c.delivery_id == delivery_id, outbound.c.kind == "agent")
        .order_by(handoffs.c.id.desc())
        .limit(1)
    ).first()
    if handoff is not None:
        note_live(
            db,
            "delivery",
            now,
            conversation=handoff.conversation_id,
            handoff=handoff.id,
            status=status,
            delivery=delivery_id,
        )


class LiveEvents:
    """Reading them."""

    def __init__(self, engine: Engine) -> None:
        """Read from this database."""
        self._engine = engine

    def last_id(self) -> int:
        """Return the newest event's id; 0 when there is none."""
        with self._engine.connect() as db:
            return db.execute(select(func.max(live_events.c.id))).scalar() or 0

    def since(self, last: int, limit: int = 500) -> tuple[LiveEvent, ...]:
        """Return the events after ``last``, oldest first."""
        with self._engine.connect() as db:
            rows = db.execute(
                select(
                    live_events,
                    handoffs.c.sensitive,
                    handoffs.c.agent_id.label("holder_id"),
                    handoffs.c.wanted_agent_id,
                    handoffs.c.team_id,
                )
                .outerjoin(handoffs, handoffs.c.id == live_events.c.handoff_id)
                .where(live_events.c.id > last)
                .order_by(live_events.c.id)
                .limit(limit)
            ).all()
        return tuple(
            LiveEvent(**{**r._mapping, "data": json.loads(r.data), "sensitive": bool(r.sensitive)}) for r in rows
        )
