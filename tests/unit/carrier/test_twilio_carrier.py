from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest

from bot.core.delivery import CarrierUnavailable, Outgoing
from channels.twilio import TwilioCarrier
from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import OTHER_PHONE, PHONE, SERVICE, carrier_to

HELLO = Outgoing("sms", "¿Qué trámite necesita? €5")
CALLBACK = "http://127.0.0.1:9/channels/sms/status"
MG = "MG" + "0123456789abcdef" * 2


def posts(control: httpx.Client) -> list[dict[str, str]]:
    return [r["params"] for r in control.get("/twin/requests").json() if r["method"] == "POST"]


def send(carrier: TwilioCarrier, text: str = HELLO.text, to: str = PHONE, delivery_id: str = "d1") -> str:
    return carrier.send(to, Outgoing("sms", text), delivery_id=delivery_id, status_callback="")


def now() -> datetime:
    return datetime.now(timezone.utc)


def test_a_message_goes_out_with_its_number_text_and_callback(carrier: TwilioCarrier, control: httpx.Client):
    sid = carrier.send(PHONE, HELLO, delivery_id="d 1/ñ", status_callback=CALLBACK)
    assert sid.startswith("SM")
    assert len(sid) == 34
    (params,) = posts(control)
    assert params["To"] == PHONE
    assert params["From"] == SERVICE
    assert params["Body"] == HELLO.text
    assert parse_qs(urlsplit(params["StatusCallback"]).query) == {"delivery": ["d 1/ñ"]}
    assert set(params) == {"To", "From", "Body", "StatusCallback"}


@pytest.mark.parametrize(
    ("callback", "query"),
    [
        (CALLBACK + "?delivery=mine", {"delivery": ["mine"]}),
        (CALLBACK + "?a=b", {"a": ["b"], "delivery": ["d1"]}),
    ],
)
def test_the_callbacks_own_query_is_kept(carrier: TwilioCarrier, control: httpx.Client, callback: str, query: object):
    carrier.send(PHONE, HELLO, delivery_id="d1", status_callback=callback)
    assert parse_qs(urlsplit(posts(control)[0]["StatusCallback"]).query) == query


def test_a_messaging_service_replaces_the_number(twin: TwinServer, control: httpx.Client):
    with carrier_to(twin.url, messaging_service_sid=MG, validity_period=600) as carrier:
        sid = send(carrier)
        (params,) = posts(control)
        assert params == {"To": PHONE, "Body": HELLO.text, "MessagingServiceSid": MG, "ValidityPeriod": "600"}
        assert carrier.find_sent(PHONE, HELLO.text, now() - timedelta(minutes=1)) == sid


def test_nothing_is_found_that_was_not_sent(carrier: TwilioCarrier):
    since = now()
    assert carrier.find_sent(PHONE, HELLO.text, since) is None
    sid = send(carrier)
    assert carrier.find_sent(PHONE, "otra cosa", since) is None
    assert carrier.find_sent(OTHER_PHONE, HELLO.text, since) is None
    assert carrier.find_sent(PHONE, HELLO.text, since + timedelta(minutes=5)) is None
    assert carrier.find_sent(PHONE, HELLO.text, since) == sid


def test_a_local_time_is_asked_for_in_gmt(carrier: TwilioCarrier, control: httpx.Client):
    since = now().astimezone(ZoneInfo("America/Mexico_City"))
    sid = send(carrier)
    assert carrier.find_sent(PHONE, HELLO.text, since) == sid
    lists = [r["params"] for r in control.get("/twin/requests").json() if r["method"] == "GET"]
    asked = datetime.fromisoformat(lists[0]["DateSent>"].replace("Z", "+00:00"))
    assert timedelta(0) <= since - asked < timedelta(seconds=10)


def test_the_same_words_sent_before_are_not_taken_for_these(carrier: TwilioCarrier):
    since = now()
    first = send(carrier)
    assert carrier.find_sent(PHONE, HELLO.text, since) == first
    assert carrier.find_sent(PHONE, HELLO.text, since, known={first}) is None
    second = send(carrier)
    assert carrier.find_sent(PHONE, HELLO.text, since, known={first}) == second


def test_a_message_that_still_waits_in_the_queue_is_found(twin: TwinServer, carrier: TwilioCarrier):
    since = now()
    sid = send(carrier)
    assert twin.webhooks.idle(10)
    twin.twin.update(sid, status="queued", sent=None)
    assert carrier.find_sent(PHONE, HELLO.text, since) == sid


def test_what_the_person_sent_is_not_taken_for_ours(twin: TwinServer, carrier: TwilioCarrier):
    since = now()
    twin.twin.add("inbound", SERVICE, PHONE, HELLO.text, status="received")
    assert carrier.find_sent(PHONE, HELLO.text, since) is None


@pytest.mark.parametrize("fault", ["hang_after_accept", "drop_after_accept", "500_after_accept"])
def test_a_message_whose_answer_was_lost_is_found_and_not_sent_twice(
    twin: TwinServer, control: httpx.Client, fault: str
):
    control.post("/twin/faults", json=[{"fault": fault, "match": {"to": PHONE}}])
    with carrier_to(twin.url, read_timeout=0.5) as carrier:
        since = now()
        with pytest.raises(CarrierUnavailable):
            send(carrier)
        found = carrier.find_sent(PHONE, HELLO.text, since)
        phone = control.get(f"/twin/phones/{PHONE}/messages").json()["messages"]
        assert [message["sid"] for message in phone] == [found]


@pytest.mark.parametrize("fault", ["timeout", "drop", "500", "503", "429"])
def test_a_message_that_was_not_taken_is_not_found(twin: TwinServer, control: httpx.Client, fault: str):
    control.post("/twin/faults", json={"fault": fault})
    with carrier_to(twin.url, read_timeout=0.5) as carrier:
        since = now()
        begun = time.monotonic()
        with pytest.raises(Exception, match=r".") as raised:
            send(carrier)
        assert getattr(raised.value, "retryable", False)
        assert time.monotonic() - begun < 5
        assert carrier.find_sent(PHONE, HELLO.text, since) is None
        assert send(carrier) == carrier.find_sent(PHONE, HELLO.text, since)


def test_a_failed_look_is_an_error_and_not_a_no(twin: TwinServer, carrier: TwilioCarrier, control: httpx.Client):
    control.post("/twin/faults", json={"fault": "503", "on": "list"})
    with pytest.raises(CarrierUnavailable):
        carrier.find_sent(PHONE, HELLO.text, now())


def test_many_threads_share_one_carrier(carrier: TwilioCarrier):
    with ThreadPoolExecutor(12) as pool:
        sids = set(pool.map(lambda i: send(carrier, f"mensaje {i}"), range(60)))
    assert len(sids) == 60
