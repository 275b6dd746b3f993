"""What is taken out of citizens' words, what stays, and that it costs linear time."""

from __future__ import annotations

import datetime
import random
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stdnum import luhn as stdnum_luhn
from stdnum.mx import curp as stdnum_curp
from stdnum.mx import rfc as stdnum_rfc

from bot.core.redact import luhn, redact

REDACTED = [
    ("mi curp es GOMC850101HDFRRL09 gracias", "mi curp es [CURP] gracias"),
    ("gomc850101hdfrrl09", "[CURP]"),
    ("gomc 850101 hdfrrl 09", "[CURP]"),
    ("GOMC-850101-HDFRRL-09", "[CURP]"),
    ("G O M C 8 5 0 1 0 1 H D F R R L 0 9", "[CURP]"),
    ("GOMC850101XDFRRL09", "[CURP]"),
    ("GOMC85O1O1MDFRRLA1", "[CURP]"),
    ("curpGOMC850101HDFRRL09", "curp[CURP]"),
    ("góñc850101mdfrrla1", "[CURP]"),
    ("GO\u0301MC850101HDFRRL09", "[CURP]"),
    ("GOMC850101HDFRRL0", "[CURP]"),
    ("la de mi hijo es péra100215hdflrná3", "la de mi hijo es [CURP]"),
    ("GOMC850101HDFRRL09GOMC850101HDFRRL09", "[CURP][CURP]"),
    ("GOMC850101HDFRRL", "[CURP]"),
    ("GOMC850101ZDFRRL09", "[CURP]"),
    ("rfc GOMC850101AB1", "rfc [RFC]"),
    ("gomc-850101-ab1", "[RFC]"),
    ("gomc 85 01 01 ab1", "[RFC]"),
    ("RFC:GOMC850101-AB1.", "RFC:[RFC]."),
    ("mi empresa es ABC850101XY9", "mi empresa es [RFC]"),
    ("A&B 850101 XY9", "[RFC]"),
    ("ñab850101xy9", "[RFC]"),
    ("nací GOMC850101", "nací [RFC]"),
    ("g o m c 8 5 0 1 0 1 a b 1", "[RFC]"),
    ("xaxx 010101 000", "[RFC]"),
    ("GMVLMR80070501M100", "[CLAVE DE ELECTOR]"),
    ("gmvlmr 80070501 m 100", "[CLAVE DE ELECTOR]"),
    ("GMVLMR-800705-01-H-100", "[CLAVE DE ELECTOR]"),
    ("12345678901", "[NSS]"),
    ("12-34-56-7890-1", "[NSS]"),
    ("12 34 56 7890 1", "[NSS]"),
    ("1234 567 8901", "[NSS]"),
    ("1 2 3 4 5 6 7 8 9 0 1", "[NSS]"),
    ("nss12345678901", "nss[NSS]"),
    ("12/34/56/7890/1", "[NSS]"),
    ("1234567890-1", "[NSS]"),
    ("1234 567 8901 5512345678", "[NSS] [TELEFONO]"),
    ("mi nss es 12345678901y mi curp", "mi nss es [NSS]y mi curp"),
    ("012180001234567897", "[CLABE]"),
    ("012 180 00123456789 7", "[CLABE]"),
    ("0121 8000 1234 5678 97", "[CLABE]"),
    ("4111 1111 1111 1111", "[TARJETA]"),
    ("4111-1111-1111-1111", "[TARJETA]"),
    ("4111111111111111", "[TARJETA]"),
    ("3782 822463 10005", "[TARJETA]"),
    ("escriba a juan.perez@gmail.com. Gracias", "escriba a [CORREO]. Gracias"),
    ("JUAN@HOTMAIL.COM", "[CORREO]"),
    ("juan @ gmail . com", "[CORREO]"),
    ("juan arroba gmail punto com", "[CORREO]"),
    ("juan@gmail", "[CORREO]"),
    ("55 1234 5678", "[TELEFONO]"),
    ("mi cel 5512345678 gracias", "mi cel [TELEFONO] gracias"),
    ("5512345678gracias", "[TELEFONO]gracias"),
    ("(55) 1234-5678", "[TELEFONO]"),
    ("+52 55 1234 5678", "[TELEFONO]"),
    ("+5215512345678", "[TELEFONO]"),
    ("044 55 1234 5678", "[TELEFONO]"),
    ("00525512345678", "[TELEFONO]"),
    ("5512 34 56 78", "[TELEFONO]"),
    ("850101850101850101+52850101", "[CLABE][TELEFONO]"),
    ("5512345678/5587654321", "[TELEFONO]/[TELEFONO]"),
    ("52 1 55 1234 5678 y ya", "[TELEFONO] y ya"),
    ("+1 (424) 309 0009", "[TELEFONO]"),
    ("tel.5512345678", "tel.[TELEFONO]"),
    ("55 1234 5678 2 veces", "[TELEFONO] 2 veces"),
    ("5512345678 y 5587654321", "[TELEFONO] y [TELEFONO]"),
    ("4111 1111 1111 1111 5512345678", "[TARJETA] [TELEFONO]"),
]

