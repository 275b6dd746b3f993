"""Which step of the life event in view is meant, where no word of it was said: "¿y ahí me dan algo de dinero?".

Among all that a catalogue has, such a message is near to nothing; among the ten things that were just shown it is near
to one. The steps are compared by what the search finds, by messages that people wrote about their cards and by their
titles; how much each counts, and whether any step is meant at all, is learned (``scripts/fit_steps.py``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from actions.dialogue.knowledge import Knowledge
from actions.dialogue.ranking import likest
from actions.dialogue.topics import compared_topics
from bot.core.procedures import LifeEvent, LifeEventStep

WEIGHTS = Path(__file__).with_name("steps_meant.json")


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


def weighed(know: Knowledge, event: LifeEvent, text: str) -> Weighed:
    """Return what tells which step of an event a text means."""
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
    values = tuple(
        (
            scores.get(name, 0.0),
            max((near.of_cards.get(id_, 0.0) for id_ in cards), default=0.0),
            near.to(know, step.title),
        )
        for name, (step, cards) in kinds.items()
    )
    most = max(score for score, _, _ in values)
    nearest = max(likeness for _, likeness, _ in values)
    return Weighed(tuple(kinds.values()), values, (most, most - best_other, nearest - best_near))


def steps_meant(know: Knowledge, event: LifeEvent, text: str) -> tuple[float, list[Meant]]:
    """Return the chance that a text means a step of the event, and its steps, the likeliest first."""
    found = weighed(know, event, text)
    weights, of_message, bias = _weights()
    sums = [_sum(weights, values) for values in found.values]
    shares = [math.exp(each - max(sums)) for each in sums]
    meant = [
        Meant(step, cards, share / sum(shares)) for (step, cards), share in zip(found.of_steps, shares, strict=True)
    ]
    any_step = 1 / (1 + math.exp(-(bias + _sum(of_message, found.message))))
    return any_step, sorted(meant, key=lambda each: -each.chance)


def _sum(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(weight * value for weight, value in zip(weights, values, strict=True))


@lru_cache(maxsize=1)
def _weights() -> tuple[list[float], list[float], float]:
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return fitted["steps"], fitted["message"], fitted["bias"]
