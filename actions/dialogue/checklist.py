"""Which question makes a list this person's own. Pure: the cards and their conditions decide, nothing else.

A condition is asked only when its answers lead to different lists of what is shown; the one that settles most comes
first. Answers only take away from a list, so what cannot change it now cannot change it later either: the order of
the answers does not matter, and the questions end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bot.core.procedures import Amount, Case, Condition, Procedure, Requirement, applies, narrow
from bot.core.replies import Ask, Aspect, Option

MOST_QUESTIONS = 3
"""In a row about one matter; what is still open then stays in words ("si …")."""
_OF_REQUIREMENTS: frozenset[Aspect] = frozenset({"overview", "requirements"})
_OF_COST: frozenset[Aspect] = frozenset({"overview", "cost"})
PREFIX = "case"

Conditions = Mapping[str, Condition]


def next_question(
    card: Procedure,
    conditions: Conditions,
    case: Case,
    aspects: Sequence[Aspect],
    state: str | None = None,
    asked: Sequence[str] = (),
) -> Condition | None:
    """Return the condition to ask next, or None when no question is left that could change what is shown.

    ``asked`` were asked before: they are not asked again, whether they were answered or not.
    """
    if len(asked) >= MOST_QUESTIONS:
        return None
    card = narrow(card, case, state)
    open_ones = [c for c in _open(card, case, aspects) if c in conditions and c not in asked]
    deciding = [conditions[c] for c in open_ones if _decides(card, conditions[c], case, aspects)]
    return min(deciding, key=lambda condition: _left_open(card, condition, case, aspects), default=None)


def shown(card: Procedure, case: Case, aspects: Sequence[Aspect]) -> tuple[tuple[int, frozenset[str]], ...]:
    """Return what is shown in a case: the number of each item that can apply, and the conditions it still hangs on."""
    items = enumerate(_items(card, aspects))
    return tuple(
        (number, frozenset(item.when) - set(case)) for number, item in items if applies(item.when, case) is not False
    )


def case_question(condition: Condition) -> Ask:
    """Return the question with one option an answer: ``case:<condition>:<value>``."""
    options = tuple(Option(f"{PREFIX}:{condition.id}:{value.id}", value.label) for value in condition.values)
    yes_no = {value.id for value in condition.values} == {"yes", "no"}
    return Ask("case_question", options, {"question": condition.question}, wants="yes_no" if yes_no else None)


def _items(card: Procedure, aspects: Sequence[Aspect]) -> Iterator[Requirement | Amount]:
    if _OF_REQUIREMENTS & set(aspects):
        yield from card.requirements
    if _OF_COST & set(aspects):
        yield from card.cost.amounts


def _open(card: Procedure, case: Case, aspects: Sequence[Aspect]) -> list[str]:
    """Return the conditions that the items hang on and the case does not settle, in the order of the card."""
    named = (c for item in _items(card, aspects) if applies(item.when, case) is None for c in item.when)
    return [c for c in dict.fromkeys(named) if c not in case]


def _decides(card: Procedure, condition: Condition, case: Case, aspects: Sequence[Aspect]) -> bool:
    results = {shown(card, {**case, condition.id: value.id}, aspects) for value in condition.values}
    return len(results) > 1


def _left_open(card: Procedure, condition: Condition, case: Case, aspects: Sequence[Aspect]) -> int:
    """Return how many items stay undecided after an answer, summed over the answers (each counts the same)."""
    return (
        sum(
            applies(item.when, {**case, condition.id: value.id}) is None
            for value in condition.values
            for item in _items(card, aspects)
        )
        * _SCALE
        // len(condition.values)
    )


_SCALE = 60
"""Makes the mean over two to six answers a whole number."""
