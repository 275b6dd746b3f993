"""What an action gets and gives: a turn with the conversation's memory, and an answer with the memory after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from actions.dialogue.clock import local_now
from bot.catalogue.places import Place
from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.effects import Effect
from bot.core.messages import ChannelName
from bot.core.procedures import Case
from bot.core.replies import Aspect, Reply
from bot.core.turns import TurnContext

Outcome = Literal[
    "answer",
    "clarify",
    "ask_place",
    "life_event",
    "menu",
    "smalltalk",
    "handoff",
    "privacy",
    "emergency",
    "out_of_scope",
]
PendingKind = Literal[
    "place", "cost_place", "clarify", "confirm_place", "topic", "case", "continue", "drop_plan", "remind_at", "step"
]


@dataclass(frozen=True)
class Pending:
    """What was asked and is not answered yet. It holds for the next turn only.

    ``place``: where, to choose among ``candidates`` (procedure ids; none: only to know where the person is);
    ``cost_place``: the state whose price to give of the only candidate; ``clarify``: which of ``candidates`` (option
    ids); ``topic``: which procedure, for ``aspects``; ``confirm_place``: whether ``state``/``municipality`` is right,
    and ``then`` what waits for it; ``case``: a condition of a card, ``candidates`` being the two ids;
    ``continue``: whether to go on with what ``then`` waits for; ``drop_plan``: whether to forget the plan of the life
    event ``candidates``; ``remind_at``: when to remind, ``text`` being what was said of it; ``step``: nothing was
    asked, steps were shown, and the words ``text`` point at the one with the procedures ``candidates`` (none: at none;
    ``tries`` 1: at the one that everybody begins with).
    ``after``: another question of the same message, put off until this one is answered.
    """

    kind: PendingKind
    candidates: tuple[str, ...] = ()
    aspects: tuple[Aspect, ...] = ()
    text: str = ""
    state: str | None = None
    municipality: str | None = None
    tries: int = 0
    then: Pending | None = None
    after: str = ""


@dataclass(frozen=True)
class Memory:
    """The slots: what this conversation remembers. Field names are the slots' names in domain.yml.

    ``asked``: the conditions that were asked for the matter in view; ``for_other``: it is another person's, and
    ``own_case`` what was known of the first one's.
    """

    last_procedure: str | None = None
    last_life_event: str | None = None
    last_aspects: tuple[Aspect, ...] = ()
    pending: Pending | None = None
    state: str | None = None
    municipality: str | None = None
    misunderstandings: int = 0
    case: Case = field(default_factory=dict)
    asked: tuple[str, ...] = ()
    for_other: bool = False
    own_case: Case = field(default_factory=dict)

    @staticmethod
    def from_slots(slots: Mapping[str, Any]) -> Memory:
        """Read the slots. One written by another version is forgotten, not an error: the conversation goes on."""
        known: dict[str, Any] = {}
        for name, kind in _KINDS.items():
            if slots.get(name) is not None:
                try:
                    known[name] = from_payload(kind, _whole(slots[name]))
                except PayloadError:
                    continue
        return Memory(**known)

    @property
    def pending_kind(self) -> PendingKind | None:
        """What kind of question waits, if one does."""
        return self.pending.kind if self.pending else None

    def slots(self) -> dict[str, Any]:
        """Return every slot's value, JSON-ready; what is empty is None."""
        return {name: to_payload(getattr(self, name)) or None for name in _KINDS}


_KINDS: dict[str, Any] = {
    "last_procedure": str,
    "last_life_event": str,
    "last_aspects": tuple[Aspect, ...],
    "pending": Pending,
    "state": str,
    "municipality": str,
    "misunderstandings": int,
    "case": dict[str, str],
    "asked": tuple[str, ...],
    "for_other": bool,
    "own_case": dict[str, str],
}


def _whole(value: Any) -> Any:
    """Turn a float that JSON or Rasa made of a count back into the count."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@dataclass(frozen=True)
class Turn:
    """One message as understood.

    ``ranking``: the classifier's intents with their confidence, the one decided on first; ``before``: the turns already
    answered, oldest first (for repeat, go back).
    """

    text: str
    intent: str = ""
    confidence: float = 0.0
    entities: Mapping[str, Any] = field(default_factory=dict)
    context: TurnContext = field(default_factory=TurnContext)
    memory: Memory = field(default_factory=Memory)
    before: Sequence[PastTurn] = ()
    ranking: tuple[tuple[str, float], ...] = ()
    channel: ChannelName = "sms"

    @property
    def place(self) -> Place | None:
        """Where the person is or asks for: said in this conversation, else what SQL knows. Never a guess."""
        if self.memory.state:
            return Place(self.memory.state, self.memory.municipality)
        return Place(self.context.state, self.context.municipality) if self.context.state else None

    @property
    def case(self) -> Case:
        """What is known of the case: of the person herself as SQL knows her, and of this matter."""
        return {**self.known, **self.memory.case}

    @property
    def known(self) -> Case:
        """What SQL knows of the person, unless the matter is another's."""
        return {} if self.memory.for_other else self.context.case

    @property
    def now(self) -> datetime:
        """The time where the person is."""
        return local_now(self.context.now, self.place)

    def remember(self, **changes: Any) -> Turn:
        """Return the turn with its memory changed."""
        return replace(self, memory=replace(self.memory, **changes))


@dataclass(frozen=True)
class PastTurn:
    """A turn of this session that was answered: its intent, its replies, and the memory after it."""

    intent: str
    replies: tuple[Reply, ...]
    memory: Memory


@dataclass(frozen=True)
class Answer:
    """What to say, what to remember, and how the message was taken (``bot.core.turns.Understood``)."""

    replies: tuple[Reply, ...]
    memory: Memory
    outcome: Outcome
    procedure: str | None = None
    life_event: str | None = None
    context: TurnContext | None = None
    effects: tuple[Effect, ...] = ()

    def preceded_by(self, *replies: Reply) -> Answer:
        """Return the answer with ``replies`` said first."""
        return replace(self, replies=(*replies, *self.replies))


def answer(turn: Turn, outcome: Outcome, *replies: Reply, pending: Pending | None = None, **extra: Any) -> Answer:
    """Make an answer that was understood: misunderstandings are forgiven, and only ``pending`` stays open."""
    memory = replace(turn.memory, pending=pending, misunderstandings=0)
    return Answer(replies=replies, memory=memory, outcome=outcome, **extra)


def moved_to(turn: Turn, place: Place) -> tuple[Turn, TurnContext]:
    """Return the turn in another place, and the context to keep in SQL, since the person said it is hers."""
    moved = turn.remember(state=place.state, municipality=place.municipality)
    return moved, replace(turn.context, state=place.state, municipality=place.municipality)
