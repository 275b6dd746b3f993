"""Everything around the cards: life events, danger, people, privacy, steering, small talk, places shared."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.replies import Ask, Handoff, Say, ShowLifeEvent, ShowProcedure


def test_a_life_event_shows_its_steps_and_a_step_its_card(talk: Any) -> None:
    talk.finds("se murió mi papá", "life_event", "fallecimiento", "viudez")
    (event,) = talk.say("se murió mi papá", "life_event")
    assert isinstance(event, ShowLifeEvent)
    assert [option.id for option in event.options] == ["step:fallecimiento:0", "step:fallecimiento:1"]
    assert talk.meaning == {"outcome": "life_event", "life_event": "fallecimiento"}
    (card,) = talk.pick("step:fallecimiento:0")
    assert isinstance(card, ShowProcedure)
    assert card.procedure.id == "viudez"


def test_a_step_with_alternatives_asks_for_the_place(talk: Any) -> None:
    talk.finds("se murió mi papá", "life_event", "fallecimiento")
    talk.say("se murió mi papá", "life_event")
    (ask,) = talk.pick("step:fallecimiento:1")
    assert ask.phrase == "ask_state_for"
    assert ask.params == {"procedure": "Saque la constancia"}
    (card,) = talk.say("cdmx", "inform_place")
    assert card.procedure.id == "residencia-cdmx"


def test_a_part_asked_for_after_a_life_event_is_asked_of_a_step(talk: Any) -> None:
    talk.finds("se murió mi papá", "life_event", "fallecimiento")
    talk.say("se murió mi papá", "life_event")
    (ask,) = talk.say("cuánto cuesta", "ask_cost")
    assert (ask.phrase, ask.options[0].id) == ("ask_topic", "step:fallecimiento:0")
    assert talk.pick("step:fallecimiento:0")[0].aspects == ("cost",)


@pytest.mark.parametrize(
    ("text", "phrase", "line"),
    [
        ("me está pegando mi marido", "emergency_violence", "079, opción 1"),
        ("ya no quiero vivir", "emergency_suicide", "Línea de la Vida 800 111 0000"),
        ("mi hija no aparece desde ayer", "emergency_missing", "Búsqueda 800 222 0000"),
        ("hay un incendio", "emergency_danger", None),
        ("algo muy feo que nadie previó", "emergency_danger", None),
    ],
)
def test_danger_gets_the_lines_of_the_cards_and_a_person(talk: Any, text: str, phrase: str, line: str | None) -> None:
    replies = talk.say(text, "emergency")
    assert replies[0] == Say(phrase, {"emergency": "911", **({"line": line} if line else {})})
    assert replies[-1] == Handoff("emergency")
    assert talk.meaning["outcome"] == "emergency"


@pytest.mark.parametrize("intent", ["greet", "ask_procedure", "out_of_scope", "complaint", "human", "inform_place"])
def test_an_unmistakable_danger_is_heard_whatever_the_intent(talk: Any, intent: str) -> None:
    assert talk.say("auxilio me va a matar mi esposo", intent)[-1] == Handoff("emergency")


def test_a_doubtful_emergency_gives_way_to_a_sure_card_with_the_line_first(talk: Any) -> None:
    talk.finds("quiero demandar a mi patrón", "answer", "viudez", score=0.8)
    said, card = talk.say("quiero demandar a mi patrón", "emergency", 0.5)
    assert said == Say("safety_first", {"emergency": "911"})
    assert isinstance(card, ShowProcedure)


def test_a_card_about_violence_says_the_line_first(talk: Any) -> None:
    talk.finds("orden de protección", "answer", "orden-proteccion")
    assert talk.say("orden de protección", "ask_procedure")[0] == Say("safety_first", {"emergency": "911"})


def test_no_phone_number_is_written_in_the_code() -> None:
    import re
    from pathlib import Path

    import actions

    folder = Path(actions.__file__).parent
    phone = re.compile(r"\b(?:800 ?\d{3} ?\d{4}|55 ?\d{4} ?\d{4}|079|089|\*765)\b")
    for path in folder.rglob("*.py"):
        for line in path.read_text(encoding="utf-8").splitlines():
            code = re.sub(
                r'"(?:linea|emergencias|sos|apoyo)-[a-z0-9-]+"|"""[^"]*"[^"]*"""|"""[^"]*"""|"[^"]*opción 1"', "", line
            )
            assert not phone.search(code), f"{path.name}: {line.strip()}"


