"""Agents' phones that ring for callers who wait, in SQL: who is rung for whom, how far that is, and how it ended.

A ring is a row from the agent's "call me" to its end. While it is open, no other agent is rung for the same caller and
the agent for no other one (two unique indexes): a phone never rings twice at once, whatever dies in between. What is
given up says why, and the caller keeps her place in the queue.

Rows are locked in one order: the caller's call, the conversation, the handoff, the ring.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.handoff import HandoffEvent, HandoffState
from bot.store.cipher import Cipher
from bot.store.database import reading
from bot.store.handoffs import NotYours, agent_name, entitled, here, locked, locked_open, move, mute, room
from bot.store.live import note_live
from bot.store.tables import agent_teams, agents, calls, handoffs, rings, teams

RingStatus = Literal["waiting", "ringing", "whisper", "taken", "talking", "over"]
"""To be placed; the phone rings; the agent hears who it is; pressed 1; talks with the caller; over."""
RingResult = Literal[
    "talked", "busy", "no_answer", "declined", "failed", "not_connected", "caller_left", "cancelled", "unknown"
]
"""How a ring ended. ``not_connected``: taken, and the caller was gone. ``unknown``: nobody told us in time."""

MOST_ATTEMPTS = 3
RETRY_AFTER = timedelta(seconds=4)
"""How long after a carrier that took no call it is asked again."""
UNPLACED = timedelta(seconds=60)
WHISPERED = timedelta(seconds=75)
SLACK = timedelta(seconds=20)
BRIDGED = timedelta(minutes=20)
LONGEST = timedelta(hours=2)
"""How long a ring stays as it is when nobody tells us what became of it: to be placed, in the agent's hand, beyond the
seconds that a phone rings, taken (two people may be talking, and the word of it was lost), talking.
"""
SAME_AGENT_AGAIN = timedelta(minutes=3)
"""By itself, no phone that was not taken rings for the same caller sooner."""
UNHEARD = timedelta(minutes=4)
"""A caller whose waiting line asked for nothing for so long is not there: her last status was lost."""

_OPEN = rings.c.status != "over"
_BEFORE_TAKEN = ("waiting", "ringing", "whisper")


@dataclass(frozen=True)
class RingRecord:
    """A ring as it stands. ``agent`` is a name, for people to read."""

    id: int
    caller_sid: str
    conversation_id: str
    handoff_id: int
    agent_id: int
    agent: str
    status: RingStatus
    result: RingResult | None
    call_sid: str | None
    created_at: datetime
    talked_at: datetime | None
    ended_at: datetime | None

    @property
    def seconds(self) -> int:
        """How long they talked, once that is over."""
        if self.talked_at is None or self.ended_at is None:
            return 0
        return max(1, round((self.ended_at - self.talked_at).total_seconds()))


@dataclass(frozen=True)
class LiveCall:
    """A call that waits for a person or has one. ``queue``: waiting, ringing (HUMAN_NUMBER) or talking."""

    caller_sid: str
    conversation_id: str
    queue: str
    since: datetime
    ring: RingRecord | None = None


@dataclass(frozen=True)
class DueRing:
    """An agent's phone to be rung now. ``phone`` (a number or SIP address) goes to the carrier and nowhere else."""

    id: int
    phone: str
    attempts: int


class NoPhone(RuntimeError):
    """The agent has no phone that could ring."""


class NoCall(RuntimeError):
    """Nobody waits on the telephone in this conversation."""


class Ringing(RuntimeError):
    """A phone rings already: ``agent``'s for this caller, or the agent's own for another one."""

    def __init__(self, agent: str) -> None:
        """Name whose."""
        super().__init__("a phone rings already")
        self.agent = agent


