from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import httpx
import pytest

from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import ACCOUNT, OTHER_PHONE, PHONE, SERVICE, TOKEN, Gateway, twin_for

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
GOOD = {"To": PHONE, "From": SERVICE, "Body": "hola"}


@pytest.fixture
def api(twin: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.url, auth=(ACCOUNT, TOKEN), trust_env=False) as client:
        yield client


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"To": ""}, 21604),
        ({"From": None}, 21603),
        ({"Body": None}, 21602),
        ({"Body": ""}, 21602),
        ({"Body": "a" * 1601}, 21617),
        ({"To": "5512345678"}, 21211),
        ({"To": "+52551234"}, 21211),
        ({"To": "+52155123456789"}, 21211),
        ({"To": "ñ"}, 21211),
        ({"From": "ventanilla"}, 21212),
        ({"From": PHONE}, 21266),
        ({"From": None, "MessagingServiceSid": "MG1"}, 21705),
        ({"StatusCallback": "no address"}, 21609),
        ({"StatusCallback": "http://my_host/x"}, 21609),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
    ],
)
def test_a_wrong_message_is_refused_in_twilios_form(api: httpx.Client, changes: dict[str, str | None], code: int):
    form = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    answer = api.post(f"{MESSAGES}.json", data=form)
    assert answer.status_code == 400
    error = answer.json()
    assert set(error) == {"code", "message", "more_info", "status"}
    assert (error["code"], error["status"]) == (code, 400)
    assert error["more_info"].endswith(f"/{code}")
    assert api.get(f"{MESSAGES}.json").json()["messages"] == []


def test_the_longest_message_is_taken(api: httpx.Client):
    answer = api.post(f"{MESSAGES}.json", data={**GOOD, "Body": "a" * 1600})
    assert answer.status_code == 201
    assert answer.json()["num_segments"] == "11"


@pytest.mark.parametrize(
    ("letter", "times", "segments"), [("a", 160, "1"), ("a", 161, "2"), ("í", 70, "1"), ("í", 71, "2")]
)
def test_segments_are_counted_by_encoding(api: httpx.Client, letter: str, times: int, segments: str):
    assert api.post(f"{MESSAGES}.json", data={**GOOD, "Body": letter * times}).json()["num_segments"] == segments


@pytest.mark.parametrize("auth", [None, ("AC1", TOKEN), (ACCOUNT, "wrong"), ("ñ", "ñ")])
def test_credentials_are_checked(twin: TwinServer, auth: tuple[str, str] | None):
    answer = httpx.get(f"{twin.url}{MESSAGES}.json", auth=auth, trust_env=False)
    assert answer.status_code == 401
    assert answer.json()["code"] == 20003
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize(
    "path", [f"{MESSAGES}/SM1.json", f"/2010-04-01/Accounts/AC{'f' * 32}/Messages.json", f"{MESSAGES}x.json", "/none"]
)
def test_what_does_not_exist_is_a_404_in_json(api: httpx.Client, path: str):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == 20404


def test_the_list_is_filtered_by_number_and_date(api: httpx.Client, twin: TwinServer):
    mine = api.post(f"{MESSAGES}.json", data=GOOD).json()["sid"]
    api.post(f"{MESSAGES}.json", data={**GOOD, "To": OTHER_PHONE})
    assert twin.webhooks.idle(10)

    def listed(**params: str) -> list[str]:
        page = api.get(f"{MESSAGES}.json", params={"To": PHONE, **params})
        assert page.status_code == 200
        return [message["sid"] for message in page.json()["messages"]]

    now = datetime.now(timezone.utc)
    today, tomorrow = f"{now:%Y-%m-%d}", f"{now + timedelta(days=1):%Y-%m-%d}"
    assert listed() == listed(From=SERVICE) == listed(DateSent=today) == [mine]
    assert listed(From=OTHER_PHONE) == []
    assert listed(**{"DateSent>": today}) == listed(**{"DateSent<": tomorrow}) == [mine]
    assert listed(**{"DateSent>": tomorrow}) == []
    assert listed(**{"DateSent>": f"{now - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"}) == [mine]
    assert listed(**{"DateSent<": f"{now - timedelta(minutes=1):%Y-%m-%dT%H:%M:%SZ}"}) == []


@pytest.mark.parametrize("params", [{"PageSize": "0"}, {"PageSize": "1001"}, {"PageSize": "x"}, {"DateSent": "ayer"}])
def test_a_wrong_filter_is_refused(api: httpx.Client, twin: TwinServer, params: dict[str, str]):
    api.post(f"{MESSAGES}.json", data=GOOD)
    assert twin.webhooks.idle(10)
    assert api.get(f"{MESSAGES}.json", params=params).status_code == 400


def test_pages_follow_one_another_while_messages_arrive(api: httpx.Client):
    sids = [api.post(f"{MESSAGES}.json", data={**GOOD, "Body": str(i)}).json()["sid"] for i in range(7)]
    seen, uri = [], f"{MESSAGES}.json?PageSize=3"
    while uri:
        page = api.get(uri).json()
        seen += [message["sid"] for message in page["messages"]]
        uri = page["next_page_uri"]
        api.post(f"{MESSAGES}.json", data={**GOOD, "Body": "nuevo"})
    assert seen == sids[::-1]


def test_every_request_is_kept_for_assertions(api: httpx.Client):
    api.post(f"{MESSAGES}.json", data=GOOD)
    api.post(f"{MESSAGES}.json", data={"Body": "x"})
    kept = api.get("/twin/requests").json()
    assert [(r["method"], r["status"], r["params"]) for r in kept] == [
        ("POST", 201, GOOD),
        ("POST", 400, {"Body": "x"}),
    ]


def test_the_journal_brings_messages_over_a_restart(gateway: Gateway, tmp_path: Path):
    journal = tmp_path / "twin" / "journal.jsonl"
    with twin_for(gateway, journal=journal) as server:
        sent = httpx.post(f"{server.url}{MESSAGES}.json", data=GOOD, auth=(ACCOUNT, TOKEN), trust_env=False).json()
        assert server.webhooks.idle(10)
        last = server.twin.seq
    journal.write_text(journal.read_text(encoding="utf-8") + '{"type": "Mess', encoding="utf-8")  # killed in the middle
    with twin_for(gateway, journal=journal) as server:
        found = httpx.get(f"{server.url}{MESSAGES}/{sent['sid']}.json", auth=(ACCOUNT, TOKEN), trust_env=False).json()
        assert found["status"] == "delivered"
        assert found["body"] == "hola"
        assert server.twin.add("inbound", PHONE, SERVICE, "x", status="received").seq == last + 1
    assert journal.stat().st_mode & 0o077 == 0
