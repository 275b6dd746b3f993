"""Where: put right in whatever words, and the same matter elsewhere with the case that is told."""

from __future__ import annotations

from typing import Any

import pytest

from bot.core.replies import ShowProcedure


def shown(replies: tuple[Any, ...]) -> ShowProcedure:
    return next(reply for reply in replies if isinstance(reply, ShowProcedure))


@pytest.fixture
def record(talk: Any) -> Any:
    """The talk, with the price of a birth record in Jalisco in view."""
    talk.finds("cuánto cuesta el acta en jalisco", "answer", "acta")
    assert shown(talk.say("cuánto cuesta el acta en jalisco", "ask_cost")).state == "Jalisco"
    return talk


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("ay no, perdone, allá nomás se crió, la registraron en Oaxaca", "Oaxaca"),
        ("no perdon, es de juchitan, oaxaca", "Oaxaca"),
        ("bueno, en realidad nací en Veracruz", "Veracruz"),
        ("me equivoqué, es en Oaxaca", "Oaxaca"),
        ("sorry, she was actually born in Veracruz", "Veracruz"),
        ("nació en Jalisco pero la registraron en Oaxaca", "Oaxaca"),
    ],
)
def test_a_place_put_right(record: Any, said: str, state: str) -> None:
    record.finds(said, "answer", "beca")
    answer = shown(record.say(said, "ask_procedure", 0.2))
    assert (answer.procedure.id, answer.state, answer.aspects) == ("acta", state, ("cost",))


def test_another_matter_in_another_place_is_no_correction(record: Any) -> None:
    said = "no, viudez de mi mamá en Oaxaca"
    for words in ("no viudez de mi mama en", "viudez de mi mama en oaxaca"):
        record.finds(words, "answer", "viudez")
    record.finds(said, "answer", "viudez")
    assert shown(record.say(said, "ask_procedure", 0.9)).procedure.id == "viudez"


def test_the_same_elsewhere_with_the_case_told(talk: Any) -> None:
    talk.finds("licencia en jalisco", "answer", "licencia-jalisco", family="licencia")
    talk.say("licencia en jalisco", "ask_procedure")
    said = "¿y en Oaxaca? mi hijo vive allá, sería renovación"
    talk.finds(said, "life_event", "fallecimiento")
    assert shown(talk.say(said, "life_event", 0.4)).procedure.id == "licencia-oaxaca"


def test_a_place_in_a_matter_that_is_the_same_everywhere_is_not_looked_up_anew(talk: Any) -> None:
    talk.finds("viudez", "answer", "viudez")
    talk.say("viudez", "ask_procedure")
    talk.say("en realidad vivo en Oaxaca", "inform_place", 0.9)
    assert talk.slots["last_procedure"] == "viudez"
