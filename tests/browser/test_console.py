"""The console in a real browser: agents, a supervisor and an administrator, with citizens on the twin's phones."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from bot.console.throttle import PER_ACCOUNT_AND_ADDRESS
from bot.store.agents import Role
from tests.browser.console_desk import PASSWORD, Desk, row
from tests.servers import eventually

pytestmark = pytest.mark.timeout(300)

PICTURES = os.environ.get("CONSOLE_PICTURES")
"""Folder for the pictures of docs/console.md; nothing is written without it."""
_WEEKDAYS = ("lun", "mar", "mie", "jue", "vie", "sab", "dom")


def press_until(page: Page, key: str, wanted: str, most: int = 80) -> None:
    """Press a key until what matches has the focus."""
    for _ in range(most):
        if page.evaluate("wanted => document.activeElement.matches(wanted)", wanted):
            return
        page.keyboard.press(key)
    pytest.fail(f"{wanted} is not reached by {key}")


# ---- a conversation from the first word to the last


def test_who_asks_appears_without_a_reload_and_of_two_who_take_one_gets_it(desk: Desk):
    names = {desk.hire(name): name for name in ("Ana", "Beto")}
    pages = {username: desk.signed_in(username) for username in names}
    phone = desk.phone()
    handoff = desk.ask(phone, "perdi mi acta de nacimiento")
    for page in pages.values():
        expect(row(page, handoff)).to_be_visible()
        expect(row(page, handoff)).to_contain_text("Pidió una persona")
    click = """([selector, at]) => { setTimeout(() => document.querySelector(selector).click(), at - Date.now()); }"""
    at = next(iter(pages.values())).evaluate("Date.now() + 1000")
    for page in pages.values():
        page.evaluate(click, [f"#row-{handoff} form button", at])
    taken = f"**/console/handoffs/{handoff}**"
    for page in pages.values():
        page.wait_for_url(taken)
    winner = desk.handoffs.get(handoff)
    assert winner is not None
    assert winner.agent in names.values()
    for username, page in pages.items():
        if names[username] == winner.agent:
            expect(page.get_by_label("Su respuesta")).to_be_visible()
        else:
            expect(page.get_by_role("alert")).to_have_text(f"La tomó {winner.agent}.")
    assert any(f"Le atiende {winner.agent}" in each.body for each in phone.receive(20))


@pytest.mark.parametrize("channel", ["sms", "whatsapp"])
def test_words_go_both_ways_and_the_assistant_is_silent_until_it_gets_the_person_back(desk: Desk, channel: str):
    page = desk.signed_in(desk.hire("Ana"))
    phone = desk.phone(channel)
    handoff = desk.ask(phone, "perdi mi acta de nacimiento, soy de Jalisco")
    desk.take(page, handoff)
    expect(page.locator(".summary")).to_contain_text("acta", ignore_case=True)
    phone.receive(5)
    page.get_by_label("Su respuesta").fill("Buenas tardes, ¿en qué le ayudo?")
    expect(page.locator("#segments")).to_contain_text("caracteres")
    page.get_by_label("Su respuesta").press("Control+Enter")
    answer = eventually(lambda: [each.body for each in phone.receive(5)], 40, "the agent's words on the phone")
    assert answer == ["Buenas tardes, ¿en qué le ayudo?"]
    mine = page.locator("#thread .out.agent").last
    expect(mine).to_contain_text(re.compile("entregado|leído"))  # ticks come by themselves

    said = [f"mensaje {count}" for count in range(1, 6)]
    for text in said:
        assert phone.send(text, deadline=0.3).replies == ()
    for text in said:
        expect(page.locator("#thread .in", has_text=text)).to_be_visible()
    assert phone.receive(1) == ()

    page.get_by_role("button", name="Devolver al asistente").click()
    expect(page.get_by_role("heading", name="Fila", exact=True)).to_be_visible()
    assert any("Sigo yo" in each.body for each in eventually(lambda: phone.receive(5), 40, "words of the assistant"))
    on = " ".join(each.body for each in phone.send("cuanto cuesta").replies)
    assert "acta" in on.lower()


def test_who_is_transferred_is_announced_to_whom_she_goes(desk: Desk):
    beto = desk.hire("Beto")
    ana, other = desk.signed_in(desk.hire("Ana")), desk.signed_in(beto)
    handoff = desk.ask(desk.phone())
    desk.take(ana, handoff)
    found = desk.agents.credentials(beto)
    assert found is not None
    ana.get_by_label("Transferir a").select_option(f"agent:{found[0].id}")
    ana.get_by_role("button", name="Transferir").click()
    expect(row(other, handoff)).to_contain_text("Para usted")
    desk.take(other, handoff)


def test_out_of_hours_it_is_said_when_people_come_back(desk: Desk):
    team = desk.agents.save_team(f"Equipo {random.randrange(10**9)}", "", False)
    desk.hire("Ana", in_teams=[team])
    day = datetime.now(ZoneInfo("America/Mexico_City")) + timedelta(days=2)
    closed = f"{_WEEKDAYS[day.weekday()]} 09:00-10:00"
    outside = desk.sql("SELECT id FROM agents WHERE active AND id NOT IN (SELECT agent_id FROM agent_teams)")
    hours = desk.sql("SELECT id, hours FROM teams")
    desk.sql("UPDATE teams SET hours = ?", closed)
    for (agent,) in outside:
        desk.sql("UPDATE agents SET active = 0 WHERE id = ?", agent)
    try:
        phone = desk.phone()
        told = " ".join(each.body for each in phone.send("AGENTE").replies)
        assert "9:00" in told
        assert "1)" in told
        before = desk.newest()
        assert phone.send("1").replies
        assert desk.newest() > before
    finally:
        for id_, text in hours:
            desk.sql("UPDATE teams SET hours = ? WHERE id = ?", text, id_)
        for (agent,) in outside:
            desk.sql("UPDATE agents SET active = 1 WHERE id = ?", agent)


def test_how_late_it_is_is_shown_in_words_and_colour(desk: Desk):
    page = desk.signed_in(desk.hire("Ana"))
    handoff = desk.ask(desk.phone())
    for minutes, (kind, word) in {0: ("good", "A tiempo"), 6: ("warning", "Pronto"), 16: ("late", "Tarde")}.items():
        since = datetime.now(timezone.utc) - timedelta(minutes=minutes)
        desk.sql("UPDATE handoffs SET waiting_since = ? WHERE id = ?", f"{since:%Y-%m-%d %H:%M:%S.%f}", handoff)
        page.reload()
        expect(row(page, handoff)).to_have_class(f"row {kind}")
        expect(row(page, handoff)).to_contain_text(word)


def test_a_supervisor_listens_in_and_sees_the_wall_move(desk: Desk):
    ana, boss = desk.signed_in(desk.hire("Ana")), desk.signed_in(desk.hire("Carmen", "supervisor"))
    boss.goto(f"{desk.gateway}/console/wall")
    waiting = boss.locator(".figures div", has_text="En espera").locator("dd")
    before = int(waiting.inner_text())
    handoff = desk.ask(desk.phone(), "quiero sacar mi curp")
    expect(waiting).to_have_text(str(before + 1))
    desk.take(ana, handoff)
    desk.open(boss, handoff)
    expect(boss.get_by_text("Usted solo lee")).to_be_visible()
    expect(boss.get_by_label("Su respuesta")).to_have_count(0)
    conversation = desk.sql("SELECT conversation_id FROM handoffs WHERE id = ?", handoff)[0][0]
    actions = [a for (a,) in desk.sql("SELECT action FROM audit WHERE conversation_id = ?", conversation)]
    assert "listen" in actions
    boss.get_by_label("Asignar a").select_option(label="Yo")
    boss.get_by_role("button", name="Asignar").click()
    expect(boss.get_by_label("Su respuesta")).to_be_visible()


def test_a_suggested_card_is_one_click_away(desk: Desk):
    page = desk.signed_in(desk.hire("Ana"))
    phone = desk.phone()
    handoff = desk.ask(phone, "como saco el pasaporte de mi hijo")
    desk.take(page, handoff)
    phone.receive(5)
    page.get_by_role("region", name="Fichas que le pueden servir").get_by_role("button").first.click()
    sent = eventually(lambda: [each.body for each in phone.receive(5)], 40, "the card on the phone")
    assert any("pasaporte" in each.lower() for each in sent)


# ---- who is at the desk


def test_signing_out_ends_the_session(desk: Desk):
    username = desk.hire("Ana")
    page = desk.signed_in(username)
    page.get_by_role("button", name=re.compile("^Salir")).click()
    expect(page.get_by_role("heading", name="Entrar a la consola")).to_be_visible()
    page.goto(f"{desk.gateway}/console/queue")
    expect(page.get_by_role("heading", name="Entrar a la consola")).to_be_visible()
    found = desk.agents.credentials(username)
    assert found is not None
    assert found[0].presence == "away"


def test_sound_can_be_switched_off_and_the_browser_remembers(desk: Desk):
    page = desk.signed_in(desk.hire("Ana"))
    box = page.get_by_label("Avisos con sonido")
    expect(box).to_be_checked()
    box.uncheck()
    page.reload()
    expect(page.get_by_label("Avisos con sonido")).not_to_be_checked()


HEARS = """
window.beeps = 0;
window.away = true;
Object.defineProperty(document, "hidden", { get: () => window.away });
window.AudioContext = class {
  constructor() { this.currentTime = 0; this.destination = {}; }
  createOscillator() { return { connect: (to) => to, start: () => { window.beeps += 1; }, stop: () => {} }; }
  createGain() { return { gain: {}, connect: (to) => to }; }
};
"""
"""A tab behind others, whose beeps are counted."""


def test_sound_and_title_call_who_attends_and_who_may_take(desk: Desk):
    pages = {name: desk.signed_in(desk.hire(name)) for name in ("Ana", "Beto")}
    ana, beto = pages.values()
    phone = desk.phone()
    handoff = desk.ask(phone)
    desk.take(ana, handoff)
    beto.reload()
    for page in (ana, beto):
        page.add_init_script(HEARS)
        page.reload()
    title = {page: page.title() for page in (ana, beto)}
    phone.send("¿Sigue ahí?", deadline=0.3)
    expect(ana).to_have_title(f"(1) {title[ana]}")
    assert ana.evaluate("beeps") == 1
    other = desk.ask(desk.phone())
    expect(row(beto, other)).to_be_visible()
    expect(beto).to_have_title(f"(1) {title[beto]}")  # for her who waits, and not for what Ana's person said
    assert beto.evaluate("beeps") == 1
    expect(ana).to_have_title(f"(2) {title[ana]}")
    beto.evaluate("window.away = false; document.dispatchEvent(new Event('visibilitychange'))")
    expect(beto).to_have_title(title[beto])
    ana.get_by_label("Avisos con sonido").uncheck()
    phone.send("¿Hola?", deadline=0.3)
    expect(ana.locator("#thread .in", has_text="¿Hola?")).to_be_visible()
    assert ana.evaluate("beeps") == 2
    expect(ana).to_have_title(f"(2) {title[ana]}")


def test_a_session_about_to_end_is_announced_and_can_go_on(desk: Desk):
    page = desk.signed_in(desk.hire("Ana"))
    page.clock.install()
    page.reload()
    warning = page.get_by_role("alertdialog")
    expect(warning).to_be_hidden()
    page.clock.fast_forward("28:30")
    expect(warning).to_be_visible()
    with page.expect_response("**/console/alive") as answered:
        warning.get_by_role("button", name="Seguir aquí").click()
    assert answered.value.status == 204
    expect(warning).to_be_hidden()
    page.clock.fast_forward("30:30")
    page.wait_for_url("**/console/sign-in**")


def test_everything_works_by_keyboard_alone(desk: Desk):
    username = desk.hire("Ana")
    desk.agents.save_canned(f"hola{username}", "Buenas, soy {agente}.", None)
    phone = desk.phone()
    handoff = desk.ask(phone)
    page = desk.page()
    page.goto(f"{desk.gateway}/console/")
    press_until(page, "Tab", "#username")
    page.keyboard.type(username)
    press_until(page, "Tab", "#password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(row(page, handoff)).to_be_visible()
    press_until(page, "Tab", f"#row-{handoff} form button", 200)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Su respuesta")).to_be_visible()
    phone.receive(5)
    press_until(page, "Tab", "#text")
    page.keyboard.type(f"/hola{username}")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Su respuesta")).to_have_value("Buenas, soy Ana.")
    page.keyboard.press("Control+Enter")
    assert [each.body for each in eventually(lambda: phone.receive(5), 40, "the words")] == ["Buenas, soy Ana."]
    expect(page.locator("#thread .out", has_text="Buenas, soy Ana.")).to_be_visible()


# ---- every page, for everybody's eyes


@dataclass(frozen=True)
class Furniture:
    """An administrator who has a conversation (``mine``), one that waits, one of another agent's, who has no room."""

    admin: str
    mine: int
    waiting: int
    full: str
    others: int


