"""Talking as people do: questions about the case, corrections, asides and the way back, two at once, side by side."""

from __future__ import annotations

from typing import Any

import pytest

from bot.catalogue.places import Place
from bot.core.replies import Ask, Handoff, Reply, Say, ShowProcedure


def shown(replies: tuple[Reply, ...]) -> list[ShowProcedure]:
    return [reply for reply in replies if isinstance(reply, ShowProcedure)]


def needs(replies: tuple[Reply, ...]) -> list[str]:
    (answer,) = shown(replies)
    return [item.short for item in answer.procedure.requirements]


def question(replies: tuple[Reply, ...]) -> list[str]:
    ask = replies[-1]
    assert isinstance(ask, Ask), replies
    return [option.id for option in ask.options]


CASE = ["case:occasion:first", "case:occasion:renewal"]
LICENCE = "licencia en jalisco"


@pytest.fixture
def licence(talk: Any) -> Any:
    """Somebody who asked for Jalisco's licence and was answered and asked."""
    place = Place("Jalisco", None)
    talk.finds(LICENCE, "answer", "licencia-jalisco", family="licencia", place=place)
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.finds("la curp", "answer", "viudez")
    replies = talk.say(LICENCE, "ask_requirements")
    assert needs(replies) == ["examen", "licencia anterior"]
    assert shown(replies)[0].before_question
    assert question(replies) == CASE
    return talk


def test_an_option_makes_the_list_her_own(licence: Any) -> None:
    replies = licence.pick("case:occasion:renewal")
    assert needs(replies) == ["licencia anterior"]
    assert not shown(replies)[0].before_question
    assert len(replies) == 1


@pytest.mark.parametrize(
    ("words", "kept"),
    [("primera vez", "examen"), ("es renovación", "licencia anterior"), ("renovar", "licencia anterior")],
)
def test_an_answer_in_her_own_words(licence: Any, words: str, kept: str) -> None:
    licence.finds(words, "clarify", "viudez", "pasaporte")
    assert needs(licence.say(words, "ask_procedure")) == [kept]


@pytest.mark.parametrize("words", ["no sé", "omitir", "la verdad no me acuerdo", "da igual"])
def test_not_knowing_does_not_block(licence: Any, words: str) -> None:
    replies = licence.say(words, "deny")
    assert needs(replies) == ["examen", "licencia anterior"]
    assert shown(replies)[0].conditions["occasion"]["first"] == "por primera vez"
    assert len(replies) == 1


def test_no_sense_is_asked_once_more_and_then_answered_without(licence: Any) -> None:
    assert question(licence.say("xkcd", "out_of_scope")) == CASE
    assert needs(licence.say("xkcd", "out_of_scope")) == ["examen", "licencia anterior"]
    assert licence.slots["pending"] is None


def test_what_was_answered_is_not_asked_again(licence: Any) -> None:
    licence.pick("case:occasion:renewal")
    assert len(licence.say(LICENCE, "ask_requirements")) == 1


def test_a_question_left_out_is_not_asked_again(licence: Any) -> None:
    licence.say("no sé", "deny")
    assert len(licence.say(LICENCE, "ask_requirements")) == 1


def test_a_question_in_between_is_answered_and_the_open_one_comes_back_once(licence: Any) -> None:
    replies = licence.say("¿y dónde?", "ask_where")
    assert shown(replies)[0].aspects == ("where",)
    assert question(replies) == CASE
    assert len(licence.say("¿y a qué hora abren?", "ask_hours")) == 1


def test_another_procedure_in_between_and_the_way_back(licence: Any) -> None:
    licence.finds("¿y cuánto cuesta el pasaporte?", "answer", "pasaporte")
    replies = licence.say("¿y cuánto cuesta el pasaporte?", "ask_cost")
    assert shown(replies)[0].procedure.id == "pasaporte"
    assert isinstance(replies[-1], Ask)
    assert replies[-1].phrase == "case_question_again"
    assert needs(licence.pick("case:occasion:first")) == ["examen"]


def test_thanks_in_between_do_not_lose_the_question(licence: Any) -> None:
    assert question(licence.say("gracias", "thanks")) == CASE


@pytest.mark.parametrize("words", ["perdón, es primera vez", "no, es primera vez", "digo, primera vez"])
def test_an_answer_can_be_put_right(licence: Any, words: str) -> None:
    licence.pick("case:occasion:renewal")
    assert needs(licence.say(words, "correct")) == ["examen"]


