"""Questions that one sentence of a card answers: that sentence is shown, whichever field it stands in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from actions.dialogue.outright import instead, outright
from actions.dialogue.ways import asked_first
from bot.core.procedures import Authority, Cost, Jurisdiction, Procedure, Requirement, ServiceChannel, Source

CARD = Procedure(
    id="permiso",
    name="Permiso de salida",
    short="Permiso",
    level="federal",
    authority=Authority("Oficina", "OF"),
    jurisdiction=Jurisdiction(),
    source=Source("Fuente", "https://example.mx/"),
    research_date="2026-11-22",
    confidence="high",
    aliases=("permiso de salida",),
    questions=(),
    summary="Para salir del país. No necesita abogado.",
    requirements=(
        Requirement(
            "Comprobante de domicilio", "comprobante de domicilio", accepts=("recibo de luz", "contrato de renta")
        ),
        Requirement("4 fotografías", "4 fotos", note="Al menos una oficina pedía 6 fotos."),
    ),
    notes=("Si le falta el comprobante, puede ir con dos testigos.", "Dan el 50 % de descuento a mayores de 60 años."),
    cost=Cost(free=False),
    output="Permiso sellado.",
    validity="6 meses y un solo uso.",
    channels=(
        ServiceChannel("in_person", "Módulo", "módulo"),
        ServiceChannel("phone", "Línea", "línea", phone="55 1111 2222"),
        ServiceChannel("web", "Citas en línea", "citas.example.mx", url="https://citas.example.mx"),
    ),
)


@pytest.mark.parametrize("text", ["¿cuánto tiempo dura?", "cuánto dura el permiso", "¿por cuántos meses es?"])
def test_how_long_it_holds_is_its_validity(text: str) -> None:
    found = outright(CARD, text)
    assert found is not None
    assert (found[0].validity, found[0].output, found[1]) == (CARD.validity, None, ("output",))


@pytest.mark.parametrize(
    "text",
    [
        "¿cuánto tarda?",
        "¿en cuántos días me lo dan?",
        "cuántos meses tengo para ir",
        "cuánto vale",
        "¿cuántos años debe tener?",
    ],
)
def test_how_long_the_errand_takes_and_what_it_costs_are_no_validity(text: str) -> None:
    assert outright(CARD, text) is None


def test_a_share_is_told_where_no_sum_is() -> None:
    found = outright(CARD, "¿de cuánto es el descuento?")
    assert found is not None
    assert found[0].notes == (CARD.notes[1],)


@pytest.mark.parametrize(
    "text", ["¿necesito abogado para pedirlo?", "¿tengo que pagar abogado?", "y hay que llevar un abogado"]
)
def test_whether_one_thing_is_needed(text: str) -> None:
    found = outright(CARD, text)
    assert found is not None
    assert found[0].notes == (CARD.summary,)


def test_a_needed_thing_is_shown_with_its_requirement() -> None:
    found = outright(CARD, "¿tengo que llevar fotos?")
    assert found is not None
    assert [each.short for each in found[0].requirements] == ["4 fotos"]
    assert found[0].notes == ()  # the requirement brings its own note


@pytest.mark.parametrize(
    "text",
    ["¿qué necesito?", "¿qué papeles necesito llevar?", "y si ocupo una carta de residencia", "necesito el permiso"],
)
def test_a_list_and_a_wish_ask_for_no_single_thing(text: str) -> None:
    assert outright(CARD, text) is None


def test_who_lacks_a_paper_is_told_what_else_does() -> None:
    found = instead(CARD, "no tengo ningún recibo a mi nombre")
    assert found is not None
    assert found[0].notes == (CARD.notes[0],)
    assert [each.short for each in found[0].requirements] == ["comprobante de domicilio"]


def test_what_is_said_instead_of_nothing_asked_for_is_not_shown() -> None:
    assert instead(replace(CARD, notes=()), "no tengo ningún recibo") is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("¿a qué número llamo?", "phone"),
        ("¿en qué página?", "web"),
        ("dónde hago la cita", "web"),
        ("¿dónde?", "in_person"),
    ],
)
def test_the_way_that_is_asked_for_comes_first(text: str, first: str) -> None:
    assert asked_first(CARD, text).channels[0].type == first
