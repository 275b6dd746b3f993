"""The third phone of ``/phones``: calls, as a newcomer makes them, with the whole product behind."""

from __future__ import annotations

import random

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.people import BY_NIGHT, by_day, number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(300)


def open_as_somebody(page: Page, gateway: str) -> Locator:
    page.goto(f"{gateway}/phones")
    page.get_by_label("Número de la persona").fill(number(random.randrange(1_000, 59_000_000)))
    page.get_by_role("button", name="Usar este número").click()
    expect(page.get_by_text("Conectado")).to_be_visible()
    return page.get_by_role("region", name="Llamada")


def serious(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")]


def test_a_call_is_placed_spoken_on_and_ended(gateway: str, page: Page):
    phone = open_as_somebody(page, gateway)
    expect(phone.get_by_role("status")).to_have_text("Sin llamada")
    expect(phone.get_by_role("button", name="Decir")).to_be_disabled()
    assert serious(page) == []
    phone.get_by_role("button", name="Llamar").click()
    expect(phone.get_by_text("No diga datos personales", exact=False)).to_be_visible()
    expect(phone.get_by_role("status")).to_have_text("Le escucha")
    phone.get_by_role("textbox", name="Lo que digo").fill("cuánto cuesta el acta de nacimiento en jalisco")
    phone.get_by_role("button", name="Decir").click()
    expect(phone.locator(".did").last).to_contain_text("cuánto cuesta")
    expect(phone.get_by_text("noventa y ocho pesos", exact=False).first).to_be_visible()
    assert serious(page) == []
    phone.get_by_role("button", name="Colgar").click()
    expect(phone.get_by_role("status")).to_have_text("Llamada terminada")
    expect(phone.get_by_role("button", name="Llamar")).to_be_visible()


def test_a_call_by_keyboard_alone(gateway: str, page: Page):
    phone = open_as_somebody(page, gateway)
    phone.get_by_role("button", name="Llamar").focus()
    page.keyboard.press("Enter")
    expect(phone.get_by_role("status")).to_have_text("Le escucha")
    said = phone.locator(".heard")
    before = said.count()
    keypad = phone.get_by_role("group", name="Teclado del teléfono")
    keypad.get_by_role("button", name="5").focus()
    page.keyboard.press("7")
    expect(phone.get_by_text("Tecla 7")).to_be_visible()
    expect(said.nth(before)).to_be_visible()
    phone.get_by_role("button", name="Quedarse callado").focus()
    page.keyboard.press("Enter")
    expect(phone.get_by_text("(silencio)")).to_be_visible()
    phone.get_by_role("button", name="Colgar").focus()
    page.keyboard.press("Enter")
    expect(phone.get_by_role("button", name="Llamar")).to_be_focused()


@pytest.mark.skipif(not by_day(), reason=BY_NIGHT)
@pytest.mark.parametrize("choice", ["Contestar", "Rechazar"])
def test_the_phone_rings_and_is_answered_or_not(gateway: str, page: Page, choice: str):
    phone = open_as_somebody(page, gateway)
    sms = page.get_by_role("region", name="Mensajes de texto (SMS)")
    sms.get_by_role("textbox").first.fill("llámeme")
    sms.get_by_role("button", name="Enviar").click()
    expect(phone.get_by_text("Está sonando")).to_be_visible()
    assert serious(page) == []
    phone.get_by_role("button", name=choice).click()
    if choice == "Contestar":
        expect(phone.get_by_text("Le llama el asistente automático", exact=False)).to_be_visible()
        phone.get_by_role("button", name="Colgar").click()
    ended = "Llamada terminada" if choice == "Contestar" else "Ocupado"
    expect(phone.get_by_role("status")).to_have_text(ended)


def test_reading_aloud_is_off_until_it_is_asked_for(gateway: str, page: Page):
    page.add_init_script(
        "window.spoken = []; speechSynthesis.speak = (each) => window.spoken.push([each.text, each.lang]);"
    )
    phone = open_as_somebody(page, gateway)
    phone.get_by_role("button", name="Llamar").click()
    expect(phone.get_by_role("status")).to_have_text("Le escucha")
    assert page.evaluate("window.spoken") == []
    aloud = phone.get_by_role("button", name="Leer en voz alta")
    aloud.click()
    expect(aloud).to_have_attribute("aria-pressed", "true")
    phone.get_by_role("group", name="Teclado del teléfono").get_by_role("button", name="*").click()
    expect(phone.get_by_text("Tecla *")).to_be_visible()
    eventually(lambda: page.evaluate("window.spoken.length"), 20, "something to be read")
    assert {language for _, language in page.evaluate("window.spoken")} == {"es-MX"}


def test_a_narrow_dark_screen_needs_no_sideways_scrolling(gateway: str, browser: Browser):
    with browser.new_context(
        viewport={"width": 320, "height": 700}, color_scheme="dark", reduced_motion="reduce", locale="es-MX"
    ) as context:
        page = context.new_page()
        phone = open_as_somebody(page, gateway)
        phone.get_by_role("button", name="Llamar").click()
        expect(phone.get_by_role("status")).to_have_text("Le escucha", timeout=40_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert serious(page) == []
