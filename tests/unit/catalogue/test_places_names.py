"""Places as people name them."""

from __future__ import annotations

import csv
import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue.area_codes import state_of_number
from bot.catalogue.places import Place, Places, fold, state_of_postal_code
from bot.catalogue.text import normalise
from tests.unit.catalogue.conftest import HOSTILE, ROOT

STATES = (
    "Aguascalientes", "Baja California", "Baja California Sur", "Campeche", "Chiapas", "Chihuahua", "Ciudad de México",
    "Coahuila", "Colima", "Durango", "Estado de México", "Guanajuato", "Guerrero", "Hidalgo", "Jalisco", "Michoacán",
    "Morelos", "Nayarit", "Nuevo León", "Oaxaca", "Puebla", "Querétaro", "Quintana Roo", "San Luis Potosí", "Sinaloa",
    "Sonora", "Tabasco", "Tamaulipas", "Tlaxcala", "Veracruz", "Yucatán", "Zacatecas",
)  # fmt: skip


def found(places: Places, text: str) -> Place | None:
    mention = places.find(normalise(text))
    return mention.candidates[0] if mention else None


def test_there_are_32_states(places: Places) -> None:
    assert places.state_names == set(STATES)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("template", ["{}", "vivo en {}", "acta de nacimiento en {}", "SOY DE {}", "{} por favor"])
def test_states(places: Places, state: str, template: str) -> None:
    for written in (template.format(state), fold(template.format(state))):
        place = found(places, written)
        assert place is not None, written
        assert place.state == state


def test_aliases_resolve(places: Places) -> None:
    with (ROOT / "data" / "places" / "aliases.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) > 300
    wrong = []
    for row in rows:
        expected = Place(row["state"], row["municipality"] or None)
        if expected not in places.aliases.get(fold(row["alias"]), ()):
            wrong.append(row["alias"])
        if expected.municipality and (expected.state, expected.municipality) not in places.municipality_names:
            wrong.append(f"{row['alias']}: no such municipality")
    assert not wrong


@pytest.mark.parametrize(
    ("text", "state", "municipality"),
    [
        ("Mérida, Yucatán", "Yucatán", "Mérida"),
        ("merida yucatan", "Yucatán", "Mérida"),
        ("vivo en Neza", "Estado de México", "Nezahualcóyotl"),
        ("en Tijuana", "Baja California", "Tijuana"),
        ("soy de gdl", "Jalisco", "Guadalajara"),
        ("en mty", "Nuevo León", "Monterrey"),
        ("vivo en Tuxtla", "Chiapas", "Tuxtla Gutiérrez"),
        ("en la cdmx", "Ciudad de México", None),
        ("en el DF", "Ciudad de México", None),
        ("Edomex", "Estado de México", None),
        ("a wedding in Mexico City", "Ciudad de México", None),
        ("I am from the State of Mexico", "Estado de México", None),
        ("I live in Merida Yucatan", "Yucatán", "Mérida"),
        ("driver license in Monterrey", "Nuevo León", "Monterrey"),
        ("en Progreso, Yucatán", "Yucatán", "Progreso"),
        ("ciudad Juárez", "Chihuahua", "Juárez"),
        ("vivo en Juárez, Nuevo León", "Nuevo León", "Juárez"),
    ],
)
def test_everyday_names(places: Places, text: str, state: str, municipality: str | None) -> None:
    assert found(places, text) == Place(state, municipality)


def test_ambiguous_names_give_all_candidates_the_biggest_first(places: Places) -> None:
    mention = places.find(normalise("vivo en Juárez"))
    assert mention is not None
    municipalities = [place for place in mention.candidates if place.municipality == "Juárez"]
    assert len({place.state for place in municipalities}) > 1
    people = [places.population[place] for place in municipalities]
    assert people == sorted(people, reverse=True)
    assert municipalities[0].state == "Chihuahua"


@pytest.mark.parametrize("text", ["", "quiero mi acta", "mi hijo Jesús", "guerra", "necesito dinero", "la licencia"])
def test_no_place(places: Places, text: str) -> None:
    assert found(places, text) is None


def test_the_span_is_the_name(places: Places) -> None:
    words = normalise("acta de matrimonio en Mérida, Yucatán, por favor").split()
    mention = places.find(" ".join(words))
    assert mention is not None
    assert words[mention.start : mention.end] == ["merida", "yucatan"]


def meant(places: Places, text: str) -> list[tuple[str, str | None]]:
    mention = places.find(normalise(text))
    return [(place.state, place.municipality) for place in places.rivals(mention)] if mention else []


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("Benito Juárez", {"Ciudad de México", "Quintana Roo"}),
        ("vivo en Juárez", {"Chihuahua", "Nuevo León"}),
        ("San Pedro", {"Nuevo León", "Jalisco", "Coahuila"}),
        ("soy de Guadalupe", {"Nuevo León", "Zacatecas"}),
        ("La Paz", {"Baja California Sur", "Estado de México"}),
        ("Cuauhtémoc", {"Ciudad de México", "Chihuahua"}),
        ("León", {"Guanajuato"}),
        ("Hidalgo", {"Hidalgo"}),
        ("nuevo leon", {"Nuevo León"}),
        ("Tijuana", {"Baja California"}),
        ("Mérida", {"Yucatán"}),
        ("Juárez, Chihuahua", {"Chihuahua"}),
    ],
)
def test_whose_name_it_may_be(places: Places, text: str, states: set[str]) -> None:
    found = meant(places, text)
    assert {state for state, _ in found} == states
    assert len(found) == len(states)


