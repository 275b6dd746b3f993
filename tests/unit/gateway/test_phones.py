from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.test import TestResponse
from werkzeug.wrappers import Request, Response

from bot.gateway.app import create_app
from bot.gateway.phones import pages
from bot.settings import Settings
from channels.sms.segments import count
from channels.twin.server import TwinServer
from channels.twin.state import TwinConfig
from tests.people import AUTH_TOKEN, JUAN, ROSA, SECRET
from tests.servers import eventually

ACCOUNT = "AC" + "0" * 31 + "1"
HOST = "localhost"
OURS = {"Origin": f"http://{HOST}"}


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        return


@pytest.fixture
def forms() -> Iterator[list[dict[str, str]]]:
    """What the twin posted, as the gateway would get it."""
    got: list[dict[str, str]] = []

    def take(request: Request) -> Response:
        got.append(request.form.to_dict())
        return Response("<Response/>", mimetype="text/xml")

    server = make_server("127.0.0.1", 0, Request.application(take), threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    got.append({"port": str(server.port)})
    yield got
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def twin(forms: list[dict[str, str]]) -> Iterator[TwinServer]:
    port = forms.pop()["port"]
    config = TwinConfig(ACCOUNT, AUTH_TOKEN, f"http://127.0.0.1:{port}/channels/sms/inbound")
    with TwinServer(config) as server:
        yield server


def settings(**given: Any) -> Settings:
    return Settings(twin_auth_token=AUTH_TOKEN, ventanilla_secret=SECRET, **given)


@pytest.fixture
def browser(twin: TwinServer) -> FlaskClient:
    app = Flask("gateway")
    app.register_blueprint(pages.blueprint(settings(twin_port=int(twin.url.rsplit(":", 1)[1]))))
    return app.test_client()


def post(browser: FlaskClient, path: str, body: Any, headers: dict[str, str] | None = None) -> TestResponse:
    return browser.post(f"/phones/{path}", json=body, headers=OURS if headers is None else headers)


def events(browser: FlaskClient, until: Callable[[list[dict[str, Any]]], bool], **request: Any) -> list[dict[str, Any]]:
    """Read a stream until it has told enough; every event is told as its data and its id."""
    answer = browser.get("/phones/events", **request)
    assert answer.mimetype == "text/event-stream", answer.get_data(as_text=True)
    told: list[dict[str, Any]] = []
    for block in answer.response:
        text = block if isinstance(block, str) else block.decode()
        fields = dict(line.split(": ", 1) for line in text.strip().splitlines() if ": " in line)
        if "data" in fields:
            told.append({**json.loads(fields["data"]), "id": fields.get("id"), "event": fields.get("event", "message")})
        if until(told):
            break
    answer.close()
    return told


def test_the_page_needs_nothing_from_elsewhere_and_allows_nothing_inline(browser: FlaskClient):
    answer = browser.get("/phones")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    html = answer.get_data(as_text=True)
    assert not re.search(r"\sstyle=|\son\w+=|<style|<script(?![^>]*\ssrc=)", html)
    addresses = re.findall(r'(?:src|href)="([^"#]+)"', html)
    assert len(addresses) == 3
    for address in addresses:
        assert address.startswith("/phones/static/")
        with browser.get(address) as file:
            assert file.status_code == 200
            assert not re.search(rb"https?://(?!www\.w3\.org/2000/svg)", file.data)


@pytest.mark.parametrize("name", ["common.js", "sms.js", "whatsapp.js", "location.js"])
def test_every_module_of_the_script_is_served_and_writes_no_html(browser: FlaskClient, name: str):
    with browser.get(f"/phones/static/{name}") as file:
        assert file.status_code == 200
        assert "javascript" in file.content_type
        assert not re.search(rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", file.data)


@pytest.mark.parametrize("path", ["messages", "segments", "session/end"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Origin": "http://evil.example", "Host": "evil.example"},
        {"Origin": "http://evil.example:8000", "Host": "evil.example:8000"},
    ],
)
def test_another_sites_page_cannot_order_anything(
    browser: FlaskClient, twin: TwinServer, path: str, headers: dict[str, str]
):
    answer = post(browser, path, {"number": ROSA, "body": "hola", "text": "hola"}, headers)
    assert answer.status_code == 403
    assert twin.twin.messages() == []


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_form_cannot_order_anything(browser: FlaskClient, kind: str):
    answer = browser.post("/phones/messages", data='{"number": "x"}', content_type=kind, headers=OURS)
    assert answer.status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "localhost.evil.example"])
