from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.messages import Choice, Location, Media, Text
from bot.core.replies import Ask, Say, ShowLifeEvent, ShowProcedure
from bot.core.turns import TurnContext
from bot.worker.degraded import Degraded

HERE = TurnContext(state="Yucatán")


@pytest.fixture(scope="module")
def degraded(plain_search):
    return Degraded(plain_search, "55 1234 5678")


def every_option(replies):
    return [option.id for reply in replies if isinstance(reply, (Ask, ShowLifeEvent)) for option in reply.options]


def test_a_procedure_by_its_name_is_shown_or_offered(degraded, plain_search):
    """Every card can be reached without the engine: shown at once, or among what may be picked."""
    lost = []
    for card in plain_search.catalogue.procedures.values():
        replies = degraded.answer(Text(card.name), TurnContext())
        shown = [reply.procedure.id for reply in replies if isinstance(reply, ShowProcedure)]
        if card.id not in shown and f"procedure:{card.id}" not in every_option(replies):
            lost.append(card.id)
    assert len(lost) <= len(plain_search.catalogue.procedures) // 10, lost


def test_what_is_not_found_gets_a_person_and_a_menu(degraded):
    replies = degraded.answer(Text("xyzzy plugh"), HERE)
    assert replies[0] == Say("degraded_not_found_person", {"phone": "55 1234 5678"})
    assert isinstance(replies[-1], Ask)
    assert replies[-1].options


def test_without_a_person_no_number_is_made_up(plain_search):
    assert Degraded(plain_search).answer(Text("xyzzy"), HERE)[0] == Say("degraded_not_found")


@pytest.mark.parametrize("content", [Text(""), Media("image"), Location(20.9, -89.6), Choice("no:such"), Choice("")])
def test_anything_gets_an_answer(degraded, content):
    assert degraded.answer(content, TurnContext())


@given(text=st.text(max_size=80), state=st.none() | st.just("Yucatán"))
def test_any_text_gets_an_answer(degraded, text, state):
    assert degraded.answer(Text(text), TurnContext(state=state))


@given(kind=st.sampled_from(["procedure", "menu", "event", "step"]), rest=st.text(max_size=20))
def test_any_option_gets_an_answer(degraded, kind, rest):
    assert degraded.answer(Choice(f"{kind}:{rest}", "2"), TurnContext())


def test_everything_that_is_offered_can_be_picked(degraded, plain_search):
    """From the menu to a life event, its steps, and a card: no dead end, to the last option."""
    menu = degraded.answer(Text("xyzzy"), TurnContext())[-1]
    events = [f"menu:{event}" for event in plain_search.catalogue.life_events]
    assert set(every_option((menu,))) <= set(events)
    for event in events:
        (shown,) = degraded.answer(Choice(event), TurnContext())
        assert isinstance(shown, ShowLifeEvent)
        assert len(shown.options) == len(shown.life_event.steps)
        for step in every_option((shown,)):
            (answer,) = degraded.answer(Choice(step), TurnContext())
            for card in every_option((answer,)) or [f"procedure:{answer.procedure.id}"]:
                (found,) = degraded.answer(Choice(card), TurnContext())
                assert isinstance(found, ShowProcedure)


def test_a_card_is_narrowed_to_the_case_and_the_state(degraded, plain_search):
    for card in plain_search.catalogue.procedures.values():
        for requirement in card.requirements:
            for condition in requirement.when:
                never = TurnContext(case={condition: "none of its values"})
                (shown,) = degraded.answer(Choice(f"procedure:{card.id}"), never)
                assert requirement not in shown.procedure.requirements


def test_the_place_in_the_text_comes_before_what_was_known(degraded):
    for content in (Text("licencia de conducir en Sonora"), Text("licencia en hermosillo, sonora")):
        for reply in degraded.answer(content, HERE):
            if isinstance(reply, ShowProcedure):
                assert reply.state == "Sonora"


def test_search_never_finds_more_than_asked(plain_search):
    for limit in (1, 3, 5):
        found, _ = plain_search.find("acta de nacimiento", limit)
        assert 1 <= len(found) <= limit
        assert len({card.id for card in found}) == len(found)


@given(text=st.text(max_size=60) | st.sampled_from(['"', "NEAR(a b)", "a* OR b", "kind:x", "-acta", "acta AND"]))
def test_no_text_is_a_query_language(plain_search, text):
    plain_search.find(text)


def test_how_people_write_does_not_matter(plain_search):
    expected = plain_search.find("acta de nacimiento")[0]
    for typed in ("ACTA DE NACIMIENTO", "¿acta  de nacimiento?", "axta de nacimiento", "acta de nacimientooo"):
        assert plain_search.find(typed)[0] == expected
