"""Learning the cards: ``.venv-engine/bin/python -m benchmarks.fitting`` (after ``ventanilla catalogue build``).

The classifier of the index against scikit-learn's LinearSVC over all 512 dense values with its default tolerance, on
the same features: time, and how often the right topic is first for questions that were left out (cross-validation,
classifier alone). Then a first start, a start after one card changed, and a start with everything kept.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np
from scipy import sparse
from sklearn.svm import LinearSVC

from bot.catalogue.index import Entry, Index, collect, default_encoder, encode_all, learned
from bot.catalogue.reader import Catalogue

ROOT = Path(__file__).resolve().parents[1]
_FOLDS = 5


def main() -> None:
    """Print one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalogue", type=Path, default=ROOT / "var" / "catalogue.sqlite")
    entries = collect(Catalogue(parser.parse_args().catalogue))
    encode = default_encoder()
    encode(["listo"])
    vectors = encode_all([entry.text for entry in entries], encode)
    known = {entry.text: vector for entry, vector in zip(entries, vectors, strict=True)}
    _fitting(entries, lambda texts: np.stack([known[text] for text in texts]))
    _starts(entries, encode)


def _fitting(entries: list[Entry], encode: Callable[[list[str]], Any]) -> None:
    fold = np.random.default_rng(0).integers(0, _FOLDS, len(entries))
    question = np.array([entry.field == "question" for entry in entries])
    ours, peer, seconds, peer_seconds = [], [], 0.0, 0.0
    for number in range(_FOLDS):
        held = [entry for entry, out in zip(entries, question & (fold == number), strict=True) if out]
        kept = [entry for entry, out in zip(entries, question & (fold == number), strict=True) if not out]
        start = time.process_time()
        index = Index(kept, encode)
        seconds += time.process_time() - start
        features = _features(index, held, encode)
        ours += _right(features @ index.fitted.weights + index.fitted.bias, index, held)
        training = _features(index, kept, encode)
        start = time.process_time()
        classifier = LinearSVC(C=0.25, random_state=0).fit(training, [entry.topic for entry in kept])
        peer_seconds += time.process_time() - start
        peer += _right(classifier.decision_function(features), index, held)
    _say(
        entries=len(entries),
        right=round(float(np.mean(ours)), 4),
        right_linearsvc=round(float(np.mean(peer)), 4),
        seconds=round(seconds / _FOLDS, 1),
        times_faster=round(peer_seconds / seconds, 1),
    )


def _features(index: Index, entries: list[Entry], encode: Callable[[list[str]], Any]) -> Any:
    texts = [entry.text for entry in entries]
    words, chars = index.sparse_features(texts)
    return sparse.hstack([words, chars, sparse.csr_matrix(encode(texts))], format="csr")


def _right(decisions: Any, index: Index, entries: list[Entry]) -> list[bool]:
    found = np.asarray(decisions).argmax(axis=1)
    return [index.topics[number] == entry.topic for number, entry in zip(found, entries, strict=True)]


def _starts(entries: list[Entry], encode: Callable[[list[str]], Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        first = _seconds(lambda: learned(entries, Path(folder), encode))
        again = _seconds(lambda: learned(entries, Path(folder), encode))
        changed = [*entries[:-1], dataclasses.replace(entries[-1], text="una frase que no habia")]
        one = _seconds(lambda: learned(changed, Path(folder), encode))
    _say(first_start_seconds=first, one_card_changed_seconds=one, kept_start_seconds=again)


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return round(time.process_time() - start, 2)


def _say(**values: object) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
