"""Calls in SQL: how far each one is, what each step was answered, and who is to be called back.

The state of a call is JSON that this module does not read (bot.store knows nothing of ``ivr``).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Engine, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.codec import PayloadError, from_payload
from bot.core.delivery import DeliveryStatus, Outgoing
from bot.core.effects import BringPerson, CallBack, CancelCall
from bot.core.interactive import Interactive, Listen
from bot.core.messages import Choice, Content, Text
from bot.core.turns import TurnContext
from bot.store.clock import utc_now
from bot.store.database import reading
from bot.store.effects import write_effect
from bot.store.handoffs import locked_open
from bot.store.live import note_live
from bot.store.outbox import enqueue
from bot.store.payloads import dump
from bot.store.people import People, root
from bot.store.rings import caller_gone, line_left, talk_over
from bot.store.tables import call_steps, callbacks, calls, contacts, conversations, inbound, outbound

CallBackReason = Literal["asked", "missed", "queue"]
MOST_ATTEMPTS = 3
GAPS = (timedelta(minutes=10), timedelta(minutes=40))
"""How long after a call that nobody took the next one is placed."""
HELD = timedelta(seconds=60)
"""How long a worker that places a call keeps others from it."""
LONGEST_CALL = timedelta(hours=2)
"""A call that began earlier and never ended is not going on: its last status was lost."""
_LOOKED_AT = 2000


@dataclass(frozen=True)
class CallRecord:
    """A call as it stands. ``state`` is JSON."""

    call_sid: str
    conversation_id: str
    direction: Literal["in", "out"]
    state: str
    step: int
    queue: str | None
    queued_at: datetime | None
    started_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    queue_sid: str | None = None


@dataclass(frozen=True)
class SpokenStep:
    """A step of a call as it was: what the caller did, and what she was told (TwiML).

    ``heard``: her words, keys in brackets, empty brackets for silence; "" where she was not listened to.
    """

    call_sid: str
    step: int
    heard: str
    answer: str
    at: datetime


@dataclass(frozen=True)
class TurnWords:
    """What the turn of a step has to say: pieces in order, what is asked, and how the turn ended."""

    outcome: str
    pieces: tuple[str, ...]
    listen: Listen | None
    question_text: str = ""


@dataclass(frozen=True)
class DueCallBack:
    """A person to be called now. ``number`` goes to the carrier and nowhere else."""

    id: int
    conversation_id: str
    number: str
    reason: CallBackReason
    attempts: int


class Calls:
    """All reads and writes about calls. Every method is one transaction."""

    def __init__(self, engine: Engine, secret: str, *old_secrets: str) -> None:
        """The secrets read the numbers of who is called back."""
        self._engine = engine
        self._people = People(engine.dialect.name, secret, *old_secrets)
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    # ---- a call's steps --------------------------------------------------------------------------------------

    def load(self, call_sid: str, step: int) -> tuple[CallRecord | None, str | None]:
        """Return a call and what its step was answered; None for what is not there (yet)."""
        with reading(self._engine) as db:
            row = db.execute(select(calls).where(calls.c.call_sid == call_sid)).first()
            if row is None:
                return None, None
            answer = db.execute(
                select(call_steps.c.answer).where(call_steps.c.call_sid == call_sid, call_steps.c.step == step)
            ).scalar()
        return CallRecord(**row._mapping), answer

    def begin(
        self,
        call_sid: str,
        conversation: str,
        direction: Literal["in", "out"],
        state: str,
        answer: str,
    ) -> str:
        """Write a new call with the answer of its first step; return the answer that stands (a repeated request's)."""
        now = utc_now()
        with self._engine.begin() as db:
            db.execute(
                self._insert(calls)
                .values(
                    call_sid=call_sid,
                    conversation_id=conversation,
                    direction=direction,
                    state=state,
                    step=0,
                    started_at=now,
                    updated_at=now,
                )
                .on_conflict_do_nothing()
            )
            return self._answered(db, call_sid, 0, answer, now)

    def finish_step(
        self,
        call_sid: str,
        step: int,
        state: str,
        answer: str,
        *,
        queue: str | None = None,
        end_reason: str | None = None,
        spoken: str | None = None,
        heard: str = "",
        writes: Sequence[Write] = (),
    ) -> str:
        """Write what a step was answered and what it changes; return the answer that stands.

        A step that was answered already (the request came twice, at once) keeps its answer, and nothing else is
        written. ``spoken``: the provider id of the message whose words the answer says; ``heard``: what the caller did,
        redacted. ``writes`` happen in the same transaction.
        """
        now = utc_now()
        with self._engine.begin() as db:
            # Locks the call's row: of two requests for one step the second waits, and finds the first one's answer.
            values: dict[str, Any] = {"state": state, "step": step, "updated_at": now}
            if queue is not None:
                values |= {"queue": queue, "queued_at": func.coalesce(calls.c.queued_at, now)}
            if end_reason is not None:
                values |= {"end_reason": end_reason, "ended_at": func.coalesce(calls.c.ended_at, now)}
            moved = db.execute(
                update(calls).where(calls.c.call_sid == call_sid, calls.c.step < step).values(**values)
            ).rowcount
            standing = self._answered(db, call_sid, step, answer, now, heard)
            if moved:
                if spoken is not None:
                    _said(db, spoken, now)
                conversation = db.execute(
                    select(calls.c.conversation_id).where(calls.c.call_sid == call_sid)
                ).scalar_one()
                for number, write in enumerate(writes):
                    write.apply(db, call_sid, conversation, f"{call_sid}:{step}:{number}", now)
        return standing

    def _answered(self, db: Connection, call_sid: str, step: int, answer: str, now: datetime, heard: str = "") -> str:
        db.execute(
            self._insert(call_steps)
            .values(call_sid=call_sid, step=step, answer=answer, at=now, heard=heard or None)
            .on_conflict_do_nothing()
        )
        return str(
            db.execute(
                select(call_steps.c.answer).where(call_steps.c.call_sid == call_sid, call_steps.c.step == step)
            ).scalar_one()
        )

    def think(self, call_sid: str, step: int, state: str) -> None:
        """Note that the words of a step are being thought about, so that a later request can wait on."""
        with self._engine.begin() as db:
            db.execute(
                update(calls)
                .where(calls.c.call_sid == call_sid, calls.c.step < step)
                .values(state=state, updated_at=utc_now())
            )

    def note_queue(self, call_sid: str, queue: str) -> None:
        """Note where a call that is put through stands: waiting, ringing, talking, left."""
        now = utc_now()
        with self._engine.begin() as db:
            db.execute(
                update(calls)
                .where(calls.c.call_sid == call_sid)
                .values(queue=queue, queued_at=func.coalesce(calls.c.queued_at, now), updated_at=now)
            )

    def still_waits(self, call_sid: str, queue_sid: str | None) -> None:
        """Note that the carrier asked what who waits is told: she is there. ``queue_sid``: the carrier's own queue."""
        values: dict[str, Any] = {"updated_at": utc_now(), **({"queue_sid": queue_sid} if queue_sid else {})}
        with self._engine.begin() as db:
            db.execute(update(calls).where(calls.c.call_sid == call_sid).values(**values))

    def leave_queue(self, conversation: str, why: str) -> bool:
        """Let who waits on the telephone leave the queue when she is next spoken to; False when nobody waits.

        ``why``: ``call_me`` or ``in_writing``: what follows (bot.gateway.call).
        """
        now = utc_now()
        with self._engine.begin() as db:
            waiting = and_(calls.c.conversation_id == conversation, calls.c.queue == "waiting")
            found = update(calls).where(waiting, calls.c.ended_at.is_(None)).values(queue=why, updated_at=now)
            return db.execute(found).rowcount > 0

    def end(self, call_sid: str, reason: str) -> CallRecord | None:
        """Note that a call ended, and what it stood for; return it, or None when it had ended or is not known."""
        now = utc_now()
        with self._engine.begin() as db:
            ended = db.execute(
                update(calls)
                .where(calls.c.call_sid == call_sid, calls.c.ended_at.is_(None))
                .values(ended_at=now, updated_at=now, end_reason=func.coalesce(calls.c.end_reason, reason))
            ).rowcount
            row = db.execute(select(calls).where(calls.c.call_sid == call_sid)).first()
            if ended and row is not None:
                # What an answer had to say when nobody listened any more.
                db.execute(
                    update(outbound)
                    .where(
                        outbound.c.conversation_id == row.conversation_id,
                        outbound.c.channel == "voice",
                        outbound.c.status == DeliveryStatus.PENDING.value,
                    )
                    .values(status=DeliveryStatus.UNDELIVERED.value, error_code="hung_up", updated_at=now)
                )
                if row.queue is not None:
                    caller_gone(db, call_sid, row.conversation_id, now)
        return CallRecord(**row._mapping) if ended and row is not None else None

    def transcript(self, conversation: str, most: int = 120) -> tuple[SpokenStep, ...]:
        """Return the steps of a conversation's last call, in order; of a long one the last ``most``."""
        last = (
            select(calls.c.call_sid)
            .where(calls.c.conversation_id == conversation)
            .order_by(calls.c.started_at.desc())
            .limit(1)
            .scalar_subquery()
        )
        found = select(call_steps).where(call_steps.c.call_sid == last)
        with reading(self._engine) as db:
            rows = db.execute(found.order_by(call_steps.c.step.desc()).limit(most)).all()
            asked = [f"{row.call_sid}:{row.step}" for row in rows if not row.heard]
            said = select(inbound.c.provider_id, inbound.c.content).where(
                inbound.c.channel == "voice", inbound.c.provider_id.in_(asked)
            )
            words = {row.provider_id: _words(row.content) for row in db.execute(said)} if asked else {}
        return tuple(
            SpokenStep(
                row.call_sid, row.step, row.heard or words.get(f"{row.call_sid}:{row.step}", ""), row.answer, row.at
            )
            for row in reversed(rows)
        )

    # ---- what a turn says ------------------------------------------------------------------------------------

    def words(self, provider_id: str) -> TurnWords | None:
        """Return what the turn of a message says; None while it has not had its turn."""
        with reading(self._engine) as db:
            row = db.execute(
                select(inbound.c.id, inbound.c.outcome, inbound.c.processed_at).where(
                    inbound.c.channel == "voice", inbound.c.provider_id == provider_id
                )
            ).first()
            if row is None or row.processed_at is None:
                return None
            rows = db.execute(
                select(outbound.c.text, outbound.c.interactive)
                .where(outbound.c.channel == "voice", outbound.c.idempotency_key.like(f"{row.id}:%"))
                .order_by(outbound.c.id)
            ).all()
        pieces: list[str] = []
        listen: Listen | None = None
        text = ""
        for each in rows:
            found = _listen(each.interactive)
            if found is None:
                pieces.append(each.text)
            else:
                listen, text = found, each.text
        return TurnWords(row.outcome or "", tuple(pieces), listen, text)

    # ---- what the call may go on with ------------------------------------------------------------------------

    def before(self, conversation: str, call_sid: str, since: datetime) -> CallRecord | None:
        """Return the conversation's last call before this one, if it was going on after ``since``."""
        with reading(self._engine) as db:
            row = db.execute(
                select(calls)
                .where(
                    calls.c.conversation_id == conversation,
                    calls.c.call_sid != call_sid,
                    calls.c.updated_at >= since,
                )
                .order_by(calls.c.started_at.desc())
                .limit(1)
            ).first()
        return CallRecord(**row._mapping) if row is not None else None

    def context(self, conversation: str) -> TurnContext:
        """Return what is remembered of the person."""
        with reading(self._engine) as db:
            return _context(db, conversation)

    def most_asked(self, limit: int) -> tuple[str, ...]:
        """Return the ids of the procedures that people asked for most, of the last messages."""
        newest = select(inbound.c.understood).where(inbound.c.understood.is_not(None))
        with reading(self._engine) as db:
            rows = db.execute(newest.order_by(inbound.c.id.desc()).limit(_LOOKED_AT)).scalars().all()
        asked: Counter[str] = Counter()
        for understood in rows:
            procedure = json.loads(understood).get("procedure")
            if procedure:
                asked[str(procedure)] += 1
        return tuple(id_ for id_, _ in asked.most_common(limit))

    def ending(self, conversation: str) -> str:
        """Return the last four digits of a person's number; "" when she has none that we may show."""
        with reading(self._engine) as db:
            number = self._people.number_of(db, conversation)
        return number[-4:] if number else ""

    # ---- callbacks -------------------------------------------------------------------------------------------

    def ask_callback(self, conversation: str, reason: CallBackReason, due: datetime) -> bool:
        """Note that a person is to be called; False when she already is."""
        with self._engine.begin() as db:
            return _ask_callback(db, conversation, reason, due, utc_now())

    def cancel_callback(self, conversation: str) -> None:
        """Drop a call back that was not placed yet: the person called herself."""
        with self._engine.begin() as db:
            _drop_callback(db, conversation, utc_now())

    def next_callback(self) -> DueCallBack | None:
        """Take the call back that is due longest, of a person who is in no call and did not say stop."""
        now = utc_now()
        talking = select(calls.c.conversation_id).where(
            calls.c.ended_at.is_(None), calls.c.started_at > now - LONGEST_CALL
        )
        stopped = select(contacts.c.conversation_id).where(contacts.c.opted_out_at.is_not(None))
        free = or_(callbacks.c.held_until.is_(None), callbacks.c.held_until < now)
        due = and_(callbacks.c.status == "waiting", callbacks.c.due_at <= now, free)
        pick = (
            select(callbacks)
            .where(due, callbacks.c.conversation_id.not_in(talking), callbacks.c.conversation_id.not_in(stopped))
            .order_by(callbacks.c.due_at, callbacks.c.id)
            .limit(1)
        )
        with reading(self._engine) as db:
            if db.execute(pick).first() is None:
                return None
        with self._engine.begin() as db:
            row = db.execute(pick.with_for_update(skip_locked=True, of=callbacks)).first()
            if row is None:
                return None
            number = self._people.number_of(db, row.conversation_id)
            if not number:
                db.execute(
                    update(callbacks)
                    .where(callbacks.c.id == row.id)
                    .values(status="given_up", last_result="no_number", updated_at=now)
                )
                return None
            db.execute(
                update(callbacks)
                .where(callbacks.c.id == row.id)
                .values(held_until=now + HELD, attempts=callbacks.c.attempts + 1, updated_at=now)
            )
        return DueCallBack(row.id, row.conversation_id, number, row.reason, row.attempts + 1)

    def callback_placed(self, callback: int, call_sid: str) -> None:
        """Note that the carrier is calling."""
        with self._engine.begin() as db:
            db.execute(
                update(callbacks)
                .where(callbacks.c.id == callback, callbacks.c.status == "waiting")
                .values(status="calling", call_sid=call_sid, held_until=None, updated_at=utc_now())
            )

    def callback_over(self, callback: int, result: str) -> None:
        """Note how a call back ended: "done", or what kept it from the person; then it is tried again, politely."""
        now = utc_now()
        with self._engine.begin() as db:
            row = db.execute(
                select(callbacks).where(callbacks.c.id == callback, callbacks.c.status.in_(("waiting", "calling")))
            ).first()
            if row is None:
                return
            values: dict[str, Any] = {"last_result": result, "held_until": None, "updated_at": now}
            if result == "done":
                values["status"] = "done"
            elif row.attempts >= MOST_ATTEMPTS:
                values["status"] = "given_up"
            else:
                gap = GAPS[min(max(row.attempts, 1), len(GAPS)) - 1]
                values |= {"status": "waiting", "due_at": now + gap, "call_sid": None}
            db.execute(update(callbacks).where(callbacks.c.id == callback).values(**values))

    def put_off_callback(self, callback: int, until: datetime) -> None:
        """Give a call back that was taken and not tried: it is not the hour."""
        with self._engine.begin() as db:
            db.execute(
                update(callbacks)
                .where(callbacks.c.id == callback, callbacks.c.status == "waiting")
                .values(due_at=until, held_until=None, attempts=callbacks.c.attempts - 1, updated_at=utc_now())
            )


# ---- what a step writes besides --------------------------------------------------------------------------------


@dataclass(frozen=True)
class SendPages:
    """Send an SMS now; ``more`` is what MÁS brings after it."""

    first: Outgoing
    more: tuple[Outgoing, ...] = ()

    def apply(self, db: Connection, call_sid: str, conversation: str, key: str, now: datetime) -> None:
        """Write it."""
        enqueue(db, conversation, key, (self.first,), now)
        db.execute(update(conversations).where(conversations.c.id == conversation).values(more=dump(self.more)))


@dataclass(frozen=True)
class AskCallBack:
    """Call the person, at ``due``."""

    reason: CallBackReason
    due: datetime

    def apply(self, db: Connection, call_sid: str, conversation: str, key: str, now: datetime) -> None:
        """Write it."""
        _ask_callback(db, conversation, self.reason, self.due, now)


@dataclass(frozen=True)
class AskPerson:
    """Put the caller into the queue of people. Who waits there already, or has an agent, is shown to call."""

    person: BringPerson

    def apply(self, db: Connection, call_sid: str, conversation: str, key: str, now: datetime) -> None:
        """Write it."""
        before = locked_open(db, conversation)
        write_effect(self.person, db, conversation, key, now)
        if before is not None:
            note_live(db, "call_waiting", now, conversation=conversation, handoff=before.id)


@dataclass(frozen=True)
class LeaveLine:
    """Take the caller out of the queue of people; ``reason`` is shown."""

    reason: str

    def apply(self, db: Connection, call_sid: str, conversation: str, key: str, now: datetime) -> None:
        """Write it."""
        line_left(db, call_sid, conversation, self.reason, now)


@dataclass(frozen=True)
class TalkOver:
    """The agent put the phone down and the caller did not: the assistant goes on."""

    def apply(self, db: Connection, call_sid: str, conversation: str, key: str, now: datetime) -> None:
        """Write it."""
        talk_over(db, call_sid, conversation, now)


Write = SendPages | AskCallBack | AskPerson | LeaveLine | TalkOver


@write_effect.register
def _call_back(effect: CallBack, db: Connection, conversation: str, key: str, now: datetime) -> None:
    due = datetime.fromisoformat(effect.at) if effect.at else now
    _ask_callback(db, root(db, conversation), "asked", due, now)


@write_effect.register
def _cancel_call(_effect: CancelCall, db: Connection, conversation: str, _key: str, now: datetime) -> None:
    _drop_callback(db, root(db, conversation), now)


def _drop_callback(db: Connection, conversation: str, now: datetime) -> None:
    db.execute(
        update(callbacks)
        .where(callbacks.c.conversation_id == conversation, callbacks.c.status == "waiting")
        .values(status="cancelled", updated_at=now)
    )


def _ask_callback(db: Connection, conversation: str, reason: CallBackReason, due: datetime, now: datetime) -> bool:
    """Note a call back; one that waits already is brought forward, never doubled."""
    waiting = db.execute(
        select(callbacks.c.id, callbacks.c.due_at).where(
            callbacks.c.conversation_id == conversation, callbacks.c.status.in_(("waiting", "calling"))
        )
    ).first()
    if waiting is not None:
        if due < waiting.due_at:
            db.execute(
                update(callbacks)
                .where(callbacks.c.id == waiting.id, callbacks.c.status == "waiting")
                .values(due_at=due, updated_at=now)
            )
        return False
    insert: Any = postgresql.insert if db.dialect.name == "postgresql" else sqlite.insert
    made = db.execute(
        insert(callbacks)
        .values(
            conversation_id=conversation, status="waiting", reason=reason, due_at=due, created_at=now, updated_at=now
        )
        .on_conflict_do_nothing()
    ).rowcount
    return bool(made)


def _said(db: Connection, provider_id: str, now: datetime) -> None:
    message = select(inbound.c.id).where(inbound.c.channel == "voice", inbound.c.provider_id == provider_id)
    row = db.execute(message).first()
    if row is not None:
        db.execute(
            update(outbound)
            .where(
                outbound.c.channel == "voice",
                outbound.c.idempotency_key.like(f"{row.id}:%"),
                outbound.c.status == DeliveryStatus.PENDING.value,
            )
            .values(status=DeliveryStatus.DELIVERED.value, updated_at=now)
        )


def _words(content: str) -> str:
    try:
        value = from_payload(Content, json.loads(content))
    except (PayloadError, ValueError):
        return ""
    return value.text if isinstance(value, (Text, Choice)) else ""


def _listen(interactive: str | None) -> Listen | None:
    if not interactive:
        return None
    try:
        found = from_payload(Interactive, json.loads(interactive))
    except (PayloadError, ValueError):
        return None
    return found if isinstance(found, Listen) else None


def _context(db: Connection, conversation: str) -> TurnContext:
    stored = db.execute(select(conversations.c.context).where(conversations.c.id == conversation)).scalar_one()
    try:
        context: TurnContext = from_payload(TurnContext, json.loads(stored))
    except (PayloadError, ValueError):
        return TurnContext()
    return context
