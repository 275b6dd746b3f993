"""Fit what tells which step of a life event in view is meant: ``.venv-engine/bin/python scripts/fit_steps.py``.

Reads ``data/about/steps.jsonl`` (an object a line: ``event`` in view; ``text``; ``about``: "step", "list" or "other";
``cards``, those of the step that is meant) with the built catalogue, after the facts were fitted. Says how often the
first step is right for events left out, and writes ``actions/dialogue/steps_meant.json``.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from actions.dialogue.knowledge import Loader, default_path  # noqa: E402
from actions.dialogue.steps_meant import WEIGHTS, weighed  # noqa: E402

_FOLDS = 6
_PENALTY = 0.05


def main() -> None:
    """Fit, report and write."""
    know = Loader(default_path()).current()
    lines = (ROOT / "data" / "about" / "steps.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    found = [weighed(know, know.catalogue.life_events[row["event"]], row["text"]) for row in rows]
    right = [
        np.array([bool(set(cards) & set(row["cards"])) for _, cards in each.of_steps])
        for row, each in zip(rows, found, strict=True)
    ]
    chosen = [number for number, row in enumerate(rows) if row["about"] == "step" and right[number].any()]
    values = [np.array(each.values) for each in found]
    events = sorted({row["event"] for row in rows})
    hits = 0
    for fold in range(_FOLDS):
        left_out = set(events[fold::_FOLDS])
        weights = _fit([(values[n], right[n]) for n in chosen if rows[n]["event"] not in left_out])
        hits += sum(right[n][int(np.argmax(values[n] @ weights))] for n in chosen if rows[n]["event"] in left_out)
    weights = _fit([(values[n], right[n]) for n in chosen])
    messages = np.array([each.message for each in found])
    any_step = np.array([row["about"] == "step" for row in rows])
    gate = LogisticRegression(C=1.0, class_weight="balanced").fit(messages, any_step)
    told = gate.predict(messages)
    report = {
        "messages": len(rows),
        "first_step_right": round(float(hits / len(chosen)), 3),
        "a_step_is_meant": {
            about: round(float(told[[row["about"] == about for row in rows]].mean()), 3)
            for about in ("step", "list", "other")
        },
    }
    sys.stdout.write(json.dumps(report) + "\n")
    fitted = {
        "steps": [round(float(each), 4) for each in weights],
        "message": [round(float(each), 4) for each in gate.coef_[0]],
        "bias": round(float(gate.intercept_[0]), 4),
    }
    WEIGHTS.write_text(json.dumps(fitted) + "\n", encoding="utf-8")


def _fit(messages: list[tuple[Any, Any]]) -> Any:
    """Return the weights that make the right steps likeliest (softmax over the steps, weights kept small)."""
    scale = np.concatenate([values for values, _ in messages]).std(0) + 1e-6

    def cost(weights: Any) -> tuple[float, Any]:
        total, slope = 0.0, np.zeros_like(weights)
        for values, right in messages:
            made = values / scale
            scores = made @ weights
            chances = np.exp(scores - scores.max())
            chances /= chances.sum()
            of_right = chances @ right
            total -= np.log(of_right)
            slope += made.T @ (chances - chances * right / of_right)
        return total / len(messages) + _PENALTY * weights @ weights, slope / len(messages) + 2 * _PENALTY * weights

    return minimize(cost, np.zeros(len(scale)), jac=True).x / scale


if __name__ == "__main__":
    main()
