"""An open question binds what is said next: yes and no, how many, who, and not knowing, in free words."""

from __future__ import annotations

from typing import Any

import pytest

from actions.dialogue import bound
from bot.core.procedures import Condition, ConditionValue
from bot.core.replies import Ask, ShowProcedure


def yes_no(question: str, no: str = "", no_said: tuple[str, ...] = ()) -> Condition:
    values = (ConditionValue("yes", "Sí", "si es así"), ConditionValue("no", "No", no or "si no", no_said))
    return Condition("c", question, values)


MARRIED = yes_no("¿Alguno de los dos estuvo casado antes?")
FOREIGN = yes_no("¿Alguna de las dos personas que se casan es extranjera?", "si las dos personas son mexicanas")
CHILDREN = yes_no("¿Viven en unión libre y ya tienen hijas o hijos?", "si no tienen hijos juntos")
BOTH_PAPERS = yes_no("¿Tiene identificación y un comprobante de domicilio a su nombre?")
APPLICANT = Condition(
    "applicant",
    "¿Lo hace usted o lo hace otra persona por usted?",
    (
        ConditionValue("self", "Yo", "si va usted"),
        ConditionValue("representative", "Otra persona", "si va otra persona por usted"),
    ),
)


@pytest.mark.parametrize(
    ("condition", "text", "value"),
    [
        (MARRIED, "no, ninguno", "no"),
        (MARRIED, "pues ninguno de los dos", "no"),
        (MARRIED, "nadie", "no"),
        (MARRIED, "que yo sepa no", "no"),
        (MARRIED, "creo que sí", "yes"),
        (MARRIED, "no creo", "no"),
        (MARRIED, "yo sí", "yes"),
        (MARRIED, "los dos", "yes"),
        (MARRIED, "no estuvo casado", "no"),
        (MARRIED, "no sabría decirle", bound.UNKNOWN),
        (MARRIED, "ni idea, la verdad", bound.UNKNOWN),
        (FOREIGN, "sí, mi novio es de Texas", "yes"),
        (FOREIGN, "los dos somos mexicanos", "no"),
        (FOREIGN, "no no somos extranjeros", "no"),
        (CHILDREN, "no tienen hijos", "no"),
        (CHILDREN, "todavía no tenemos hijos", "no"),
        (BOTH_PAPERS, "los dos", "yes"),
        (BOTH_PAPERS, "nada más uno", "no"),
        (BOTH_PAPERS, "ninguno de los dos", "no"),
        (BOTH_PAPERS, "nada más la INE", "no"),
        (APPLICANT, "mi hermana la mayor", "representative"),
        (APPLICANT, "pues yo", "self"),
        (APPLICANT, "sí", None),
        (MARRIED, "no entiendo", None),
        (MARRIED, "no tengo la credencial del INE", None),
        (MARRIED, "si mejor voy en enero", None),
        (MARRIED, "la del pasaporte", None),
    ],
)
def test_an_answer_in_free_words(condition: Condition, text: str, value: str | None) -> None:
    assert bound.value_told(text, condition) == value


@pytest.fixture
def licence(talk: Any) -> Any:
    """The talk, with the question open whether it is a first licence."""
    talk.finds("licencia en jalisco", "answer", "licencia-jalisco", family="licencia")
    replies = talk.say("licencia en jalisco", "ask_procedure")
    assert any(isinstance(reply, Ask) for reply in replies)
    return talk


def test_not_knowing_gives_the_list_whatever_is_found(licence: Any) -> None:
    licence.finds("ni idea, la verdad", "answer", "beca")
    shown = [reply for reply in licence.say("ni idea, la verdad", "ask_procedure") if isinstance(reply, ShowProcedure)]
    assert [reply.procedure.id for reply in shown] == ["licencia-jalisco"]


def test_an_answer_that_a_correction_could_be_is_the_answer(licence: Any) -> None:
    licence.finds("no, por primera vez", "answer", "pasaporte")
    licence.say("no, por primera vez", "deny")
    assert licence.slots["case"] == {"occasion": "first"}


def test_an_answer_and_a_question_in_one_message_are_both_taken(licence: Any) -> None:
    replies = licence.say("es renovación, ¿y dónde se saca?", "ask_where")
    assert licence.slots["case"] == {"occasion": "renewal"}
    assert [reply.aspects for reply in replies if isinstance(reply, ShowProcedure)] == [("where",)]


def test_another_card_named_in_full_is_no_answer(licence: Any) -> None:
    licence.finds("no, viudez", "answer", "viudez")
    assert licence.say("no, viudez", "ask_procedure")[0].procedure.id == "viudez"


def test_few_words_that_name_nothing_surely_leave_the_question_open(licence: Any) -> None:
    licence.finds("la que sea de allá", "clarify", "beca", "viudez", score=0.3)
    replies = licence.say("la de allá del cerro", "ask_procedure", 0.3)
    assert licence.slots["pending"]["kind"] == "case"
    assert any(isinstance(reply, Ask) for reply in replies)
