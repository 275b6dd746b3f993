"""What a turn sets off besides its answer: written in the turn's own transaction, carried out by timers and calls."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.messages import ChannelName
from bot.core.replies import HandoffReason, Reply


@dataclass(frozen=True)
class Remind:
    """Send a reminder at ``at`` (ISO 8601 with offset, already within the allowed hours).

    What it is about, as far as known: a procedure's card, or a step of a life event (counted from 0).
    """

    at: str
    procedure: str | None = None
    life_event: str | None = None
    step: int | None = None


@dataclass(frozen=True)
class CancelReminders:
    """Drop the reminders of the conversation that were not sent yet: the one at ``at``, or all of them."""

    at: str | None = None


@dataclass(frozen=True)
class CallBack:
    """Call the person: at ``at`` (ISO 8601 with offset), or as soon as the hours allow."""

    at: str | None = None


@dataclass(frozen=True)
class CancelCall:
    """Do not call the person after all, unless the call is being placed already."""


@dataclass(frozen=True)
class SendCopy:
    """Send these replies on another channel of the same person ("mándemelo por mensaje")."""

    channel: ChannelName
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class BringPerson:
    """Put the conversation in the queue for a person.

    ``topic``: ``procedure:<id>`` or ``life_event:<id>``; ``sensitive``: only a team that may see such matters gets it.
    """

    reason: HandoffReason
    channel: ChannelName
    topic: str | None = None
    sensitive: bool = False


@dataclass(frozen=True)
class LeaveQueue:
    """Take the conversation out of the queue for a person: she goes on with the assistant."""


Effect = Remind | CancelReminders | CallBack | CancelCall | SendCopy | BringPerson | LeaveQueue
