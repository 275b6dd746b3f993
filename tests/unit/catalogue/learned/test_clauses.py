"""Parting a message into clauses, and weighing them: pure functions of bot.catalogue.told."""

from __future__ import annotations

import numpy as np
import pytest

from bot.catalogue.told import MOST, PLACE, Heard, Model, clauses, place


def texts(message: str) -> list[str]:
    return [clause.text for clause in clauses(message)]


def test_a_message_is_parted_at_signs_and_at_words_that_join() -> None:
    assert texts("Me corrieron del trabajo ayer y además se enfermó mi niña") == [
        "Me corrieron del trabajo ayer",
        "se enfermó mi niña",
    ]
    assert texts("Murió mi papá el lunes. Mi mamá vive sola, ¿qué le toca a ella?") == [
        "Murió mi papá el lunes",
        "Mi mamá vive sola",
        "qué le toca a ella",
    ]


def test_a_part_of_a_few_words_belongs_to_the_one_before() -> None:
    assert texts("pan y agua") == ["pan y agua"]
    assert texts("ya somos tres en la casa, gracias") == ["ya somos tres en la casa gracias"]
    assert texts("hola, me acaban de correr de la fábrica") == ["hola me acaban de correr de la fábrica"]


def test_what_opens_a_clause_is_kept() -> None:
    found = clauses("Ya tengo mi local en el centro, pero desde que murió mi papá no hay quien lo atienda")
    assert found[0].opening == ""
    assert "pero" in found[1].opening


ODD = [
    "", " ", "...", "¿?¡!", "y", "y y y", "\n\n", "a, b, c", "\u202eabc y def", "😀 " * 300,
    "uno dos tres cuatro, " * 30, "and",
]  # fmt: skip


@pytest.mark.parametrize("message", ODD)
def test_any_text_has_few_clauses_and_none_is_lost_before_the_limit(message: str) -> None:
    found = clauses(message)
    assert len(found) <= MOST
    assert all(clause.text.strip() for clause in found)
    if found:
        openings, said = [clause.opening for clause in found], [clause.text for clause in found]
        assert place(openings, said).shape == (len(found), PLACE)


def model(**changes: object) -> Model:
    zero = {
        "basis": np.eye(2),
        "attends": np.zeros(2),
        "places": np.zeros(PLACE),
        "margins": np.zeros(2),
        "shares": np.array([1.0, 1.0, 0.0, 0.0]),
        "of_clause": np.zeros((2, 2)),
        "bias": np.zeros(2),
    }
    return Model(**{**zero, **changes}, events=("boda", "muerte"))  # type: ignore[arg-type]


def heard(*decisions: tuple[float, ...]) -> Heard:
    rows = np.array(decisions)
    count = len(rows)
    return Heard([""] * count, ["uno dos"] * count, np.zeros((count, 2)), rows, 0 * rows, 0 * rows)


def test_a_clause_that_counts_more_decides() -> None:
    both = heard((3.0, 0.0), (0.0, 2.0))
    none = np.zeros(2)
    first = np.zeros(PLACE)
    first[0] = 5.0  # the first clause
    last = np.zeros(PLACE)
    last[1] = 5.0
    ids = ("boda", "muerte")
    assert model(places=first).values(both, none, ids).argmax() == 0
    assert model(places=last).values(both, none, ids).argmax() == 1


def test_an_event_that_is_new_goes_by_what_the_search_finds() -> None:
    learned = model(bias=np.array([9.0, 8.0]))
    values = learned.values(
        heard((0.0, 0.0, 1.0), (0.0, 0.0, 1.0)), np.array([0.0, 0.0, 0.5]), ("boda", "muerte", "nuevo")
    )
    assert values == pytest.approx([9.0, 8.0, 1.5])
