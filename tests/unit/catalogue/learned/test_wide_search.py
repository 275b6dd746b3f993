"""A catalogue with too many topics to learn, made small by lowering the limit."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bot.catalogue import postings, wide
from bot.catalogue.entries import procedure_entries
from bot.catalogue.places import Places
from bot.catalogue.reader import FORMAT, TOPIC, Catalogue
from bot.catalogue.search import Search
from bot.catalogue.wide import WideSearch, is_wide, open_search
from bot.core.codec import to_payload
from bot.core.procedures import Authority, Jurisdiction, Procedure, Source

ROOT = Path(__file__).resolve().parents[4]
ACTS = ("licencia", "permiso", "constancia", "certificado", "registro", "dictamen")
THINGS = ("conducir", "construccion", "residencia", "panteon", "mercado", "anuncio", "taxi", "guarderia")
STATES = ("Yucatán", "Jalisco", "Zacatecas")


def encode(texts: list[str]) -> Any:
    rows = np.zeros((len(texts), 8), np.float32)
    rows[:, 0] = 1.0
    return rows


def cards() -> list[Procedure]:
    made = []
    for act in ACTS:
        for thing in THINGS:
            subject = f"{act} de {thing}"
            family = thing == "taxi"
            for state in STATES if family else (None,):
                made.append(
                    Procedure(
                        id=f"{act}-{thing}" + (f"-{state[:3].lower()}" if state else ""),
                        name=subject.capitalize(),
                        short=subject,
                        level="state" if state else "federal",
                        authority=Authority("Oficina", "Oficina"),
                        jurisdiction=Jurisdiction(state=state),
                        source=Source("Fuente", "https://example.org/"),
                        research_date="2026-11-22",
                        confidence="high",
                        aliases=(subject, f"sacar {subject}"),
                        questions=(f"que necesito para {subject}", f"cuanto cuesta {subject}"),
                        summary=f"Para obtener {subject}.",
                        family=f"{act}-{thing}" if family else None,
                    )
                )
    return made


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    """Written by hand: the build checks cards with pydantic, which this environment has in another version."""
    path = tmp_path_factory.mktemp("wide") / "catalogue.sqlite"
    db = sqlite3.connect(path)
    db.executescript(
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
        "CREATE TABLE card (kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (kind, id));"
        f"CREATE INDEX card_topic ON card (kind, {TOPIC}, id);" + postings.SCHEMA
    )
    db.execute("INSERT INTO meta VALUES ('format', ?)", (str(FORMAT),))
    topics: dict[str, list[tuple[str, str]]] = {}
    for card in cards():
        db.execute("INSERT INTO card VALUES ('procedure', ?, ?)", (card.id, json.dumps(to_payload(card))))
        phrases = topics.setdefault(card.family or card.id, [])
        phrases += [(field, text) for _, field, text in procedure_entries(card)]
    postings.write(db, sorted(topics.items()))
    db.commit()
    db.close()
    return Catalogue(path)


@pytest.fixture(scope="module")
def search(catalogue: Catalogue) -> WideSearch:
    return WideSearch(catalogue, Places.load(ROOT / "data" / "places"), encode)


def test_the_limit_decides(catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_wide(catalogue)
    monkeypatch.setattr(wide, "LIMIT", 10)
    assert isinstance(open_search(catalogue, encoder=encode), WideSearch)
    monkeypatch.setattr(wide, "LIMIT", 10_000)
    monkeypatch.setattr(wide, "PHRASES", 100)
    assert is_wide(catalogue)


def test_learns_nothing(search: WideSearch, catalogue: Catalogue) -> None:
    search.find("licencia de conducir")
    assert [path.name for path in catalogue.path.parent.iterdir()] == ["catalogue.sqlite"]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("thing", [thing for thing in THINGS if thing != "taxi"])
def test_finds(search: WideSearch, act: str, thing: str) -> None:
    verdict = search.verdict(search.look(f"oiga ocupo {act} de {thing}"), "procedure")
    assert verdict.hits[0].id == f"{act}-{thing}"


@pytest.mark.parametrize("text", ["lisencia de condusir", "permso de construccion", "sertificado de resdencia"])
def test_finds_misspelled(search: WideSearch, text: str) -> None:
    expected = {"l": "licencia-conducir", "p": "permiso-construccion", "s": "certificado-residencia"}[text[0]]
    verdict = search.verdict(search.look(text), "procedure")
    assert expected in [hit.id for hit in verdict.hits[:3]]


def test_the_place_decides_in_a_family(search: WideSearch) -> None:
    for state in STATES:
        verdict = search.verdict(search.look(f"licencia de taxi en {state}"), "procedure")
        assert verdict.hits[0].id == f"licencia-taxi-{state[:3].lower()}"
        assert verdict.place is not None
        assert verdict.place.state == state


@pytest.mark.parametrize("text", ["", "¿?", "xyzzy qwerty", "\x00", "\ud800", "a" * 5000, "😀" * 500, "x" * 1_000_000])
def test_nothing_to_find(search: WideSearch, text: str) -> None:
    assert search.find(text).outcome == "unknown"
    look = search.look(text)
    assert np.isfinite(search.signals(look)).all()


def test_what_was_just_talked_about_stays_in_view(search: WideSearch) -> None:
    look = search.look("y cuanto cuesta", recent="dictamen-mercado")
    assert isinstance(look, wide.WideLook)
    assert "dictamen-mercado" in look.narrow.index.topics


def test_is_a_search(search: WideSearch) -> None:
    assert isinstance(search, Search)
