from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import ACCOUNT, PHONE, SERVICE, TOKEN, Gateway, twin_for

TEXT = {"friendly_name": "a", "language": "es_MX", "types": {"twilio/text": {"body": "Hola {{1}}"}}}


def quick(*actions: dict[str, Any], body: str = "¿Cuál?") -> dict[str, Any]:
    return {"language": "es_MX", "types": {"twilio/quick-reply": {"body": body, "actions": list(actions)}}}


def listing(*items: dict[str, Any], button: str = "Ver") -> dict[str, Any]:
    shape = {"body": "¿Cuál?", "button": button, "items": list(items)}
    return {"language": "es_MX", "types": {"twilio/list-picker": shape}}


@pytest.fixture
def api(twin: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20) as client:
        yield client


def test_a_content_is_created_fetched_changed_and_deleted(api: httpx.Client):
    created = api.post("/v1/Content", json=TEXT)
    assert created.status_code == 201
    sid = created.json()["sid"]
    assert api.get(f"/v1/Content/{sid}").json() == created.json()
    changed = api.put(f"/v1/Content/{sid}", json={**TEXT, "friendly_name": "b"})
    assert (changed.json()["sid"], changed.json()["friendly_name"]) == (sid, "b")
    assert api.delete(f"/v1/Content/{sid}").status_code == 204
    for answer in (
        api.get(f"/v1/Content/{sid}"),
        api.delete(f"/v1/Content/{sid}"),
        api.put(f"/v1/Content/{sid}", json=TEXT),
        api.get(f"/v1/Content/{sid}/ApprovalRequests"),
        api.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json={"name": "a", "category": "UTILITY"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
    assert api.get("/v1/Content").json()["contents"] == []


@pytest.mark.parametrize(
    "content",
    [
        [],
        {},
        {"language": "es_MX"},
        {"language": "es_MX", "types": {}},
        {"types": TEXT["types"]},
        {"language": "español", "types": TEXT["types"]},
        {"language": "es_MX", "types": {"whatsapp/location-request": {"body": "¿Dónde?"}}},
        {"language": "es_MX", "types": {"twilio/text": {"body": ""}}},
        {"language": "es_MX", "types": {"twilio/text": {"body": "{{id name}}"}}},
        {"language": "es_MX", "types": {"twilio/location": {"latitude": "x"}}},
        {"language": "es_MX", "types": {"twilio/media": {"media": "x"}}},
        {**TEXT, "variables": {"1": 3}},
        {**TEXT, "variables": {"a b": "x"}},
        {**TEXT, "variables": {str(i): "x" for i in range(101)}},
        quick(),
        quick({"title": "a" * 21}),
        quick({"id": "a"}),
        quick(*[{"title": str(i)} for i in range(11)]),
        listing(),
        listing({"id": "a", "item": "a" * 25}),
        listing({"id": "a" * 201, "item": "a"}),
        listing({"id": "a", "item": "a", "description": "a" * 73}),
        listing({"item": "a"}),
        listing({"id": "a", "item": "a"}, button="a" * 21),
        listing(*[{"id": str(i), "item": str(i)} for i in range(11)]),
    ],
)
def test_what_no_channel_could_show_is_refused(api: httpx.Client, content: object):
    answer = api.post("/v1/Content", json=content)
    assert answer.status_code == 400
    assert answer.json()["code"] == 20001
    assert api.get("/v1/Content").json()["contents"] == []


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        quick({"title": "{{1}} and a title that is longer than twenty", "id": "{{2}}"}),
        quick(*[{"title": str(i), "id": str(i)} for i in range(10)]),
        listing(*[{"id": str(i), "item": "a" * 24, "description": "b" * 72} for i in range(10)]),
        {"language": "es", "types": {"twilio/location": {"latitude": 1.5, "longitude": 2}}},
    ],
)
def test_what_can_be_shown_is_taken(api: httpx.Client, content: object):
    assert api.post("/v1/Content", json=content).status_code == 201


def test_pages_follow_one_another(api: httpx.Client):
    sids = [api.post("/v1/Content", json=TEXT).json()["sid"] for _ in range(5)]
    for path in ("/v1/Content", "/v1/ContentAndApprovals"):
        seen, url = [], f"{path}?PageSize=2"
        while url:
            page = api.get(url.removeprefix("https://content.twilio.com")).json()
            seen += [content["sid"] for content in page["contents"]]
            url = page["meta"]["next_page_url"]
        assert seen == sids[::-1]
    assert api.get("/v1/Content?PageSize=0").status_code == 400


@pytest.mark.parametrize("given", [{"name": "Not Good", "category": "UTILITY"}, {"name": "a", "category": "FUN"}, {}])
def test_a_wrong_approval_request_is_refused(api: httpx.Client, given: dict[str, str]):
    sid = api.post("/v1/Content", json=TEXT).json()["sid"]
    assert api.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json=given).status_code == 400
    assert api.get(f"/v1/Content/{sid}/ApprovalRequests").json()["whatsapp"]["status"] == "unsubmitted"


def test_an_sms_takes_a_contents_text_only(api: httpx.Client):
    def sent(content: dict[str, Any]) -> httpx.Response:
        sid = api.post("/v1/Content", json=content).json()["sid"]
        form = {"To": PHONE, "From": SERVICE, "ContentSid": sid, "ContentVariables": '{"1": "Ana"}'}
        return api.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form)

    assert sent(TEXT).json()["body"] == "Hola Ana"
    assert sent(quick({"title": "a"})).json()["code"] == 21655


def test_credentials_are_checked_everywhere(twin: TwinServer):
    for path in ("/v1/Content", "/v1/ContentAndApprovals", "/v1/Services"):
        answer = httpx.get(f"{twin.url}{path}", trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert httpx.post(f"{twin.url}/v3/Indicators/Typing.json", json={}, trust_env=False).status_code == 401


def test_the_messaging_service_is_there_when_one_is_set(gateway: Gateway, api: httpx.Client):
    service = "MG" + "a" * 32
    assert api.get("/v1/Services").json()["services"] == []
    assert api.get(f"/v1/Services/{service}").status_code == 404
    with (
        twin_for(gateway, messaging_service_sid=service) as server,
        httpx.Client(base_url=server.url, auth=(ACCOUNT, TOKEN), trust_env=False) as client,
    ):
        assert [each["sid"] for each in client.get("/v1/Services").json()["services"]] == [service]
        assert client.get(f"/v1/Services/{service}").json()["sid"] == service