@pytest.fixture(scope="module")
def furnished(office: Desk) -> Furniture:
    """No page is empty."""

    def hired(name: str, role: Role = "agent") -> tuple[str, int]:
        username = office.hire(name, role)
        found = office.agents.credentials(username)
        assert found is not None
        return username, found[0].id

    admin, admin_id = hired("Administración", "admin")
    full, full_id = hired("Eva")
    office.agents.change(full_id, capacity=1)
    office.agents.save_team(f"Actas {random.randrange(10**9)}", "lun-vie 09:00-18:00", True)
    office.agents.save_canned(f"espere{admin}", "Lo reviso y le contesto.", None)
    mine = office.ask(office.phone("whatsapp"), "se murio mi papa que hago")
    office.handoffs.take(mine, admin_id, datetime.now(timezone.utc))
    others = office.ask(office.phone(), "quiero sacar mi curp")
    office.handoffs.take(others, full_id, datetime.now(timezone.utc))
    waiting = office.ask(office.phone(), "perdi mi acta de nacimiento")
    return Furniture(admin, mine, waiting, full, others)


def sign_in(page: Page, username: str, password: str = PASSWORD) -> None:
    page.get_by_label("Usuario").fill(username)
    page.get_by_label("Contraseña").fill(password)
    page.get_by_role("button", name="Entrar", exact=True).click()


