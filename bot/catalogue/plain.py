"""Search without a model, in any environment: degraded mode's answers, and the candidates of a very big catalogue.

Terms are looked up in the catalogue's own inverted index (:mod:`bot.catalogue.postings`); a word that no card has is
replaced by the words most like it. One text costs a few milliseconds whatever the number of cards.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import cast

from rapidfuzz import fuzz, process

from bot.catalogue.entries import sane
from bot.catalogue.places import Place, Places
from bot.catalogue.postings import DEEPEST, terms, unpack
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import normalise, stem
from bot.core.procedures import Procedure

_ALIKE = 75
"""Likeness in percent from which a known word stands in for an unknown one: "defuncon", "nasimiento"."""
_STAND_INS = 3
_MOST_STEMS = 60
"""Different words that are looked at: the first and the last ones of a text that has more."""
_MOST_UNKNOWN = 12
"""Unknown words that are compared with the whole vocabulary."""
_SHORTEST = 3
_POOL = 96
"""Topics whose score is made whole when a term's postings were cut."""

_NEEDED = 0.3
"""Share of what the text's words can tell that a topic must have to count as found."""
_CLOSE = 0.75
"""Topics with this share of the best one's score are offered beside it."""
_ELSEWHERE = 0.7
"""What a topic's score is worth when the text names a place where none of its cards holds."""
_MEMBERS = 12
"""Cards of a family that are looked at: the place's and the general ones first."""