class Rings:
    """All reads and writes about rings. Every method is one transaction."""

    def __init__(self, engine: Engine, secret: str, *old_secrets: str) -> None:
        """The secrets read agents' numbers."""
        self._engine = engine
        self._cipher = Cipher(secret, *old_secrets)
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    # ---- reading ---------------------------------------------------------------------------------------------

    def get(self, ring: int) -> RingRecord | None:
        """Return one ring."""
        with reading(self._engine) as db:
            row = db.execute(_records().where(rings.c.id == ring)).first()
        return _record(row) if row else None

    def of_handoff(self, handoff: int, limit: int = 5) -> tuple[RingRecord, ...]:
        """Return a handoff's rings, newest first."""
        with reading(self._engine) as db:
            found = _records().where(rings.c.handoff_id == handoff).order_by(rings.c.id.desc())
            return tuple(_record(row) for row in db.execute(found.limit(limit)).all())

    def live(self, conversation: str | None = None) -> tuple[LiveCall, ...]:
        """Return the calls that wait for a person or have one (of a conversation), the longest first."""
        since = func.coalesce(calls.c.queued_at, calls.c.updated_at)
        found = select(calls.c.call_sid, calls.c.conversation_id, calls.c.queue, since.label("since")).where(
            calls.c.queue.in_(("waiting", "ringing", "talking")), calls.c.ended_at.is_(None)
        )
        if conversation is not None:
            found = found.where(calls.c.conversation_id == conversation)
        with reading(self._engine) as db:
            rows = db.execute(found.order_by(since, calls.c.call_sid)).all()
            held = {row.caller_sid: _record(row) for row in db.execute(_records().where(_OPEN)).all()} if rows else {}
        return tuple(
            LiveCall(row.call_sid, row.conversation_id, row.queue, row.since, held.get(row.call_sid)) for row in rows
        )

    def day(self, since: datetime) -> dict[str, int]:
        """Return how many rings of the time since then ended in each way."""
        with reading(self._engine) as db:
            rows = db.execute(
                select(rings.c.result, func.count())
                .where(rings.c.created_at > since, rings.c.result.is_not(None))
                .group_by(rings.c.result)
            ).all()
        return {row[0]: row[1] for row in rows}

    def staffed(self, now: datetime) -> bool:
        """Say whether an agent with a phone is here."""
        with reading(self._engine) as db:
            found = select(agents.c.id).where(here(now), agents.c.phone_encrypted.is_not(None)).limit(1)
            return db.execute(found).first() is not None

    def transferred(self, caller_sid: str) -> bool:
        """Say whether who talked with an agent was put back into the queue by that agent, for another one."""
        with reading(self._engine) as db:
            found = (
                select(rings, handoffs.c.state)
                .join(handoffs, handoffs.c.id == rings.c.handoff_id)
                .where(rings.c.caller_sid == caller_sid)
                .order_by(rings.c.id.desc())
                .limit(1)
            )
            row = db.execute(found).first()
        return row is not None and row.state == HandoffState.WAITING.value and _talked(row)

    # ---- an agent's side -------------------------------------------------------------------------------------

    def ask(self, handoff: int, agent: int, now: datetime, *, beyond_capacity: bool = False) -> RingRecord:
        """Let an agent's phone ring for whoever waits on the telephone; asked twice, it is the same ring.

        Raises:
            NoCall: nobody waits there.
            NotYours: another agent has the conversation, or it is over.
            NotForThem: it is sensitive, and the agent may not see such matters.
            Ringing: another agent's phone rings for this caller, or this agent's for another one.
            NoPhone: the agent has none.
            Full: the agent has all that she may have, and ``beyond_capacity`` is not given.
        """
        with self._engine.begin() as db:
            conversation = db.execute(select(handoffs.c.conversation_id).where(handoffs.c.id == handoff)).scalar()
            caller = _waiting_caller(db, conversation) if conversation else None
            row = locked(db, handoff)
            waits = row.state == HandoffState.WAITING.value
            if not waits and not (row.state == HandoffState.WITH_AGENT.value and row.agent_id == agent):
                raise NotYours(HandoffState(row.state), agent_name(db, row.agent_id))
            entitled(db, row, agent)
            if caller is None:
                raise NoCall("nobody waits on the telephone")
            found = _standing(db, caller.call_sid, agent)
            if found is not None:
                if found.caller_sid == caller.call_sid and found.agent_id == agent:
                    return _record(found)
                raise Ringing(found.agent)
            if db.execute(select(agents.c.phone_encrypted).where(agents.c.id == agent)).scalar() is None:
                raise NoPhone("the agent has no phone")
            if waits and not beyond_capacity:
                room(db, agent)
            return self._begin(db, caller.call_sid, row, agent, now)

    def _begin(self, db: Connection, caller_sid: str, handoff: Row[Any], agent: int, now: datetime) -> RingRecord:
        made = db.execute(
            self._insert(rings)
            .values(
                caller_sid=caller_sid,
                conversation_id=handoff.conversation_id,
                handoff_id=handoff.id,
                agent_id=agent,
                status="waiting",
                due_at=now,
                created_at=now,
                updated_at=now,
            )
            .on_conflict_do_nothing()
            .returning(rings.c.id)
        ).scalar()
        if made is None:  # of two who asked at once, the other was first
            raise Ringing(getattr(_standing(db, caller_sid, agent), "agent", ""))
        note_live(
            db, "ring_asked", now, conversation=handoff.conversation_id, handoff=handoff.id, agent=agent, ring=made
        )
        return _record(db.execute(_records().where(rings.c.id == made)).one())

    def give_up(self, handoff: int, agent: int, now: datetime) -> None:
        """Stop an agent's phone that rings for a handoff (the agent thought better of it)."""
        with self._engine.begin() as db:
            row = db.execute(
                select(rings.c.id, rings.c.caller_sid).where(
                    rings.c.handoff_id == handoff, rings.c.agent_id == agent, rings.c.status.in_(_BEFORE_TAKEN)
                )
            ).first()
            if row is not None:
                _lock_caller(db, row.caller_sid)
                _end(db, row.id, "cancelled", now, hang_up=True)

    def put_down(self, handoff: int) -> None:
        """End the agent's side of a talk: who was let go of in the console is not talked to any more."""
        with self._engine.begin() as db:
            talking = and_(rings.c.handoff_id == handoff, rings.c.status.in_(("taken", "talking")))
            db.execute(update(rings).where(talking).values(hang_up=True))

    # ---- the agent's phone, as webhooks tell of it -----------------------------------------------------------

    def answered(self, ring: int, call_sid: str, now: datetime) -> RingRecord | None:
        """Note that the agent's phone was taken; None when the ring is over (nobody waits any more)."""
        with self._engine.begin() as db:
            db.execute(
                update(rings)
                .where(rings.c.id == ring, rings.c.status.in_(("waiting", "ringing")))
                .values(status="whisper", call_sid=call_sid, updated_at=now)
            )
            row = db.execute(_records().where(rings.c.id == ring)).first()
            if row is None or row.status == "over":
                return None
            note_live(db, "ring_whisper", now, conversation=row.conversation_id, handoff=row.handoff_id, ring=ring)
        return _record(row)

    def take(self, ring: int, now: datetime) -> RingRecord | None:
        """Give the caller to the agent who pressed 1; None when somebody else has her, or she left."""
        with self._engine.begin() as db:
            found = db.execute(select(rings.c.caller_sid, rings.c.handoff_id).where(rings.c.id == ring)).first()
            if found is None:
                return None
            call = _lock_caller(db, found.caller_sid)
            handoff = locked(db, found.handoff_id)
            row = db.execute(_records().where(rings.c.id == ring)).one()
            if row.status in ("taken", "talking"):
                return _record(row)
            if row.status == "over":
                return None
            there = call is not None and call.ended_at is None and call.queue == "waiting"
            own = handoff.state == HandoffState.WITH_AGENT.value and handoff.agent_id == row.agent_id
            if not there or not (own or handoff.state == HandoffState.WAITING.value):
                _end(db, ring, "cancelled" if there else "caller_left", now)
                return None
            mute(db, handoff.conversation_id, now)
            values: dict[str, Any] = {"agent_wrote_at": now, "person_waits_since": None, "wanted_agent_id": None}
            db.execute(update(rings).where(rings.c.id == ring).values(status="taken", updated_at=now))
            if own:
                db.execute(update(handoffs).where(handoffs.c.id == handoff.id).values(**values))
                note_live(db, "ring_taken", now, conversation=row.conversation_id, handoff=handoff.id, ring=ring)
            else:
                taken_at = handoff.taken_at or now
                values |= {"agent_id": row.agent_id, "taken_at": taken_at}
                move(db, handoff, HandoffEvent.TAKEN, now, by=row.agent_id, **values)
            return _record(db.execute(_records().where(rings.c.id == ring)).one())

    def connected(self, ring: int, now: datetime) -> RingRecord | None:
        """Note that caller and agent talk; None when the ring is over."""
        with self._engine.begin() as db:
            found = db.execute(select(rings.c.caller_sid).where(rings.c.id == ring)).first()
            if found is None:
                return None
            _lock_caller(db, found.caller_sid)
            begun = db.execute(
                update(rings)
                .where(rings.c.id == ring, rings.c.status == "taken")
                .values(status="talking", talked_at=now, updated_at=now)
            ).rowcount
            row = db.execute(_records().where(rings.c.id == ring)).one()
            if begun:
                db.execute(
                    update(calls).where(calls.c.call_sid == row.caller_sid).values(queue="talking", updated_at=now)
                )
                spoken = {"agent_wrote_at": now, "person_waits_since": None}
                db.execute(update(handoffs).where(handoffs.c.id == row.handoff_id).values(**spoken))
                note_live(
                    db,
                    "ring_talking",
                    now,
                    conversation=row.conversation_id,
                    handoff=row.handoff_id,
                    agent=row.agent_id,
                    ring=ring,
                )
        return _record(row) if row.status == "talking" else None

    def over(self, ring: int, result: RingResult, now: datetime, *, hang_up: bool = False) -> None:
        """Note how the agent's side ended. Who took the call and never talked gives the caller back to the queue.

        A talk's end on this side says nothing of the caller: that is told by her own call.
        """
        with self._engine.begin() as db:
            found = db.execute(select(rings.c.caller_sid, rings.c.handoff_id).where(rings.c.id == ring)).first()
            if found is None:
                return
            call = _lock_caller(db, found.caller_sid)
            handoff = locked(db, found.handoff_id)
            row = db.execute(select(rings).where(rings.c.id == ring)).one()
            if row.status == "over":
                return
            if row.status == "talking":
                result = "talked"
            elif row.status == "taken":
                result = "not_connected"
            _end(db, ring, result, now, hang_up=hang_up)
            held = handoff.state == HandoffState.WITH_AGENT.value and handoff.agent_id == row.agent_id
            if row.status == "taken" and held and call is not None and call.ended_at is None:
                move(db, handoff, HandoffEvent.RELEASED, now, agent_id=None, waiting_since=handoff.asked_at)

    # ---- the worker's side -----------------------------------------------------------------------------------

    def next_due(self, now: datetime) -> DueRing | None:
        """Take the ring that is due longest, so that its phone is rung by one worker, once."""
        due = and_(rings.c.status == "waiting", rings.c.due_at <= now)
        pick = select(rings.c.id).where(due).order_by(rings.c.due_at, rings.c.id).limit(1)
        with reading(self._engine) as db:
            if db.execute(pick).first() is None:
                return None
        with self._engine.begin() as db:
            id_ = db.execute(pick.with_for_update(skip_locked=True)).scalar()
            taken = (
                db.execute(
                    update(rings)
                    .where(rings.c.id == id_, rings.c.status == "waiting")
                    .values(status="ringing", attempts=rings.c.attempts + 1, due_at=now, updated_at=now)
                    .returning(rings.c.agent_id, rings.c.attempts)
                ).first()
                if id_ is not None
                else None
            )
            if taken is None or id_ is None:
                return None
            token = db.execute(select(agents.c.phone_encrypted).where(agents.c.id == taken.agent_id)).scalar()
            if token is None:
                _end(db, id_, "failed", now)
                return None
        return DueRing(id_, self._cipher.decrypt(token), taken.attempts)

    def placed(self, ring: int, call_sid: str, now: datetime) -> None:
        """Note that the carrier rings the agent's phone; one that was given up meanwhile is to be hung up."""
        with self._engine.begin() as db:
            row = db.execute(
                update(rings)
                .where(rings.c.id == ring)
                .values(call_sid=func.coalesce(rings.c.call_sid, call_sid), updated_at=now)
                .returning(rings.c.status, rings.c.conversation_id, rings.c.handoff_id)
            ).one()
            if row.status == "over":
                db.execute(update(rings).where(rings.c.id == ring).values(hang_up=True))
            else:
                note_live(db, "ring_ringing", now, conversation=row.conversation_id, handoff=row.handoff_id, ring=ring)

    def not_placed(self, ring: int, now: datetime, *, again: bool) -> None:
        """Note that the carrier took no call: it is asked again a few times, then the ring is over."""
        with self._engine.begin() as db:
            row = db.execute(select(rings).where(rings.c.id == ring, rings.c.status == "ringing")).first()
            if row is None:
                return
            if again and row.attempts < MOST_ATTEMPTS:
                values = {"status": "waiting", "due_at": now + RETRY_AFTER, "updated_at": now}
                db.execute(update(rings).where(rings.c.id == ring, rings.c.status == "ringing").values(**values))
            else:
                _end(db, ring, "failed", now)

    def overdue(self, now: datetime, ring_seconds: int) -> tuple[tuple[int, RingResult], ...]:
        """Return the rings that nobody moves any more, each with how it is to end."""
        patience: dict[str, tuple[timedelta, RingResult]] = {
            "waiting": (UNPLACED, "failed"),
            "ringing": (timedelta(seconds=ring_seconds) + SLACK, "unknown"),
            "whisper": (WHISPERED, "declined"),
            "taken": (BRIDGED, "not_connected"),
            "talking": (LONGEST, "talked"),
        }
        late = [
            and_(
                rings.c.status == status,
                (rings.c.created_at if status == "waiting" else rings.c.updated_at) < now - longest,
            )
            for status, (longest, _) in patience.items()
        ]
        # A handoff that was closed or given to somebody else meanwhile; a caller who is gone.
        moved = and_(
            rings.c.status.in_(_BEFORE_TAKEN),
            or_(
                calls.c.ended_at.is_not(None),
                and_(handoffs.c.state != HandoffState.WAITING.value, handoffs.c.state != HandoffState.WITH_AGENT.value),
                and_(handoffs.c.state == HandoffState.WITH_AGENT.value, handoffs.c.agent_id != rings.c.agent_id),
            ),
        )
        found = (
            select(rings.c.id, rings.c.status, moved.label("moved"))
            .join(calls, calls.c.call_sid == rings.c.caller_sid)
            .join(handoffs, handoffs.c.id == rings.c.handoff_id)
            .where(_OPEN, or_(*late, moved))
            .limit(50)
        )
        with reading(self._engine) as db:
            rows = db.execute(found).all()
        return tuple((row.id, "cancelled" if row.moved else patience[row.status][1]) for row in rows)

    def to_hang_up(self, limit: int = 20) -> tuple[tuple[int, str], ...]:
        """Return the rings whose phone is still to be put down, with the agent's call."""
        found = select(rings.c.id, rings.c.call_sid).where(rings.c.hang_up, rings.c.call_sid.is_not(None)).limit(limit)
        with reading(self._engine) as db:
            return tuple((row.id, row.call_sid) for row in db.execute(found).all())

    def hung_up(self, ring: int) -> None:
        """Note that an agent's phone was put down, or that nothing could be done about it."""
        with self._engine.begin() as db:
            db.execute(update(rings).where(rings.c.id == ring).values(hang_up=False))

    def unheard(self, now: datetime, limit: int = 20) -> tuple[str, ...]:
        """Return the calls that wait, as far as we know, and that the carrier has not asked about for long."""
        gone = and_(calls.c.queue == "waiting", calls.c.updated_at < now - UNHEARD)
        found = select(calls.c.call_sid).where(gone, calls.c.ended_at.is_(None)).limit(limit)
        with reading(self._engine) as db:
            return tuple(db.execute(found).scalars().all())

    def empty_queues(self, limit: int = 20) -> tuple[tuple[str, str], ...]:
        """Return the carrier's queues whose caller is gone: the call, and the queue's id."""
        found = select(calls.c.call_sid, calls.c.queue_sid).where(
            calls.c.queue_sid.is_not(None), or_(calls.c.ended_at.is_not(None), calls.c.queue.in_(("left", "talked")))
        )
        with reading(self._engine) as db:
            return tuple((row.call_sid, row.queue_sid) for row in db.execute(found.limit(limit)).all())

    def queue_removed(self, call_sid: str) -> None:
        """Note that the carrier's queue of a call is gone."""
        with self._engine.begin() as db:
            db.execute(update(calls).where(calls.c.call_sid == call_sid).values(queue_sid=None))

    def assign_next(self, now: datetime) -> RingRecord | None:
        """Let the phone of the agent who has had no call for longest ring for who waits longest."""
        rung = select(rings.c.caller_sid).where(_OPEN)
        waiting = (
            select(handoffs, calls.c.call_sid.label("caller_sid"))
            .join(calls, calls.c.conversation_id == handoffs.c.conversation_id)
            .where(
                handoffs.c.state == HandoffState.WAITING.value,
                calls.c.queue == "waiting",
                calls.c.ended_at.is_(None),
                calls.c.call_sid.not_in(rung),
            )
            .order_by(handoffs.c.priority.desc(), handoffs.c.waiting_since, calls.c.queued_at)
            .limit(20)
        )
        with reading(self._engine) as db:
            rows = db.execute(waiting).all()
            chosen = [(row, agent) for row in rows if (agent := _free_agent(db, row, now)) is not None]
        for row, agent in chosen[:1]:
            with self._engine.begin() as db:
                call = _lock_caller(db, row.caller_sid)
                handoff = locked(db, row.id)
                there = call is not None and call.ended_at is None and call.queue == "waiting"
                if not there or handoff.state != HandoffState.WAITING.value:
                    return None
                try:
                    return self._begin(db, row.caller_sid, handoff, agent, now)
                except Ringing:
                    return None
        return None