KEPT = [
    "",
    "qué necesito para sacar el pasaporte",
    "cuesta $1,795 o $12500.00 o 2,440.50 pesos",
    "el 12-05-2024 pagué 800 pesos",
    "2026-03-03 123",
    "nací el 01/01/1985",
    "de 8:30 a 14:30, lunes a viernes",
    "folio 1234567890",
    "mi número de folio es el 5512345678",
    "folio AB12345678901",
    "expediente 123456",
    "tenencia 2019 2020 2021 2022",
    "los 100112 que son 120115 mas",
    "para 850101 hombre 12",
    "llame al 911, al 079 o al *765",
    "Línea de la Vida 800 911 2000",
    "01 800 911 2000",
    "vendo una arroba de maíz",
    "síganos en @SRE_mx",
    "calle 5 de mayo 123, CP 06000",
    "1 2 3 4 5 6 7 8 9 10",
    "0123456789",
    "tengo 24 años, 3 hijos y gano 8500 al mes",
    "placas ABC-123-D",
    "acta 00123 libro 4 foja 56 año 1985",
    "línea de captura 9876 5432 1098 7654 3210",
    "EXP-2024-001234 y 12/05/24 10:30",
    "18 y 19 de abril de 2024",
    "$ 1,234,567,890.00",
    "de la 120315 de 2024",
    "x [CURP] y [RFC] y [TELEFONO]",
]


