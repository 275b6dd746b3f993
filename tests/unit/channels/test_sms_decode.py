from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.decode import readable

QUESTION = "¿Qué necesito para el acta?"


def utf16(text: str) -> str:
    return text.encode("utf-16-be").hex()


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        # segments that kept their header
        ("\x05\x00\x03\x4a\x02\x01hola quiero mi acta", "hola quiero mi acta"),
        ("\x05\x03\x4a\x02\x01hola", "hola"),  # the NUL was lost on the way
        ("\x06\x08\x04\x01\x4a\x02\x02 de nacimiento", " de nacimiento"),
        # hexadecimal digits of UTF-16
        (utf16("hola"), "hola"),
        (utf16(QUESTION), QUESTION),
        (utf16(QUESTION).upper(), QUESTION),
        (utf16("Más 🙏 por favor"), "Más 🙏 por favor"),
        ("050003CC0201" + utf16("quiero mi pasaporte"), "quiero mi pasaporte"),
        (utf16(QUESTION)[:40] + "\n" + utf16(QUESTION)[40:], QUESTION),
        # base64
        (base64.b64encode(QUESTION.encode()).decode(), QUESTION),
        (base64.b64encode("cuanto cuesta el acta".encode("utf-16-be")).decode(), "cuanto cuesta el acta"),
        # UTF-8 read as another encoding
        ("informaciÃ³n del aÃ±o", "información del año"),
        ("Â¿quÃ© necesito?", "¿qué necesito?"),
    ],
)
def test_what_a_carrier_wrapped_is_unwrapped(body: str, typed: str) -> None:
    assert readable(body) == typed


@pytest.mark.parametrize(
    "body",
    [
        "",
        "hola",
        "MAS",
        "1",
        "911",
        "5512345678",
        "0045003200180099",  # a folio
        "0000000000000000",
        "00410042",  # too short to be sure
        "1234567890123456",
        "GOMR850312MDFNRS06",  # a CURP
        "informacionpasaporte",
        "Pasaporte2026Cita1234",
        "holaholaholahola",
        "AAAAAAAAAAAAAAAA",
        "deadbeefdeadbeef",
        "facadefacadeface",
        "https://www.gob.mx/curp/",
        "SÃO PAULO",
        "quiero el acta de João",
        "Ñandú",
        "¿qué?",
        "\x05 no header",
    ],
)
def test_what_somebody_may_have_typed_is_left_alone(body: str) -> None:
    assert readable(body) == body


@given(st.text(alphabet="abcdefghijklmnñopqrstuvwxyzáéíóúü ¿?¡!.,0123456789", max_size=80))
def test_ordinary_words_are_never_changed(text: str) -> None:
    if " " in text.strip():
        assert readable(text) == text


@given(st.text(alphabet="0123456789", max_size=40))
def test_numbers_are_never_changed(text: str) -> None:
    assert readable(text) == text


@given(st.text(max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    assert isinstance(readable(text), str)


@given(st.from_regex(r"[a-z]{4,9}( [a-záéíóúñ]{3,9}){1,6}", fullmatch=True))
def test_wrapping_and_unwrapping_gives_the_same(text: str) -> None:
    assert readable(utf16(text)) == text
