"""Hostile texts against everything that reads one: ``.venv/bin/python -m benchmarks.fuzz [--seconds 30]``.

With the engine environment's Python the engine's search is included. Texts are cards' own phrases cut, glued, doubled
and strewn with control characters, marks, emoji, right-to-left text, half surrogate pairs and operators of query
languages, up to some thousand characters. Prints how many were tried and the slowest of each reader; exits with 1 at
the first exception or at a text that takes more than a second.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

from bot.catalogue.entries import procedure_entries
from bot.catalogue.places import Places
from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import normalise
from bot.core.choices import OpenOption, pick
from bot.core.redact import redact

ROOT = Path(__file__).resolve().parents[1]
_STRANGE = (
    "\x00", "\ud83d", "\udc00", "\u202e", "\u200b", "\u0301" * 40, "😀👨‍👩‍👧", "ﷺ", "שלום",
    "İ", "ß", "ﬁ", "½", "٣", "^", '"', "*",
    "OR", "NEAR(", ")", "{0}", "%s", "\\", "'; --", "\n", "\r\n", "\t", " " * 50, "¿", "@", "@" * 30, ".", "1" * 20,
    "CURP", "GOMC850101HDFRRL09", "arroba", "5512345678", "-", "a" * 400, "1 " * 60,
)  # fmt: skip
_LIMIT_SECONDS = 1.0


def main() -> int:
    """Run, and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--catalogue", type=Path, default=ROOT / "var" / "catalogue.sqlite")
    given = parser.parse_args()
    catalogue = Catalogue(given.catalogue)
    phrases = [text for card in catalogue.procedures.values() for _, _, text in procedure_entries(card)]
    readers = _readers(catalogue)
    slowest = dict.fromkeys(readers, 0.0)
    chance = random.Random(given.seed)
    until, tried = time.monotonic() + given.seconds, 0
    while time.monotonic() < until:
        text = _text(chance, phrases)
        tried += 1
        for name, read in readers.items():
            start = time.process_time()
            try:
                read(text)
            except Exception as error:  # whatever it is, it is what is looked for
                sys.stdout.write(f"{name} failed with {error!r} on {text!r}\n")
                return 1
            slowest[name] = max(slowest[name], time.process_time() - start)
            if slowest[name] > _LIMIT_SECONDS:
                sys.stdout.write(f"{name} took {slowest[name]:.1f} s on {text!r}\n")
                return 1
    milliseconds = {name: round(seconds * 1e3, 1) for name, seconds in slowest.items()}
    sys.stdout.write(json.dumps({"texts": tried, "slowest_ms": milliseconds}) + "\n")
    return 0


def _readers(catalogue: Catalogue) -> dict[str, Callable[[str], object]]:
    places = Places.load(ROOT / "data" / "places")
    options = [OpenOption("a", "Acta de nacimiento"), OpenOption("b", "CURP")]
    plain = PlainSearch(catalogue, places)
    readers: dict[str, Callable[[str], object]] = {
        "normalise": normalise,
        "redact": redact,
        "pick": lambda text: pick(text, options),
        "places": lambda text: places.find(normalise(text)),
        "plain search": plain.find,
    }
    try:
        from bot.catalogue.search import Search
    except ImportError:  # the gateway environment
        return readers
    readers["engine search"] = Search(catalogue, places).find
    readers["engine search"]("listo")  # loads the encoder
    return readers


def _text(chance: random.Random, phrases: list[str]) -> str:
    parts: list[str] = []
    for _ in range(chance.randrange(1, 12)):
        phrase = chance.choice(phrases)
        roll = chance.random()
        if roll < 0.4:
            parts.append(chance.choice(_STRANGE) * chance.randrange(1, 4))
        elif roll < 0.6:
            parts.append(phrase[: chance.randrange(len(phrase) + 1)])
        elif roll < 0.7:
            parts.append("".join(chr(chance.randrange(0x110000)) for _ in range(chance.randrange(30))))
        elif roll < 0.75:
            parts.append(f"{phrase} " * chance.randrange(1, 40))
        else:
            parts.append(phrase)
    return chance.choice(("", " ")).join(parts)


if __name__ == "__main__":
    sys.exit(main())
