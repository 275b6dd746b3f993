"""The institution's own address: signed as Standard Webhooks says, and what is made of its answers."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.desk.signing import chatwoot_signature, key_of, new_secret, signature
from bot.desk.sinks import NotTaken, WebhookSink, check
from bot.gateway.desk.models import Event
from bot.settings import Settings, SettingsError
from bot.store.desk_events import EVENT_TYPES
from bot.worker.desk import DeskDelivery, desk_deliveries
from tests.builders import now
from tests.people import SECRET as VENTANILLA_SECRET
from tests.servers import free_port, serving
from tests.unit.desk.conftest import run

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # of the example in the specification


@pytest.fixture
def event(people, events):
    """One event, leased."""
    events.begin("webhook")
    people.asks()
    people.writes("¿hay alguien?")
    events.relay("webhook", sensitive=False, since=now() - timedelta(hours=1))
    return events.lease("webhook", "w", 30)


def send(url, event):
    sink = WebhookSink(url, SECRET, clock=lambda: 1674087231.9)
    try:
        sink.send(event)
    finally:
        sink.close()


def test_the_signature_is_that_of_the_specification():
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md has id and secret."""
    body = b'{"test": 2432232314}'
    told = signature(key_of(SECRET), "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert told == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_what_is_sent_can_be_verified(event):
    with serving(lambda handler: handler.json({})) as server:
        seen = []
        server.behave = lambda handler: (seen.append((dict(handler.headers), handler.body)), handler.json({}))
        send(f"{server.url}/hooks?desk=1", event)
    ((headers, body),) = seen
    assert server.requests[0][:2] == ("POST", "/hooks?desk=1")
    headers = {name.lower(): value for name, value in headers.items()}
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert (headers["webhook-timestamp"], headers["content-type"]) == ("1674087231", "application/json")
    assert headers["webhook-id"] == event.event_id
    assert json.loads(body)["data"]["handoff"]["id"] == event.handoff_id


@pytest.mark.parametrize(
    ("status", "headers", "code", "refused", "after"),
    [
        (500, {}, "http_500", False, 0),
        (503, {"Retry-After": "120"}, "http_503", False, 120),
        (429, {"Retry-After": "999999999"}, "http_429", False, 3600),
        (429, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, "http_429", False, 0),
        (302, {"Location": "http://127.0.0.1:1/"}, "http_302", False, 0),
        (401, {}, "http_401", False, 0),
        (404, {}, "http_404", False, 0),
        (400, {}, "http_400", True, 0),
        (422, {}, "http_422", True, 0),
    ],
)
def test_every_answer_but_success_means_later(event, status, headers, code, refused, after):
    with (
        serving(lambda handler: handler.json({}, status, headers)) as server,
        pytest.raises(NotTaken) as told,
    ):
        send(server.url, event)
    assert (told.value.code, told.value.refused, told.value.after) == (code, refused, after)


def test_nobody_there_and_nobody_answering(event, monkeypatch):
    with pytest.raises(NotTaken, match="no_connection"):
        send(f"http://127.0.0.1:{free_port()}", event)
    monkeypatch.setattr("bot.desk.sinks._TIMEOUT", httpx.Timeout(0.1))
    with serving(lambda handler: handler.server.hang()) as server, pytest.raises(NotTaken, match="timeout"):
        send(server.url, event)


def test_a_long_answer_is_not_read(event):
    def endless(handler):
        handler.send_response(200)
        handler.end_headers()
        handler.wfile.write(b"x" * 65536)
        handler.server.hang(2)

    with serving(endless) as server:
        send(server.url, event)
    assert len(server.requests) == 1


@given(st.integers(100, 599), st.text(max_size=20))
def test_any_status_is_taken_or_not(status, retry_after):
    if 200 <= status < 300:
        check(status, retry_after)
        return
    with pytest.raises(NotTaken) as told:
        check(status, retry_after)
    assert 0 <= told.value.after <= 3600


def test_secrets():
    assert len(key_of(new_secret())) == 32
    assert new_secret() != new_secret()
    assert key_of("an ordinary text, long") == b"an ordinary text, long"
    for bad in ("", "short", "whsec_!!!", "whsec_YWJj", "whsec_"):
        with pytest.raises(ValueError):  # noqa: PT011 (two sentences)
            key_of(bad)
    assert chatwoot_signature("s", "1", b"{}") == "sha256=" + hmac.new(b"s", b"1.{}", hashlib.sha256).hexdigest()


def test_a_wrong_secret_stops_the_worker_with_its_name(database, tmp_path):
    config = Settings(
        desk_webhook_url="https://desk.example", desk_webhook_secret="short", ventanilla_secret=VENTANILLA_SECRET,
        var=tmp_path,
    )  # fmt: skip
    with pytest.raises(SettingsError, match="DESK_WEBHOOK_SECRET"):
        desk_deliveries(config, database)
    assert desk_deliveries(config.model_copy(update={"desk_webhook_url": ""}), database) == ()


def test_every_body_is_what_the_document_describes(people, events, handoffs, desk, store):
    bodies = []

    def behave(handler):
        bodies.append(handler.body)
        handler.json({})

    with serving(behave) as server:
        sink = WebhookSink(server.url, SECRET)
        delivery = DeskDelivery(events, sink, sensitive=True, give_up_after=timedelta(hours=24))
        delivery.step("w")
        handoff = people.asks()
        people.writes("uno")
        handoffs.take(handoff.id, desk.agent_id, now())
        handoffs.close(handoff.id, desk.agent_id, "solved", now())
        run(delivery)
        delivery.close()
    read = [Event.model_validate_json(body) for body in bodies]
    assert [each.type for each in read] == ["handoff.asked", "message.received", "handoff.taken", "handoff.closed"]
    assert {each.type for each in read} < set(EVENT_TYPES)
    assert read[3].data.handoff.end_reason == "solved"