class Ranker:
    """Scores a text against every topic of a catalogue by BM25."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Nothing is read before the first text."""
        self._catalogue = catalogue

    @cached_property
    def _vocabulary(self) -> dict[int, list[str]]:
        """Known stems by their length, so that a misspelled word is compared with few."""
        by_length: dict[int, list[str]] = defaultdict(list)
        for (term,) in self._catalogue.query("SELECT term FROM term WHERE instr(term, ' ') = 0"):
            if len(term) >= _SHORTEST:
                by_length[len(term)].append(term)
        return by_length

    def knows(self, word: str) -> bool:
        """Say whether a word of a normalised text, or another form of it, is on a card."""
        return bool(self._catalogue.query("SELECT 1 FROM term WHERE term = ?", (stem(word),)))

    @cached_property
    def _unseen(self) -> float:
        """What a word that no card has could have told: as much as one that a single topic has."""
        total = self._catalogue.query("SELECT count(*) FROM topic")[0][0]
        return 2 * math.log(1 + (total - 0.5) / 1.5) if total else 1.0

    def best(self, text: str, count: int) -> tuple[list[tuple[int, float]], float]:
        """Return the ``count`` best topics for a normalised text as (number, score), best first, and the most possible.

        The most is what a topic would get that has every word: an estimate, to tell a good match from a chance one.
        """
        stems = [term for term in terms(text) if " " not in term]
        if len(stems) > _MOST_STEMS:
            stems = stems[: _MOST_STEMS // 2] + stems[-_MOST_STEMS // 2 :]
        weights = self._weights(stems)
        found = self._postings(weights)
        scores: dict[int, float] = defaultdict(float)
        for term, (numbers, impacts) in found.items():
            share = weights[term]
            for number, impact in zip(numbers, impacts, strict=True):
                scores[number] += share * impact
        cut = {term: weights[term] * impacts[-1] for term, (_, impacts) in found.items() if len(impacts) >= DEEPEST}
        if cut:
            scores = self._complete(scores, cut, found)
        most = sum(found[stem][1][0] if stem in found else self._unseen for stem in dict.fromkeys(stems))
        return _largest(scores, count), most

    def _weights(self, stems: Sequence[str]) -> dict[str, float]:
        """Return the terms to look up, with how surely each was meant: its words, those like it, two in a row."""
        known = self._postings(stems)
        choices = {each: [(each, 1.0)] for each in known}
        for unknown in [each for each in dict.fromkeys(stems) if each not in known][:_MOST_UNKNOWN]:
            choices[unknown] = self._alike(unknown)
        weights: dict[str, float] = {}
        for options in choices.values():
            for term, share in options:
                weights[term] = max(share, weights.get(term, 0.0))
        for first, second in pairwise(stems):
            for one, share in choices.get(first, ()):
                for other, other_share in choices.get(second, ()):
                    weights[f"{one} {other}"] = share * other_share
        return weights

    def _complete(
        self, scores: dict[int, float], cut: dict[str, float], found: dict[str, tuple[Sequence[int], Sequence[float]]]
    ) -> dict[int, float]:
        """Return the best topics with what they lost where postings were cut: at most the last one's impact each."""
        pool = dict(_largest(scores, _POOL))
        texts = {number: " " + said.replace("\n", " ") for number, said in self._said(list(pool))}
        for term, impact in cut.items():
            listed = set(found[term][0])
            start = " " + term  # a stem begins its words
            for number in pool:
                if number not in listed and start in texts[number]:
                    pool[number] += impact
        return pool

    def names(self, numbers: Sequence[int]) -> dict[int, str]:
        """Return the topics' names by number."""
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT number, name FROM topic WHERE number IN ({marks})"  # noqa: S608 (question marks only)
        return dict(self._catalogue.query(sql, tuple(numbers)))

    def number(self, name: str) -> int:
        """Return a topic's number.

        Raises:
            KeyError: there is no such topic.
        """
        for (number,) in self._catalogue.query("SELECT number FROM topic WHERE name = ?", (name,)):
            return int(number)
        raise KeyError(name)

    def phrases(self, numbers: Sequence[int]) -> dict[int, list[str]]:
        """Return what people would say for each topic, normalised, by number."""
        return {number: said.split("\n") for number, said in self._said(numbers)}

    def _said(self, numbers: Sequence[int]) -> list[tuple[int, str]]:
        marks = ",".join("?" * len(numbers))
        sql = f"SELECT number, phrases FROM topic WHERE number IN ({marks})"  # noqa: S608 (question marks only)
        return cast("list[tuple[int, str]]", self._catalogue.query(sql, tuple(numbers)))

    def _postings(self, wanted: Sequence[str] | dict[str, float]) -> dict[str, tuple[Sequence[int], Sequence[float]]]:
        unique = list(dict.fromkeys(wanted))
        found: dict[str, tuple[Sequence[int], Sequence[float]]] = {}
        for start in range(0, len(unique), 500):  # SQLite takes 999 parameters at least
            part = unique[start : start + 500]
            sql = f"SELECT term, postings FROM term WHERE term IN ({','.join('?' * len(part))})"  # noqa: S608
            for term, blob in self._catalogue.query(sql, tuple(part)):
                found[term] = unpack(blob)
        return found

    def _alike(self, stem: str) -> list[tuple[str, float]]:
        if len(stem) < _SHORTEST:
            return []
        # Likeness of 75 % allows lengths a : b up to 5 : 3; two letters more or less is what mistakes make.
        near = [word for length in range(len(stem) - 2, len(stem) + 3) for word in self._vocabulary.get(length, ())]
        found = process.extract(stem, near, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=_STAND_INS)
        return [(word, (score / 100) ** 3) for word, score, _ in found]


class PlainSearch:
    """Finds procedures by their words; the place that is named decides between siblings."""

    def __init__(self, catalogue: Catalogue, places: Places) -> None:
        """Keep both; nothing is read before the first query."""
        self._catalogue = catalogue
        self._places = places
        self._ranker = Ranker(catalogue)

    @classmethod
    def open(cls, catalogue: Path, places: Path) -> PlainSearch:
        """Open the built catalogue and the folder of places.

        Raises:
            bot.catalogue.reader.CatalogueError: there is no catalogue.
        """
        return cls(Catalogue(catalogue), Places.load(places))

    @property
    def catalogue(self) -> Catalogue:
        """The catalogue that is searched."""
        return self._catalogue

    def find(self, text: str, limit: int = 3) -> tuple[list[Procedure], Place | None]:
        """Return the best procedures, best first (none when nothing fits), and the place that the text names."""
        normalised = normalise(sane(text))
        mention = self._places.find(normalised)
        place = mention.candidates[0] if mention else None
        best, most = self._ranker.best(normalised, 2 * limit)
        enough = max(_NEEDED * most, _CLOSE * _ELSEWHERE * best[0][1]) if best else 0.0
        best = [(number, score) for number, score in best if score >= enough]
        names = self._ranker.names([number for number, _ in best])
        found = [
            (score * self._placed(members, place), members)
            for number, score in best
            if (members := self._members(names[number], place))
        ]
        found.sort(key=lambda each: -each[0])
        cards: list[Procedure] = []
        for score, members in found:
            if score >= _CLOSE * found[0][0]:
                cards += self._here(members, place)
        return cards[:limit], place

    def _members(self, topic: str, place: Place | None) -> tuple[Procedure, ...]:
        ids = self._catalogue.members(topic, place.state if place else None, _MEMBERS)
        return tuple(self._catalogue.procedures[id_] for id_ in ids)

    def _placed(self, members: tuple[Procedure, ...], place: Place | None) -> float:
        return _ELSEWHERE if place and all(_distance(card, place) > _ANYWHERE for card in members) else 1.0

    def _here(self, members: tuple[Procedure, ...], place: Place | None) -> list[Procedure]:
        """Return the card for the place; without a place the general one, else all that there are."""
        if place is None:
            general = [card for card in members if card.jurisdiction.state is None]
            return general[:1] or list(members)
        return [min(members, key=lambda card: (_distance(card, place), card.id))]


def _largest(scores: dict[int, float], count: int) -> list[tuple[int, float]]:
    return [(number, scores[number]) for number in heapq.nlargest(count, scores, key=scores.__getitem__)]


_ANYWHERE = 3


def _distance(card: Procedure, place: Place) -> int:
    """Return how far from a place a card holds: 0 right there, 3 everywhere, 4 somewhere else."""
    where = card.jurisdiction
    if where.state is None:
        return _ANYWHERE
    if where.state != place.state:
        return _ANYWHERE + 1
    if where.municipality is None:
        return 1
    if place.municipality is None:
        return 2
    return 0 if where.municipality == place.municipality else _ANYWHERE + 1
