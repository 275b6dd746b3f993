from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest

from bot.catalogue.build import build
from bot.catalogue.check import load_cards
from bot.catalogue.reader import Catalogue
from tests.conversations.facts import Facts
from tests.conversations.performance import Performance, perform
from tests.faults.system import ROOT, System
from tests.people import number

RUNNING_TWIN = "CONVERSATIONS_TWIN"
"""Address of the twin of a system that is already running: nothing is started (to write conversations with)."""
AT_ONCE = 10
# These tests are about what is said, not about how fast: a slow machine must not turn answers into apologies.
PATIENCE = {"ENGINE_TIMEOUT": "20", "LEASE_SECONDS": "60"}


@pytest.fixture(scope="session")
def twin() -> Iterator[str]:
    """Return the address of the twin of a running system."""
    running = os.environ.get(RUNNING_TWIN)
    if running:
        yield running
        return
    system = System(**PATIENCE)
    try:
        system.start()
        yield system.twin
        system.stop()
    finally:
        system.kill_everything()
        shutil.rmtree(system.var, ignore_errors=True)


@pytest.fixture(scope="session")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Facts:
    """Return what the cards say, built as the product builds them."""
    path: Path = tmp_path_factory.mktemp("facts") / "catalogue.sqlite"
    cards, errors = load_cards(ROOT / "data")
    assert errors == []
    build(cards, path)
    return Facts(Catalogue(path))


@pytest.fixture(scope="session")
def performances(request: pytest.FixtureRequest, twin: str, facts: Facts) -> Iterator[dict[str, Future[str]]]:
    """Return the reports of all conversations that were selected; they are played several at once."""
    selected: list[Performance] = [
        cast("Performance", item.callspec.params["performance"])
        for item in request.session.items
        if isinstance(item, pytest.Function) and "performances" in item.fixturenames
    ]
    first = random.randrange(10_000, 59_000_000)  # numbers that a system still running has not met
    with ThreadPoolExecutor(AT_ONCE) as pool:
        futures = {
            performance.id: pool.submit(perform, performance, twin, number(first + index), facts)
            for index, performance in enumerate(selected)
        }
        yield futures
        for future in futures.values():
            future.cancel()
