"""The facts of a card, ranked for a message by what thousands of messages taught.

A model gives each fact of the card a chance to be what answers, and one more to "the card does not tell it". It adds up
the values of :mod:`actions.dialogue.facts`, how near the message is to messages of other people that the fact is known
to answer (the examples, ``data/about/doubts.jsonl``), which kinds of fact such a message asks for, and which sentences
go with it, the last two learned on sentence vectors. A card that is new has no examples and is ranked by the rest:
adding a card needs no fitting. An example whose sentence was changed on its card no longer counts.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actions.dialogue.aspects import asked
from actions.dialogue.facts import KINDS, Fact, shares, vectors, weighed
from actions.dialogue.knowledge import PREPARES, Knowledge
from actions.dialogue.topics import can_tell, topics_of
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure

WEIGHTS = Path(__file__).with_name("ranking.npz")
"""What ``scripts/fit_facts.py`` fitted."""
Floats = Any
"""A numpy array of floats."""


@dataclass(frozen=True)
class Ranked:
    """A fact and the chance, 0 to 1, that it answers."""

    fact: Fact
    chance: float


@dataclass(frozen=True)
class Ranking:
    """The facts of a card for one message, the likeliest first.

    ``untold``: the chance that the card tells nothing of what is asked; ``like_here`` and ``like_elsewhere``: how near
    (up to 1) the nearest example of this card is, and of any other.
    """

    facts: list[Ranked]
    untold: float
    like_here: float
    like_elsewhere: float


def ranked(
    know: Knowledge, card: Procedure, text: str, ranking: Sequence[tuple[str, float]], model: Model | None = None
) -> Ranking:
    """Rank the facts of a card for a text.

    ``ranking``: the classifier's intents with their confidence; ``model``: another than the project's.
    """
    model, found = model or default_model(), weighed(know, card, text, ranking)
    if not found.facts:
        return Ranking([], 1.0, 0.0, 0.0)
    fits = found.message.shape == model.basis.shape[:1]  # another encoder's vectors say nothing to this model
    near = model.examples @ shortened(found.message, model.basis) if fits else np.zeros(len(model.cards))
    card_code = code(card.id)
    examples = [(near[row], model.answers[row]) for row in model.of_card.get(card_code, ())] if fits else []
    values = with_examples(np.array(found.values), [code_of(fact) for fact in found.facts], examples)
    total = values @ model.weights
    if fits:
        total[:-1] += np.array(found.vectors) @ (model.tells @ (found.message @ model.asks))
        total += (found.message @ model.kinds)[[*(KINDS.index(fact.kind) for fact in found.facts), len(KINDS)]]
    chances = np.exp(total - total.max())
    chances /= chances.sum()
    listed = [Ranked(fact, float(chance)) for fact, chance in zip(found.facts, chances[:-1], strict=True)]
    if "cost" not in asked(text):  # a label of a word or two is as near to anything
        listed = [each for each in listed if each.fact.kind != "amount" or shares(each.fact, text)]
    here = model.cards == card_code
    return Ranking(
        sorted(listed, key=lambda each: -each.chance),
        float(chances[-1]),
        float(near[here].max(initial=0.0)),
        float(near[~here].max(initial=0.0)),
    )


@dataclass(frozen=True)
class Near:
    """How near (up to 1) a message is to the nearest example of each card, by the card's id."""

    of_cards: dict[str, float]
    message: Floats

    def to(self, know: Knowledge, text: str) -> float:
        """Return how near the message is to another text."""
        return float(vectors(know, [normalise(text)])[0] @ self.message)


def likest(know: Knowledge, text: str) -> Near:
    """Return how near a text is to what people wrote about each card."""
    model, (message,) = default_model(), vectors(know, [know.without_place(text)])
    if message.shape != model.basis.shape[:1]:
        return Near({}, message)
    near = model.examples @ shortened(message, model.basis)
    ids = {code(id_): id_ for id_ in know.catalogue.procedures}
    found = {ids[card]: float(near[list(rows)].max()) for card, rows in model.of_card.items() if card in ids}
    return Near(found, message)


RANK = 16
"""Numbers by which a message and a sentence that answers it are alike."""
_OF_EXAMPLES = 3
_OF_NOTHING = 7


