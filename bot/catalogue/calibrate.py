"""Fit what decides between answering, asking and admitting: ``.venv-engine/bin/python -m bot.catalogue.calibrate``.

Cross-validation over the cards' own questions says how the judges' scores look for texts they have not seen; the
engine's out-of-scope and small-talk examples say how they look for texts that ask for nothing of ours. The result is
``calibration.json``, kept in the repository. The evaluation set in ``tests/understanding`` is never read here.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from bot.catalogue.reader import Catalogue
from bot.catalogue.search import CALIBRATION, FEATURES, Index, collect, default_encoder
from bot.catalogue.text import keywords, normalise

_FOLDS = 5
_OUT_OF_SCOPE_ACCEPTED = 0.04
"""Share of out-of-scope examples that may pass as ours: sets the threshold of "known"."""


def negatives(folder: Path) -> list[str]:
    """Return the engine's examples that ask for nothing of ours, normalised."""
    texts = []
    for intent in ("out_of_scope", "greet", "goodbye", "thanks"):
        lines = (folder / f"{intent}.yml").read_text(encoding="utf-8").splitlines()
        texts += [match.group(1) for line in lines if (match := re.match(r"\s+- (?!intent:)(.+)", line))]
    return [normalised for text in texts if keywords(normalised := normalise(text))]


def fit(catalogue: Catalogue, examples: Path) -> dict[str, Any]:
    """Return the parameters, as they stand in ``calibration.json``."""
    encode = default_encoder()
    entries = collect(catalogue)
    foreign = negatives(examples)
    fold = np.random.RandomState(0).randint(0, _FOLDS, len(entries))  # one fixed split
    question = np.array([entry.field == "question" for entry in entries])
    ours, right, others = [], [], []
    for number in range(_FOLDS):
        held = np.flatnonzero(question & (fold == number))
        kept = np.flatnonzero(~(question & (fold == number)))
        index = Index([entries[i] for i in kept], encode)
        for i, scored in zip(held, index.score([entries[i].text for i in held]), strict=True):
            ours.append(scored.features)
            right.append(index.topics[int(np.argmax(scored.scores))] == entries[i].topic)
        others += [scored.features for scored in index.score(foreign)]
        print(f"fold {number + 1} of {_FOLDS}: {np.mean(right):.3f} right so far", file=sys.stderr)
    positive, negative = np.array(ours), np.array(others)
    known = _logistic(np.concatenate([positive, negative]), np.r_[np.ones(len(positive)), np.zeros(len(negative))])
    first = _logistic(positive, np.array(right, dtype=float))
    chance = _chance(known, negative)
    return {
        "features": list(FEATURES),
        "models": {"known": known, "first": first},
        "thresholds": {
            "known": round(float(np.quantile(chance, 1 - _OUT_OF_SCOPE_ACCEPTED)), 4),
            "answer": 0.5,
            "close": 1.2,
        },
        "fitted_on": {"revision": catalogue.revision, "questions": len(positive), "foreign": len(foreign)},
        "cross_validation": {
            "first": round(float(np.mean(right)), 4),
            "ours_taken": round(float((_chance(known, positive) >= np.quantile(chance, 0.96)).mean()), 4),
        },
    }


def _logistic(features: Any, labels: Any) -> dict[str, Any]:
    mean, scale = features.mean(0), features.std(0) + 1e-9
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=1000).fit((features - mean) / scale, labels)
    return {
        "mean": mean.round(5).tolist(),
        "scale": scale.round(5).tolist(),
        "weights": model.coef_[0].round(5).tolist(),
        "bias": round(float(model.intercept_[0]), 5),
    }


def _chance(model: dict[str, Any], features: Any) -> Any:
    scaled = (features - np.array(model["mean"])) / np.array(model["scale"])
    return 1 / (1 + np.exp(-(scaled @ np.array(model["weights"]) + model["bias"])))


def main() -> None:
    """Fit on the built catalogue and write the file."""
    root = Path(__file__).resolve().parents[2]
    catalogue = Catalogue(Path(os.environ.get("VENTANILLA_CATALOGUE", root / "var" / "catalogue.sqlite")))
    fitted = fit(catalogue, root / "data" / "nlu" / "es")
    CALIBRATION.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    print(json.dumps({key: fitted[key] for key in ("thresholds", "cross_validation", "fitted_on")}))


if __name__ == "__main__":
    main()
