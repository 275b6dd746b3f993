"""A follow-up stays with the card in view unless another one is named or surely found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bot.core.replies import ShowProcedure

PASSPORT = "el pasaporte"


def shown(replies: tuple[Any, ...]) -> ShowProcedure:
    return next(reply for reply in replies if isinstance(reply, ShowProcedure))


@pytest.fixture
def passport(talk: Any) -> Any:
    """The talk, with the passport in view."""
    talk.finds(PASSPORT, "answer", "pasaporte")
    talk.say(PASSPORT, "ask_procedure")
    return talk


def test_a_question_that_finds_something_unsure_is_about_the_card_in_view(passport: Any) -> None:
    asked = "cuánto le cobrarían al mes por hacerlo"
    passport.finds(asked, "clarify", "beca", "viudez")
    answer = shown(passport.say(asked, "ask_cost", 0.9))
    assert (answer.procedure.id, answer.aspects) == ("pasaporte", ("cost",))


def test_a_question_that_names_another_card_is_about_that_one(passport: Any) -> None:
    asked = "¿cuánto dan de la beca benito juárez?"
    passport.finds(asked, "answer", "beca")
    assert shown(passport.say(asked, "ask_output", 0.9)).procedure.id == "beca"


def test_talk_that_was_heard_in_a_question_is_not_answered(passport: Any) -> None:
    answer = shown(passport.say("¿y dónde me apunto?", "goodbye", 0.8))
    assert (answer.procedure.id, answer.aspects) == ("pasaporte", ("where",))


def test_thanks_without_a_question_are_thanks(passport: Any) -> None:
    replies = passport.say("gracias", "thanks", 0.9)
    assert not any(isinstance(reply, ShowProcedure) for reply in replies)


def test_a_going_on_without_a_verb_asks_what_was_asked_before(passport: Any) -> None:
    passport.say("cuánto cuesta", "ask_cost", 0.9)
    assert shown(passport.say("¿y el de diez?", "thanks", 0.7)).aspects == ("cost",)


def test_a_half_that_tells_the_case_is_no_second_question(talk: Any) -> None:
    asked = "cuánto cuesta la licencia en jalisco, es mi primera"
    talk.finds("cuánto cuesta la licencia en", "answer", "licencia-jalisco", family="licencia")
    talk.finds("es mi primera", "answer", "viudez")
    talk.finds(asked, "answer", "licencia-jalisco", family="licencia")
    cards = {each.procedure.id for each in talk.say(asked, "ask_cost") if isinstance(each, ShowProcedure)}
    assert "viudez" not in cards


def test_a_sentence_of_the_card_that_means_what_was_asked_answers(talk: Any) -> None:
    talk.finds("la licencia de jalisco", "answer", "licencia-jalisco", family="licencia")
    talk.say("la licencia de jalisco", "ask_procedure")
    talk.search.encode = lambda texts: np.array([[float("nterior" in text or "vieja" in text), 0.1] for text in texts])
    answer = shown(talk.say("¿y qué hago con la vieja?", "out_of_scope", 0.3))
    assert [each.short for each in answer.procedure.requirements] == ["licencia anterior"]
