"""Every answer, for every card, case and channel, is made of that card and of ``locale/``, and of nothing else.

Word by word: what is neither on the card nor in a phrase is found; and number by number: prices, phones, dates,
addresses and articles must stand on the card as they are written, or follow from it in one of the few known ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
from babel.dates import get_month_names

from actions.dialogue.checklist import case_question, next_question
from bot import languages
from bot.catalogue.check import load_cards
from bot.catalogue.places import fold
from bot.core.codec import to_payload
from bot.core.phrases import Phrases
from bot.core.procedures import Case, Condition, Procedure, narrow
from bot.core.replies import Ask, Aspect, Reply, Say, ShowProcedure
from channels.registry import CHANNELS
from channels.wording import number_text, site_name

ROOT = Path(__file__).resolve().parents[2]
_LOADED, _ERRORS = load_cards(ROOT / "data")
CARDS = {each.card.id: each.card for each in _LOADED.procedures}
CONDITIONS = {each.card.id: each.card for each in _LOADED.conditions}
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)
_MOST_CASES = 40
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_WORD = re.compile(r"[^\W\d_]+")
_ADDRESS = re.compile(r"(?:[\w-]+\.)+(?:mx|com|org|net|gob|info)(?:/[^\s,;)]*)?", re.IGNORECASE)
_MONTHS = {fold(name) for width in ("abbreviated", "wide") for name in get_month_names(width, locale="es_MX").values()}


@pytest.fixture(scope="module")
def phrases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Phrases]:
    folder = tmp_path_factory.mktemp("locale")
    languages.build(ROOT / "locale", folder)
    return {name: Phrases.load(folder, "es_MX", name) for name in CHANNELS}


@pytest.fixture(scope="module")
def said_by_us() -> set[str]:
    """The words of every phrase, whatever its channel."""
    source = (ROOT / "locale/es_MX/LC_MESSAGES/ventanilla.po").read_text(encoding="utf-8")
    texts = re.findall(r'^(?:msgstr(?:\[\d\])? )?"(.*)"$', source, re.MULTILINE)
    return {word for text in texts for word in _WORD.findall(fold(re.sub(r"\{\w+\}|\\n", " ", text)))}


def strings(value: Any) -> Iterator[str]:
    """Yield every text and number of a card, however deep."""
    if isinstance(value, dict):
        for each in value.values():
            yield from strings(each)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from strings(each)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


class Allowed:
    """What answers about one card may be made of."""

    def __init__(self, card: Procedure, said_by_us: set[str]) -> None:
        named = {c for item in (*card.requirements, *card.cost.amounts) for c in item.when}
        of_conditions = [to_payload(CONDITIONS[c]) for c in named]
        texts = [*strings(to_payload(card)), *strings(of_conditions)]
        self.text = " ".join(texts).lower()
        self.words = {word for text in texts for word in _WORD.findall(fold(text))} | said_by_us | _MONTHS
        amounts = [value for each in card.cost.amounts for value in (each.amount, each.up_to) if value is not None]
        dates = [d for d in (*(s.date for s in (card.source, *card.sources)), card.research_date) if d]
        counts = range(1, max(len(card.requirements), len(card.channels), 12) + 1)
        self.numbers = {
            *(number for text in texts for number in _NUMBER.findall(text)),
            *(number_text(amount) for amount in amounts),
            *(str(int(part)) for date in dates for part in date.split("-")),
            *(str(each.as_of)[:4] for each in (card.cost, *card.cost.amounts)),
            *(str(count) for count in counts),  # an option's number, "+3 más", copies
        }
        self.sites = {site_name(s.url) for s in (card.source, *card.sources)}

    def wrong_in(self, text: str) -> list[str]:
        """Return what of a text stands neither on the card nor in a phrase."""
        addresses = [address.rstrip(".:").lower() for address in _ADDRESS.findall(text)]
        wrong = [address for address in addresses if address not in self.text and address not in self.sites]
        left = _ADDRESS.sub(" ", text)
        wrong += [number for number in _NUMBER.findall(left) if number not in self.numbers]
        cut = {match.group(1) for match in re.finditer(r"(\w+)…", fold(text))}
        return wrong + [word for word in _WORD.findall(fold(left)) if word not in self.words | cut]


def cases(card: Procedure) -> list[Case]:
    """Return every combination of answers, open ones included; of very many, an even choice."""
    named = sorted({c for item in (*card.requirements, *card.cost.amounts) for c in item.when})
    every = [
        {c: value for c, value in zip(named, values, strict=True) if value}
        for values in product(*([None, *(v.id for v in CONDITIONS[c].values)] for c in named))
    ]
    return every[:: max(1, len(every) // _MOST_CASES)]


def open_words(card: Procedure, case: Case) -> dict[str, dict[str, str]]:
    named = {c for item in (*card.requirements, *card.cost.amounts) for c in item.when} - set(case)
    return {c: {v.id: v.if_text for v in CONDITIONS[c].values} for c in named}


def answers(card: Procedure) -> Iterator[tuple[Reply, ...]]:
    """Yield every answer that the dialogue can give from a card, with the question that follows it."""
    states = {amount.state for amount in card.cost.amounts if amount.state} | {None}
    for case in cases(card):
        for state in sorted(states, key=str)[:3]:
            narrowed = narrow(card, case, state)
            shown = ShowProcedure(narrowed, ("overview",), state, open_words(narrowed, case))
            condition: Condition | None = next_question(card, CONDITIONS, case, ("overview",), state)
            yield (shown, case_question(condition)) if condition else (shown,)
    for aspect in ASPECTS:
        yield (ShowProcedure(card, (aspect,), None, open_words(card, {})),)


def test_the_cards_can_be_read():
    assert _ERRORS == []
    assert len(CARDS) > 90


@pytest.mark.parametrize("channel", sorted(CHANNELS))
@pytest.mark.parametrize("id_", sorted(CARDS))
def test_an_answer_says_only_what_its_card_says(
    id_: str, channel: str, phrases: dict[str, Phrases], said_by_us: set[str]
):
    allowed = Allowed(CARDS[id_], said_by_us)
    for replies in answers(CARDS[id_]):
        rendered = CHANNELS[channel].render(replies, phrases[channel])  # type: ignore[index]
        texts = [message.text for message in (*rendered.messages, *rendered.more)]
        assert texts
        wrong = [each for text in texts for each in allowed.wrong_in(text)]
        assert wrong == [], "\n---\n".join(texts)


@pytest.mark.parametrize("id_", sorted(CARDS))
def test_a_question_stands_whole_in_the_first_sms(id_: str, phrases: dict[str, Phrases]):
    for replies in answers(CARDS[id_]):
        if isinstance(replies[-1], Ask):
            first = CHANNELS["sms"].render((*replies, Say("privacy_first")), phrases["sms"]).messages
            assert len(first) == 1
            for number in range(1, len(replies[-1].options) + 1):
                assert f"\n{number}) " in first[0].text, first[0].text


def test_what_is_on_no_card_is_found(said_by_us: set[str]):
    allowed = Allowed(CARDS["pasaporte-adulto"], said_by_us)
    assert allowed.wrong_in("Costo 2026: $1,795 (3 años)") == []
    assert allowed.wrong_in("Costo 2026: $1,796") == ["1,796"]
    assert allowed.wrong_in("Llame al 55 8932 4828") == ["4828"]
    assert allowed.wrong_in("Lleve pasaportes-rapidos.com") == ["pasaportes-rapidos.com"]
    assert allowed.wrong_in("Piden: escafandra") == ["escafandra"]
