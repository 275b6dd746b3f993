"""The engine's tests: run with ``.venv-engine/bin/python -m pytest tests/unit/engine``; elsewhere none is collected."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
collect_ignore_glob: list[str] = []
if importlib.util.find_spec("rasa") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    sys.path[:0] = [str(ROOT), str(HERE)]
    from engine_harness import PROJECT, ActionServer, redis_program, run_engine

    from bot.engine import lean
    from tests.servers import Redis

    lean.start()


def pytest_configure(config: pytest.Config) -> None:
    """Let Rasa's frozen dependencies warn; our own warnings stay errors in the gateway environment's run."""
    if not collect_ignore_glob:
        for line in (
            "ignore::DeprecationWarning",
            "ignore::PendingDeprecationWarning",
            "ignore:Slot auto-fill has been removed:UserWarning",
        ):
            config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def engine_redis() -> Iterator[Redis]:
    """A real server, which tests may stop and start."""
    server = Redis(redis_program())
    server.start()
    yield server
    server.remove()


@pytest.fixture
def action_server() -> Iterator[ActionServer]:
    server = ActionServer()
    yield server
    server.close()


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small trained project with the real config.yml, credentials.yml and endpoints.yml."""
    root = tmp_path_factory.mktemp("project")
    shutil.copytree(PROJECT, root, dirs_exist_ok=True)
    for name in ("config.yml", "credentials.yml", "endpoints.yml"):
        shutil.copy(ROOT / name, root / name)
    done = run_engine(root, "train")
    assert done.returncode == 0, done.stdout + done.stderr
    return root
