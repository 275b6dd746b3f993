"""What desks are told: read from the live events, delivered in the order of each conversation, at least once.

The live events (bot.store.live) are the outbox: each is written in the transaction that it tells of, and numbered in
the order of commits. :meth:`DeskEvents.relay` copies what a desk must hear of into ``desk_events``, in one transaction
with the cursor that says how far it came: nothing is left out, nothing is copied twice.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, exists, func, literal_column, or_, select, update

from bot.core.handoff import HandoffEvent, HandoffState
from bot.store.clock import utc_now
from bot.store.database import reading
from bot.store.tables import agents, desk_cursors, desk_events, handoffs, live_events, outbound, teams
from bot.store.thread import Entry, received

Sink = Literal["webhook", "chatwoot"]
EventStatus = Literal["pending", "sending", "delivered", "dead"]
STATUSES: tuple[EventStatus, ...] = ("pending", "sending", "delivered", "dead")

_E = HandoffEvent
TYPES: dict[str, str] = {
    _E.ASKED.value: "handoff.asked",
    _E.TAKEN.value: "handoff.taken",
    _E.ASSIGNED.value: "handoff.taken",
    _E.RELEASED.value: "handoff.released",
    _E.TRANSFERRED.value: "handoff.released",
    _E.HANDED_BACK.value: "handoff.returned",
    _E.CANCELLED.value: "handoff.returned",
    _E.CLOSED.value: "handoff.closed",
    _E.HUNG_UP.value: "handoff.closed",
    _E.WAITED_TOO_LONG.value: "handoff.timed_out",
    _E.AGENT_SILENT.value: "handoff.timed_out",
    _E.AGENT_GONE.value: "handoff.timed_out",
    _E.PERSON_SILENT.value: "handoff.timed_out",
    "person_said": "message.received",
    "delivery": "message.status",
}
"""Kind of a live event -> type of a desk's event; other kinds are the console's own business."""
EVENT_TYPES: tuple[str, ...] = tuple(dict.fromkeys(TYPES.values()))

# Written out, not bound: SQLite uses a partial index only where it can prove that its condition holds.
_PENDING: ColumnElement[str] = literal_column("'pending'")
_SENDING: ColumnElement[str] = literal_column("'sending'")
_UNSENT = [_PENDING, _SENDING]
_AT_ONCE = 200


@dataclass(frozen=True)
class DeskEvent:
    """An event leased for one attempt. ``event_id`` stays the same however often it is sent.

    ``data`` is the handoff as it was (ids, keys and names; JSON-ready). ``queued_at``: since when it is to be sent.
    ``message`` is what the person wrote, redacted, None where the event is about none or its row is gone. ``reply_key``
    is the idempotency key in the outbox of the agent's message whose status is told.
    """

    id: int
    event_id: str
    sink: Sink
    type: str
    conversation_id: str
    handoff_id: int
    at: datetime
    data: dict[str, Any]
    attempts: int
    owner: str
    queued_at: datetime
    message: Entry | None = None
    reply_key: str | None = None


@dataclass(frozen=True)
class EventRow:
    """An event as it is listed."""

    id: int
    sink: str
    event_id: str
    type: str
    handoff_id: int
    at: datetime
    status: str
    attempts: int
    error_code: str | None


@dataclass(frozen=True)
class DeskFigures:
    """How many events there are by (receiver, status), and the age in seconds of the oldest that is on its way."""

    events: dict[tuple[str, str], int]
    oldest_unsent: float


class DeskEvents:
    """Events on their way to desks. Every method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        """Work in this database."""
        self._engine = engine

    # ---- from live events ----------------------------------------------------------------------------------------

    def begin(self, sink: Sink) -> None:
        """Let a receiver hear of everything from now on, or go on where it stopped."""
        with self._engine.begin() as db:
            if _cursor(db, sink) is None:
                last = db.execute(select(func.max(live_events.c.id))).scalar() or 0
                db.execute(desk_cursors.insert().values(sink=sink, last_live_id=last, updated_at=utc_now()))

    def relay(self, sink: Sink, *, sensitive: bool, since: datetime) -> int:
        """Copy the next live events for a receiver; return how many were looked at (0: there are no new ones).

        ``sensitive`` False leaves out sensitive handoffs. What happened before ``since`` is too old to be of use.
        """
        with reading(self._engine) as db:  # looking takes no writer's turn
            last = _cursor(db, sink)
            newest = db.execute(select(func.max(live_events.c.id))).scalar() or 0
        if last is None or newest <= last:
            return 0
        with self._engine.begin() as db:
            last = db.execute(
                select(desk_cursors.c.last_live_id).where(desk_cursors.c.sink == sink).with_for_update()
            ).scalar_one()
            rows = db.execute(_told(last)).all()
            for row in rows:
                if (
                    row.kind in TYPES
                    and row.handoff is not None
                    and row.at >= since
                    and (sensitive or not row.sensitive)
                ):
                    db.execute(desk_events.insert().values(_event(sink, row, _state_at(db, row))))
            if rows:
                db.execute(
                    update(desk_cursors)
                    .where(desk_cursors.c.sink == sink)
                    .values(last_live_id=rows[-1].id, updated_at=utc_now())
                )
        return len(rows)

    # ---- delivery ------------------------------------------------------------------------------------------------

    def lease(self, sink: Sink, worker: str, seconds: float) -> DeskEvent | None:
        """Take the next event that is due: never one of a conversation that has an earlier one on its way."""
        now = utc_now()
        due = _due(sink, now)
        if self._engine.dialect.name == "sqlite":
            with reading(self._engine) as db:
                if db.execute(due).first() is None:
                    return None
        owner = f"{worker}:{uuid.uuid4().hex[:12]}"
        with self._engine.begin() as db:
            row = db.execute(due.with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            # The condition again: under READ COMMITTED another worker may have taken and released it meanwhile.
            taken = db.execute(
                update(desk_events)
                .where(desk_events.c.id == row.id, _is_due(now))
                .values(
                    status="sending",
                    sending_owner=owner,
                    sending_until=now + timedelta(seconds=seconds),
                    attempts=desk_events.c.attempts + 1,
                    updated_at=now,
                )
            ).rowcount
            return _leased(db, row, owner) if taken else None

    def delivered(self, event: DeskEvent) -> None:
        """Note that the receiver took an event."""
        self._end(event, status="delivered", error_code=None)

    def retry(self, event: DeskEvent, code: str, after: float) -> None:
        """Put an event back, due in ``after`` seconds; later ones of its conversation wait for it."""
        self._end(event, status="pending", error_code=code, next_attempt_at=utc_now() + timedelta(seconds=after))

    def give_up(self, event: DeskEvent, code: str) -> None:
        """Close an event that nobody takes (status "dead"); those after it go on."""
        self._end(event, status="dead", error_code=code)

    def _end(self, event: DeskEvent, **values: Any) -> None:
        with self._engine.begin() as db:
            db.execute(
                update(desk_events)
                .where(desk_events.c.id == event.id, desk_events.c.sending_owner == event.owner)
                .where(desk_events.c.status == "sending")
                .values(sending_owner=None, sending_until=None, updated_at=utc_now(), **values)
            )

    # ---- for people who operate it -------------------------------------------------------------------------------

    def listed(self, status: EventStatus | None = None, limit: int = 100) -> tuple[EventRow, ...]:
        """Return events, newest first."""
        columns = [desk_events.c[name] for name in EventRow.__dataclass_fields__]
        found = select(*columns).order_by(desk_events.c.id.desc()).limit(limit)
        if status is not None:
            found = found.where(desk_events.c.status == status)
        with reading(self._engine) as db:
            return tuple(EventRow(**row._mapping) for row in db.execute(found))

    def resend(self, event_ids: Collection[str] | None = None) -> int:
        """Let events that were given up (all, or these), or were delivered (only by id), be sent again.

        The same id goes out again; return how many will.
        """
        now = utc_now()
        again = (
            desk_events.c.status == "dead"
            if event_ids is None
            else and_(desk_events.c.event_id.in_(event_ids), desk_events.c.status.in_(("dead", "delivered")))
        )
        with self._engine.begin() as db:
            return db.execute(
                update(desk_events)
                .where(again)
                .values(
                    status="pending", attempts=0, error_code=None, next_attempt_at=now, created_at=now, updated_at=now
                )
            ).rowcount

    def figures(self) -> DeskFigures:
        """Return the figures of the moment, for metrics."""
        with reading(self._engine) as db:
            counted = db.execute(
                select(desk_events.c.sink, desk_events.c.status, func.count()).group_by(
                    desk_events.c.sink, desk_events.c.status
                )
            ).all()
            oldest = db.execute(
                select(func.min(desk_events.c.created_at)).where(desk_events.c.status.in_(_UNSENT))
            ).scalar()
        age = (utc_now() - oldest).total_seconds() if oldest else 0.0
        return DeskFigures({(sink, status): count for sink, status, count in counted}, max(age, 0.0))


def _cursor(db: Connection, sink: Sink) -> int | None:
    return db.execute(select(desk_cursors.c.last_live_id).where(desk_cursors.c.sink == sink)).scalar()


def _told(last: int) -> Any:
    """Return the live events after ``last`` with the handoff that each is about, and who acted."""
    holder = agents.alias("holder")
    return (
        select(
            live_events,
            handoffs.c.id.label("handoff"),
            handoffs.c.state,
            handoffs.c.reason,
            handoffs.c.channel,
            handoffs.c.language,
            handoffs.c.topic,
            handoffs.c.sensitive,
            handoffs.c.priority,
            handoffs.c.asked_at,
            handoffs.c.end_reason,
            teams.c.name.label("team"),
            holder.c.name.label("holder"),
            holder.c.id.label("holder_id"),
            agents.c.name.label("by"),
        )
        .outerjoin(handoffs, handoffs.c.id == live_events.c.handoff_id)
        .outerjoin(teams, teams.c.id == handoffs.c.team_id)
        .outerjoin(holder, holder.c.id == handoffs.c.agent_id)
        .outerjoin(agents, agents.c.id == live_events.c.agent_id)
        .where(live_events.c.id > last)
        .order_by(live_events.c.id)
        .limit(_AT_ONCE)
    )


def _state_at(db: Connection, row: Row[Any]) -> str:
    """Return the handoff's state when an event happened; it may have gone on since."""
    told = db.execute(
        select(live_events.c.data)
        .where(
            live_events.c.handoff_id == row.handoff,
            live_events.c.id <= row.id,
            live_events.c.kind.in_([event.value for event in HandoffEvent]),
        )
        .order_by(live_events.c.id.desc())
        .limit(1)
    ).scalar()
    # The first event of all, being asked for, tells no change.
    return str(json.loads(told or "{}").get("after", HandoffState.WAITING.value))


def _event(sink: Sink, row: Row[Any], state: str) -> dict[str, Any]:
    now, told = utc_now(), json.loads(row.data)
    data = {
        "what": row.kind,
        "state": state,
        "agent": row.holder if state == HandoffState.WITH_AGENT.value else None,
        "agent_id": row.holder_id if state == HandoffState.WITH_AGENT.value else None,
        "by": row.by,
        "by_id": row.agent_id,
        "end_reason": row.end_reason if state in (HandoffState.BOT.value, HandoffState.CLOSED.value) else None,
        "asked_at": row.asked_at.isoformat(),
        **{
            name: getattr(row, name)
            for name in ("reason", "channel", "language", "topic", "sensitive", "priority", "team")
        },
        **{name: told[name] for name in ("inbound", "delivery", "status") if name in told},
    }
    return {
        "sink": sink,
        "event_id": f"evt_{uuid.uuid4().hex}",
        "live_event_id": row.id,
        "conversation_id": row.conversation_id,
        "handoff_id": row.handoff,
        "type": TYPES[row.kind],
        "data": json.dumps(data, ensure_ascii=False, sort_keys=True),
        "at": row.at,
        "status": "pending",
        "next_attempt_at": now,
        "created_at": now,
        "updated_at": now,
    }


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        and_(desk_events.c.status == _PENDING, desk_events.c.next_attempt_at <= now),
        and_(desk_events.c.status == _SENDING, desk_events.c.sending_until < now),
    )