def send(page: Page, path: str) -> None:
    """Send a form of the open page to another path, with nothing in it but its token."""
    with page.expect_navigation():
        page.evaluate(
            """path => {
              const form = document.querySelector("form.presence").cloneNode(true);
              form.action = `/console/${path}`;
              document.body.append(form);
              form.submit();
            }""",
            path,
        )


def every_page(desk: Desk, furnished: Furniture, page: Page) -> Iterator[str]:
    """Go through all pages; yield the name of each while it is open. Begins signed out."""
    page.goto(f"{desk.gateway}/console/sign-in")
    yield "sign-in"
    nobody = f"nadie{random.randrange(10**9)}"
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        page.request.post(f"{desk.gateway}/console/sign-in", form={"username": nobody, "password": "x"})
    sign_in(page, nobody)
    expect(page.get_by_role("alert")).to_contain_text("Demasiados intentos")
    yield "sign-in-throttled"
    with_code = desk.hire("Dora")
    found = desk.agents.credentials(with_code)
    assert found is not None
    desk.agents.set_totp(found[0].id, "JBSWY3DPEHPK3PXP")
    sign_in(page, with_code)
    expect(page.get_by_role("heading", name="Código de verificación")).to_be_visible()
    yield "code"
    page.goto(f"{desk.gateway}/console/sign-in")
    sign_in(page, furnished.admin)
    expect(page.get_by_role("heading", name="Fila", exact=True)).to_be_visible()
    yield "queue"
    paths = {
        "conversation-mine": f"handoffs/{furnished.mine}",
        "conversation-waiting": f"handoffs/{furnished.waiting}",
        "conversation-others": f"handoffs/{furnished.others}",
        "wall": "wall",
        "account": "account",
        "people": "admin/people",
        "person": f"admin/people/{found[0].id}",
        "teams": "admin/teams",
        "replies": "admin/replies",
        "audit": "audit?check=1",
        "error": "handoffs/999999999",
    }
    for name, path in paths.items():
        page.goto(f"{desk.gateway}/console/{path}")
        yield name
    forms = {
        "taken": (f"handoffs/{furnished.others}/take", "La tomó Eva"),
        "no-ring": (f"handoffs/{furnished.waiting}/ring", "No se puede llamar"),
        "note-missing": (f"handoffs/{furnished.mine}/note", "La nota está vacía"),
        "factor": ("account/factor", "agregue una cuenta con esta clave"),
        "password-wrong": ("account/password", "La contraseña actual no es correcta"),
        "person-missing": ("admin/people", "Falta el usuario"),
        "password-once": (f"admin/people/{found[0].id}/password", "solo se muestra ahora"),
    }
    for name, (path, told) in forms.items():
        page.goto(f"{desk.gateway}/console/account")
        send(page, path)
        expect(page.locator("main")).to_contain_text(told)
        yield name
    page.context.clear_cookies()
    page.goto(f"{desk.gateway}/console/sign-in")
    sign_in(page, furnished.full)
    expect(page.get_by_role("heading", name="Fila", exact=True)).to_be_visible()
    send(page, f"handoffs/{furnished.waiting}/take")
    expect(page.get_by_role("heading", name="Ya no le caben más")).to_be_visible()
    yield "full"


