"""The outbox: what is due, who has it, and what became of it."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from bot.core.codec import PayloadError, from_payload
from bot.core.delivery import DeliveryStatus, StatusUpdate
from bot.core.interactive import Interactive
from bot.core.messages import ChannelName
from bot.store.clock import utc_now
from bot.store.database import reading
from bot.store.live import note_delivery
from bot.store.model import Delivery, GivenUp, LateFailure, MovedMessage
from bot.store.outbox import enqueue, note_transition
from bot.store.payloads import dump
from bot.store.people import People, Reach, root, sender_of
from bot.store.tables import UtcDateTime, contacts, conversations, inbound, outbound

log = logging.getLogger(__name__)

# Written out, not bound: SQLite uses a partial index only where it can prove that its condition holds.
UNSENT: list[ColumnElement[str]] = [literal_column("'pending'"), literal_column("'sending'")]
GIVEN_UP_OUTCOMES: list[ColumnElement[str]] = [literal_column("'failed'"), literal_column("'unreadable'")]
_NOBODY_GOT_IT = (DeliveryStatus.DEAD.value, DeliveryStatus.FAILED.value, DeliveryStatus.UNDELIVERED.value)
_REMINDER = "reminder"

Sender = tuple[str, str]
"""A channel and one of our numbers on it ("" for the channel's only one)."""


class Deliveries:
    """All reads and writes of the outbox. Every method is one transaction."""

    _engine: Engine
    _people: People

    # ---- leases ----------------------------------------------------------------------------------------------

    def lease_delivery(self, worker: str, seconds: float, paused: Collection[Sender] = ()) -> Delivery | None:
        """Take the next message that is due, for one attempt; what a person waits for goes before reminders.

        Within a conversation and channel order is kept: a message waits until every earlier one was accepted by the
        carrier or given up; only a reminder never holds back an answer. ``paused``: senders that may not send now.
        Nothing of the voice channel is taken: a call fetches its own words.
        """
        if self._engine.dialect.name == "sqlite" and not self.anything_due(paused):
            return None  # looking takes no writer's turn
        now = utc_now()
        owner = f"{worker}:{uuid.uuid4().hex[:12]}"
        while True:
            with self._engine.begin() as db:
                row = self._next_due(db, now, paused)
                if row is None:
                    return None
                reach = self._people.reach(db, row.conversation_id, row.channel, now)
                if reach.opted_out and row.kind != "confirmation":
                    self._close(db, row.delivery_id, "opted_out", now)
                    continue
                if self._take(db, row, owner, now, seconds):
                    return self._delivery(db, row, reach, owner, now)

    def anything_due(self, paused: Collection[Sender] = ()) -> bool:
        """Say whether a message could be leased now."""
        with reading(self._engine) as db:
            return db.execute(_due(frozenset(paused)), {"now": utc_now()}).first() is not None

    def _next_due(self, db: Connection, now: datetime, paused: Collection[Sender]) -> Row[Any] | None:
        for reminders in (False, True):
            row = db.execute(_due_locked(frozenset(paused), reminders), {"now": now}).first()
            if row is not None:
                return row
        return None

    def _take(self, db: Connection, row: Row[Any], owner: str, now: datetime, seconds: float) -> bool:
        taken = db.execute(
            update(outbound)
            .where(outbound.c.id == row.id, _IS_DUE)
            .values(
                status=DeliveryStatus.SENDING.value,
                sending_owner=owner,
                sending_since=first(outbound.c.sending_since, now),
                # A recovering attempt also looks through the carrier's list: two or three calls instead of one.
                sending_until=now + timedelta(seconds=seconds if row.sending_since is None else 3 * seconds),
                attempts=outbound.c.attempts + 1,
                updated_at=now,
            ),
            {"now": now},
        ).rowcount
        if taken:
            note_transition(db, row.delivery_id, DeliveryStatus.SENDING, now)
        return bool(taken)

    def _delivery(self, db: Connection, row: Row[Any], reach: Reach, owner: str, now: datetime) -> Delivery:
        return Delivery(
            delivery_id=row.delivery_id,
            conversation_id=row.conversation_id,
            channel=row.channel,
            kind=row.kind,
            text=row.text,
            number=reach.address,
            attempts=row.attempts + 1,
            owner=owner,
            recovering=row.sending_since is not None,
            first_attempt_at=row.sending_since or now,
            created_at=row.created_at,
            interactive=_interactive(row),
            sender=row.sender or reach.sender,
            window_open=reach.window_open,
            sms_possible=row.channel == "sms" or self._sms_possible(db, row.conversation_id, now),
            state=_state(db, reach.conversation_id) if row.kind == _REMINDER else None,
            problem=reach.problem,
        )

    def _sms_possible(self, db: Connection, conversation: str, now: datetime) -> bool:
        return self._people.reach(db, conversation, "sms", now).problem is None

    # ---- what became of an attempt ---------------------------------------------------------------------------

    def delivery_accepted(self, delivery: Delivery, provider_id: str) -> None:
        """Note that the carrier took a message. A callback that came first is not overwritten."""
        with self._engine.begin() as db:
            self._progress(db, delivery.delivery_id, DeliveryStatus.ACCEPTED, provider_id=provider_id)

    def newest_delivery(self, conversation: str) -> str | None:
        """Return the newest message to a person, calls apart, as its delivery id."""
        with reading(self._engine) as db:
            found: str | None = db.execute(
                select(outbound.c.delivery_id)
                .where(outbound.c.conversation_id == conversation, outbound.c.channel != "voice")
                .order_by(outbound.c.id.desc())
                .limit(1)
            ).scalar()
        return found

    def provider_ids(self, conversation: str, since: datetime) -> frozenset[str]:
        """Return the carrier's ids of this conversation's deliveries updated since ``since``."""
        with reading(self._engine) as db:
            rows = db.execute(
                select(outbound.c.provider_id).where(
                    outbound.c.conversation_id == conversation,
                    outbound.c.provider_id.is_not(None),
                    outbound.c.updated_at >= since - timedelta(minutes=5),
                )
            ).all()
        return frozenset(row.provider_id for row in rows)

    def delivery_retry(
        self, delivery: Delivery, code: str, after: float, *, taken_unknown: bool, counted: bool = True
    ) -> None:
        """Put a message back, due in ``after`` seconds. ``taken_unknown``: the carrier may have it (a timeout).

        ``counted`` False: the attempt does not count, for it says nothing about the message.
        """
        now = utc_now()
        self._put_back(
            delivery,
            code,
            now,
            taken_unknown=taken_unknown,
            counted=counted,
            error_code=code,
            next_attempt_at=now + timedelta(seconds=after),
        )

    def delivery_wait(self, delivery: Delivery, code: str, until: datetime | None, sender: str | None = None) -> None:
        """Put back a message that was not tried; without ``until`` it keeps its place. ``sender``: who will send it."""
        values: dict[str, Any] = {} if until is None else {"next_attempt_at": until}
        if sender is not None:
            values["sender"] = sender
        self._put_back(delivery, code, utc_now(), taken_unknown=delivery.recovering, counted=False, **values)

    def delivery_moved(self, delivery: Delivery, instead: MovedMessage, code: str) -> None:
        """Send another message in place of a delivery's, on its channel; the history says why (``code``)."""
        now = utc_now()
        message = instead.message
        with self._engine.begin() as db:
            sender = sender_of(db, delivery.conversation_id, message.channel)
            _leave_for_more(db, delivery.conversation_id, instead)
        self._put_back(
            delivery,
            code,
            now,
            taken_unknown=False,
            counted=False,
            channel=message.channel,
            text=message.text,
            interactive=None,
            sender=sender,
            error_code=code,
            next_attempt_at=now,
        )

    def _put_back(
        self, delivery: Delivery, code: str, now: datetime, *, taken_unknown: bool, counted: bool, **values: Any
    ) -> None:
        if not taken_unknown:
            values["sending_since"] = None
        if not counted:
            values["attempts"] = delivery.attempts - 1
        with self._engine.begin() as db:
            held = db.execute(
                update(outbound)
                .where(outbound.c.delivery_id == delivery.delivery_id, outbound.c.sending_owner == delivery.owner)
                .where(outbound.c.status == DeliveryStatus.SENDING.value)
                .values(
                    status=DeliveryStatus.PENDING.value,
                    sending_owner=None,
                    sending_until=None,
                    updated_at=now,
                    **values,
                )
            ).rowcount
            if held:
                note_transition(db, delivery.delivery_id, DeliveryStatus.PENDING, now, code)

    def delivery_failed(
        self, delivery: Delivery, code: str, *, opted_out: bool = False, unreachable: bool = False
    ) -> None:
        """Give a message up, visibly (status "dead"), unless another worker holds it now.

        ``opted_out``: the carrier says the person stopped us. ``unreachable``: nothing arrives at this address.
        """
        held = outbound.c.sending_owner == delivery.owner
        with self._engine.begin() as db:
            self._progress(db, delivery.delivery_id, DeliveryStatus.DEAD, held, error_code=code)
            self._consequences(
                db,
                delivery.conversation_id,
                delivery.channel,
                code,
                delivery.created_at,
                opted_out=opted_out,
                unreachable=unreachable,
            )

    # ---- what the carrier says later -------------------------------------------------------------------------

    def apply_status(self, status: StatusUpdate) -> bool:
        """Apply a status callback; True when it was progress. Every one for a known delivery is kept as history."""
        with self._engine.begin() as db:
            row = _known(db, status)
            if row is None:
                return False
            return self._progress(
                db, row.delivery_id, status.status, provider_id=status.provider_id, error_code=status.error_code
            )

    def late_failure(self, status: StatusUpdate) -> LateFailure | None:
        """Return the delivery that a callback's failure ended, or None when it ended in another way."""
        with reading(self._engine) as db:
            row = _known(db, status)
            if row is None or row.status not in (DeliveryStatus.FAILED.value, DeliveryStatus.UNDELIVERED.value):
                return None
            return LateFailure(
                delivery_id=row.delivery_id,
                conversation_id=row.conversation_id,
                channel=row.channel,
                kind=row.kind,
                text=row.text,
                created_at=row.created_at,
                interactive=_interactive(row),
                sms_possible=row.channel == "sms" or self._sms_possible(db, row.conversation_id, utc_now()),
                again=_depth(row.idempotency_key),
            )

    def note_late(self, failure: LateFailure, code: str, *, opted_out: bool = False, unreachable: bool = False) -> None:
        """Write what a late failure says about the person's address."""
        with self._engine.begin() as db:
            self._consequences(
                db,
                failure.conversation_id,
                failure.channel,
                code,
                failure.created_at,
                opted_out=opted_out,
                unreachable=unreachable,
            )

    def send_again(self, failure: LateFailure, instead: MovedMessage, code: str, after: float = 0.0) -> bool:
        """Queue a failed message anew, once, however often its failure is told; True the first time.

        It is due in ``after`` seconds.
        """
        now = utc_now()
        key = f"{_AGAIN}{failure.again + 1}:{failure.delivery_id}"
        try:
            with self._engine.begin() as db:
                enqueue(db, failure.conversation_id, key, (instead.message,), now, due=now + timedelta(seconds=after))
                note_transition(db, failure.delivery_id, DeliveryStatus.FAILED, now, f"again:{code}", applied=False)
                _leave_for_more(db, failure.conversation_id, instead)
        except IntegrityError:
            return False
        return True

    def close_window(self, conversation: str, since: datetime) -> None:
        """Note that WhatsApp takes no free text for a person, unless she wrote after ``since``."""
        with self._engine.begin() as db:
            self._people.close_window(db, conversation, since, utc_now())

    def _consequences(
        self,
        db: Connection,
        conversation: str,
        channel: ChannelName,
        code: str,
        since: datetime,
        *,
        opted_out: bool,
        unreachable: bool,
    ) -> None:
        now = utc_now()
        if opted_out:
            self._set_opted_out(db, conversation, True, "carrier", now)
        if unreachable:
            self._people.unreachable(db, conversation, channel, code, since, now)

    def _set_opted_out(self, db: Connection, conversation: str, stop: bool, by: str, now: datetime) -> None:
        contact = contacts.c.conversation_id == root(db, conversation)
        if not stop:
            db.execute(update(contacts).where(contact).values(opted_out_at=None, opted_out_by=None))
            return
        stopped_now = db.execute(
            update(contacts).where(contact, contacts.c.opted_out_at.is_(None)).values(opted_out_at=now, opted_out_by=by)
        ).rowcount
        waiting = [outbound.c.conversation_id == conversation, outbound.c.status == DeliveryStatus.PENDING.value]
        if not stopped_now:  # a second "stop": the confirmation of the first may still be waiting
            waiting.append(outbound.c.kind != "confirmation")
        for delivery_id in db.execute(select(outbound.c.delivery_id).where(*waiting)).scalars().all():
            self._close(db, delivery_id, "opted_out", now)

    def _close(self, db: Connection, delivery_id: str, code: str, now: datetime) -> None:
        db.execute(
            update(outbound)
            .where(outbound.c.delivery_id == delivery_id)
            .values(status=DeliveryStatus.DEAD.value, error_code=code, updated_at=now)
        )
        note_transition(db, delivery_id, DeliveryStatus.DEAD, now, code)

    def _progress(
        self,
        db: Connection,
        delivery_id: str,
        to: DeliveryStatus,
        *only_if: ColumnElement[bool],
        provider_id: str | None = None,
        error_code: str | None = None,
    ) -> bool:
        now = utc_now()
        lower = [status.value for status in DeliveryStatus if status.may_become(to)]
        if provider_id is not None:
            db.execute(
                update(outbound)
                .where(outbound.c.delivery_id == delivery_id, outbound.c.provider_id.is_(None))
                .values(provider_id=provider_id)
            )
        applied = bool(
            db.execute(
                update(outbound)
                .where(outbound.c.delivery_id == delivery_id, outbound.c.status.in_(lower), *only_if)
                .values(status=to.value, updated_at=now, error_code=error_code)
            ).rowcount
        )
        note_transition(db, delivery_id, to, now, error_code, applied=applied)
        if applied:
            note_delivery(db, delivery_id, to.value, now)
        return applied

    # ---- for people who operate it ---------------------------------------------------------------------------

    def given_up(self, limit: int = 50) -> list[GivenUp]:
        """Return the newest messages that nobody got, and those of people that had no proper turn, newest first."""
        with reading(self._engine) as db:
            sent = db.execute(
                select(outbound.c.delivery_id, outbound.c.channel, outbound.c.error_code, outbound.c.updated_at)
                .where(outbound.c.status.in_(_NOBODY_GOT_IT))
                .order_by(outbound.c.id.desc())
                .limit(limit)
            ).all()
            came = db.execute(
                select(inbound.c.id, inbound.c.channel, inbound.c.outcome, inbound.c.processed_at)
                .where(inbound.c.outcome.in_(GIVEN_UP_OUTCOMES))
                .order_by(inbound.c.id.desc())
                .limit(limit)
            ).all()
        found = [GivenUp("out", row.delivery_id, row.channel, row.error_code or "", row.updated_at) for row in sent]
        found += [GivenUp("in", str(row.id), row.channel, row.outcome, row.processed_at) for row in came]
        return sorted(found, key=lambda each: each.at, reverse=True)[:limit]


_AGAIN = "again:"


def _leave_for_more(db: Connection, conversation: str, instead: MovedMessage) -> None:
    if instead.more is not None:
        db.execute(update(conversations).where(conversations.c.id == conversation).values(more=dump(instead.more)))


def _depth(key: str) -> int:
    return int(key.split(":")[1]) if key.startswith(_AGAIN) else 0


def first(column: ColumnElement[Any], now: datetime) -> ColumnElement[Any]:
    """Return the column's time, or ``now`` where it has none."""
    # The type must be said: a bare datetime goes to PostgreSQL with its zone, and comes back in the server's.
    return func.coalesce(column, literal(now, UtcDateTime()))


_NOW = bindparam("now", type_=UtcDateTime())
# A part of a statement, with a parameter of its own: the statement is built once, and that takes longer than it runs.
_IS_DUE = and_(
    outbound.c.next_attempt_at <= _NOW,
    or_(
        outbound.c.status == literal_column("'pending'"),
        and_(outbound.c.status == literal_column("'sending'"), outbound.c.sending_until < _NOW),
    ),
    outbound.c.status.in_(UNSENT),
)


@lru_cache(maxsize=64)
def _due(paused: frozenset[Sender], reminders: bool | None = None) -> Select[Any]:
    """Return the first message that is due at ``now``, as a statement: a reminder, another, or either."""
    earlier = outbound.alias("earlier")
    held_back = exists().where(
        earlier.c.conversation_id == outbound.c.conversation_id,
        earlier.c.channel == outbound.c.channel,
        earlier.c.id < outbound.c.id,
        earlier.c.status.in_(UNSENT),
        or_(earlier.c.kind != _REMINDER, outbound.c.kind == _REMINDER),
    )
    conditions = [_IS_DUE, ~held_back, outbound.c.channel != "voice"]
    if reminders is not None:
        conditions.append(outbound.c.kind == _REMINDER if reminders else outbound.c.kind != _REMINDER)
    for channel, sender in paused:
        conditions.append(~and_(outbound.c.channel == channel, func.coalesce(outbound.c.sender, "") == sender))
    return select(outbound).where(*conditions).order_by(outbound.c.next_attempt_at, outbound.c.id).limit(1)


@lru_cache(maxsize=128)
def _due_locked(paused: frozenset[Sender], reminders: bool) -> Select[Any]:
    return _due(paused, reminders).with_for_update(skip_locked=True, key_share=True, of=outbound)


def _known(db: Connection, status: StatusUpdate) -> Row[Any] | None:
    known = outbound.c.provider_id == status.provider_id
    if status.delivery_id:
        known = or_(known, outbound.c.delivery_id == status.delivery_id)
    return db.execute(select(outbound).where(known)).first()


def _interactive(row: Row[Any]) -> Interactive | None:
    if not row.interactive:
        return None
    try:
        return from_payload(Interactive, json.loads(row.interactive))
    except (PayloadError, ValueError) as error:
        # Written by another version of ours: the text alone must do (bot.core.delivery.Outgoing).
        log.error("sent as text, for what it offers cannot be read: %s", error, extra={"delivery_id": row.delivery_id})
        return None


def _state(db: Connection, conversation: str) -> str | None:
    context = db.execute(select(conversations.c.context).where(conversations.c.id == conversation)).scalar()
    try:
        known = json.loads(context or "{}")
        return known.get("state") or known.get("guessed_state")
    except (ValueError, AttributeError):
        return None
