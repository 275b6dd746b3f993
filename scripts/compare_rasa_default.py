"""Rasa's default pipeline on the project's examples and evaluation set: ``python scripts/compare_rasa_default.py``.

Trains what ``rasa init`` proposes (DIET, 100 epochs) on ``data/nlu/es`` and ``data/nlu/en``, reads the evaluation set
with it and with the project's own classifier, and prints how often the first intent is right, by kind of noise, with
the seconds of training and the milliseconds a phrase. DIET needs TensorFlow, which the engine environment leaves out on
purpose (docs/decisions/0003-no-tensorflow.md): run it where a stock Rasa 3.6.21 is installed, with this project's root
as the working directory. Without TensorFlow it prints one line that says so, and exits with 2.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

PIPELINE = """
recipe: default.v1
assistant_id: comparison
language: es
pipeline:
  - name: WhitespaceTokenizer
  - name: RegexFeaturizer
  - name: LexicalSyntacticFeaturizer
  - name: CountVectorsFeaturizer
  - name: CountVectorsFeaturizer
    analyzer: char_wb
    min_ngram: 1
    max_ngram: 4
  - name: DIETClassifier
    epochs: {epochs}
    constrain_similarities: true
  - name: EntitySynonymMapper
policies: []
"""
"""What ``rasa init`` of 3.6 writes, without its response selector and fallback, which decide on no intent."""

Reader = Callable[[str], str]


def main() -> int:
    """Train, read, print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    given = parser.parse_args()
    if importlib.util.find_spec("tensorflow") is None:
        sys.stdout.write("TensorFlow is not installed here: DIET cannot be trained (pip install rasa==3.6.21)\n")
        return 2
    rows = [row for row in _phrases() if row["intent"]]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        default = _trained(Path(folder), given.epochs)
        _print("Rasa's default", default, rows, time.perf_counter() - started)
    _print("Ventanilla's", _own(), rows, None)
    return 0


def _phrases() -> list[dict[str, Any]]:
    files = sorted((ROOT / "tests" / "understanding").glob("*/*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines() if line]


def _trained(folder: Path, epochs: int) -> Reader:
    from rasa.core.agent import Agent
    from rasa.model_training import train_nlu

    config = folder / "config.yml"
    config.write_text(PIPELINE.format(epochs=epochs), encoding="utf-8")
    model = train_nlu(str(config), str(ROOT / "data" / "nlu"), str(folder), domain=str(ROOT / "domain.yml"))
    agent = Agent.load(str(model))

    def read(text: str) -> str:
        return str(asyncio.run(agent.parse_message(text))["intent"]["name"])

    return read


def _own() -> Reader:
    from bot.engine.reading import Reader as Own

    reader = Own.load(ROOT / "models" / "ventanilla.tar.gz")
    return lambda text: reader.rank(text)[0][0]


def _print(name: str, read: Reader, rows: Iterable[Mapping[str, Any]], training: float | None) -> None:
    right: dict[str, list[bool]] = defaultdict(list)
    seconds = []
    for row in rows:
        start = time.perf_counter()
        intent = read(row["text"])
        seconds.append(time.perf_counter() - start)
        for group in ("all", row["noise"]):
            right[group].append(intent == row["intent"])
    figures = {
        "pipeline": name,
        "intent_right": {group: round(sum(hits) / len(hits), 4) for group, hits in right.items()},
        "phrases": len(right["all"]),
        "training_seconds": round(training, 1) if training is not None else None,
        "p95_ms": round(1e3 * sorted(seconds)[int(0.95 * (len(seconds) - 1))], 1),
    }
    sys.stdout.write(json.dumps(figures, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
