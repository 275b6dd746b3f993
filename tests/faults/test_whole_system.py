"""What the product promises when parts of it die: nothing lost, nothing twice, never silence."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import redis
from twilio.request_validator import RequestValidator

from bot.core.ids import conversation_id
from tests.faults.system import System
from tests.people import CURPS, number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(180)

PASSPORT = "q necesito pa sacar el pasaporte"
SMS_FORM = {"AccountSid": "AC" + "0" * 31 + "1", "To": "+525500000000", "NumMedia": "0", "ApiVersion": "2010-04-01"}


def secret(system: System, name: str) -> str:
    return (system.var / "secrets" / name).read_text().strip()


def signed(system: System, path: str, form: dict[str, str]) -> httpx.Response:
    url = f"{system.gateway}{path}"
    token = twin_token(system)
    signature = RequestValidator(token).compute_signature(url, form)
    return httpx.post(url, data=form, headers={"X-Twilio-Signature": signature}, trust_env=False, timeout=15)


def twin_token(system: System) -> str:
    environment = system.program("gateway").environ()
    return environment["TWIN_AUTH_TOKEN"]


def conversation(system: System, phone: str) -> str:
    return conversation_id(system.program("gateway").environ()["VENTANILLA_SECRET"], phone)


def form(phone: str, sid: str, body: str) -> dict[str, str]:
    return {**SMS_FORM, "MessageSid": sid, "SmsSid": sid, "SmsMessageSid": sid, "From": phone, "Body": body}


def wait_for(system: System, phone: str, count: int, seconds: float) -> list[str]:
    """Return what the phone got once it is ``count`` messages; fail when it takes longer than ``seconds``."""
    return eventually(
        lambda: got if len(got := system.on_phone(phone)) >= count else None,
        seconds,
        f"{count} message(s) on the phone",
    )


def leased(system: System, phone: str) -> bool:
    rows = system.sql("SELECT lease_owner FROM conversations WHERE id = ?", conversation(system, phone))
    return bool(rows and rows[0][0])


def test_the_passport_question_is_answered_from_the_card(system: System) -> None:
    with system.phone(number(1)) as phone:
        first = phone.send(PASSPORT).replies
        assert len(first) == 1
        assert first[0].segments <= 2
        for fact in ("acta de nacimiento", "2026", "$1,795", "informador.mx", "MAS"):
            assert fact in first[0].body, fact
        more = phone.send("MAS").replies
        assert more
        assert more[0].segments <= 2
        assert more[0].body != first[0].body


def test_a_price_by_state_is_the_states(system: System) -> None:
    with system.phone(number(2)) as phone:
        body = phone.send("cuanto cuesta el acta d nacimiento en chiapas").replies[0].body
    assert "$123" in body
    assert "Chiapas" in body


def test_a_death_in_the_family_is_answered_with_its_steps(system: System) -> None:
    with system.phone(number(3)) as phone:
        body = phone.send("se murio mi papa").replies[0].body
    assert "1)" in body
    assert "defuncion" in body.lower()


def test_what_is_not_known_is_said_kindly_with_a_way_on(system: System) -> None:
    with system.phone(number(4)) as phone:
        body = phone.send("quiero tacos").replies[0].body
    assert "MENU" in body
    assert "AGENTE" in body


def test_a_forged_signature_gets_403_and_leaves_no_row(system: System) -> None:
    url = f"{system.gateway}/channels/sms/inbound"
    sent = form(number(5), "SM" + "f" * 32, "hola")
    for headers in ({}, {"X-Twilio-Signature": "AAAA"}, {"X-Twilio-Signature": "Zm9yZ2VkZm9yZ2VkZm9yZ2VkZm9="}):
        assert httpx.post(url, data=sent, headers=headers, trust_env=False).status_code == 403
    assert system.sql("SELECT count(*) FROM inbound WHERE provider_id = ?", "SM" + "f" * 32) == [(0,)]
    assert system.sql("SELECT count(*) FROM contacts WHERE conversation_id = ?", conversation(system, number(5))) == [
        (0,)
    ]


def test_32_identical_webhooks_at_once_make_one_message_one_turn_one_reply(system: System) -> None:
    sid = "SM" + "a" * 32
    sent = form(number(6), sid, PASSPORT)
    with ThreadPoolExecutor(32) as pool:
        codes = list(pool.map(lambda _: signed(system, "/channels/sms/inbound", sent).status_code, range(32)))
    assert set(codes) == {200}
    wait_for(system, number(6), 1, 15)
    assert system.sql("SELECT count(*), min(attempts) FROM inbound WHERE provider_id = ?", sid) == [(1, 1)]
    rows = system.sql("SELECT count(*) FROM outbound WHERE conversation_id = ?", conversation(system, number(6)))
    assert rows == [(1,)]
    assert len(system.on_phone(number(6))) == 1


def test_a_worker_killed_in_the_middle_of_a_turn_answers_once_and_in_order(system: System) -> None:
    phone = number(7)
    with system.frozen("engine"):
        for text in ("cuanto cuesta el pasaporte", "y donde se saca"):
            system.control("POST", f"phones/{phone}/messages", json={"body": text})
        eventually(lambda: leased(system, phone), 10, "a leased conversation")
        system.kill("worker")
        begun = time.monotonic()
    got = wait_for(system, phone, 2, 15 - (time.monotonic() - begun))
    assert "Costo" in got[0]
    assert got[1]
    assert len(system.on_phone(phone)) == 2
    waiting = system.sql("SELECT count(*) FROM inbound WHERE processed_at IS NULL")
    assert waiting == [(0,)]


def test_a_worker_killed_in_the_middle_of_a_delivery_sends_once(system: System) -> None:
    phone = number(8)
    system.control("POST", "faults", json=[{"match": {"to": phone}, "times": 1, "fault": "hang_after_accept"}])
    system.control("POST", f"phones/{phone}/messages", json={"body": PASSPORT})
    wait_for(system, phone, 1, 15)  # Twilio has it; the worker waits for an answer that does not come
    system.control("POST", f"phones/{phone}/messages", json={"body": "y cuanto tarda"})
    system.kill("worker")
    got = wait_for(system, phone, 2, 15)
    assert "pasaporte" in got[0].lower()
    assert len(got) == 2
    eventually(
        lambda: system.sql("SELECT count(*) FROM outbound WHERE status IN ('pending', 'sending')") == [(0,)],
        15,
        "an empty outbox",
    )
    assert len(system.on_phone(phone)) == 2


def test_redis_wiped_in_the_middle_of_a_dialogue_loses_nothing(system: System) -> None:
    url = system.program("worker").environ()["REDIS_URL"]
    phones = [number(20 + index) for index in range(6)]
    for phone in phones:
        system.control("POST", f"phones/{phone}/messages", json={"body": "cuanto cuesta el pasaporte"})
        redis.Redis.from_url(url).flushall()
    for phone in phones:
        assert "Costo" in wait_for(system, phone, 1, 15)[0]


def test_redis_killed_comes_back_and_everybody_is_answered(system: System) -> None:
    phone = number(30)
    system.kill("redis")
    system.control("POST", f"phones/{phone}/messages", json={"body": "cuanto cuesta el pasaporte"})
    # Without Redis the engine has no dialogue: the catalogue answers, unless Redis was back first.
    assert "asaporte" in wait_for(system, phone, 1, 15)[0]
    eventually(lambda: system.ask_readiness()["status"] == "ready", 20, "everything back")
    system.control("POST", f"phones/{phone}/messages", json={"body": "cuanto cuesta el pasaporte"})
    assert "$1,795" in wait_for(system, phone, 2, 15)[1]


def test_a_stopped_engine_is_replaced_by_the_catalogue_within_five_seconds(system: System) -> None:
    with system.frozen("engine"), system.phone(number(31)) as phone:
        begun = time.monotonic()
        replies = phone.send("pasaporte por primera vez").replies
        assert time.monotonic() - begun < 5 + 1  # the phone waits 0.7 s for more
        assert "asaporte" in replies[0].body
        assert replies[0].segments <= 2
    eventually(lambda: system.ask_readiness()["status"] == "ready", 20, "ready again")


def test_killed_processes_are_started_again(system: System) -> None:
    for name in ("engine", "actions", "gateway", "worker"):
        before = system.kill(name)
        eventually(lambda name=name, before=before: system.program(name).pid != before, 30, f"a new {name}")
    eventually(lambda: system.ask_readiness()["status"] == "ready", 60, "ready again")
    with system.phone(number(32)) as phone:
        assert "$1,795" in phone.send("cuanto cuesta el pasaporte").replies[0].body


def test_a_carrier_that_throttles_and_fails_gets_the_message_once_and_in_order(system: System) -> None:
    phone = number(33)
    faults = [{"match": {"to": phone}, "times": 1, "fault": fault} for fault in ("429", "500", "503")]
    system.control("POST", "faults", json=faults)
    system.control("POST", "callbacks", json={"repeat": 3, "shuffle": True, "delay": 0})
    for text in ("cuanto cuesta el pasaporte", "y donde"):
        system.control("POST", f"phones/{phone}/messages", json={"body": text})
    got = wait_for(system, phone, 2, 40)
    assert "Costo" in got[0]
    query = "SELECT status FROM outbound WHERE conversation_id = ? ORDER BY id"
    eventually(
        lambda: system.sql(query, conversation(system, phone)) == [("delivered",), ("delivered",)], 20, "both delivered"
    )
    assert len(system.on_phone(phone)) == 2


def test_an_opt_out_is_obeyed_before_anything_else(system: System) -> None:
    with system.phone(number(34), deadline=4) as phone:
        assert len(phone.send("ALTO").replies) == 1
        assert phone.send("cuanto cuesta el pasaporte").replies == ()
        assert len(phone.send("ALTA").replies) == 1
        assert phone.send("cuanto cuesta el pasaporte").replies


def test_personal_identifiers_are_gone_before_anything_is_stored(system: System) -> None:
    with system.phone(number(35)) as phone:
        phone.send(f"mi curp es {CURPS[0]} y quiero mi acta, correo rosa@example.com")
    stored = system.sql("SELECT content FROM inbound WHERE conversation_id = ?", conversation(system, number(35)))
    assert "[CURP]" in stored[0][0]
    assert CURPS[0] not in json.dumps(stored)
    assert "rosa@example.com" not in json.dumps(stored)


def test_nobodys_number_or_curp_is_in_a_log_or_in_clear_in_the_database(system: System) -> None:
    log = system.read_log()
    assert "delivery put off" in log, "the faults above leave their traces"
    for index in [*range(1, 9), *range(20, 36)]:
        assert number(index)[3:] not in log
        assert number(index)[1:] not in log
    for curp in CURPS:
        assert curp not in log
    for file in system.var.glob("ventanilla.sqlite*"):
        content = file.read_bytes()
        assert number(1)[3:].encode() not in content
        assert CURPS[0].encode() not in content
