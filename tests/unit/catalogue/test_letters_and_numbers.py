"""What a recogniser makes of acronyms and numbers, read as the person meant it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from bot.catalogue.letters import Acronyms, default_acronyms
from bot.catalogue.numbers import in_digits
from bot.catalogue.places import fold
from bot.catalogue.text import normalise


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("erre efe ce", "rfc"), ("erre efe se", "rfc"), ("el ere efe ce", "el rfc"), ("R.F.C.", "rfc"),
        ("erreefece", "rfc"), ("r f c", "rfc"), ("i ene e", "ine"), ("y ene e", "ine"), ("I.N.E.", "ine"),
        ("c u r p", "curp"), ("ce u erre pe", "curp"), ("cu erre pe", "curp"), ("se u ere pe", "curp"),
        ("a efe o ere", "afore"), ("a efe o ere e", "afore"), ("i eme ese ese", "imss"),
        ("i ese ese ese te e", "issste"), ("de i efe", "dif"), ("alta en el ese a te", "alta en el sat"),
        ("ene ese ese", "nss"), ("ese erre e", "sre"), ("vivo en el de efe", "vivo en el df"),
        ("ce de eme equis", "cdmx"), ("la in e", "la ine"), ("ina pam", "inapam"), ("enese ese", "nss"),
        ("en e mes", "en e mes"), ("no m quieren", "no m quieren"), ("si va a ir", "si va a ir"),
        ("se me perdio", "se me perdio"), ("a e i o u", "a e i o u"), ("que se de a mi", "que se de a mi"),
        ("cuando ese a te", "cuando ese a te"), ("y el de mi hijo", "y el de mi hijo"),
    ],
)  # fmt: skip
def test_acronyms_said_letter_by_letter(said: str, read: str) -> None:
    assert normalise(said) == read


_NAMES = {
    "a": "a", "b": "be", "c": "ce", "d": "de", "e": "e", "f": "efe", "g": "ge", "h": "hache", "i": "i", "j": "jota",
    "k": "ka", "l": "ele", "m": "eme", "n": "ene", "o": "o", "p": "pe", "r": "erre", "s": "ese", "t": "te", "u": "u",
    "v": "ve", "x": "equis", "y": "ye", "z": "zeta",
}  # fmt: skip


@given(st.text(st.sampled_from(sorted(_NAMES)), min_size=4, max_size=8))
def test_any_acronym_is_joined_from_its_letters(name: str) -> None:
    acronyms = Acronyms([name])
    assert acronyms.join([_NAMES[letter] for letter in name]) == [name]
    assert acronyms.join(list(name)) == [name]


@given(st.lists(st.sampled_from([*_NAMES.values(), *_NAMES, "acta", "mi", "se"]), max_size=12))
def test_joining_loses_no_word(words: list[str]) -> None:
    joined = default_acronyms().join(words)
    assert len(joined) <= len(words)
    assert [word for word in joined if word == "acta"] == [word for word in words if word == "acta"]


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("cero siete nueve", "079"), ("nueve uno uno", "911"), ("9 1 1", "911"), ("mil novecientos ochenta", "1980"),
        ("dos mil veinticuatro", "2024"), ("veinticinco", "25"), ("sesenta y cinco y mas", "65 y mas"),
        ("sesenta cinco", "65"), ("quinientos pesos", "500 pesos"), ("el quince de marzo", "el 15 de marzo"),
        ("diez y seis", "16"), ("cuarenta y cuatro mil cien", "44100"), ("treinta y un mil", "31000"),
        ("cuesta $1,250 pesos", "cuesta 1250 pesos"), ("ciento veinte", "120"),
        ("la opcion numero dos", "la opcion numero dos"), ("mil gracias", "mil gracias"), ("una acta", "una acta"),
        ("cien por ciento", "100 por ciento"), ("tengo dos hijos", "tengo dos hijos"), ("uno dos", "uno dos"),
        ("codigo postal 64000", "codigo postal 64000"),
    ],
)  # fmt: skip
def test_numbers_in_words(said: str, read: str) -> None:
    assert normalise(said) == read


@given(st.integers(10, 999_999))
def test_every_number_is_read_back(number: int) -> None:
    words = fold(num2words(number, lang="es")).split()
    if words == ["mil"]:
        assert in_digits(words) == ["mil"]
    else:
        assert in_digits(words) == [str(number)]


@given(st.text(st.sampled_from("0123456789"), min_size=3, max_size=10))
def test_digits_said_one_by_one(digits: str) -> None:
    names = ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")
    assert in_digits([names[int(digit)] for digit in digits]) == [digits]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("mi curp es [CURP] y quiero mi acta de jalisco", "y quiero mi acta de jalisco"),
        ("mi nss [NSS] perdí mi ine qué hago", "perdi mi ine que hago"),
        ("[CURP]", "curp"),
        ("quiero mi acta, mi cel es [TELEFONO]", "quiero mi acta"),
        ("[sin dato] acta", "acta"),
        ("Q nesesito pa MI ACTAAA 😀", "que necesito para mi acta"),
    ],
)
def test_marks_and_spelling(written: str, read: str) -> None:
    assert normalise(written) == read


@given(st.text(st.sampled_from("abcdefghijklmnñopqrstuvwxyzáéíóúü ¿?!.,"), max_size=200))
def test_capitals_are_read_as_small_letters(text: str) -> None:
    assert normalise(text.upper()) == normalise(text)
