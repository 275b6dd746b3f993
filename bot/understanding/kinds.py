"""The five kinds of message, and a judge of them by words and vectors of the cards' questions and of the examples.

It sees every question of every card as well as the examples of the intents, which neither the classifier nor the
search does. ``kinds.npz`` holds what it learned (``ventanilla eval --fit``); a new card needs no new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.catalogue.spelling import corrected
from bot.catalogue.terms import TermWeights, weighed
from bot.catalogue.text import normalise
from bot.understanding.anywhere import anywhere
from bot.understanding.courtesy import marked

Kind = Literal["procedure", "life_event", "out_of_scope", "emergency", "talk"]
KINDS: tuple[Kind, ...] = ("procedure", "life_event", "out_of_scope", "emergency", "talk")
Encoder = Callable[[Sequence[str]], Any]
"""Normalised texts to their sentence vectors, a row each."""

LEARNED = Path(__file__).with_name("kinds.npz")
_NGRAMS = (("word", (1, 2)), ("char_wb", (2, 5)))
_PRINCIPAL = 128
"""Directions of the sentence vectors that are learned from, as by the other judges."""
_READ = 600
"""Characters that are read of a text, as by the other judges."""


_ABOUT_PROCEDURES = frozenset({"compare"})


def kind_of_intent(intent: str) -> Kind:
    """Return the kind of message that an intent belongs to."""
    if intent.startswith("ask_") or intent in _ABOUT_PROCEDURES:
        return "procedure"
    return next((kind for kind in KINDS if kind == intent), "talk")


class KindJudge:
    """One-vs-rest scores of the kinds, from words (one and two), characters (two to five) and the vector of a text."""

    def __init__(self, vectorizers: Sequence[TfidfVectorizer | TermWeights], weights: Any, bias: Any) -> None:
        """``weights``: features x kinds, words before characters before vectors; ``bias``: one a kind."""
        self._vectorizers = tuple(vectorizers)
        self._weights = np.ascontiguousarray(weights, dtype=np.float32)
        self._bias = np.asarray(bias, dtype=np.float32)

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> KindJudge:
        """Read what the project's own judge learned."""
        return cls.read(LEARNED)

    @classmethod
    def read(cls, path: Path) -> KindJudge:
        """Read what :meth:`save` wrote."""
        with np.load(path, allow_pickle=False) as arrays:
            vectorizers = []
            for analyzer, lengths in _NGRAMS:
                terms = bytes(arrays[f"{analyzer}_terms"]).decode().split("\n")
                analyse = _vectorizer(analyzer, lengths).build_analyzer()
                vectorizers.append(TermWeights(analyse, terms, arrays[f"{analyzer}_idf"]))
            return cls(vectorizers, arrays["weights"], arrays["bias"])

    @classmethod
    def learn(cls, texts: Sequence[str], kinds: Sequence[str], encode: Encoder) -> KindJudge:
        """Learn from texts of known kind; the same texts give the same judge."""
        normal = [_normal(text) for text in texts]
        vectorizers = [_vectorizer(analyzer, lengths, min_df=2) for analyzer, lengths in _NGRAMS]
        vectors = encode([_spelled(text) for text in texts])
        _, directions = np.linalg.eigh(vectors.T @ vectors)
        directions = directions[:, -_PRINCIPAL:].astype(np.float32)
        parts = [*(each.fit_transform(normal) for each in vectorizers), csr_matrix(vectors @ directions)]
        features = hstack(parts, format="csr", dtype=np.float32)
        model = LinearSVC(C=0.3, class_weight="balanced", tol=1e-2, random_state=0)
        model.fit(features, [KINDS.index(kind) for kind in kinds])  # type: ignore[arg-type]
        words = features.shape[1] - directions.shape[1]
        weights = np.concatenate([model.coef_[:, :words].T, directions @ model.coef_[:, words:].T])
        return cls(vectorizers, weights, model.intercept_)

    def save(self, path: Path = LEARNED) -> None:
        """Write down what was learned in this process; weights are kept to three digits."""
        arrays: dict[str, Any] = {"weights": self._weights.astype(np.float16), "bias": self._bias}
        for (analyzer, _), each in zip(_NGRAMS, self._vectorizers, strict=True):
            assert isinstance(each, TfidfVectorizer)
            arrays[f"{analyzer}_terms"] = np.frombuffer("\n".join(each.get_feature_names_out()).encode(), np.uint8)
            arrays[f"{analyzer}_idf"] = each.idf_.astype(np.float16)
        np.savez_compressed(path, **arrays)

    def scores(self, texts: Sequence[str], encode: Encoder) -> Any:
        """Return texts x kinds, in the order of :data:`KINDS`; above 0 it looks like that kind."""
        normal = [_normal(text) for text in texts]
        vectors = encode([_spelled(text) for text in texts])
        found = weighed(self._vectorizers, normal, self._weights)
        return found + vectors @ self._weights[len(self._weights) - vectors.shape[1] :] + self._bias


def _normal(text: str) -> str:
    said = corrected(text[:_READ])
    return marked(said, normalise(anywhere(said)))


def _spelled(text: str) -> str:
    """Return a text as it is encoded: its place included, so that the search needs no other vector."""
    return normalise(corrected(text[:_READ]))


def _vectorizer(analyzer: str, lengths: tuple[int, int], **options: Any) -> TfidfVectorizer:
    pattern = r"\S+" if analyzer == "word" else None
    return TfidfVectorizer(
        analyzer=analyzer, ngram_range=lengths, token_pattern=pattern, sublinear_tf=True, dtype=np.float32, **options
    )