def test_a_name_that_points_here_reads_nothing(browser: FlaskClient, host: str):
    for path in ("/phones", f"/phones/events?number={ROSA}", "/phones/places"):
        assert browser.get(path, headers={"Host": host}).status_code == 403


@pytest.mark.parametrize("host", ["localhost:8000", "127.0.0.1", "[::1]:8000", "192.168.1.5:8000"])
def test_addresses_of_this_machine_are_ours(browser: FlaskClient, host: str):
    assert browser.get("/phones", headers={"Host": host}).status_code == 200


def test_a_message_goes_by_the_twin_to_the_webhook_and_its_ticks_come_back(
    browser: FlaskClient, twin: TwinServer, forms: list[dict[str, str]]
):
    assert post(browser, "messages", {"number": "55 1234 5678", "channel": "sms", "body": "hola"}).status_code == 202
    given = {"number": ROSA, "channel": "whatsapp", "body": "buenas", "profile": "Lupita"}
    assert post(browser, "messages", given).status_code == 202
    assert twin.webhooks.idle(10)
    assert sorted((form["From"], form["Body"]) for form in forms) == [
        (ROSA, "hola"),
        (f"whatsapp:{ROSA.replace('+52', '+521')}", "buenas"),
    ]
    told = events(browser, lambda told: len(told) >= 2, query_string={"number": ROSA})
    assert {each["channel"]: each["mark"] for each in told} == {"sms": "delivered", "whatsapp": "delivered"}


def test_only_what_a_phone_can_send_is_passed_on(browser: FlaskClient, forms: list[dict[str, str]], twin: TwinServer):
    given = {"number": ROSA, "body": "hola", "repeat": 500, "fields": {"AccountSid": "x"}, "sid": "SM1", "to": "+1"}
    assert post(browser, "messages", given).status_code == 202
    assert twin.webhooks.idle(10)
    (form,) = forms
    assert form["AccountSid"] == ACCOUNT
    assert form["MessageSid"] != "SM1"
    assert form["To"] == "+525500000000"


def test_the_third_phone_calls_presses_and_hangs_up(browser: FlaskClient, twin: TwinServer):
    placed = post(browser, "calls", {"number": ROSA, "script": [{"do": "dance"}], "hidden": True})
    assert placed.status_code == 202
    sid = placed.json["sid"]
    call = twin.twin.calls.get(sid)
    assert call is not None
    assert (call.phone, call.clock, call.hidden) == (ROSA, "patient", False)
    eventually(lambda: call.over, 10, "the end of a document without verbs")
    told = events(browser, lambda told: any(each.get("over") for each in told), query_string={"number": ROSA})
    assert told[-1]["sid"] == sid
    assert post(browser, f"calls/{sid}", {"do": "keys", "keys": "1"}).json["lines"][-1]["text"] == "hung up"
    assert post(browser, f"calls/{sid}", {"do": "keys", "keys": "x"}).status_code == 400
    assert post(browser, f"calls/{sid}", {"do": "agent_leaves"}).status_code == 400
    assert post(browser, "calls/CA1", {"do": "hang_up"}).status_code == 400


def test_a_stream_goes_on_where_it_stopped(browser: FlaskClient, twin: TwinServer):
    for text in ("uno", "dos"):
        post(browser, "messages", {"number": ROSA, "body": text})
    assert twin.webhooks.idle(10)
    first = events(browser, lambda told: len(told) >= 2, query_string={"number": ROSA})
    assert [each["body"] for each in first] == ["uno", "dos"]
    post(browser, "messages", {"number": ROSA, "body": "tres"})
    post(browser, "messages", {"number": JUAN, "body": "de otra persona"})
    assert twin.webhooks.idle(10)
    last = {"Last-Event-ID": str(first[-1]["id"])}
    then = events(browser, bool, query_string={"number": ROSA}, headers=last)
    assert [each["body"] for each in then] == ["tres"]


