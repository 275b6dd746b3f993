"""Callers at the console, in a real browser: who waits on the line, whose phone rings, what each of them hears."""

from __future__ import annotations

import os
import random
import statistics
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from channels.twin.client import TwinPhone
from channels.twin.telephone import TwinCall
from tests.browser.console_desk import AgentPhone, Desk, row
from tests.people import number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(300)

PICTURES = os.environ.get("CONSOLE_PICTURES")
"""Folder for the picture of docs/console.md; nothing is written without it."""
ASKINGS = 3
SECONDS_UNTIL_SEEN = 1.0


def hears(caller: TwinCall, words: str) -> None:
    """Wait until a caller has heard something, with nothing done by her."""
    eventually(lambda: words in " ".join(caller.take_up(caller.sid).said), 60, f"«{words}»")


def telephone(page: Page) -> Any:
    return page.get_by_role("region", name="Teléfono")


def figure(page: Page, name: str) -> Any:
    return page.locator(".figures div", has=page.get_by_text(name, exact=True)).locator("dd")


def test_a_caller_is_taken_by_telephone_and_the_assistant_goes_on(desk: Desk):
    ana = desk.hire("Ana")
    phone = AgentPhone(desk, ana)
    page, boss = desk.signed_in(ana), desk.signed_in(desk.hire("Carmen", "supervisor"))
    boss.goto(f"{desk.gateway}/console/wall")
    talking = int(figure(boss, "Llamadas en curso").inner_text())
    someone = number(random.randrange(1_000, 59_000_000))
    with desk.caller(someone) as caller:
        handoff = desk.waits(caller, "perdí mi acta de nacimiento")
        line = row(page, handoff)
        expect(line).to_contain_text("espera en la línea")
        desk.open(boss, handoff)
        expect(telephone(boss)).to_contain_text("Espera en la línea", ignore_case=True)
        assert [each["id"] for each in Axe().run(boss).response["violations"]] == []
        boss.goto(f"{desk.gateway}/console/wall")
        line.get_by_role("button", name="Llamarme").click()
        expect(telephone(page)).to_contain_text("Suena su teléfono")
        expect(telephone(page)).to_contain_text("perdí mi acta de nacimiento")
        expect(telephone(page)).to_contain_text("marcó 0")
        wrong = [each["id"] for each in Axe().run(page).response["violations"]]
        assert wrong == []

        phone.rings()
        whisper = phone.does("answer")
        assert "termina en" in whisper
        assert "marque uno" in whisper
        expect(telephone(page)).to_contain_text("marque 1")
        assert phone.does("keys", keys="1")
        hears(caller, "Le atiende Ana")
        assert caller.take_up(caller.sid).doing == "talking"
        expect(telephone(page)).to_contain_text("Está usted en la llamada")
        expect(page.get_by_label("Su respuesta")).to_be_visible()
        expect(figure(boss, "Llamadas en curso")).to_have_text(str(talking + 1))
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / "call-light.png")
        expect(boss.get_by_text("En atención").first).to_be_visible()

        with TwinPhone(desk.twin, someone, deadline=40) as sms:  # who talks with a person gets no answer of a machine
            assert sms.send("¿sigue ahí?", deadline=2).replies == ()
        expect(page.locator("#thread")).to_contain_text("¿sigue ahí?")
        phone.does("hang_up")
        hears(caller, "¿Le ayudo en algo más?")
        expect(telephone(page)).to_contain_text("La llamada terminó. Hablaron")
        page.get_by_label("Nota interna").fill("Se le dijo qué llevar.")
        page.get_by_role("button", name="Guardar nota").click()
        expect(page.locator("#thread .note")).to_contain_text("Se le dijo qué llevar.")
        expect(figure(boss, "Llamadas en curso")).to_have_text(str(talking))
        answer = caller.say("cuánto cuesta")
        assert "acta" in " ".join(answer.said).lower()
        caller.hang_up()
    (state, reason) = desk.sql("SELECT state, end_reason FROM handoffs WHERE id = ?", handoff)[0]
    assert (state, reason) == ("bot", "talked")


def test_a_caller_who_hangs_up_while_she_waits_is_gone_from_the_queue(desk: Desk):
    ana = desk.hire("Ana")
    phone = AgentPhone(desk, ana)
    page = desk.signed_in(ana)
    with desk.caller() as caller:
        handoff = desk.waits(caller)
        row(page, handoff).get_by_role("button", name="Llamarme").click()
        phone.rings()
        caller.hang_up()
    eventually(phone.is_down, 40, "the agent's phone at rest")
    expect(page.locator("#thread")).to_contain_text("La persona colgó")
    expect(telephone(page)).to_contain_text("La persona colgó")
    page.goto(f"{desk.gateway}/console/queue")
    expect(row(page, handoff)).to_have_count(0)
    assert desk.sql("SELECT state, end_reason FROM handoffs WHERE id = ?", handoff) == [("closed", "hung_up")]


def test_a_busy_phone_leaves_the_caller_in_the_queue_for_another_agent(desk: Desk):
    ana, beto = desk.hire("Ana"), desk.hire("Beto")
    AgentPhone(desk, ana, "busy")
    other = AgentPhone(desk, beto)
    page, second = desk.signed_in(ana), desk.signed_in(beto)
    with desk.caller() as caller:
        handoff = desk.waits(caller)
        row(page, handoff).get_by_role("button", name="Llamarme").click()
        expect(telephone(page)).to_contain_text("su teléfono está ocupado")
        expect(telephone(page)).to_contain_text("Espera en la línea")
        expect(telephone(page).get_by_role("button", name="Llamarme")).to_be_visible()
        assert not caller.keep_silent().over
        row(second, handoff).get_by_role("button", name="Llamarme").click()
        other.rings()
        expect(telephone(page)).to_contain_text("Suena el teléfono de Beto")  # and Ana is not asked to take her too
        expect(telephone(page).get_by_role("button", name="Llamarme")).to_have_count(0)
        assert "marque uno" in other.does("answer")
        assert "Le comunico" in other.does("keys", keys="1")
        hears(caller, "Le atiende Beto")
        caller.hang_up()
    expect(telephone(second)).to_contain_text("La llamada terminó")
    assert desk.sql("SELECT state, end_reason FROM handoffs WHERE id = ?", handoff) == [("closed", "talked")]


def test_an_agent_without_a_phone_sees_why_and_answers_in_writing(desk: Desk):
    page = desk.signed_in(desk.hire("Ana"))
    someone = number(random.randrange(1_000, 59_000_000))
    with desk.caller(someone) as caller:
        handoff = desk.waits(caller, "perdí mi acta de nacimiento")
        expect(row(page, handoff)).to_contain_text("Sin teléfono en su cuenta")
        row(page, handoff).get_by_role("link", name="Ver").click()
        expect(telephone(page)).to_contain_text("su cuenta no tiene uno")
        telephone(page).get_by_role("button", name="Atender por SMS").click()
        expect(page.get_by_label("Su respuesta")).to_be_visible()
        assert "le va a escribir" in " ".join(caller.keep_silent().said)
    page.get_by_role("region", name="Fichas que le pueden servir").get_by_role("button").first.click()

    def arrived() -> bool:
        messages = httpx.get(f"{desk.twin}/twin/phones/{someone}/messages", trust_env=False).json()["messages"]
        return any("acta" in each["body"].lower() for each in messages)

    eventually(arrived, 40, "the checklist by SMS")


WATCH = """() => {
  window.seen = {};
  const look = () => {
    for (const line of document.querySelectorAll("#queue li.row[id]"))
      if (!(line.id in window.seen) && line.getClientRects().length)
        window.seen[line.id] = performance.timeOrigin + performance.now();
  };
  new MutationObserver(look).observe(document.getElementById("queue"), {childList: true, subtree: true});
  look();
}"""


@pytest.mark.parametrize("channel", ["sms", "whatsapp", "voice"])
def test_who_asks_is_seen_within_a_second(desk: Desk, channel: str):
    """From the moment in which the carrier's request arrives, by the page's own clock; the median of three askings."""
    page = desk.signed_in(desk.hire("Ana"))
    page.evaluate(WATCH)
    took = [_seconds_until_seen(desk, page, channel) for _ in range(ASKINGS)]
    assert statistics.median(took) <= SECONDS_UNTIL_SEEN, took


def _seconds_until_seen(desk: Desk, page: Page, channel: str) -> float:
    before = len(_webhooks(desk))
    if channel == "voice":
        with desk.caller() as caller:
            handoff = desk.waits(caller)
            page.wait_for_function("id => id in window.seen", arg=f"row-{handoff}")
            # The key is the last thing that was asked about before the queue.
            asked = [each for each in _webhooks(desk)[before:] if each["sid"] == caller.sid][-2]
            caller.hang_up()
    else:
        with desk.phone(channel) as phone:
            assert phone.send("hola").replies
            before = len(_webhooks(desk))
            handoff = desk.ask(phone)
            page.wait_for_function("id => id in window.seen", arg=f"row-{handoff}")
        asked = next(each for each in _webhooks(desk)[before:] if each["kind"] == "inbound")
    seen = page.evaluate("id => window.seen[id]", f"row-{handoff}")
    return float(seen / 1000 - datetime.fromisoformat(asked["at"]).timestamp())


def _webhooks(desk: Desk) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{desk.twin}/twin/webhooks", trust_env=False).json()
    return found
