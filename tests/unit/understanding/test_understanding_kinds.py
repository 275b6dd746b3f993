"""The judge of kinds by words, and the slips that it is fitted with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.engine.components.sentence_vectors import sentence_vectors
from bot.engine.typos import misspelled
from bot.understanding.foreign import foreign_words
from bot.understanding.kinds import KINDS, KindJudge, kind_of_intent

TEXTS = {
    "procedure": ["quiero mi acta", "cuanto cuesta el acta", "requisitos del acta"],
    "life_event": ["se murio mi papa", "nacio mi hija", "murio mi hija"],
    "out_of_scope": ["cuentame un chiste", "un chiste por favor", "otro chiste"],
    "emergency": ["auxilio me pegan", "auxilio por favor", "me pegan auxilio"],
    "talk": ["hola buenas tardes", "buenas tardes", "hola hola"],
}


def encode(texts: Sequence[str]) -> Any:
    """Return vectors of unit length that say which letters a text has."""
    counts = np.array([[text.count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts], np.float32)
    return counts / np.maximum(np.linalg.norm(counts, axis=1, keepdims=True), 1)


@pytest.fixture(scope="module")
def judge() -> KindJudge:
    pairs = [(text, kind) for kind, texts in TEXTS.items() for text in texts]
    return KindJudge.learn([text for text, _ in pairs], [kind for _, kind in pairs], encode)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_known_by_its_words(judge: KindJudge, kind: str) -> None:
    scores = judge.scores(TEXTS[kind], encode)
    assert {KINDS[best] for best in scores.argmax(axis=1)} == {kind}


def test_it_is_the_same_after_it_was_written_down(judge: KindJudge, tmp_path: Path) -> None:
    path = tmp_path / "kinds.npz"
    judge.save(path)
    read = KindJudge.read(path)
    texts = [text for texts in TEXTS.values() for text in texts] + ["", "algo nunca visto", "😀"]
    assert np.allclose(read.scores(texts, encode), judge.scores(texts, encode), atol=5e-3)


@pytest.mark.parametrize("text", ["Quiero mi ÁCTA!!", "QUIERO MI ACTA", "quiero mi actaaaa"])
def test_capitals_accents_and_signs_change_nothing(judge: KindJudge, text: str) -> None:
    assert np.allclose(judge.scores([text], encode), judge.scores(["quiero mi acta"], encode))


def test_the_projects_own_judge_can_be_read() -> None:
    texts = ["cuánto cuesta el acta de nacimiento", "cuéntame un chiste"]
    scores = KindJudge.load().scores(texts, sentence_vectors().encode)
    assert [KINDS[best] for best in scores.argmax(axis=1)] == ["procedure", "out_of_scope"]


@pytest.mark.parametrize(
    ("intent", "kind"),
    [("ask_cost", "procedure"), ("compare", "procedure"), ("human", "talk"), ("emergency", "emergency")],
)
def test_an_intent_has_a_kind(intent: str, kind: str) -> None:
    assert kind_of_intent(intent) == kind


@pytest.mark.parametrize("text", ["", "ok", "😀😀😀😀😀", "acta de nacimiento", "AAAA bbbb", "1234 5678"])
def test_a_misspelled_text_is_made_again_from_the_same_seed(text: str) -> None:
    for seed in range(50):
        assert misspelled(text, random.Random(seed)) == misspelled(text, random.Random(seed))


def test_a_misspelled_text_differs_and_short_words_stay() -> None:
    slips = {misspelled("quiero mi acta de nacimiento", random.Random(seed)) for seed in range(50)}
    assert len(slips) > 20
    assert all(" mi " in slip and " de " in slip for slip in slips)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("quiero mi acta de nacimiento", 0),
        ("visa para Japón", 1),
        ("¿en qué calle está la EMBAJADA de Brasil?", 1),
        ("licencia del antivirus para mi laptop", 2),
        ("el consulado mexicano en California", 0),
        ("", 0),
    ],
)
def test_words_of_somebody_elses_business_are_counted(text: str, count: int) -> None:
    assert foreign_words(text) == count
