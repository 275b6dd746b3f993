"""The whole product as an operator starts it (`ventanilla run`), on ports and in a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil

from channels.twin.client import TwinPhone
from tests.servers import eventually, free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 150

BROKEN_REQUESTS: list[str] = []
"""What the twins of all systems said of requests that Twilio's description does not allow; see tests/conftest.py."""

SENT: list[dict[str, Any]] = []
"""Requests that all systems sent to Twilio's API, without those that a test broke on purpose; see tests/conftest.py."""

# What tells a process of the product by its command line.
_PROGRAMS = {
    "engine": ["bot.engine", "run"],
    "actions": ["-m", "actions"],
    "worker": ["bot.worker"],
    "gateway": ["bot.gateway.wsgi:app"],
    "twin": ["channels.twin"],
    "redis": ["valkey-server"],
}


class System:
    """Start it, talk to it, break it."""

    def __init__(self, **environment: str) -> None:
        self.var = Path(tempfile.mkdtemp(prefix="ventanilla-system-", dir="/tmp"))
        self.log = self.var / "run.log"
        self.ports = {name: free_port() for name in ("PORT", "TWIN_PORT", "ENGINE_PORT", "ACTIONS_PORT")}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("TWILIO_", "VENTANILLA_"))}
        self._environment = {
            **kept,
            **{name: str(port) for name, port in self.ports.items()},
            "VAR": str(self.var),
            "PUBLIC_URL": "",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "TWIN_CONTRACTS": str(ROOT / "tests" / "contracts"),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def gateway(self) -> str:
        return f"http://127.0.0.1:{self.ports['PORT']}"

    @property
    def twin(self) -> str:
        return f"http://127.0.0.1:{self.ports['TWIN_PORT']}"

    def start(self) -> None:
        # What the search learned from the cards is the same in every folder: learning it once is enough.
        for learned in (ROOT / "var").glob("search-*.npz"):
            shutil.copy(learned, self.var)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", "run"],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self._ready, START_SECONDS, "«Ventanilla is ready»")

    def _ready(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"it ended at once:\n{self.read_log()[-3000:]}"
        return "Ventanilla is ready" in self.read_log()

    def stop(self) -> int:
        """Stop as Ctrl-C does; return the exit code."""
        assert self._process is not None
        self._keep_requests()
        children = self.processes()
        self._process.send_signal(signal.SIGINT)
        code = self._process.wait(30)
        left = [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
        assert not left, f"still running after Ctrl-C: {[child.cmdline()[:4] for child in left]}"
        return code

    def kill_everything(self) -> None:
        """End whatever is left of this system, and nothing else."""
        BROKEN_REQUESTS.extend(line for line in self.read_log().splitlines() if "breaks Twilio's description" in line)
        if self._process is not None and self._process.poll() is None:
            self._keep_requests()
            for process in [*self.processes(), psutil.Process(self._process.pid)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
            self._process.wait(10)

    def _keep_requests(self) -> None:
        with contextlib.suppress(httpx.HTTPError, OSError):
            SENT.extend(each for each in self.control("GET", "requests") if each["status"] in (200, 201, 204))

    def processes(self) -> list[psutil.Process]:
        assert self._process is not None
        return psutil.Process(self._process.pid).children(recursive=True)

    def program(self, name: str) -> psutil.Process:
        """Return the running process of a program (of several, the one that has the others as children)."""

        def found() -> psutil.Process | None:
            for process in self.processes():
                with contextlib.suppress(psutil.Error):
                    line = " ".join(process.cmdline())
                    if all(part in line for part in _PROGRAMS[name]):
                        return process
            return None

        process: psutil.Process = eventually(found, 20, f"a running {name}")
        return process

    def kill(self, name: str) -> int:
        """``kill -9`` a program; return the pid it had. Orphans of it answer no more when this returns."""
        process = self.program(name)
        orphans = process.children(recursive=True)
        process.kill()
        psutil.wait_procs(orphans, 30)
        return process.pid

    @contextlib.contextmanager
    def frozen(self, name: str) -> Iterator[psutil.Process]:
        """Hold a program still: it takes connections (the kernel does) and never answers.

        Not in the middle of a transaction: a dead program's locks are gone, a still one's are not.
        """
        process = self.program(name)
        process.suspend()
        try:
            while not self._writable():
                process.resume()
                process.suspend()
            yield process
        finally:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.resume()

    def _writable(self) -> bool:
        with contextlib.closing(sqlite3.connect(self.var / "ventanilla.sqlite", timeout=0.5)) as db:
            try:
                db.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

    def phone(self, number: str, **more: Any) -> TwinPhone:
        return TwinPhone(self.twin, number, **more)

    def control(self, method: str, path: str, **more: Any) -> Any:
        answer = httpx.request(method, f"{self.twin}/twin/{path}", trust_env=False, timeout=70, **more)
        answer.raise_for_status()
        return answer.json()

    def on_phone(self, number: str) -> list[str]:
        """Return what the phone has received, oldest first."""
        page = self.control("GET", f"phones/{number}/messages")
        return [message["body"] for message in page["messages"]]

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.var / "ventanilla.sqlite", timeout=15)) as db:
            return db.execute(query, parameters).fetchall()

    def read_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""

    def ask_readiness(self) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = httpx.get(f"{self.gateway}/health/ready", trust_env=False, timeout=5).json()
        except httpx.HTTPError:
            return {"status": "unreachable", "checks": {"database": False, "redis": False, "engine": False}}
        return answer
