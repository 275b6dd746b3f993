"""What a text tells of the case, in the words of the conditions' own cards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.dialogue.cases import answered, lasting, leftover, other_person, own_again, told
from tests.unit.dialogue.test_checklist import CONDITIONS

ALL = tuple(CONDITIONS.values())


def one(text: str, condition: str) -> str | None:
    return told(text, (CONDITIONS[condition],)).get(condition)


@pytest.mark.parametrize(
    ("text", "condition", "value"),
    [
        ("credencial de salud para mi hija de 5 años", "age", "minor"),
        ("es para mi mamá que tiene 70", "age", "adult"),
        ("mi mamá tiene 70 años", "senior", "yes"),
        ("tengo 59", "senior", "no"),
        ("ya cumplí 76 años", "age_75", "yes"),
        ("mi bebé de 8 meses", "age", "minor"),
        ("mi hijo de 20 años", "age", "adult"),
        ("mi hijo de 20 años", "child_age", "from_18_to_25"),
        ("soy menor de edad", "age", "minor"),
        ("no es menor de edad", "age", "adult"),
        ("se me perdió", "lost_or_stolen", "lost"),
        ("la perdí en el camión", "lost_or_stolen", "lost"),
        ("me la robaron", "lost_or_stolen", "stolen"),
        ("todavía la tengo", "lost_or_stolen", "have"),
        ("no la perdí, me la robaron", "lost_or_stolen", "stolen"),
        ("es primera vez", "occasion", "first"),
        ("quiero renovar mi licencia", "occasion", "renewal"),
        ("se me venció", "occasion", "renewal"),
        ("reposición por extravío", "occasion", "replacement"),
        ("no es primera vez, es renovación", "occasion", "renewal"),
        ("soy extranjera", "nationality", "foreign"),
        ("soy de Guatemala", "nationality", "foreign"),
        ("soy mexicano", "nationality", "mexican"),
        ("no soy mexicano", "nationality", "foreign"),
        ("para mi esposa", "imss_relative", "spouse"),
        ("es para mi hijo", "imss_relative", "child"),
        ("es para mí", "imss_relative", "self"),
        ("lo van a cremar", "cremation", "yes"),
        ("lo vamos a enterrar", "cremation", "no"),
        ("en línea", "via", "online"),
        ("yo no tengo internet", "via", "office"),
        ("soy estudiante", "licence_discount", "student"),
        ("de moto", "licence_type", "motorcycle"),
        ("somos solteros", "married_before", "no"),
        ("mi novio es americano", "foreign_spouse", "yes"),
        ("por separación de bienes", "property_regime", "separate"),
        ("soy mamá soltera", "both_parents", "one"),
        ("el papá es extranjero", "foreign_parents", "yes"),
        ("no está a mi nombre", "address_proof_own", "no"),
        ("va mi hermano por mí", "applicant", "representative"),
    ],
)
def test_what_is_told(text: str, condition: str, value: str):
    assert one(text, condition) == value


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("cuánto cuesta la licencia de 3 años", "age"),
        ("el pasaporte de 10 años", "age"),
        ("tengo 3 hijos", "age"),
        ("tengo 15 años de casada", "age"),
        ("mi hijo de 5 años y mi hija de 30 años", "child_age"),
        ("licencia en jalisco", "licence_type"),
        ("qué necesito", "occasion"),
        ("", "age"),
    ],
)
def test_what_is_not_told(text: str, condition: str):
    assert one(text, condition) is None


@pytest.mark.parametrize(
    ("text", "condition", "value"),
    [
        ("casada", "deceased_married", None),
        ("menor", "age", "minor"),
        ("es adulta", "age", "adult"),
        ("la segunda no, moto", "licence_type", "motorcycle"),
        ("particular", "pregnancy_doctor", "private"),
        ("el imss", "pregnancy_doctor", "imss"),
        ("los dos", "both_parents", "both"),
        ("quiero una pizza", "age", None),
    ],
)
def test_an_answer_needs_fewer_words(text: str, condition: str, value: str | None):
    assert answered(text, CONDITIONS[condition]) == value


def test_every_label_answers_its_own_question():
    wrong = [
        (condition.id, value.label, found)
        for condition in ALL
        for value in condition.values
        if (found := answered(value.label, condition)) not in (value.id, None)
    ]
    assert wrong == []


def test_what_tells_nothing_else_is_left_over():
    assert leftover("no, es para mi hija de 5 años por favor", ALL) == []
    assert leftover("la perdí", ALL) == []
    assert leftover("perdí mi pasaporte", ALL) == ["pasaporte"]


@pytest.mark.parametrize("text", ["y para mi esposa", "es de mi vecino", "ahora para otra persona", "el de mi hijo"])
def test_somebody_else_is_noticed(text: str):
    assert other_person(text)


@pytest.mark.parametrize("text", ["y para mí", "la licencia de mi estado", "para mi trabajo"])
def test_nobody_else_is_made_up(text: str):
    assert not other_person(text)


def test_ones_own_matter_is_noticed():
    assert own_again("ahora para mí")
    assert not own_again("para mi mamá")


def test_only_what_she_says_of_herself_lasts():
    nationality = (CONDITIONS["nationality"],)
    assert lasting("soy extranjera", told("soy extranjera", nationality)) == {"nationality": "foreign"}
    assert lasting("mi esposo es extranjero", told("mi esposo es extranjero", nationality)) == {}


@given(st.text(max_size=80))
def test_any_text_is_read(text: str):
    for condition, value in told(text, ALL).items():
        assert value in {each.id for each in CONDITIONS[condition].values}