@pytest.mark.parametrize(("text", "expected"), REDACTED)
def test_personal_data_is_replaced_by_its_label(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize("text", KEPT)
def test_ordinary_text_stays(text: str) -> None:
    assert redact(text) == text


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
letters = st.text(LETTERS, min_size=1, max_size=4)
gaps = st.sampled_from(["", " ", "-", "- ", "."])
cases = st.sampled_from([str.lower, str.upper, str.title])


@st.composite
def curps(draw: st.DrawFn) -> str:
    """A CURP that python-stdnum takes for valid."""
    initials = (
        draw(st.text("BCDFG", min_size=1, max_size=1))
        + draw(st.sampled_from("AEIOU"))
        + draw(st.text("BCDFGHJKLMNPQRSTVWXYZ", min_size=2, max_size=2))
    )
    date = draw(st.dates(min_value=datetime.date(1930, 1, 1), max_value=datetime.date(1999, 12, 31)))
    state = draw(st.sampled_from(["AS", "BC", "DF", "JC", "NE", "OC", "YN", "MC"]))
    body = initials + date.strftime("%y%m%d") + draw(st.sampled_from("HM")) + state
    body += draw(st.text("BCDFGHJKLMNPQRSTVWXYZ", min_size=3, max_size=3)) + "0"
    return body + stdnum_curp.calc_check_digit(body)


@given(curps(), cases)
def test_every_valid_curp_is_found(number: str, case: Callable[[str], str]) -> None:
    if stdnum_curp.is_valid(number):
        assert redact(f"es {case(number)}, gracias") == "es [CURP], gracias"


@given(curps(), st.data())
def test_a_curp_is_found_however_it_is_spaced(number: str, data: st.DataObject) -> None:
    gap = data.draw(gaps)
    assert redact(gap.join([number[:4], number[4:10], number[10:16], number[16:]])) == "[CURP]"
    assert redact(" ".join(number)) == "[CURP]"


names = st.text(LETTERS, min_size=3, max_size=4)
keys = st.text(LETTERS + "0123456789", min_size=2, max_size=2)


@given(names, st.dates(), keys, cases)
def test_every_rfc_that_the_oracle_takes_is_found(
    name: str, date: datetime.date, key: str, case: Callable[[str], str]
) -> None:
    number = name + date.strftime("%y%m%d") + key
    number += stdnum_rfc.calc_check_digit(number)
    if stdnum_rfc.is_valid(number, validate_check_digits=True):
        assert redact(f"rfc: {case(number)}.") == "rfc: [RFC]."


@given(st.integers(min_value=10**11, max_value=10**18 - 1), st.sampled_from([4, 5, 6]), st.sampled_from([" ", "-", ""]))
def test_no_card_number_is_left(digits: int, size: int, gap: str) -> None:
    body = str(digits)
    number = body + stdnum_luhn.calc_check_digit(body)
    assert luhn(number)
    written = gap.join(number[i : i + size] for i in range(0, len(number), size))
    result = redact(f"tarjeta {written} vence")
    years = gap and size == 4 and all(number[i : i + 2] in ("19", "20") for i in range(0, len(number), 4))
    replaced = result.startswith("tarjeta [") and result.endswith("] vence")
    assert years or (replaced and not any(map(str.isdigit, result)))


@given(st.from_regex(r"\A[1-9][0-9]{0,8}\Z"), st.sampled_from(["folio ", "son ", "", "$", "CP "]))
def test_short_numbers_stay(number: str, before: str) -> None:
    # Three letters and nine digits that begin with a date are a company's RFC as people type it: rather too much.
    assume(len(number) < 9 or not before.strip().isalpha())
    assert redact(f"{before}{number} pesos") == f"{before}{number} pesos"


@given(st.text(alphabet="abGOMC0159 -.@+()ñé[]\n/$", max_size=80))
def test_twice_is_as_good_as_once(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


PIECES = re.findall(
    r"\S+",
    "GOMC 850101 HDFRRL 09 12 1234 5678 55 +52 ( ) - . @ a gmail.com folio ABC XY9 $ / 52 1 044 800 911 2000 m 100 "
    "80070501 GMVLMR [CURP] n 2024 012180 arroba punto com",
)


@settings(max_examples=400)
@given(st.lists(st.sampled_from([*PIECES, " ", " "]), max_size=14).map("".join))
def test_twice_is_as_good_as_once_for_pieces_of_numbers(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


@given(st.text(max_size=60))
def test_any_text_is_taken(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


LONG = {
    "digits": "1",
    "spaced digits": "1 ",
    "dashes": "1-",
    "letters": "a",
    "spaces": " ",
    "ats": "a@",
    "loose ats": "a @ ",
    "dots": "a.",
    "plus": "+1",
    "curps": "GOMC850101",
    "groups": "1234 ",
    "spoken": "a arroba ",
    "brackets": "(1) ",
    "letters and digits": "ab12 ",
    "folio": "folio no ",
    "spaced letters": "G O M C ",
    "gaps": "a - ",
    "low lines": "A_1_",
}


@pytest.mark.parametrize("name", LONG)
def test_time_grows_no_faster_than_the_text(name: str) -> None:
    def seconds(size: int) -> float:
        text = (LONG[name] * size)[:size]
        best = 9.0
        for _ in range(3):
            start = time.perf_counter()
            redact(text)
            best = min(best, time.perf_counter() - start)
        return best

    assert seconds(100_000) < max(40 * seconds(10_000), 0.5)


def test_a_hundred_thousand_random_characters_take_little_time() -> None:
    generator = random.Random(5)
    text = "".join(generator.choice("abcXYZ0189 .-@()+") for _ in range(100_000))
    start = time.perf_counter()
    redact(text)
    assert time.perf_counter() - start < 5
