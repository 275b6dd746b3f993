"""The steps of a life event: their names, their options, and what the cards say of each."""

from __future__ import annotations

from collections.abc import Sequence

from actions.dialogue import cards
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Turn
from bot.catalogue.search import Hit
from bot.core.procedures import LifeEvent, LifeEventStep, Procedure, narrow
from bot.core.replies import Option, StepFacts


def key_of(step: LifeEventStep) -> str:
    """Return what a plan calls a step: its first procedure, one of its kind on a life event's card."""
    return step.procedures[0]


def step_options(event: LifeEvent) -> tuple[Option, ...]:
    """Return one option a step: ``step:<event>:<index>``, counted from 0 in the order of the card."""
    return tuple(Option(f"step:{event.id}:{index}", step.title) for index, step in enumerate(event.steps))


_LEAST = 0.1
_AHEAD = 3.0
"""How many times likelier than any other a procedure must be for its step to be the one that the words point at."""


def pointed_at(know: Knowledge, event: LifeEvent, hits: Sequence[Hit]) -> int | None:
    """Return the index of the step that a search's hits point at: its procedure comes first, well ahead of others."""
    ranked = [hit for hit in hits if hit.kind == "procedure"]
    if not ranked or ranked[0].score < _LEAST:
        return None
    family = set(cards.siblings(know, know.catalogue.procedures[ranked[0].id]))
    index = next((i for i, step in enumerate(event.steps) if family & set(step.procedures)), None)
    if index is None:
        return None
    same = family | set(event.steps[index].procedures)
    rival = next((hit.score for hit in ranked[1:] if hit.id not in same), 0.0)
    return index if ranked[0].score >= _AHEAD * rival else None


def is_conditional(step: LifeEventStep) -> bool:
    """Say whether a step is only for some ("Si lo deportaron, …"): such a one has no place in an order."""
    return step.title.lower().startswith("si ")


_REMOTE = frozenset({"web", "app", "phone", "whatsapp"})


def facts_of(turn: Turn, know: Knowledge, event: LifeEvent, indexes: Sequence[int]) -> tuple[StepFacts, ...]:
    """Return what the cards of these steps say. Of violence nothing: there safety decides, not cost or comfort."""
    if event.sensitive == "violence":
        return ()
    return tuple(_facts(turn, know, event.steps[index]) for index in indexes)


def _facts(turn: Turn, know: Knowledge, step: LifeEventStep) -> StepFacts:
    known = [card for id_ in step.procedures if (card := know.catalogue.procedures.get(id_)) is not None]
    chosen = cards.choose(known, turn.place).procedure if turn.place else None
    state = turn.place.state if turn.place else None
    fitting = [narrow(card, turn.case, state) for card in ([chosen] if chosen else known)]
    costs = {_plain_cost(card) for card in fitting}
    agreed = len(costs) == 1 and None not in costs
    return StepFacts(
        fitting[0].cost if agreed else None, bool(fitting) and all(_from_home(card, know) for card in fitting)
    )


def _plain_cost(card: Procedure) -> str | None:
    """Return a price that needs no explanation, as text to compare: free, or one amount for everybody."""
    if card.cost.free:
        return "free"
    amounts = card.cost.amounts
    if len(amounts) != 1 or amounts[0].state or amounts[0].when or amounts[0].up_to is not None:
        return None
    return f"{amounts[0].amount} {amounts[0].currency}"


def _from_home(card: Procedure, know: Knowledge) -> bool:
    """Whether the card has only ways that need no going, or says what is asked of those who do it online."""
    ways = {channel.type for channel in card.channels}
    if ways and ways <= _REMOTE:
        return True
    return bool(ways & _REMOTE) and "online" in know.catalogue.condition_words(card).get("via", {})
