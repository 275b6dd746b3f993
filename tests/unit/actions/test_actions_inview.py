"""What is in view is meant, unless another card is named; steps are found by what their cards say."""

from __future__ import annotations

from typing import Any

import pytest

from actions.dialogue.aspects import asked, only_how_much
from bot.core.replies import ShowProcedure


def shown(replies: tuple[Any, ...]) -> ShowProcedure:
    return next(reply for reply in replies if isinstance(reply, ShowProcedure))


@pytest.fixture
def passport(talk: Any) -> Any:
    """The talk, with the passport in view."""
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    return talk


def test_a_noun_for_whatever_it_is_names_no_other_card(passport: Any) -> None:
    said = "¿y cuánto tarda el trámite?"
    passport.finds(said, "answer", "beca")
    assert shown(passport.say(said, "ask_duration")).procedure.id == "pasaporte"


def test_a_card_that_nothing_names_gives_way(passport: Any) -> None:
    said = "¿y si mejor va mi primo?"
    passport.finds(said, "answer", "viudez", score=0.4)
    assert passport.say(said, "ask_who", 0.5)
    assert passport.slots["last_procedure"] == "pasaporte"


def test_a_card_that_is_surely_found_is_shown(passport: Any) -> None:
    said = "¿cuánto dan de beca benito juárez?"
    passport.finds(said, "answer", "beca")
    assert shown(passport.say(said, "ask_output")).procedure.id == "beca"


def test_how_much_with_no_verb_may_be_paid_or_got() -> None:
    assert asked("y si tengo otro hijo cuánto más") == ("cost",)
    assert only_how_much("¿sí les pagan? cuánto")
    assert not only_how_much("cuánto tarda")


@pytest.mark.parametrize("text", ["¿y le van a cobrar la consulta?", "¿les cobran?"])
def test_somebody_else_may_be_charged(text: str) -> None:
    assert asked(text) == ("cost",)


@pytest.mark.parametrize("text", ["pásame el teléfono de esos que defienden", "hay un número para pedir informes?"])
def test_a_number_to_call_is_where(text: str) -> None:
    assert asked(text) == ("where",)
