"""What a message is opened with says nothing: "ok. ¿Cuánto cuesta el acta?" is "¿Cuánto cuesta el acta?"."""

from __future__ import annotations

import pytest

from bot.understanding.matter import without_labels, without_opening


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("ok. cuánto cuesta el acta de nacimiento", "cuánto cuesta el acta de nacimiento"),
        ("Bueno, ¿y la de mi esposa cuánto tarda?", "y la de mi esposa cuánto tarda?"),
        ("Buenas tardes, una pregunta: dónde saco la CURP", "dónde saco la CURP"),
        ("gracias, y el pasaporte cuánto sale", "y el pasaporte cuánto sale"),
        ("¡Hola! oiga señorita se murió mi papá", "se murió mi papá"),
    ],
)
def test_an_opening_is_left_out(text: str, left: str) -> None:
    assert without_opening(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "bueno, no",  # an answer
        "ok gracias",
        "gracias por su ayuda, muy amable",  # nothing but courtesy
        "ya lo registré en la oficialía",  # what was done
        "sale muy caro el pasaporte",
        "este trámite cuánto cuesta",
        "buenas tardes licenciado, que tenga bonito día",
        "oigan ustedes qué hacen",
        "",
    ],
)
def test_what_says_something_stays(text: str) -> None:
    assert without_opening(text) == text


@pytest.mark.parametrize(
    "text",
    ["ok", "¿¿¿", "ok ok ok ok", "hola hola qué tal está", "\u202eok. ¿dónde saco la CURP?", "👋 buenas", "ok.a b c d"],
)
def test_never_more_than_was_said_and_never_nothing(text: str) -> None:
    left = without_opening(text)
    assert text.endswith(left)
    assert bool(left.strip()) == bool(text.strip())
    assert without_labels(text) is not None
