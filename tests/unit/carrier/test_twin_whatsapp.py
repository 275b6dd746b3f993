from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import httpx
import pytest

from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import (
    ACCOUNT,
    DEADLINE,
    PHONE,
    SERVICE,
    TOKEN,
    Call,
    Gateway,
    twin_for,
)

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages"
OLD = PHONE.replace("+52", "+521")
WHATSAPP = "whatsapp:+525500000001"
HOUR = 3600
# As a captured request of Twilio's has them (in no promised order).
FIELDS = {
    "SmsMessageSid", "NumMedia", "ProfileName", "MessageType", "SmsSid", "WaId", "SmsStatus", "Body", "To",
    "NumSegments", "ReferralNumMedia", "MessageSid", "AccountSid", "From", "ApiVersion", "Forwarded",
    "FrequentlyForwarded",
}  # fmt: skip
BUTTONS = {
    "language": "es_MX",
    "variables": {"1": "¿Cuál?", "2": "Acta", "3": "a", "4": "CURP", "5": "b"},
    "types": {
        "twilio/quick-reply": {
            "body": "{{1}}",
            "actions": [
                {"type": "QUICK_REPLY", "title": "{{2}}", "id": "{{3}}"},
                {"type": "QUICK_REPLY", "title": "{{4}}", "id": "{{5}}"},
            ],
        }
    },
}
LIST = {
    "language": "es_MX",
    "types": {
        "twilio/list-picker": {
            "body": "¿Dónde?",
            "button": "Ver",
            "items": [{"id": "o", "item": "Oaxaca", "description": "Estado"}, {"id": "p", "item": "Puebla"}],
        }
    },
}


@pytest.fixture
def api(twin: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20) as client:
        yield client


def phone_sends(control: httpx.Client, **given: object) -> dict[str, object]:
    answer = control.post(f"/twin/phones/{PHONE}/messages", json={"wait": DEADLINE, "channel": "whatsapp", **given})
    assert answer.status_code == 202, answer.text
    sent: dict[str, object] = answer.json()
    return sent


def inbound(gateway: Gateway) -> Call:
    return gateway.wait_for(1, lambda call: "MessageStatus" not in call.form)[-1]


def create(api: httpx.Client, content: dict[str, object]) -> str:
    answer = api.post("/v1/Content", json=content)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["sid"])


def send(api: httpx.Client, **given: str) -> httpx.Response:
    return api.post(f"{MESSAGES}.json", data={"To": f"whatsapp:{PHONE}", "From": WHATSAPP, **given})


def send_content(api: httpx.Client, sid: str, **variables: str) -> httpx.Response:
    more = {"ContentVariables": json.dumps({name.strip("v"): value for name, value in variables.items()})}
    return send(api, ContentSid=sid, **(more if variables else {}))


def on_phone(control: httpx.Client) -> list[dict[str, object]]:
    shown: list[dict[str, object]] = control.get(f"/twin/phones/{PHONE}/messages?channel=whatsapp").json()["messages"]
    return shown


def statuses(gateway: Gateway, count: int) -> list[tuple[str, str | None]]:
    calls = gateway.wait_for(count, lambda call: "MessageStatus" in call.form)
    assert all(call.signed for call in calls)
    return [(call.form["MessageStatus"], call.form.get("ErrorCode")) for call in calls]


def test_a_message_has_whatsapps_fields(gateway: Gateway, control: httpx.Client):
    phone_sends(control, body="hola ñ", profile="Lupita")
    call = inbound(gateway)
    assert call.signed
    assert call.url.endswith("/channels/whatsapp/inbound")
    assert set(call.form) == FIELDS
    assert call.form["From"] == f"whatsapp:{OLD}"
    assert call.form["WaId"] == OLD[1:]
    assert call.form["To"] == WHATSAPP
    assert (call.form["MessageType"], call.form["ProfileName"], call.form["Body"]) == ("text", "Lupita", "hola ñ")


def test_the_old_prefix_can_be_left_out(gateway: Gateway, control: httpx.Client):
    phone_sends(control, body="hola", old_prefix=False)
    call = inbound(gateway)
    assert call.form["From"] == f"whatsapp:{PHONE}"
    assert call.form["WaId"] == OLD[1:]


