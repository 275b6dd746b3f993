"""The steps of a life event: their names, their options, and what the cards say of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.aspects import without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import roots, telling
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


_CLEARLY = 1.5
"""How many times better than any other step's a step's words must be hit for it to be named."""
_TITLE, _NAME = 2.0, 1.0


def named_step(know: Knowledge, event: LifeEvent, text: str, titles_only: bool = False) -> int | None:
    """Return the index of the step that the words of a text name, by its title or the names of its cards.

    A word that many steps share names none of them. None when no step is named clearly better than any other.
    """
    said = roots(" ".join(telling(without_question(know.without_place(text)))))
    titles = [roots(step.title) for step in event.steps]
    names: list[set[str]] = [
        set()
        if titles_only
        else {
            word
            for id_ in step.procedures
            if (card := know.catalogue.procedures.get(id_))
            for word in _names(know, card)
        }
        for step in event.steps
    ]
    in_titles = Counter(word for title in titles for word in title)
    in_names = Counter(word for title, name in zip(titles, names, strict=True) for word in title | name)
    scores = [
        sum(_TITLE / in_titles[word] if word in title else _NAME / in_names[word] for word in said & (title | name))
        for title, name in zip(titles, names, strict=True)
    ]
    best = max(scores, default=0.0)
    if best < _NAME / 2:
        return None
    near = [index for index, score in enumerate(scores) if score * _CLEARLY > best]
    for_all = [index for index in near if not is_conditional(event.steps[index])]
    return near[0] if len(near) == 1 else for_all[0] if len(for_all) == 1 else None


def _names(know: Knowledge, card: Procedure) -> set[str]:
    family = know.catalogue.families.get(card.family or "")
    return roots(" ".join((card.name, card.short, *card.aliases, family.name if family else "")))


def is_conditional(step: LifeEventStep) -> bool:
    """Say whether a step is only for some ("Si lo deportaron, …"): such a one has no place in an order."""
    return step.title.lower().startswith("si ")


_REMOTE = frozenset({"web", "app", "phone", "whatsapp"})


def facts_of(turn: Turn, know: Knowledge, event: LifeEvent, indexes: Sequence[int]) -> tuple[StepFacts, ...]:
    """Return what the cards of these steps say. Of violence nothing: there safety decides, not cost or comfort."""
    if event.sensitive == "violence":
        return ()
    return tuple(_facts(turn, know, event.steps[index]) for index in indexes)


def steps_here(turn: Turn, know: Knowledge, event: LifeEvent, indexes: Sequence[int]) -> tuple[LifeEventStep, ...]:
    """Return these steps, each with the time limit of the person's place where that place's own card tells one.

    What the life event's card says of a limit that differs by place is for those whose place is not known.
    """
    return tuple(_here(turn, know, event.steps[index]) for index in indexes)


def _here(turn: Turn, know: Knowledge, step: LifeEventStep) -> LifeEventStep:
    card = _chosen(turn, know, step)
    own = card.deadline if card is not None and card.jurisdiction.state and len(step.procedures) > 1 else None
    return replace(step, deadline=own) if own else step


def _chosen(turn: Turn, know: Knowledge, step: LifeEventStep) -> Procedure | None:
    """Return the card of the person's place, among those that a step may take."""
    known = [card for id_ in step.procedures if (card := know.catalogue.procedures.get(id_)) is not None]
    return cards.choose(known, turn.place).procedure if turn.place else None


def _facts(turn: Turn, know: Knowledge, step: LifeEventStep) -> StepFacts:
    known = [card for id_ in step.procedures if (card := know.catalogue.procedures.get(id_)) is not None]
    chosen = _chosen(turn, know, step)
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
