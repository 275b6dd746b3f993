from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from werkzeug.wrappers import Response

from bot.core.delivery import DeliveryError, OptedOut, Outgoing
from channels.twilio import TwilioCarrier
from channels.twin.server import TwinServer
from channels.twin.state import TwinConfig
from channels.twin.webhooks import Overrides, TwimlError, twiml_messages
from tests.unit.carrier.carrier_support import (
    ACCOUNT,
    DEADLINE,
    OTHER_PHONE,
    PHONE,
    SERVICE,
    TOKEN,
    Call,
    Gateway,
    carrier_to,
    twin_for,
)

# A request that Twilio documents, and one captured in a public repository, have these fields (in no promised order).
FIELDS = {
    "ToCountry", "ToState", "SmsMessageSid", "NumMedia", "ToCity", "FromZip", "SmsSid", "FromState", "SmsStatus",
    "FromCity", "Body", "FromCountry", "To", "ToZip", "NumSegments", "MessageSid", "AccountSid", "From", "ApiVersion",
}  # fmt: skip


def phone_sends(control: httpx.Client, number: str = PHONE, **given: object) -> dict[str, object]:
    answer = control.post(f"/twin/phones/{number}/messages", json={"wait": DEADLINE, **given})
    assert answer.status_code == 202, answer.text
    sent: dict[str, object] = answer.json()
    return sent


def send(carrier: TwilioCarrier, gateway: Gateway, text: str = "hola", to: str = PHONE) -> str:
    return carrier.send(
        to, Outgoing("sms", text), delivery_id="d1", status_callback=f"{gateway.url}/channels/sms/status"
    )


def statuses(calls: list[Call]) -> list[str]:
    return [call.form["MessageStatus"] for call in calls]


def is_status(call: Call) -> bool:
    return "/status" in call.url


def test_a_phones_message_arrives_signed_and_with_twilios_fields(gateway: Gateway, control: httpx.Client):
    sent = phone_sends(control, body="Se murió mi papá ñ")
    (call,) = gateway.wait_for(1)
    assert call.signed
    assert set(call.form) == FIELDS
    assert call.form["Body"] == "Se murió mi papá ñ"
    assert call.form["From"] == PHONE
    assert call.form["To"] == SERVICE
    assert call.form["FromCountry"] == "MX"
    assert call.form["AccountSid"] == ACCOUNT
    assert call.form["MessageSid"] == call.form["SmsSid"] == call.form["SmsMessageSid"] == sent["sid"]
    assert call.headers["Content-Type"].startswith("application/x-www-form-urlencoded")
    assert call.headers["I-Twilio-Idempotency-Token"]
    assert sent["webhooks"] == [{"status": 200, "attempts": 1, "error": None}]


def test_an_empty_message_keeps_its_blank_field(gateway: Gateway, control: httpx.Client):
    phone_sends(control, body="")
    (call,) = gateway.wait_for(1)
    assert call.signed
    assert call.form["Body"] == ""


def test_fields_may_be_added_without_notice(gateway: Gateway, control: httpx.Client):
    phone_sends(control, body="foto", fields={"NumMedia": "1", "MediaUrl0": "http://127.0.0.1/x", "NewField": "ñ"})
    (call,) = gateway.wait_for(1)
    assert call.signed
    assert call.form["NumMedia"] == "1"
    assert call.form["NewField"] == "ñ"


def test_the_messages_of_one_phone_arrive_in_order_and_one_at_a_time(gateway: Gateway, control: httpx.Client):
    under_way: list[str] = []
    overlaps: list[str] = []
    lock = threading.Lock()

    def answer(call: Call) -> Response:
        with lock:
            overlaps.extend(under_way)
            under_way.append(call.form["Body"])
        with lock:
            under_way.remove(call.form["Body"])
        return Response("<Response/>", mimetype="text/xml")

    gateway.answer = answer
    for index in range(30):
        control.post(f"/twin/phones/{PHONE}/messages", json={"body": str(index)})
    calls = gateway.wait_for(30)
    assert [call.form["Body"] for call in calls] == [str(index) for index in range(30)]
    assert overlaps == []


def test_a_slow_answer_to_one_phone_does_not_hold_up_another(gateway: Gateway, control: httpx.Client):
    release = threading.Event()

    def answer(call: Call) -> Response:
        if call.form["From"] == PHONE:
            release.wait(DEADLINE)
        return Response("<Response/>", mimetype="text/xml")

    gateway.answer = answer
    control.post(f"/twin/phones/{PHONE}/messages", json={"body": "lento"})
    sent = phone_sends(control, OTHER_PHONE, body="rápido")
    assert sent["webhooks"] == [{"status": 200, "attempts": 1, "error": None}]
    release.set()


