"""Training: only when something a model is made of has changed, and whole or not at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from engine_harness import PROJECT, ROOT, run_engine

from bot.engine import train as training
from bot.engine.train import TrainingFailed, is_current, model_path, source_digest, train

pytestmark = pytest.mark.timeout(300)  # real trainings and processes: seconds alone, minutes on a busy machine


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PROJECT, tmp_path, dirs_exist_ok=True)
    shutil.copy(ROOT / "config.yml", tmp_path / "config.yml")
    return tmp_path


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Stand in for Rasa's trainer; the real one is run once, by the ``project`` fixture."""
    calls: list[Path] = []

    def fake(root: Path, folder: Path) -> Path:
        calls.append(root)
        (folder / "ventanilla.tar.gz").write_bytes(b"model")
        return folder / "ventanilla.tar.gz"

    monkeypatch.setattr(training, "_train", fake)
    return calls


@pytest.mark.parametrize(
    "name",
    ["config.yml", "domain.yml", "data/nlu/es/intents.yml", "data/stories/rules/rules.yml", "data/nlu/es/new.yml"],
)
def test_every_source_counts(copy: Path, name: str) -> None:
    before = source_digest(copy)
    assert source_digest(copy) == before
    path = copy / name
    path.write_text((path.read_text() if path.exists() else "") + "\n")
    assert source_digest(copy) != before


def test_what_no_model_is_made_of_does_not_count(copy: Path) -> None:
    before = source_digest(copy)
    for name in ("data/procedures/x.yml", "endpoints.yml", "data/nlu/es/notes.txt"):
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_text("x")
    assert source_digest(copy) == before


def test_it_trains_once_and_again_after_a_change_or_when_forced(copy: Path, trainings: list[Path]) -> None:
    assert train(copy)
    assert is_current(copy)
    assert not train(copy)
    assert len(trainings) == 1
    assert train(copy, force=True)
    assert len(trainings) == 2
    (copy / "domain.yml").write_text("version: '3.1'\n")
    assert not is_current(copy)
    assert train(copy)
    assert len(trainings) == 3
    model_path(copy).unlink()
    assert not is_current(copy)
    assert sorted(path.name for path in (copy / "models").iterdir()) == ["ventanilla.json"]


@pytest.mark.parametrize("record", ["", "{}", "[]", '{"digest": 1}', "null"])
def test_an_unreadable_record_means_train_again(copy: Path, trainings: list[Path], record: str) -> None:
    train(copy)
    (copy / "models/ventanilla.json").write_text(record)
    assert not is_current(copy)


def test_a_failed_training_leaves_the_old_model(
    copy: Path, trainings: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    train(copy)

    def fail(root: Path, folder: Path) -> Path:
        (folder / "half.tar.gz").write_bytes(b"half")
        raise TrainingFailed("no")

    monkeypatch.setattr(training, "_train", fail)
    with pytest.raises(TrainingFailed):
        train(copy, force=True)
    assert is_current(copy)
    assert len(list((copy / "models").iterdir())) == 2


def test_rasas_own_commands_run_under_the_lean_start(project: Path) -> None:
    assert json.loads((project / "models/ventanilla.json").read_text())["digest"]
    again = run_engine(project, "train")
    assert (again.returncode, again.stdout) == (0, "model is current: models/ventanilla.tar.gz\n")
    version = run_engine(project, "rasa", "--version")
    assert version.returncode == 0
    assert "3.6.21" in version.stdout
    assert version.stderr == ""
    assert run_engine(project, "rasa", "no-such-command").returncode == 2


def test_a_wrong_setting_ends_with_its_name(tmp_path: Path) -> None:
    done = run_engine(tmp_path, "run", ACTIONS_TIMEOUT="soon")
    assert done.returncode == 2
    assert done.stderr.startswith("ACTIONS_TIMEOUT: ")
