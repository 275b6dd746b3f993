"""Phrases compiled afresh, and every card of ``data/`` as replies."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot import languages
from bot.catalogue.check import CardSet, load_cards
from bot.core.phrases import Phrases
from bot.core.procedures import Procedure

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def compiled_locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of compiled catalogues."""
    folder = tmp_path_factory.mktemp("locale")
    languages.build(ROOT / "locale", folder)
    return folder


@pytest.fixture(scope="session")
def sms_phrases(compiled_locale: Path) -> Phrases:
    """The phrases of an SMS in Mexican Spanish."""
    return Phrases.load(compiled_locale, "es_MX", "sms")


@pytest.fixture(scope="session")
def whatsapp_phrases(compiled_locale: Path) -> Phrases:
    """The phrases of WhatsApp in Mexican Spanish."""
    return Phrases.load(compiled_locale, "es_MX", "whatsapp")


@pytest.fixture(scope="session")
def cards() -> CardSet:
    """Every card that can be read; whether all is right with them is the catalogue's own test."""
    return load_cards(ROOT / "data")[0]


@pytest.fixture(scope="session")
def procedures(cards: CardSet) -> dict[str, Procedure]:
    """Every procedure by id."""
    return {loaded.card.id: loaded.card for loaded in cards.procedures}
