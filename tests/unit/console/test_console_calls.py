"""Callers on the console's pages: who may take them and how, what is shown, and agents' own telephones."""

from __future__ import annotations

import html
import re
import shutil
from datetime import datetime, timezone

import pytest
from sqlalchemy import select, update

from bot.console.phone import BadPhone, agent_phone
from bot.core.effects import BringPerson
from bot.core.handoff import HandoffState
from bot.gateway.console import _Opened, warm_up
from bot.store import open_engine
from bot.store.effects import write_effect
from bot.store.tables import agents, audit, call_steps, calls
from tests.builders import inbound
from tests.people import ROSA

PHONE = "+525555550001"
TWIML = "<Response><Gather><Say>{}</Say></Gather></Response>"


def now():
    return datetime.now(timezone.utc)


@pytest.fixture
def line(console, compiled_console, sqlite_url):
    """Return the console with somebody who waits on the telephone: ``console.handoff``."""
    engine = open_engine(sqlite_url)

    def waits(sid="CA1", number=ROSA, queue="waiting"):
        message = inbound("quiero una persona", number, channel="voice", provider_id=f"{sid}:1")
        conversation = console.store.record(message, message.content).conversation_id
        with engine.begin() as db:
            values = {"call_sid": sid, "queue": queue, "queued_at": now(), "started_at": now(), "updated_at": now()}
            more = {"conversation_id": conversation, "direction": "in", "state": "{}"}
            db.execute(calls.insert().values(**values, **more))
            for step, (heard, said) in enumerate((("", "Dígame"), ("[2]", "Su CURP"), ("[]", "¿Sigue ahí?"))):
                answer = TWIML.format(said)
                db.execute(call_steps.insert().values(call_sid=sid, step=step, heard=heard, answer=answer, at=now()))
            write_effect(BringPerson("asked", "voice"), db, conversation, sid, now())
        console.handoff = console.handoffs.open_of(conversation)
        return console.handoff

    console.waits = waits
    console.engine = engine
    waits()
    yield console
    engine.dispose()


def signed_in(console, name, phone=PHONE, role="agent"):
    browser = console.signed_in(name, role)
    found = console.agents.credentials(name)
    console.agents.set_phone(found[0].id, phone)
    browser.id = found[0].id
    return browser


def text(answer):
    return html.unescape(answer.get_data(as_text=True))


def page(console, browser):
    return text(browser.get(f"/console/handoffs/{console.handoff.id}"))


def post(console, browser, what, **form):
    return browser.post(f"/console/handoffs/{console.handoff.id}/{what}", **form)


def state(console):
    return console.handoffs.get(console.handoff.id).state


def test_who_waits_on_the_line_is_taken_by_telephone(line):
    ana = signed_in(line, "ana")
    queue = text(ana.get("/console/queue"))
    assert "espera en la línea" in queue
    assert "Llamarme" in queue
    taken = post(line, ana, "take")
    assert taken.location == f"/console/handoffs/{line.handoff.id}"
    assert state(line) is HandoffState.WAITING
    assert "Le llamamos a su teléfono" in page(line, ana)
    (live,) = line.rings.live()
    assert line.rings.next_due(now()).phone == PHONE
    line.rings.placed(live.ring.id, "CA-agent", now())
    assert "Suena su teléfono: conteste y marque 1." in page(line, ana)
    assert f"suena el teléfono de {live.ring.agent}" in text(ana.get("/console/queue"))
    line.rings.answered(live.ring.id, "CA-agent", now())
    assert "marque 1 en su teléfono" in page(line, ana)
    line.rings.take(live.ring.id, now())
    line.rings.connected(live.ring.id, now())
    assert "Está usted en la llamada" in page(line, ana)
    with line.engine.connect() as db:
        assert "ring" in db.execute(select(audit.c.action)).scalars().all()


def test_a_page_that_shows_too_little_by_now_is_loaded_anew(line):
    ana = signed_in(line, "ana")
    post(line, ana, "ring")
    address = f"/console/handoffs/{line.handoff.id}/call?mine=no"
    assert "HX-Refresh" not in ana.get(address).headers
    line.rings.take(line.rings.live()[0].ring.id, now())
    assert ana.get(address).headers["HX-Refresh"] == "true"
    assert "HX-Refresh" not in ana.get(address.replace("no", "yes")).headers


def test_what_was_said_and_pressed_is_read(line):
    shown = re.sub(r"\s+", " ", page(line, signed_in(line, "ana")))
    assert "marcó 2" in shown
    assert "Su CURP" in shown
    assert "(no dijo nada)" in shown