def _due(sink: Sink, now: datetime) -> Any:
    earlier = desk_events.alias("earlier")
    held_back = exists().where(
        earlier.c.sink == desk_events.c.sink,
        earlier.c.conversation_id == desk_events.c.conversation_id,
        earlier.c.id < desk_events.c.id,
        earlier.c.status.in_(_UNSENT),
    )
    return (
        select(desk_events)
        .where(desk_events.c.sink == sink, desk_events.c.status.in_(_UNSENT), _is_due(now), ~held_back)
        .order_by(desk_events.c.next_attempt_at, desk_events.c.id)
        .limit(1)
    )


def _leased(db: Connection, row: Row[Any], owner: str) -> DeskEvent:
    data = json.loads(row.data)
    key = None
    if "delivery" in data:
        key = db.execute(select(outbound.c.idempotency_key).where(outbound.c.delivery_id == data["delivery"])).scalar()
    return DeskEvent(
        id=row.id,
        event_id=row.event_id,
        sink=row.sink,
        type=row.type,
        conversation_id=row.conversation_id,
        handoff_id=row.handoff_id,
        at=row.at,
        data=data,
        attempts=row.attempts + 1,
        owner=owner,
        queued_at=row.created_at,
        message=received(db, data["inbound"]) if "inbound" in data else None,
        reply_key=key,
    )
