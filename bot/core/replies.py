"""What the assistant says: semantic replies. The engine says what; a channel's renderer says how.

No sentence is in here: ``phrase`` is a key of ``locale/``, and facts come from a card.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from bot.core.procedures import Cost, LifeEvent, Procedure

Aspect = Literal[
    "overview",
    "requirements",
    "cost",
    "where",
    "hours",
    "duration",
    "who",
    "output",
    "deadline",
    "notes",
    "source",
    "simple",
]
"""The part of a card that was asked for. ``overview`` is the answer when nothing narrower was asked,
``simple`` the least of it for who did not understand."""

Wanted = Literal["place", "yes_no", "date"]

HandoffReason = Literal["asked", "not_understood", "upset", "emergency", "rule"]


@dataclass(frozen=True)
class Say:
    """One phrase of ``locale/`` with the values it interpolates (already text; numbers and dates formatted later)."""

    phrase: str
    params: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Option:
    """One thing to pick. ``label`` is shown; when ``phrase`` is set the label is that phrase of ``locale/``."""

    id: str
    label: str = ""
    phrase: str | None = None
    description: str = ""


@dataclass(frozen=True)
class Ask:
    """A question, with or without options. At most one ends a turn; its options stay open until the next turn.

    ``wants`` says what a free answer is expected to be: a channel may offer a way to give it (a position, on
    WhatsApp) or listen for it (on a call).
    """

    phrase: str
    options: tuple[Option, ...] = ()
    params: dict[str, str] = field(default_factory=dict)
    wants: Wanted | None = None


@dataclass(frozen=True)
class ShowProcedure:
    """Answer from a card that is already narrowed to the person's case and state (``bot.core.procedures.narrow``).

    ``aspects`` in the order asked; ``state`` is the state the answer is for, when one is known;
    ``conditions`` maps a requirement's or price's open condition ids and values to the words that say it
    (``{"cremation": {"yes": "si habrá cremación"}}``), so that a renderer needs nothing but this reply.
    ``before_question``: what the case decides is asked right after, and the answer comes again for it; where room is
    short, what to bring comes before the rest.
    """

    procedure: Procedure
    aspects: tuple[Aspect, ...] = ("overview",)
    state: str | None = None
    conditions: dict[str, dict[str, str]] = field(default_factory=dict)
    before_question: bool = False


@dataclass(frozen=True)
class StepFacts:
    """What the cards of a step say, where all that can apply to the person say the same.

    ``cost`` None: they differ, or do not know. ``from_home``: everything can be done without going anywhere.
    """

    cost: Cost | None = None
    from_home: bool = False


@dataclass(frozen=True)
class ShowLifeEvent:
    """The steps of a life event, in order. ``options`` pick a step's card, one option a step.

    ``facts`` has one entry a step, or none at all.
    """

    life_event: LifeEvent
    options: tuple[Option, ...] = ()
    facts: tuple[StepFacts, ...] = ()


@dataclass(frozen=True)
class ShowPlan(ShowLifeEvent):
    """A plan: ``life_event`` holds only the steps still open, the next one first; ``done`` the titles of the others."""

    done: tuple[str, ...] = ()


@dataclass(frozen=True)
class Handoff:
    """Bring a person. What the citizen hears is said by the handoff part, not by the engine."""

    reason: HandoffReason


Reply = Say | Ask | ShowProcedure | ShowLifeEvent | ShowPlan | Handoff


def open_options(replies: tuple[Reply, ...]) -> tuple[Option, ...]:
    """Return the options that the person can pick after these replies (those of the last reply that has some)."""
    for reply in reversed(replies):
        if isinstance(reply, (Ask, ShowLifeEvent)) and reply.options:
            return reply.options
    return ()