def test_a_person_may_hide_her_number(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    answer = control.post(
        "/twin/phones/MX.abc123/messages", json={"channel": "whatsapp", "body": "hola", "wait": DEADLINE}
    )
    assert answer.status_code == 202
    call = inbound(gateway)
    assert call.form["From"] == "whatsapp:MX.abc123"
    assert "WaId" not in call.form
    assert send(api, To="whatsapp:MX.abc123", Body="buenas").status_code == 201
    shown = control.get("/twin/phones/MX.abc123/messages").json()["messages"]
    assert [message["body"] for message in shown] == ["buenas"]


@pytest.mark.parametrize(
    ("given", "fields"),
    [
        (
            {"location": {"latitude": 17.06, "longitude": -96.72, "label": "Zócalo"}},
            {"MessageType": "location", "Latitude": "17.06", "Longitude": "-96.72", "Label": "Zócalo", "Body": ""},
        ),
        ({"file": {"kind": "photo"}}, {"MessageType": "image", "NumMedia": "1", "MediaContentType0": "image/png"}),
        ({"file": {"kind": "voice"}}, {"MessageType": "audio", "MediaContentType0": "audio/ogg"}),
        ({"file": {"kind": "sticker"}}, {"MessageType": "sticker", "MediaContentType0": "image/webp"}),
        ({"file": {"kind": "contact"}}, {"MessageType": "contacts", "MediaContentType0": "text/vcard"}),
        ({"file": {"kind": "document"}}, {"MessageType": "document", "Body": "documento.pdf"}),
        ({"file": {"kind": "video"}, "body": "vea"}, {"MessageType": "video", "Body": "vea"}),
        ({"reaction": {"emoji": "👍"}}, {"MessageType": "reaction", "Body": "👍"}),
    ],
)
def test_other_kinds_of_messages(
    gateway: Gateway, control: httpx.Client, given: dict[str, object], fields: dict[str, str]
):
    phone_sends(control, **given)
    call = inbound(gateway)
    assert call.signed
    assert {name: call.form.get(name) for name in fields} == fields


def test_a_file_is_fetched_with_credentials(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    data = b"OggS and more"
    phone_sends(control, file={"kind": "voice", "data": base64.b64encode(data).decode()})
    url = inbound(gateway).form["MediaUrl0"]
    assert httpx.get(url, trust_env=False).status_code == 401
    sent_on = api.get(url)
    assert sent_on.status_code == 307
    fetched = api.get(url, follow_redirects=True)
    assert (fetched.content, fetched.headers["Content-Type"]) == (data, "audio/ogg")
    other = "111" if url.endswith("000") else "000"
    assert api.get(url[:-3] + other).status_code == 404


def test_buttons_are_shown_and_tapped(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    phone_sends(control, body="hola")
    sid = create(api, BUTTONS)
    answer = send_content(api, sid, v1="Lleve *acta*: ¿cuál?", v2="Acta de nacimiento", v3="opt:1")
    assert answer.status_code == 201
    assert answer.json()["body"] == "Lleve *acta*: ¿cuál?"
    assert answer.json()["sid"].startswith("MM")
    (message,) = on_phone(control)
    assert message["shown"] == {
        "kind": "buttons",
        "open": "",
        "options": [
            {"id": "opt:1", "title": "Acta de nacimiento", "description": ""},
            {"id": "b", "title": "CURP", "description": ""},
        ],
    }
    gateway.calls.clear()
    phone_sends(control, tap="Acta de nacimiento")
    call = inbound(gateway)
    wanted = {
        "MessageType": "interactive", "Body": "Acta de nacimiento", "ButtonText": "Acta de nacimiento",
        "ButtonPayload": "opt:1", "OriginalRepliedMessageSid": message["sid"],
        "OriginalRepliedMessageSender": WHATSAPP,
    }  # fmt: skip
    assert {name: call.form.get(name) for name in wanted} == wanted


def test_a_list_is_shown_and_picked(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    phone_sends(control, body="hola")
    assert send_content(api, create(api, LIST)).status_code == 201
    (message,) = on_phone(control)
    assert message["shown"]["open"] == "Ver"  # type: ignore[index]
    gateway.calls.clear()
    phone_sends(control, tap="o")
    call = inbound(gateway)
    assert (call.form["ListId"], call.form["ListTitle"], call.form["ListDescription"]) == ("o", "Oaxaca", "Estado")
    assert call.form["Body"] == "Oaxaca"
    assert "ButtonPayload" not in call.form


@pytest.mark.parametrize(
    "given",
    [
        {"tap": "nada"},
        {"tap": "a", "location": {"latitude": 1, "longitude": 1}},
        {"location": {"latitude": 91, "longitude": 0}},
        {"location": {"latitude": "x", "longitude": 0}},
        {"location": 3},
        {"file": {"kind": "poem"}},
        {"file": {"kind": "photo", "data": "no base64!"}},
        {"reaction": {}},
        {"channel": "fax"},
    ],
)
def test_what_a_phone_cannot_send_is_refused(control: httpx.Client, given: dict[str, object]):
    answer = control.post(f"/twin/phones/{PHONE}/messages", json={"channel": "whatsapp", **given})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_statuses_go_to_read(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    phone_sends(control, body="hola")
    send(api, Body="buenas", StatusCallback=f"{gateway.url}/channels/whatsapp/status?delivery=d")
    assert [status for status, _ in statuses(gateway, 4)] == ["queued", "sent", "delivered", "read"]
    last = gateway.wait_for(4, lambda call: "MessageStatus" in call.form)[-1]
    assert last.form["To"] == f"whatsapp:{PHONE}"
    assert last.form["From"] == WHATSAPP
    assert last.form["EventType"] == "READ"


def test_a_phone_may_keep_its_receipts_to_itself(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    control.post("/twin/whatsapp", json={"reads": False}).raise_for_status()
    phone_sends(control, body="hola")
    sid = send(api, Body="buenas").json()["sid"]
    assert control.get("/twin/health").status_code == 200
    assert eventual_status(api, sid) == "delivered"


def eventual_status(api: httpx.Client, sid: str) -> str:
    status = ""
    for _ in range(200):
        status = api.get(f"{MESSAGES}/{sid}.json").json()["status"]
        if status in ("delivered", "read", "failed"):
            break
    return status


def test_outside_the_session_only_an_approved_template_goes_out(
    gateway: Gateway, control: httpx.Client, api: httpx.Client
):
    callback = {"StatusCallback": f"{gateway.url}/channels/whatsapp/status"}
    assert send(api, Body="hola", **callback).status_code == 201  # nobody has written yet
    assert statuses(gateway, 2) == [("queued", None), ("failed", "63016")]
    assert on_phone(control) == []
    phone_sends(control, body="hola")
    gateway.calls.clear()
    control.post("/twin/clock", json={"advance": 23 * HOUR})
    send(api, Body="dentro")
    control.post("/twin/clock", json={"advance": 2 * HOUR})
    send(api, Body="fuera", **callback)
    assert statuses(gateway, 2)[-1] == ("failed", "63016")
    template, listed = create(api, BUTTONS), create(api, LIST)
    gateway.calls.clear()
    send_content(api, template)
    refused = api.post(f"/v1/Content/{listed}/ApprovalRequests/whatsapp", json={"name": "x", "category": "UTILITY"})
    assert refused.status_code == 400
    approved = api.post(f"/v1/Content/{template}/ApprovalRequests/whatsapp", json={"name": "x", "category": "UTILITY"})
    assert approved.json()["status"] == "received"
    assert api.get(f"/v1/Content/{template}/ApprovalRequests").json()["whatsapp"]["status"] == "approved"
    send_content(api, template, v1="Recuerde")
    assert [message["body"] for message in on_phone(control)] == ["dentro", "Recuerde"]
    phone_sends(control, tap="a")  # a template's button opens the session, and says that it is one
    assert inbound(gateway).form["MessageType"] == "button"
    send(api, Body="otra vez dentro")
    assert on_phone(control)[-1]["body"] == "otra vez dentro"


def test_one_phones_session_can_be_ended(control: httpx.Client, api: httpx.Client):
    phone_sends(control, body="hola")
    control.delete(f"/twin/phones/{PHONE}/session").raise_for_status()
    assert eventual_status(api, send(api, Body="tarde").json()["sid"]) == "failed"


def test_a_template_that_waits_or_was_rejected_starts_nothing(control: httpx.Client, api: httpx.Client):
    for answer in ("pending", "rejected"):
        control.post("/twin/whatsapp", json={"approvals": answer}).raise_for_status()
        sid = create(api, BUTTONS)
        api.post(f"/v1/Content/{sid}/ApprovalRequests/whatsapp", json={"name": "x", "category": "UTILITY"})
        assert eventual_status(api, send_content(api, sid).json()["sid"]) == "failed"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": PHONE}, 21910),
        ({"From": SERVICE}, 21910),
        ({"From": "whatsapp:+525599999999"}, 63007),
        ({"To": "whatsapp:5512345678"}, 21211),
        ({"To": "whatsapp:"}, 21211),
        ({"Body": "a" * 1601}, 21617),
        ({"Body": "", "ContentSid": "HX" + "0" * 32}, 21655),
    ],
)
def test_a_wrong_message_is_refused(api: httpx.Client, changes: dict[str, str], code: int):
    answer = send(api, **{"Body": "hola", **changes})
    assert answer.status_code == 400
    assert answer.json()["code"] == code


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ("no json", 21656),
        ("[]", 21656),
        ('{"1": null}', 21656),
        ('{"1": ""}', 21656),
        ('{"1": 3}', 21656),
        ('{"1": "dos\\nlíneas"}', 21656),
        ('{"1": "a     b"}', 21656),
        (json.dumps({"1": "a" * 1601}), 21658),
    ],
)
def test_wrong_variables_are_refused(api: httpx.Client, variables: str, code: int):
    answer = send(api, ContentSid=create(api, BUTTONS), ContentVariables=variables)
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_variable_without_any_value_is_refused(api: httpx.Client):
    sid = create(api, {**BUTTONS, "variables": {"1": "¿Cuál?"}})
    assert send_content(api, sid, v2="Acta").json()["code"] == 21656


@pytest.mark.parametrize(
    "variables", [{"v1": "a" * 1025}, {"v2": "a" * 21}, {"v3": "a" * 201}, {"v2": "CURP"}, {"v3": "b"}]
)
def test_what_breaks_whatsapps_limits_fails_later(control: httpx.Client, api: httpx.Client, variables: dict[str, str]):
    phone_sends(control, body="hola")
    answer = send_content(api, create(api, BUTTONS), **variables)
    assert answer.status_code == 201
    assert eventual_status(api, answer.json()["sid"]) == "failed"
    assert api.get(f"{MESSAGES}/{answer.json()['sid']}.json").json()["error_code"] == 63013


def test_opting_out_is_of_one_channel(gateway: Gateway):
    with (
        twin_for(gateway, handles_opt_out=True) as server,
        httpx.Client(base_url=server.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20) as client,
    ):
        phone_sends(client, body="STOP")
        assert inbound(gateway).form["OptOutType"] == "STOP"
        assert send(client, Body="hola").json()["code"] == 21610
        assert send(client, Body="hola", To=PHONE, From=SERVICE).status_code == 201


def test_typing_marks_the_message_as_read(control: httpx.Client, api: httpx.Client):
    sent = phone_sends(control, body="hola")

    def mark() -> str:
        shown = control.get(f"/twin/phones/{PHONE}/messages?all=1").json()["messages"]
        return str(shown[0]["mark"])

    assert mark() == "delivered"
    for given in ({"channel": "SMS", "messageId": sent["sid"]}, {"channel": "WHATSAPP", "messageId": "SM1"}):
        assert api.post("/v3/Indicators/Typing.json", json=given).status_code == 400
    unknown = {"channel": "WHATSAPP", "messageId": "SM" + "0" * 32}
    assert api.post("/v3/Indicators/Typing.json", json=unknown).status_code == 404
    answer = api.post("/v3/Indicators/Typing.json", json={"channel": "WHATSAPP", "messageId": sent["sid"]})
    assert answer.json() == {"success": True}
    assert mark() == "read"


def test_changes_are_told_in_order_and_from_where_one_stopped(control: httpx.Client, api: httpx.Client):
    begin = control.get(f"/twin/phones/{PHONE}/changes").json()["version"]
    phone_sends(control, body="hola")
    page = control.get(f"/twin/phones/{PHONE}/changes", params={"after": begin, "wait": 5}).json()
    assert [message["mark"] for message in page["messages"]][-1] == "delivered"
    send(api, Body="buenas")
    seen, last = [], page["last"]
    while "read" not in seen:
        page = control.get(f"/twin/phones/{PHONE}/changes", params={"after": last, "wait": 5}).json()
        assert page["messages"], seen
        assert page["last"] > last
        last = page["last"]
        seen += [message["status"] for message in page["messages"]]


def test_the_journal_brings_contents_and_sessions_over_a_restart(gateway: Gateway, tmp_path):
    journal = tmp_path / "journal.jsonl"
    with (
        twin_for(gateway, journal=journal) as server,
        httpx.Client(base_url=server.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20) as client,
    ):
        phone_sends(client, body="hola")
        kept, gone = create(client, BUTTONS), create(client, LIST)
        assert client.delete(f"/v1/Content/{gone}").status_code == 204
        client.delete("/twin/state").raise_for_status()
        phone_sends(client, body="otra vez")
    with (
        twin_for(gateway, journal=journal) as server,
        httpx.Client(base_url=server.url, auth=(ACCOUNT, TOKEN), trust_env=False, timeout=20) as client,
    ):
        assert [each["sid"] for each in client.get("/v1/Content").json()["contents"]] == [kept]
        assert send_content(client, kept).status_code == 201
        assert len(on_phone(client)) == 1


def test_a_fault_can_be_on_contents_or_typing(control: httpx.Client, api: httpx.Client):
    control.post("/twin/faults", json=[{"fault": "503", "on": "content"}, {"fault": "429", "on": "typing"}])
    assert api.get("/v1/Content").status_code == 503
    assert api.get("/v1/Content").status_code == 200
    assert api.post("/v3/Indicators/Typing.json", json={}).status_code == 429


def test_whatsapps_own_failures_come_in_the_callback(gateway: Gateway, control: httpx.Client, api: httpx.Client):
    phone_sends(control, body="hola")
    control.post("/twin/faults", json={"fault": "63018", "match": {"to": PHONE}})
    send(api, Body="hola", StatusCallback=f"{gateway.url}/channels/whatsapp/status")
    assert statuses(gateway, 2) == [("queued", None), ("failed", "63018")]
