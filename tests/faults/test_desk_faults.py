"""A contact centre's own desk while parts die: it hears everything at least once, in order, under the same ids."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import shutil
import threading
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bot.desk.chatwoot.address import webhook_url
from bot.desk.signing import new_secret
from bot.store import open_engine
from bot.store.desk_tokens import DeskTokens
from bot.store.store import utc_now
from tests.faults.system import System
from tests.people import SECRET as OURS
from tests.people import number
from tests.servers import FaultyHandler, eventually, serving
from tests.unit.desk.chatwoot_support import ACCOUNT, INBOX, TOKEN, ChatwootServer

pytestmark = pytest.mark.timeout(420)

SECRET = new_secret()


class Receiver:
    """A desk that takes webhooks as one is told to write it: it checks, answers, and knows what it has had."""

    def __init__(self) -> None:
        self.had: list[tuple[str, bytes]] = []
        self.status = 200
        self.hold: threading.Event | None = None
        self.holding = threading.Event()
        self.forged = 0

    def __call__(self, handler: FaultyHandler) -> None:
        id_ = handler.headers["webhook-id"]
        signed = b".".join((id_.encode(), handler.headers["webhook-timestamp"].encode(), handler.body))
        key = base64.b64decode(SECRET.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        if not hmac.compare_digest(expected, handler.headers["webhook-signature"]):
            self.forged += 1
            handler.json({}, 401)
            return
        if self.status >= 300:
            handler.json({}, self.status)
            return
        self.had.append((id_, handler.body))
        if self.hold is not None:
            self.holding.set()
            self.hold.wait(60)
        handler.json({})

    def events(self, conversation: str) -> list[tuple[str, str | None]]:
        """Return what was told of a conversation, each event once, by its first arrival: type and text."""
        seen = {id_: json.loads(body) for id_, body in reversed(self.had)}
        order = dict.fromkeys(id_ for id_, _ in self.had)
        told = [seen[id_] for id_ in order if seen[id_]["data"]["handoff"]["conversation"] == conversation]
        return [(each["type"], (each["data"].get("message") or {}).get("text")) for each in told]


class Desk:
    """The whole product, a receiver, and a token."""

    def __init__(self, system: System, receiver: Receiver, chatwoot: ChatwootServer) -> None:
        self.system, self.receiver, self.chatwoot = system, receiver, chatwoot
        engine = open_engine(f"sqlite:///{system.var / 'ventanilla.sqlite'}")
        self.token = DeskTokens(engine).add("mesa", utc_now(), shown="Mesa")
        engine.dispose()

    def says(self, phone: str, body: str) -> None:
        sid = f"SM{uuid.uuid4().hex}"
        message = {"body": body, "sid": sid, "wait": 10}
        self.system.control("POST", f"phones/{phone}/messages", json=message)
        done = "SELECT 1 FROM inbound WHERE provider_id = ? AND processed_at IS NOT NULL"
        eventually(lambda: self.system.sql(done, sid), 90, "a turn")

    def asks(self, phone: str) -> tuple[int, str]:
        """Let a person ask for a person; return handoff and conversation."""
        before = self.system.sql("SELECT coalesce(max(id), 0) FROM handoffs")[0][0]
        self.says(phone, "AGENTE")
        found = "SELECT id, conversation_id FROM handoffs WHERE id > ?"
        (row,) = eventually(lambda: self.system.sql(found, before), 60, "a handoff")
        return int(row[0]), str(row[1])

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        url = f"{self.system.gateway}/api/v1{path}"
        return httpx.request(method, url, headers=headers, trust_env=False, timeout=20, **more)

    def told(self, conversation: str, expected: list[tuple[str, str | None]]) -> None:
        """Wait until a conversation's events have come, and no other order."""
        eventually(lambda: len(self.receiver.events(conversation)) >= len(expected), 120, f"{expected}")
        assert self.receiver.events(conversation) == expected


@pytest.fixture(scope="module")
def desk() -> Iterator[Desk]:
    receiver, chatwoot = Receiver(), ChatwootServer()
    with serving(receiver) as server, serving(chatwoot) as other:
        system = System(
            DESK_WEBHOOK_URL=server.url,
            DESK_WEBHOOK_SECRET=SECRET,
            CHATWOOT_URL=other.url,
            CHATWOOT_ACCOUNT=str(ACCOUNT),
            CHATWOOT_INBOX=str(INBOX),
            CHATWOOT_TOKEN=TOKEN,
            VENTANILLA_SECRET=OURS,
            ENGINE_TIMEOUT="20",
        )
        try:
            system.start()
            yield Desk(system, receiver, chatwoot)
            system.stop()
        finally:
            system.kill_everything()
            shutil.rmtree(system.var, ignore_errors=True)


