from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.faults.system import System


@pytest.fixture(scope="module")
def system() -> Iterator[System]:
    running = System()
    try:
        running.start()
        yield running
        running.stop()
    finally:
        running.kill_everything()
        shutil.rmtree(running.var, ignore_errors=True)


@pytest.fixture(autouse=True)
def no_faults_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "system" in request.fixturenames:
        system: System = request.getfixturevalue("system")
        system.control("DELETE", "faults")
        system.control("POST", "callbacks", json={})
