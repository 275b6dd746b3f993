"""What the store gives and takes: plain values, no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.choices import OpenOption
from bot.core.delivery import DeliveryStatus, Outgoing, OutgoingKind
from bot.core.effects import Effect
from bot.core.interactive import Interactive
from bot.core.messages import ChannelName, Content, OptOutType
from bot.core.turns import TurnContext, Understood


class LeaseLost(RuntimeError):
    """Another worker holds the conversation now: this one must drop its turn, nothing of it was written."""


@dataclass(frozen=True)
class Recorded:
    """A message in the inbox. ``new`` is False when the same provider id was there already."""

    inbound_id: int | None
    conversation_id: str
    new: bool


@dataclass(frozen=True)
class Lease:
    """The right to run turns of one conversation until ``until``; ``owner`` is unique to this lease."""

    conversation_id: str
    owner: str
    until: datetime


@dataclass(frozen=True)
class StoredMessage:
    """A message waiting for its turn."""

    inbound_id: int
    channel: ChannelName
    provider_id: str
    conversation_id: str
    content: Content
    opt_out: OptOutType | None
    received_at: datetime


@dataclass(frozen=True)
class ConversationState:
    """What is remembered of a conversation between turns, besides the engine's running dialogue."""

    context: TurnContext = field(default_factory=TurnContext)
    options: tuple[OpenOption, ...] = ()
    more: tuple[Outgoing, ...] = ()
    opted_out: bool = False
    privacy_shown: bool = False


@dataclass(frozen=True)
class TurnOutcome:
    """Everything that one turn changes, written in one transaction.

    ``opted_out`` None leaves it as it is. Messages still waiting to go out are cancelled when it becomes True.
    """

    outcome: str
    outgoing: tuple[Outgoing, ...]
    state: ConversationState
    understood: Understood | None = None
    opted_out: bool | None = None
    effects: tuple[Effect, ...] = ()


@dataclass(frozen=True)
class Delivery:
    """An outgoing message leased for one attempt. ``number`` goes to the carrier and nowhere else.

    ``recovering``: an earlier attempt was cut off (its worker died): the carrier may have taken the message
    since ``first_attempt_at``, so it is asked before anything is sent again.
    """

    delivery_id: str
    conversation_id: str
    channel: ChannelName
    kind: OutgoingKind
    text: str
    number: str
    attempts: int
    owner: str
    recovering: bool
    first_attempt_at: datetime
    created_at: datetime
    interactive: Interactive | None = None


@dataclass(frozen=True)
class QueueFigures:
    """Figures of the moment, for metrics and readiness. Ages in seconds, 0 when nothing waits."""

    waiting_messages: int
    oldest_waiting: float
    deliveries: dict[DeliveryStatus, int]
    oldest_unsent: float
    opted_out_contacts: int
