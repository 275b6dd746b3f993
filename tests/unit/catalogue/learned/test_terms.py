"""Weighing terms: the numbers of scikit-learn's own class, for any text."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

text = pytest.importorskip("sklearn.feature_extraction.text")

from bot.catalogue.terms import TermWeights, weighed  # noqa: E402

TEXTS = ["el acta de nacimiento", "el acta acta de mi hija", "cuanto cuesta el pasaporte", "hola", "pasaporte"]


def learned(analyzer: str, lengths: tuple[int, int]) -> tuple[Any, TermWeights]:
    pattern = r"\S+" if analyzer == "word" else None
    options = {"analyzer": analyzer, "ngram_range": lengths, "token_pattern": pattern, "sublinear_tf": True}
    theirs = text.TfidfVectorizer(**options, dtype=np.float32).fit(TEXTS)
    fresh = text.TfidfVectorizer(**options).build_analyzer()
    return theirs, TermWeights(fresh, list(theirs.get_feature_names_out()), theirs.idf_)


WORDS, LETTERS = learned("word", (1, 2)), learned("char_wb", (2, 5))


@pytest.mark.parametrize("pair", [WORDS, LETTERS], ids=["words", "letters"])
def test_a_text_weighs_what_scikit_learn_says(pair: tuple[Any, TermWeights]) -> None:
    theirs, ours = pair
    words = [*" ".join(TEXTS).split(), "otra", "cosa"]
    rng = random.Random(7)
    for _ in range(200):
        said = " ".join(rng.choices(words, k=rng.randint(0, 12)))
        np.testing.assert_allclose(ours.transform([said]).toarray(), theirs.transform([said]).toarray(), atol=1e-6)


def test_many_texts_are_a_row_each() -> None:
    theirs, ours = WORDS
    asked = [*TEXTS, "", "nada de esto"]
    np.testing.assert_allclose(ours.transform(iter(asked)).toarray(), theirs.transform(asked).toarray(), atol=1e-6)


def test_no_text_is_no_row() -> None:
    _, ours = WORDS
    assert ours.transform([]).shape[0] == 0


def test_weighing_is_multiplying_with_the_rows() -> None:
    weights = np.random.RandomState(3).rand(len(WORDS[1]) + len(LETTERS[1]), 4).astype(np.float32)
    asked = [*TEXTS, "", "nada de esto"]
    rows = np.hstack([WORDS[1].transform(asked).toarray(), LETTERS[1].transform(asked).toarray()])
    np.testing.assert_allclose(weighed([WORDS[1], LETTERS[1]], asked, weights), rows @ weights, atol=1e-5)
    np.testing.assert_allclose(weighed([WORDS[0], LETTERS[0]], asked, weights), rows @ weights, atol=1e-5)
    assert weighed([WORDS[1], LETTERS[1]], [], weights).shape == (0, 4)
