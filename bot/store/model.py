"""What the store gives and takes: plain values, no SQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bot.core.choices import OpenOption
from bot.core.delivery import DeliveryStatus, Outgoing, OutgoingKind
from bot.core.effects import Effect
from bot.core.handoff import HandoffState
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
    """A message waiting for its turn. ``unreadable``: what is stored cannot be read, and ``content`` is empty."""

    inbound_id: int
    channel: ChannelName
    provider_id: str
    conversation_id: str
    content: Content
    opt_out: OptOutType | None
    received_at: datetime
    unreadable: bool = False


@dataclass(frozen=True)
class ConversationState:
    """What is remembered of a conversation between turns, besides the engine's running dialogue."""

    context: TurnContext = field(default_factory=TurnContext)
    options: tuple[OpenOption, ...] = ()
    more: tuple[Outgoing, ...] = ()
    opted_out: bool = False
    privacy_shown: bool = False
    mode: HandoffState = HandoffState.BOT


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

    ``number`` is the address as the channel writes it (``whatsapp:+521…``, or ``whatsapp:MX.…`` without a number);
    "" when there is a ``problem`` (bot.store.people.Reach). ``sender`` is the one of our numbers that the person writes
    to. ``window_open``: the channel takes free text now. ``sms_possible``: the person can be reached by SMS instead.

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
    sender: str | None = None
    window_open: bool = True
    sms_possible: bool = True
    state: str | None = None
    problem: str | None = None


@dataclass(frozen=True)
class LateFailure:
    """A message that the carrier took and could not deliver, as far as its consequences need it.

    ``again``: how many failures of the same words came before it.
    """

    delivery_id: str
    conversation_id: str
    channel: ChannelName
    kind: OutgoingKind
    text: str
    created_at: datetime
    interactive: Interactive | None
    sms_possible: bool
    again: int = 0


@dataclass(frozen=True)
class MovedMessage:
    """A message in another form, or on another channel. ``more``: what MÁS brings from now on; None leaves it."""

    message: Outgoing
    more: tuple[Outgoing, ...] | None = None


@dataclass(frozen=True)
class GivenUp:
    """A message that nobody got: no number, no text. ``direction``: "out", or "in" for one that had no turn."""

    direction: str
    id: str
    channel: str
    code: str
    at: datetime


@dataclass(frozen=True)
class QueueFigures:
    """Figures of the moment, for metrics and readiness. Ages in seconds, 0 when nothing waits.

    ``unsent_codes``: deliveries that wait after a failure, by its code. ``given_up``: messages in that had no proper
    turn, by outcome ("failed", "unreadable"). ``unreachable``: addresses that a channel does not reach, by code.
    """

    waiting_messages: int
    oldest_waiting: float
    deliveries: dict[DeliveryStatus, int]
    oldest_unsent: float
    opted_out_contacts: int
    unsent_codes: dict[str, int] = field(default_factory=dict)
    given_up: dict[str, int] = field(default_factory=dict)
    unreachable: dict[str, int] = field(default_factory=dict)