# ---- what the caller's side does to rings, within its own transactions ---------------------------------------------


def caller_gone(db: Connection, caller_sid: str, conversation: str, now: datetime) -> None:
    """End what a caller's call stood for, once it is over: its ring, and the handoff that was about this call.

    Who asked in writing too goes on waiting. The call's row is locked already.
    """
    handoff = locked_open(db, conversation)
    ring = _last_ring(db, caller_sid)
    if ring is not None and ring.status != "over":
        _end(db, ring.id, "talked" if ring.status == "talking" else "caller_left", now, hang_up=True)
    if handoff is None:
        return
    # The agent's side may have told of the end first.
    talked = ring is not None and _talked(ring)
    held = ring is not None and (talked or ring.status == "taken") and handoff.agent_id == ring.agent_id
    waits = handoff.state == HandoffState.WAITING.value and handoff.channel == "voice"
    if (held or waits) and not _others_wait(db, caller_sid, conversation):
        reason = "talked" if talked else "hung_up"
        move(db, handoff, HandoffEvent.HUNG_UP, now, ended_at=now, end_reason=reason)


def talk_over(db: Connection, caller_sid: str, conversation: str, now: datetime) -> None:
    """Give a caller back to the assistant: the agent put the phone down, and she did not.

    Who was put back into the queue in the middle of the talk (:meth:`Rings.transferred`) stays there.
    """
    handoff = locked_open(db, conversation)
    ring = _last_ring(db, caller_sid)
    if ring is not None and ring.status != "over":
        _end(db, ring.id, "talked", now)
    if handoff is None or ring is None:
        return
    if handoff.state == HandoffState.WITH_AGENT.value and handoff.agent_id == ring.agent_id:
        move(db, handoff, HandoffEvent.HANDED_BACK, now, by=ring.agent_id, ended_at=now, end_reason="talked")
    elif handoff.state == HandoffState.WAITING.value and handoff.channel == "voice" and not _talked(ring):
        move(db, handoff, HandoffEvent.CANCELLED, now, ended_at=now, end_reason="talked")


