"""What goes in and out of the API: checked on its way in, described by the OpenAPI document."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from bot.core.handoff import HandoffState
from bot.core.messages import ChannelName
from bot.core.replies import HandoffReason
from bot.desk.service import LONGEST_NOTE, LONGEST_TEXT
from bot.store.thread import EntryKind

_LONGEST_NAME = 64
_CONTROL = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_SOMETHING = rf"^[^{_CONTROL}]*[^{_CONTROL}\s][^{_CONTROL}]*$"
_ONE_LINE = r"^[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f\s][^\x00-\x1f\x7f]*$"

MessageText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TEXT, pattern=_SOMETHING)]
NoteText = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_NOTE, pattern=_SOMETHING)]
Name = Annotated[str, StringConstraints(min_length=1, max_length=_LONGEST_NAME, pattern=_ONE_LINE)]
Reason = Literal["solved", "informed", "elsewhere", "no_answer", "abusive", "other"]
State = Literal["waiting", "with_agent", "bot", "closed"]
Limit = Annotated[int, Field(ge=1, le=100)]

LARGEST_ID = 2**31 - 1


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Query(BaseModel):
    # Not strict: everything in an address is text.
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True, json_schema_serialization_defaults_required=True)


# ---- in


class Signed(_In):
    """Who of the desk's people acts."""

    agent: Name | None = Field(None, description="What the person reads as the agent's name; by default the desk's")


class Closing(Signed):
    """How a handoff is closed."""

    reason: Reason = Field(description="Why it is closed")


class Answer(_In):
    """An answer to the person."""

    text: MessageText = Field(description="What the person reads, on the channel that she wrote on")


class NewNote(_In):
    """An internal note."""

    text: NoteText = Field(description="Stays inside: it is never sent to anybody")


class HandoffQuery(_Query):
    """Which handoffs are listed."""

    state: Literal["open", "waiting", "with_agent", "bot", "closed"] = Field(
        "open", description="open: waiting and with_agent. bot: handed back or given up"
    )
    team: Name | None = Field(None, description="Only handoffs of this team, by name")
    limit: Limit = Field(50, description="How many at most")
    before: Annotated[int, Field(ge=1, le=LARGEST_ID)] | None = Field(
        None, description="`next` of the page before: handoffs with a lower id"
    )


class ThreadQuery(_Query):
    """Which part of a thread is read."""

    limit: Limit = Field(50, description="How many entries at most")
    before: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,120}$")] | None = Field(
        None, description="`next` of the page before: older entries"
    )


# ---- out


class Handoff(_Out):
    """A conversation that needs a person, or has one. No number is in it."""

    id: int
    conversation: str = Field(description="Opaque; the same for one person on every channel and in every handoff")
    state: State = Field(description="bot: the assistant has it again. closed: the matter is done")
    reason: HandoffReason = Field(description="Why a person is needed")
    channel: ChannelName = Field(description="Where the person asked, and is answered")
    language: str
    topic: str | None = Field(description="procedure:<id> or life_event:<id>, as far as it is known")
    sensitive: bool = Field(description="Violence, health or an emergency")
    priority: int = Field(description="Higher is more urgent")
    team: str | None
    agent: str | None = Field(description="Who has it, or had it at the end")
    yours: bool = Field(description="Whether this token's desk has it")
    asked_at: datetime
    waiting_since: datetime | None
    taken_at: datetime | None
    person_wrote_at: datetime | None
    agent_wrote_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class ReplyState(_Out):
    """How an answer would reach the person now."""

    possible: bool
    obstacle: str | None = Field(
        description="on_a_call, opted_out, unreachable, window_closed or nothing_to_say; null when it is possible"
    )
    window_open: bool = Field(description="False on WhatsApp after 24 hours: the answer goes by SMS, if it can")
    longest: int = Field(description="Characters of one answer")


class HandoffDetail(Handoff):
    """A handoff, and how it can be answered."""

    reply: ReplyState


class HandoffPage(_Out):
    """A page of handoffs, newest first."""

    handoffs: list[Handoff]
    next: int | None = Field(description="`before` of the next page; null on the last one")


class Understanding(_Out):
    """How the assistant read a message."""

    intent: str
    procedure: str | None
    life_event: str | None
    outcome: str | None


class ThreadEntry(_Out):
    """One thing in a conversation, on whatever channel."""

    kind: EntryKind = Field(description="in: the person. out: to the person. note: internal. event: hands changed")
    id: int = Field(description="Unique within its kind")
    at: datetime
    channel: ChannelName | None
    text: str = Field(description="As it is stored: identifiers of people are replaced by labels such as [CURP]")
    media: str | None = Field(description="Kind of a file, or location; the file itself is not kept")
    what: str = Field(description="out: who speaks (answer, agent, …). event: what happened")
    status: str | None = Field(description="How far what went out got")
    error: str | None
    who: str | None
    understood: Understanding | None


class ThreadPage(_Out):
    """A part of a thread, oldest first."""

    entries: list[ThreadEntry]
    next: str | None = Field(description="`before` of the older page; null when there is nothing older")


class SentMessage(_Out):
    """One message in the outbox."""

    id: str = Field(description="`delivery.id` of the events message.status")
    channel: ChannelName
    status: str
    at: datetime


class AnswerSent(_Out):
    """An answer on its way."""

    messages: list[SentMessage]
    replayed: bool = Field(description="True when this request had been made before: nothing was sent again")
    segments: int = Field(description="SMS segments that are billed; 0 on other channels, and when replayed")


class NoteAdded(_Out):
    """An internal note."""

    id: int


class FieldError(_Out):
    """What is wrong with a field."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    detail: str | None = None
    errors: list[FieldError] | None = None
    state: State | None = Field(None, description="not_yours: the handoff's state")
    agent: str | None = Field(None, description="not_yours: who has it")
    obstacle: str | None = Field(None, description="cannot_write: why")


# ---- events


class EventHandoff(_Out):
    """The handoff as it was when the event happened."""

    id: int
    conversation: str
    state: State
    reason: HandoffReason
    channel: ChannelName
    language: str
    topic: str | None
    sensitive: bool
    priority: int
    team: str | None
    agent: str | None
    asked_at: datetime
    end_reason: str | None


class EventMessage(_Out):
    """What the person wrote, redacted."""

    id: int
    channel: ChannelName
    text: str
    media: str | None
    at: datetime


class EventDelivery(_Out):
    """How far an agent's message got."""

    id: str
    status: str


class EventData(BaseModel):
    """What an event tells."""

    handoff: EventHandoff
    what: str | None = Field(None, description="handoff.*: what happened exactly, such as waited_too_long")
    by: str | None = Field(None, description="handoff.*: who did it, if anybody")
    message: EventMessage | None = Field(None, description="message.received")
    delivery: EventDelivery | None = Field(None, description="message.status")


class Event(BaseModel):
    """The body of a webhook."""

    type: str
    timestamp: datetime
    data: EventData


def state_of(state: HandoffState) -> Any:
    """Return a state's name, of the type that answers have."""
    return state.value
