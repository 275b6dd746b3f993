"""Search over a big catalogue: ``.venv-engine/bin/python -m benchmarks.search [--cards 100000] [--catalogue FILE]``.

Latency, quality and memory of both searches (the engine's, and the plain one that answers when the engine is down)
against two peers over the same phrases in the same run: SQLite's FTS5 with its own bm25, and rapidfuzz over every
alias. Half of the questions have a typing mistake. Without ``--catalogue``, ``benchmarks.build --keep`` makes one.
"""

from __future__ import annotations

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported

import random

from rapidfuzz import fuzz, process

from bot.catalogue.places import Places
from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import keywords, normalise, stem

ROOT = Path(__file__).resolve().parents[1]
_PEER_QUESTIONS = 60
"""Questions that the peers get: they take up to a second each."""

Finder = Callable[[str], Sequence[str]]


def main() -> None:
    """Print one JSON object a search, then the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=100_000)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--questions", type=int, default=500)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.catalogue or Path(folder) / "catalogue.sqlite"
        if given.catalogue is None:
            build = ["-m", "benchmarks.build", "--cards", str(given.cards), "--keep", str(path)]
            subprocess.run([str(ROOT / ".venv/bin/python"), *build], check=True, cwd=ROOT)
        _compare(path, given.questions, Path(folder))


def _compare(path: Path, count: int, folder: Path) -> None:
    asked = _questions(path, count)
    places = Places.load(ROOT / "data" / "places")
    results = {
        "plain search": _measure("plain search", lambda: _plain(path, places), asked),
        "engine search": _measure("engine search", lambda: _engine(path, places), asked),
        "FTS5 bm25": _measure("FTS5 bm25", lambda: _fts5(path, folder), asked[:_PEER_QUESTIONS]),
        "rapidfuzz": _measure("rapidfuzz", lambda: _rapidfuzz(path), asked[:_PEER_QUESTIONS]),
    }
    for ours in ("plain search", "engine search"):
        for peer in ("FTS5 bm25", "rapidfuzz"):
            ratio = results[peer] / results[ours]
            sys.stdout.write(json.dumps({"ratio": f"p95 of {peer} / p95 of {ours}", "value": round(ratio, 1)}) + "\n")


def _questions(path: Path, count: int) -> list[tuple[str, str]]:
    """Return (text, topic) about random topics: a way of asking around an alias, every other one mistyped."""
    chance = random.Random(11)
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    total = db.execute("SELECT count(*) FROM topic").fetchone()[0]
    found = []
    for number in (chance.randrange(total) for _ in range(count)):
        topic, phrases = db.execute("SELECT name, phrases FROM topic WHERE number = ?", (number,)).fetchone()
        text = f"oiga disculpe me piden {phrases.splitlines()[0]} y no sé qué llevar"
        if chance.random() < 0.5:
            at = chance.randrange(22, len(text) - 22)
            text = text[:at] + text[at + 1 :]
        found.append((text, topic))
    db.close()
    return found


def _measure(name: str, opened: Callable[[], Finder], asked: list[tuple[str, str]]) -> float:
    before = _resident()
    started = time.perf_counter()
    find = opened()
    find(asked[0][0])
    ready = time.perf_counter() - started
    seconds, right = [], 0
    for text, topic in asked:
        start = time.perf_counter()
        found = find(text)
        seconds.append(time.perf_counter() - start)
        right += topic in found[:3]
    return _report(name, seconds, right, len(asked), _resident() - before, ready)


def _report(name: str, seconds: list[float], right: int, count: int, memory: int, ready: float = 0.0) -> float:
    ordered = sorted(seconds)
    p95 = ordered[int(0.95 * (len(ordered) - 1))]
    line = {
        "search": name,
        "p50_ms": round(ordered[len(ordered) // 2] * 1e3, 1),
        "p95_ms": round(p95 * 1e3, 1),
        "among_three": round(right / count, 3),
        "ready_seconds": round(ready, 2),
        "memory_mb": memory,
    }
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
    return p95


def _resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def _plain(path: Path, places: Places) -> Finder:
    search = PlainSearch(Catalogue(path), places)
    return lambda text: [card.family or card.id for card in search.find(text)[0]]


def _engine(path: Path, places: Places) -> Finder:
    from bot.catalogue.wide import open_search

    catalogue = Catalogue(path)
    search = open_search(catalogue, places)

    def find(text: str) -> list[str]:
        cards = [catalogue.procedures[hit.id] for hit in search.find(text).hits[:3]]
        return [card.family or card.id for card in cards]

    return find


def _phrases(path: Path) -> list[tuple[str, str]]:
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    rows = db.execute("SELECT name, phrases FROM topic").fetchall()
    db.close()
    return [(topic, phrase) for topic, phrases in rows for phrase in phrases.splitlines()]


def _fts5(path: Path, folder: Path) -> Finder:
    """Every phrase is a row; any word may match; SQLite's bm25 says what is best."""
    db = sqlite3.connect(folder / "fts5.sqlite")
    db.execute("CREATE VIRTUAL TABLE entry USING fts5 (topic UNINDEXED, text, tokenize = 'unicode61')")
    db.executemany("INSERT INTO entry VALUES (?, ?)", _phrases(path))
    db.commit()

    def find(text: str) -> list[str]:
        words = " OR ".join(f'"{stem(word)}"*' for word in keywords(normalise(text)))
        rows = db.execute("SELECT topic FROM entry WHERE entry MATCH ? ORDER BY bm25(entry) LIMIT 30", (words,))
        return list(dict.fromkeys(topic for (topic,) in rows))

    return find


def _rapidfuzz(path: Path) -> Finder:
    topics, phrases = zip(*_phrases(path), strict=True)

    def find(text: str) -> list[str]:
        found = process.extract(normalise(text), phrases, scorer=fuzz.token_sort_ratio, limit=30)
        return list(dict.fromkeys(topics[number] for _, _, number in found))

    return find


if __name__ == "__main__":
    main()
