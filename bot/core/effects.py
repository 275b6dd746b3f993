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
    """Drop every reminder of the conversation that was not sent yet."""


@dataclass(frozen=True)
class CallBack:
    """Call the person: at ``at`` (ISO 8601 with offset), or as soon as the hours allow."""

    at: str | None = None


@dataclass(frozen=True)
class SendCopy:
    """Send these replies on another channel of the same person ("mándemelo por mensaje")."""

    channel: ChannelName
    replies: tuple[Reply, ...]


@dataclass(frozen=True)
class BringPerson:
    """Put the conversation in the queue for a person. ``note``: what to tell the agent (ids and keys, no free text)."""

    reason: HandoffReason
    note: str = ""


Effect = Remind | CancelReminders | CallBack | SendCopy | BringPerson
