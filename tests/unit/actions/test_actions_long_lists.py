"""Long lists of steps a part at a time, and which of the steps or cards a message is nearest to."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from actions.dialogue import long_lists, nearest, vague
from actions.dialogue.turn import Answer, Memory, PastTurn, Pending, Turn
from bot.core.procedures import LifeEvent, LifeEventStep
from bot.core.replies import Ask, Option, Say, ShowLifeEvent

TITLES = (
    "Pida asesoría gratis",
    "Pida el seguro de desempleo",
    "Si está embarazada y perdió el IMSS, pida atención",
    "Busque vacantes",
    "Si tiene de 18 a 29 años, capacítese con pago",
    "Si se la piden, tramite su e.firma",
    "Imprima su CURP",
    "Saque su RFC",
    "Si lo deportaron, pida los apoyos",
    "Consiga su número de seguro",
    "Saque su licencia",
    "Saque su cartilla",
    "Saque su cédula",
)
EVENT = LifeEvent(
    "empleo",
    "Perder el trabajo",
    "Trabajo",
    "Vamos por pasos.",
    (),
    tuple(LifeEventStep(title, (f"card-{number}",)) for number, title in enumerate(TITLES)),
    aliases=("perdí mi trabajo",),
)
EVERYBODY = [number for number, title in enumerate(TITLES) if not title.startswith("Si ")]


def knowing(scores: dict[str, dict[str, float]] | None = None, event: LifeEvent = EVENT) -> Any:
    """Return what the functions here read: the scores of texts, the event, no cards."""
    fits = scores or {}
    search = SimpleNamespace(
        likeness=lambda text: {f"procedure:{id_}": score for id_, score in fits.get(text, {}).items()},
        encode=_apart,
    )
    catalogue = SimpleNamespace(procedures={}, life_events={event.id: event}, families={})
    return SimpleNamespace(search=search, catalogue=catalogue)


def _apart(texts: list[str]) -> Any:
    import numpy as np

    return np.eye(len(texts))[[texts.index(text) for text in texts]]


def every() -> list[int]:
    return list(range(len(TITLES)))


def test_steps_for_some_wait_behind_those_for_everybody() -> None:
    first = long_lists.first_of(Turn("perdí mi trabajo"), knowing(), EVENT, every())
    assert first == EVERYBODY[: long_lists.MOST]


def test_a_call_has_five_at_most() -> None:
    turn = Turn("perdí mi trabajo", channel="voice")
    assert long_lists.first_of(turn, knowing(), EVENT, every()) == EVERYBODY[: long_lists.MOST_SPOKEN]


@pytest.mark.parametrize(
    ("said", "step"), [("me corrieron y estoy embarazada", 2), ("tengo 22 años", 4), ("me deportaron", 8)]
)
def test_what_was_told_brings_its_step_to_the_front(said: str, step: int) -> None:
    first = long_lists.first_of(Turn(said), knowing(), EVENT, every())
    assert first[:2] == [0, step]


def test_an_age_outside_and_what_others_may_ask_for_bring_nothing() -> None:
    first = long_lists.first_of(Turn("tengo 45 años, qué me piden"), knowing(), EVENT, every())
    assert not {4, 5} & set(first)


def test_the_step_that_the_search_finds_in_the_story_comes_first() -> None:
    story = "ando sin chamba y de regreso del norte"
    know = knowing({story: {"card-8": 5.0, "card-1": 2.0}})
    assert long_lists.first_of(Turn(story), know, EVENT, every())[:2] == [0, 8]


def test_a_short_list_is_shown_whole_as_the_card_has_it() -> None:
    assert long_lists.first_of(Turn("x"), knowing(), EVENT, [0, 1, 2, 3]) == [0, 1, 2, 3]


def test_more_shows_the_rest_until_there_is_none() -> None:
    know, memory = knowing(), Memory(last_life_event=EVENT.id)
    part = replace(EVENT, steps=tuple(EVENT.steps[i] for i in EVERYBODY[:7]))
    shown = ShowLifeEvent(part, tuple(Option(f"step:{EVENT.id}:{i}", TITLES[i]) for i in EVERYBODY[:7]))
    turn = Turn("más", intent="more", memory=memory, before=(PastTurn("life_event", (shown,), memory),))
    found = long_lists.more_steps(turn, know)
    assert found is not None
    listed = found.replies[0]
    assert isinstance(listed, ShowLifeEvent)
    assert {step.title for step in listed.life_event.steps} == set(TITLES) - {TITLES[i] for i in EVERYBODY[:7]}
    again = replace(turn, before=(*turn.before, PastTurn("more", found.replies, found.memory)))
    assert long_lists.more_steps(again, know) is None


def test_there_is_more_says_for_whom() -> None:
    assert long_lists.there_is_more(EVENT, []) == ()
    assert long_lists.there_is_more(EVENT, [2, 8]) == (Say("more_steps_special"),)
    assert long_lists.there_is_more(EVENT, [2, 9]) == (Say("more_steps"),)


# ---- nearest -----------------------------------------------------------------------------------------------------


def test_the_nearest_of_a_few_cards_is_meant_unless_two_are_as_near() -> None:
    know = knowing({"me la robaron": {"lost": 7.0, "first": 4.0}, "la ine": {"lost": 6.5, "first": 7.0}})
    assert nearest.nearest_card(know, ["first", "lost"], "me la robaron") == "lost"
    assert nearest.nearest_card(know, ["first", "lost"], "la ine") is None


def test_the_story_decides_between_two_steps_that_fit_as_well() -> None:
    text, story = "¿lo firmo?", "me corrieron. ¿lo firmo?"
    know = knowing({text: {"card-5": 5.4, "card-0": 4.9}, story: {"card-0": 6.3, "card-5": 2.6}})
    assert nearest.answering_step(know, EVENT, text, story) == 0
    assert nearest.answering_step(know, EVENT, text) is None


def test_no_step_answers_what_another_card_fits_better() -> None:
    know = knowing({"y el infonavit": {"infonavit": 11.0, "card-1": 4.5}})
    assert nearest.answering_step(know, EVENT, "y el infonavit") is None


# ---- vague -------------------------------------------------------------------------------------------------------


def vaguely(text: str, **memory: Any) -> tuple[Turn, Any]:
    know = knowing(event=replace(EVENT, id=f"event of {text}"))
    know.place_in = lambda said: None
    return Turn(text, intent="affirm", confidence=0.9, memory=Memory(**memory)), know


class _Hashable(SimpleNamespace):
    __hash__ = object.__hash__  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("text", "nothing"),
    [
        ("ándele eso mero lo del coso ese de allá", True),
        ("lo de aquello que dijo la licenciada el otro día", True),
        ("lo del seguro ese de desempleo", False),
        ("sí, eso", False),
    ],
)
def test_what_only_points_names_nothing(text: str, nothing: bool) -> None:
    turn, know = vaguely(text)
    know.catalogue = _Hashable(**vars(know.catalogue))
    event = replace(EVENT, aliases=("seguro de desempleo",))
    know.catalogue.life_events = {event.id: event}
    assert vague.names_nothing(turn, know) is nothing


def test_a_question_that_waits_is_not_taken_for_nothing() -> None:
    turn, know = vaguely("ándele eso mero lo del coso ese de allá", pending=Pending("case", ("a", "b")))
    know.catalogue = _Hashable(**vars(know.catalogue))
    found = Answer((Ask("choose_one"),), turn.memory, "clarify")
    assert not vague.led_nowhere(turn, know, found)
    assert vague.led_nowhere(turn.remember(pending=None), know, found)
