"""Fit what ranks the facts of a card for a message: ``.venv-engine/bin/python scripts/fit_facts.py``.

Reads ``data/about/doubts.jsonl`` (an object a line: ``card``; ``text``, what somebody wrote with that card in view;
``says``, the beginnings of its sentences that answer, "$" for the price itself, none where the card does not tell it;
``hand``, who wrote it) and the turns of ``turns.jsonl`` that are about a card (``parts``: what of it answers), with the
trained model and the built catalogue. Says how often the first, and one of the first two and three, is right for hands
left out, and writes ``actions/dialogue/ranking.npz``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # a script's own folder is what Python puts there

from actions.dialogue.facts import KINDS, PRICE, Fact, Weighed, weighed  # noqa: E402
from actions.dialogue.knowledge import PREPARES, Knowledge, Loader, default_path  # noqa: E402
from actions.dialogue.ranking import RANK, SCALE, WEIGHTS, code, code_of, shortened, with_examples  # noqa: E402
from bot.engine.reading import Reader  # noqa: E402

_SHORT = 128
"""Numbers in an example's vector."""
_ROUNDS, _BATCH, _STEP = 15, 64, 0.01
_PENALTY = {"weights": 1e-4, "asks": 1e-3, "tells": 1e-3, "kinds": 1e-3}
"""Weight decay (the share of each weight that the gradient takes away)."""
FOLDS = 4
_NEW = 0.2
"""Share of the messages that are learned from as if their card were new, without any example."""
_EVEN = 0.5
"""Share of a message's answer that all facts which answer it get alike; the rest goes to the likeliest of them."""
_PARTS = {
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
"""The kinds of fact that each part of a card is made of."""


@dataclass(frozen=True)
class Message:
    """A message about a card. ``right``: the rows of the facts that answer, one past the last where none does.

    ``sure``: all of them do, and not only one of each part.
    """

    card: str
    hand: str
    found: Weighed
    right: tuple[int, ...]
    sure: bool

    @property
    def codes(self) -> list[int]:
        """The facts as the examples know them."""
        return [code_of(fact) for fact in self.found.facts]


@dataclass(frozen=True)
class Example:
    """What is kept of a message as an example: who wrote it, its short vector, and the facts that answer it."""

    hand: str
    vector: Any
    answers: tuple[int, ...]


class Lessons:
    """All messages, with what was weighed of their facts."""

    def __init__(self, know: Knowledge, reader: Reader) -> None:
        """Read and weigh them all: about a minute."""
        self.messages = list(_read(know, reader))
        vectors = np.array([each.found.message for each in self.messages])
        self._basis = np.linalg.svd(vectors, full_matrices=False)[2][:_SHORT].T.astype(np.float16)
        self._examples: dict[str, list[Example]] = {}
        for each in self.messages:
            if each.sure:
                answers = tuple(each.codes[row] for row in each.right if row < len(each.codes))
                vector = np.rint(shortened(each.found.message, self._basis.astype(np.float32)) * SCALE)
                example = Example(each.hand, vector.astype(np.int8), answers)
                self._examples.setdefault(each.card, []).append(example)
        self.values = [_values(each, self._examples.get(each.card, ()), self._basis) for each in self.messages]
        self.bare = [_values(each, (), self._basis) for each in self.messages]

    def fitted(self, but_for: Set[str] = frozenset()) -> dict[str, Any]:
        """Return the arrays of the model (:meth:`Model.of`) that has learned from all hands but some."""
        chosen = [n for n, each in enumerate(self.messages) if each.hand not in but_for]
        model = _fit(self.messages, self.values, self.bare, chosen)
        kept = [
            (card, each)
            for card, several in sorted(self._examples.items())
            for each in several
            if each.hand not in but_for
        ]
        return {
            "weights": model["weights"].astype(np.float32),
            **{name: model[name].astype(np.float16) for name in ("asks", "tells", "kinds")},
            "basis": self._basis,
            "examples": np.array([each.vector for _, each in kept], dtype=np.int8),
            "cards": np.array([code(card) for card, _ in kept], dtype=np.uint32),
            "ends": np.cumsum([len(each.answers) for _, each in kept]).astype(np.uint32),
            "answers": np.array([answer for _, each in kept for answer in each.answers], dtype=np.uint32),
        }


def main() -> None:
    """Fit, report and write."""
    PREPARES.clear()  # what was fitted before may be of other values
    lessons = Lessons(Loader(default_path()).current(), Reader.load(ROOT / "models" / "ventanilla.tar.gz"))
    hands = sorted({each.hand for each in lessons.messages})
    first, untold, new = np.zeros(3), np.zeros(2), np.zeros(2)
    known = 0
    for fold in range(FOLDS):
        left_out = frozenset(hands[fold::FOLDS])
        model = lessons.fitted(left_out)
        for each, values, bare in zip(lessons.messages, lessons.values, lessons.bare, strict=True):
            if each.hand not in left_out or not each.sure:
                continue
            scores = _scores(model, each.found, values)
            new += [int(np.argmax(_scores(model, each.found, bare))) in each.right, 1]
            if each.right == (len(each.found.facts),):
                untold += (1, scores.argmax() == len(scores) - 1)
                continue
            known += 1
            best = np.argsort(-scores[:-1])
            first += [bool(set(best[:count]) & set(each.right)) for count in (1, 2, 3)]
    report = {
        "messages": len(lessons.messages),
        "of_first_one_two_three_right": [round(float(each), 3) for each in first / known],
        "first_right_without_examples": round(float(new[0] / new[1]), 3),
        "untold_found": round(float(untold[1] / untold[0]), 3),
    }
    sys.stdout.write(json.dumps(report) + "\n")
    np.savez_compressed(WEIGHTS, **lessons.fitted())


def _read(know: Knowledge, reader: Reader) -> Iterator[Message]:
    for row in _rows("doubts"):
        card = know.catalogue.procedures[row["card"]]
        found = _weighed(know, reader, row["card"], row["text"])
        right = [n for n, fact in enumerate(found.facts) if any(_begins(fact, words) for words in row["says"])]
        if row["says"] and not right:
            raise ValueError(f"doubts.jsonl: no sentence of {card.id} begins with {row['says']}")
        yield Message(card.id, row["hand"], found, tuple(right or [len(found.facts)]), sure=True)
    for row in _rows("turns"):
        parts = [part for part in row.get("parts", ()) if part != "overview"]
        if row["about"] != "view" or row["view"] not in know.catalogue.procedures or not parts:
            continue
        found = _weighed(know, reader, row["view"], row["text"])
        kinds = set().union(*(_PARTS.get(part, set()) for part in parts))
        right = [n for n, fact in enumerate(found.facts) if fact.kind in kinds]
        if right or parts == ["none"]:
            yield Message(row["view"], row["hand"], found, tuple(right or [len(found.facts)]), sure=False)


def _weighed(know: Knowledge, reader: Reader, card: str, text: str) -> Weighed:
    return weighed(know, know.catalogue.procedures[card], text, reader.rank(text))


def _begins(fact: Fact, words: str) -> bool:
    return fact.text == PRICE if words == "$" else fact.text.startswith(words)


def _rows(name: str) -> Iterator[dict[str, Any]]:
    for line in (ROOT / "data" / "about" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _values(message: Message, examples: Sequence[Example], basis: Any) -> Any:
    """Return the values of a message's facts, beside the examples of other hands: nobody's words tell of her own."""
    short = shortened(message.found.message, basis.astype(np.float32))
    near = [(float(short @ each.vector) / SCALE, each.answers) for each in examples if each.hand != message.hand]
    return with_examples(np.array(message.found.values), message.codes, near)


def _fit(
    messages: Sequence[Message], values: Sequence[Any], bare: Sequence[Any], chosen: Sequence[int]
) -> dict[str, Any]:
    """Return the arrays of the model, fitted by stochastic gradients (Adam) on the chosen messages."""
    random = np.random.default_rng(0)
    together = np.concatenate([values[n] for n in chosen])
    scale = together.std(0) + 1e-6
    size = len(messages[0].found.message)
    model = {
        "weights": np.zeros(together.shape[1]),
        "asks": random.normal(0, 0.1, (size, RANK)),
        "tells": random.normal(0, 0.1, (size, RANK)),
        "kinds": np.zeros((size, len(KINDS) + 1)),
    }
    mean = {name: np.zeros_like(each) for name, each in model.items()}
    square = {name: np.zeros_like(each) for name, each in model.items()}
    steps = 0
    for _ in range(_ROUNDS):
        order = random.permutation(np.asarray(chosen))
        for start in range(0, len(order), _BATCH):
            batch = order[start : start + _BATCH]
            steps += 1
            slope = _slopes(
                model, [(messages[n], (bare if random.random() < _NEW else values)[n] / scale) for n in batch]
            )
            for name, each in model.items():
                downhill = slope[name] / len(batch) + _PENALTY[name] * each
                mean[name] = 0.9 * mean[name] + 0.1 * downhill
                square[name] = 0.999 * square[name] + 0.001 * downhill**2
                size_of_step = np.sqrt(square[name] / (1 - 0.999**steps)) + 1e-8
                model[name] = each - _STEP * (mean[name] / (1 - 0.9**steps)) / size_of_step
    return {**model, "weights": model["weights"] / scale}


def _slopes(model: dict[str, Any], batch: Sequence[tuple[Message, Any]]) -> dict[str, Any]:
    slope = {name: np.zeros_like(each) for name, each in model.items()}
    for message, values in batch:
        asks = message.found.message
        tells = np.array(message.found.vectors)
        scores = _scores(model, message.found, values)
        chances = np.exp(scores - scores.max())
        chances /= chances.sum()
        right = np.zeros(len(scores))
        right[list(message.right)] = 1.0
        wanted = chances * right / (chances @ right)
        if message.sure:
            wanted = (1 - _EVEN) * wanted + _EVEN * right / right.sum()
        off = chances - wanted
        slope["weights"] += values.T @ off
        slope["asks"] += np.outer(asks, off[:-1] @ (tells @ model["tells"]))
        slope["tells"] += np.outer(tells.T @ off[:-1], asks @ model["asks"])
        slope["kinds"] += np.outer(asks, np.bincount(_kinds(message.found), weights=off, minlength=len(KINDS) + 1))
    return slope


def _scores(model: dict[str, Any], found: Weighed, values: Any) -> Any:
    scores = values @ model["weights"] + (found.message @ model["kinds"])[_kinds(found)]
    scores[:-1] += (np.array(found.vectors) @ model["tells"]) @ (found.message @ model["asks"])
    return scores


def _kinds(found: Weighed) -> list[int]:
    return [*(KINDS.index(fact.kind) for fact in found.facts), len(KINDS)]


if __name__ == "__main__":
    main()
