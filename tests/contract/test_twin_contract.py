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
from bot.core.ids import canonical_number
from bot.core.messages import Text
from channels.registry import CHANNELS
from channels.twilio import TwilioCalls, TwilioCarrier
from channels.twin import sending
from channels.twin.server import TwinServer
from channels.twin.state import TwinConfig
from channels.twin.webhooks import inbound_form, status_form

CONTRACTS = Path(__file__).parents[1] / "contracts"
ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"
SERVICE = "+525500000000"
PHONE = "+525512345678"
MG = "MG" + "0123456789abcdef" * 2
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"


def description(name: str = "messages") -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((CONTRACTS / f"twilio_{name}.json").read_text(encoding="utf-8"))
    return loaded


def at(url: str, name: str = "messages") -> OpenAPI:
    """Twilio's description, served at the twin's address."""
    spec = description(name)
    for part in (spec, *spec["paths"].values()):
        part["servers"] = [{"url": url}]
    return OpenAPI.from_dict(spec)


@pytest.fixture
def twin() -> Iterator[TwinServer]:
    config = TwinConfig(
        account_sid=ACCOUNT,
        auth_token=TOKEN,
        inbound_url="http://127.0.0.1:9/",
        number=SERVICE,
        messaging_service_sid=MG,
    )
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


def validate_whole(api: OpenAPI, response: requests.Response) -> None:
    """Check one exchange in both directions."""
    request = RequestsOpenAPIRequest(response.request)
    api.validate_request(request)
    api.validate_response(request, RequestsOpenAPIResponse(response))


def members(name: str, schema: str) -> set[str]:
    return set(description(name)["components"]["schemas"][schema]["properties"])


def test_the_twins_contents_are_twilios(twin: TwinServer):
    api = at(twin.url, "content")
    content = {
        "friendly_name": "a",
        "language": "es_MX",
        "variables": {"1": "x"},
        "types": {"twilio/quick-reply": {"body": "{{1}}", "actions": [{"title": "Sí", "id": "si"}]}},
    }
    with requests.Session() as session:
        session.auth = (ACCOUNT, TOKEN)
        session.trust_env = False
        created = session.post(f"{twin.url}/v1/Content", json=content)
        assert created.status_code == 201
        address = f"{twin.url}/v1/Content/{created.json()['sid']}"
        fetched = session.get(address)
        changed = session.put(address, json=content)
        listed = session.get(f"{twin.url}/v1/Content", params={"PageSize": 5})
        submitted = session.post(f"{address}/ApprovalRequests/whatsapp", json={"name": "a", "category": "UTILITY"})
        assert submitted.status_code == 201
        approval = session.get(f"{address}/ApprovalRequests")
        approvals = session.get(f"{twin.url}/v1/ContentAndApprovals")
        deleted = session.delete(address)
        assert deleted.status_code == 204
    for exchange in (created, fetched, changed, listed, submitted, approval, approvals, deleted):
        validate_whole(api, exchange)
    one = members("content", "content.v1.content")
    assert set(created.json()) == set(fetched.json()) == set(changed.json()) == set(listed.json()["contents"][0]) == one
    assert set(submitted.json()) <= members("content", "content.v1.content.approval_create")
    assert set(approval.json()) == members("content", "content.v1.content.approval_fetch")
    assert set(approvals.json()["contents"][0]) == members("content", "content.v1.content_and_approvals")


def test_the_twins_messaging_api_is_twilios(twin: TwinServer):
    api = at(twin.url, "messaging")
    written = twin.twin.add(
        "inbound", PHONE, SERVICE, "hola", status="received", channel="whatsapp", address=f"whatsapp:{PHONE}"
    )
    with requests.Session() as session:
        session.auth = (ACCOUNT, TOKEN)
        session.trust_env = False
        typing = session.post(
            f"{twin.url}/v3/Indicators/Typing.json", json={"channel": "WHATSAPP", "messageId": written.sid}
        )
        services = session.get(f"{twin.url}/v1/Services")
        service = session.get(f"{twin.url}/v1/Services/{MG}")
    for exchange in (typing, services, service):
        assert exchange.status_code == 200
        validate_whole(api, exchange)
    assert set(service.json()) == members("messaging", "messaging.v1.service")


def test_a_whatsapp_message_is_shown_as_twilio_shows_it(twin: TwinServer):
    api = at(twin.url)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with requests.Session() as session:
        session.auth = (ACCOUNT, TOKEN)
        session.trust_env = False
        sent = {"To": f"whatsapp:{PHONE}", "From": "whatsapp:+525500000001", "Body": "hola"}
        created = session.post(f"{twin.url}{MESSAGES}.json", data=sent, headers=form)
        listed = session.get(f"{twin.url}{MESSAGES}.json", params={"To": f"whatsapp:{PHONE}"})
    for exchange in (created, listed):
        validate(api, exchange)
    assert [message["to"] for message in listed.json()["messages"]] == [f"whatsapp:{PHONE}"]


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


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"body": "hola"}, "Text"),
        ({"location": {"latitude": 17.06, "longitude": -96.72}}, "Location"),
        ({"file": {"kind": "photo"}}, "Media"),
        ({"file": {"kind": "voice"}}, "Media"),
        ({"file": {"kind": "document"}}, "Media"),
        ({"file": {"kind": "sticker"}}, "Media"),
        ({"file": {"kind": "contact"}}, "Media"),
        ({"reaction": {"emoji": "👍"}}, "Media"),
    ],
)
def test_the_channel_reads_what_a_whatsapp_phone_sends(twin: TwinServer, given: dict[str, Any], kind: str):
    sent = sending.read(twin.twin, PHONE, {"channel": "whatsapp", **given})
    message, _ = twin.webhooks.phone_sends(PHONE, sent)
    read = CHANNELS["whatsapp"].parse_inbound(
        inbound_form(twin.twin, message) | sent.fields(), datetime.now(timezone.utc)
    )
    assert type(read.content).__name__ == kind
    assert canonical_number(read.sender) == PHONE
    assert read.profile_name == sending.DEFAULT_PROFILE


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


