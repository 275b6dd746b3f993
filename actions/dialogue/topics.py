"""What a catalogue's cards are called and say, all of them at hand to be compared with a message."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import root
from bot.catalogue.search import Search
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure


def can_tell(know: Knowledge) -> bool:
    """Say whether all topics are at hand to be compared: a very big catalogue has no index of them."""
    return hasattr(know.search, "index")


def compared_topics(know: Knowledge, text: str) -> dict[str, float]:
    """Return how well each procedure (or family of them) fits a text, whatever is in view, by its name."""
    topics = topics_of(know.search)
    scores = know.search.look_at(know.search.read(text), state=None, municipality=None, recent=None).scored.scores
    return {topics.names[number]: float(scores[number]) for number in topics.procedures}


@dataclass(frozen=True)
class Topics:
    """What a catalogue's cards are called and say, ready to be compared."""

    names: tuple[str, ...]
    procedures: tuple[int, ...]
    """The topics that are procedures or families of them, by their number in the search."""
    first_card: dict[str, str]
    roots: dict[str, frozenset[str]]
    """The roots of all words of each card, by its id."""
    rare: dict[str, float]
    rarest: float

    def card(self, know: Knowledge, number: int) -> Procedure:
        """Return the first card of a topic."""
        return know.catalogue.procedures[self.first_card[self.names[number]]]

    def said_on(self, id_: str) -> frozenset[str]:
        """Return the roots of the words of a card."""
        return self.roots[id_]

    def weight(self, found: set[str]) -> float:
        """Return how much words tell: a word of few cards more than one of many, a word of none most."""
        return sum(self.rare.get(word, self.rarest) for word in found)


@lru_cache(maxsize=2)
def topics_of(search: Search) -> Topics:
    """Return what is compared of a catalogue, made once for each."""
    roots = {
        card.id: frozenset(root(word) for text in _told(card) for word in normalise(text).split())
        for card in search.catalogue.procedures.values()
    }
    counts = Counter(word for words in roots.values() for word in words)
    rare = {word: math.log(len(roots) / count) for word, count in counts.items()}
    first: dict[str, str] = {}
    for card in search.catalogue.procedures.values():
        first.setdefault(card.family or card.id, card.id)
    procedures = tuple(number for number, name in enumerate(search.index.topics) if name in first)
    return Topics(tuple(search.index.topics), procedures, first, roots, rare, math.log(max(len(roots), 2)))


def _told(card: Procedure) -> Iterator[str]:
    """Yield all that a card says in words."""
    yield from (card.name, card.short, card.summary, *card.aliases, *card.notes)
    yield from filter(None, (card.who, card.output, card.deadline, card.duration, card.cost.note))
    yield from filter(None, (amount.label for amount in card.cost.amounts))
    for needed in card.requirements:
        yield from filter(None, (needed.name, needed.note, *needed.accepts))
    yield from (channel.name for channel in card.channels)
