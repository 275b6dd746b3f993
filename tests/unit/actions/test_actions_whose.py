"""Whom a card is for, by the ages that its own sentence names; and what a card says in numbers and of who cannot go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.dialogue.ages import ages_of, denied, fits, only_fitting
from actions.dialogue.naming import roots
from actions.dialogue.notes import cannot_go, counted
from tests.unit.actions.conftest import card

OLD = card("pensión-65", who="Personas de 65 años o más, que viven en México.")
WOMEN = card("pensión-mujeres", who="Mujeres mexicanas de 60 a 64 años.")
HOUSE = card(
    "infonavit",
    who="Personas que trabajan y están cotizando.",
    notes=("Se reporta un mínimo de 100 puntos.", "El puntaje toma en cuenta su edad."),
)


def test_ages_are_read_from_the_cards_own_sentence() -> None:
    assert ages_of(replace(OLD, who="Personas de 65 años o más.")) == (65, 130)
    assert ages_of(replace(OLD, who="Mujeres mexicanas de 60 a 64 años.")) == (60, 64)
    assert ages_of(replace(OLD, who="Estudiantes, hasta los 25 años.")) == (0, 25)
    assert ages_of(replace(OLD, who="La persona dueña de la credencial.")) is None


@pytest.mark.parametrize(
    ("text", "old", "women"),
    [
        ("mi abuela tiene 67", True, False),
        ("mi vecina tiene 61 años", False, True),
        ("¿y a mi esposo? él tiene 62", False, False),
        ("¿y a mi esposo? él tiene 67", True, False),
        ("cuánto dan", None, None),
    ],
)
def test_a_card_fits_whom_is_told_of_by_age_and_sex(text: str, old: bool | None, women: bool | None) -> None:
    assert (fits(OLD, text), fits(WOMEN, text)) == (old, women)


def test_one_of_several_is_taken_only_where_no_other_fits() -> None:
    assert only_fitting((OLD, WOMEN), "mi mamá tiene 70") == OLD
    assert only_fitting((OLD, WOMEN), "mi mamá ya es grande") is None


def test_who_has_not_what_a_card_is_for_asks_for_something_else() -> None:
    assert denied(HOUSE, "no tengo infonavit, ¿hay algún apoyo para casa?")
    assert denied(HOUSE, "mi hermana no cotiza, hay algo para ella")
    assert not denied(HOUSE, "¿cuántos puntos piden en el infonavit?")


@pytest.mark.parametrize("text", ["ella ya no camina", "mi papá está en cama", "cómo le hacemos si no puede ir"])
def test_who_cannot_go_is_heard(text: str) -> None:
    assert cannot_go(text)


@pytest.mark.parametrize("text", ["¿puedo ir mañana?", "no puedo pagar", "voy con mi mamá"])
def test_who_can_go_is_not_ill(text: str) -> None:
    assert not cannot_go(text)


def test_how_many_is_answered_with_the_sentence_that_counts() -> None:
    found = counted(HOUSE, "¿cuántos puntos se necesitan?")
    assert found is not None
    narrowed, aspects = found
    assert (aspects, narrowed.notes) == (("notes",), HOUSE.notes[:1])


@pytest.mark.parametrize("text", ["¿cuántos días tarda?", "cuánto cuesta", "¿cuántos elefantes piden?"])
def test_what_no_sentence_counts_is_asked_otherwise(text: str) -> None:
    assert counted(HOUSE, text) is None


def test_a_verb_has_one_root_whatever_hangs_on_it() -> None:
    assert roots("registrarla") == roots("registramos") == roots("registre")
