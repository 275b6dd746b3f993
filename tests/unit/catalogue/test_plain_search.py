"""What answers when the engine is down."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue.build import build
from bot.catalogue.check import load_cards
from bot.catalogue.places import Place, Places
from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import Catalogue
from tests.unit.catalogue.conftest import HOSTILE, ROOT


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory, places: Places) -> PlainSearch:
    path = tmp_path_factory.mktemp("plain") / "catalogue.sqlite"
    build(load_cards(ROOT / "data")[0], path)
    return PlainSearch(Catalogue(path), places)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("acta de nacimiento", "acta-nacimiento-copia"),
        ("ACTA DE NACIMIENTO", "acta-nacimiento-copia"),
        ("q nesesito pa sacar mi acta de nasimiento", "acta-nacimiento-copia"),
        ("se me perdió el acta de nacimiento de mi hijo, dónde pido otra copia", "acta-nacimiento-copia"),
    ],
)
def test_finds(search: PlainSearch, text: str, expected: str) -> None:
    found, _ = search.find(text)
    assert found
    assert found[0].id == expected


def test_every_card_is_found_by_its_name_and_aliases(search: PlainSearch) -> None:
    cards = search.catalogue.procedures
    asked = [(card, text) for card in cards.values() for text in (card.name, *card.aliases)]
    missed = []
    for card, text in asked:
        found = [each.family or each.id for each in search.find(text)[0]]
        if (card.family or card.id) not in found:
            missed.append((card.id, text))
    assert len(missed) <= 0.03 * len(asked), missed


@pytest.mark.parametrize("text", ["", "¿?", "de la y el", "zzzzqqqq xxkk", "quiero una pizza hawaiana con extra queso"])
def test_finds_nothing(search: PlainSearch, text: str) -> None:
    assert search.find(text)[0] == []


def test_place_decides_between_siblings(search: PlainSearch) -> None:
    families: dict[str, set[str | None]] = {}
    for card in search.catalogue.procedures.values():
        if card.family and card.jurisdiction.municipality is None:
            families.setdefault(card.family, set()).add(card.jurisdiction.state)
    checked = 0
    for family, states in families.items():
        name = search.catalogue.families[family].name
        for state in states - {None}:
            found, place = search.find(f"{name} en {state}")
            assert place is not None
            assert place.state == state
            if any(card.family == family for card in found):
                first = next(card for card in found if card.family == family)
                assert first.jurisdiction.state == state
                checked += 1
    assert checked


def test_names_the_place_even_when_nothing_is_found(search: PlainSearch) -> None:
    assert search.find("soy de Neza")[1] == Place("Estado de México", "Nezahualcóyotl")


def test_limit(search: PlainSearch) -> None:
    for limit in (1, 2, 3):
        assert len(search.find("acta", limit=limit)[0]) <= limit


def test_the_end_of_a_long_message_counts(search: PlainSearch) -> None:
    story = "le cuento que ayer estuve con mi comadre platicando largo rato de muchas cosas " * 40
    found, _ = search.find(f"{story} total que ocupo el acta de nacimiento")
    assert "acta-nacimiento-copia" in [card.id for card in found]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts(search: PlainSearch, name: str) -> None:
    assert _seconds(lambda: search.find(HOSTILE[name])) < 1.0


@settings(deadline=None, max_examples=150)
@given(st.text(st.characters(), max_size=400))  # lone surrogates included
def test_any_text(search: PlainSearch, text: str) -> None:
    found, _ = search.find(text)
    assert len(found) <= 3


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.sampled_from(["acta", "de", "nacimiento", "pasaporte", "q", "x", "en", "Neza", "*", '"', "OR"]), max_size=60
    )
)
def test_any_words(search: PlainSearch, words: list[str]) -> None:
    search.find(" ".join(words))


def _seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def test_open_needs_a_catalogue(tmp_path: Path) -> None:
    from bot.catalogue.reader import CatalogueError

    with pytest.raises(CatalogueError):
        PlainSearch.open(tmp_path / "none.sqlite", ROOT / "data" / "places")
