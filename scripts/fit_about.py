"""Fit what says whether a message is about what is in view: ``.venv-engine/bin/python scripts/fit_about.py``.

Reads ``data/about/turns.jsonl`` and ``dangers.jsonl`` (an object a line: ``text``; ``view``, the card in view;
``event``, the life event in view; ``about``, "view" or what else it was) with the trained model and the built
catalogue, says how well sets left out are told apart, and writes ``actions/dialogue/about.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from actions.dialogue.about import FEATURES, WEIGHTS, features  # noqa: E402
from actions.dialogue.knowledge import Loader, default_path  # noqa: E402
from actions.dialogue.lookup import decide  # noqa: E402
from actions.dialogue.marks import without_marks  # noqa: E402
from actions.dialogue.turn import Memory, Turn  # noqa: E402
from bot.engine.reading import Reader  # noqa: E402

_STRICTNESS = 0.1
"""Inverse of the penalty on weights (scikit-learn's ``C``)."""
_FOLDS = 8


@dataclass(frozen=True)
class Judged:
    """What was weighed of a message (as :data:`FEATURES`), whether it is about what is in view, and its set."""

    values: tuple[float, ...]
    stays: bool
    hand: str


def main() -> None:
    """Fit, report and write."""
    judged = list(_read())
    values = np.array([each.values for each in judged])
    stays = np.array([each.stays for each in judged])
    hands = np.array([each.hand for each in judged])
    names = sorted(set(hands))
    chances = np.zeros(len(judged))
    for fold in range(min(_FOLDS, len(names))):
        left_out = np.isin(hands, names[fold::_FOLDS])
        chances[left_out] = _chances(*_fit(values[~left_out], stays[~left_out]), values[left_out])
    report = {
        "messages": len(judged),
        "about_what_is_in_view": round(float(stays.mean()), 3),
        "right": round(float(((chances >= 0.5) == stays).mean()), 3),
        "area_under_curve": round(float(roc_auc_score(stays, chances)), 3),
        "log_loss": round(float(log_loss(stays, chances)), 3),
    }
    sys.stdout.write(json.dumps(report) + "\n")
    weights, bias = _fit(values, stays)
    fitted = {"features": FEATURES, "bias": round(bias, 4), "weights": [round(float(weight), 4) for weight in weights]}
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")


def _read() -> Sequence[Judged]:
    know, reader = Loader(default_path()).current(), Reader.load(ROOT / "models" / "ventanilla.tar.gz")
    found = []
    for path in (ROOT / "data" / "about" / name for name in ("turns.jsonl", "dangers.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            text = without_marks(row["text"])
            ranking = reader.rank(text)
            memory = Memory(last_procedure=row["view"], last_life_event=row["event"])
            turn = Turn(text=text, intent=ranking[0][0], confidence=ranking[0][1], memory=memory, ranking=ranking)
            values = features(turn, know, decide(turn, know))
            if values is not None:
                found.append(Judged(values, row["about"] == "view", row["hand"]))
    return found


def _fit(values: np.ndarray, stays: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a weight a feature and the bias, for features as they are."""
    scaler = StandardScaler().fit(values)
    model = LogisticRegression(C=_STRICTNESS, max_iter=3000).fit(scaler.transform(values), stays)
    weights = model.coef_[0] / scaler.scale_
    return weights, float(model.intercept_[0] - weights @ scaler.mean_)


def _chances(weights: np.ndarray, bias: float, values: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-(values @ weights + bias)))


if __name__ == "__main__":
    main()
