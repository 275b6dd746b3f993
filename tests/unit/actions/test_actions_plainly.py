"""Talk that closed classes of words tell, what else a card has to say, and the way back without a name."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.codec import from_payload
from bot.core.effects import CallBack, Effect
from bot.core.replies import Ask, Say, ShowProcedure


def shown(replies: tuple[Any, ...]) -> ShowProcedure:
    return next(reply for reply in replies if isinstance(reply, ShowProcedure))


@pytest.fixture
def passport(talk: Any) -> Any:
    """The talk, with the passport in view."""
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    return talk


@pytest.mark.parametrize("said", ["no le entendí nada, más despacito", "explíquemelo más fácil por favor"])
def test_not_understood_is_said_more_simply(passport: Any, said: str) -> None:
    passport.finds(said, "clarify", "beca", "viudez")
    replies = passport.say(said, "ask_procedure", 0.5)
    assert replies[0] == Say("simpler")
    assert shown(replies).procedure.id == "pasaporte"


def test_not_understanding_a_thing_asks_for_the_thing(passport: Any) -> None:
    passport.finds("no entiendo qué es la viudez", "answer", "viudez")
    assert shown(passport.say("no entiendo qué es la viudez", "ask_procedure")).procedure.id == "viudez"


@pytest.mark.parametrize(
    "said", ["no alcanzo a leer tan chiquito mejor llameme por favor", "mejor me marcan, no sé leer bien"]
)
def test_a_call_wins_over_all_else_that_was_heard(passport: Any, said: str) -> None:
    passport.now = "2026-11-23T18:00:00+00:00"
    assert passport.say(said, "slower", 0.8) == (Say("call_soon"),)
    assert from_payload(tuple[Effect, ...], passport.meaning["effects"]) == (CallBack(),)


def test_no_call_is_promised_to_who_wants_none(passport: Any) -> None:
    assert passport.say("no quiero que me llamen", "call_me")[0] == Say("call_cancelled")


def test_what_else_the_card_says_and_then_nothing(talk: Any) -> None:
    talk.finds("la beca", "answer", "beca")
    talk.say("la beca", "ask_procedure")
    assert talk.say("¿qué más?", "more") == (Say("nothing_more"),)


def test_back_to_the_first_matter_and_to_the_one_before(passport: Any) -> None:
    for name in ("viudez", "beca"):
        passport.finds(name, "answer", name)
        passport.say(name, "ask_procedure")
    assert shown(passport.say("regrésese a lo de antes", "ask_procedure")).procedure.id == "viudez"
    assert shown(passport.say("lo primero que le pregunté", "ask_procedure")).procedure.id == "pasaporte"


def test_starting_over_in_the_middle_of_a_question(talk: Any) -> None:
    talk.finds("licencia en jalisco", "answer", "licencia-jalisco", family="licencia")
    talk.say("licencia en jalisco", "ask_procedure")
    replies = talk.say("start over", "ask_procedure")
    assert isinstance(replies[-1], Ask)
    assert talk.slots["pending"] is None
