from __future__ import annotations

import logging
import socket
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import httpx
import pytest
from werkzeug.wrappers import Request, Response

from bot.core.delivery import CarrierUnavailable, DeliveryError, OptedOut, Outgoing, Rejected, Throttled, Unreachable
from channels.carrier import CarrierMisconfigured
from channels.twilio import ERROR_MEANING, TwilioCarrier
from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import PHONE, answering, carrier_to

TEXT = "su cita es el martes"


def failure(carrier: TwilioCarrier, to: str = PHONE, text: str = TEXT) -> DeliveryError:
    with pytest.raises(DeliveryError) as raised:
        carrier.send(to, Outgoing("sms", text), delivery_id="d", status_callback="")
    return raised.value


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [
        ("21610", OptedOut, "21610"),
        *[(code, Unreachable, code) for code in ("21211", "21214", "21217", "21614")],
        *[(code, Rejected, code) for code in ("21219", "21408", "21606", "21612", "21617")],
        ("20429", Throttled, "20429"),
        ("429", Throttled, "20429"),
        ("21611", Throttled, "21611"),
        ("500", CarrierUnavailable, "20500"),
        ("502", CarrierUnavailable, "20503"),
        ("503", CarrierUnavailable, "20503"),
        ("504", CarrierUnavailable, "20503"),
        ("20003", CarrierMisconfigured, "20003"),
        ("20404", CarrierMisconfigured, "20404"),
        ("99999", Rejected, "99999"),
        ("drop", CarrierUnavailable, "connection_lost"),
        ("timeout", CarrierUnavailable, "timeout"),
        ("hang_after_accept", CarrierUnavailable, "timeout"),
        ("drop_after_accept", CarrierUnavailable, "connection_lost"),
        ("500_after_accept", CarrierUnavailable, "20500"),
    ],
)
def test_every_failure_becomes_an_error_with_its_own_policy(
    twin: TwinServer, control: httpx.Client, fault: str, kind: type[DeliveryError], code: str
):
    control.post("/twin/faults", json={"fault": fault}).raise_for_status()
    with carrier_to(twin.url, read_timeout=0.5) as carrier:
        error = failure(carrier)
        assert type(error) is kind
        assert error.code == code
        assert PHONE[1:] not in str(error)
        assert TEXT not in str(error)
        control.delete("/twin/faults")
        assert carrier.send(PHONE, Outgoing("sms", TEXT), delivery_id="d", status_callback="")


def test_retry_after_is_kept_in_seconds(twin: TwinServer, control: httpx.Client, carrier: TwilioCarrier):
    control.post("/twin/faults", json={"fault": "429", "retry_after": 7})
    assert failure(carrier).retry_after == 7
    control.post("/twin/faults", json={"fault": "429"})
    assert failure(carrier).retry_after is None


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        (timedelta(seconds=600), 500, 600),
        (timedelta(seconds=-600), 0, 0),
        ("-5", 0, 0),
        ("1e9", 3600, 3600),
    ],
    ids=["date to come", "date gone by", "negative", "very long"],
)
def test_retry_after_may_be_a_date_and_has_limits(header: str | timedelta, least: float, most: float):
    if isinstance(header, timedelta):
        header = format_datetime(datetime.now(timezone.utc) + header, usegmt=True)
    with (
        answering(lambda request: Response("", 429, {"Retry-After": header})) as url,
        carrier_to(url) as carrier,
    ):
        error = failure(carrier)
    assert isinstance(error, Throttled)
    assert error.code == "http_429"
    assert error.retry_after is not None
    assert least <= error.retry_after <= most


@pytest.mark.parametrize("header", ["", "soon", "nan"])
def test_an_unreadable_retry_after_is_none_of_ours_to_guess(header: str):
    with (
        answering(lambda request: Response("", 429, {"Retry-After": header})) as url,
        carrier_to(url) as carrier,
    ):
        assert failure(carrier).retry_after is None


@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        (200, "<html>a hotel's login page</html>", CarrierUnavailable, "bad_answer"),
        (201, "[]", CarrierUnavailable, "bad_answer"),
        (201, "{}", CarrierUnavailable, "bad_answer"),
        (201, '{"sid": null}', CarrierUnavailable, "bad_answer"),
        (301, "", CarrierMisconfigured, "http_301"),
        (400, "not json", Rejected, "http_400"),
        (400, '{"code": 12345678, "message": "to +525512345678"}', Rejected, "12345678"),
        (400, '["code"]', Rejected, "http_400"),
        (401, "", CarrierMisconfigured, "http_401"),
        (403, "", CarrierMisconfigured, "http_403"),
        (404, "", CarrierMisconfigured, "http_404"),
        (408, "", CarrierUnavailable, "http_408"),
        (500, "<html>", CarrierUnavailable, "http_500"),
        (503, '{"code": 77777}', CarrierUnavailable, "77777"),
    ],
)
def test_an_answer_that_is_not_twilios_is_still_an_error_of_ours(
    status: int, body: str, kind: type[DeliveryError], code: str
):
    def respond(request: Request) -> Response:
        return Response(body, status, {"Location": "http://127.0.0.1:1/"} if status == 301 else {})

    with answering(respond) as url, carrier_to(url) as carrier:
        error = failure(carrier)
    assert type(error) is kind
    assert error.code == code
    assert PHONE[1:] not in str(error)


def test_a_list_that_cannot_be_read_is_an_error():
    with (
        answering(lambda request: Response('{"a": 1, "b": 2}')) as url,
        carrier_to(url) as lost,
        pytest.raises(CarrierUnavailable, match="bad_answer"),
    ):
        lost.find_sent(PHONE, TEXT, datetime.now(timezone.utc))


def test_no_listener_is_told_apart_from_a_lost_answer():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with carrier_to(f"http://127.0.0.1:{unused.getsockname()[1]}") as carrier:
            error = failure(carrier)
    assert isinstance(error, CarrierUnavailable)
    assert error.code == "no_connection"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1", "http://", "localhost:8010", "http://[::1"])
def test_an_address_that_cannot_be_called_is_the_operators_to_correct(url: str):
    with carrier_to(url) as carrier:
        assert isinstance(failure(carrier), (CarrierMisconfigured, CarrierUnavailable))


@pytest.mark.parametrize("wrong", [{"auth_token": "other"}, {"account_sid": "AC" + "f" * 32}, {"auth_token": ""}])
def test_wrong_credentials_are_loud_and_kept(twin: TwinServer, wrong: dict[str, str], caplog: pytest.LogCaptureFixture):
    with carrier_to(twin.url, **wrong) as carrier:
        error = failure(carrier)
    assert isinstance(error, CarrierMisconfigured)
    assert error.retryable
    assert error.code == "20003"
    assert [r.levelname for r in caplog.records if r.name == "channels.twilio"] == ["ERROR"]


def test_no_log_line_holds_a_number_or_a_text(
    twin: TwinServer, control: httpx.Client, carrier: TwilioCarrier, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    carrier.send(PHONE, Outgoing("sms", TEXT), delivery_id="d", status_callback="")
    carrier.find_sent(PHONE, TEXT, datetime.now(timezone.utc))
    failure(carrier, to="+5255")
    control.post("/twin/faults", json={"fault": "21610"})
    failure(carrier)
    lines = [r.getMessage() + str(vars(r)) for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert lines
    for line in lines:
        assert PHONE[1:] not in line
        assert TEXT not in line


def test_every_code_has_a_meaning_for_operators():
    for code in ("21610", "21614", "20429", "30003", "30004", "30005", "30006", "30007", "30008", "timeout"):
        assert ERROR_MEANING[code].endswith(".")
