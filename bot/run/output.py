"""The processes' output, each line behind the name of the process that wrote it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# A line longer than this is shown in parts, so that a process cannot fill the supervisor's memory.
_LONGEST = 64 * 1024


class PrefixStream:
    """A stream for circus: gets pieces of output and writes whole lines, ``name       | line``."""

    def __init__(self, name: str, width: int, write: Callable[[str], None]) -> None:
        """``width``: of the longest name; ``write`` gets one line with its end."""
        self._prefix = f"{name:<{width}} | "
        self._write = write
        self._rest: dict[tuple[int, str], bytes] = {}

    def __call__(self, data: dict[str, Any]) -> None:
        """Take a piece: circus' mapping with ``data`` (bytes), ``pid`` and ``name`` (stdout or stderr)."""
        source = (data["pid"], data["name"])
        *lines, rest = (self._rest.pop(source, b"") + data["data"]).split(b"\n")
        for line in lines:
            self._line(line)
        if len(rest) > _LONGEST:
            self._line(rest)
        elif rest:
            self._rest[source] = rest

    def ended(self, pid: int) -> None:
        """Write what a process left without a line end."""
        for source in [source for source in self._rest if source[0] == pid]:
            self._line(self._rest.pop(source))

    def close(self) -> None:
        """Write what is left of every process (circus calls this when it stops one for good)."""
        for pid in {pid for pid, _ in self._rest}:
            self.ended(pid)

    def _line(self, line: bytes) -> None:
        self._write(self._prefix + line.decode("utf-8", "replace").rstrip("\r") + "\n")
