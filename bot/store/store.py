"""The store: every transaction of the product, by name."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta, timezone
from typing import Any, cast

from sqlalchemy import ColumnElement, Connection, Engine, and_, exists, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.choices import OpenOption
from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.delivery import DeliveryStatus, Outgoing, StatusUpdate
from bot.core.ids import canonical_number, conversation_id
from bot.core.interactive import Interactive
from bot.core.messages import Content, InboundMessage
from bot.core.turns import TurnContext
from bot.store.cipher import Cipher
from bot.store.effects import write_effect
from bot.store.model import (
    ConversationState,
    Delivery,
    Lease,
    LeaseLost,
    QueueFigures,
    Recorded,
    StoredMessage,
    TurnOutcome,
)
from bot.store.tables import UtcDateTime, contacts, conversations, delivery_events, inbound, outbound

log = logging.getLogger(__name__)

_UNSENT = (DeliveryStatus.PENDING.value, DeliveryStatus.SENDING.value)


def utc_now() -> datetime:
    """Return the time, aware, in UTC."""
    return datetime.now(timezone.utc)


class Store:
    """All reads and writes. Every method is one transaction; none keeps anything between calls."""

    def __init__(self, engine: Engine, secret: str, *old_secrets: str) -> None:
        """``secret`` is VENTANILLA_SECRET: it keys conversation ids and encrypts numbers."""
        self._engine = engine
        self._secret = secret
        self._cipher = Cipher(secret, *old_secrets)
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def ping(self) -> None:
        """Run a trivial query; raises SQLAlchemy's error when the database does not answer."""
        with self._engine.connect() as db:
            db.execute(select(1))

    # ---- inbox -----------------------------------------------------------------------------------------------

    def record(self, message: InboundMessage, content: Content) -> Recorded:
        """Commit a message before its webhook is answered. ``content`` is the message's, already redacted.

        The same channel and provider id again (repeated, in parallel, on two machines) changes nothing.

        Raises:
            bot.core.ids.BadNumber: the sender is not a phone number.
        """
        number = canonical_number(message.sender)
        conversation = conversation_id(self._secret, number)
        with self._engine.begin() as db:
            db.execute(
                self._insert(contacts)
                .values(
                    conversation_id=conversation,
                    number_encrypted=self._cipher.encrypt(number),
                    created_at=message.received_at,
                    last_inbound_at=message.received_at,
                )
                .on_conflict_do_nothing()
            )
            db.execute(self._insert(conversations).values(id=conversation).on_conflict_do_nothing())
            row = db.execute(
                self._insert(inbound)
                .values(
                    channel=message.channel,
                    provider_id=message.provider_id,
                    conversation_id=conversation,
                    content=_dump(content),
                    opt_out=message.opt_out,
                    received_at=message.received_at,
                )
                .on_conflict_do_nothing(index_elements=["channel", "provider_id"])
                .returning(inbound.c.id)
            ).first()
            if row is None:
                return Recorded(None, conversation, new=False)
            db.execute(
                update(contacts)
                .where(contacts.c.conversation_id == conversation, contacts.c.last_inbound_at < message.received_at)
                .values(last_inbound_at=message.received_at)
            )
            return Recorded(row.id, conversation, new=True)

    # ---- turns -----------------------------------------------------------------------------------------------

    def lease_conversation(self, worker: str, seconds: float) -> Lease | None:
        """Take the conversation whose oldest message waits longest and that nobody holds; None when there is none."""
        now = utc_now()
        owner = f"{worker}:{uuid.uuid4().hex[:12]}"
        oldest = (
            select(inbound.c.conversation_id, func.min(inbound.c.id).label("first"))
            .where(inbound.c.processed_at.is_(None))
            .group_by(inbound.c.conversation_id)
            .subquery()
        )
        free = or_(conversations.c.lease_until.is_(None), conversations.c.lease_until < now)
        pick = (
            select(conversations.c.id)
            .join(oldest, oldest.c.conversation_id == conversations.c.id)
            .where(free)
            .order_by(oldest.c.first)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True, of=conversations)
        )
        until = now + timedelta(seconds=seconds)
        with self._engine.begin() as db:
            row = db.execute(pick).first()
            if row is None:
                return None
            # `free` again: under READ COMMITTED another worker may have taken and released it since the snapshot.
            taken = db.execute(
                update(conversations)
                .where(conversations.c.id == row.id, free)
                .values(lease_owner=owner, lease_until=until)
            ).rowcount
        return Lease(row.id, owner, until) if taken else None

    def renew(self, lease: Lease, seconds: float) -> Lease:
        """Hold a conversation longer.

        Raises:
            LeaseLost: it expired and somebody else took it.
        """
        until = utc_now() + timedelta(seconds=seconds)
        with self._engine.begin() as db:
            self._hold(db, lease, lease_until=until)
        return Lease(lease.conversation_id, lease.owner, until)

    def begin_turn(self, lease: Lease, message: StoredMessage, seconds: float) -> tuple[Lease, int]:
        """Renew the lease for one more message and return it with the number of this attempt at the message, from 1.

        Raises:
            LeaseLost: it expired and somebody else took it.
        """
        until = utc_now() + timedelta(seconds=seconds)
        with self._engine.begin() as db:
            self._hold(db, lease, lease_until=until)
            attempt = db.execute(
                update(inbound)
                .where(inbound.c.id == message.inbound_id)
                .values(attempts=inbound.c.attempts + 1)
                .returning(inbound.c.attempts)
            ).scalar_one()
        return Lease(lease.conversation_id, lease.owner, until), attempt

    def release(self, lease: Lease) -> None:
        """Give a conversation back; nothing happens when it was lost already."""
        with self._engine.begin() as db:
            db.execute(
                update(conversations)
                .where(conversations.c.id == lease.conversation_id, conversations.c.lease_owner == lease.owner)
                .values(lease_owner=None, lease_until=None)
            )

    def next_message(self, lease: Lease) -> StoredMessage | None:
        """Return the conversation's oldest message without a turn."""
        with self._engine.connect() as db:
            row = db.execute(
                select(inbound)
                .where(inbound.c.conversation_id == lease.conversation_id, inbound.c.processed_at.is_(None))
                .order_by(inbound.c.id)
                .limit(1)
            ).first()
        if row is None:
            return None
        return StoredMessage(
            inbound_id=row.id,
            channel=row.channel,
            provider_id=row.provider_id,
            conversation_id=row.conversation_id,
            content=cast(Content, from_payload(Content, json.loads(row.content))),
            opt_out=row.opt_out,
            received_at=row.received_at,
        )

    def state(self, conversation: str) -> ConversationState:
        """Return what is remembered of a conversation."""
        with self._engine.connect() as db:
            row = db.execute(
                select(conversations, contacts.c.opted_out_at)
                .join(contacts, contacts.c.conversation_id == conversations.c.id)
                .where(conversations.c.id == conversation)
            ).one()
        return ConversationState(
            context=_remembered(TurnContext, row.context, TurnContext()),
            options=_remembered(tuple[OpenOption, ...], row.options, ()),
            more=_remembered(tuple[Outgoing, ...], row.more, ()),
            opted_out=row.opted_out_at is not None,
            privacy_shown=row.privacy_shown_at is not None,
        )

    def commit_turn(self, lease: Lease, message: StoredMessage, turn: TurnOutcome) -> None:
        """Write a turn: the message processed, its replies in the outbox, what is remembered. All of it or nothing.

        Raises:
            LeaseLost: somebody else holds the conversation; nothing was written.
        """
        now = utc_now()
        state = turn.state
        shown = {"privacy_shown_at": _first(conversations.c.privacy_shown_at, now)} if state.privacy_shown else {}
        with self._engine.begin() as db:
            self._hold(
                db,
                lease,
                context=_dump(state.context),
                options=_dump(state.options),
                more=_dump(state.more),
                **shown,
            )
            done = db.execute(
                update(inbound)
                .where(inbound.c.id == message.inbound_id, inbound.c.processed_at.is_(None))
                .values(
                    processed_at=now,
                    outcome=turn.outcome,
                    understood=_dump(turn.understood) if turn.understood else None,
                )
            ).rowcount
            if not done:
                raise LeaseLost("the message had its turn already")
            if turn.opted_out is not None:
                self._set_opted_out(db, lease.conversation_id, turn.opted_out, "message", now)
            self._enqueue(db, lease.conversation_id, str(message.inbound_id), turn.outgoing, now)
            for position, effect in enumerate(turn.effects):
                write_effect(effect, db, lease.conversation_id, f"{message.inbound_id}:{position}", now)

    def _hold(self, db: Connection, lease: Lease, **values: Any) -> None:
        held = db.execute(
            update(conversations)
            .where(
                conversations.c.id == lease.conversation_id,
                conversations.c.lease_owner == lease.owner,
                conversations.c.lease_until > utc_now(),
            )
            .values(**values)
        ).rowcount
        if not held:
            raise LeaseLost("the conversation's lease expired")

    def _enqueue(
        self, db: Connection, conversation: str, key: str, messages: Iterable[Outgoing], now: datetime
    ) -> None:
        for position, message in enumerate(messages):
            db.execute(
                outbound.insert().values(
                    delivery_id=uuid.uuid4().hex,
                    idempotency_key=f"{key}:{position}",
                    conversation_id=conversation,
                    channel=message.channel,
                    kind=message.kind,
                    text=message.text,
                    interactive=_dump(message.interactive) if message.interactive else None,
                    status=DeliveryStatus.PENDING.value,
                    next_attempt_at=now,
                    created_at=now,
                    updated_at=now,
                )
            )

    def _set_opted_out(self, db: Connection, conversation: str, stop: bool, by: str, now: datetime) -> None:
        contact = contacts.c.conversation_id == conversation
        if not stop:
            db.execute(update(contacts).where(contact).values(opted_out_at=None, opted_out_by=None))
            return
        first = db.execute(
            update(contacts).where(contact, contacts.c.opted_out_at.is_(None)).values(opted_out_at=now, opted_out_by=by)
        ).rowcount
        waiting = [outbound.c.conversation_id == conversation, outbound.c.status == DeliveryStatus.PENDING.value]
        if not first:  # a second "stop": the confirmation of the first may still be waiting
            waiting.append(outbound.c.kind != "confirmation")
        db.execute(
            update(outbound)
            .where(*waiting)
            .values(status=DeliveryStatus.DEAD.value, error_code="opted_out", updated_at=now)
        )

    # ---- outbox ----------------------------------------------------------------------------------------------

    def lease_delivery(self, worker: str, seconds: float) -> Delivery | None:
        """Take the next message that is due, for one attempt. Within a conversation and channel order is kept:

        a message waits until every earlier one was accepted by the carrier or given up.
        """
        now = utc_now()
        owner = f"{worker}:{uuid.uuid4().hex[:12]}"
        earlier = outbound.alias("earlier")
        due = or_(
            and_(outbound.c.status == DeliveryStatus.PENDING.value, outbound.c.next_attempt_at <= now),
            and_(outbound.c.status == DeliveryStatus.SENDING.value, outbound.c.sending_until < now),
        )
        first_of_its_conversation = ~exists().where(
            earlier.c.conversation_id == outbound.c.conversation_id,
            earlier.c.channel == outbound.c.channel,
            earlier.c.id < outbound.c.id,
            earlier.c.status.in_(_UNSENT),
        )
        pick = (
            select(outbound)
            .where(due, first_of_its_conversation)
            .order_by(outbound.c.next_attempt_at, outbound.c.id)
            .limit(1)
            .with_for_update(skip_locked=True, key_share=True, of=outbound)
        )
        with self._engine.begin() as db:
            row = db.execute(pick).first()
            if row is None:
                return None
            taken = db.execute(
                update(outbound)
                .where(outbound.c.id == row.id, due)
                .values(
                    status=DeliveryStatus.SENDING.value,
                    sending_owner=owner,
                    sending_since=_first(outbound.c.sending_since, now),
                    # A recovering attempt also looks through the carrier's list: two or three calls instead of one.
                    sending_until=now + timedelta(seconds=seconds if row.sending_since is None else 3 * seconds),
                    attempts=outbound.c.attempts + 1,
                    updated_at=now,
                )
            ).rowcount
            if not taken:
                return None
            contact = db.execute(
                select(contacts.c.number_encrypted, contacts.c.opted_out_at).where(
                    contacts.c.conversation_id == row.conversation_id
                )
            ).one()
            stopped = contact.opted_out_at is not None and row.kind != "confirmation"
            if stopped:
                db.execute(
                    update(outbound)
                    .where(outbound.c.id == row.id)
                    .values(status=DeliveryStatus.DEAD.value, error_code="opted_out", updated_at=now)
                )
        if stopped:
            return self.lease_delivery(worker, seconds)
        return Delivery(
            delivery_id=row.delivery_id,
            conversation_id=row.conversation_id,
            channel=row.channel,
            kind=row.kind,
            text=row.text,
            number=self._cipher.decrypt(contact.number_encrypted),
            attempts=row.attempts + 1,
            owner=owner,
            recovering=row.sending_since is not None,
            first_attempt_at=row.sending_since or now,
            created_at=row.created_at,
            interactive=from_payload(Interactive, json.loads(row.interactive)) if row.interactive else None,
        )

    def delivery_accepted(self, delivery: Delivery, provider_id: str) -> None:
        """Note that the carrier took a message. A callback that came first is not overwritten."""
        with self._engine.begin() as db:
            self._progress(db, delivery.delivery_id, DeliveryStatus.ACCEPTED, provider_id=provider_id)

    def provider_ids(self, conversation: str, since: datetime) -> frozenset[str]:
        """Return the carrier's ids of this conversation's deliveries updated since ``since``."""
        with self._engine.connect() as db:
            rows = db.execute(
                select(outbound.c.provider_id).where(
                    outbound.c.conversation_id == conversation,
                    outbound.c.provider_id.is_not(None),
                    outbound.c.updated_at >= since - timedelta(minutes=5),
                )
            ).all()
        return frozenset(row.provider_id for row in rows)

    def delivery_retry(self, delivery: Delivery, code: str, after: float, *, taken_unknown: bool) -> None:
        """Put a message back, due in ``after`` seconds. ``taken_unknown``: the carrier may have it (a timeout)."""
        now = utc_now()
        values: dict[str, Any] = {
            "status": DeliveryStatus.PENDING.value,
            "next_attempt_at": now + timedelta(seconds=after),
            "error_code": code,
            "sending_owner": None,
            "sending_until": None,
            "updated_at": now,
        }
        if not taken_unknown:
            values["sending_since"] = None
        with self._engine.begin() as db:
            db.execute(
                update(outbound)
                .where(outbound.c.delivery_id == delivery.delivery_id, outbound.c.sending_owner == delivery.owner)
                .where(outbound.c.status == DeliveryStatus.SENDING.value)
                .values(**values)
            )

    def delivery_failed(self, delivery: Delivery, code: str, *, opted_out: bool = False) -> None:
        """Give a message up, visibly (status "dead"), unless another worker holds it now.

        ``opted_out``: the carrier says the person stopped us.
        """
        held = outbound.c.sending_owner == delivery.owner
        with self._engine.begin() as db:
            self._progress(db, delivery.delivery_id, DeliveryStatus.DEAD, held, error_code=code)
            if opted_out:
                self._set_opted_out(db, delivery.conversation_id, True, "carrier", utc_now())

    def apply_status(self, status: StatusUpdate) -> bool:
        """Apply a status callback; True when it was progress. Every one for a known delivery is kept as history."""
        with self._engine.begin() as db:
            known = outbound.c.provider_id == status.provider_id
            if status.delivery_id:
                known = or_(known, outbound.c.delivery_id == status.delivery_id)
            row = db.execute(select(outbound.c.delivery_id).where(known)).first()
            if row is None:
                return False
            return self._progress(
                db, row.delivery_id, status.status, provider_id=status.provider_id, error_code=status.error_code
            )

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
        db.execute(
            delivery_events.insert().values(
                delivery_id=delivery_id, status=to.value, error_code=error_code, applied=applied, at=now
            )
        )
        return applied

    # ---- figures ---------------------------------------------------------------------------------------------

    def figures(self) -> QueueFigures:
        """Return the queues' figures of the moment."""
        now = utc_now()
        with self._engine.connect() as db:
            waiting, oldest = db.execute(
                select(func.count(), func.min(inbound.c.received_at)).where(inbound.c.processed_at.is_(None))
            ).one()
            by_status = db.execute(select(outbound.c.status, func.count()).group_by(outbound.c.status)).all()
            unsent = db.execute(select(func.min(outbound.c.created_at)).where(outbound.c.status.in_(_UNSENT))).scalar()
            stopped = db.execute(
                select(func.count()).select_from(contacts).where(contacts.c.opted_out_at.is_not(None))
            ).scalar_one()
        return QueueFigures(
            waiting_messages=waiting,
            oldest_waiting=(now - oldest).total_seconds() if oldest else 0.0,
            deliveries={DeliveryStatus(status): count for status, count in by_status},
            oldest_unsent=(now - unsent).total_seconds() if unsent else 0.0,
            opted_out_contacts=stopped,
        )

    def dead_deliveries(self, limit: int = 50) -> list[tuple[str, str, str, datetime]]:
        """Return (delivery id, channel, error code, time) of the newest messages given up: no number, no text."""
        with self._engine.connect() as db:
            rows = db.execute(
                select(outbound.c.delivery_id, outbound.c.channel, outbound.c.error_code, outbound.c.updated_at)
                .where(outbound.c.status == DeliveryStatus.DEAD.value)
                .order_by(outbound.c.id.desc())
                .limit(limit)
            ).all()
        return [(row.delivery_id, row.channel, row.error_code or "", row.updated_at) for row in rows]


def _first(column: ColumnElement[Any], now: datetime) -> ColumnElement[Any]:
    # The type must be said: a bare datetime goes to PostgreSQL with its zone, and comes back in the server's.
    return func.coalesce(column, literal(now, UtcDateTime()))


def _remembered(kind: Any, stored: str, nothing: Any) -> Any:
    try:
        return from_payload(kind, json.loads(stored))
    except PayloadError as error:
        # Written by another version of ours: better to ask the person again than never to answer her.
        log.error("forgotten, for it cannot be read: %s", error)
        return nothing


def _dump(value: Any) -> str:
    return json.dumps(to_payload(value), ensure_ascii=False, separators=(",", ":"))
