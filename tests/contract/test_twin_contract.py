"""What we send to Twilio, and what the twin answers, against Twilio's own OpenAPI description, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from openapi_core import OpenAPI
from openapi_core.contrib.requests import RequestsOpenAPIRequest, RequestsOpenAPIResponse
from openapi_core.exceptions import OpenAPIError

from bot.core.delivery import DeliveryStatus, Outgoing
from bot.core.messages import Text
from channels.registry import CHANNELS
from channels.twilio import TwilioCarrier
from channels.twin.server import TwinServer
from channels.twin.state import TwinConfig
from channels.twin.webhooks import inbound_form, status_form

DESCRIPTION = Path(__file__).parents[1] / "contracts" / "twilio_messages.json"
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"
SERVICE = "+525500000000"
PHONE = "+525512345678"
MG = "MG" + "0123456789abcdef" * 2
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


def description() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(DESCRIPTION.read_text(encoding="utf-8"))
    return loaded


def at(url: str) -> OpenAPI:
    """Twilio's description, served at the twin's address."""
    spec = description()
    for part in (spec, *spec["paths"].values()):
        part["servers"] = [{"url": url}]
    return OpenAPI.from_dict(spec)


@pytest.fixture
def twin() -> Iterator[TwinServer]:
    config = TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN, inbound_url="http://127.0.0.1:9/", number=SERVICE)
    with TwinServer(config) as server:
        yield server


class Exchanges(list[requests.Response]):
    """Every exchange that a carrier had with the twin."""

    def keep(self, response: requests.Response, *args: object, **kwargs: object) -> None:
        self.append(response)


@pytest.fixture(params=[{"sender": SERVICE}, {"messaging_service_sid": MG}, {"sender": SERVICE, "validity_period": 60}])
def carrier(twin: TwinServer, request: pytest.FixtureRequest) -> Iterator[tuple[TwilioCarrier, Exchanges]]:
    made = TwilioCarrier(ACCOUNT, TOKEN, api_url=twin.url, **request.param)
    exchanges = Exchanges()
    made._http._session.hooks["response"].append(exchanges.keep)
    yield made, exchanges
    made.close()


def validate(api: OpenAPI, response: requests.Response) -> None:
    """Check one exchange in both directions, unknown names included (the description allows them; Twilio does not)."""
    request = RequestsOpenAPIRequest(response.request)
    api.validate_request(request)
    api.validate_response(request, RequestsOpenAPIResponse(response))
    spec = description()
    operation = spec["paths"][
        next(p for p in spec["paths"] if p.endswith("{Sid}.json") == ("/Messages/" in request.path))
    ][request.method]
    if request.method == "post":
        allowed = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]["schema"]["properties"]
        sent = parse_qs(response.request.body, keep_blank_values=True)
    else:
        allowed = [p["name"] for p in operation["parameters"] if p["in"] == "query"]
        sent = parse_qs(urlsplit(str(response.request.url)).query, keep_blank_values=True)
    assert set(sent) <= set(allowed)
    fields = set(spec["components"]["schemas"]["api.v2010.account.message"]["properties"])
    answer = response.json()
    for message in answer.get("messages", [answer]):
        assert set(message) == fields


def test_what_the_carrier_sends_and_the_twin_answers_is_twilios(
    twin: TwinServer, carrier: tuple[TwilioCarrier, Exchanges]
):
    sending, exchanges = carrier
    since = datetime.now(timezone.utc) - timedelta(minutes=1)
    callback = "https://ventanilla.example/channels/sms/status"
    sid = sending.send(PHONE, Outgoing("sms", "¿Dónde vive?\n1) Oaxaca"), delivery_id="d1", status_callback=callback)
    assert sending.find_sent(PHONE, "¿Dónde vive?\n1) Oaxaca", since) == sid
    assert sending.find_sent(PHONE, "otra cosa", since) is None
    api = at(twin.url)
    assert {exchange.request.method for exchange in exchanges} == {"POST", "GET"}
    for exchange in exchanges:
        validate(api, exchange)


def test_the_twins_resources_are_twilios(twin: TwinServer):
    api = at(twin.url)
    with requests.Session() as session:
        session.auth = (ACCOUNT, TOKEN)
        session.trust_env = False
        sids = []
        for text in ("Sí", "No", "Tal vez"):
            created = session.post(
                f"{twin.url}{MESSAGES}.json",
                data={"To": PHONE, "From": SERVICE, "Body": text},
                headers={"Content-Type": "application/x-www-form-urlencoded"},
            )
            assert created.status_code == 201
            validate(api, created)
            sids.append(created.json()["sid"])
        assert twin.webhooks.idle(10)
        fetched = session.get(f"{twin.url}{MESSAGES}/{sids[0]}.json")
        validate(api, fetched)
        assert fetched.json()["status"] == "delivered"
        page = session.get(f"{twin.url}{MESSAGES}.json", params={"PageSize": 2})
        validate(api, page)
        assert [message["sid"] for message in page.json()["messages"]] == [sids[2], sids[1]]
        rest = session.get(twin.url + page.json()["next_page_uri"])
        validate(api, rest)
        assert [message["sid"] for message in rest.json()["messages"]] == [sids[0]]
        assert rest.json()["next_page_uri"] is None


def test_the_description_itself_refuses_what_is_wrong(twin: TwinServer):
    """Guards the test above: a validator that lets everything pass would prove nothing."""
    api = at(twin.url)
    bad = requests.Request(
        "POST",
        f"{twin.url}{MESSAGES}.json",
        data={"From": SERVICE, "Body": "sin destinatario", "MessagingServiceSid": "MG1"},
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        auth=(ACCOUNT, TOKEN),
    )
    with pytest.raises(OpenAPIError):
        api.validate_request(RequestsOpenAPIRequest(bad))
    unsigned = requests.Request("GET", f"{twin.url}{MESSAGES}.json")
    with pytest.raises(OpenAPIError):
        api.validate_request(RequestsOpenAPIRequest(unsigned))


@pytest.mark.parametrize("word", description()["components"]["schemas"]["message_enum_status"]["enum"])
def test_every_status_that_twilio_knows_can_be_read(word: str):
    update = CHANNELS["sms"].parse_status({"MessageSid": "SM1", "MessageStatus": word}, {"delivery": "d1"})
    assert (update.provider_id, update.delivery_id) == ("SM1", "d1")


def test_the_channel_reads_what_the_twin_posts(twin: TwinServer):
    now = datetime.now(timezone.utc)
    message = twin.twin.add("inbound", PHONE, SERVICE, "¿Qué llevo?", status="received")
    read = CHANNELS["sms"].parse_inbound(inbound_form(twin.twin, message, "STOP"), now)
    assert (read.provider_id, read.sender, read.recipient, read.content, read.opt_out) == (
        message.sid,
        PHONE,
        SERVICE,
        Text("¿Qué llevo?"),
        "stop",
    )
    sent = twin.twin.add("outbound-api", SERVICE, PHONE, "Lleve su acta", status="queued")
    update = CHANNELS["sms"].parse_status(dict(status_form(twin.twin, sent, "undelivered", 30003)), {})
    assert (update.provider_id, update.status, update.error_code) == (sent.sid, DeliveryStatus.UNDELIVERED, "30003")


def test_the_description_names_its_source_and_licence():
    notice = " ".join(description()["x-notice"])
    assert "twilio-oai" in notice
    assert "MIT" in notice
