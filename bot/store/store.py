"""The store: every transaction of the product, by name."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, cast

from sqlalchemy import Connection, Engine, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.choices import OpenOption
from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.delivery import DeliveryStatus, Outgoing
from bot.core.handoff import HandoffState
from bot.core.messages import ChannelName, Content, InboundMessage, Text
from bot.core.turns import TurnContext
from bot.store.clock import utc_now
from bot.store.database import reading
from bot.store.deliveries import GIVEN_UP_OUTCOMES, UNSENT, Deliveries, first
from bot.store.effects import write_effect
from bot.store.handoffs import person_wrote
from bot.store.model import (
    ConversationState,
    Lease,
    LeaseLost,
    QueueFigures,
    Recorded,
    StoredMessage,
    TurnOutcome,
)
from bot.store.outbox import enqueue
from bot.store.people import People, Reach, root
from bot.store.tables import UtcDateTime, addresses, contacts, conversations, inbound, outbound

log = logging.getLogger(__name__)

__all__ = ["Store", "utc_now"]

_RECORDED = ("channel", "provider_id", "conversation_id", "content", "opt_out", "received_at")
_TOUCH_CONTACT = (
    update(contacts)
    .where(contacts.c.conversation_id == bindparam("conversation"), contacts.c.last_inbound_at < bindparam("at"))
    .values(last_inbound_at=bindparam("at"))
)
_FREE = or_(conversations.c.lease_until.is_(None), conversations.c.lease_until < bindparam("now", type_=UtcDateTime()))
_WRITTEN = (
    select(conversations.c.id)
    .join(inbound, inbound.c.conversation_id == conversations.c.id)
    .where(inbound.c.processed_at.is_(None), _FREE)
    .order_by(inbound.c.id)
    .limit(1)
)
# The function keeps the database off the index of (channel, provider_id), which has the calls of all years.
_WAITING = (_WRITTEN.where(func.coalesce(inbound.c.channel, "") == "voice"), _WRITTEN)
_WAITING_LOCKED = tuple(each.with_for_update(skip_locked=True, key_share=True, of=conversations) for each in _WAITING)


class Store(Deliveries):
    """All reads and writes. Every method is one transaction; none keeps anything between calls."""

    def __init__(self, engine: Engine, secret: str, *old_secrets: str) -> None:
        """``secret`` is VENTANILLA_SECRET: it keys conversation ids and encrypts numbers.

        ``old_secrets`` (OLD_SECRETS) still find people and read their numbers.
        """
        self._engine = engine
        self._people = People(engine.dialect.name, secret, *old_secrets)
        insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
        self._insert_message = (
            insert(inbound)
            .values({name: bindparam(name) for name in _RECORDED})
            .on_conflict_do_nothing(index_elements=["channel", "provider_id"])
            .returning(inbound.c.id)
        )

    def ping(self) -> None:
        """Run a trivial query; raises SQLAlchemy's error when the database does not answer."""
        with reading(self._engine) as db:
            db.execute(select(1))

    # ---- inbox -----------------------------------------------------------------------------------------------

    def record(self, message: InboundMessage, content: Content) -> Recorded:
        """Commit a message before its webhook is answered. ``content`` is the message's, already redacted.

        The same channel and provider id again (repeated, in parallel, on two machines) changes nothing.

        Raises:
            bot.core.ids.BadNumber: the sender is an address of nobody.
        """
        with self._engine.begin() as db:
            return self._record(db, message, content)

    def record_all(self, messages: Sequence[tuple[InboundMessage, Content]]) -> list[Recorded]:
        """Commit several messages at once, in order, as :meth:`record` does one: one wait for the disk for all."""
        with self._engine.begin() as db:
            return [self._record(db, message, content) for message, content in messages]

    def _record(self, db: Connection, message: InboundMessage, content: Content) -> Recorded:
        conversation = self._people.conversation_of(db, message)
        row = db.execute(
            self._insert_message,
            {
                "channel": message.channel,
                "provider_id": message.provider_id,
                "conversation_id": conversation,
                "content": _dump(content),
                "opt_out": message.opt_out,
                "received_at": message.received_at,
            },
        ).first()
        if row is None:
            return Recorded(None, conversation, new=False)
        db.execute(_TOUCH_CONTACT, {"conversation": conversation, "at": message.received_at})
        return Recorded(row.id, conversation, new=True)

    # ---- turns -----------------------------------------------------------------------------------------------

    def lease_conversation(self, worker: str, seconds: float) -> Lease | None:
        """Take the conversation whose oldest message waits longest and that nobody holds; None when there is none.

        Who is on the telephone waits live: her call goes before all that is written.
        """
        now = utc_now()
        owner = f"{worker}:{uuid.uuid4().hex[:12]}"
        looks = _WAITING_LOCKED
        if self._engine.dialect.name == "sqlite":
            # Looking takes no writer's turn: among thousands that wait it takes long to see that nobody calls.
            with reading(self._engine) as db:
                looks = tuple(
                    locked
                    for waiting, locked in zip(_WAITING, _WAITING_LOCKED, strict=True)
                    if db.execute(waiting, {"now": now}).first()
                )[:1]
            if not looks:
                return None
        until = now + timedelta(seconds=seconds)
        with self._engine.begin() as db:
            found = (db.execute(waiting, {"now": now}).first() for waiting in looks)
            row = next((row for row in found if row is not None), None)
            if row is None:
                return None
            # Free again: under READ COMMITTED another worker may have taken and released it since the snapshot.
            taken = db.execute(
                update(conversations)
                .where(conversations.c.id == row.id, _FREE)
                .values(lease_owner=owner, lease_until=until),
                {"now": now},
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
        with reading(self._engine) as db:
            row = db.execute(
                select(inbound)
                .where(inbound.c.conversation_id == lease.conversation_id, inbound.c.processed_at.is_(None))
                .order_by(inbound.c.id)
                .limit(1)
            ).first()
        if row is None:
            return None
        content = _content(row.content)
        if content is None:
            log.error("a message cannot be read", extra={"inbound_id": row.id})
        return StoredMessage(
            inbound_id=row.id,
            channel=row.channel,
            provider_id=row.provider_id,
            conversation_id=row.conversation_id,
            content=content or Text(""),
            opt_out=row.opt_out,
            received_at=row.received_at,
            unreadable=content is None,
        )

    def state(self, conversation: str) -> ConversationState:
        """Return what is remembered of a conversation."""
        with reading(self._engine) as db:
            row = db.execute(
                select(conversations, contacts.c.opted_out_at)
                .join(contacts, contacts.c.conversation_id == root(db, conversation))
                .where(conversations.c.id == conversation)
            ).one()
        return ConversationState(
            context=_remembered(TurnContext, row.context, TurnContext()),
            options=_remembered(tuple[OpenOption, ...], row.options, ()),
            more=_remembered(tuple[Outgoing, ...], row.more, ()),
            opted_out=row.opted_out_at is not None,
            privacy_shown=row.privacy_shown_at is not None,
            mode=HandoffState(row.mode),
        )

    def commit_turn(self, lease: Lease, message: StoredMessage, turn: TurnOutcome) -> None:
        """Write a turn: the message processed, its replies in the outbox, what is remembered. All of it or nothing.

        Raises:
            LeaseLost: somebody else holds the conversation; nothing was written.
        """
        now = utc_now()
        state = turn.state
        shown = {"privacy_shown_at": first(conversations.c.privacy_shown_at, now)} if state.privacy_shown else {}
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
            # Locked by _hold above, as by whoever takes a handoff: a person who took it since the turn began is not
            # talked over.
            mode = db.execute(
                select(conversations.c.mode).where(conversations.c.id == lease.conversation_id)
            ).scalar_one()
            muted = mode == HandoffState.WITH_AGENT.value
            outgoing = tuple(m for m in turn.outgoing if not muted or m.kind != "answer")
            if turn.opted_out is not None:
                self._set_opted_out(db, lease.conversation_id, turn.opted_out, "message", now)
            enqueue(db, lease.conversation_id, str(message.inbound_id), outgoing, now)
            for position, effect in enumerate(() if muted else turn.effects):
                write_effect(effect, db, lease.conversation_id, f"{message.inbound_id}:{position}", now)
            if mode != HandoffState.BOT.value:
                person_wrote(db, lease.conversation_id, now, message.inbound_id)

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

    # ---- figures ---------------------------------------------------------------------------------------------

    def figures(self) -> QueueFigures:
        """Return the queues' figures of the moment."""
        now = utc_now()
        with reading(self._engine) as db:
            waiting, oldest = db.execute(
                select(func.count(), func.min(inbound.c.received_at)).where(inbound.c.processed_at.is_(None))
            ).one()
            by_status = db.execute(select(outbound.c.status, func.count()).group_by(outbound.c.status)).all()
            unsent = db.execute(select(func.min(outbound.c.created_at)).where(outbound.c.status.in_(UNSENT))).scalar()
            codes = db.execute(
                select(outbound.c.error_code, func.count().label("waiting"))
                .where(outbound.c.status.in_(UNSENT), outbound.c.error_code.is_not(None))
                .group_by(outbound.c.error_code)
            ).all()
            given_up = db.execute(
                select(inbound.c.outcome, func.count().label("found"))
                .where(inbound.c.outcome.in_(GIVEN_UP_OUTCOMES))
                .group_by(inbound.c.outcome)
            ).all()
            unreachable = db.execute(
                select(addresses.c.unreachable_code, func.count())
                .where(addresses.c.unreachable_at.is_not(None))
                .group_by(addresses.c.unreachable_code)
            ).all()
            stopped = db.execute(
                select(func.count()).select_from(contacts).where(contacts.c.opted_out_at.is_not(None))
            ).scalar_one()
        return QueueFigures(
            waiting_messages=waiting,
            oldest_waiting=(now - oldest).total_seconds() if oldest else 0.0,
            deliveries={DeliveryStatus(status): count for status, count in by_status},
            oldest_unsent=(now - unsent).total_seconds() if unsent else 0.0,
            opted_out_contacts=stopped,
            unsent_codes={row.error_code: row.waiting for row in codes},
            given_up={row.outcome: row.found for row in given_up},
            unreachable={code or "": count for code, count in unreachable},
        )

    # ---- people ----------------------------------------------------------------------------------------------

    def reach(self, conversation: str, channel: ChannelName) -> Reach:
        """Return how a person is reached on a channel now: her address, whether free text may be sent, or why not."""
        with reading(self._engine) as db:
            return self._people.reach(db, conversation, channel, utc_now())

    def number_of(self, conversation: str) -> str | None:
        """Return a person's number, None when it is not known (WhatsApp's user ids, withheld numbers).

        Raises:
            bot.store.cipher.WrongSecret: it was encrypted under another secret.
        """
        with reading(self._engine) as db:
            return self._people.number_of(db, conversation)

    def rekey(self) -> tuple[int, int]:
        """Write all addresses under the newest secret; return how many, and how many no known secret opens."""
        with self._engine.begin() as db:
            return self._people.rekey(db)


def _content(stored: str) -> Content | None:
    try:
        return cast(Content, from_payload(Content, json.loads(stored)))
    except (PayloadError, ValueError):
        return None


def _remembered(kind: Any, stored: str, nothing: Any) -> Any:
    try:
        return from_payload(kind, json.loads(stored))
    except (PayloadError, ValueError) as error:
        # Written by another version of ours: better to ask the person again than never to answer her.
        log.error("forgotten, for it cannot be read: %s", error)
        return nothing


def _dump(value: Any) -> str:
    return json.dumps(to_payload(value), ensure_ascii=False, separators=(",", ":"))
