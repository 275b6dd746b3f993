"""Sending: what goes out, what becomes of it, and errors that carry their own policy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from bot.core.interactive import Interactive
from bot.core.messages import ChannelName

OutgoingKind = Literal["answer", "confirmation", "agent", "reminder"]
"""Why a message goes out. What a person waits for goes before reminders; a reminder keeps the quiet hours."""


@dataclass(frozen=True)
class Outgoing:
    """One message ready for a carrier: text already within the channel's limits. No address: ``deliver`` adds it.

    ``interactive`` is what the channel shows with the text; the text alone must do where it cannot be shown.
    """

    channel: ChannelName
    text: str
    kind: OutgoingKind = "answer"
    interactive: Interactive | None = None


@dataclass(frozen=True)
class Rendered:
    """A channel's rendering of a turn's replies: what is sent now, and the parts that MAS brings one by one."""

    messages: tuple[Outgoing, ...]
    more: tuple[Outgoing, ...] = ()


class DeliveryStatus(Enum):
    """Where a delivery stands. A status never goes backwards: see :meth:`may_become`."""

    PENDING = "pending"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    DEAD = "dead"

    @property
    def rank(self) -> int:
        """Return the order of progress; final failures rank with "delivered": neither replaces the other."""
        return _RANK[self]

    @property
    def final(self) -> bool:
        """Whether nothing more is done for this delivery."""
        return self.rank >= _RANK[DeliveryStatus.DELIVERED]

    def may_become(self, other: DeliveryStatus) -> bool:
        """Say whether ``other`` is progress (callbacks arrive late, repeated and out of order).

        "read" may follow "delivered"; a failure never replaces a success, nor a success a failure.
        """
        return other.rank > self.rank and not (self in _FAILURES and other is DeliveryStatus.READ)


_RANK = {
    DeliveryStatus.PENDING: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.ACCEPTED: 2,
    DeliveryStatus.SENT: 3,
    DeliveryStatus.DELIVERED: 4,
    DeliveryStatus.UNDELIVERED: 4,
    DeliveryStatus.FAILED: 4,
    DeliveryStatus.DEAD: 4,
    DeliveryStatus.READ: 5,
}
_FAILURES = {DeliveryStatus.UNDELIVERED, DeliveryStatus.FAILED, DeliveryStatus.DEAD}


@dataclass(frozen=True)
class StatusUpdate:
    """A carrier's word about one delivery. ``delivery_id`` is ours, from the callback address, when it carries one."""

    provider_id: str
    status: DeliveryStatus
    error_code: str | None = None
    delivery_id: str | None = None


class DeliveryError(Exception):
    """A carrier did not take a message. The class says what to do; only the outbox acts on it.

    ``counted``: whether the failure says something about the message, and so counts as an attempt.
    """

    retryable = False
    counted = True
    opted_out = False
    unreachable = False
    outside_window = False

    def __init__(self, code: str, message: str = "", retry_after: float | None = None) -> None:
        """``code`` is the carrier's or ours; ``retry_after`` in seconds; ``message`` never holds a number or a text."""
        super().__init__(f"{code}: {message}" if message else code)
        self.code = code
        self.retry_after = retry_after


class Throttled(DeliveryError):
    """Too many requests, or a full queue: try again, not before ``retry_after``."""

    retryable = True


class CarrierUnavailable(DeliveryError):
    """The carrier did not answer, or answered with a 5xx. Whether it took the message is not known."""

    retryable = True


class Rejected(DeliveryError):
    """The carrier will never take this message (a wrong number, a body too long): visible, not repeated."""


class Unreachable(Rejected):
    """Nothing arrives at this address (a landline, a number that is no more): no more is sent until it writes."""

    unreachable = True


class OutsideWindow(DeliveryError):
    """The channel takes free text only for a while after the person's last message: another form must be found."""

    outside_window = True


class OptedOut(DeliveryError):
    """The recipient said stop to the carrier: the contact is stopped here too."""

    opted_out = True
