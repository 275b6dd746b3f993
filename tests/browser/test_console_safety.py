"""What people write is text on all of the console; what is somebody else's leaves the page; danger goes first."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import Page, expect

from tests.browser.console_desk import Desk, row
from tests.servers import eventually

pytestmark = pytest.mark.timeout(600)

ATTACKS = (
    '<script>window.hit = "script"</script>',
    "<img src=x onerror=\"window.hit = 'img'\">",
    '"><svg onload="window.hit = \'svg\'">',
    "'-(window.hit = 'quote')-'",
    '</textarea></title><iframe srcdoc="<script>parent.hit = 1</script>">',
    '<a href="javascript:window.hit = 1">javascript:window.hit = 1</a>',
    "{{ 7 * 7 }} ${7 * 7} <b>negritas</b>",
)
FOREIGN = "img[src='x'], iframe, svg[onload], [onerror], a[href^='javascript'], .thread b, .thread a, .thread script"


def unharmed(page: Page, where: str) -> None:
    """Check that nothing of an attack became part of a page, or ran in it."""
    assert page.evaluate("window.hit") is None, where
    assert page.locator(FOREIGN).count() == 0, where


def test_what_people_and_agents_write_is_text_on_every_page(desk: Desk):
    tag = random.randrange(10**9)
    admin = desk.hire("Ana <img src=x onerror=hit>", "admin")
    desk.agents.save_team(f"Equipo {tag} {ATTACKS[1]}"[:64], "", False)
    desk.agents.save_canned(f"ataque{tag}", ATTACKS[1] + ATTACKS[2], None)
    phone = desk.phone("whatsapp")
    handoff = desk.ask(phone, *ATTACKS[:3])
    page = desk.signed_in(admin)
    expect(row(page, handoff)).to_be_visible()
    unharmed(page, "queue")
    desk.open(page, handoff)
    for attack in ATTACKS[:3]:
        expect(page.locator("#thread .in .text", has_text=attack).first).to_be_visible()
    unharmed(page, "conversation that waits")
    page.get_by_role("button", name="Tomar").click()
    expect(page.get_by_label("Su respuesta")).to_be_visible()
    last = ATTACKS[-1]
    for attack in ATTACKS[3:]:  # each comes to the open page by the stream
        phone.send(attack, deadline=1)
        expect(page.locator("#thread .in .text", has_text=attack).last).to_be_visible()
    unharmed(page, "thread that is live")
    page.reload()
    expect(page.locator(".summary")).to_contain_text(last[:60])
    page.get_by_label("Nota interna").fill(ATTACKS[1])
    page.get_by_role("button", name="Guardar nota").click()
    expect(page.locator("#thread .note", has_text=ATTACKS[1])).to_be_visible()
    page.get_by_label("Su respuesta").press_sequentially(f"/ataque{tag}")
    expect(page.locator("#canned")).to_contain_text(ATTACKS[1])
    page.get_by_label("Su respuesta").press("Enter")
    expect(page.get_by_label("Su respuesta")).to_have_value(ATTACKS[1] + ATTACKS[2])
    page.get_by_label("Su respuesta").press("Control+Enter")
    expect(page.locator("#thread .out.agent", has_text=ATTACKS[2])).to_be_visible()
    unharmed(page, "conversation")
    page.get_by_label("Ver el número").fill(ATTACKS[1])
    page.get_by_role("button", name="Ver número").click()
    expect(page.locator("p.good")).to_be_visible()
    unharmed(page, "number")
    for path in (
        "wall",
        "audit",
        "admin/people",
        f"admin/people/{desk.agents.credentials(admin)[0].id}",  # type: ignore[index]
        "admin/teams",
        "admin/replies",
        "account",
        "audit?username=%22%3E%3Cimg%20src=x%20onerror=hit%3E",
        "queue?channel=%22%3E%3Cimg%20src=x%20onerror=hit%3E&topic=%3Cscript%3Ehit=1%3C/script%3E",
        "sign-in?next=%22%3E%3Cimg%20src=x%20onerror=hit%3E",
        f"handoffs/{handoff}/cards?q=%3Cimg%20src=x%20onerror=hit%3E",
        "%3Cimg%20src=x%20onerror=hit%3E",
    ):
        page.goto(f"{desk.gateway}/console/{path}")
        unharmed(page, path)


def test_what_a_caller_says_is_text_in_the_transcript(desk: Desk):
    page = desk.signed_in(desk.hire("Ana"))
    with desk.caller() as caller:
        handoff = desk.waits(caller, f"perdí mi acta {ATTACKS[1]}")
        desk.open(page, handoff)
        expect(page.get_by_role("region", name="Teléfono")).to_contain_text("onerror")
        unharmed(page, "call")
        caller.hang_up()


def test_who_is_taken_over_leaves_the_page_of_who_had_her(desk: Desk):
    ana, boss = desk.signed_in(desk.hire("Ana")), desk.signed_in(desk.hire("Carmen", "supervisor"))
    phone = desk.phone()
    handoff = desk.ask(phone, "perdi mi acta de nacimiento")
    desk.take(ana, handoff)
    ana.get_by_label("Su respuesta").fill("Un momento, ya casi")
    desk.open(boss, handoff)
    boss.get_by_label("Asignar a").select_option(label="Yo")
    boss.get_by_role("button", name="Asignar").click()
    expect(boss.get_by_label("Su respuesta")).to_be_visible()
    expect(ana.locator("#thread")).to_contain_text("La atiende Carmen.")
    expect(ana.locator("#thread")).not_to_contain_text("acta")
    ana.get_by_role("button", name="Enviar", exact=True).click()
    expect(ana.get_by_role("alert")).to_contain_text("La tomó Carmen. No se envió nada.")
    expect(ana.get_by_label("Lo que escribió")).to_have_value("Un momento, ya casi")
    ana.goto(f"{desk.gateway}/console/handoffs/{handoff}")
    expect(ana.get_by_role("alert")).to_contain_text("No tiene permiso")


def test_danger_that_is_told_in_the_queue_is_answered_at_once_and_goes_first(desk: Desk):
    team = desk.agents.save_team(f"Violencia {random.randrange(10**9)}", "", True)
    cira, ana = desk.signed_in(desk.hire("Cira", in_teams=[team])), desk.signed_in(desk.hire("Ana"))
    phone = desk.phone()
    handoff = desk.ask(phone, "perdi mi acta de nacimiento")
    expect(row(ana, handoff)).to_be_visible()
    phone.receive(5)
    heard = phone.send("mi esposo me está pegando, ayúdenme")
    assert any("911" in each.body for each in heard.replies)
    found = eventually(lambda: desk.handoffs.get(handoff), 10, "the handoff")
    assert (found.reason, found.sensitive, found.priority) == ("emergency", True, 3)
    expect(row(cira, handoff)).to_contain_text("Delicado")
    expect(row(ana, handoff)).to_have_count(0)
    first = cira.locator("section", has=cira.get_by_role("heading", name="En espera")).locator("li.row").first
    expect(first).to_contain_text("Emergencia")