def test_a_statement_alone_puts_right_too(licence: Any) -> None:
    licence.pick("case:occasion:renewal")
    assert needs(licence.say("es primera vez", "inform_place", 0.3)) == ["examen"]


def test_another_procedure_was_meant(licence: Any) -> None:
    assert shown(licence.say("no, el pasaporte", "correct"))[0].procedure.id == "pasaporte"


def test_what_is_denied_is_not_what_is_meant(licence: Any) -> None:
    assert shown(licence.say("no, la licencia no, el pasaporte", "correct"))[0].procedure.id == "pasaporte"


def test_the_place_is_put_right(licence: Any) -> None:
    replies = licence.say("es de oaxaca, no de jalisco", "correct")
    assert shown(replies)[0].procedure.id == "licencia-oaxaca"


def test_a_negative_statement_is_no_correction(licence: Any) -> None:
    licence.pick("case:occasion:renewal")
    licence.finds("tengo internet", "answer", "pasaporte")
    licence.finds("no tengo internet", "unknown")
    assert shown(licence.say("no tengo internet", "out_of_scope", 0.9)) == []


def test_somebody_else_begins_a_clean_case_and_the_first_one_is_kept(licence: Any) -> None:
    licence.pick("case:occasion:renewal")
    replies = licence.say("es para otra persona", "other_person")
    assert replies[0] == Say("other_person")
    assert question(replies) == CASE
    assert needs(licence.pick("case:occasion:first")) == ["examen"]
    assert needs(licence.say("ahora para mí", "other_person")) == ["licencia anterior"]


def test_for_somebody_else_before_anything_was_asked(talk: Any) -> None:
    assert talk.say("es para otra persona", "other_person") == (Say("other_person"), Ask("what_else"))


def test_the_first_persons_own_facts_are_not_used_for_somebody_else(licence: Any) -> None:
    from dataclasses import replace

    licence.context = replace(licence.context, case={"occasion": "renewal"})
    assert question(licence.say("es para otra persona", "other_person")) == CASE


def test_not_understood_is_said_more_simply_and_then_by_a_person(licence: Any) -> None:
    licence.pick("case:occasion:renewal")
    replies = licence.say("no entendí", "simpler")
    assert replies[0] == Say("simpler")
    assert shown(replies)[0].aspects == ("simple",)
    assert question(replies) == ["human"]
    assert licence.say("no entendí", "simpler") == (Handoff("not_understood"),)


def test_a_question_not_understood_is_explained_and_stays_open(talk: Any) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("la licencia", "ask_procedure")
    replies = talk.say("no entendí", "simpler")
    assert replies[0] == Say("simpler_options")
    assert question(replies) == ["state:Jalisco", "state:Oaxaca"]
    assert shown(talk.pick("state:Oaxaca"))[0].procedure.id == "licencia-oaxaca"


def test_nothing_written_asks_the_open_question_again(licence: Any) -> None:
    replies = licence.say("  ", "out_of_scope")
    assert replies[0] == Say("nothing_heard")
    assert question(replies) == CASE


def test_nothing_written_at_first(talk: Any) -> None:
    assert talk.say("", "out_of_scope") == (Say("nothing_heard"), Ask("what_else"))


@pytest.mark.parametrize("words", ["empezar de nuevo", "quiero volver a empezar", "de cero", "EMPECEMOS DE NUEVO"])
def test_from_the_beginning_forgets_the_matter_and_keeps_the_place(licence: Any, words: str) -> None:
    replies = licence.say(words, "menu")
    assert replies[0] == Say("started_over")
    assert (licence.slots["last_procedure"], licence.slots["state"]) == (None, "Jalisco")


def test_back_to_what_was_talked_about_by_its_name(licence: Any) -> None:
    licence.say("el pasaporte", "ask_procedure")
    replies = licence.say("volviendo a la licencia jalisco, ¿dónde se saca?", "ask_where")
    assert shown(replies)[0].procedure.id == "licencia-jalisco"
    assert shown(replies)[0].aspects == ("where",)


def test_two_questions_are_both_answered(talk: Any) -> None:
    talk.finds("qué necesito para el pasaporte", "answer", "pasaporte")
    talk.finds("cuánto cuesta la beca", "answer", "beca")
    replies = talk.say("qué necesito para el pasaporte y cuánto cuesta la beca", "ask_requirements")
    assert [(each.procedure.id, each.aspects) for each in shown(replies)] == [
        ("pasaporte", ("overview",)),
        ("beca", ("cost",)),
    ]