def test_people_are_asked_for_and_the_upset_get_one(talk: Any) -> None:
    assert talk.say("quiero una persona", "human") == (Handoff("asked"),)
    assert talk.say("esto no sirve", "complaint") == (Say("sorry_upset"), Handoff("upset"))
    assert talk.pick("human") == (Handoff("asked"),)
    assert talk.meaning["outcome"] == "handoff"


def test_a_complaint_that_a_card_is_about_is_answered_from_it(talk: Any) -> None:
    talk.finds("me cobraron de más", "answer", "viudez")
    assert isinstance(talk.say("me cobraron de más", "complaint", 0.5)[0], ShowProcedure)


@pytest.mark.parametrize(
    ("intent", "phrase"),
    [("data_use", "privacy_summary"), ("delete_data", "privacy_delete_how"), ("stop", "stop_how")],
)
def test_privacy_is_answered(talk: Any, intent: str, phrase: str) -> None:
    assert talk.say("mis datos", intent) == (Say(phrase),)
    assert talk.meaning["outcome"] == "privacy"


def test_small_talk_is_short(talk: Any) -> None:
    assert talk.say("hola", "greet") == (Say("greet"), Say("menu_hint"))
    assert talk.say("gracias", "thanks") == (Say("thanks"),)
    assert talk.say("adiós", "goodbye") == (Say("goodbye"),)
    assert talk.say("hablan maya", "change_language") == (Say("languages_available"),)


def test_what_a_greeting_leads_up_to_is_answered(talk: Any) -> None:
    talk.finds("hola buenas tardes quiero mi pasaporte", "answer", "pasaporte")
    assert isinstance(talk.say("hola buenas tardes quiero mi pasaporte", "greet")[0], ShowProcedure)


def test_out_of_scope_gives_way_only_to_a_search_that_is_surer(talk: Any) -> None:
    talk.finds("seguro popular", "answer", "viudez", score=0.9, known=0.99)
    talk.finds("estás soltera", "answer", "viudez", score=0.6, known=0.75)
    assert isinstance(talk.say("seguro popular", "out_of_scope", 0.9)[0], ShowProcedure)
    assert talk.say("estás soltera", "out_of_scope", 0.98) == (Say("out_of_scope"),)


def test_the_menu_offers_life_events_and_a_person(talk: Any) -> None:
    said, menu = talk.say("ayuda", "menu")
    assert said == Say("what_this_is")
    assert [option.id for option in menu.options] == ["menu:fallecimiento", "menu:victima_violencia", "human"]
    replies = talk.pick("menu:fallecimiento")
    assert isinstance(replies[0], ShowLifeEvent)
    assert talk.say("menú", "menu")[0].phrase == "menu"


def test_repeat_says_the_last_turn_again_and_keeps_its_question_open(talk: Any) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    asked = talk.say("la licencia", "ask_procedure")
    assert talk.say("repita", "repeat") == asked
    assert talk.say("más despacio", "slower") == (Say("slower"), *asked)
    assert talk.say("otra vez", "repeat")[-1] == asked[-1]
    assert talk.say("oaxaca", "inform_place")[0].procedure.id == "licencia-oaxaca"


def test_nothing_to_repeat_at_the_start(talk: Any) -> None:
    assert talk.say("repita", "repeat") == (Say("nothing_to_repeat"),)


def test_going_back_walks_back_one_turn_at_a_time_with_its_memory(talk: Any) -> None:
    menu = talk.say("menú", "menu")
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    question = talk.say("la licencia", "ask_procedure")
    talk.pick("state:Oaxaca")
    assert talk.say("regresar", "go_back") == question
    assert talk.slots["pending"]["kind"] == "place"
    assert talk.pick("state:Jalisco")[0].procedure.id == "licencia-jalisco"
    assert talk.say("atrás", "go_back") == question
    assert talk.say("atrás", "go_back") == menu
    assert talk.say("atrás", "go_back")[0].phrase == "menu"


def test_more_shows_the_whole_card_after_a_part_of_it(talk: Any) -> None:
    talk.finds("cuánto cuesta el pasaporte", "answer", "pasaporte")
    talk.say("cuánto cuesta el pasaporte", "ask_cost")
    assert talk.say("más", "more")[0].aspects == ("overview",)
    assert talk.say("más", "more") == (Say("nothing_more"),)