def with_examples(values: Floats, codes: Sequence[int], examples: Sequence[tuple[float, Sequence[int]]]) -> Floats:
    """Return the values of facts with those of the examples beside them, and a last row for "it is not told".

    ``examples``: how near each is to the message, and the codes of the facts that answer it; those of none are not
    told. One whose facts are all gone from the card says nothing.
    """
    count = len(codes)
    there = {code: row for row, code in enumerate(codes)}
    near = np.zeros((count + 1, _OF_EXAMPLES))
    nearest = 0.0
    for likeness, answers in examples:
        likeness = max(likeness, 0.0)
        rows = [there[each] for each in answers if each in there] if answers else [count]
        if not rows:
            continue
        nearest = max(nearest, likeness)
        share = likeness / len(rows) ** _SHARED
        for row in rows:
            near[row, 0] = max(near[row, 0], share)
            near[row, 1] += max(likeness - _NEAR, 0.0) / len(rows) ** _SHARED
    near[:, 2] = near[:, 0] - nearest
    made = np.zeros((count + 1, values.shape[1] + _OF_EXAMPLES + _OF_NOTHING))
    made[:count, : values.shape[1]] = values
    made[:count, values.shape[1] : -_OF_NOTHING] = near[:count]
    best = float(near[:count, 0].max(initial=0.0))
    made[count, -_OF_NOTHING:] = (*near[count], 1.0, float(values[:, 0].max(initial=0.0)), best, nearest)
    return made


_SHARED = 0.25
"""An example that several facts answer says less of each: the power of their number by which it is divided."""
_NEAR = 0.5
"""From this likeness on several examples of one fact add up."""


def code_of(fact: Fact) -> int:
    """Return the number that a fact has in the examples: of its kind and words, so that a changed one is another."""
    return code(f"{fact.kind}\n{fact.text}")


def code(text: str) -> int:
    """Return a number for a text."""
    return zlib.crc32(text.encode("utf-8"))


@dataclass(frozen=True)
class Model:
    """The fitted arrays: ``weights`` of the values; ``asks`` and ``tells`` (a vector's size by :data:`RANK`), whose
    product says which sentences go with which message; ``kinds``, by which a message asks for kinds of fact;
    ``basis``, which makes a sentence vector short; ``examples``, short vectors, a row each, with the code of the card
    (``cards``) and of the facts that answer (``answers``); ``of_card``: the rows of each card.
    """

    weights: Floats
    asks: Floats
    tells: Floats
    kinds: Floats
    basis: Floats
    examples: Floats
    cards: Floats
    answers: tuple[tuple[int, ...], ...]
    of_card: dict[int, tuple[int, ...]]

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Model:
        """Return the model of the arrays that ``scripts/fit_facts.py`` writes.

        ``ends``: where the codes of each example's facts end in ``answers``.
        """
        ends, codes = [int(each) for each in arrays["ends"]], [int(each) for each in arrays["answers"]]
        of_card: dict[int, list[int]] = {}
        for row, card in enumerate(arrays["cards"]):
            of_card.setdefault(int(card), []).append(row)
        return cls(
            **{name: arrays[name].astype(float) for name in ("weights", "asks", "tells", "kinds")},
            basis=arrays["basis"].astype(np.float32),
            examples=arrays["examples"].astype(np.float32) / SCALE,
            cards=arrays["cards"],
            answers=tuple(tuple(codes[start:end]) for start, end in zip((0, *ends[:-1]), ends, strict=True)),
            of_card={card: tuple(rows) for card, rows in of_card.items()},
        )


def shortened(vector: Floats, basis: Floats) -> Floats:
    """Return a sentence vector in fewer numbers."""
    return vector @ basis


SCALE = 127.0
"""Examples are kept in a byte a number."""


@lru_cache(maxsize=1)
def default_model() -> Model:
    """Return the project's model."""
    with np.load(WEIGHTS, allow_pickle=False) as kept:
        return Model.of({name: kept[name] for name in kept.files})


def surely_told(found: Ranking) -> float:
    """Return how much likelier it is that the card tells what is asked than that it does not (a logarithm)."""
    return math.log(max(1 - found.untold, _LEAST) / max(found.untold, _LEAST))


_LEAST = 1e-4


def _ready(know: Knowledge) -> None:
    """Work out what is compared with every message: the vectors of all facts, rare words, topics, the model."""
    if can_tell(know) and know.catalogue.procedures:
        topics_of(know.search)
        for card in know.catalogue.procedures.values():
            ranked(know, card, "", ())


PREPARES.append(_ready)
