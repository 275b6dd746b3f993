"""Fit what tells which step of a life event in view is meant: ``.venv-engine/bin/python scripts/fit_steps.py``.

Reads ``data/about/steps.jsonl`` (an object a line: ``event`` in view; ``text``; ``about``: "step", "list" or "other";
``cards``, those of the step that is meant; ``hand``, who wrote it) with the built catalogue, after the facts were
fitted. Says how often the first step is right for hands left out, and for events left out that have no examples, and
writes ``actions/dialogue/steps_meant.npz``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from actions.dialogue.knowledge import PREPARES, Knowledge, Loader, default_path  # noqa: E402
from actions.dialogue.ranking import SCALE, code, default_model, likest, shortened  # noqa: E402
from actions.dialogue.steps_meant import WEIGHTS, Weighed, Written, weighed  # noqa: E402

_FOLDS = 6
_PENALTY = 0.02
_NEW = 0.25
"""What a message counts that is learned from as if its event were new, without any example."""
_NOTHING = Written({}, {})


class Lessons:
    """All messages, with what was weighed of their steps."""

    def __init__(self, know: Knowledge) -> None:
        """Read and weigh them all: half a minute."""
        lines = (ROOT / "data" / "about" / "steps.jsonl").read_text(encoding="utf-8").splitlines()
        self.rows = [json.loads(line) for line in lines]
        self.hands = sorted({row["hand"] for row in self.rows})
        self._vectors = np.array([_kept(know, row["text"]) for row in self.rows])
        apart = {hand: self.written({hand}) for hand in self.hands}  # nobody's words tell of her own
        self.found = [self._weighed(know, row, apart[row["hand"]]) for row in self.rows]
        self.bare = [self._weighed(know, row, _NOTHING) for row in self.rows]
        self.right = [
            np.array([bool(set(cards) & set(row["cards"])) for _, cards in each.of_steps])
            for row, each in zip(self.rows, self.found, strict=True)
        ]
        self.any_step = np.array([row["about"] == "step" for row in self.rows])

    def written(self, but_for: Sequence[str] | set[str] = ()) -> Written:
        """Return the examples of all hands but some."""
        rows = [n for n, row in enumerate(self.rows) if row["hand"] not in but_for]
        events, cards = self._codes(rows)
        return Written.of(events, self._vectors[rows].astype(np.float32) / SCALE, cards)

    def _codes(self, rows: Sequence[int]) -> tuple[list[int], list[frozenset[int]]]:
        said = [self.rows[n] for n in rows]
        cards = [frozenset(code(id_) for id_ in (row["cards"] if row["about"] == "step" else ())) for row in said]
        return [code(row["event"]) for row in said], cards

    def _weighed(self, know: Knowledge, row: dict[str, Any], written: Written) -> Weighed:
        return weighed(know, know.catalogue.life_events[row["event"]], row["text"], written)

    def chosen(self, but_for: set[str], name: str) -> list[int]:
        """Return the messages that mean a step and are of no left-out hand or event."""
        return [
            n
            for n, row in enumerate(self.rows)
            if row[name] not in but_for and self.any_step[n] and self.right[n].any()
        ]

    def fitted(self, rows: Sequence[int]) -> Any:
        """Return the weights of a step's values, learned from some of the messages."""
        with_examples = [(np.array(self.found[n].values), self.right[n], 1.0) for n in rows]
        return _fit(with_examples + [(np.array(self.bare[n].values), self.right[n], _NEW) for n in rows])

    def gate(self, rows: Sequence[int]) -> LogisticRegression:
        """Return what tells whether any step is meant, learned from some of the messages."""
        values = np.array([each[n].message for each in (self.found, self.bare) for n in rows])
        weight = np.repeat([1.0, _NEW], len(rows))
        model = LogisticRegression(C=1.0, class_weight="balanced")
        return model.fit(values, np.tile(self.any_step[list(rows)], 2), sample_weight=weight)

    def arrays(self) -> dict[str, Any]:
        """Return what :mod:`actions.dialogue.steps_meant` reads."""
        gate = self.gate(range(len(self.rows)))
        events, cards = self._codes(range(len(self.rows)))
        listed = [sorted(each) for each in cards]
        return {
            "steps": self.fitted(self.chosen(set(), "hand")).astype(np.float32),
            "message": gate.coef_[0].astype(np.float32),
            "bias": np.float32(gate.intercept_[0]),
            "events": np.array(events, dtype=np.uint32),
            "examples": self._vectors,
            "ends": np.cumsum([len(each) for each in listed]).astype(np.uint32),
            "cards": np.array([each for several in listed for each in several], dtype=np.uint32),
        }


def main() -> None:
    """Fit, report and write."""
    PREPARES.clear()  # what was fitted before may be of other values
    lessons = Lessons(Loader(default_path()).current())
    first = {"hand": [0, 0], "event": [0, 0]}
    meant = {about: [0, 0] for about in ("step", "list", "other")}
    for hand in lessons.hands:
        weights = lessons.fitted(lessons.chosen({hand}, "hand"))
        gate = lessons.gate([n for n, row in enumerate(lessons.rows) if row["hand"] != hand])
        for n, row in enumerate(lessons.rows):
            if row["hand"] != hand:
                continue
            told = bool(gate.predict(np.array([lessons.found[n].message]))[0])
            meant[row["about"]] = [meant[row["about"]][0] + told, meant[row["about"]][1] + 1]
            if lessons.any_step[n] and lessons.right[n].any():
                best = int(np.argmax(np.array(lessons.found[n].values) @ weights))
                first["hand"] = [first["hand"][0] + int(lessons.right[n][best]), first["hand"][1] + 1]
    events = sorted({row["event"] for row in lessons.rows})
    for fold in range(_FOLDS):
        left_out = set(events[fold::_FOLDS])
        weights = lessons.fitted(lessons.chosen(left_out, "event"))
        for n in lessons.chosen(set(events) - left_out, "event"):
            best = int(np.argmax(np.array(lessons.bare[n].values) @ weights))
            first["event"] = [first["event"][0] + int(lessons.right[n][best]), first["event"][1] + 1]
    report = {
        "messages": len(lessons.rows),
        "first_step_right": {name: round(right / count, 3) for name, (right, count) in first.items()},
        "a_step_is_meant": {about: round(told / count, 3) for about, (told, count) in meant.items()},
    }
    sys.stdout.write(json.dumps(report) + "\n")
    np.savez_compressed(WEIGHTS, **lessons.arrays())


def _kept(know: Knowledge, text: str) -> Any:
    """Return a text's short vector as it is kept, a byte a number."""
    short = shortened(likest(know, text).message, default_model().basis)
    return np.rint(short * SCALE).astype(np.int8)


def _fit(messages: list[tuple[Any, Any, float]]) -> Any:
    """Return the weights that make the right steps likeliest (softmax over the steps, weights kept small)."""
    scale = np.concatenate([values for values, _, _ in messages]).std(0) + 1e-6
    every = sum(weight for _, _, weight in messages)

    def cost(weights: Any) -> tuple[float, Any]:
        total, slope = 0.0, np.zeros_like(weights)
        for values, right, weight in messages:
            made = values / scale
            scores = made @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            of_right = chances @ right
            total -= weight * np.log(of_right)
            slope += weight * (made.T @ (chances - chances * right / of_right))
        return total / every + _PENALTY * weights @ weights, slope / every + 2 * _PENALTY * weights

    return minimize(cost, np.zeros(len(scale)), jac=True).x / scale


if __name__ == "__main__":
    main()
