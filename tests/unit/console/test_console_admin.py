from __future__ import annotations

import json

from tests.unit.console.conftest import PASSWORD


def test_a_new_agent_signs_in_with_the_password_shown_once(console):
    admin = console.signed_in("jefa", "admin")
    page = admin.post("/console/admin/people", username="Beto", name="Beto <b>", role="agent", capacity="3")
    text = page.get_data(as_text=True)
    assert "Beto &lt;b&gt;" in text
    assert "Beto <b>" not in text
    password = text.split('class="secret">')[1].split("<")[0]
    assert console.browser().sign_in("beto", password).status_code == 302
    assert password not in admin.get("/console/admin/people").get_data(as_text=True)


def test_wrong_fields_are_named_and_nothing_is_added(console):
    admin = console.signed_in("jefa", "admin")
    form = {"username": "x", "name": "X", "role": "agent", "capacity": "3"}
    for change, words in (
        ({"username": ""}, "Falta el usuario"),
        ({"name": "n" * 65}, "Falta el nombre"),
        ({"capacity": "0"}, "van de 1 a 50"),
        ({"role": "king"}, "Elija un puesto"),
    ):
        answer = admin.post("/console/admin/people", **{**form, **change})
        assert answer.status_code == 400
        assert words in answer.get_data(as_text=True)
    assert admin.post("/console/admin/people", **{**form, "username": "JEFA"}).status_code == 409
    assert len(console.agents.all()) == 1


def test_nobody_locks_herself_out(console):
    admin = console.signed_in("jefa", "admin")
    me = console.agents.credentials("jefa")[0]
    form = {"name": "Jefa", "role": "agent", "capacity": "5", "active": "yes"}
    assert admin.post(f"/console/admin/people/{me.id}", **form).status_code == 409
    assert admin.post(f"/console/admin/people/{me.id}", **{**form, "role": "admin", "active": ""}).status_code == 409
    assert admin.post(f"/console/admin/people/{me.id}", **{**form, "role": "admin"}).status_code == 302
    assert admin.get("/console/admin/people").status_code == 200


def test_a_reset_password_takes_the_second_factor_away(console):
    ana = console.hire("ana")
    console.agents.set_totp(ana.id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    admin = console.signed_in("jefa", "admin")
    text = admin.post(f"/console/admin/people/{ana.id}/password").get_data(as_text=True)
    password = text.split('class="secret">')[1].split("<")[0]
    assert console.browser().sign_in("ana", PASSWORD).status_code == 401
    assert console.browser().sign_in("ana", password).location == "/console/"


def test_teams_have_hours_that_can_be_read(console):
    admin = console.signed_in("jefa", "admin")
    wrong = admin.post("/console/admin/teams", name="Actas", hours="cuando se pueda")
    assert wrong.status_code == 400
    assert "El horario no se puede leer." in wrong.get_data(as_text=True)
    assert admin.post("/console/admin/teams", name="Actas", hours="lun-vie 9:00-14:00").status_code == 302
    assert admin.post("/console/admin/teams", name="Actas", hours="").status_code == 409
    (team,) = console.agents.teams()
    assert admin.post("/console/admin/teams", team=team.id, name="Civil", hours="", sensitive="yes").status_code == 302
    assert [(t.name, t.sees_sensitive) for t in console.agents.teams()] == [("Civil", True)]


def test_ready_answers(console):
    admin = console.signed_in("jefa", "admin")
    form = {"shortcut": "hola", "text": "Buenas tardes, soy {agente}."}
    assert admin.post("/console/admin/replies", **form).status_code == 302
    assert admin.post("/console/admin/replies", **form).status_code == 409
    assert admin.post("/console/admin/replies", shortcut="x", text=" ").status_code == 400
    (reply,) = console.agents.canned()
    assert "/hola" in admin.get("/console/admin/replies").get_data(as_text=True)
    assert admin.post(f"/console/admin/replies/{reply.id}/drop").status_code == 302
    assert console.agents.canned() == ()


def test_the_log_is_shown_checked_and_exported(console):
    admin = console.signed_in("jefa", "admin")
    page = admin.get("/console/audit?check=1").get_data(as_text=True)
    assert "sign_in" in page
    assert "La cadena está completa." in page
    lines = admin.get("/console/audit.jsonl").get_data(as_text=True).splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["sign_in", "audit_exported"]


def test_an_unknown_page_says_so(console):
    assert console.signed_in("ana").get("/console/admin/people/12").status_code == 403
    assert console.signed_in("jefa", "admin").get("/console/admin/people/99").status_code == 404


def test_ready_answers_that_change_are_noted(console):
    admin = console.signed_in("adm", "admin")
    admin.post("/console/admin/replies", shortcut="hola", text="Buenas")
    (made,) = console.agents.canned()
    admin.post(f"/console/admin/replies/{made.id}/drop")
    noted = [(each.action, each.username, each.detail) for each in reversed(console.audit.entries())]
    assert noted[-2:] == [("reply_saved", "adm", {"reply": made.id}), ("reply_dropped", "adm", {"reply": made.id})]


def test_a_page_that_a_role_does_not_open_is_noted(console):
    assert console.signed_in("ana").get("/console/audit").status_code == 403
    (refused,) = [each for each in console.audit.entries() if each.action == "refused"]
    assert (refused.username, refused.detail) == ("ana", {"what": "audit"})
