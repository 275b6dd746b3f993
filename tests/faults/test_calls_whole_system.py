"""Calls through the whole product: gateway, worker, engine, action server, as Twilio carries them."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from xml.etree import ElementTree

import httpx
import pytest
from twilio.request_validator import RequestValidator

from tests.faults.system import System
from tests.people import number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(240)


class Caller:
    """Somebody who calls the running product."""

    def __init__(self, system: System, sid: str, phone: str) -> None:
        self._gateway = system.gateway
        self._token = system.program("gateway").environ()["TWIN_AUTH_TOKEN"]
        self._base = {"CallSid": sid, "From": phone, "To": "+525500000000", "CallStatus": "in-progress",
                      "Direction": "inbound", "AccountSid": "AC" + "0" * 31 + "1"}  # fmt: skip
        self.next = f"{self._gateway}/channels/voice/inbound"
        self.first_words = 0.0

    def step(self, **form: str) -> str:
        """Take a step, following redirects, and return all that is said; note when the first words came."""
        begun = time.monotonic()
        said: list[str] = []
        while True:
            fields = {**self._base, **form}
            signature = RequestValidator(self._token).compute_signature(self.next, fields)
            headers = {"X-Twilio-Signature": signature}
            answer = httpx.post(self.next, data=fields, headers=headers, trust_env=False, timeout=15)
            answer.raise_for_status()
            if not said:
                self.first_words = time.monotonic() - begun
            tree = ElementTree.fromstring(answer.text)
            said += ["".join(each.itertext()) for each in tree.iter("Say")]
            gather, redirect = tree.find("Gather"), tree.find("Redirect")
            if gather is not None:
                self.next = str(gather.get("action"))
                return " ".join(said)
            if redirect is None or redirect.text is None:
                self.next = ""
                return " ".join(said)
            self.next, form = redirect.text, {}

    def say(self, words: str) -> str:
        return self.step(SpeechResult=words, Confidence="0.9")


def test_a_question_is_answered_in_spoken_words_and_sent_by_sms(system: System) -> None:
    phone = number(60)
    caller = Caller(system, "CA60", phone)
    assert "Dígame qué trámite necesita" in caller.step()
    assert "mil setecientos noventa y cinco pesos" in caller.say("cuánto cuesta el pasaporte")
    assert "Se lo mando por mensaje" in caller.step(Digits="8")
    eventually(lambda: any("1,795" in each for each in system.on_phone(phone)), 15, "the SMS")
    assert "ese erre e" in caller.say("y dónde se saca")
    assert "Hasta luego" in caller.say("adiós")


def test_a_call_goes_on_from_an_sms_and_says_nothing_before_it_is_told_to(system: System) -> None:
    with system.phone(number(61)) as phone:
        phone.send("cuanto cuesta el pasaporte")
    caller = Caller(system, "CA61", number(61))
    first = caller.step()
    assert "lo mismo de hace rato" in first
    assert "asaporte" not in first
    assert "asaporte" in caller.say("sí")


def test_with_the_engine_dead_words_come_within_five_seconds(system: System) -> None:
    caller = Caller(system, "CA62", number(62))
    caller.step()
    with system.frozen("engine"):
        said = caller.say("cuánto cuesta el pasaporte")
    assert said
    assert caller.first_words < 5
    assert caller.next, "the call goes on"


def test_with_the_worker_dead_the_caller_is_offered_another_way(system: System) -> None:
    caller = Caller(system, "CA63", number(63))
    caller.step()
    with system.frozen("worker"):
        said = caller.say("cuánto cuesta el pasaporte")
        assert "Un momento" in said
        assert "tuvimos una falla" in said
        assert "Le llamaremos" in caller.step(Digits="1")


def test_with_the_database_held_the_caller_hears_words(system: System) -> None:
    caller = Caller(system, "CA64", number(64))
    caller.step()
    with contextlib.closing(sqlite3.connect(system.var / "ventanilla.sqlite", timeout=15)) as db:
        db.execute("BEGIN IMMEDIATE")
        said = caller.say("cuánto cuesta el pasaporte")
        db.rollback()
    assert "Disculpe" in said
    assert caller.first_words < 5
