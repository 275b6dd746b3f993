"""The action server as a process: what it answers, what it never says, a catalogue replaced under it, a clean end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
SECRET_WORDS = "mi vecina se llama Petronila"


class Server:
    """A running ``python -m actions``; its output goes to a file."""

    def __init__(self, catalogue: Path, log: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "actions", "--port", str(self.port)],
                cwd=ROOT,
                env={**os.environ, "VENTANILLA_CATALOGUE": str(catalogue)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def call(self, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as failure:
            with failure:
                return failure.code, json.load(failure)

    def health(self) -> tuple[int, Any]:
        """Return the health, waiting for the process to listen."""
        deadline = time.monotonic() + 100  # a busy machine reads the catalogue slowly
        while True:
            try:
                return self.call("/health")
            except (urllib.error.URLError, ConnectionError):
                assert self.process.poll() is None, self.log.read_text()
                assert time.monotonic() < deadline, "the server does not listen"
                time.sleep(0.05)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def action_call(text: str, action: str = "action_greet", **message: Any) -> bytes:
    parsed = {"text": text, "intent": {"name": "greet", "confidence": 0.9}, "entities": [], "metadata": {}, **message}
    tracker = {"sender_id": "c1", "slots": {}, "latest_message": parsed, "events": []}
    return json.dumps({"next_action": action, "tracker": tracker, "domain": {}}).encode()


@pytest.fixture
def server(catalogue_path: Path, tmp_path: Path) -> Iterator[Server]:
    running = Server(catalogue_path, tmp_path / "log.jsonl")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.wait()


def test_the_server_answers_logs_no_text_takes_a_new_catalogue_and_ends_cleanly(
    server: Server, catalogue_path: Path, replace_catalogue: Callable[[str], Path]
) -> None:
    assert server.health() == (200, {"status": "ok", "catalogue": "r1"})

    status, answer = server.call("/webhook", action_call(SECRET_WORDS))
    assert status == 200
    assert answer["responses"][0]["custom"]["reply"]["type"] in ("Say", "ShowProcedure", "ShowLifeEvent", "Ask")
    deflated = zlib.compress(action_call("hola"))
    assert server.call("/webhook", deflated, **{"Content-Encoding": "deflate"})[0] == 200

    assert server.call("/webhook", b"{")[0] == 400
    assert server.call("/webhook", b"{}")[0] == 400
    assert server.call("/webhook", action_call(SECRET_WORDS, "action_gone"))[0] == 404
    broken = action_call(SECRET_WORDS, metadata={"context": {"type": "TurnContext", "state": SECRET_WORDS, "x": 1}})
    assert server.call("/webhook", broken) == (500, {"error": "PayloadError"})

    replace_catalogue("r2")
    deadline = time.monotonic() + 30
    while server.health()[1]["catalogue"] != "r2":
        assert time.monotonic() < deadline, "the new catalogue is not taken"
        time.sleep(0.05)

    catalogue_path.write_bytes(b"not a catalogue")
    assert server.health() == (200, {"status": "ok", "catalogue": "r2"})

    assert server.stop() == 0
    log = server.log.read_text(encoding="utf-8")
    assert "Petronila" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line["event"] == "answered" and line["action"] == "action_greet" for line in lines)
    assert any(line["event"] == "action failed" and line["error"] == "PayloadError" for line in lines)


def test_without_a_catalogue_it_is_not_healthy_and_an_action_fails(tmp_path: Path) -> None:
    server = Server(tmp_path / "none.sqlite", tmp_path / "log.jsonl")
    try:
        assert server.health() == (503, {"status": "no catalogue"})
        assert server.call("/webhook", action_call("hola")) == (500, {"error": "CatalogueError"})
    finally:
        server.stop()
