"""Which questions are asked, over all cards: none in vain, none twice, an end, and no matter in which order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actions.dialogue.checklist import MOST_QUESTIONS, case_question, next_question, shown
from bot.catalogue.check import load_cards
from bot.core.procedures import Case, Procedure, narrow
from bot.core.replies import Aspect

ROOT = Path(__file__).resolve().parents[3]
ASPECTS: tuple[tuple[Aspect, ...], ...] = (("overview",), ("requirements",), ("cost",), ("where",))


_LOADED, _ERRORS = load_cards(ROOT / "data")
CARDS = {each.card.id: each.card for each in _LOADED.procedures}
CONDITIONS = {each.card.id: each.card for each in _LOADED.conditions}


def conditions_of(card: Procedure) -> list[str]:
    return sorted({c for item in (*card.requirements, *card.cost.amounts) for c in item.when})


WITH_CONDITIONS = [id_ for id_, card in CARDS.items() if conditions_of(card)]


def cases(card: Procedure) -> Iterator[Case]:
    """Yield every combination of answers, conditions left open included."""
    named = conditions_of(card)
    for values in product(*([None, *(v.id for v in CONDITIONS[c].values)] for c in named)):
        yield {c: value for c, value in zip(named, values, strict=True) if value is not None}


def test_there_are_cards_with_conditions():
    assert _ERRORS == []
    assert len(WITH_CONDITIONS) > 30


@pytest.mark.parametrize("id_", WITH_CONDITIONS)
def test_no_question_is_asked_whose_answer_cannot_change_what_is_shown(id_: str):
    card = CARDS[id_]
    for case in cases(card):
        for aspects in ASPECTS:
            condition = next_question(card, CONDITIONS, case, aspects)
            if condition is None:
                continue
            assert condition.id not in case
            results = {shown(card, {**case, condition.id: value.id}, aspects) for value in condition.values}
            assert len(results) > 1


@pytest.mark.parametrize("id_", WITH_CONDITIONS)
def test_when_nothing_is_asked_no_answer_would_change_what_is_shown(id_: str):
    card = CARDS[id_]
    for case in cases(card):
        for aspects in ASPECTS:
            if next_question(card, CONDITIONS, case, aspects) is None:
                for open_one in set(conditions_of(card)) - set(case):
                    results = {shown(card, {**case, open_one: v.id}, aspects) for v in CONDITIONS[open_one].values}
                    assert len(results) == 1, open_one


@pytest.mark.parametrize("id_", WITH_CONDITIONS)
def test_the_questions_end_and_are_never_repeated(id_: str):
    card = CARDS[id_]
    for answers in product(*(CONDITIONS[c].values for c in conditions_of(card))):
        given_ = {c: value.id for c, value in zip(conditions_of(card), answers, strict=True)}
        case: Case = {}
        asked: list[str] = []
        while (condition := next_question(card, CONDITIONS, case, ("overview",), asked=asked)) is not None:
            asked.append(condition.id)
            case[condition.id] = given_[condition.id]
        assert len(asked) == len(set(asked)) <= MOST_QUESTIONS
        if len(asked) < MOST_QUESTIONS:  # nobody was spared a question: the list is that of the whole case
            assert narrow(card, case).requirements == narrow(card, given_).requirements
            assert narrow(card, case).cost == narrow(card, given_).cost


def test_where_and_when_are_no_matter_of_the_case():
    for id_ in WITH_CONDITIONS:
        assert next_question(CARDS[id_], CONDITIONS, {}, ("where", "hours", "duration")) is None


def test_a_price_alone_asks_only_what_decides_the_price():
    jalisco = CARDS["licencia-conducir-jalisco"]
    asked = next_question(jalisco, CONDITIONS, {"licence_type": "car"}, ("cost",))
    assert asked is not None
    assert asked.id == "occasion"
    assert next_question(jalisco, CONDITIONS, {"licence_type": "car", "occasion": "first"}, ("cost",)) is None
    assert next_question(CARDS["pasaporte-adulto"], CONDITIONS, {}, ("cost",)) is None


def test_what_settles_most_is_asked_first():
    first = next_question(CARDS["licencia-conducir-jalisco"], CONDITIONS, {}, ("overview",))
    assert first is not None
    assert first.id == "licence_type"


def test_a_question_offers_the_answers_of_its_card():
    ask = case_question(CONDITIONS["lost_or_stolen"])
    assert [option.id for option in ask.options] == [f"case:lost_or_stolen:{v}" for v in ("lost", "stolen", "have")]
    assert ask.params == {"question": CONDITIONS["lost_or_stolen"].question}
    assert case_question(CONDITIONS["cremation"]).wants == "yes_no"


@given(st.sampled_from(WITH_CONDITIONS), st.randoms(use_true_random=False))
@settings(max_examples=150, deadline=None)
def test_the_order_of_the_answers_does_not_matter(id_: str, chance: random.Random):
    card = CARDS[id_]
    given_ = {c: chance.choice(CONDITIONS[c].values).id for c in conditions_of(card)}

    def told(order: list[str]) -> tuple[object, object]:
        """Tell the case one condition after another, each time only if its answer could still change something."""
        case: Case = {}
        for condition in order:
            results = {shown(card, {**case, condition: v.id}, ("overview",)) for v in CONDITIONS[condition].values}
            if len(results) > 1:
                case[condition] = given_[condition]
        narrowed = narrow(card, case)
        return narrowed.requirements, narrowed.cost.amounts

    one, other = list(given_), list(given_)
    chance.shuffle(one)
    chance.shuffle(other)
    assert told(one) == told(other)
