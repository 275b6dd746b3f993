"""Answering from cards: the parts asked for, follow-ups, places, and honesty where there is no card."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.catalogue.places import Place
from bot.core.replies import Ask, Handoff, Option, Reply, Say, ShowProcedure
from bot.core.turns import TurnContext


def shown(replies: tuple[Reply, ...]) -> ShowProcedure:
    found = [reply for reply in replies if isinstance(reply, ShowProcedure)]
    assert len(found) == 1, replies
    return found[0]


def asked(replies: tuple[Reply, ...]) -> Ask:
    assert isinstance(replies[-1], Ask), replies
    return replies[-1]


def ids(ask: Ask) -> list[str]:
    return [option.id for option in ask.options]


@pytest.mark.parametrize(
    ("text", "intent", "aspects"),
    [
        ("quiero el pasaporte", "ask_procedure", ("overview",)),
        ("qué necesito para el pasaporte", "ask_requirements", ("overview",)),
        ("en cuánto anda el pasaporte", "ask_cost", ("cost",)),
        ("el pasaporte cuánto tarda y dónde se saca", "ask_duration", ("duration", "where")),
        ("qué papeles son y cuánto cuesta el pasaporte", "ask_requirements", ("requirements", "cost")),
        ("hasta cuándo puedo ir por el pasaporte", "ask_duration", ("deadline",)),
        ("a qué hora abren lo del pasaporte", "ask_hours", ("hours",)),
        ("el pasaporte para qué sirve", "ask_output", ("output",)),
        ("de dónde sacan esa información del pasaporte", "ask_procedure", ("source",)),
        ("quién puede sacar pasaporte", "ask_who", ("who",)),
    ],
)
def test_the_parts_asked_for_are_shown_in_the_order_asked(
    talk: Any, text: str, intent: str, aspects: tuple[str, ...]
) -> None:
    talk.finds(text, "answer", "pasaporte")
    assert shown(talk.say(text, intent)).aspects == aspects
    assert talk.meaning["outcome"] == "answer"
    assert talk.meaning["procedure"] == "pasaporte"


def test_a_statement_about_lost_papers_asks_for_no_requirements(talk: Any) -> None:
    text = "se mojó mi casa y perdí mis papeles y el pasaporte"
    talk.finds(text, "answer", "pasaporte")
    assert shown(talk.say(text, "life_event")).aspects == ("overview",)


@pytest.mark.parametrize(
    ("follow_up", "intent", "aspects"),
    [
        ("¿y cuánto cuesta?", "ask_cost", ("cost",)),
        ("dónde", "ask_where", ("where",)),
        ("y eso se tarda mucho?", "ask_duration", ("duration",)),
        ("a qué hora abren y cuánto cobran", "ask_hours", ("hours", "cost")),
    ],
)
def test_a_question_that_names_nothing_is_about_the_last_procedure(
    talk: Any, follow_up: str, intent: str, aspects: tuple[str, ...]
) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    answer = shown(talk.say(follow_up, intent))
    assert (answer.procedure.id, answer.aspects) == ("pasaporte", aspects)


def test_a_question_about_something_unknown_is_not_answered_with_the_last_procedure(talk: Any) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    talk.say("el pasaporte", "ask_procedure")
    assert talk.say("cuánto cuesta un elefante", "ask_cost") == (Say("not_known"),)


def test_going_on_searches_with_what_was_talked_about(talk: Any) -> None:
    talk.finds("el pasaporte cuánto cuesta", "answer", "pasaporte")
    talk.say("el pasaporte cuánto cuesta", "ask_cost")
    talk.finds("pasaporte y para mi hijo chiquito", "answer", "pasaporte-menor")
    answer = shown(talk.say("y para mi hijo chiquito", "emergency", 0.3))
    assert (answer.procedure.id, answer.aspects) == ("pasaporte-menor", ("cost",))


def test_without_a_procedure_the_question_is_which_one(talk: Any) -> None:
    assert talk.say("cuánto cuesta", "ask_cost") == (Ask("ask_topic"),)
    talk.finds("el pasaporte", "answer", "pasaporte")
    assert shown(talk.say("el pasaporte", "ask_procedure")).aspects == ("cost",)


def test_a_family_without_a_place_asks_for_it_and_the_answer_completes_the_question(talk: Any) -> None:
    talk.finds("cuánto cobran por la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    ask = asked(talk.say("cuánto cobran por la licencia", "ask_cost"))
    assert ask == Ask(
        "ask_state_for",
        (Option("state:Jalisco", "Jalisco"), Option("state:Oaxaca", "Oaxaca")),
        {"procedure": "Licencia de conducir"},
    )
    assert talk.meaning["outcome"] == "ask_place"
    answer = shown(talk.say("en oaxaca", "inform_place"))
    assert (answer.procedure.id, answer.aspects, answer.state) == ("licencia-oaxaca", ("cost",), "Oaxaca")
    assert talk.context.state == "Oaxaca"


@pytest.mark.parametrize("text", ["jalizco", "pues yo soy de jalisco", "de guadalajara", "JALISCO"])
def test_a_place_is_taken_however_it_was_classified_and_spelled(talk: Any, text: str) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("la licencia", "ask_procedure")
    assert shown(talk.say(text, "out_of_scope", 0.4)).procedure.id == "licencia-jalisco"


def test_the_case_in_the_first_question_holds_when_the_place_completes_it(talk: Any) -> None:
    talk.finds("renovar la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("renovar la licencia", "ask_procedure")
    answer = shown(talk.pick("state:Jalisco"))
    assert [r.short for r in answer.procedure.requirements] == ["licencia anterior"]
    assert "occasion" not in answer.conditions


def test_open_conditions_come_with_their_words(talk: Any) -> None:
    talk.context = TurnContext(state="Jalisco")
    talk.finds("la licencia", "answer", "licencia-jalisco", place=Place("Jalisco"), family="licencia")
    answer = shown(talk.say("la licencia", "ask_procedure"))
    assert answer.conditions == {"occasion": {"first": "por primera vez", "renewal": "si es renovación"}}


def test_the_same_question_for_another_place(talk: Any) -> None:
    talk.finds("cuánto cuesta la licencia en oaxaca", "answer", "licencia-oaxaca", place=Place("Oaxaca"))
    talk.say("cuánto cuesta la licencia en oaxaca", "ask_cost")
    answer = shown(talk.say("¿y en jalisco?", "inform_place", 0.7))
    assert (answer.procedure.id, answer.aspects) == ("licencia-jalisco", ("cost",))
    assert talk.context.state is None  # a place asked about is not where the person lives


def test_a_place_without_a_card_is_said_so_and_the_others_are_offered(talk: Any) -> None:
    talk.finds("licencia en sinaloa", "unknown", "licencia-oaxaca", place=Place("Sinaloa"), family="licencia")
    said, ask = talk.say("licencia en sinaloa", "ask_procedure")
    assert said == Say("no_card_for_place", {"procedure": "Licencia de conducir", "place": "Sinaloa"})
    assert ids(ask) == ["state:Jalisco", "state:Oaxaca", "human"]
    assert talk.slots.get("misunderstandings") is None


def test_municipal_cards_are_told_apart_by_municipality(talk: Any) -> None:
    residencia = ("residencia-huejotzingo", "residencia-texmelucan", "residencia-cdmx")
    talk.finds("constancia de residencia", "ask_place", *residencia, family="residencia")
    ask = asked(talk.say("constancia de residencia", "ask_procedure"))
    assert ids(ask) == ["state:Ciudad de México", "procedure:residencia-huejotzingo", "procedure:residencia-texmelucan"]
    ask = asked(talk.say("puebla", "inform_place"))
    assert ids(ask) == ["procedure:residencia-huejotzingo", "procedure:residencia-texmelucan", "place:other"]
    said, ask = talk.pick("place:other")
    assert said == Say("no_card_for_place", {"procedure": "Constancia de residencia", "place": "Puebla"})
    assert shown(talk.pick("procedure:residencia-huejotzingo")).state == "Puebla"


def test_a_help_line_of_the_place_is_offered_only_where_its_card_holds(talk: Any) -> None:
    talk.finds("licencia en cdmx", "unknown", "licencia-oaxaca", place=Place("Ciudad de México"), family="licencia")
    assert "procedure:locatel-cdmx" in ids(asked(talk.say("licencia en cdmx", "ask_procedure")))
    talk.finds("licencia en sinaloa", "unknown", "licencia-oaxaca", place=Place("Sinaloa"), family="licencia")
    assert "procedure:locatel-cdmx" not in ids(asked(talk.say("licencia en sinaloa", "ask_procedure")))


def test_a_card_of_one_state_is_marked_where_the_place_is_not_known(talk: Any) -> None:
    talk.finds("seguro de desempleo", "answer", "seguro-desempleo-cdmx")
    first, *_ = talk.say("seguro de desempleo", "ask_procedure")
    assert first == Say("card_is_for_place", {"place": "Ciudad de México"})
    talk.finds("y el costo del seguro", "answer", "seguro-desempleo-cdmx")
    first, *_ = talk.say("y el costo del seguro", "ask_cost")
    assert shown((first,)).procedure.id == "seguro-desempleo-cdmx"  # said once


def test_a_card_of_another_state_is_no_answer_but_an_option(talk: Any) -> None:
    talk.context = TurnContext(state="Oaxaca")
    talk.finds("seguro de desempleo", "answer", "seguro-desempleo-cdmx")
    replies = talk.say("seguro de desempleo", "ask_procedure")
    assert replies[0] == Say("no_card_for_place", {"procedure": "Trámite seguro-desempleo-cdmx", "place": "Oaxaca"})
    assert "state:Ciudad de México" in ids(asked(replies))


def test_a_price_by_state_asks_for_the_state_and_keeps_only_its_price(talk: Any) -> None:
    talk.finds("cuánto cuesta el acta", "answer", "acta")
    assert talk.say("cuánto cuesta el acta", "ask_cost") == (Ask("ask_state_for_cost", (), {"procedure": "acta"}),)
    answer = shown(talk.say("veracruz", "inform_place"))
    assert [amount.amount for amount in answer.procedure.cost.amounts] == [Decimal(199)]
    assert answer.aspects == ("cost",)
    assert talk.context.state is None  # where an act was registered is not where the person lives


def test_an_overview_with_prices_by_state_is_shown_and_the_state_asked(talk: Any) -> None:
    talk.finds("acta de nacimiento", "answer", "acta")
    replies = talk.say("acta de nacimiento", "ask_procedure")
    assert shown(replies).aspects == ("overview",)
    assert asked(replies).phrase == "ask_state_for_cost"
    assert talk.meaning["outcome"] == "answer"


def test_a_known_state_answers_the_price_at_once(talk: Any) -> None:
    talk.context = TurnContext(state="Oaxaca")
    talk.finds("cuánto cuesta el acta", "answer", "acta")
    assert [a.state for a in shown(talk.say("cuánto cuesta el acta", "ask_cost")).procedure.cost.amounts] == ["Oaxaca"]


@pytest.mark.parametrize(("word", "state"), [("sí", "Jalisco"), ("no", None)])
def test_a_guessed_state_is_confirmed_before_it_is_used(talk: Any, word: str, state: str | None) -> None:
    talk.context = TurnContext(guessed_state="Jalisco")
    talk.finds("cuánto cuesta el acta", "answer", "acta")
    ask = asked(talk.say("cuánto cuesta el acta", "ask_cost"))
    assert (ask.phrase, ids(ask)) == ("confirm_state_for", ["state:Jalisco", "state:"])
    replies = talk.say(word, "affirm" if state else "deny")
    if state:
        assert shown(replies).state == state
    else:
        assert asked(replies).phrase == "ask_state_for_cost"


def test_close_hits_are_asked_about_and_none_of_these_is_an_answer(talk: Any) -> None:
    talk.finds("cuánto cuesta el pasaporte", "clarify", "pasaporte", "pasaporte-menor", score=0.4)
    ask = asked(talk.say("cuánto cuesta el pasaporte", "ask_cost"))
    assert ids(ask) == ["procedure:pasaporte", "procedure:pasaporte-menor", "none"]
    assert talk.meaning["outcome"] == "clarify"
    assert asked(talk.pick("none")) == Ask("say_it_another_way")


@pytest.mark.parametrize(("text", "intent"), [("el de menor", "ask_procedure"), ("menor", "out_of_scope")])
def test_an_option_can_be_said_in_its_own_words(talk: Any, text: str, intent: str) -> None:
    talk.finds("cuánto cuesta el pasaporte", "clarify", "pasaporte", "pasaporte-menor", score=0.4)
    talk.say("cuánto cuesta el pasaporte", "ask_cost")
    answer = shown(talk.say(text, intent))
    assert (answer.procedure.id, answer.aspects) == ("pasaporte-menor", ("cost",))


def test_families_are_clarified_by_name_and_then_by_place(talk: Any) -> None:
    talk.finds("mis asuntos", "clarify", "licencia-jalisco", "residencia-cdmx", score=0.4)
    ask = asked(talk.say("mis asuntos", "ask_procedure"))
    assert ids(ask) == ["family:licencia", "family:residencia", "none"]
    assert asked(talk.pick("family:licencia")).phrase == "ask_state_for"


def test_a_municipality_in_a_procedures_name_is_no_place(talk: Any) -> None:
    talk.finds("lo de la beca benito juárez", "answer", "beca", place=Place("Quintana Roo", "Benito Juárez"))
    assert shown(talk.say("lo de la beca benito juárez", "ask_procedure")).state is None
    assert talk.slots.get("state") is None


def test_a_municipality_in_the_name_of_its_own_states_card_is_a_place(talk: Any) -> None:
    text = "mi licencia oaxaca de juárez"
    talk.finds(text, "answer", "licencia-oaxaca", place=Place("Oaxaca", "Oaxaca de Juárez"), family="licencia")
    assert shown(talk.say(text, "ask_procedure")).procedure.id == "licencia-oaxaca"


def test_online_ways_are_said_as_far_as_the_card_knows(talk: Any) -> None:
    for text, id_, phrase in (
        ("el acta se puede en línea", "acta", "online_yes"),
        ("el pasaporte se puede en línea", "pasaporte", "online_not_on_card"),
        ("la viudez se puede en línea", "viudez", "online_unknown"),
    ):
        talk.finds(text, "answer", id_)
        replies = talk.say(text, "ask_online")
        assert replies[0] == Say(phrase, {"procedure": id_})
        assert shown(replies).aspects == ("where",)


def test_the_state_of_ones_own_file_is_not_known_but_who_knows_is(talk: Any) -> None:
    talk.finds("ya está mi pasaporte", "answer", "pasaporte")
    replies = talk.say("ya está mi pasaporte", "ask_status")
    assert replies[0] == Say("status_unknown")
    assert shown(replies).aspects == ("where",)
    assert talk.say("folio 123 qué pasó", "ask_status")[0] == Say("status_unknown")


def test_not_known_then_the_menu_then_a_person(talk: Any) -> None:
    assert talk.say("blablá", "ask_cost") == (Say("not_known"),)
    assert talk.meaning["outcome"] == "out_of_scope"
    said, ask = talk.say("blebleble", "out_of_scope", 1.0)
    assert (said, ask.phrase) == (Say("not_known_again"), "menu")
    assert talk.say("blibli", "ask_where") == (Handoff("not_understood"),)
    assert talk.meaning["outcome"] == "handoff"


def test_being_understood_forgives_misunderstandings(talk: Any) -> None:
    talk.say("blablá", "ask_cost")
    talk.say("gracias", "thanks")
    assert talk.say("blebleble", "ask_cost") == (Say("not_known"),)


def test_an_unreadable_place_is_asked_for_once_more(talk: Any) -> None:
    talk.finds("la licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
    talk.say("la licencia", "ask_procedure")
    said, ask = talk.say("xqwz", "out_of_scope", 0.9)
    assert (said, ask.phrase) == (Say("place_not_found"), "ask_state_for")
    said, ask = talk.say("xqwz", "out_of_scope", 0.9)
    assert ask.phrase == "menu"


def test_a_cards_rule_brings_a_person_once_with_all_that_the_card_says(talk: Any) -> None:
    talk.finds("busco a alguien", "answer", "busqueda")
    replies = talk.say("busco a alguien", "ask_procedure")
    assert shown(replies).procedure.id == "busqueda"
    assert replies[-1] == Handoff("rule")
    assert not any(isinstance(reply, Ask) for reply in replies)  # nothing is asked of who is about to be attended
    assert (talk.meaning["outcome"], talk.meaning["procedure"]) == ("answer", "busqueda")
    again = talk.say("cuánto cuesta", "ask_cost")
    assert shown(again).procedure.id == "busqueda"
    assert not any(isinstance(reply, Handoff) for reply in again)


def test_other_cards_bring_nobody(talk: Any) -> None:
    talk.finds("el pasaporte", "answer", "pasaporte")
    assert not any(isinstance(reply, Handoff) for reply in talk.say("el pasaporte", "ask_procedure"))
