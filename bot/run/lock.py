"""One start at a time in one folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.run.errors import RunError


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the lock file while the block runs; the kernel lets go of it however the process ends.

    Raises:
        RunError: another process holds it; the sentence says which.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "r+", encoding="ascii", errors="replace") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = file.read(20).strip() or "unknown"
            raise RunError(
                f"Ventanilla is already running from this folder (process {holder}). Stop it first, or set VAR to "
                "another folder and PORT, TWIN_PORT, ENGINE_PORT and ACTIONS_PORT to other ports."
            ) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield
