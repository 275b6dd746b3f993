"""Which step of the life event in view is meant, where no word of it was said: "¿y ahí me dan algo de dinero?".

Among all that a catalogue has, such a message is near to nothing; among the ten things that were just shown it is near
to one. The steps are compared by what the search finds, by messages that people wrote about their cards, by what they
wrote with that event in view (the examples, ``data/about/steps.jsonl``) and by their titles; how much each counts, and
whether any step is meant at all, is learned (``scripts/fit_steps.py``). A new event has no examples and goes by the
rest.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from actions.dialogue.knowledge import PREPARES, Knowledge
from actions.dialogue.ranking import SCALE, code, default_model, likest, shortened
from actions.dialogue.topics import compared_topics
from bot.core.procedures import LifeEvent, LifeEventStep

WEIGHTS = Path(__file__).with_name("steps_meant.npz")
"""What ``scripts/fit_steps.py`` fitted."""
_NEAR = 0.5
"""From this likeness on several examples of one step add up."""


@dataclass(frozen=True)
class Meant:
    """A step, its cards of one kind, and the chance that they are meant if any step is."""

    step: LifeEventStep
    cards: tuple[str, ...]
    chance: float


@dataclass(frozen=True)
class Weighed:
    """What was weighed of the kinds of card in a life event's steps (a row each), and of the message itself."""

    of_steps: tuple[tuple[LifeEventStep, tuple[str, ...]], ...]
    values: tuple[tuple[float, ...], ...]
    message: tuple[float, ...]


@dataclass(frozen=True)
class Written:
    """What people wrote with each life event in view, by its code: short vectors, a row each, and the codes of the
    cards that answer; of what means no step, none.
    """

    vectors: Mapping[int, Any]
    cards: Mapping[int, tuple[frozenset[int], ...]]

    @classmethod
    def of(cls, events: Sequence[int], vectors: Any, cards: Sequence[frozenset[int]]) -> Written:
        """Sort examples by their events."""
        rows: dict[int, list[int]] = {}
        for row, event in enumerate(events):
            rows.setdefault(int(event), []).append(row)
        return cls(
            {event: vectors[of_it] for event, of_it in rows.items()},
            {event: tuple(cards[row] for row in of_it) for event, of_it in rows.items()},
        )


def weighed(know: Knowledge, event: LifeEvent, text: str, written: Written | None = None) -> Weighed:
    """Return what tells which step of an event a text means; ``written``: other examples than the project's."""
    kinds: dict[str, tuple[LifeEventStep, tuple[str, ...]]] = {}
    for step in event.steps:
        for id_ in step.procedures:
            card = know.catalogue.procedures[id_]
            known = kinds.get(card.family or id_, (step, ()))
            kinds[card.family or id_] = (known[0], (*known[1], id_))
    scores = compared_topics(know, text)
    best_other = max((score for name, score in scores.items() if name not in kinds), default=0.0)
    near = likest(know, text)
    best_near = max(near.of_cards.values(), default=0.0)
    of_event, cards_of = _near_examples(written or _fitted().written, event, near.message)
    no_step = max((like for like, cards in zip(of_event, cards_of, strict=True) if not cards), default=0.0)
    any_step = max((like for like, cards in zip(of_event, cards_of, strict=True) if cards), default=0.0)
    values = []
    for name, (step, cards) in kinds.items():
        codes = {code(id_) for id_ in cards}
        likes = [like for like, answers in zip(of_event, cards_of, strict=True) if answers & codes]
        nearest = max(likes, default=0.0)
        of_search = (scores.get(name, 0.0), max((near.of_cards.get(id_, 0.0) for id_ in cards), default=0.0))
        together = sum(max(like - _NEAR, 0.0) for like in likes)
        values.append((*of_search, near.to(know, step.title), nearest, together, nearest - any_step))
    most = max(each[0] for each in values)
    nearest_card = max(each[1] for each in values)
    message = (most, most - best_other, nearest_card - best_near, any_step, no_step, any_step - no_step)
    return Weighed(tuple(kinds.values()), tuple(values), message)


def _near_examples(
    written: Written, event: LifeEvent, message: Any
) -> tuple[Sequence[float], Sequence[frozenset[int]]]:
    """Return how near (up to 1) each example of an event is to a message, and the cards that answer it."""
    of_event = code(event.id)
    basis = default_model().basis
    if of_event not in written.vectors or message.shape != basis.shape[:1]:
        return (), ()
    likes = np.maximum(written.vectors[of_event] @ shortened(message, basis), 0.0)
    return [float(each) for each in likes], written.cards[of_event]


def steps_meant(know: Knowledge, event: LifeEvent, text: str) -> tuple[float, list[Meant]]:
    """Return the chance that a text means a step of the event, and its steps, the likeliest first."""
    found = weighed(know, event, text)
    fitted = _fitted()
    sums = np.array(found.values) @ fitted.steps
    shares = np.exp(sums - sums.max())
    shares /= shares.sum()
    meant = [Meant(step, cards, float(share)) for (step, cards), share in zip(found.of_steps, shares, strict=True)]
    any_step = 1 / (1 + math.exp(-(fitted.bias + float(fitted.message @ np.array(found.message)))))
    return any_step, sorted(meant, key=lambda each: -each.chance)


@dataclass(frozen=True)
class _Fitted:
    """The fitted arrays: ``steps``, of the values of a step; ``message`` and ``bias``, of a message's; the examples."""

    steps: Any
    message: Any
    bias: float
    written: Written


@lru_cache(maxsize=1)
def _fitted() -> _Fitted:
    with np.load(WEIGHTS, allow_pickle=False) as kept:
        ends, codes = [int(each) for each in kept["ends"]], [int(each) for each in kept["cards"]]
        cards = [frozenset(codes[start:end]) for start, end in zip((0, *ends), ends, strict=False)]
        written = Written.of(kept["events"].tolist(), kept["examples"].astype(np.float32) / SCALE, cards)
        return _Fitted(kept["steps"].astype(float), kept["message"].astype(float), float(kept["bias"]), written)


def _ready(know: Knowledge) -> None:
    """Read what is compared with every message."""
    if know.catalogue.life_events:
        _fitted()


PREPARES.append(_ready)
