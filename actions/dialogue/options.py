"""What was to be chosen from, when no option was picked: the next words and the first ones choose together.

"¿Cuál de estos trámites es?" is asked once. Whatever comes next, if it is of these at all, is answered from the
likeliest of them, and the others are offered after the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards, cases
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import roots, without_persons
from actions.dialogue.turn import Answer, Pending, Turn
from bot.catalogue.search import Hit
from bot.core.procedures import Procedure
from bot.core.replies import Ask, Aspect, Option

ALIKE = 2.0
"""How many times likelier one option must be for its rivals not to be offered any more."""


def by_likelihood(know: Knowledge, candidates: Sequence[str], hits: Sequence[Hit]) -> list[tuple[str, float]]:
    """Return the options (procedures and families) with what a search of both messages makes of them, best first."""
    scores: dict[str, float] = {}
    for hit in hits:
        card = know.catalogue.procedures.get(hit.id)
        for id_ in (f"procedure:{hit.id}", f"family:{card.family}" if card and card.family else "", f"menu:{hit.id}"):
            scores[id_] = max(scores.get(id_, 0.0), hit.score)
    ranked = [(option, scores.get(option, 0.0)) for option in candidates if option.partition(":")[0] in _KINDS]
    return sorted(ranked, key=lambda item: (item[0].partition(":")[2] in cards.HELP_CARDS, -item[1]))


_KINDS = ("procedure", "family")


def told_apart(turn: Turn, know: Knowledge, candidates: Sequence[str]) -> str | None:
    """Return the option that a word of the message tells from all others ("la de la luz", "me lo robaron")."""
    said = roots(without_persons(know.without_place(turn.text)))
    names = {option: _names(know, option) for option in candidates if option.partition(":")[0] in _KINDS}
    counts = {option: len(said & own) for option, own in names.items()}
    best = max(counts.values(), default=0)
    fitting = [option for option, count in counts.items() if count == best and best]
    return fitting[0] if len(fitting) == 1 else None


def tells_case_of(turn: Turn, know: Knowledge, candidates: Sequence[str]) -> str | None:
    """Return the only option whose card asks for what is told of the case ("no la tengo, me la robaron")."""
    asks = [
        option
        for option in candidates
        if any(cases.told(turn.text, cards.card_conditions(know, card)) for card in cards_of(know, option))
    ]
    return asks[0] if len(asks) == 1 else None


def tells_kind_of(turn: Turn, know: Knowledge, candidates: Sequence[str]) -> Procedure | None:
    """Return the only card that asks for the kind of case that is told: lost, again, for the first time."""
    kinds = [each for id_ in KINDS_OF_CASE if (each := know.catalogue.conditions.get(id_)) is not None]
    told = set(cases.told(turn.text, kinds))
    known = [card for option in candidates for card in cards_of(know, option)]
    asks = [card for card in known if told & {condition.id for condition in cards.card_conditions(know, card)}]
    return asks[0] if len(asks) == 1 else None


KINDS_OF_CASE = ("occasion", "lost_or_stolen")
"""Conditions that tell which kind of a thing's procedures is meant: first, again, lost."""


def and_others(know: Knowledge, found: Answer, others: Sequence[str], pending: Pending) -> Answer:
    """Return an answer with the other options after it, unless it ends with a question of its own."""
    if not others or any(isinstance(reply, Ask) for reply in found.replies):
        return found
    options = tuple(option for id_ in others if (option := _option(know, id_)) is not None)
    if not options:
        return found
    again = replace(pending, candidates=tuple(others), tries=pending.tries + 1)
    asked = Ask("or_one_of_these", options)
    return replace(found, replies=(*found.replies, asked), memory=replace(found.memory, pending=again))


def likelier(
    turn: Turn, know: Knowledge, pending: Pending, hits: Sequence[Hit], wanted: Sequence[Aspect]
) -> Answer | None:
    """Answer what is asked from the likeliest option, and offer the others."""
    ranked = by_likelihood(know, pending.candidates, hits)
    if not ranked:
        return None
    chosen, best = ranked[0]
    others = [option for option, score in ranked[1:] if score * ALIKE >= best] if best else [o for o, _ in ranked[1:]]
    ids = [card.id for card in cards_of(know, chosen)]
    here = replace(turn.remember(pending=None), text=f"{pending.text}. {turn.text}")
    found = cards.settle(here, know, ids, wanted) if ids else None
    return and_others(know, found, others, pending) if found is not None else None


def asks_again(turn: Turn, found: Answer) -> bool:
    """Say whether an answer is nothing but the question that was just asked, to words of its own."""
    pending, previous = turn.memory.pending, last(turn.before)
    if pending is None or pending.kind != "clarify" or previous is None or not turn.text.strip():
        return False
    asked = [reply for reply in previous.replies if isinstance(reply, Ask) and reply.phrase == _QUESTION]
    return turn.intent not in _AGAIN and len(found.replies) == 1 and found.replies[0] in asked


_QUESTION = "which_procedure"
_AGAIN = frozenset({"repeat", "slower", "simpler", "go_back"})


def cards_of(know: Knowledge, option: str) -> list[Procedure]:
    """Return the cards that an option stands for."""
    kind, _, id_ = option.partition(":")
    if kind == "family":
        return list(know.catalogue.family_members(id_))
    card = know.catalogue.procedures.get(id_)
    return [card] if card is not None else []


def _names(know: Knowledge, option: str) -> set[str]:
    kind, _, id_ = option.partition(":")
    family = know.catalogue.families.get(id_) if kind == "family" else None
    own = " ".join((family.name, family.short)) if family is not None else ""
    aliases = (name for card in cards_of(know, option) for name in (card.name, card.short, *card.aliases))
    return roots(" ".join((own, *aliases)))


def _option(know: Knowledge, id_: str) -> Option | None:
    kind, _, value = id_.partition(":")
    found = (know.catalogue.families if kind == "family" else know.catalogue.procedures).get(value)
    return Option(id_, found.short) if found is not None else None
