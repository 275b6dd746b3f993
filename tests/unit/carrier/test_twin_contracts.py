from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from channels.twin.contracts import Contracts
from tests.unit.carrier.carrier_support import ACCOUNT, PHONE, SERVICE, TOKEN, Gateway, twin_for

FOLDER = Path(__file__).parents[2] / "contracts"
MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
SID = "SM" + "0123456789abcdef" * 2
CONTENT = {
    "friendly_name": "a",
    "language": "es_MX",
    "variables": {"1": "x"},
    "types": {"twilio/text": {"body": "Hola {{1}}"}},
}


@pytest.fixture
def strict(gateway: Gateway) -> Iterator[httpx.Client]:
    with (
        twin_for(gateway, contracts=FOLDER) as server,
        httpx.Client(base_url=server.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20) as client,
    ):
        yield client


def violations(client: httpx.Client) -> list[dict[str, str]]:
    found: list[dict[str, str]] = client.get("/twin/violations").json()
    return found


def test_what_twilio_describes_is_no_violation(strict: httpx.Client):
    message = {"To": PHONE, "From": SERVICE, "Body": "hola ñ", "StatusCallback": "http://a.example/x?delivery=1"}
    strict.post(f"{MESSAGES}.json", data=message)
    strict.get(f"{MESSAGES}.json", params={"To": PHONE, "DateSent>": "2026-11-22T00:00:00Z", "PageSize": 100})
    strict.get(f"{MESSAGES}/{SID}.json")
    created = strict.post("/v1/Content", json=CONTENT).json()["sid"]
    strict.get("/v1/ContentAndApprovals?PageSize=500")
    strict.post(f"/v1/Content/{created}/ApprovalRequests/whatsapp", json={"name": "a", "category": "UTILITY"})
    strict.post("/v3/Indicators/Typing.json", json={"channel": "WHATSAPP", "messageId": SID})
    strict.post(f"{MESSAGES}.json", data={**message, "ContentSid": created, "ContentVariables": '{"1": "Ana"}'})
    strict.delete(f"/v1/Content/{created}")
    assert violations(strict) == []


@pytest.mark.parametrize(
    ("path", "given", "told"),
    [
        (f"{MESSAGES}.json", {"data": {"Body": "hola"}}, "To"),
        (f"{MESSAGES}.json", {"data": {"To": PHONE, "Text": "hola"}}, "Text"),
        (f"{MESSAGES}.json", {"data": {"To": PHONE, "ContentSid": "HX1"}}, "ContentSid"),
        ("/v1/Content", {"json": {"friendly_name": "a"}}, "language"),
        ("/v1/Content", {"json": {**CONTENT, "name": "a"}}, "name"),
        ("/v1/Content", {"json": {**CONTENT, "types": {"twilio/text": {"text": "a"}}}}, "twilio/text"),
        ("/v3/Indicators/Typing.json", {"data": {"channel": "WHATSAPP", "messageId": SID}}, ""),
        ("/v3/Indicators/Typing.json", {"json": {"channel": "whatsapp", "messageId": SID}}, "channel"),
    ],
)
def test_what_twilio_does_not_describe_is_told_without_its_values(
    strict: httpx.Client, path: str, given: dict[str, object], told: str
):
    strict.post(path, **given)  # type: ignore[arg-type]
    (violation,) = violations(strict)
    assert violation["path"] == path
    assert told in violation["problem"]
    assert PHONE[1:] not in violation["problem"]
    assert "hola" not in violation["problem"]


def test_a_request_without_credentials_is_a_violation_too(strict: httpx.Client):
    httpx.post(f"{strict.base_url}{MESSAGES}.json".replace("//2010", "/2010"), data={"To": PHONE}, trust_env=False)
    assert len(violations(strict)) == 1


def test_a_folder_without_descriptions_is_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="twilio_"):
        Contracts(tmp_path)