def test_a_twin_that_began_anew_is_told(browser: FlaskClient, twin: TwinServer):
    post(browser, "messages", {"number": ROSA, "body": "uno"})
    told = events(
        browser, lambda told: len(told) >= 2, query_string={"number": ROSA}, headers={"Last-Event-ID": "999999"}
    )
    assert [(each["event"], each.get("body")) for each in told] == [("anew", None), ("message", "uno")]


def test_the_oldest_of_too_many_streams_ends(browser: FlaskClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pages, "_WAIT_SECONDS", 0.05)
    opened = [
        browser.get("/phones/events", query_string={"number": ROSA}, buffered=False)
        for _ in range(pages.MOST_STREAMS + 1)
    ]
    assert sum(1 for _ in opened[0].response) < 10  # it ends by itself
    for each in opened:
        each.close()


def test_a_twin_that_is_away_is_told(twin: TwinServer):
    app = Flask("gateway")
    app.register_blueprint(pages.blueprint(settings(twin_port=9)))
    client = app.test_client()
    assert post(client, "messages", {"number": ROSA, "body": "x"}).status_code == 503
    told = events(client, bool, query_string={"number": ROSA})
    assert [each["event"] for each in told] == ["away"]


@pytest.mark.parametrize("number", ["", "nadie", None, "12"])
def test_a_wrong_number_is_refused(browser: FlaskClient, number: Any):
    assert post(browser, "messages", {"number": number, "body": "x"}).status_code == 400
    assert browser.get("/phones/events", query_string={"number": number or ""}).status_code == 400


def test_what_the_twin_refuses_is_told(browser: FlaskClient):
    answer = post(browser, "messages", {"number": ROSA, "channel": "whatsapp", "tap": "nada"})
    assert answer.status_code == 400
    assert "tap" in answer.get_json()["error"]


@pytest.mark.parametrize("text", ["", "hola", "¿Qué?", "á" * 71, "a" * 161, "€" * 100, "👩‍👩‍👧" * 30])
def test_segments_are_counted_as_the_product_counts_them(browser: FlaskClient, text: str):
    counted = count(text)
    assert post(browser, "segments", {"text": text}).get_json() == {
        "encoding": counted.encoding,
        "units": counted.units,
        "segments": counted.segments,
    }


def test_a_session_can_be_ended(browser: FlaskClient, twin: TwinServer):
    post(browser, "messages", {"number": ROSA, "channel": "whatsapp", "body": "hola"})
    assert twin.twin.in_session(ROSA)
    assert post(browser, "session/end", {"number": ROSA}).status_code == 200
    assert not twin.twin.in_session(ROSA)


def test_the_places_are_the_countrys_municipalities(browser: FlaskClient):
    places = browser.get("/phones/places").get_json()
    assert len(places) > 2000
    assert ["Tlacolula de Matamoros", "Oaxaca"] in [place[:2] for place in places]


def app_with(tmp_path: Path, sqlite_url: str, **given: Any) -> FlaskClient:
    config = settings(
        database_url=sqlite_url, redis_url=f"unix://{tmp_path}/none.sock", var=tmp_path, public_url="", **given
    )
    return create_app(config).test_client()


def test_the_phones_are_there_when_the_twin_is_the_carrier(tmp_path: Path, sqlite_url: str):
    assert app_with(tmp_path, sqlite_url).get("/phones").status_code == 200


@pytest.mark.parametrize(
    "path", ["/phones", "/phones/", "/phones/events", "/phones/static/phones.js", "/phones/places"]
)
def test_there_are_no_phones_where_twilio_is_the_carrier(tmp_path: Path, sqlite_url: str, path: str):
    client = app_with(tmp_path, sqlite_url, twilio_account_sid="AC1", twilio_auth_token=AUTH_TOKEN)
    assert client.get(path).status_code == 404
    assert client.post("/phones/messages", json={"number": ROSA}, headers=OURS).status_code == 404
