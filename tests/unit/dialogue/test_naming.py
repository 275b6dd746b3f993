"""Which questions name a procedure, and which go on with the one in view."""

from __future__ import annotations

import pytest

from actions.dialogue.aspects import asked, without_question
from actions.dialogue.cases import of_minor
from actions.dialogue.naming import names, without_persons


@pytest.mark.parametrize(
    "text",
    [
        "Y qué papeles me van a pedir?",
        "cuánto me costaría por 6 años",
        "cuanto tarda en llegar",
        "¿la puedo hacer desde mi casa?",
        "kuanto dan x mes",
        "cuesta algo?",
        "qué papeles de mi esposa",
    ],
)
def test_what_names_nothing(text: str) -> None:
    assert names(without_persons(without_question(text))) == []


@pytest.mark.parametrize("text", ["cuánto cuesta la curp", "papeles para el pasaporte de mi hijo", "una casa"])
def test_what_names_something(text: str) -> None:
    assert names(without_persons(without_question(text)))


@pytest.mark.parametrize(
    ("text", "aspects"),
    [
        ("kuanto dan x mes", ("output",)),
        ("y cuánto es lo que dan", ("output",)),
        ("cuánto es", ("cost",)),
        ("cuesta algo?", ("cost",)),
        ("cuando me toca verificar", ("deadline",)),
        ("me cobraron de más", ()),
    ],
)
def test_what_is_asked_for(text: str, aspects: tuple[str, ...]) -> None:
    assert asked(text) == aspects


def test_a_minor_is_told_by_age() -> None:
    assert of_minor("para mi nieta que tiene 10 años")
    assert not of_minor("para mi hijo que tiene 30 años")
    assert not of_minor("para mi hijo")