def test_a_correction_is_looked_up_by_what_was_meant(talk: Any) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.finds("viudez", "answer", "viudez")
    talk.say("el pasaporte", "ask_procedure")
    assert talk.say("no, quise decir viudez no pasaporte", "correct")[0].procedure.id == "viudez"
    assert talk.say("no era eso", "correct") == (Ask("correct_what"),)


def test_a_corrected_place_answers_for_the_other_place(talk: Any) -> None:
    talk.finds("licencia en oaxaca", "answer", "licencia-oaxaca", family="licencia")
    talk.say("licencia en oaxaca", "ask_procedure")
    assert talk.say("perdón, era en jalisco no en oaxaca", "correct")[0].procedure.id == "licencia-jalisco"


def test_yes_and_no_without_a_question(talk: Any) -> None:
    assert talk.say("sí", "affirm") == (Ask("what_else"),)
    assert talk.say("no", "deny") == (Say("deny_ok"),)


def test_yes_to_several_options_asks_for_one(talk: Any) -> None:
    talk.finds("mis asuntos", "clarify", "pasaporte", "viudez", score=0.3)
    asked = talk.say("mis asuntos", "ask_procedure")
    assert talk.say("sí", "affirm") == (Say("choose_one"), *asked)
    assert talk.say("no", "deny") == (Ask("say_it_another_way"),)


def test_a_position_is_confirmed_and_completes_what_waited(talk: Any) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("la licencia", "ask_procedure")
    (ask,) = talk.do("share_location", latitude=20.67, longitude=-103.35)
    assert (ask.phrase, ask.params) == ("confirm_place", {"place": "Guadalajara, Jalisco"})
    assert [option.id for option in ask.options] == ["yes", "no"]
    card, _question = talk.pick("yes")
    assert card.procedure.id == "licencia-jalisco"
    assert (talk.context.state, talk.context.municipality) == ("Jalisco", "Guadalajara")


def test_a_wrong_position_asks_in_words(talk: Any) -> None:
    talk.do("share_location", latitude=20.67, longitude=-103.35)
    assert talk.say("no", "deny") == (Ask("ask_state"),)
    assert talk.say("oaxaca", "inform_place") == (Say("place_noted", {"place": "Oaxaca"}),)
    assert talk.context.state == "Oaxaca"


@pytest.mark.parametrize(("latitude", "longitude"), [(40.4, -3.7), (0.0, 0.0), (34.05, -118.24), (999.0, 0.0)])
def test_a_position_abroad_is_no_place_of_ours(talk: Any, latitude: float, longitude: float) -> None:
    said, ask = talk.do("share_location", latitude=latitude, longitude=longitude)
    assert (said, ask) == (Say("location_not_in_mexico"), Ask("ask_state"))


def test_files_are_declined_and_their_words_answered(talk: Any) -> None:
    assert talk.do("send_media", kind="image") == (Say("image_not_read"),)
    assert talk.do("send_media", kind="other") == (Say("media_not_read"),)
    assert talk.do("send_media", kind="audio") == (Say("audio_not_heard"),)
    talk.finds("el pasaporte", "answer", "pasaporte")
    said, card = talk.do("send_media", caption="el pasaporte", kind="image")
    assert (said, card.procedure.id) == (Say("image_not_read"), "pasaporte")


@pytest.mark.parametrize(
    "option_id", ["", "nada", "procedure:gone", "step:fallecimiento:99", "step:x:y", "menu:gone", "state:Narnia", "yes"]
)
def test_an_option_that_means_nothing_any_more_is_not_known(talk: Any, option_id: str) -> None:
    assert talk.pick(option_id) == (Say("not_known"),)


def test_slots_of_another_version_are_forgotten(talk: Any) -> None:
    talk.slots = {"pending": {"kind": "of old"}, "last_aspects": "cost", "misunderstandings": 1.0, "state": 5}
    assert talk.say("gracias", "thanks") == (Say("thanks"),)


def test_every_intent_has_an_action_that_answers(talk: Any, actions_by_intent: dict[str, str]) -> None:
    for intent in actions_by_intent:
        if intent in ("pick", "share_location", "send_media"):
            replies = talk.do(intent)
        else:
            replies = talk.say("hola qué tal", intent)
        assert replies, intent
        assert talk.meaning["outcome"], intent