@pytest.mark.parametrize("parallel", [False, True])
def test_one_message_can_arrive_many_times(gateway: Gateway, control: httpx.Client, parallel: bool):
    together = threading.Barrier(32)

    def answer(call: Call) -> Response:
        if parallel:
            together.wait(DEADLINE)  # only passes when all 32 are there at once
        return Response("<Response/>", mimetype="text/xml")

    gateway.answer = answer
    sent = phone_sends(control, body="hola", repeat=32, parallel=parallel)
    calls = gateway.wait_for(32)
    assert len(calls) == 32
    assert all(call.signed for call in calls)
    assert {call.form["MessageSid"] for call in calls} == {sent["sid"]}
    assert len({call.headers["I-Twilio-Idempotency-Token"] for call in calls}) == 1
    assert {w["status"] for w in sent["webhooks"]} == {200}  # type: ignore[attr-defined]
    assert len(control.get(f"/twin/phones/{PHONE}/messages?all=1").json()["messages"]) == 1


def test_the_same_sid_given_twice_is_the_same_message(gateway: Gateway, control: httpx.Client):
    sid = "SM" + "1" * 32
    phone_sends(control, body="hola", sid=sid)
    phone_sends(control, body="hola", sid=sid)
    assert [call.form["MessageSid"] for call in gateway.wait_for(2)] == [sid, sid]


def test_twiml_in_the_answer_is_a_message_to_the_phone(gateway: Gateway, control: httpx.Client):
    gateway.answer = lambda call: Response(
        "<?xml version='1.0'?><Response><Message>uno &amp; dos</Message>"
        "<Message><Body>tres</Body></Message></Response>",
        mimetype="application/xml",
    )
    sent = phone_sends(control, body="hola")
    page = control.get(f"/twin/phones/{PHONE}/messages", params={"after": sent["seq"]}).json()
    assert [(m["body"], m["direction"]) for m in page["messages"]] == [
        ("uno & dos", "outbound-reply"),
        ("tres", "outbound-reply"),
    ]


@pytest.mark.parametrize(
    ("body", "kind", "texts"),
    [
        (b"", "application/json", []),
        (b"<Response/>", "text/xml; charset=utf-8", []),
        (b"<Response><Message/></Response>", "text/xml", []),
        ("sí".encode(), "text/plain", ["sí"]),
    ],
)
def test_what_twilio_reads_in_an_answer(body: bytes, kind: str, texts: list[str]):
    assert twiml_messages(body, kind) == texts


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [(b"{}", "application/json", 12300), (b"<Response>", "text/xml", 12100), (b"<html/>", "text/html", 12100)],
)
def test_what_twilio_cannot_read_in_an_answer(body: bytes, kind: str, code: int):
    with pytest.raises(TwimlError) as raised:
        twiml_messages(body, kind)
    assert raised.value.code == code


def test_a_refusing_gateway_is_seen_and_not_called_again(gateway: Gateway, control: httpx.Client):
    gateway.answer = lambda call: Response("no", status=503)
    sent = phone_sends(control, body="hola")
    assert sent["webhooks"] == [{"status": 503, "attempts": 1, "error": 11200}]
    (record,) = control.get("/twin/webhooks").json()
    assert (record["kind"], record["status"], record["error"]) == ("inbound", 503, 11200)


def test_a_server_error_is_retried_when_the_address_asks_for_it(gateway: Gateway):
    gateway.answer = lambda call: Response(
        "<Response/>", mimetype="text/xml", status=200 if len(gateway.calls) > 2 else 500
    )
    with twin_for(gateway, "#rc=3&rp=all") as server, httpx.Client(base_url=server.url, trust_env=False) as control:
        sent = phone_sends(control, body="hola")
    assert sent["webhooks"] == [{"status": 200, "attempts": 3, "error": None}]
    assert len({call.headers["I-Twilio-Idempotency-Token"] for call in gateway.calls}) == 1
    assert all(call.signed for call in gateway.calls)


@pytest.mark.parametrize(("fragment", "attempts"), [("", 2), ("#rc=0", 1), ("#rc=3&rp=ct", 4)])
def test_a_gateway_that_is_down_is_tried_again(fragment: str, attempts: int):
    config = TwinConfig(ACCOUNT, TOKEN, f"http://127.0.0.1:9/inbound{fragment}")
    with TwinServer(config) as server, httpx.Client(base_url=server.url, trust_env=False, timeout=20) as control:
        assert phone_sends(control, body="hola")["webhooks"] == [{"status": None, "attempts": attempts, "error": 11205}]


def test_overrides_have_twilios_defaults_and_limits():
    assert Overrides.of("http://h/p?q=1") == ("http://h/p?q=1", Overrides())
    plain, given = Overrides.of("http://h/p?q=1#ct=1&rt=99999&tt=2000&rc=9&rp=4xx,5xx")
    assert plain == "http://h/p?q=1"
    assert given == Overrides(0.1, 15.0, 2.0, 5, frozenset({"4xx", "5xx"}))
    with pytest.raises(ValueError, match="int"):
        TwinServer(TwinConfig(ACCOUNT, TOKEN, "http://h/#rc=muchos"))


