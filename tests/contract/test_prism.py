"""Every kind of request that the product sends to Twilio, against Prism serving Twilio's own OpenAPI descriptions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import requests

from bot.core.delivery import Outgoing
from bot.core.interactive import Button, Buttons, Interactive, ListItem, ListPicker, LocationRequest, Template
from channels.twilio import ContentApi, TwilioCalls, TwilioCarrier, WhatsAppCarrier
from channels.whatsapp.contents import Definition, buttons
from channels.whatsapp.templates import load_templates
from tests.contract.prism import OF_A_SHAPE, ROOT, replayed, serving, shapes
from tests.contract.prism import installed as is_installed

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"
SERVICE = "+525500000000"
PHONE = "+525512345678"
MG = "MG" + "0123456789abcdef" * 2
CALLBACK = "https://ventanilla.example/channels/sms/status"
TEMPLATES = ROOT / "data" / "whatsapp" / "templates.yml"

pytestmark = pytest.mark.skipif(
    not is_installed(),
    reason="Prism comes with npm (scripts/test_packages.sh); tests/contract/test_twin_contract.py checks without it",
)


@pytest.fixture(scope="module")
def prism() -> Iterator[str]:
    """Prism on loopback: it refuses what the descriptions do not allow, and answers what they promise."""
    with serving() as url:
        yield url


class Book:
    """Remembers contents, as SQL does."""

    def __init__(self) -> None:
        self.sids: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        return self.sids.get(name)

    def keep(self, name: str, sid: str) -> None:
        self.sids[name] = sid

    def forget(self, name: str) -> None:
        del self.sids[name]


class Exchanges(list[requests.Response]):
    """Every exchange with Prism."""

    def of(self, *sessions: requests.Session) -> Exchanges:
        for session in sessions:
            session.hooks["response"].append(lambda response, *a, **k: self.append(response))
        return self

    def check(self, *expected: tuple[str, str]) -> None:
        """All went well, and these (method, end of the path) were among them."""
        assert self
        for each in self:
            told = f"{each.request.method} {each.request.path_url}: {each.status_code} {each.text[:600]}"
            assert each.status_code in (200, 201, 204), told
            assert "sl-violations" not in each.headers, told
        seen = [(each.request.method, str(each.request.path_url).partition("?")[0]) for each in self]
        for method, end in expected:
            assert any(m == method and path.endswith(end) for m, path in seen), (method, end, seen)


@pytest.mark.parametrize(
    "more", [{"sender": SERVICE}, {"messaging_service_sid": MG}, {"sender": SERVICE, "validity_period": 60}]
)
def test_sms(prism: str, more: Mapping[str, Any]):
    carrier = TwilioCarrier(ACCOUNT, TOKEN, api_url=prism, **more)
    exchanges = Exchanges().of(carrier._http._session)
    sid = carrier.send(PHONE, Outgoing("sms", "¿Dónde vive?\n1) Oaxaca"), delivery_id="d1", status_callback=CALLBACK)
    assert sid
    carrier.find_sent(PHONE, "¿Dónde vive?", datetime.now(timezone.utc) - timedelta(minutes=1))
    carrier.close()
    exchanges.check(("POST", "/Messages.json"), ("GET", "/Messages.json"))


OPTIONS = tuple(ListItem(f"id{i}", f"Opción {i}", f"La opción número {i}") for i in range(10))
SHOWN: dict[str, Interactive | None] = {
    "text": None,
    "a button": Buttons((Button("MORE", "Ver más"),)),
    "three buttons": Buttons(tuple(Button(f"id{i}", f"Botón {i}") for i in range(3))),
    "a list of one": ListPicker("Ver", OPTIONS[:1]),
    "a list of ten": ListPicker("Ver opciones", OPTIONS),
    "a position": LocationRequest(),
}


@pytest.mark.parametrize("shown", SHOWN)
def test_whatsapp(prism: str, shown: str):
    book = Book()
    templates = load_templates(TEMPLATES)
    carrier = WhatsAppCarrier(ACCOUNT, TOKEN, sender=SERVICE, contents=book, templates=templates, api_url=prism)
    exchanges = Exchanges().of(carrier._http._session, carrier._aside._session)
    outgoing = Outgoing("whatsapp", "*Acta de nacimiento*\n¿Dónde?\n1) Oaxaca", interactive=SHOWN[shown])
    sid = carrier.send(f"whatsapp:{PHONE}", outgoing, delivery_id="d1", status_callback=CALLBACK)
    assert sid
    carrier.find_sent(f"whatsapp:{PHONE}", outgoing.text, datetime.now(timezone.utc) - timedelta(minutes=1))
    carrier.show_typing("SM" + "0123456789abcdef" * 2)
    carrier.close()
    made = [("POST", "/v1/Content")] if isinstance(SHOWN[shown], (Buttons, ListPicker)) else []
    assert bool(book.sids) == bool(made)
    exchanges.check(
        ("POST", "/Messages.json"), ("GET", "/Messages.json"), ("POST", "/v3/Indicators/Typing.json"), *made
    )


def test_templates(prism: str):
    templates = load_templates(TEMPLATES)
    assert templates
    book = Book()
    carrier = WhatsAppCarrier(ACCOUNT, TOKEN, sender=SERVICE, contents=book, templates=templates, api_url=prism)
    exchanges = Exchanges().of(carrier._http._session, carrier._aside._session)
    api = ContentApi(carrier._side_client)
    for name, definition in templates.items():
        assert isinstance(definition, Definition)
        sid = api.create(definition)
        api.submit(sid, definition.name, definition.category)
        book.keep(definition.name, sid)
        outgoing = Outgoing("whatsapp", "lo mismo", interactive=Template(name, dict(definition.variables)))
        assert carrier.send(PHONE, outgoing, delivery_id="d1", status_callback=CALLBACK)
    carrier.close()
    exchanges.check(("POST", "/v1/Content"), ("POST", "/ApprovalRequests/whatsapp"), ("POST", "/Messages.json"))


def test_contents_are_listed_and_deleted(prism: str):
    carrier = WhatsAppCarrier(ACCOUNT, TOKEN, sender=SERVICE, contents=Book(), templates={}, api_url=prism)
    exchanges = Exchanges().of(carrier._aside._session)
    api = ContentApi(carrier._side_client)
    sid = api.create(buttons(1, 1))
    api.delete(sid)
    api.ours()
    carrier.close()
    exchanges.check(("POST", "/v1/Content"), ("DELETE", sid), ("GET", "/v1/ContentAndApprovals"))


@pytest.mark.parametrize("phone", [PHONE, "sip:ana@telefonos.example.gob.mx"])
def test_calls_and_their_queues(prism: str, phone: str):
    calls = TwilioCalls(ACCOUNT, TOKEN, sender=SERVICE, api_url=prism)
    exchanges = Exchanges().of(calls._http._session)
    url = "https://ventanilla.example/channels/voice"
    about = {"fallback": f"{url}/fallback", "status_callback": f"{url}/agent/status?ring=1"}
    assert calls.call(PHONE, url=f"{url}/inbound?callback=1", **about)
    assert calls.ring(phone, url=f"{url}/agent?ring=1", seconds=25, **about)
    sid, queue = "CA" + "0123456789abcdef" * 2, "QU" + "0123456789abcdef" * 2
    calls.hang_up(sid)
    calls.say(sid, "<Response><Hangup/></Response>")
    calls.remove_queue(queue)
    calls.close()
    exchanges.check(("POST", "/Calls.json"), ("POST", f"/Calls/{sid}.json"), ("DELETE", f"/Queues/{queue}.json"))


def test_prism_itself_refuses_what_is_wrong(prism: str):
    """Guards the tests above: a server that takes everything would prove nothing."""
    messages = f"{prism}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (ACCOUNT, TOKEN)
        assert session.post(messages, data={"Body": "sin destinatario"}).status_code == 422
        wrong = {"To": PHONE, "Body": "x", "MessagingServiceSid": "MG1"}
        assert session.post(messages, data=wrong).status_code == 422
        assert session.post(f"{prism}/v1/Content", json={"friendly_name": "sin tipos"}).status_code == 422
        assert session.post(f"{prism}/v3/Indicators/Typing.json", json={"channel": "SMS"}).status_code == 422
        session.auth = None
        assert session.post(messages, data={"To": PHONE, "Body": "x"}).status_code == 401


def test_what_a_system_sent_is_sent_again(prism: str):
    """Guards the check at the end of a run (tests/conftest.py)."""
    messages = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    good = {"method": "POST", "path": messages, "params": {"To": PHONE, "From": SERVICE, "Body": "x"}}
    listed = {"method": "GET", "path": messages, "params": {"To": PHONE, "PageSize": "100"}}
    typing = {"method": "POST", "path": "/v3/Indicators/Typing.json",
              "params": {"channel": "WHATSAPP", "messageId": "SM" + "0" * 32}}  # fmt: skip
    assert replayed(prism, [good, listed, typing]) == []
    wrong = {**good, "params": {"To": PHONE, "Body": "x", "MessagingServiceSid": "MG1"}}
    (refused,) = replayed(prism, [wrong])
    assert PHONE not in refused
    assert len(shapes([good] * 20 + [listed])) == OF_A_SHAPE + 1
