from __future__ import annotations

import base64
import threading
from urllib.parse import urlencode

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select, update
from twilio.request_validator import RequestValidator
from werkzeug.datastructures import MultiDict
from werkzeug.serving import make_server

from bot.core.delivery import DeliveryStatus
from bot.core.redact import redact
from bot.gateway import app as app_module
from bot.settings import Settings
from bot.store import Store, open_engine
from bot.store.tables import inbound as inbound_table
from bot.store.tables import outbound
from bot.wake import Alarm
from tests.builders import leased, sid, turn
from tests.people import AUTH_TOKEN, CURPS, NUMBERS, ROSA, SECRET, spellings
from tests.processes import in_threads
from tests.servers import eventually, free_port, serving

PUBLIC = "https://ventanilla.example.gob.mx"
INBOUND = "/channels/sms/inbound"


def signature(path, form, token=AUTH_TOKEN, base=PUBLIC):
    return RequestValidator(token).compute_signature(base + path, MultiDict(form))


class Gateway:
    """The application, called as Twilio calls it."""

    def __init__(self, folder, database_url, redis_url, **more):
        self.config = Settings(
            twilio_account_sid="AC" + "1" * 32,
            twilio_auth_token=AUTH_TOKEN,
            public_url=PUBLIC,
            database_url=database_url,
            redis_url=redis_url,
            ventanilla_secret=SECRET,
            var=folder,
            **{"engine_urls": f"http://127.0.0.1:{free_port()}", **more},
        )
        self.database = open_engine(database_url)
        with pytest.MonkeyPatch.context() as patch:  # the application's own, so that a test can close it
            patch.setattr(app_module, "open_engine", lambda *_: self.database)
            self.app = app_module.create_app(self.config)
        self.client = self.app.test_client()
        self.store = Store(self.database, SECRET)

    def post(self, path, form, signed=None):
        form = MultiDict(form)
        headers = {"X-Twilio-Signature": signature(path, form) if signed is None else signed}
        body = urlencode(list(form.items(multi=True)))
        return self.client.post(path, data=body, content_type="application/x-www-form-urlencoded", headers=headers)

    def rows(self, table=inbound_table):
        with self.database.connect() as db:
            return db.execute(select(table)).all()


@pytest.fixture
def gateway(tmp_path, sqlite_url, redis_server):
    built = Gateway(tmp_path, sqlite_url, redis_server.url)
    yield built
    built.database.dispose()


def message(body="hola", sender=ROSA, **more):
    return {
        "MessageSid": sid(), "AccountSid": "AC" + "1" * 32, "From": sender, "To": "+525500000000", "Body": body,
        "NumMedia": "0", "NumSegments": "1", "ApiVersion": "2010-04-01", **more,
    }  # fmt: skip


# ---- messages


def test_a_signed_message_is_stored_and_then_answered(gateway):
    form = message("¿qué necesito? 🙂")
    answer = gateway.post(INBOUND, form)
    assert answer.status_code == 200
    assert answer.mimetype == "text/xml"
    assert answer.data.endswith(b"<Response/>")
    (row,) = gateway.rows()
    assert (row.channel, row.provider_id) == ("sms", form["MessageSid"])
    assert "¿qué necesito? 🙂" in row.content


def test_a_message_wakes_the_workers(gateway):
    alarm = Alarm(gateway.config.redis)
    eventually(lambda: alarm.rings, 10, "the subscription")
    before = alarm.rings
    form = message()
    gateway.post(INBOUND, form)
    eventually(lambda: alarm.rings > before, 5, "the wake-up")
    alarm.close()