def test_another_agent_sees_whose_phone_rings_and_may_not_take_it(line):
    ana, beto = signed_in(line, "ana"), signed_in(line, "beto", "+525555550002")
    post(line, ana, "ring")
    refused = post(line, beto, "ring")
    assert refused.status_code == 409
    assert "Ya suena el teléfono de Ana." in text(refused)
    shown = page(line, beto)
    assert "Se va a llamar a Ana." in shown
    assert "Llamarme" not in shown
    post(line, ana, "ring/stop")
    assert "Llamarme" in page(line, beto)
    assert post(line, beto, "ring").status_code == 302


def test_without_a_phone_the_other_ways_are_open(line):
    ana = signed_in(line, "ana", None)
    assert "Sin teléfono en su cuenta" in text(ana.get("/console/queue"))
    shown = page(line, ana)
    assert "No puede tomarla por teléfono" in shown
    assert "Llamarme" not in shown
    assert "Su cuenta no tiene teléfono" in text(post(line, ana, "take"))
    assert post(line, ana, "write").status_code == 302
    assert state(line) is HandoffState.WITH_AGENT
    assert line.calls.load("CA1", 0)[0].queue == "in_writing"
    key = re.search(r'name="key" value="([0-9a-f]+)"', page(line, ana))[1]
    assert post(line, ana, "reply", text="Le escribo por aquí.", key=key).status_code == 302
    delivery = line.store.lease_delivery("w", 10)
    assert (delivery.channel, delivery.text) == ("sms", "Le escribo por aqui.")


def test_a_call_back_lets_the_caller_go(line):
    assert post(line, signed_in(line, "ana"), "call-back").status_code == 302
    assert line.calls.load("CA1", 0)[0].queue == "call_me"
    assert "Ya no espera en la línea." in text(post(line, signed_in(line, "beto"), "call-back"))


def test_who_hides_the_number_is_only_talked_to(line):
    line.calls.end("CA1", "completed")
    line.waits("CA2", "anonymous:CA2")
    ana = signed_in(line, "ana")
    shown = page(line, ana)
    assert "Llama con número oculto" in shown
    assert "Atender por SMS" not in shown
    assert post(line, ana, "write").status_code == 409
    assert post(line, ana, "call-back").status_code == 409
    assert post(line, ana, "ring").status_code == 302


def test_who_hung_up_cannot_be_taken(line):
    ana = signed_in(line, "ana")
    line.calls.end("CA1", "completed")
    assert post(line, ana, "ring").status_code == 409
    shown = page(line, line.signed_in("jefa", "supervisor"))
    assert "No hay una llamada" in shown
    assert "La persona colgó" in shown
    assert state(line) is HandoffState.CLOSED


def test_a_ring_that_failed_says_why(line):
    ana = signed_in(line, "ana")
    post(line, ana, "ring")
    line.rings.over(line.rings.live()[0].ring.id, "busy", now())
    shown = page(line, ana)
    assert "Ana: su teléfono está ocupado. La persona sigue en la fila." in shown
    assert "Su teléfono estaba ocupado" in shown
    assert "Llamarme" in shown


def test_letting_go_of_a_caller_puts_the_phone_down(line):
    ana = signed_in(line, "ana")
    post(line, ana, "ring")
    ring = line.rings.live()[0].ring.id
    line.rings.placed(ring, "CA-agent", now())
    line.rings.take(ring, now())
    line.rings.connected(ring, now())
    assert line.rings.to_hang_up() == ()
    assert post(line, ana, "back").status_code == 302
    assert line.rings.to_hang_up() == ((ring, "CA-agent"),)


def test_a_supervisor_lets_somebodys_phone_ring(line):
    signed_in(line, "ana")
    boss = signed_in(line, "carmen", None, "supervisor")
    agent = line.agents.credentials("ana")[0].id
    assert post(line, boss, "assign", agent=str(agent)).status_code == 302
    assert line.rings.live()[0].ring.agent_id == agent
    line.waits("CA2", "+525512340000")
    assert "Ya suena el teléfono de Ana" in text(post(line, boss, "assign", agent=str(agent)))
    assert "Su cuenta no tiene teléfono" in text(post(line, boss, "assign", agent=str(boss.id)))


def test_the_wall_counts_calls(line):
    boss = signed_in(line, "carmen", None, "supervisor")
    shown = re.sub(r"\s+", " ", text(boss.get("/console/wall")))
    assert "<dt>Llamadas en la fila</dt><dd>1</dd>" in shown
    line.calls.end("CA1", "completed")
    shown = re.sub(r"\s+", " ", text(boss.get("/console/wall")))
    assert "<dt>Llamadas en la fila</dt><dd>0</dd>" in shown
    assert "<dt>Colgaron antes (24 h)</dt><dd>1</dd>" in shown