def test_of_two_questions_the_one_that_waits_for_a_place_comes_last(talk: Any) -> None:
    talk.finds("qué necesito para la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.finds("cuánto cuesta la beca", "answer", "beca")
    replies = talk.say("qué necesito para la licencia y cuánto cuesta la beca", "ask_requirements")
    assert shown(replies)[0].procedure.id == "beca"
    assert question(replies) == ["state:Jalisco", "state:Oaxaca"]


def test_two_questions_that_both_wait_for_a_place(talk: Any) -> None:
    talk.finds("qué necesito para la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    residence = ("residencia-cdmx", "residencia-huejotzingo")
    talk.finds("cuánto cuesta la constancia", "ask_place", *residence, family="residencia")
    replies = talk.say("qué necesito para la licencia y cuánto cuesta la constancia", "ask_requirements")
    assert shown(replies) == []
    talk.finds("cuánto cuesta la constancia", "answer", "residencia-cdmx", family="residencia")
    assert shown(talk.pick("state:Jalisco"))[0].procedure.id == "licencia-jalisco"


def test_one_question_with_an_and_is_one_question(talk: Any) -> None:
    text = "qué papeles piden y cuánto cuesta el pasaporte"
    talk.finds(text, "answer", "pasaporte")
    talk.finds("cuánto cuesta el pasaporte", "answer", "pasaporte")
    assert len(shown(talk.say(text, "ask_requirements"))) == 1


def test_two_side_by_side_and_which_is_cheaper(talk: Any) -> None:
    talk.finds("acta", "answer", "acta")
    talk.finds("pasaporte", "answer", "pasaporte")
    replies = talk.say("¿cuál es más barato, el acta o el pasaporte?", "compare")
    assert replies[0] == Say("cheaper", {"procedure": "acta"})
    assert [(each.procedure.id, each.aspects) for each in shown(replies)] == [
        ("acta", ("cost",)),
        ("pasaporte", ("cost",)),
    ]


def test_no_verdict_where_a_price_is_not_known(talk: Any) -> None:
    talk.finds("beca", "answer", "beca")
    talk.finds("pasaporte", "answer", "pasaporte")
    replies = talk.say("¿cuál es más barato, la beca o el pasaporte?", "compare")
    assert [each.procedure.id for each in shown(replies)] == ["beca", "pasaporte"]
    assert not any(isinstance(reply, Say) for reply in replies)


def test_one_procedure_in_two_states(talk: Any) -> None:
    text = "cuánto cuesta el acta en jalisco y en oaxaca"
    talk.finds("acta en jalisco en oaxaca", "answer", "acta")
    replies = talk.say(text, "ask_cost")
    assert replies[0] == Say("cheaper", {"procedure": "Jalisco"})
    assert [each.state for each in shown(replies)] == ["Jalisco", "Oaxaca"]
    assert [len(each.procedure.cost.amounts) for each in shown(replies)] == [1, 1]


def test_a_comparison_of_nothing_asks_which_two(talk: Any) -> None:
    assert talk.say("quiero comparar", "compare") == (Ask("compare_which"),)


def test_what_she_is_for_good_is_kept(talk: Any) -> None:
    talk.say("gracias", "thanks")
    assert talk.context.case == {}


def test_doubt_is_said_in_the_question_itself(talk: Any) -> None:
    talk.finds("cosas raras", "clarify", "viudez", "pasaporte", known=0.1)
    replies = talk.say("cosas raras", "out_of_scope", 0.4)
    assert len(replies) == 1
    assert isinstance(replies[0], (Ask, Say))
    assert not (isinstance(replies[0], Say) and len(replies) > 1)


def test_a_place_told_for_a_card_of_that_place_shows_it_again(talk: Any) -> None:
    talk.finds("seguro de desempleo", "answer", "seguro-desempleo-cdmx")
    talk.say("seguro de desempleo", "ask_procedure")
    assert shown(talk.say("ciudad de méxico", "inform_place"))[0].procedure.id == "seguro-desempleo-cdmx"


def test_a_place_told_for_a_card_of_the_whole_country_is_noted_for_it(talk: Any) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    (noted,) = talk.say("vivo en oaxaca", "inform_place")
    assert noted == Say("place_noted_country", {"place": "Oaxaca", "procedure": "pasaporte"})
