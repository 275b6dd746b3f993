"""Whether a long message tells what happened, or asks for one procedure: learned from stories.

The decision's regression (:mod:`bot.understanding.decision`) learned from cards' questions and examples, which are
short. A story has words of many cards, so that it was taken for a question which of them is meant. Here the same
signals, with what the story's request asks for, are weighed anew by what 2,000 longer messages taught
(``data/about/told.jsonl``, ``scripts/fit_told.py``, docs/decisions/0025-the-clause-that-tells.md).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from bot.catalogue.search import Verdict
from bot.understanding.kinds import kind_of_intent
from bot.understanding.request import request, way

WEIGHTS = Path(__file__).with_name("told_or_asked.json")
"""What ``scripts/fit_told.py`` fitted."""
FEWEST = 18
"""Words from which on a message is weighed anew; of shorter ones the decision itself is right more often."""
LONGEST = 800
"""Characters of a message that is weighed: a flood of words is none that people write."""
FEATURES = (
    "event", "procedure", "heard_event", "heard_procedure", "request", "openly", "one_thing", "clarify", "answer",
    "score", "named", "any_named", "step", "words", "question", "ends_in_question",
)  # fmt: skip
_LEAST, _LEAST_HEARD = 1e-4, 0.005
_MANY = 70


def features(
    text: str,
    chances: Mapping[str, float],
    ranking: Sequence[tuple[str, float]],
    verdict: Verdict,
    *,
    named: bool,
    any_named: bool,
    step: bool,
) -> list[float]:
    """Return the numbers of :data:`FEATURES`.

    ``verdict``: that of the procedures; ``named``: its first is called by name, ``any_named``: any card is;
    ``step``: its first is a step of the likeliest life event.
    """
    heard = {"life_event": 0.0, "procedure": 0.0}
    for intent, share in ranking:
        if (kind := kind_of_intent(intent)) in heard:
            heard[kind] += share
    asked = way(text)
    first = next(iter(verdict.hits), None)
    return [
        math.log(max(chances["life_event"], _LEAST)),
        math.log(max(chances["procedure"], _LEAST)),
        math.log(max(heard["life_event"], _LEAST_HEARD)),
        math.log(max(heard["procedure"], _LEAST_HEARD)),
        float(request(text) is not None),
        float(asked == "openly"),
        float(asked == "one thing"),
        float(verdict.outcome == "clarify"),
        float(verdict.outcome == "answer"),
        first.score if first else 0.0,
        float(named),
        float(any_named),
        float(step),
        min(len(text.split()), _MANY) / _MANY,
        float("?" in text),
        float(text.rstrip().endswith("?")),
    ]


def told(values: Sequence[float]) -> float:
    """Return the chance that something that happened is told, rather than one procedure asked for."""
    weights, bias = _weights()
    return 1 / (1 + math.exp(-(bias + sum(weight * value for weight, value in zip(weights, values, strict=True)))))


@lru_cache(maxsize=1)
def _weights() -> tuple[list[float], float]:
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    if tuple(fitted["features"]) != FEATURES:
        raise ValueError("told_or_asked.json is for other features: run `scripts/fit_told.py`")
    return fitted["weights"], fitted["bias"]


__all__ = ["FEATURES", "FEWEST", "LONGEST", "WEIGHTS", "features", "told"]
