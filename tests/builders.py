"""Messages, turns and deliveries for tests, made through the product's own methods."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.core.delivery import Outgoing
from bot.core.messages import Content, InboundMessage, Text
from tests.people import ROSA

if TYPE_CHECKING:
    from bot.store import Delivery, Store, TurnOutcome

_sids = itertools.count(1)


def sid() -> str:
    """Return a new message id, in Twilio's form."""
    return f"SM{next(_sids):032x}"


def inbound(
    content: str | Content = "hola", sender: str = ROSA, provider_id: str | None = None, **fields: Any
) -> InboundMessage:
    """Return an SMS as a channel parses it."""
    from bot.store.store import utc_now

    return InboundMessage(
        channel=fields.pop("channel", "sms"),
        provider_id=provider_id or sid(),
        sender=sender,
        recipient="+525500000000",
        content=Text(content) if isinstance(content, str) else content,
        received_at=fields.pop("received_at", None) or utc_now(),
        **fields,
    )


def record(store: Store, content: str | Content = "hola", sender: str = ROSA, **fields: Any) -> str:
    """Record a message and return its conversation's id."""
    message = inbound(content, sender, **fields)
    return store.record(message, message.content).conversation_id


def outcome(*texts: str, kind: str = "answer", **fields: Any) -> TurnOutcome:
    """Return a turn that says ``texts``; ``fields`` are TurnOutcome's."""
    from bot.store import ConversationState, TurnOutcome

    fields.setdefault("outcome", "answered")
    fields.setdefault("state", ConversationState())
    return TurnOutcome(outgoing=tuple(Outgoing("sms", text, kind) for text in texts), **fields)  # type: ignore[arg-type]


def turn(store: Store, *texts: str, sender: str = ROSA, **fields: Any) -> str:
    """Record a message and give it its turn, answered with ``texts``; return the conversation's id."""
    conversation = record(store, sender=sender)
    lease = store.lease_conversation("w", 30)
    assert lease is not None
    assert lease.conversation_id == conversation
    message = store.next_message(lease)
    assert message is not None
    done = outcome(*texts, **fields)
    store.commit_turn(lease, message, replace(done, state=fields.get("state") or store.state(conversation)))
    store.release(lease)
    return conversation


def leased(store: Store, seconds: float = 30) -> Delivery:
    """Lease the next delivery, which must be there."""
    delivery = store.lease_delivery("d", seconds)
    assert delivery is not None
    return delivery


def now() -> datetime:
    """Return the time as the store sees it."""
    from bot.store.store import utc_now

    return utc_now()
