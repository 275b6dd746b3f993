from __future__ import annotations

from pathlib import Path

import pytest

from bot import languages
from bot.catalogue.build import build
from bot.catalogue.check import load_cards
from bot.catalogue.plain import PlainSearch
from bot.core.phrases import Phrases

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def compiled_phrases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of compiled catalogues."""
    folder = tmp_path_factory.mktemp("worker-locale")
    languages.build(ROOT / "locale", folder)
    return folder


@pytest.fixture(scope="session")
def phrases(compiled_phrases: Path) -> Phrases:
    """The phrases of an SMS."""
    return Phrases.load(compiled_phrases, "es_MX", "sms")


@pytest.fixture(scope="session")
def built_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The catalogue of every card."""
    path = tmp_path_factory.mktemp("worker-catalogue") / "catalogue.sqlite"
    build(load_cards(ROOT / "data")[0], path)
    return path


@pytest.fixture(scope="session")
def plain_search(built_catalogue: Path) -> PlainSearch:
    """Plain search over every card."""
    return PlainSearch.open(built_catalogue, ROOT / "data" / "places")
