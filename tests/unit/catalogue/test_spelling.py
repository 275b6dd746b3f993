"""Misspelled words become the words that were meant; what is right stays as it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue.places import Places
from bot.catalogue.sounds import sound
from bot.catalogue.spelling import Speller, corrected, default_speller
from bot.catalogue.text import normalise
from tests.unit.catalogue.conftest import HOSTILE

TEXTS = (
    ["necesito acta de nacimiento", "pasaporte para mi hijo", "licencia de conducir", "perdi mi credencial"] * 40
    + ["denunciar un robo", "quiero vender", "hallar trabajo", "la carta poder"] * 5
    + ["lisencia"]
)


@pytest.fixture(scope="module")
def speller() -> Speller:
    return Speller(TEXTS, ["nuevo leon", "guadalajara"], ["abasolo"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("nasimiento", "nacimiento"), ("pazaporte", "pasaporte"), ("lisensia", "licencia"), ("lisencia", "licencia"),
        ("pasaprte", "pasaporte"), ("pasporte", "pasaporte"), ("passporte", "pasaporte"),
        ("nacimeinto", "nacimiento"), ("credebcial", "credencial"), ("nuebo leon", "nuevo leon"),
        ("guadalajra", "guadalajara"), ("actadenacimiento", "acta de nacimiento"), ("perdimi", "perdi mi"),
        ("pasa porte", "pasaporte"), ("mi lic encia", "mi licencia"),
    ],
)  # fmt: skip
def test_what_was_meant(speller: Speller, written: str, meant: str) -> None:
    assert speller.correct(written) == meant


@pytest.mark.parametrize("word", ["abasolo", "hallar", "acta", "carta", "xyz", "a", "65", "curp", "hijos"])
def test_what_is_right_or_unlike_stays(speller: Speller, word: str) -> None:
    assert speller.correct(word) == word


@pytest.mark.parametrize("word", ["renunciar", "hallar", "perro", "consigue", "vender", "cabello", "horoscopo"])
def test_a_word_of_the_language_is_no_slip(word: str) -> None:
    assert default_speller().word(word) == word


@pytest.mark.parametrize("text", ["para mi hijo", "acta de mi hijo", "pasaporte para mi"])
def test_words_that_are_right_are_not_run_together(speller: Speller, text: str) -> None:
    assert speller.correct(text) == text


def test_a_form_of_a_known_word_is_no_slip_of_another() -> None:
    assert Speller(["pasaporte"] * 40 + ["passport"] * 40).word("pasaport") == "pasaport"


def test_the_callers_own_words_stay(speller: Speller) -> None:
    assert speller.correct("pasaprte", frozenset({"pasaprte"})) == "pasaprte"


@given(st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyz "), max_size=60))
def test_a_correction_is_made_of_known_words(speller: Speller, text: str) -> None:
    known = {word for each in TEXTS for word in each.split()} | {"nuevo", "leon", "guadalajara", "abasolo"}
    for word in text.split():
        assert speller.correct(word) == word or set(speller.correct(word).split()) <= known


def test_the_projects_own_words_and_places_are_never_slips(places: Places) -> None:
    speller = default_speller()
    common = [word for word, count in speller._counts.items() if count > 8]
    assert len(common) > 1000
    assert [word for word in common if speller.word(word) != word] == []
    names = [name for name in places.aliases if name.replace(" ", "").isalpha()]
    assert [name for name in names if speller.correct(name) != name] == []


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Quiero mi PASAPRTE, ¿cuánto cuesta?", "Quiero mi pasaporte, ¿cuánto cuesta?"),
        ("¿Trámite en Mérida? 😀", "¿Trámite en Mérida? 😀"),
        ("vivo en nuebo leon", "vivo en nuevo leon"),
    ],
)
def test_the_rest_of_a_text_stays_as_it_was(written: str, read: str) -> None:
    assert corrected(written) == read


@pytest.mark.parametrize(("one", "other"), [("sirkulasion", "circulacion"), ("guero", "huero"), ("hijo", "ijo")])
def test_words_that_sound_the_same(one: str, other: str) -> None:
    assert (sound(one) == sound(other)) is (one != "guero")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(name: str) -> None:
    text = HOSTILE[name][:4000]
    start = time.process_time()
    corrected(text)
    default_speller().correct(normalise(text))
    assert time.process_time() - start < 0.5


@settings(deadline=None, max_examples=150)
@given(st.text(st.characters(), max_size=300))
def test_any_text(text: str) -> None:
    assert isinstance(corrected(text), str)
    assert default_speller().correct(normalise(text)).strip() != "" or normalise(text) == ""
