"""The contract between worker and engine: ``POST /turns`` (DESIGN section 5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bot.core.effects import Effect, Remind
from bot.core.messages import ChannelName, Content
from bot.core.replies import Reply


@dataclass(frozen=True)
class Plan:
    """A life event that a person works through, kept until it is done or dropped.

    A step is named by its first procedure: a card may gain, lose or reorder steps while the plan is kept. ``opened_at``
    is when it was looked at last (ISO 8601 with offset).
    """

    life_event: str
    done: tuple[str, ...] = ()
    opened_at: str | None = None


@dataclass(frozen=True)
class Topic:
    """The running dialogue as it stood after the last turn: what goes on, on whatever channel comes next.

    ``memory`` holds the dialogue's slots by name, JSON-ready, without the empty ones; ``said`` the last answer in
    short (what the action server needs to say it again; no words). ``at`` is ISO 8601 with offset.
    """

    at: str
    channel: ChannelName
    memory: dict[str, Any] = field(default_factory=dict)
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class TurnContext:
    """What SQL knows of the person and the engine may need. None: not known.

    ``state``/``municipality`` were told or confirmed by the person; ``guessed_state`` comes from the number's
    area code and must be confirmed before it is used. ``now`` is the time, ISO 8601 with offset. ``plans`` are the
    latest first; ``reminders`` those that are still to come.
    """

    language: str = "es_MX"
    state: str | None = None
    municipality: str | None = None
    guessed_state: str | None = None
    now: str | None = None
    case: dict[str, str] = field(default_factory=dict)
    plans: tuple[Plan, ...] = ()
    topic: Topic | None = None
    reminders: tuple[Remind, ...] = ()


@dataclass(frozen=True)
class TurnRequest:
    """One message of one conversation. The same ``message_id`` again gets the same replies, and runs nothing twice."""

    message_id: str
    conversation_id: str
    channel: ChannelName
    content: Content
    context: TurnContext = TurnContext()


@dataclass(frozen=True)
class Understood:
    """How the engine read the message: for metrics, the console and the report of what people do not get."""

    intent: str
    confidence: float
    procedure: str | None = None
    life_event: str | None = None
    outcome: str | None = None


@dataclass(frozen=True)
class TurnResult:
    """The engine's answer: never empty. ``context`` is what must be remembered in SQL, None where nothing changed."""

    replies: tuple[Reply, ...]
    understood: Understood
    context: TurnContext | None = None
    effects: tuple[Effect, ...] = ()
    replayed: bool = False