def test_the_same_message_again_changes_nothing(gateway):
    form = message()
    answers = [gateway.post(INBOUND, form) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len(gateway.rows()) == 1


def test_personal_identifiers_are_not_stored(gateway):
    for curp in CURPS:
        gateway.post(INBOUND, message(f"mi curp es {curp} gracias"))
        gateway.post(
            INBOUND, message(curp.lower(), NumMedia="1", MediaContentType0="image/jpeg", MediaUrl0="https://x")
        )
    rows = gateway.rows()
    assert len(rows) == 2 * len(CURPS)
    for row, curp in zip(rows[::2], CURPS, strict=True):
        assert redact(f"mi curp es {curp} gracias") in row.content
    assert not any(curp.lower() in row.content.lower() for row in rows for curp in CURPS)


def test_every_spelling_of_a_sender_is_one_conversation(gateway):
    for spelling in spellings(ROSA)[:5]:
        assert gateway.post(INBOUND, message(sender=spelling)).status_code == 200
    assert len({row.conversation_id for row in gateway.rows()}) == 1


def test_a_blank_body_and_repeated_keys_keep_their_signature(gateway):
    blank = message("", MediaContentType0="")
    assert gateway.post(INBOUND, blank).status_code == 200
    repeated = MultiDict([*message().items(), ("Tag", "b"), ("Tag", "a"), ("Tag", "b"), ("Empty", "")])
    assert gateway.post(INBOUND, repeated).status_code == 200
    assert len(gateway.rows()) == 2


def test_a_query_in_the_address_is_part_of_what_is_signed(gateway):
    path = f"{INBOUND}?a=1&b=%C3%B1&c"
    assert gateway.post(path, message()).status_code == 200
    assert gateway.post(path, message(), signature(INBOUND, message())).status_code == 403


@pytest.mark.parametrize("body", ["x" * 1600, "\u0000", "ñ" * 800, "\r\n\t", "+52 & = % ;", "\ud7ff\uffff", "a\u0000b"])
def test_odd_texts_are_taken(gateway, body):
    assert gateway.post(INBOUND, message(body)).status_code == 200
    assert len(gateway.rows()) == 1


# ---- what is not the carrier's


@pytest.mark.parametrize("path", [INBOUND, "/channels/sms/status"])
@pytest.mark.parametrize(
    "signed",
    ["", "x", "AAAA", "ñ", base64.b64encode(b"\0" * 20).decode(), signature(INBOUND, {"Body": "another"})],
)
def test_a_forged_signature_is_refused_and_nothing_is_stored(gateway, path, signed):
    assert gateway.post(path, message(), signed.encode().decode("latin-1")).status_code == 403
    assert gateway.rows() == []


def test_a_missing_signature_is_refused(gateway):
    assert gateway.client.post(INBOUND, data=message()).status_code == 403
    assert gateway.rows() == []


def test_a_signature_of_another_token_or_address_is_refused(gateway):
    form = message()
    for wrong in (
        signature(INBOUND, form, token="f" * 32),
        signature(INBOUND, form, base="http://ventanilla.example.gob.mx"),
        signature(INBOUND, form, base="https://evil.example"),
        signature("/channels/sms/status", form),
    ):
        assert gateway.post(INBOUND, form, wrong).status_code == 403
    assert gateway.rows() == []


def test_the_host_header_is_not_believed(gateway):
    form = message()
    headers = {"X-Twilio-Signature": signature(INBOUND, form, base="https://evil.example"), "Host": "evil.example"}
    headers |= {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    assert gateway.client.post(INBOUND, data=form, headers=headers).status_code == 403


@pytest.mark.parametrize("field", ["Body", "From", "MessageSid", "New"])
def test_a_changed_or_added_field_is_refused(gateway, field):
    form = message()
    signed = signature(INBOUND, form)
    assert gateway.post(INBOUND, {**form, field: "changed"}, signed).status_code == 403
    assert gateway.rows() == []


def test_bytes_that_are_no_text_are_refused_and_not_an_error(gateway):
    for path in (f"{INBOUND}?a=%ff", f"{INBOUND}?\xff\xfe"):
        assert gateway.client.post(path, data=b"Body=%ff%fe&From=\xff").status_code == 403


def test_a_json_body_is_not_a_form(gateway):
    signed = signature(INBOUND, {})
    answer = gateway.client.post(INBOUND, json=message(), headers={"X-Twilio-Signature": signed})
    assert answer.status_code == 400
    assert gateway.rows() == []


@pytest.mark.parametrize("name", ["fax", "SMS", "", ".."])
def test_an_unknown_channel_is_not_found(gateway, name):
    for what in ("inbound", "status"):
        assert gateway.post(f"/channels/{name}/{what}", message()).status_code == 404
    assert gateway.rows() == []


def test_an_oversized_body_is_refused(gateway):
    assert gateway.post(INBOUND, message("x" * 300_000)).status_code == 413
    assert gateway.rows() == []


def test_a_webhook_is_posted_to(gateway):
    assert gateway.client.get(INBOUND).status_code == 405


@pytest.mark.parametrize(
    "change",
    [
        {"MessageSid": ""},
        {"From": ""},
        {"From": "Telcel"},
        {"From": "12345"},
        {"To": ""},
    ],
)
def test_a_signed_request_that_cannot_be_read_is_a_loud_400(gateway, change, json_logs):
    answer = gateway.post(INBOUND, {**message(), **change})
    assert answer.status_code == 400
    assert answer.json["error"]
    assert gateway.rows() == []
    assert "webhook unreadable" in json_logs()


@pytest.mark.parametrize("change", [{"NumMedia": "x"}, {"OptOutType": "MAYBE"}])
def test_what_is_odd_about_a_request_loses_nobodys_message(gateway, change):
    assert gateway.post(INBOUND, {**message(), **change}).status_code == 200
    assert len(gateway.rows()) == 1


# ---- statuses


@pytest.fixture
def delivered(gateway):
    """A delivery that the carrier took as SM-taken."""
    turn(gateway.store, "hola")
    delivery = leased(gateway.store)
    gateway.store.delivery_accepted(delivery, "SM-taken")
    return delivery


def status_form(status, **more):
    return {"MessageSid": "SM-taken", "MessageStatus": status, "From": "+525500000000", "To": ROSA, **more}


def test_a_status_is_applied_once_and_never_backwards(gateway, delivered):
    path = f"/channels/sms/status?delivery={delivered.delivery_id}"
    for status in ("sent", "delivered", "sent", "delivered", "queued"):
        assert gateway.post(path, status_form(status)).status_code == 204
    assert [row.status for row in gateway.rows(outbound)] == ["delivered"]


def test_a_status_without_our_id_is_found_by_the_carriers(gateway, delivered):
    assert gateway.post("/channels/sms/status", status_form("undelivered", ErrorCode="30003")).status_code == 204
    (row,) = gateway.rows(outbound)
    assert (row.status, row.error_code) == ("undelivered", "30003")


def test_a_status_of_nothing_of_ours_is_taken_quietly(gateway):
    assert gateway.post("/channels/sms/status?delivery=unknown", status_form("sent")).status_code == 204


@pytest.mark.parametrize("form", [status_form("teleported"), status_form(""), {"MessageStatus": "sent"}])
def test_an_unknown_status_is_a_loud_400(gateway, delivered, form):
    assert gateway.post("/channels/sms/status", form).status_code == 400
    assert [row.status for row in gateway.rows(outbound)] == ["accepted"]


def test_what_a_late_failure_says_of_a_number_is_acted_on(gateway, delivered):
    assert gateway.post("/channels/sms/status", status_form("undelivered", ErrorCode="30005")).status_code == 204
    assert gateway.store.figures().unreachable == {"30005": 1}
    assert 'ventanilla_unreachable_addresses{code="30005"} 1.0' in gateway.client.get("/metrics").text


def test_what_waits_for_an_operator_is_seen(gateway, delivered):
    with gateway.database.begin() as db:
        db.execute(update(outbound).values(status="pending", error_code="20003"))
    answer = gateway.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"], answer.json["checks"]["carrier"]) == (200, "degraded", False)
    assert "ventanilla_misconfigured_deliveries 1.0" in gateway.client.get("/metrics").text


def test_a_forged_status_changes_nothing(gateway, delivered):
    path = f"/channels/sms/status?delivery={delivered.delivery_id}"
    assert gateway.post(path, status_form("delivered"), "forged").status_code == 403
    assert [row.status for row in gateway.rows(outbound)] == ["accepted"]


# ---- at once, on real servers


@pytest.fixture
def serve():
    """Serve applications on real threaded servers; returns their addresses."""
    servers = []

    def start(gateway):
        server = make_server("127.0.0.1", 0, gateway.app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        server.server_close()
        thread.join()


def test_32_identical_requests_at_once_on_two_servers_make_one_message(tmp_path, database_url, redis_server, serve):
    gateways = [Gateway(tmp_path, database_url, redis_server.url) for _ in range(2)]
    addresses = [serve(each) for each in gateways]
    form = message()
    headers = {"X-Twilio-Signature": signature(INBOUND, form)}

    def send(index):
        return httpx.post(addresses[index % 2] + INBOUND, data=form, headers=headers, trust_env=False, timeout=20)

    assert {answer.status_code for answer in in_threads(32, send)} == {200}
    assert len(gateways[0].rows()) == 1
    for each in gateways:
        each.database.dispose()


def test_32_different_requests_at_once_are_all_stored(gateway, serve):
    address = serve(gateway)

    def send(index):
        form = message(f"mensaje {index}", sender=f"+52554000{index % 7:04d}")
        headers = {"X-Twilio-Signature": signature(INBOUND, form)}
        return httpx.post(address + INBOUND, data=form, headers=headers, trust_env=False, timeout=20).status_code

    assert set(in_threads(32, send)) == {200}
    assert len(gateway.rows()) == 32


# ---- health and metrics


def test_live_needs_nothing(gateway):
    answer = gateway.client.get("/health/live")
    assert (answer.status_code, answer.json) == (200, {"status": "live"})


def test_ready_with_everything_there(tmp_path, sqlite_url, redis_server):
    with serving(lambda request: request.json({"status": "ready"})) as engine:
        gateway = Gateway(tmp_path, sqlite_url, redis_server.url, engine_urls=engine.url)
        answer = gateway.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert answer.json["checks"] == {"database": True, "redis": True, "engine": True}
    gateway.database.dispose()


def test_without_engine_or_redis_messages_are_still_taken(tmp_path, sqlite_url):
    gateway = Gateway(tmp_path, sqlite_url, f"redis://127.0.0.1:{free_port()}/0")
    answer = gateway.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "degraded")
    assert answer.json["checks"] == {"database": True, "redis": False, "engine": False}
    assert gateway.post(INBOUND, message()).status_code == 200
    gateway.database.dispose()


def test_without_a_database_nothing_is_promised(tmp_path, redis_server, json_logs):
    gateway = Gateway(tmp_path, f"postgresql://ventanilla@/ventanilla?host={tmp_path}", redis_server.url)
    answer = gateway.client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    answer = gateway.post(INBOUND, message(f"mi curp es {CURPS[0]}"))
    assert answer.status_code == 500, "Twilio must see that it was not taken"
    assert answer.is_json
    assert_nobody_in(json_logs() + answer.text)
    assert gateway.client.get("/metrics").status_code == 200, "counters are there without the database"
    gateway.database.dispose()


def sample(page, name, **labels):
    for family in text_string_to_metric_families(page):
        for each in family.samples:
            if each.name == name and labels.items() <= each.labels.items():
                return each.value
    return None


def test_metrics_can_be_read_and_count(gateway):
    before = sample(gateway.client.get("/metrics").text, "ventanilla_inbound_total", channel="sms", result="new") or 0
    form = message()
    for _ in range(2):
        gateway.post(INBOUND, form)
    gateway.post(INBOUND, form, "forged")
    answer = gateway.client.get("/metrics")
    assert answer.status_code == 200
    page = answer.text
    assert sample(page, "ventanilla_inbound_total", channel="sms", result="new") == before + 1
    assert sample(page, "ventanilla_inbound_total", channel="sms", result="repeated") >= 1
    assert sample(page, "ventanilla_inbound_total", channel="sms", result="forged") >= 1
    assert sample(page, "ventanilla_messages_waiting") == 1
    assert sample(page, "ventanilla_oldest_message_seconds") >= 0
    assert {
        each.labels["status"]
        for family in text_string_to_metric_families(page)
        if family.name == "ventanilla_deliveries"
        for each in family.samples
    } == {status.value for status in DeliveryStatus}


def test_metrics_of_several_processes_are_summed(gateway, tmp_path, monkeypatch):
    folder = tmp_path / "prometheus"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    page = gateway.client.get("/metrics").text
    assert sample(page, "ventanilla_messages_waiting") == 0


# ---- silence about people


def assert_nobody_in(text):
    for number in NUMBERS:
        assert number[3:] not in text
    for curp in CURPS:
        assert curp not in text


def test_no_number_and_no_text_is_logged_or_answered(gateway, delivered, json_logs):
    answers = [
        gateway.post(INBOUND, message(f"secreto {CURPS[0]}")),
        gateway.post(INBOUND, message("secreto"), "forged"),
        gateway.post(INBOUND, message("secreto", sender="whatsapp:+5215512345678")),
        gateway.post(INBOUND, message("secreto", sender=f"{ROSA}x")),
        gateway.post(INBOUND, message("secreto", OptOutType=ROSA)),
        gateway.post(INBOUND, message("secreto" * 60_000)),
        gateway.post("/channels/sms/status", status_form("failed", ErrorCode="30005")),
        gateway.post("/channels/sms/status", status_form(ROSA)),
        gateway.post(f"/channels/{ROSA}/inbound", message("secreto")),
        gateway.client.get("/metrics"),
    ]
    text = json_logs() + "".join(answer.text for answer in answers)
    assert "signature refused" in text
    assert_nobody_in(text)
    assert "secreto" not in text


def test_a_defect_of_ours_is_a_json_500_that_says_nothing(gateway, monkeypatch, json_logs):
    def fail(*_):
        raise RuntimeError(f"boom {ROSA}")

    monkeypatch.setattr(Store, "record", fail)
    answer = gateway.post(INBOUND, message("secreto"))
    assert (answer.status_code, answer.json) == (500, {"error": "Internal Server Error"})
    assert "boom" in json_logs()
    assert_nobody_in(json_logs() + answer.text)
    assert "secreto" not in json_logs()
