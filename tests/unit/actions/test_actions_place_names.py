"""Names of several places are asked about; misspelled ones and postal codes are understood."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.replies import Ask


def towns(asked: tuple[Any, ...]) -> list[str]:
    (ask,) = [reply for reply in asked if isinstance(reply, Ask)]
    assert ask.phrase == "which_place"
    return [option.id for option in ask.options]


def test_a_name_of_several_places_is_asked_about_and_the_pick_is_noted(talk: Any) -> None:
    assert "town:Ciudad de México/Benito Juárez" in towns(talk.say("benito juarez", "inform_place"))
    talk.pick("town:Ciudad de México/Benito Juárez")
    assert (talk.context.state, talk.context.municipality) == ("Ciudad de México", "Benito Juárez")


def test_an_unknown_town_is_no_place(talk: Any) -> None:
    talk.say("benito juarez", "inform_place")
    talk.pick("town:Jalisco/Nunca Jamás")
    assert talk.context is None or talk.context.state is None


def test_the_question_that_waits_for_the_place_waits_on(talk: Any) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("la licencia", "ask_procedure")
    asked = talk.say("emiliano zapata", "inform_place")
    assert len(towns(asked)) > 1


def test_of_several_namesakes_the_one_with_a_card_is_meant(talk: Any) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("la licencia", "ask_procedure")
    talk.say("san pedro", "inform_place")
    assert (talk.context.state, talk.context.municipality) == ("Jalisco", "San Pedro Tlaquepaque")


@pytest.mark.parametrize(
    ("text", "state", "municipality"),
    [
        ("nuebo leon", "Nuevo León", None), ("nueo leon", "Nuevo León", None), ("leon", "Guanajuato", "León"),
        ("44100", "Jalisco", None), ("guadalajra", "Jalisco", "Guadalajara"), ("oaxac", "Oaxaca", None),
        ("pues soy de zacatekas", "Zacatecas", None), ("progreso", "Yucatán", "Progreso"),
    ],
)  # fmt: skip
def test_where_told_in_odd_ways(talk: Any, text: str, state: str, municipality: str | None) -> None:
    talk.say("de donde", "ask_where", 0.2)
    talk.say(text, "inform_place", 0.9)
    assert talk.context is not None
    assert (talk.context.state, talk.context.municipality) == (state, municipality)