LOOKS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "more contrast": {"contrast": "more"},
    "forced colours": {"forced_colors": "active", "color_scheme": "dark"},
}


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_keeps_anybody_out(desk: Desk, furnished: Furniture, look: str):
    page = desk.page(**LOOKS[look])
    wrong: list[tuple[str, str, str]] = []
    for name in every_page(desk, furnished, page):
        for found in Axe().run(page).response["violations"]:
            wrong.append((name, found["id"], found["nodes"][0]["html"][:160]))
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{look.replace(' ', '-')}.png")
    assert wrong == []


def test_where_colours_are_forced_shapes_say_who_is_there(desk: Desk, furnished: Furniture):
    page = desk.page(forced_colors="active")
    page.goto(f"{desk.gateway}/console/sign-in")
    sign_in(page, furnished.admin)
    expect(page.get_by_role("heading", name="Fila", exact=True)).to_be_visible()
    page.goto(f"{desk.gateway}/console/wall")
    look = """name => {
      const dot = document.createElement("span");
      dot.className = `dot ${name}`;
      document.querySelector("main").append(dot);
      const { backgroundColor, backgroundImage, borderTopStyle } = getComputedStyle(dot, "::before");
      return [backgroundColor, backgroundImage, borderTopStyle].join();
    }"""
    assert len({page.evaluate(look, presence) for presence in ("here", "busy", "away")}) == 3


@pytest.mark.parametrize(
    "size", [{"width": 320, "height": 640}, {"width": 640, "height": 450}], ids=["320 px", "200 % of 1280 px"]
)
def test_no_page_must_be_scrolled_sideways(desk: Desk, furnished: Furniture, size: Any):
    page = desk.page(viewport=size)
    wide: dict[str, int] = {}
    for name in every_page(desk, furnished, page):
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        if over > 0:
            wide[name] = over
        if PICTURES:
            page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}.png")
    assert wide == {}
