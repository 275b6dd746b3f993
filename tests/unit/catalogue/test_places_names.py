"""Places as people name them."""

from __future__ import annotations

import csv
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue.places import Place, Places, fold
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