def test_a_state_is_never_asked_about(places: Places) -> None:
    assert [state for state in STATES if meant(places, state) != [(state, None)]] == []


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("44100", "Jalisco"), ("cp 06700", "Ciudad de México"), ("mi código postal es 64000", "Nuevo León"),
        ("C.P. 97000", "Yucatán"), ("cuarenta y cuatro mil cien", "Jalisco"), ("00100", None), ("17500", None),
        ("gano 12000 al mes", None), ("123456", None), ("vivo en el 22000", "Baja California"),
    ],
)  # fmt: skip
def test_postal_codes(places: Places, text: str, state: str | None) -> None:
    place = found(places, text)
    assert (place.state if place else None) == state


@given(st.integers(0, 99999))
def test_a_postal_code_has_a_state_or_none(number: int) -> None:
    state = state_of_postal_code(f"{number:05}")
    assert state in STATES or (state is None and number // 1000 in (0, 17, 18, 19))


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("cuánto cuesta en Nuevo León y en Jalisco", ["Nuevo León", "Jalisco"]),
        ("el acta en puebla, oaxaca o sonora", ["Puebla", "Oaxaca", "Sonora"]),
        ("vivo en Mérida, Yucatán", ["Yucatán"]),
        ("quiero mi acta", []),
    ],
)
def test_every_place_of_a_text(places: Places, text: str, states: list[str]) -> None:
    assert [mention.candidates[0].state for mention in places.every(normalise(text))] == states


@given(st.lists(st.sampled_from(["en", "jalisco", "leon", "nuevo", "y", "juarez", "acta", "cp", "44100"]), max_size=12))
def test_every_place_is_in_order_and_shares_no_word(places: Places, words: list[str]) -> None:
    mentions = places.every(" ".join(words))
    assert all(one.end <= other.start for one, other in itertools.pairwise(mentions))
    assert bool(mentions) == bool(places.find(" ".join(words)))


@pytest.mark.parametrize(
    ("number", "state"),
    [
        ("+525512345678", "Ciudad de México"), ("+523312345678", "Jalisco"), ("+528112345678", "Nuevo León"),
        ("+529991234567", "Yucatán"), ("+15551234567", None), ("", None), ("+52", None), ("+525", None),
    ],
)  # fmt: skip
def test_the_state_of_an_area_code(number: str, state: str | None) -> None:
    assert state_of_number(number) == state


def test_area_codes_name_states() -> None:
    with (ROOT / "data" / "places" / "area_codes.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) > 300
    assert {row["state"] for row in rows} <= set(STATES)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(places: Places, name: str) -> None:
    """Whole, though every caller cuts what it reads: the time grows no faster than the text."""
    text = HOSTILE[name]
    start = time.process_time()
    places.find(normalise(text))
    assert time.process_time() - start < 0.5 + len(text) / 50_000


@settings(deadline=None, max_examples=150)
@given(st.text(st.characters(), max_size=300))
def test_any_text(places: Places, text: str) -> None:
    folded = normalise(text)
    mention = places.find(folded)
    if mention:
        assert mention.candidates
        assert 0 <= mention.start < mention.end <= len(folded.split())
