"""The locks: every file by its hash, and no address."""

import re
from pathlib import Path

import pytest
import tomllib

ROOT = Path(__file__).resolve().parents[3]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
EXTRAS = {"gateway.txt": ("gateway", "dev"), "engine.txt": ("engine", "engine-dev")}


def requirements(lock):
    """Return each requirement with its continuation lines joined."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_there_is_one_lock_for_each_environment():
    assert [lock.name for lock in LOCKS] == ["engine.txt", "gateway.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_hold_no_address(lock):
    text = lock.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(-index-url|-extra-index-url|-find-links|i|f)\b", text, re.MULTILINE)


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_and_has_hashes(lock):
    found = requirements(lock)
    assert len(found) > 50
    for line in found:
        assert re.match(r"^[A-Za-z0-9._\[\],-]+==\S+ ", line), line[:80]
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line[:80]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_hold_what_pyproject_asks_for(lock):
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    locked = {canonical(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in requirements(lock)}
    wanted = {canonical(re.match(r"[A-Za-z0-9._-]+", item)[0]) for extra in EXTRAS[lock.name] for item in extras[extra]}
    assert wanted <= locked, f"run `make lock`: {sorted(wanted - locked)}"


def test_the_engine_has_no_tensorflow():
    assert not [line for line in requirements(ROOT / "requirements" / "engine.txt") if line.startswith("tensorflow")]


def test_helpers_name_no_registry():
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "scripts").iterdir()]
    for file in files:
        assert "://" not in file.read_text(encoding="utf-8"), file
        assert "index-url " not in file.read_text(encoding="utf-8").replace("--no-emit-index-url", ""), file