def _last_ring(db: Connection, caller_sid: str) -> Row[Any] | None:
    found = select(rings).where(rings.c.caller_sid == caller_sid).order_by(rings.c.id.desc()).limit(1)
    return db.execute(found).first()


def _talked(ring: Row[Any]) -> bool:
    return bool(ring.status == "talking" or ring.result == "talked")


def line_left(db: Connection, caller_sid: str, conversation: str, reason: str, now: datetime) -> None:
    """Take a caller out of the queue who chose another way, or waited too long (``waited_too_long``)."""
    handoff = locked_open(db, conversation)
    ring = db.execute(select(rings.c.id).where(rings.c.caller_sid == caller_sid, _OPEN)).scalar()
    if ring is not None:
        _end(db, ring, "caller_left", now, hang_up=True)
    if handoff is not None and handoff.state == HandoffState.WAITING.value and handoff.channel == "voice":
        late = reason == HandoffEvent.WAITED_TOO_LONG.value
        event = HandoffEvent.WAITED_TOO_LONG if late else HandoffEvent.CANCELLED
        move(db, handoff, event, now, ended_at=now, end_reason=reason)


# ---- helpers -------------------------------------------------------------------------------------------------------


def _end(db: Connection, ring: int, result: RingResult, now: datetime, *, hang_up: bool = False) -> None:
    """End a ring, once, and tell consoles. ``hang_up``: the agent's phone may still ring, or be in a hand."""
    row = db.execute(
        update(rings)
        .where(rings.c.id == ring, _OPEN)
        .values(status="over", result=result, ended_at=now, updated_at=now, hang_up=hang_up)
        .returning(rings.c.conversation_id, rings.c.handoff_id, rings.c.agent_id)
    ).first()
    if row is not None:
        note_live(
            db,
            f"ring_{result}",
            now,
            conversation=row.conversation_id,
            handoff=row.handoff_id,
            agent=row.agent_id,
            ring=ring,
        )


