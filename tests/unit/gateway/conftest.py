from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from bot import languages
from bot.catalogue.build import build
from bot.catalogue.check import load_cards
from tests.servers import Redis
from tests.unit.gateway.voice_line import Line, NoEngine

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the compiled phrases and the catalogue of every card."""
    folder = tmp_path_factory.mktemp("line")
    languages.build(ROOT / "locale", folder / "locale")
    build(load_cards(ROOT / "data")[0], folder / "catalogue.sqlite")
    return folder


OpenLine = Callable[..., Line]


@pytest.fixture
def open_line(built: Path, sqlite_url: str, redis_server: Redis) -> Iterator[OpenLine]:
    """Open a line with an engine and settings of a test's own; its worker runs until the test ends."""
    with ExitStack() as stack:

        def opened(engine: Any = None, working: bool = True, **settings: Any) -> Line:
            line = Line(built, sqlite_url, redis_server.url, engine or NoEngine(), **settings)
            stack.callback(line.close)
            return stack.enter_context(line.working()) if working else line

        yield opened


@pytest.fixture
def line(open_line: OpenLine) -> Line:
    """A line without an engine: answers come from the cards by plain search."""
    return open_line()
