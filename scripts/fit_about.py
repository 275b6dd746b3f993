"""Fit what says whether a message is about what is in view: ``.venv-engine/bin/python scripts/fit_about.py``.

Reads ``data/about/turns.jsonl`` and ``dangers.jsonl`` (an object a line: ``text``; ``view``, the card in view;
``event``, the life event in view; ``about``, "view" or what else it was), ``leaving.jsonl`` (``card`` in view and a
message that is not about it) and a part of ``doubts.jsonl`` (messages that are), with the trained model and the built
catalogue; says how well hands left out are told apart, and writes ``actions/dialogue/about.json`` and ``about.npz``.
Fit the facts first: what they tell is weighed here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from actions.dialogue.about import FEATURES, WEIGHTS, WORDS, features, hashed  # noqa: E402
from actions.dialogue.knowledge import Loader, default_path  # noqa: E402
from actions.dialogue.lookup import decide  # noqa: E402
from actions.dialogue.marks import without_marks  # noqa: E402
from actions.dialogue.ranking import Model  # noqa: E402
from actions.dialogue.turn import Memory, Turn  # noqa: E402
from bot.engine.reading import Reader  # noqa: E402
from scripts import fit_facts  # noqa: E402
from scripts.fit_facts import Lessons  # noqa: E402

_STRICTNESS = 0.1
"""Inverse of the penalty on weights (scikit-learn's ``C``)."""
_FOLDS = 8
_EVERY = 3
"""One of so many messages about a card is read: most that people write are, but not seven of eight."""


@dataclass(frozen=True)
class Judged:
    """What was weighed of a message (as :data:`FEATURES`), and whether it is about what is in view.

    ``hand``: who wrote it; ``source``: the file.
    """

    text: str
    values: tuple[float, ...]
    stays: bool
    hand: str
    source: str


def main() -> None:
    """Fit, report and write."""
    judged = list(_read())
    values = np.array([each.values for each in judged])
    stays = np.array([each.stays for each in judged])
    hands = np.array([each.hand for each in judged])
    words = hashed([each.text for each in judged])
    folds = [np.isin(hands, sorted(set(hands))[fold::_FOLDS]) for fold in range(_FOLDS)]
    for left_out in folds:  # what the words alone say of a message is learned from other hands
        model = _fit_words(words[~left_out], stays[~left_out])
        values[left_out, FEATURES.index("goes_on_by_words")] = model.decision_function(words[left_out])
    chances = np.zeros(len(judged))
    for left_out in folds:
        chances[left_out] = _chances(*_fit(values[~left_out], stays[~left_out]), values[left_out])
    for name in ("turns", "dangers", "doubts", "leaving"):
        there = np.array([each.source == name for each in judged])
        report = {
            "of": name,
            "messages": int(there.sum()),
            "about_what_is_in_view": round(float(stays[there].mean()), 3),
            "right": round(float(((chances >= 0.5) == stays)[there].mean()), 3),
        }
        sys.stdout.write(json.dumps(report) + "\n")
    total = {
        "area_under_curve": round(float(roc_auc_score(stays, chances)), 3),
        "log_loss": round(float(log_loss(stays, chances)), 3),
    }
    sys.stdout.write(json.dumps(total) + "\n")
    weights, bias = _fit(values, stays)
    fitted = {"features": FEATURES, "bias": round(bias, 4), "weights": [round(float(weight), 4) for weight in weights]}
    WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    model = _fit_words(words, stays)
    np.savez_compressed(WORDS, weights=model.coef_[0].astype(np.float16), bias=np.float32(model.intercept_[0]))


def _read() -> Iterator[Judged]:
    """Yield the messages, weighed beside facts that were ranked by what other hands taught."""
    know, reader = Loader(default_path()).current(), Reader.load(ROOT / "models" / "ventanilla.tar.gz")
    lessons, rows = Lessons(know, reader), list(_rows())
    hands = sorted({row["hand"] for _, row in rows})
    for fold in range(fit_facts.FOLDS):
        left_out = frozenset(hands[fold :: fit_facts.FOLDS])
        facts = Model.of(lessons.fitted(left_out))
        for source, row in rows:
            if row["hand"] not in left_out:
                continue
            text = without_marks(row["text"])
            ranking = reader.rank(text)
            memory = Memory(last_procedure=row.get("view", row.get("card")), last_life_event=row.get("event"))
            turn = Turn(text=text, intent=ranking[0][0], confidence=ranking[0][1], memory=memory, ranking=ranking)
            values = features(turn, know, decide(turn, know), facts)
            stays = row["about"] == "view" if "about" in row else source == "doubts"
            if values is not None:
                yield Judged(text, values, stays, row["hand"], source)


def _rows() -> Iterator[tuple[str, dict[str, Any]]]:
    for name in ("turns", "dangers", "doubts", "leaving"):
        lines = (ROOT / "data" / "about" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
        for line in lines[:: _EVERY if name == "doubts" else 1]:
            yield name, json.loads(line)


def _fit_words(words: Any, stays: np.ndarray) -> LogisticRegression:
    return LogisticRegression(C=1.0, max_iter=2000).fit(words, stays)


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
