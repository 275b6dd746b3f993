"""Sparse features without Rasa: one spelling for each word of a message, and the n-grams of words and characters."""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.components.text import LIMIT, normal_form
from bot.understanding.anywhere import anywhere
from bot.understanding.courtesy import marked
from bot.understanding.matter import without_labels

ANALYZERS = ("word", "char_wb")
VOCABULARY = "vocabulary.json"
WEIGHTS = "weights.npz"


_WORD = re.compile(r"\d+(?:[.,:]\d+)*(?![^\W_])|[^\W_]+(?:['’][^\W_]+)*|[^\w\s]")


def normal_words(text: str) -> str:
    """Return the words of a text's first characters in their one spelling, parted by spaces; no redaction's labels.

    A place is read as any other (:mod:`bot.understanding.anywhere`), and what is nothing but courtesy is marked as
    such (:mod:`bot.understanding.courtesy`), in an example and in a message alike.
    The same words as the tokens of spaCy's rules for Spanish but for one text in 300, without loading spaCy.
    """
    said = anywhere(without_labels(text[:LIMIT]))
    return marked(said, " ".join(form for word in _WORD.findall(said) if (form := normal_form(word))))


_MANY = 1000
"""Examples from which on characters that only one of them has are left out: half of all columns, which tell nothing."""


def fewest(analyzer: str, examples: int) -> int:
    """Return how many of so many examples an n-gram must be in to be learned."""
    return 2 if analyzer == "char_wb" and examples >= _MANY else 1


def vectorizer(
    analyzer: str, lengths: Iterable[int], terms: Iterable[str] | None = None, fewest: int = 1
) -> TfidfVectorizer:
    """Return a vectorizer of n-grams of the given shortest and longest length.

    ``terms``: its columns, once known. ``fewest``: examples that an n-gram must be in to be learned.
    """
    return TfidfVectorizer(
        min_df=fewest,
        analyzer=analyzer,
        ngram_range=tuple(lengths),
        token_pattern=r"\S+" if analyzer == "word" else None,
        lowercase=False,
        sublinear_tf=True,
        vocabulary=None if terms is None else {term: index for index, term in enumerate(terms)},
        dtype=np.float32,
    )
