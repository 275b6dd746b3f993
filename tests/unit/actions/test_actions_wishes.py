"""What is asked for beside what is only named; a choice that is asked once; whose thing it is; after the lines."""

from __future__ import annotations

from typing import Any

import pytest

from actions.dialogue.ages import ages_of, fits, named_rather
from actions.dialogue.cases import age_told
from actions.dialogue.clauses import clauses, never_had, parts
from bot.core.replies import Ask, Reply, Say, ShowProcedure
from tests.unit.actions.conftest import card


def cards_shown(replies: tuple[Reply, ...]) -> list[str]:
    return [reply.procedure.id for reply in replies if isinstance(reply, ShowProcedure)]


@pytest.mark.parametrize(
    ("text", "left", "aside"),
    [
        ("ya tengo el pasaporte pero me falta la licencia", "licencia", "pasaporte"),
        ("no quiero pasaporte, quiero la licencia", "licencia", "pasaporte"),
        ("el rfc ya lo tengo, ahora ocupo la licencia", "licencia", "rfc"),
        ("sin acta no me dan la curp, ¿cómo saco el acta?", "acta", "curp"),
        ("no me dan la cédula porque no tengo e.firma, donde la tramito", "firma", "cedula"),
        ("para la e.firma me pidieron el rfc y no lo tengo, como lo saco", "rfc", "firma"),
        ("antes que la licencia ocupo la curp", "curp", "licencia"),
        ("no vengo por licencia sino por la tarjeta", "tarjeta", "licencia"),
        ("ya cancelé las tarjetas, ahora quiero reponer la ine", "ine", "tarjetas"),
        ("no tiene infonavit, ¿hay algún programa de vivienda?", "vivienda", "infonavit"),
    ],
)
def test_what_is_there_or_not_wanted_is_set_aside(text: str, left: str, aside: str) -> None:
    found = parts(text)
    assert found is not None
    assert left in found.left
    assert aside not in found.left
    assert aside in found.aside


@pytest.mark.parametrize(
    "text",
    [
        "qué necesito para el pasaporte",
        "perdí mi pasaporte y quiero reponerlo",
        "se me venció la licencia, cuánto cuesta renovarla",
        "mi mamá ya tiene 61 años y quiere su pensión",
        "quiero comprar una casa, cómo veo mis puntos",
        "hola",
    ],
)
def test_a_message_that_is_one_whole_stays_whole(text: str) -> None:
    found = parts(text)
    assert found is None or not any(clause.stance == "owned" and clause.named for clause in clauses(text))


def test_what_was_never_had_is_asked_for_where_no_question_names_anything() -> None:
    assert "pasaporte" in str(never_had("me voy a trabajar a canadá y nunca he sacado pasaporte, qué ocupo"))
    assert never_had("nunca he sacado pasaporte, cuánto cuesta la visa") is None
    assert never_had("no tengo comprobante, qué llevo") is None


def test_only_what_is_left_is_looked_for(talk: Any) -> None:
    talk.finds("ya tengo pasaporte, quiero la beca", "answer", "pasaporte")
    talk.finds("quiero la beca", "answer", "beca")
    assert cards_shown(talk.say("ya tengo pasaporte, quiero la beca", "ask_procedure")) == ["beca"]


def test_what_is_denied_is_not_answered_though_nothing_else_is_known(talk: Any) -> None:
    talk.finds("no quiero pasaporte, quiero un dragón", "answer", "pasaporte")
    replies = talk.say("no quiero pasaporte, quiero un dragón", "ask_procedure")
    assert cards_shown(replies) == []


def test_a_deed_that_is_told_does_not_hide_the_wish(talk: Any) -> None:
    talk.finds("ahora quiero el acta", "answer", "acta")
    assert cards_shown(talk.say("ya saqué el pasaporte, ahora quiero el acta", "step_done")) == ["acta"]


def test_the_same_choice_is_not_asked_twice(talk: Any) -> None:
    talk.finds("mis asuntos", "clarify", "pasaporte", "viudez", score=0.3)
    assert cards_shown(talk.say("mis asuntos", "ask_procedure")) == []
    replies = talk.say("qué llevo", "ask_requirements")
    assert cards_shown(replies) == ["pasaporte"]
    last = replies[-1]
    assert isinstance(last, Ask)
    assert last.phrase == "or_one_of_these"
    assert [option.id for option in last.options] == ["procedure:viudez"]
    assert cards_shown(talk.pick("procedure:viudez")) == ["viudez"]


def test_a_word_that_only_one_option_has_chooses_it(talk: Any) -> None:
    talk.finds("mis asuntos", "clarify", "pasaporte", "viudez", score=0.3)
    talk.say("mis asuntos", "ask_procedure")
    assert cards_shown(talk.say("cuánto cuesta lo de la viudez", "ask_cost")) == ["viudez"]


@pytest.mark.parametrize(
    ("text", "age"),
    [
        ("mi mamá acaba de cumplir 61, le toca", 61),
        ("y mi papá de 66?", 66),
        ("mi suegro ya va para los 70", 70),
        ("mi suegra anda en los 63", 63),
        ("ella 62 años", 62),
        ("la de 65", None),
        ("pasaporte de 10 años", None),
    ],
)
def test_ages_are_told_in_many_ways(text: str, age: int | None) -> None:
    assert age_told(text) == age


def test_a_name_that_two_cards_share_does_not_choose_against_the_age() -> None:
    old = card("pension-65", name="Pensión del Bienestar para adultos mayores", who="Personas de 65 años o más.")
    women = card("pension-mujeres", name="Pensión Mujeres Bienestar", who="Mujeres mexicanas de 60 a 64 años.")
    assert fits(old, "mi mamá acaba de cumplir 61") is False
    assert not named_rather(old, women, "acaba de cumplir 61, ¿le toca la pensión del bienestar?")
    assert not named_rather(old, women, "tiene 61, ¿le dan la pensión de adultos mayores?")
    assert named_rather(old, women, "tiene 61, ¿desde cuándo es la de adultos mayores?")


def test_a_card_for_minors_says_so() -> None:
    assert ages_of(card("pasaporte-menor", who="Menores de edad, con su mamá y su papá.")) == (0, 17)


def test_after_the_lines_protection_is_shown_and_not_the_lines_again(talk: Any) -> None:
    talk.say("mi marido me golpea", "emergency")
    talk.finds("quiero que no se me pueda acercar", "answer", "orden-proteccion")
    replies = talk.say("quiero que no se me pueda acercar", "human", 0.6)
    assert cards_shown(replies) == ["orden-proteccion"]
    assert replies[0] == Say("safety_first", {"emergency": "911"})
    talk.finds("cómo le hago para que no se me acerque", "answer", "orden-proteccion")
    talk.say("mi marido me golpea", "emergency")
    assert cards_shown(talk.say("cómo le hago para que no se me acerque", "emergency", 0.4)) == ["orden-proteccion"]


def test_danger_that_is_told_again_is_danger(talk: Any) -> None:
    talk.say("mi marido me golpea", "emergency")
    talk.finds("me está pegando ahorita", "answer", "orden-proteccion")
    talk.say("me está pegando ahorita", "emergency")
    assert talk.meaning["outcome"] == "emergency"
