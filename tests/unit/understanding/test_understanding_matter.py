"""What of a text is looked at: no personal numbers, no formulas around a question."""

from __future__ import annotations

import random

import pytest

from bot.understanding.matter import matter, without_labels


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ("mi curp es [CURP] y quiero mi acta", "quiero mi acta"),
        ("mi CURP es GOMR850312MDFNRS06 y quiero mi acta", "quiero mi acta"),
        ("MI CURP ES [CURP] Y QUIERO MI ACTA", "QUIERO MI ACTA"),
        ("mi nss 12345678903 perdi mi ine que hago", "perdi mi ine que hago"),
        ("mi numero de seguro es [NSS] como saco la incapacidad", "como saco la incapacidad"),
        ("mi numero de tarjeta es 4152313412345678 cuanto cuesta el pasaporte", "cuanto cuesta el pasaporte"),
        ("quiero mi acta", "quiero mi acta"),
        ("[CURP]", "[CURP]"),
        ("mi curp es [CURP]", "mi curp es [CURP]"),
    ],
)
def test_a_personal_number_does_not_decide(written: str, left: str) -> None:
    assert without_labels(written) == left


def test_what_the_number_is_of_stays_where_it_is_the_matter() -> None:
    assert "corregir mi curp" in without_labels("quiero corregir mi curp [CURP] porque esta mal")


def test_formulas_around_a_question_are_left_out() -> None:
    written = (
        "buenas tardes disculpe la molestia una vecina me dijo que por aquí contestaban y por eso le escribo a ver si "
        "usted me puede hacer el favor de decirme cuánto cuesta el pasaporte, le agradezco mucho su atención"
    )
    assert matter(written) == "cuanto cuesta el pasaporte"


@pytest.mark.parametrize(
    "written",
    ["una vecina me dijo", "disculpe la molestia", "muchas gracias por su atención", "constancia de vecindad"],
)
def test_a_short_text_stays_as_it_is(written: str) -> None:
    assert matter(written) == written


WORDS = [
    "mi",
    "curp",
    "es",
    "[CURP]",
    "[TELEFONO]",
    "y",
    "quiero",
    "me",
    "puede",
    "decir",
    "acta",
    "gracias",
    "por",
    "su",
    "atencion",
    "disculpe",
    ",",
    "😀",
    "vecina",
]


def made_up(seed: int) -> str:
    rng = random.Random(seed)
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 25)))


@pytest.mark.parametrize("seed", range(100))
def test_something_is_left_and_twice_is_as_good_as_once(seed: int) -> None:
    text = made_up(seed)
    assert matter(text).strip()
    assert without_labels(without_labels(text)) == without_labels(text)


@pytest.mark.parametrize("text", ["", " ", "....", "[CURP" * 400, "mi " * 800, "es " * 800 + "[CURP]", "1" * 2400])
def test_odd_texts_come_back(text: str) -> None:
    assert bool(matter(text).strip()) == bool(text.strip())