def test_a_delivery_is_followed_by_signed_callbacks(gateway: Gateway, carrier: TwilioCarrier):
    sid = send(carrier, gateway)
    calls = gateway.wait_for(3, is_status)
    assert statuses(calls) == ["queued", "sent", "delivered"]
    for call in calls:
        assert call.signed
        assert call.url.endswith("?delivery=d1")
        assert call.form["MessageSid"] == call.form["SmsSid"] == sid
        assert call.form["SmsStatus"] == call.form["MessageStatus"]
        assert call.form["To"] == PHONE
        assert call.form["From"] == SERVICE
        assert call.form["AccountSid"] == ACCOUNT
        assert call.form["ApiVersion"] == "2010-04-01"
        assert "ErrorCode" not in call.form
    assert len(calls[-1].form["RawDlrDoneDate"]) == 10


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("30003", ["queued", "sent", "undelivered"]),
        ("30008", ["queued", "sent", "undelivered"]),
        ("30001", ["queued", "failed"]),
    ],
)
def test_a_carriers_failure_comes_in_the_last_callback(
    gateway: Gateway, carrier: TwilioCarrier, control: httpx.Client, code: str, words: list[str]
):
    control.post("/twin/faults", json={"fault": code, "match": {"to": PHONE}})
    send(carrier, gateway)
    calls = gateway.wait_for(len(words), is_status)
    assert statuses(calls) == words
    assert calls[-1].form["ErrorCode"] == code
    assert control.get(f"/twin/phones/{PHONE}/messages").json()["messages"] == []


def test_callbacks_can_be_repeated_and_out_of_order(gateway: Gateway, carrier: TwilioCarrier, control: httpx.Client):
    mode = control.post("/twin/callbacks", json={"repeat": 2, "shuffle": True, "delay": 0.01})
    assert mode.json() == {"repeat": 2, "shuffle": True, "delay": 0.01}
    send(carrier, gateway)
    calls = gateway.wait_for(6, is_status)
    assert statuses(calls) == ["delivered", "delivered", "sent", "sent", "queued", "queued"]
    assert all(call.signed for call in calls)


def test_a_messaging_service_is_named_and_assigns_the_sender_later(gateway: Gateway):
    service = "MG" + "a" * 32
    with (
        twin_for(gateway, messaging_service_sid=service) as server,
        carrier_to(server.url, messaging_service_sid=service) as carrier,
        httpx.Client(base_url=server.url, trust_env=False, timeout=20) as control,
    ):
        send(carrier, gateway)
        phone_sends(control, body="hola")
        call = gateway.wait_for(3, is_status)[-1]
        assert call.form["MessagingServiceSid"] == service
        assert call.form["From"] == SERVICE
        (inbound,) = gateway.wait_for(1, lambda call: "Body" in call.form)
        assert inbound.form["MessagingServiceSid"] == service


def test_opt_out_is_ours_by_default(gateway: Gateway, carrier: TwilioCarrier, control: httpx.Client):
    phone_sends(control, body="STOP")
    assert "OptOutType" not in gateway.wait_for(1)[0].form
    assert send(carrier, gateway)


def test_opt_out_handled_by_twilio_blocks_until_start(gateway: Gateway):
    with (
        twin_for(gateway, handles_opt_out=True) as server,
        carrier_to(server.url) as carrier,
        httpx.Client(base_url=server.url, trust_env=False, timeout=20) as control,
    ):
        phone_sends(control, body="quiero que pare stop")
        assert send(carrier, gateway)
        phone_sends(control, body=" Stop ")
        with pytest.raises(OptedOut):
            send(carrier, gateway)
        assert send(carrier, gateway, to=OTHER_PHONE)
        phone_sends(control, body="HELP")
        with pytest.raises(DeliveryError):
            send(carrier, gateway)
        phone_sends(control, body="START")
        assert send(carrier, gateway)
        kinds = [c.form.get("OptOutType") for c in gateway.calls if "Body" in c.form]
        assert kinds == [None, "STOP", "HELP", "START"]


def test_reset_forgets_what_waits(gateway: Gateway, control: httpx.Client):
    release = threading.Event()
    gateway.answer = lambda call: Response(status=204 if release.wait(DEADLINE) else 500)
    for index in range(5):
        control.post(f"/twin/phones/{PHONE}/messages", json={"body": str(index)})
    gateway.wait_for(1)
    control.delete("/twin/state").raise_for_status()
    release.set()
    sent = phone_sends(control, body="después")
    assert sent["webhooks"] == [{"status": 204, "attempts": 1, "error": None}]
    assert [call.form["Body"] for call in gateway.calls] == ["0", "después"]
    assert sent["seq"] == 6  # the numbering goes on, so that a reader's place stays right


def test_a_stopped_twin_answers_no_more(gateway: Gateway):
    with httpx.Client(trust_env=False) as client:
        with twin_for(gateway) as server:
            assert client.get(f"{server.url}/twin/health").status_code == 200
        with pytest.raises(httpx.HTTPError):
            client.get(f"{server.url}/twin/health")


def test_hundreds_of_messages_at_once_are_all_followed(gateway: Gateway, carrier: TwilioCarrier):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda i: send(carrier, gateway, to=f"+5255123400{i:02d}"), range(100)))
    calls = gateway.wait_for(300, is_status)
    assert statuses(calls).count("delivered") == 100
