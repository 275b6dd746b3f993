"""The built file: the same cards give the same file, another format is refused, cards are read when asked for."""

from __future__ import annotations

import dataclasses
import random
import sqlite3
from pathlib import Path

import pytest

from benchmarks import generated
from bot.catalogue.build import build
from bot.catalogue.check import CardSet
from bot.catalogue.postings import unpack
from bot.catalogue.reader import FORMAT, Catalogue, CatalogueError


@pytest.fixture(scope="module")
def some_cards() -> CardSet:
    return generated.cards(300)


@pytest.fixture(scope="module")
def built(some_cards: CardSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("generated") / "catalogue.sqlite"
    build(some_cards, path)
    return path


def tables(path: Path) -> dict[str, list[tuple[object, ...]]]:
    db = sqlite3.connect(path)
    try:
        return {
            name: db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()
            for name in ("meta", "card", "topic", "term")
        }
    finally:
        db.close()


def test_same_cards_give_the_same_file(some_cards: CardSet, built: Path, tmp_path: Path) -> None:
    shuffled = list(some_cards.procedures)
    random.Random(1).shuffle(shuffled)
    again = tmp_path / "again.sqlite"
    revision = build(dataclasses.replace(some_cards, procedures=tuple(shuffled)), again)
    assert revision == Catalogue(built).revision
    assert tables(again) == tables(built)


def test_a_changed_card_changes_the_revision(some_cards: CardSet, built: Path, tmp_path: Path) -> None:
    first, *others = some_cards.procedures
    changed = dataclasses.replace(first, card=dataclasses.replace(first.card, summary="Para otra cosa."))
    revision = build(dataclasses.replace(some_cards, procedures=(changed, *others)), tmp_path / "other.sqlite")
    assert revision != Catalogue(built).revision


def test_cards_come_back_as_they_went_in(some_cards: CardSet, built: Path) -> None:
    procedures = Catalogue(built).procedures
    assert len(procedures) == 300
    assert list(procedures) == sorted(loaded.card.id for loaded in some_cards.procedures)
    assert all(procedures[loaded.card.id] == loaded.card for loaded in some_cards.procedures)
    assert "no-such-card" not in procedures
    assert procedures.get("\ud800") is None


def test_family_members(some_cards: CardSet, built: Path) -> None:
    catalogue = Catalogue(built)
    family = next(loaded.card.family for loaded in some_cards.procedures if loaded.card.family)
    expected = [loaded.card.id for loaded in some_cards.procedures if loaded.card.family == family]
    assert [card.id for card in catalogue.family_members(family)] == sorted(expected)
    assert catalogue.family_members("no-such-family") == ()
    alone = next(loaded.card.id for loaded in some_cards.procedures if not loaded.card.family)
    assert catalogue.family_members(alone) == ()


def test_members_begin_with_the_states_own(some_cards: CardSet, built: Path) -> None:
    family = next(loaded.card.family for loaded in some_cards.procedures if loaded.card.family)
    catalogue = Catalogue(built)
    for state in ("Yucatán", "Zacatecas"):
        first = catalogue.procedures[catalogue.members(family, state, 1)[0]]
        assert first.jurisdiction.state == state


def test_members_are_found_by_an_index(built: Path) -> None:
    """Without it, every text would read every card: 100,000 of them."""
    from bot.catalogue.reader import TOPIC

    plan = Catalogue(built).query(
        f"EXPLAIN QUERY PLAN SELECT payload FROM card WHERE kind = ? AND {TOPIC} = ? ORDER BY id", ("procedure", "x")
    )
    assert "card_topic" in str(plan)


def test_postings_are_sorted_and_bounded(built: Path) -> None:
    rows = Catalogue(built).query("SELECT term, postings FROM term")
    assert rows
    for _, blob in rows:
        numbers, impacts = unpack(blob)
        assert len(numbers) == len(set(numbers)) == len(impacts)
        assert list(impacts) == sorted(impacts, reverse=True)
        assert min(impacts) > 0


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="catalogue build"):
        Catalogue(tmp_path / "none.sqlite")


@pytest.mark.parametrize("content", [b"", b"not a database at all, but long enough to be read as one" * 40])
def test_not_a_catalogue(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(content)
    with pytest.raises(CatalogueError):
        Catalogue(path)


@pytest.mark.parametrize("found", [str(FORMAT - 1), str(FORMAT + 1)])
def test_another_format(built: Path, tmp_path: Path, found: str) -> None:
    path = tmp_path / "catalogue.sqlite"
    path.write_bytes(built.read_bytes())
    db = sqlite3.connect(path)
    db.execute("UPDATE meta SET value = ? WHERE name = 'format'", (found,))
    db.commit()
    db.close()
    with pytest.raises(CatalogueError, match="another format"):
        Catalogue(path)


def test_a_build_replaces_the_file_whole(some_cards: CardSet, tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    build(some_cards, path)
    before = Catalogue(path)
    build(dataclasses.replace(some_cards, procedures=some_cards.procedures[:10]), path)
    assert len(before.procedures) == 300  # whoever has it open keeps what it opened
    assert len(Catalogue(path).procedures) == 10
    assert [each.name for each in tmp_path.iterdir()] == ["catalogue.sqlite"]