def _lock_caller(db: Connection, caller_sid: str) -> Row[Any] | None:
    found = select(calls).where(calls.c.call_sid == caller_sid).with_for_update(key_share=True)
    return db.execute(found).first()


def _waiting_caller(db: Connection, conversation: str) -> Row[Any] | None:
    return db.execute(
        select(calls)
        .where(calls.c.conversation_id == conversation, calls.c.queue == "waiting", calls.c.ended_at.is_(None))
        .order_by(calls.c.queued_at, calls.c.call_sid)
        .limit(1)
        .with_for_update(key_share=True)
    ).first()


def _others_wait(db: Connection, caller_sid: str, conversation: str) -> bool:
    """Whether somebody else waits from the same number (a switchboard's)."""
    found = select(calls.c.call_sid).where(
        calls.c.conversation_id == conversation,
        calls.c.call_sid != caller_sid,
        calls.c.queue.in_(("waiting", "talking")),
        calls.c.ended_at.is_(None),
    )
    return db.execute(found.limit(1)).first() is not None


def _standing(db: Connection, caller_sid: str, agent: int) -> Row[Any] | None:
    """Return the open ring of a caller, else the agent's own."""
    found = _records().where(_OPEN, or_(rings.c.caller_sid == caller_sid, rings.c.agent_id == agent))
    return db.execute(found.order_by(rings.c.caller_sid != caller_sid).limit(1)).first()


