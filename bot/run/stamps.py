"""Which steps can be left out because what they read has not changed since they were done."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

_LEFT_OUT = {"__pycache__"}


def digest(root: Path, inputs: Iterable[str]) -> str:
    """Return a digest of the names and contents of files and folders under ``root``; missing ones count as such."""
    sum_ = hashlib.sha256()
    for name in inputs:
        path = root / name
        files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file())
        for file in files:
            relative = file.relative_to(root)
            if _LEFT_OUT.isdisjoint(relative.parts):
                sum_.update(f"\0{relative.as_posix()}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return sum_.hexdigest()


def is_current(stamp: Path, value: str) -> bool:
    """Say whether the step of ``stamp`` was last done on inputs of this digest."""
    try:
        return stamp.read_text(encoding="ascii") == value
    except (FileNotFoundError, UnicodeDecodeError):
        return False


def keep(stamp: Path, value: str) -> None:
    """Remember that the step was done."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_name(f"{stamp.name}.new")
    draft.write_text(value, encoding="ascii")
    draft.replace(stamp)
