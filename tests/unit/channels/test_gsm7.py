"""Folding: what stays, what becomes plain, what goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import BASIC, EXTENSION, fold

TABLE = [
    ("é É ñ Ñ ü Ü ¿ ¡ à è ì ò ù", "é É ñ Ñ ü Ü ¿ ¡ à è ì ò ù"),
    ("áíóú ÁÍÓÚ", "aiou AIOU"),
    ("e\u0301 n\u0303 a\u0301", "é ñ a"),
    ("“trámite” ‘x’ «y» ‹z›", "\"tramite\" 'x' \"y\" 'z'"),
    ("2025–2026 — 8…", "2025-2026 - 8..."),
    ("55\u00a01234\u202f5678", "55 1234 5678"),
    ("1º 2ª 30°", "1o 2a 30o"),
    ("½ y 2½", "1/2 y 2 1/2"),
    ("hola 😀 amigo 👨‍👩‍👧", "hola amigo"),
    ("a😀b", "ab"),
    ("Maaya t’aan ꞌ a̱ ɨ", "Maaya t'aan ' a i"),
    ("uno\r\ndos\rtres\u2028cuatro", "uno\ndos\ntres\ncuatro"),
    ("a\tb", "a b"),
    ("ç Ç œ ł", "c Ç oe l"),
    ("m² €5 [x] {y} ~ ^ \\ |", "m2 €5 [x] {y} ~ ^ \\ |"),
    ("你好 hola", "hola"),
    ("\u200bcero\u00ad", "cero"),
    ("", ""),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_fold(text: str, expected: str) -> None:
    assert fold(text) == expected


@given(st.text())
def test_folded_text_is_all_gsm7_and_folding_again_changes_nothing(text: str) -> None:
    folded = fold(text)
    assert all(character in BASIC or character in EXTENSION for character in folded)
    assert fold(folded) == folded


@given(st.text(alphabet=sorted((BASIC | EXTENSION) - set("\r\f"))))
def test_what_is_gsm7_already_stays(text: str) -> None:
    assert fold(text) == text


def test_the_alphabet_has_the_128_places_of_the_standard() -> None:
    # 127 characters and the escape; ten of the extension table (with the form feed) are used.
    assert (len(BASIC), len(EXTENSION)) == (127, 10)
