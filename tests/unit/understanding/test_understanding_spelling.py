"""Spelling by ear."""

from __future__ import annotations

import pytest

from bot.catalogue.spelling import Speller, sound

TEXTS = ["tarjeta de circulacion", "licencia de funcionamiento", "me cayo lluvia", "acta"]
SPELLER = Speller(TEXTS, ["toluca de lerdo"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("targeta de sirkulasion", "tarjeta de circulacion"),
        ("lisensia d funsionamiento", "licencia d funcionamiento"),
        ("toluka", "toluca"),
        ("yuvia", "lluvia"),
        ("axta", "axta"),
        ("tarjetas", "tarjetas"),
        ("", ""),
        ("x" * 1000, "x" * 1000),
        ("1234 😂", "1234 😂"),
    ],
)
def test_words_that_are_known_by_ear_are_corrected_and_no_others(written: str, meant: str) -> None:
    assert SPELLER.correct(written) == meant


@pytest.mark.parametrize(
    ("one", "other"),
    [("hijo", "ijo"), ("vivienda", "bibienda"), ("cambio", "canvio"), ("quiero", "kiero"), ("huella", "weya")],
)
def test_what_sounds_the_same_is_the_same(one: str, other: str) -> None:
    assert sound(one) == sound(other)


@pytest.mark.parametrize(("one", "other"), [("casa", "caza"), ("perro", "perra"), ("mucho", "muco")])
def test_the_ear_tells_vowels_apart(one: str, other: str) -> None:
    assert (sound(one) == sound(other)) is (one == "casa")
