"""The desk's API by its own OpenAPI document: schemathesis tries what fits and what does not on a real gateway."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import validate

from bot import languages
from bot.core.effects import BringPerson
from bot.desk.signing import new_secret
from bot.desk.sinks import NotTaken, WebhookSink
from bot.gateway.desk.document import document
from bot.gateway.desk.operations import OPERATIONS
from bot.settings import ROOT
from bot.store import Store, open_engine
from bot.store.desk_events import DeskEvent
from bot.store.desk_tokens import DeskTokens
from bot.store.handoffs import Handoffs
from bot.store.thread import Entry
from tests.builders import now
from tests.handoffs import writes
from tests.people import AUTH_TOKEN, SECRET, number
from tests.servers import Redis, eventually, free_port

EXAMPLES = 20
PEOPLE = 6
SEEN: Counter[tuple[str, int]] = Counter()
"""Answers by operation and hundreds of the status."""


DOCS = (ROOT / "docs" / "desk-api.md").read_text(encoding="utf-8")


@dataclass
class Gateway:
    """A gateway as operators run it: gunicorn, SQLite, Redis."""

    url: str
    token: str
    handoffs: list[int]
    log: Path


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, redis_server: Redis, _migrated_sqlite: Path) -> Iterator[Gateway]:
    var = tmp_path_factory.mktemp("desk")
    database = var / "ventanilla.sqlite"
    database.write_bytes(_migrated_sqlite.read_bytes())
    languages.build(ROOT / "locale", var / "locale")
    engine = open_engine(f"sqlite:///{database}")
    token = DeskTokens(engine).add("schemathesis", now(), shown="Mesa")
    asked = [_asks(Store(engine, SECRET), Handoffs(engine), number(index)) for index in range(PEOPLE + 1)]
    engine.dispose()
    port = free_port()
    environment = {
        **os.environ,
        "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "VENTANILLA_SECRET": SECRET,
        "DATABASE_URL": f"sqlite:///{database}",
        "REDIS_URL": redis_server.url,
        "ENGINE_URLS": f"http://127.0.0.1:{free_port()}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "VAR": str(var),
        "DESK_REQUESTS_PER_SECOND": "1000",
    }
    log = var / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "bot.gateway.wsgi:app"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=output,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: _answers(url, process), 60, "a gateway that answers")
        yield Gateway(url, token, asked, log)
    finally:
        process.terminate()
        process.wait(20)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "the gateway ended at once"
    try:
        return httpx.get(f"{url}/health/live", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def _asks(store: Store, handoffs: Handoffs, sender: str) -> int:
    conversation = writes(store, "AGENTE", sender, effects=(BringPerson("asked", "sms"),))
    handoff = handoffs.open_of(conversation)
    assert handoff is not None
    return handoff.id


schema = schemathesis.openapi.from_dict(document(), config=schemathesis.Config.from_dict({"seed": 1}))


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_what_the_document_says(case: schemathesis.Case, gateway: Gateway) -> None:
    """Also with ids that exist, so that more than "not found" is tried; and no request makes the gateway fail."""
    if case.meta is not None and case.meta.generation.mode.is_positive:
        if "handoff" in case.path_parameters:
            chosen = uuid.uuid5(uuid.NAMESPACE_OID, str(case.body)).int % PEOPLE
            case.path_parameters["handoff"] = gateway.handoffs[chosen]
        if "Idempotency-Key" in (case.headers or {}):
            case.headers["Idempotency-Key"] = uuid.uuid4().hex  # a key used for two requests is refused, rightly
    answer = case.call_and_validate(f"{gateway.url}/api/v1", headers={"Authorization": f"Bearer {gateway.token}"})
    SEEN[case.operation.definition.raw["operationId"], answer.status_code // 100] += 1


def test_nothing_failed_inside(gateway: Gateway) -> None:
    """After all those requests: every operation was carried out and refused, and the log holds nothing odd."""
    tried = {operation for operation, _ in SEEN}
    assert {(operation, hundred) for operation in tried for hundred in (2, 4)} <= set(SEEN)
    assert 5 not in {hundred for _, hundred in SEEN}
    with httpx.Client(base_url=f"{gateway.url}/api/v1", trust_env=False) as client:
        for handoff in (1, gateway.handoffs[0]):
            client.get(f"/handoffs/{handoff}", headers={"Authorization": f"Bearer {gateway.token}"})
    log = gateway.log.read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert gateway.token not in log
    assert not re.search(r"\+52\d{10}", log)


def test_the_document_is_valid_openapi(gateway: Gateway) -> None:
    served = httpx.get(f"{gateway.url}/api/v1/openapi.json", trust_env=False).json()
    validate(served)
    assert served == document()
    assert set(served["paths"]) == {operation.path for operation in OPERATIONS}


# ---- the snippets of docs/desk-api.md


def snippet(language: str) -> str:
    """Return the only snippet in a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", DOCS, re.DOTALL)
    return str(found)


def test_the_curl_snippet_takes_answers_and_hands_back(gateway: Gateway) -> None:
    with httpx.Client(
        base_url=f"{gateway.url}/api/v1", headers={"Authorization": f"Bearer {gateway.token}"}, trust_env=False
    ) as client:
        # Others have been tried in this module: this one is its own person's.
        handoff = gateway.handoffs[-1]
        assert client.get(f"/handoffs/{handoff}").json()["state"] == "waiting"
        script = (
            snippet("sh")
            .replace("http://127.0.0.1:8000", gateway.url)
            .replace("/handoffs/1/", f"/handoffs/{handoff}/")
            .replace("curl -s", "curl -s --fail-with-body --noproxy '*'")
        )
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            env={**os.environ, "TOKEN": gateway.token},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        record = client.get(f"/handoffs/{handoff}").json()
        thread = client.get(f"/handoffs/{handoff}/thread").json()["entries"]
    assert (record["state"], record["end_reason"]) == ("bot", "handed_back")
    assert "Buenas tardes, soy Laura. Le ayudo." in [each["text"] for each in thread]


def test_the_receivers_snippet_knows_what_is_ours(tmp_path: Path, event: DeskEvent) -> None:
    port, secret = free_port(), new_secret()
    program = tmp_path / "receiver.py"
    program.write_text(snippet("python"), encoding="utf-8")
    environment = {**os.environ, "DESK_PORT": str(port), "DESK_WEBHOOK_SECRET": secret}
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [sys.executable, "-u", str(program)], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            eventually(lambda: _listens(port), 30, "a receiver that listens")
            sink, forger = WebhookSink(url, secret), WebhookSink(url, new_secret())
            with pytest.raises(NotTaken, match="http_401"):
                forger.send(event)
            late = WebhookSink(url, secret, clock=lambda: 1_000_000_000.0)
            with pytest.raises(NotTaken, match="http_401"):
                late.send(event)
            sink.send(event)
            sink.send(event)
            for each in (sink, forger, late):
                each.close()
        finally:
            process.terminate()
        told = process.stdout.read().decode() if process.stdout else ""
    assert told.splitlines() == ["message.received 1 ¿hay alguien?"]


@pytest.fixture
def event() -> DeskEvent:
    said = Entry("in", 41, now(), "¿hay alguien?", "sms")
    data = {
        "state": "waiting", "reason": "asked", "channel": "sms", "language": "es_MX", "topic": None,
        "sensitive": False, "priority": 1, "team": None, "agent": None, "asked_at": now().isoformat(),
        "end_reason": None, "inbound": 41,
    }  # fmt: skip
    return DeskEvent(1, "evt_1", "webhook", "message.received", "c" * 32, 1, now(), data, 1, "w", now(), said)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