def test_a_desk_takes_answers_and_hands_back(desk: Desk) -> None:
    phone = number(8_100)
    handoff, conversation = desk.asks(phone)
    desk.says(phone, "necesito ayuda con mi acta")
    assert desk.call("POST", f"/handoffs/{handoff}/take", json={"agent": "Laura"}).status_code == 200
    answer = {"json": {"text": "Le ayudo, soy Laura."}, "headers": {"Idempotency-Key": "respuesta-1"}}
    sent = [desk.call("POST", f"/handoffs/{handoff}/messages", **_copy(answer)) for _ in range(2)]
    assert [each.status_code for each in sent] == [201, 200]
    eventually(lambda: "Le ayudo, soy Laura." in desk.system.on_phone(phone), 60, "the answer on the phone")
    assert desk.system.on_phone(phone).count("Le ayudo, soy Laura.") == 1
    assert desk.call("POST", f"/handoffs/{handoff}/back").json()["state"] == "bot"
    eventually(lambda: ("handoff.returned", None) in desk.receiver.events(conversation), 60, "that the handoff is over")
    told = [type_ for type_, _ in desk.receiver.events(conversation)]
    assert told[:3] == ["handoff.asked", "message.received", "handoff.taken"]
    assert "message.status" in told
    assert desk.receiver.forged == 0


def _copy(request: dict[str, Any]) -> dict[str, Any]:
    return {name: dict(value) for name, value in request.items()}


def test_a_worker_killed_between_sending_and_noting_sends_the_same_event_again(desk: Desk) -> None:
    desk.receiver.holding.clear()
    desk.receiver.hold = threading.Event()
    phone = number(8_200)
    _, conversation = desk.asks(phone)
    assert desk.receiver.holding.wait(60), "the event is on its way"
    held = desk.receiver.had[-1]
    desk.system.kill("worker")
    desk.receiver.hold.set()
    desk.receiver.hold = None
    for text in ("perdi mi acta", "vivo lejos"):
        desk.says(phone, text)
    desk.told(
        conversation,
        [("handoff.asked", None), ("message.received", "perdi mi acta"), ("message.received", "vivo lejos")],
    )
    assert desk.receiver.had.count(held) >= 2, "the same id and the same bytes"
    unsent = "SELECT 1 FROM desk_events WHERE status <> 'delivered' AND sink = 'webhook'"  # Chatwoot's lease is longer
    eventually(lambda: not desk.system.sql(unsent), 60, "everything noted as delivered")


def test_a_receiver_that_was_away_hears_everything_in_order(desk: Desk) -> None:
    phones = [number(8_300 + index) for index in range(2)]
    desk.receiver.status = 503
    conversations = [desk.asks(phone)[1] for phone in phones]
    for text in ("perdi mi acta", "vivo lejos"):
        for phone in phones:
            desk.says(phone, text)
    refused = "SELECT 1 FROM desk_events WHERE status = 'pending' AND error_code = 'http_503'"
    eventually(lambda: desk.system.sql(refused), 60, "refused events")
    desk.receiver.status = 200
    for conversation in conversations:
        desk.told(
            conversation,
            [("handoff.asked", None), ("message.received", "perdi mi acta"), ("message.received", "vivo lejos")],
        )
    metrics = httpx.get(f"{desk.system.gateway}/metrics", trust_env=False).text
    assert 'ventanilla_desk_events{sink="webhook",status="delivered"}' in metrics


def test_chatwoot_takes_answers_and_hands_back_while_workers_die(desk: Desk) -> None:
    chatwoot, phone = desk.chatwoot, number(8_400)
    chatwoot.faults = [None, 503, None, None, "lose"]
    handoff, _ = desk.asks(phone)
    ours = {"ventanilla_handoff": handoff}

    def known() -> int | None:
        found = [id_ for id_, each in chatwoot.conversations.items() if each["custom_attributes"] == ours]
        return found[0] if found and chatwoot.shown(found[0]) else None

    desk.system.kill("worker")
    conversation = eventually(known, 120, "a conversation in Chatwoot")
    desk.says(phone, "perdi mi acta")
    said = [("person", "AGENTE"), ("person", "perdi mi acta")]
    eventually(lambda: chatwoot.shown(conversation) == said, 120, f"{said} in Chatwoot")
    hook = webhook_url(desk.system.gateway, OURS)

    def tell(webhook: dict[str, Any]) -> int:
        return httpx.post(hook, json=webhook, trust_env=False, timeout=20).status_code

    words = chatwoot.created(chatwoot.write(conversation, "Soy Laura y le ayudo."))
    assert tell(words) == 200
    desk.system.kill("worker")
    assert tell(words) == 200
    eventually(lambda: "Soy Laura y le ayudo." in desk.system.on_phone(phone), 90, "the words on the phone")
    assert desk.system.on_phone(phone).count("Soy Laura y le ayudo.") == 1
    assert tell(chatwoot.resolved(conversation)) == 200
    assert desk.call("GET", f"/handoffs/{handoff}").json()["state"] == "bot"