def test_calls_that_human_number_answers_are_only_seen(line):
    line.calls.end("CA1", "completed")
    with line.engine.begin() as db:
        db.execute(update(calls).values(queue="ringing", ended_at=None))
    assert "Otras llamadas (1)" in text(signed_in(line, "ana").get("/console/queue"))


# ---- agents' own telephones


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("55 5555 0001", PHONE),
        ("+52 1 55 5555 0001", PHONE),
        ("044 55 5555 0001", PHONE),
        (" sip:ana@telefonos.example.gob.mx ", "sip:ana@telefonos.example.gob.mx"),
        ("sips:ana.lopez@192.0.2.7:5061", "sips:ana.lopez@192.0.2.7:5061"),
    ],
)
def test_a_telephone_is_kept_in_one_form(given, kept):
    assert agent_phone(given) == kept


@pytest.mark.parametrize(
    "given",
    ["", "123", "+1 202 555 0123", "5555", "sip:", "sip:ana", "sip:ana@", "sip:ana@x y", "hola", "+5255000000000",
     "sip:a@b;transport=tcp", "sip:" + "a" * 300 + "@x.mx", "911"],
)  # fmt: skip
def test_what_is_no_telephone_of_an_agent_is_refused(given):
    with pytest.raises(BadPhone):
        agent_phone(given)


def test_an_agent_sets_and_removes_her_phone(console):
    ana = console.signed_in("ana")
    agent = console.agents.credentials("ana")[0].id
    assert ana.post("/console/account/phone", phone="55 5555 0001").status_code == 302
    assert console.agents.phone(agent) == PHONE
    assert ana.post("/console/account/phone", phone="12").status_code == 400
    assert console.agents.phone(agent) == PHONE
    assert ana.post("/console/account/phone", phone="").status_code == 302
    assert console.agents.phone(agent) is None


def test_an_administrator_sets_anybodys_phone_which_is_stored_encrypted(console, sqlite_url):
    admin = console.signed_in("jefa", "admin")
    form = {"username": "beto", "name": "Beto", "role": "agent", "capacity": "5"}
    assert admin.post("/console/admin/people", **form, phone="12").status_code == 400
    assert console.agents.credentials("beto") is None
    assert admin.post("/console/admin/people", **form, phone="5555550001").status_code == 200
    beto = console.agents.credentials("beto")[0].id
    assert console.agents.phone(beto) == PHONE
    assert "Hay un teléfono guardado" in text(admin.get(f"/console/admin/people/{beto}"))
    assert admin.post(f"/console/admin/people/{beto}/phone", phone="+12025550123").status_code == 400
    assert admin.post(f"/console/admin/people/{beto}/phone", phone="").status_code == 302
    assert console.agents.phone(beto) is None
    console.agents.set_phone(beto, PHONE)
    engine = open_engine(sqlite_url)
    with engine.connect() as db:
        stored = db.execute(select(agents.c.phone_encrypted).where(agents.c.id == beto)).scalar_one()
        assert PHONE.encode() not in stored
        details = db.execute(select(audit.c.action, audit.c.detail)).all()
    engine.dispose()
    assert "phone_changed" in {row.action for row in details}
    assert PHONE not in str(details)


# ---- the catalogue behind the pages


def test_a_new_build_is_read_and_the_old_one_serves_meanwhile(tmp_path):
    path, seen = tmp_path / "catalogue", []

    def read(found):
        seen.append(found.read_text())
        return seen[-1]

    opened = _Opened(path, read)
    assert opened() is None
    path.write_text("first")
    assert [opened(), opened()] == ["first", "first"]
    (tmp_path / "new").write_text("second")
    shutil.move(tmp_path / "new", path)
    assert opened() == "second"
    path.unlink()
    assert opened() == "second"
    assert seen == ["first", "second"]


def test_templates_are_there_before_the_first_page(console):
    warm_up(console.app)
    assert (
        console.app.test_client().get("/console/sign-in", base_url="https://ventanilla.example.gob.mx").status_code
        == 200
    )


def test_a_phone_that_is_stopped_is_noted(line):
    ana = signed_in(line, "ana")
    post(line, ana, "ring")
    post(line, ana, "ring/stop")
    actions = [each.action for each in line.audit.entries(conversation=line.handoff.conversation_id)]
    assert actions[:2] == ["stop_ring", "ring"]
