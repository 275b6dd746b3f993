"""What correcting the spelling is worth: ``.venv-engine/bin/python -m benchmarks.spelling [--folds 2]``.

Every question of the cards is asked of an index that has not seen it, by a speller that has not seen it either: as it
is written, and with slips made by machine (a letter too many, too few, wrong, or two exchanged; a letter for another of
the same sound; a space lost), one word in three. Prints how often the right topic comes first and among three, without
correction, by sound alone, and with all of it.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import numpy as np

from bot.catalogue.index import Entry, Index, collect, default_encoder
from bot.catalogue.places import Places
from bot.catalogue.reader import Catalogue
from bot.catalogue.sounds import sound
from bot.catalogue.spelling import Speller

ROOT = Path(__file__).resolve().parents[1]
_LETTERS = "abcdefghijlmnopqrstuvz"
_EAR = (("v", "b"), ("b", "v"), ("z", "s"), ("ce", "se"), ("ci", "si"), ("h", ""), ("ll", "y"), ("qui", "ki"))


def main() -> None:
    """Print one JSON object a way of writing and a way of correcting."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folds", type=int, default=2, help="of five")
    parser.add_argument("--catalogue", type=Path, default=ROOT / "var" / "catalogue.sqlite")
    parser.add_argument("--changed", action="store_true", help="print what is corrected where nothing is misspelled")
    given = parser.parse_args()
    entries = collect(Catalogue(given.catalogue))
    encode = default_encoder()
    vectors = encode([entry.text for entry in entries])
    question = np.array([entry.field == "question" for entry in entries])
    fold = np.random.RandomState(0).randint(0, 5, len(entries))
    results: dict[tuple[str, str], list[tuple[bool, bool]]] = {}
    for number in range(given.folds):
        held = [entries[i] for i in np.flatnonzero(question & (fold == number))]
        kept = np.flatnonzero(~(question & (fold == number)))
        index = Index([entries[i] for i in kept], encode, vectors=vectors[kept])
        correct = _corrections([entries[i] for i in kept])
        if given.changed:
            for entry in held:
                after = correct["all"](entry.text)
                pairs = zip(entry.text.split(), after.split(), strict=False)
                sys.stdout.write("".join(f"{a} -> {b}\n" for a, b in pairs if a != b))
        for way, texts in _ways(held, random.Random(number)).items():
            for name, corrected in correct.items():
                found = results.setdefault((way, name), [])
                found += _right(index, held, [corrected(text) for text in texts])
    for (way, name), found in results.items():
        first, three = np.mean(found, axis=0).round(4).tolist()
        line = {"written": way, "corrected": name, "first": first, "among_three": three, "questions": len(found)}
        sys.stdout.write(json.dumps(line) + "\n")


def _right(index: Index, held: Sequence[Entry], texts: Sequence[str]) -> list[tuple[bool, bool]]:
    found = []
    for entry, scored in zip(held, index.score(texts), strict=True):
        best = [index.topics[number] for number in np.argsort(-scored.scores)[:3]]
        found.append((entry.topic == best[0], entry.topic in best))
    return found


def _corrections(kept: Sequence[Entry]) -> dict[str, Callable[[str], str]]:
    places = Places.load(ROOT / "data" / "places")
    files = sorted((ROOT / "data" / "nlu").glob("*/*.yml"))
    texts = [entry.text for entry in kept] + [path.read_text(encoding="utf-8").lower() for path in files]
    speller = Speller(texts, places.well_known, places.aliases)
    words = {word for text in texts for word in text.split() if word.isalpha()} | {
        word for name in places.aliases for word in name.split()
    }
    heard: dict[str, str] = {}
    for word in sorted(words):
        heard.setdefault(sound(word), word)

    def by_sound(text: str) -> str:
        return " ".join(w if w in words or len(w) < 4 else heard.get(sound(w), w) for w in text.split())

    return {"nothing": str, "by sound": by_sound, "all": speller.correct}


def _ways(held: Sequence[Entry], chance: random.Random) -> dict[str, list[str]]:
    texts = [entry.text for entry in held]
    slipped = [re.sub(r"[a-z]{4,}", lambda m: _slip(m[0], chance), text) for text in texts]
    heard = [re.sub(r"[a-z]{4,}", lambda m: _by_ear(m[0], chance), text) for text in texts]
    return {"as it is": texts, "with slips": slipped, "by ear": heard}


def _slip(word: str, chance: random.Random) -> str:
    if chance.random() > 1 / 3:
        return word
    at = chance.randrange(1, len(word))
    return chance.choice(
        (
            word[:at] + word[at + 1 :],
            word[:at] + chance.choice(_LETTERS) + word[at:],
            word[:at] + chance.choice(_LETTERS) + word[at + 1 :],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        )
    )


def _by_ear(word: str, chance: random.Random) -> str:
    wrong, right = chance.choice(_EAR)
    return word.replace(wrong, right, 1) if chance.random() < 0.6 else word


if __name__ == "__main__":
    main()