def _free_agent(db: Connection, handoff: Row[Any], now: datetime) -> int | None:
    """Return the agent to ring for a handoff: here, with a phone and room, who may see it; transferred to first."""
    load = (
        select(func.count())
        .where(handoffs.c.agent_id == agents.c.id, handoffs.c.state == HandoffState.WITH_AGENT.value)
        .scalar_subquery()
    )
    busy = select(rings.c.agent_id).where(_OPEN)
    lately = select(rings.c.agent_id).where(
        rings.c.caller_sid == handoff.caller_sid, rings.c.ended_at > now - SAME_AGENT_AGAIN
    )
    last = select(func.max(rings.c.ended_at)).where(rings.c.agent_id == agents.c.id).scalar_subquery()
    may: Collection[Any] = [
        here(now),
        agents.c.phone_encrypted.is_not(None),
        agents.c.id.not_in(busy),
        agents.c.id.not_in(lately),
        load < agents.c.capacity,
    ]
    if handoff.team_id is not None:
        of_team = select(agent_teams.c.agent_id).where(agent_teams.c.team_id == handoff.team_id)
        may = [*may, agents.c.id.in_(of_team)]
    if handoff.sensitive:
        seeing = (
            select(agent_teams.c.agent_id)
            .join(teams, teams.c.id == agent_teams.c.team_id)
            .where(teams.c.sees_sensitive)
        )
        may = [*may, agents.c.id.in_(seeing)]
    wanted = agents.c.id == handoff.wanted_agent_id if handoff.wanted_agent_id else agents.c.id.is_(None)
    found = select(agents.c.id).where(*may).order_by(wanted.desc(), last.is_not(None), last, agents.c.id).limit(1)
    return db.execute(found).scalar()


def _records() -> Any:
    return select(rings, agents.c.name.label("agent")).join(agents, agents.c.id == rings.c.agent_id)


def _record(row: Row[Any]) -> RingRecord:
    names = RingRecord.__dataclass_fields__
    return RingRecord(**{name: value for name, value in row._mapping.items() if name in names})
