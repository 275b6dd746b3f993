"""An inverted index inside the catalogue: for each term, the topics that use it and how much that tells (BM25).

A topic (a procedure, a family of procedures, a life event) is one document: all phrases of its cards together. That
finds more than phrase by phrase, because people mix the words of several phrases; docs/performance.md compares it with
SQLite's own FTS5. Standard library only: the index is written and read in both environments.
"""

from __future__ import annotations

import math
import sqlite3
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import pairwise

from bot.catalogue.text import keywords, normalise, stem

SCHEMA = """
CREATE TABLE topic (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, phrases TEXT NOT NULL);
CREATE TABLE term (term TEXT PRIMARY KEY, postings BLOB NOT NULL) WITHOUT ROWID;
"""

# BM25's constants. k1 is high because a topic's phrases are many ways of asking the same: a word in most of them tells
# more than in one. Near the best of a coarse grid on cross-validation over the cards' own questions, as is the share of
# pairs.
_K1, _B = 5.0, 0.5
# A name or an alias counts as much as two questions.
_FIELD_WEIGHT = {"name": 2, "alias": 2}
_PAIR_SHARE = 0.5
"""Two words in a row, beside each of them: they are not independent."""
DEEPEST = 1500
"""Postings kept of a term, most telling first: what "acta" says of topic 1,501 decides nothing, and time is bounded."""

_stem = lru_cache(maxsize=1 << 16)(stem)


def terms(text: str) -> list[str]:
    """Return the terms of a normalised text: the stems of its meaningful words, then each two in a row."""
    stems = [_stem(word) for word in keywords(text)]
    return stems + [f"{first} {second}" for first, second in pairwise(stems)]


def write(db: sqlite3.Connection, topics: Iterable[tuple[str, list[tuple[str, str]]]]) -> None:
    """Fill the tables of :data:`SCHEMA` from topics, each with its phrases as (field, folded text).

    ``topic.phrases`` has what people would say for the topic, normalised, a line each.
    """
    lengths = array("I")
    # Term -> topic, count, topic, count …: a list of tuples would take ten times the memory with 100,000 topics.
    found: dict[str, array[int]] = defaultdict(lambda: array("I"))
    for number, (name, phrases) in enumerate(topics):
        counts: Counter[str] = Counter()
        said = []
        for field, text in phrases:
            normalised = normalise(text)
            if field != "text":
                said.append(normalised)
            weight = _FIELD_WEIGHT.get(field, 1)
            for term in terms(normalised):
                counts[term] += weight
        db.execute("INSERT INTO topic VALUES (?, ?, ?)", (number, name, "\n".join(said)))
        lengths.append(sum(counts.values()))
        for term, count in counts.items():
            if count > 1 or " " not in term:  # two words that stood together once are chance
                found[term].extend((number, count))
    db.executemany("INSERT INTO term VALUES (?, ?)", _rows(found, lengths))


def _rows(found: dict[str, array[int]], lengths: array[int]) -> Iterator[tuple[str, bytes]]:
    total = len(lengths)
    # Length normalisation, once a topic instead of once a posting.
    mean = sum(lengths) / total if total else 1.0
    norms = [_K1 * (1 - _B + _B * length / (mean or 1.0)) for length in lengths]
    for term in sorted(found):
        postings = found[term]
        documents = len(postings) // 2
        weight = math.log(1 + (total - documents + 0.5) / (documents + 0.5)) * (_K1 + 1)
        if " " in term:
            weight *= _PAIR_SHARE
        pairs = zip(postings[::2], postings[1::2], strict=True)
        impacts = [(weight * count / (count + norms[topic]), topic) for topic, count in pairs]
        impacts.sort(key=lambda each: (-each[0], each[1]))
        yield term, _pack(impacts[:DEEPEST])


def _pack(impacts: list[tuple[float, int]]) -> bytes:
    numbers, weights = array("I", [topic for _, topic in impacts]), array("f", [impact for impact, _ in impacts])
    if sys.byteorder == "big":
        numbers.byteswap()
        weights.byteswap()
    return numbers.tobytes() + weights.tobytes()


def unpack(blob: bytes) -> tuple[array[int], array[float]]:
    """Return a term's topic numbers and what it adds to each, most telling first."""
    numbers, weights = array("I"), array("f")
    half = len(blob) // 2
    numbers.frombytes(blob[:half])
    weights.frombytes(blob[half:])
    if sys.byteorder == "big":
        numbers.byteswap()
        weights.byteswap()
    return numbers, weights
