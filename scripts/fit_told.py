"""Fit which life event a message tells of, and whether a long one tells or asks: ``scripts/fit_told.py``.

Run it as ``.venv-engine/bin/python scripts/fit_told.py``. Reads ``data/about/told.jsonl`` (an object a line: ``event``,
the id of the one told, of two the first, or null where one procedure is asked for; ``text``; ``hand``, who wrote it)
with the trained model and the built catalogue. Says how often the event is right for hands left out, before and after,
and how often what is told and what is asked for is taken for it; writes ``bot/catalogue/told.npz`` and
``bot/understanding/told_or_asked.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from bot.catalogue.entries import sane  # noqa: E402
from bot.catalogue.reader import Catalogue  # noqa: E402
from bot.catalogue.search import Search  # noqa: E402
from bot.catalogue.told import NEAR, PLACE, WEIGHTS, Heard, Model, clauses, place  # noqa: E402
from bot.core.redact import redact  # noqa: E402
from bot.engine.components.sentence_vectors import sentence_vectors  # noqa: E402
from bot.engine.reading import Reader  # noqa: E402
from bot.engine.understand import catalogue_path  # noqa: E402
from bot.understanding.decision import TOLD_RATHER, Decider  # noqa: E402
from bot.understanding.matter import matter, without_labels  # noqa: E402
from bot.understanding.told_or_asked import FEATURES, FEWEST  # noqa: E402
from bot.understanding.told_or_asked import WEIGHTS as WEIGHTS_OF_KIND  # noqa: E402

_LEARNED_FROM = 12
"""Words of a message from which on whether it tells or asks is learned from it."""
_SHORT = 128
_ROUNDS, _BATCH, _STEP = 8, 32, 0.01
_PENALTY = {"attends": 1e-3, "places": 1e-4, "margins": 1e-4, "shares": 1e-4, "of_clause": 1e-3, "bias": 1e-3}
"""Weight decay (the share of each weight that the gradient takes away)."""
_FIRST_SHARES = (1.0, 0.5, 0.2, 0.5)


@dataclass(frozen=True)
class Message:
    """A message as it was heard. ``short``: its clauses' short vectors; ``right``: the number of its event."""

    hand: str
    right: int
    heard: Heard
    whole: Any
    short: Any
    margins: Any
    placed: Any


class Lessons:
    """All messages, as the search hears them."""

    def __init__(self, search: Search) -> None:
        """Read and hear them all: half a minute."""
        lines = (ROOT / "data" / "about" / "told.jsonl").read_text(encoding="utf-8").splitlines()
        rows = [row for line in lines if (row := json.loads(line))["event"] is not None]
        topics = np.flatnonzero(search.index.is_event).tolist()
        self.events = [search.index.topics[number].removeprefix("event:") for number in topics]
        heard, whole = [], []
        for row in rows:
            text = without_labels(redact(sane(row["text"])))
            look = search.look(matter(text))
            whole.append(np.array(list(search.event_values(look.scores).values())))
            heard.append(search.heard(clauses(matter(text))))
        vectors = np.concatenate([each.vectors for each in heard])
        self.basis = np.linalg.svd(vectors, full_matrices=False)[2][:_SHORT].T.astype(np.float16)
        basis = self.basis.astype(np.float32)
        self.messages = [
            Message(
                row["hand"],
                self.events.index(row["event"]),
                each,
                of_whole,
                each.vectors @ basis,
                _margins(each.decisions),
                place(each.openings, each.texts),
            )
            for row, each, of_whole in zip(rows, heard, whole, strict=True)
        ]

    def fitted(self, but_for: str | None = None) -> dict[str, Any]:
        """Return the arrays of the model that has learned from all hands but one."""
        model = _fit([each for each in self.messages if each.hand != but_for], len(self.events))
        exact = {"basis", "events", "shares"}
        arrays = {"basis": self.basis, "events": np.frombuffer("\n".join(self.events).encode(), np.uint8), **model}
        return {name: value if name in exact else value.astype(np.float16) for name, value in arrays.items()}


def main() -> None:
    """Fit, report and write."""
    search = Search(Catalogue(catalogue_path()), encoder=sentence_vectors().encode)
    _told_or_asked(Decider(search), Reader.load(ROOT / "models" / "ventanilla.tar.gz"))
    lessons = Lessons(search)
    before = after = 0
    for hand in sorted({each.hand for each in lessons.messages}):
        model = Model.of(lessons.fitted(but_for=hand))
        for each in lessons.messages:
            if each.hand == hand:
                before += int(np.argmax(each.whole)) == each.right
                after += int(np.argmax(model.values(each.heard, each.whole, lessons.events))) == each.right
    total = len(lessons.messages)
    report = {"messages": total, "right_as_a_whole": round(before / total, 3), "right": round(after / total, 3)}
    sys.stdout.write(json.dumps(report) + "\n")
    np.savez_compressed(WEIGHTS, **lessons.fitted())


