"""What is said of the card or the steps in view without naming them: their own sentences answer, or it is said so."""

from __future__ import annotations

from typing import Any

from bot.core.effects import CancelReminders, Remind
from bot.core.replies import Say, ShowLifeEvent, ShowProcedure

LICENCE = "la licencia de jalisco"
DEATH = "se murió mi papá"


def shown(replies: tuple[Any, ...]) -> ShowProcedure:
    return next(reply for reply in replies if isinstance(reply, ShowProcedure))


def test_a_word_of_a_requirement_shows_that_requirement_alone(talk: Any) -> None:
    talk.finds(LICENCE, "answer", "licencia-jalisco", family="licencia")
    talk.say(LICENCE, "ask_procedure")
    answer = shown(talk.say("¿y el examen?", "ask_procedure", 0.3))
    assert answer.aspects == ("requirements",)
    assert [each.short for each in answer.procedure.requirements] == ["examen"]


def test_what_the_card_does_not_tell_is_said_to_be_unknown(talk: Any) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    replies = talk.say("¿y si me lo mastica el perro?", "ask_procedure", 0.3)
    assert replies[0] == Say("not_on_card", {"procedure": "pasaporte"})
    assert shown(replies).aspects == ("where",)


def test_another_procedure_by_its_name_is_no_detail(talk: Any) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.finds("¿y la beca?", "answer", "beca")
    talk.say("el pasaporte", "ask_procedure")
    assert shown(talk.say("¿y la beca?", "ask_procedure")).procedure.id == "beca"


def test_a_question_about_no_step_is_about_the_one_that_the_words_pointed_at(talk: Any) -> None:
    talk.finds(DEATH, "life_event", "fallecimiento", "residencia-cdmx")
    talk.say(DEATH, "life_event")
    assert talk.slots["pending"]["candidates"] == ["residencia-huejotzingo", "residencia-cdmx"]
    talk.say("¿y cuánto cuesta?", "ask_cost")
    assert talk.slots["pending"]["kind"] == "place"


def test_a_place_told_among_the_steps_is_kept(talk: Any) -> None:
    talk.finds(DEATH, "life_event", "fallecimiento")
    talk.say(DEATH, "life_event")
    replies = talk.say("vivimos en Jalisco", "life_event")
    assert replies[0] == Say("place_kept", {"place": "Jalisco"})
    assert any(isinstance(reply, ShowLifeEvent) for reply in replies)


def test_a_reminder_that_was_just_set_is_moved(talk: Any) -> None:
    talk.now = "2026-11-23T16:00:00+00:00"
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    talk.say("recuérdeme el jueves a las 10", "remind")
    talk.say("no, mejor el viernes a las 11", "deny")
    effects = talk.meaning["effects"]
    assert [each["type"] for each in effects] == [CancelReminders.__name__, Remind.__name__]
    assert [each.at[:13] for each in talk.context.reminders] == ["2026-11-27T11"]


def test_reminders_that_were_listed_are_taken_away(talk: Any) -> None:
    talk.now = "2026-11-23T16:00:00+00:00"
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    talk.say("recuérdeme el jueves a las 10", "remind")
    talk.say("qué recordatorios tengo", "remind")
    assert Say("reminder_cancelled") in talk.say("quítelos", "stop")
    assert talk.context.reminders == ()
