"""The phones of ``/phones``, as a newcomer uses them, with the whole product behind."""

from __future__ import annotations

import os
import random
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.people import number

pytestmark = pytest.mark.timeout(300)

PICTURE = os.environ.get("PHONES_PICTURE")
"""Where to write the picture of docs/phones.md; nothing is written without it."""


def someone() -> str:
    """Return a number that a system which runs for longer has not met."""
    return number(random.randrange(1_000, 59_000_000))


def phone(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title)


def sms(page: Page) -> Locator:
    return phone(page, "Mensajes de texto (SMS)")


def whatsapp(page: Page) -> Locator:
    return phone(page, "WhatsApp")


def open_as(page: Page, gateway: str, person: str) -> None:
    page.goto(f"{gateway}/phones")
    page.get_by_label("Número de la persona").fill(person)
    page.get_by_role("button", name="Usar este número").click()
    expect(page.get_by_text("Conectado")).to_be_visible()


def send(section: Locator, text: str) -> None:
    section.get_by_role("textbox").first.fill(text)
    section.get_by_role("button", name="Enviar").click()


def answered(section: Locator, count: int) -> Locator:
    """Wait for at least ``count`` answers and return the last."""
    theirs = section.locator(".message.theirs")
    expect(theirs.nth(count - 1)).to_be_visible(timeout=40_000)
    return theirs.last


def serious(page: Page) -> list[tuple[str, str]]:
    found = Axe().run(page).response["violations"]
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in found if each["impact"] in ("serious", "critical")]


def test_a_newcomer_asks_by_sms_and_goes_on_by_whatsapp_with_a_tap(gateway: str, page: Page):
    page.goto(f"{gateway}/phones")
    open_as(page, gateway, someone())
    text = sms(page)
    text.get_by_role("textbox").fill("se me perdió la credencial")
    expect(text.locator(".count")).to_contain_text("26 de 70 · 1 SMS")
    text.get_by_role("button", name="Enviar").click()
    expect(text.locator(".own").get_by_role("img", name="Entregado")).to_be_visible()
    reply = answered(text, 1)
    expect(reply.locator(".about")).to_contain_text(re.compile(r"[12] SMS · entregado"))

    chat = whatsapp(page)
    send(chat, "hola")
    expect(chat.locator(".own").first.get_by_role("img", name=re.compile("Entregado|Leído"))).to_be_visible()
    last = answered(chat, 1)
    expect(last.locator(".about")).to_contain_text("leído")
    if last.get_by_role("button", name=re.compile("^☰")).count():
        last.get_by_role("button", name=re.compile("^☰")).click()
        dialog = page.get_by_role("dialog")
        assert serious(page) == []
        option = dialog.get_by_role("listitem").get_by_role("button").first
        title = option.locator("strong").inner_text()
    else:
        option = last.locator(".buttons button").first
        title = option.inner_text()
    option.click()
    mine = chat.locator(".message.own").last
    expect(mine.locator(".body")).to_have_text(re.compile(re.escape(title)))
    expect(mine.get_by_role("img", name=re.compile("Entregado|Leído"))).to_be_visible()
    answered(chat, 2)
    if PICTURE:
        page.screenshot(path=PICTURE, full_page=True)
    assert serious(page) == []


def test_everything_works_by_keyboard(gateway: str, page: Page):
    open_as(page, gateway, someone())
    chat = whatsapp(page)
    chat.get_by_role("textbox").first.focus()
    page.keyboard.type("¿Dónde saco mi acta de nacimiento?")
    page.keyboard.press("Enter")
    answered(chat, 1)
    chat.get_by_role("button", name="Adjuntar").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Enter")  # the first choice has the focus: a position
    place = page.get_by_role("combobox", name="Municipio")
    expect(place).to_be_focused()
    page.keyboard.type("Tlacolula de Matamoros, Oaxaca")
    expect(page.get_by_label("Latitud")).to_have_value(re.compile(r"^16\.9"))
    assert serious(page) == []
    page.get_by_role("button", name="Compartir").focus()
    page.keyboard.press("Enter")
    expect(chat.locator(".own .file")).to_contain_text("Tlacolula")
    expect(chat.get_by_role("textbox").first).to_be_focused()
    answered(chat, 2)


def test_a_voice_note_and_a_photo_get_an_answer(gateway: str, page: Page):
    open_as(page, gateway, someone())
    chat = whatsapp(page)
    for count, name in ((1, "Nota de voz"), (2, "Foto")):
        chat.get_by_role("button", name="Adjuntar").click()
        page.get_by_role("dialog").get_by_role("button", name=name).click()
        expect(chat.locator(".own .file").nth(count - 1)).to_contain_text(name)
        answered(chat, count)


def test_what_was_said_is_there_after_a_reload_and_of_one_person_only(gateway: str, page: Page):
    open_as(page, gateway, someone())
    send(sms(page), "hola")
    answered(sms(page), 1)
    page.reload()
    answered(sms(page), 1)
    expect(sms(page).locator(".message.own")).to_have_count(1)
    page.get_by_role("button", name="Otra persona").click()
    expect(sms(page).locator(".message")).to_have_count(0)


def test_a_wrong_number_is_told(gateway: str, page: Page):
    page.goto(f"{gateway}/phones")
    page.get_by_label("Número de la persona").fill("123")
    page.get_by_role("button", name="Usar este número").click()
    expect(page.get_by_role("alert").filter(has_text="10 dígitos")).to_be_visible()
    expect(page.get_by_label("Número de la persona")).to_be_focused()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_needs_no_sideways_scrolling(gateway: str, browser: Browser, scheme: str):
    with browser.new_context(
        viewport={"width": 320, "height": 700},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        locale="es-MX",
    ) as context:
        page = context.new_page()
        open_as(page, gateway, someone())
        send(sms(page), "¿Qué necesito para la licencia de conducir?")
        answered(sms(page), 1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert serious(page) == []


def test_the_picture_of_the_docs_is_there():
    assert (Path(__file__).parents[2] / "docs" / "images" / "phones.png").stat().st_size > 10_000