def _told_or_asked(decider: Decider, reader: Reader) -> None:
    """Fit whether a long message tells or asks, report and write."""
    lines = (ROOT / "data" / "about" / "told.jsonl").read_text(encoding="utf-8").splitlines()
    values, tells, hands, long = [], [], [], []
    for row in map(json.loads, lines):
        text = without_labels(redact(sane(row["text"])))
        words = len(text.split())
        if words < _LEARNED_FROM:
            continue
        ranking = reader.rank(text)
        decision, look = decider.looked(text, ranking)
        told, asked = decider.search.verdict(look, "life_event"), decider.search.verdict(look, "procedure")
        values.append(decider.story(text, ranking, decision.chances, told, asked))
        tells.append(row["event"] is not None)
        hands.append(row["hand"])
        long.append(words >= FEWEST)
    x, y, of, counted = np.array(values), np.array(tells), np.array(hands), np.array(long)
    chances = np.zeros(len(y))
    for hand in sorted(set(hands)):
        apart = of == hand
        chances[apart] = _logistic(x[~apart], y[~apart]).predict_proba(x[apart])[:, 1]
    report = {
        "told": round(float((chances >= TOLD_RATHER)[y & counted].mean()), 3),
        "asked": round(float((chances < TOLD_RATHER)[~y & counted].mean()), 3),
    }
    sys.stdout.write(json.dumps(report) + "\n")
    scaler, model = _logistic(x, y)
    weights = model.coef_[0] / scaler.scale_
    fitted = {
        "features": FEATURES,
        "weights": [round(float(each), 4) for each in weights],
        "bias": round(float(model.intercept_[0] - weights @ scaler.mean_), 4),
    }
    WEIGHTS_OF_KIND.write_text(json.dumps(fitted) + "\n", encoding="utf-8")


def _logistic(values: Any, tells: Any) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500)).fit(values, tells)


def _margins(decisions: Any) -> Any:
    best = np.sort(decisions, axis=1)
    return np.stack([best[:, -1], best[:, -1] - best[:, -2]], axis=1)


def _fit(messages: Sequence[Message], events: int) -> dict[str, Any]:
    """Return the arrays that were fitted by stochastic gradients (Adam); the same messages give the same ones."""
    random = np.random.default_rng(0)
    model: dict[str, Any] = {
        "attends": np.zeros(_SHORT),
        "places": np.zeros(PLACE),
        "margins": np.zeros(2),
        "shares": np.array(_FIRST_SHARES),
        "of_clause": np.zeros((_SHORT, events)),
        "bias": np.zeros(events),
    }
    mean = {name: np.zeros_like(value) for name, value in model.items()}
    spread = {name: np.zeros_like(value) for name, value in model.items()}
    steps = 0
    for _ in range(_ROUNDS):
        order = random.permutation(len(messages))
        for start in range(0, len(order), _BATCH):
            batch = [messages[number] for number in order[start : start + _BATCH]]
            slopes = [_slope(model, each) for each in batch]
            steps += 1
            for name, weights in model.items():
                slope = sum(each[name] for each in slopes) / len(batch) + _PENALTY[name] * weights
                mean[name] = 0.9 * mean[name] + 0.1 * slope
                spread[name] = 0.999 * spread[name] + 0.001 * slope * slope
                scaled = np.sqrt(spread[name] / (1 - 0.999**steps)) + 1e-8
                model[name] = weights - _STEP * mean[name] / (1 - 0.9**steps) / scaled
    return model


def _slope(model: Mapping[str, Any], each: Message) -> dict[str, Any]:
    """Return the gradient of the log loss of one message."""
    heard = each.heard
    counts = each.short @ model["attends"] + each.placed @ model["places"] + each.margins @ model["margins"]
    counts = np.exp(counts - counts.max())
    counts /= counts.sum()
    channels = (heard.decisions, heard.steps, NEAR * heard.nearness)
    of_clauses = each.short @ model["of_clause"]
    for share, channel in zip(model["shares"][1:], channels, strict=True):
        of_clauses = of_clauses + share * channel
    values = model["shares"][0] * each.whole + counts @ of_clauses + model["bias"]
    missed = np.exp(values - values.max())
    missed /= missed.sum()
    missed[each.right] -= 1
    of_counts = of_clauses @ missed
    of_counts = counts * (of_counts - counts @ of_counts)
    return {
        "attends": each.short.T @ of_counts,
        "places": each.placed.T @ of_counts,
        "margins": each.margins.T @ of_counts,
        "shares": np.array([missed @ each.whole, *(missed @ (counts @ channel) for channel in channels)]),
        "of_clause": np.outer(counts @ each.short, missed),
        "bias": missed,
    }


if __name__ == "__main__":
    main()
