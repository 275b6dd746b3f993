"""Fit what ranks the sentences of a card for a message: ``.venv-engine/bin/python scripts/fit_facts.py``.

Reads the turns of ``data/about/turns.jsonl`` that are about a card in view (``parts``: what of it answers them) and
``doubts.jsonl`` (``card``, ``text``, ``says``: words of the sentence that answers), with the trained model and the
built catalogue; says how often the first sentence is right where a fifth of the doubts is left out, and writes
``actions/dialogue/facts.json``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from actions.dialogue.facts import WEIGHTS, Fact, features  # noqa: E402
from actions.dialogue.knowledge import Knowledge, Loader, default_path  # noqa: E402
from bot.engine.reading import Reader  # noqa: E402

_STRICTNESS = 0.3
"""Inverse of the penalty on weights (scikit-learn's ``C``)."""
_ROUNDS = 4
"""Which sentence of the right part answers is not said: it is the likeliest one, found anew in each round."""
_FOLDS = 5
_KINDS = {
    "requirements": {"requirements"},
    "cost": {"amount", "cost"},
    "where": {"where"},
    "online": {"where"},
    "hours": {"hours"},
    "duration": {"duration"},
    "deadline": {"deadline"},
    "who": {"who"},
    "output": {"output"},
    "validity": {"output"},
    "notes": {"notes", "summary"},
}
"""The kinds of sentences that each part of a card is made of."""


@dataclass(frozen=True)
class Message:
    """The sentences of a card for one message, what was weighed of each, and what is known of the right one.

    ``parts``: the parts that answer, of which one sentence each does; ``right``: which sentences do, where that is
    known.
    """

    card: str
    facts: Sequence[Fact]
    values: np.ndarray
    parts: Sequence[str] = ()
    right: np.ndarray | None = None


def main() -> None:
    """Fit, report and write."""
    know, reader = Loader(default_path()).current(), Reader.load(ROOT / "models" / "ventanilla.tar.gz")
    turns, doubts = list(_turns(know, reader)), list(_doubts(know, reader))
    of_cards = sorted({each.card for each in doubts})
    first = 0
    for fold in range(_FOLDS):
        left_out = set(of_cards[fold::_FOLDS])
        model = _fit(turns, [each for each in doubts if each.card not in left_out])
        first += sum(_first_is_right(each, model) for each in doubts if each.card in left_out)
    report = {"turns": len(turns), "doubts": len(doubts), "first_sentence_right": round(first / len(doubts), 3)}
    sys.stdout.write(json.dumps(report) + "\n")
    model = _fit(turns, doubts)
    fitted = {"bias": round(float(model.intercept_[0]), 2), "weights": [round(float(w), 2) for w in model.coef_[0]]}
    WEIGHTS.write_text(json.dumps(fitted) + "\n", encoding="utf-8")


def _turns(know: Knowledge, reader: Reader) -> Iterator[Message]:
    for row in _rows("turns"):
        card = know.catalogue.procedures.get(row["view"] or "")
        parts = [part for part in row.get("parts", ()) if part != "overview"]
        if card is None or row["about"] != "view" or "parts" not in row:
            continue
        listed, values = features(know, card, row["text"], reader.rank(row["text"]))
        yield Message(card.id, listed, np.array(values), parts)


def _doubts(know: Knowledge, reader: Reader) -> Iterator[Message]:
    for row in _rows("doubts"):
        card = know.catalogue.procedures[row["card"]]
        listed, values = features(know, card, row["text"], reader.rank(row["text"]))
        right = np.array([any(words.lower() in fact.text.lower() for words in row["says"]) for fact in listed])
        if not right.any():
            raise ValueError(f"doubts.jsonl: no sentence of {card.id} says {row['says']}")
        yield Message(card.id, listed, np.array(values), right=right)


def _rows(name: str) -> Iterator[dict]:
    for line in (ROOT / "data" / "about" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _fit(turns: Sequence[Message], doubts: Sequence[Message]) -> LogisticRegression:
    scores = [each.values[:, 0] + each.values[:, 1] + each.values[:, 3] for each in turns]
    model = LogisticRegression(C=_STRICTNESS, max_iter=2000)
    for _ in range(_ROUNDS):
        values = [each.values for each in doubts]
        right = [each.right for each in doubts]
        for each, score in zip(turns, scores, strict=True):
            answers = _answering(each, score)
            kinds = set().union(*(_KINDS.get(part, set()) for part in each.parts))
            # of the right part, which other sentence answers as well is not known
            known = np.array(
                [bool(yes) or fact.kind not in kinds for yes, fact in zip(answers, each.facts, strict=True)]
            )
            values.append(each.values[known])
            right.append(answers[known])
        model.fit(np.concatenate(values), np.concatenate(right))
        scores = [model.decision_function(each.values) for each in turns]
    return model


def _answering(message: Message, scores: np.ndarray) -> np.ndarray:
    """Return the likeliest sentence of each part that answers."""
    found = np.zeros(len(message.facts), dtype=bool)
    for part in message.parts:
        of_part = [n for n, fact in enumerate(message.facts) if fact.kind in _KINDS.get(part, ())]
        if of_part:
            found[max(of_part, key=lambda number: scores[number])] = True
    return found


def _first_is_right(message: Message, model: LogisticRegression) -> bool:
    assert message.right is not None
    return bool(message.right[int(np.argmax(model.decision_function(message.values)))])


if __name__ == "__main__":
    main()
