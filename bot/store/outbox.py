"""Putting messages into the outbox, in the transaction of whoever has something to say."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection

from bot.core.delivery import DeliveryStatus, Outgoing
from bot.store.payloads import dump
from bot.store.people import sender_of
from bot.store.tables import delivery_events, outbound


def enqueue(
    db: Connection,
    conversation: str,
    key: str,
    messages: Iterable[Outgoing],
    now: datetime,
    *,
    due: datetime | None = None,
) -> None:
    """Write messages to be sent, in order, now or when ``due``.

    ``key`` is unique to what they belong to: SQL refuses it a second time.
    """
    for position, message in enumerate(messages):
        delivery_id = uuid.uuid4().hex
        db.execute(
            outbound.insert().values(
                delivery_id=delivery_id,
                idempotency_key=f"{key}:{position}",
                conversation_id=conversation,
                channel=message.channel,
                kind=message.kind,
                text=message.text,
                interactive=dump(message.interactive) if message.interactive else None,
                sender=sender_of(db, conversation, message.channel),
                status=DeliveryStatus.PENDING.value,
                next_attempt_at=due or now,
                created_at=now,
                updated_at=now,
            )
        )
        note_transition(db, delivery_id, DeliveryStatus.PENDING, now)


def note_transition(
    db: Connection,
    delivery_id: str,
    status: DeliveryStatus,
    now: datetime,
    code: str | None = None,
    *,
    applied: bool = True,
) -> None:
    """Add a line to a delivery's history. ``applied``: whether the delivery's own status followed."""
    db.execute(
        delivery_events.insert().values(
            delivery_id=delivery_id, status=status.value, error_code=code, applied=applied, at=now
        )
    )
