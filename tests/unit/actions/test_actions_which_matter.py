"""Of which place, for whom and of what: what a message is about, told from what it only mentions."""

from __future__ import annotations

from typing import Any

import pytest

from actions.dialogue import bound, cases
from actions.dialogue.clauses import clauses, parts
from actions.dialogue.residence import of_matter
from bot.catalogue.places import Mention, Place, default_places
from bot.catalogue.text import normalise
from bot.core.procedures import Condition, ConditionValue
from bot.core.replies import Ask, Say, ShowProcedure

AGE = Condition(
    "age",
    "¿Es para una persona menor de 18 años o para una persona adulta?",
    (
        ConditionValue("minor", "Menor de 18 años", "si es menor de edad", ages=(0, 17)),
        ConditionValue("adult", "Adulta", "si es persona adulta", ages=(18, 115)),
    ),
)
FOREIGN = Condition(
    "foreign",
    "¿Alguna de las dos personas es extranjera?",
    (
        ConditionValue("yes", "Sí", "si alguna es extranjera"),
        ConditionValue("no", "No", "si las dos son mexicanas", ("(?:los dos )?somos mexican[oa]s",)),
    ),
)


@pytest.mark.parametrize(
    ("condition", "text", "value"),
    [
        (AGE, "57", "adult"),
        (AGE, "sesenta y siete años", "adult"),
        (AGE, "ya casi 16", "minor"),
        (AGE, "mi hijo tiene 9", "minor"),
        (AGE, "8 meses", "minor"),
        (AGE, "para mí", "adult"),
        (FOREIGN, "no los dos somos mexicanos", "no"),
        (FOREIGN, "no somos mexicanos", "yes"),
    ],
)
def test_an_answer_in_plain_words(condition: Condition, text: str, value: str) -> None:
    assert bound.value_told(text, condition) == value


@pytest.mark.parametrize("text", ["300 pesos", "tengo 3 hijos", "el 15 de mayo", "2026"])
def test_another_number_is_no_age(text: str) -> None:
    assert cases.bare_age(text) is None


@pytest.mark.parametrize(
    ("text", "age"),
    [("y mi jefa de 61?", 61), ("mi cuñada de 34 entra", 34), ("mi hijo de 200 pesos", None), ("un pago de 61", None)],
)
def test_the_age_of_somebody(text: str, age: int | None) -> None:
    assert cases.age_told(text) == age


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("vivo en ecatepec, puedo sacar la licencia de la cdmx", "Ciudad de México"),
        ("radico en leon pero mi acta es de zacatecas", "Zacatecas"),
        ("mi cuñado vive en guadalajara, le dan el seguro de la cdmx", "Ciudad de México"),
        ("trabajo en la cdmx y vivo en toluca", None),
        ("vivo en puebla pero naci en oaxaca", None),
        ("del acta de jalisco y la de puebla", None),
    ],
)
def test_of_two_places_the_one_the_thing_is_of(text: str, meant: str | None) -> None:
    said = normalise(text)
    found = of_matter(said.split(), default_places().every(said))
    assert (found.candidates[0].state if found else None) == meant


def test_two_mentions_that_say_no_residence_settle_nothing() -> None:
    one, other = (Mention((Place(name),), at, at + 1) for at, name in ((1, "Jalisco"), (3, "Puebla")))
    assert of_matter("en jalisco o puebla".split(), [one, other]) is None  # noqa: SIM905


def test_what_is_right_is_set_aside() -> None:
    found = parts("en mi curp está mal el apellido pero en mi acta está bien cómo lo arreglo")
    assert found is not None
    assert "curp" in found.left
    assert "acta" in found.aside


def test_without_doing_something_lacks_nothing() -> None:
    assert {clause.stance for clause in clauses("quiero avisar pero sin dar mi nombre")} <= {"wish", "told"}


def test_another_place_is_asked_further(talk: Any) -> None:
    talk.finds("licencia en Colima", "ask_place", "licencia-jalisco", family="licencia", place=Place("Colima"))
    first, *_ = talk.say("licencia en Colima", "ask_procedure")
    assert first == Say("no_card_for_place", {"procedure": "Licencia de conducir", "place": "Colima"})
    again, ask = talk.say("¿y cuánto cuesta?", "ask_cost")
    assert again == first
    assert isinstance(ask, Ask)
    assert ask.phrase == "other_places_have_card"
    (shown, *_) = talk.say("la de Jalisco", "inform_place")
    assert isinstance(shown, ShowProcedure)
    assert shown.procedure.id == "licencia-jalisco"
    assert "cost" in shown.aspects


def test_back_to_what_was_shown_by_a_word_of_its_name(talk: Any) -> None:
    talk.finds("pasaporte", "answer", "pasaporte")
    talk.say("pasaporte", "ask_procedure")
    talk.finds("beca", "answer", "beca")
    talk.say("beca", "ask_procedure")
    (shown, *_) = talk.say("¿y para lo del pasaporte?", "ask_procedure")
    assert isinstance(shown, ShowProcedure)
    assert shown.procedure.id == "pasaporte"


def test_a_licence_for_something_else_is_not_here(talk: Any) -> None:
    said = "licencia para vender pescado en Jalisco"
    talk.finds(said, "answer", "licencia-jalisco", family="licencia", place=Place("Jalisco"))
    assert talk.say(said, "ask_procedure") == (Say("not_here"),)


def test_a_licence_by_another_word_of_its_own_is_answered(talk: Any) -> None:
    said = "licencia de conducir en Jalisco"
    talk.finds(said, "answer", "licencia-jalisco", family="licencia", place=Place("Jalisco"))
    (shown, *_) = talk.say(said, "ask_procedure")
    assert isinstance(shown, ShowProcedure)
    assert shown.procedure.id == "licencia-jalisco"


def test_what_is_only_shown_is_not_what_is_asked_for(talk: Any) -> None:
    said = "cuánto me descuentan con mi credencial del club en el pasaporte"
    talk.finds(said, "answer", "pasaporte")
    (shown, *_) = talk.say(said, "ask_cost")
    assert isinstance(shown, ShowProcedure)
