"""Train the model, unless what it is made of has not changed."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MODEL = "ventanilla.tar.gz"
DIGEST = "ventanilla.json"
_SOURCES = ("config.yml", "domain.yml", "data/nlu", "data/stories")
_COMPONENTS = Path(__file__).resolve().parent / "components"
_READING = Path(__file__).resolve().parents[1] / "catalogue"
# what a text becomes before it is learned
_READS = ("letters.py", "numbers.py", "sounds.py", "spelling.py", "text.py")
_MARKS = ("anywhere.py", "courtesy.py", "matter.py")


class TrainingFailed(RuntimeError):
    """Rasa made no model; what it printed says why."""


def model_path(root: Path) -> Path:
    """Return where the model is, once trained."""
    return root / "models" / MODEL


def source_digest(root: Path) -> str:
    """Return the SHA-256 of names and contents of everything a model is made of, the components' code included."""
    digest = hashlib.sha256()
    for name, path in _files(root):
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    for path in sorted(_COMPONENTS.glob("*.py")):
        yield f"components/{path.name}", path
    for name in _READS:
        yield f"catalogue/{name}", _READING / name
    for name in _MARKS:
        yield f"understanding/{name}", _READING.parent / "understanding" / name
    for source in _SOURCES:
        path = root / source
        found = sorted(p for p in path.rglob("*") if p.suffix in (".yml", ".yaml")) if path.is_dir() else [path]
        yield from ((p.relative_to(root).as_posix(), p) for p in found if p.is_file())


def is_current(root: Path) -> bool:
    """Say whether there is a model, made of what is there now."""
    try:
        recorded = json.loads((root / "models" / DIGEST).read_text(encoding="utf-8"))
        return model_path(root).is_file() and recorded["digest"] == source_digest(root)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def train(root: Path, force: bool = False) -> bool:
    """Train into ``models/``; return False when the model is current and ``force`` is not set.

    The model and its digest appear whole or not at all: a training that is cut short leaves the old ones.

    Raises:
        TrainingFailed: Rasa made no model.
    """
    if not force and is_current(root):
        _tell(f"model is current: models/{MODEL}")
        return False
    digest = source_digest(root)
    started = time.monotonic()
    _tell("training…")
    models = root / "models"
    models.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".training-", dir=models))
    try:
        trained = _train(root, folder)
        record = folder / DIGEST
        record.write_text(json.dumps({"digest": digest}) + "\n", encoding="utf-8")
        os.replace(trained, models / MODEL)
        os.replace(record, models / DIGEST)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = model_path(root).stat().st_size / 1e6
    _tell(f"trained models/{MODEL} in {time.monotonic() - started:.1f} s ({size:.1f} MB)")
    return True


def _tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _train(root: Path, folder: Path) -> Path:
    from rasa.model_training import train as rasa_train

    result = rasa_train(
        domain=str(root / "domain.yml"),
        config=str(root / "config.yml"),
        training_files=[str(root / "data/nlu"), str(root / "data/stories")],
        output=str(folder),
        # Rasa's cache knows a component's class, not the modules it uses; training takes seconds
        force_training=True,
        fixed_model_name=MODEL.removesuffix(".tar.gz"),
    )
    if result.code != 0 or not result.model:
        raise TrainingFailed("Rasa made no model")
    return Path(result.model)