def test_calls_are_placed_and_shown_as_twilio_does(twin: TwinServer):
    calls, exchanges = TwilioCalls(ACCOUNT, TOKEN, sender=SERVICE, api_url=twin.url), Exchanges()
    calls._http._session.hooks["response"].append(exchanges.keep)
    address = "http://127.0.0.1:9/channels/voice"
    sid = calls.call(
        PHONE, url=f"{address}/inbound", fallback=f"{address}/fallback", status_callback=f"{address}/status"
    )
    calls.hang_up(sid)
    calls.close()
    with requests.Session() as session:
        session.auth, session.trust_env = (ACCOUNT, TOKEN), False
        path = f"{twin.url}/2010-04-01/Accounts/{ACCOUNT}/Calls"
        exchanges += [session.get(f"{path}/{sid}.json"), session.get(f"{path}.json", params={"To": PHONE})]
    api = at(twin.url, "calls")
    assert [exchange.status_code for exchange in exchanges] == [201, 200, 200, 200]
    fields = set(description("calls")["components"]["schemas"]["api.v2010.account.call"]["properties"])
    for exchange in exchanges:
        api.validate_request(RequestsOpenAPIRequest(exchange.request))
        api.validate_response(RequestsOpenAPIRequest(exchange.request), RequestsOpenAPIResponse(exchange))
        for call in exchange.json().get("calls", [exchange.json()]):
            assert set(call) == fields


def test_agents_are_rung_and_queues_removed_as_twilio_does(twin: TwinServer):
    calls, exchanges = TwilioCalls(ACCOUNT, TOKEN, sender=SERVICE, api_url=twin.url), Exchanges()
    calls._http._session.hooks["response"].append(exchanges.keep)
    address = "http://127.0.0.1:9/channels/voice/agent"
    for phone in (PHONE, "sip:ana@telefonos.example.gob.mx"):
        about = {"fallback": f"{address}/fallback", "status_callback": f"{address}/status?ring=1", "seconds": 25}
        calls.hang_up(calls.ring(phone, url=f"{address}?ring=1", **about))
    caller = twin.twin.calls.add(PHONE, SERVICE, "inbound")
    queue = twin.twin.calls.enter("personas-1", caller)
    twin.twin.calls.enter("personas-1", twin.twin.calls.add("+525512345679", SERVICE, "inbound"))
    queues = f"{twin.url}/2010-04-01/Accounts/{ACCOUNT}/Queues"
    one = f"{queues}/{queue.sid}"
    with requests.Session() as session:
        session.auth, session.trust_env = (ACCOUNT, TOKEN), False
        member = f"{one}/Members/{caller.sid}.json"
        exchanges += [session.get(each) for each in (f"{queues}.json", f"{one}.json", f"{one}/Members.json", member)]
        exchanges += [session.get(f"{one}/Members/Front.json")]
        given = {"Url": f"{address}/taken", "Method": "POST"}
        exchanges += [session.post(member, data=given), session.post(f"{one}/Members/Front.json", data=given)]
        assert session.post(member, data=given).status_code == 404  # only the first request succeeds
    calls.remove_queue(queue.sid)
    calls.close()
    assert twin.twin.calls.queue("personas-1") is None
    assert [each.status_code for each in exchanges] == [201, 200, 201, 200, *[200] * 7, 204]
    fields = description("queues")["components"]["schemas"]
    for exchange in exchanges:
        api = at(twin.url, "queues" if "/Queues" in str(exchange.url) else "calls")
        api.validate_request(RequestsOpenAPIRequest(exchange.request))
        api.validate_response(RequestsOpenAPIRequest(exchange.request), RequestsOpenAPIResponse(exchange))
        if "/Queues" not in str(exchange.url) or exchange.status_code == 204:
            continue
        kind = "api.v2010.account.queue.member" if "/Members" in str(exchange.url) else "api.v2010.account.queue"
        shown = exchange.json()
        for each in shown.get("queues", shown.get("queue_members", [shown])):
            assert set(each) - {"subresource_uris"} == set(fields[kind]["properties"]) - {"subresource_uris"}


@pytest.mark.parametrize("name", ["messages", "content", "messaging", "calls", "queues"])
def test_the_description_names_its_source_and_licence(name: str):
    notice = " ".join(description(name)["x-notice"])
    assert "twilio-oai" in notice
    assert "MIT" in notice
