"""Every route of the console, for every role."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bot.console.security import CONTENT_SECURITY_POLICY, access_of
from bot.console.seen import _DEEDS
from bot.store import open_engine
from bot.store.agents import ROLES
from bot.store.tables import handoffs
from tests.handoffs import PERSON, sent
from tests.unit.console.conftest import PUBLIC


def routes(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]


def path(rule):
    return re.sub(r"<int:\w+>|<\w+>", "999999", rule.rule)


def test_every_route_says_who_may_open_it(console):
    for rule in routes(console.app):
        if rule.endpoint != "console.static":
            assert access_of(console.app.view_functions[rule.endpoint]) in (*ROLES, "public"), rule.endpoint


def assert_no_script_of_its_own(page, rule):
    """A page that the policy lets work: every script is a file of ours, and no element has a handler or a style."""
    assert re.findall(r"<script(?![^>]* src=)", page) == [], rule
    assert re.findall(r"""<[^>]*\s(?:on[a-z]+|style)=["']""", page) == [], rule
    assert "<style" not in page, rule


@pytest.mark.parametrize("role", [None, *ROLES])
def test_the_matrix_of_routes_and_roles(console, role):
    browser = console.signed_in("ana", role) if role else console.browser()
    checked = 0
    for rule in routes(console.app):
        access = access_of(console.app.view_functions[rule.endpoint])
        if rule.endpoint == "console.static" or access == "public":
            continue
        allowed = role is not None and ROLES.index(role) >= ROLES.index(access)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if rule.endpoint == "console.events" and allowed:
                continue  # a stream without an end
            answer = browser.client.open(
                path(rule),
                method=method,
                base_url="https://ventanilla.example.gob.mx",
                headers={"X-CSRF-Token": browser.token},
            )
            refused = answer.status_code in (401, 403) or "/console/sign-in" in (answer.location or "")
            assert refused is not allowed, (method, rule.rule, answer.status_code)
            assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, rule.rule
            assert_no_script_of_its_own(answer.get_data(as_text=True), rule.rule)
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("role", ROLES)
def test_no_form_works_without_its_token(console, role):
    browser = console.signed_in("ana", role)
    for rule in routes(console.app):
        if "POST" in rule.methods and access_of(console.app.view_functions[rule.endpoint]) != "public":
            answer = browser.client.post(path(rule), base_url="https://ventanilla.example.gob.mx")
            assert answer.status_code == 403, rule.rule


# ---- conversations that exist: whose they are decides

ANA, SEES, BOSS, BOSS_SEES, ADMIN = "ana", "cira", "jefa", "jefa_ve", "adm"
"""Who looks: an agent of one team, one who may see sensitive matters, supervisors without and with that, an admin."""
EVERYBODY = {ANA, SEES, BOSS, BOSS_SEES, ADMIN}
SUPERVISORS = {BOSS, BOSS_SEES, ADMIN}
SEEING = {SEES, BOSS_SEES, ADMIN}
HANDOFFS = {
    "waiting": ({}, EVERYBODY),
    "for ana's team": ({"team": "Actas"}, {ANA, *SUPERVISORS}),
    "for another team": ({"team": "Licencias"}, SUPERVISORS),
    "for ana first": ({"team": "Licencias", "wanted": ANA}, {ANA, *SUPERVISORS}),
    "ana's": ({"agent": ANA, "state": "with_agent"}, {ANA, *SUPERVISORS}),
    "a colleague's": ({"agent": "beto", "state": "with_agent"}, SUPERVISORS),
    "a colleague's of ana's team": ({"agent": "beto", "state": "with_agent", "team": "Actas"}, SUPERVISORS),
    "closed by ana": ({"agent": ANA, "state": "closed"}, {ANA, *SUPERVISORS}),
    "closed by a colleague": ({"agent": "beto", "state": "closed"}, SUPERVISORS),
    "handed back by a colleague": ({"agent": "beto", "state": "bot"}, SUPERVISORS),
    "given up in the queue": ({"state": "bot"}, SUPERVISORS),
    "sensitive": ({"sensitive": True}, SEEING),
    "sensitive, for ana's team": ({"sensitive": True, "team": "Actas"}, {BOSS_SEES, ADMIN}),
    "sensitive, for ana first": ({"sensitive": True, "wanted": ANA}, SEEING),
    "sensitive, a colleague's": ({"sensitive": True, "agent": "dora", "state": "with_agent"}, {BOSS_SEES, ADMIN}),
    "sensitive, in ana's hands": ({"sensitive": True, "agent": ANA, "state": "with_agent"}, {ANA, BOSS_SEES, ADMIN}),
    "sensitive, closed by ana": ({"sensitive": True, "agent": ANA, "state": "closed"}, {BOSS_SEES, ADMIN}),
    "sensitive, closed by a colleague": ({"sensitive": True, "agent": "dora", "state": "closed"}, {BOSS_SEES, ADMIN}),
}
FORM = {
    "text": "hola",
    "key": "a" * 32,
    "reason": "solved",
    "why": "para llamarle",
    "card": "curp-primera-vez",
    "q": "acta",
}


@pytest.fixture
def offices(desk, sqlite_url):
    """Return the console with people of every kind at work, and the handoffs of ``HANDOFFS`` by name."""
    teams = {name: desk.agents.save_team(name, "", name == "Violencia") for name in ("Actas", "Licencias", "Violencia")}
    inside = {ANA: ["Actas"], SEES: ["Violencia"], BOSS_SEES: ["Violencia"], "dora": ["Violencia"]}
    roles = {BOSS: "supervisor", BOSS_SEES: "supervisor", ADMIN: "admin"}
    desk.people = {
        name: desk.hire(name, roles.get(name, "agent"), in_teams=[teams[team] for team in inside.get(name, [])])
        for name in (*sorted(EVERYBODY), "beto", "dora")
    }
    desk.of_kind, engine = {}, open_engine(sqlite_url)
    for number, (kind, (made, _)) in enumerate(HANDOFFS.items()):
        asked = desk.ask(f"secreto {number}", f"+5255222200{number:02d}", replace(PERSON, sensitive=False))
        values = {
            "state": made.get("state", "waiting"),
            "sensitive": made.get("sensitive", False),
            "team_id": teams.get(made.get("team")),
            "agent_id": desk.people[made["agent"]].id if "agent" in made else None,
            "wanted_agent_id": desk.people[made["wanted"]].id if "wanted" in made else None,
        }
        values |= {"ended_at": asked.asked_at} if values["state"] in ("bot", "closed") else {}
        with engine.begin() as db:
            db.execute(handoffs.update().where(handoffs.c.id == asked.id).values(**values))
        desk.of_kind[kind] = desk.handoffs.get(asked.id)
    engine.dispose()
    return desk


def of_a_handoff(app):
    return [
        (method, rule)
        for rule in routes(app)
        if "<int:handoff>" in rule.rule
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def opened_by(browser, method, rule, handoff, me):
    form = {**FORM, "to": f"agent:{me.id}", "agent": str(me.id)}
    return browser.client.open(
        rule.rule.replace("<int:handoff>", str(handoff.id)),
        method=method,
        base_url=PUBLIC,
        headers={"X-CSRF-Token": browser.token},
        **({"data": form} if method == "POST" else {"query_string": {"q": "acta"}}),
    )


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_no_route_opens_a_conversation_that_is_not_ones_own(offices, who):
    browser, me, tried = offices.signed_in(who), offices.people[who], 0
    sent(offices.store)
    for number, (kind, (_, allowed)) in enumerate(HANDOFFS.items()):
        if who in allowed:
            continue
        handoff, before = offices.of_kind[kind], offices.parts.live.last_id()
        for method, rule in of_a_handoff(offices.app):
            answer = opened_by(browser, method, rule, handoff, me)
            told = answer.get_data(as_text=True)
            faster = who in SEEING or not handoff.sensitive  # a colleague was: that may be told
            deed = method == "POST" and faster and rule.endpoint in _DEEDS
            assert answer.status_code in ((403, 409) if deed else (403,)), (kind, method, rule.rule)
            assert f"secreto {number}" not in told, (kind, rule.rule)
            assert f"5522220{number:03d}" not in told, (kind, rule.rule)
            tried += 1
        assert offices.handoffs.get(handoff.id) == handoff, kind
        assert offices.parts.live.last_id() == before, kind
        entries = offices.audit.entries(conversation=handoff.conversation_id, limit=1000)
        assert {each.action for each in entries} == {"refused"}, kind
        notes = [each for each in offices.parts.threads.of(handoff.conversation_id) if each.kind == "note"]
        assert notes == [], kind
    assert sent(offices.store) == []
    assert tried > 50 or who in (ADMIN, BOSS_SEES)


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_what_is_ones_own_opens(offices, who):
    browser, me = offices.signed_in(who), offices.people[who]
    for number, (kind, (_, allowed)) in enumerate(HANDOFFS.items()):
        if who not in allowed:
            continue
        for method, rule in of_a_handoff(offices.app):
            if method == "GET" or rule.endpoint in ("console.segments", "console.note", "console.number"):
                answer = opened_by(browser, method, rule, offices.of_kind[kind], me)
                assert answer.status_code in (200, 302), (kind, method, rule.rule)
                assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY, rule.rule
                assert_no_script_of_its_own(answer.get_data(as_text=True), rule.rule)
        page = browser.get(f"/console/handoffs/{offices.of_kind[kind].id}").get_data(as_text=True)
        assert f"secreto {number}" in page, kind


@pytest.mark.parametrize("who", sorted(EVERYBODY))
def test_lists_name_what_opens_and_nothing_else(offices, who):
    browser = offices.signed_in(who)
    for address in ("/console/queue", *(["/console/wall"] if who in SUPERVISORS else [])):
        page = browser.get(address).get_data(as_text=True)
        for kind, (_, allowed) in HANDOFFS.items():
            handoff = offices.of_kind[kind]
            named = re.search(rf"/handoffs/{handoff.id}\b", page) is not None
            assert not named or who in allowed, (address, kind)
            if handoff.state.value == "waiting" and who in allowed:
                assert named, (address, kind)


@pytest.mark.parametrize("role", ["agent", "supervisor"])
def test_no_route_about_an_account_or_a_ready_answer_opens_for_others_than_admins(offices, role):
    canned = offices.agents.save_canned("hola", "Buenas", None)
    browser = offices.signed_in({"agent": ANA, "supervisor": BOSS}[role])
    before, tried = offices.agents.all(), 0
    for rule in routes(offices.app):
        for name, existing in (("agent", offices.people["beto"].id), ("canned", canned)):
            if f"<int:{name}>" not in rule.rule:
                continue
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                answer = browser.client.open(
                    rule.rule.replace(f"<int:{name}>", str(existing)),
                    method=method,
                    base_url=PUBLIC,
                    headers={"X-CSRF-Token": browser.token},
                    data={"role": "admin", "name": "X", "capacity": "5", "active": "yes", "phone": ""},
                )
                assert answer.status_code == 403, (method, rule.rule)
                tried += 1
    assert tried >= 4
    assert offices.agents.all() == before
    assert [each.shortcut for each in offices.agents.canned()] == ["hola"]
    assert {each.action for each in offices.audit.entries()} >= {"refused"}


def test_who_lost_somebody_a_moment_ago_is_told_and_keeps_her_words(offices):
    handoff, browser = offices.of_kind["a colleague's"], offices.signed_in(ANA)
    lost = browser.post(f"/console/handoffs/{handoff.id}/reply", text="Ya casi <b>está</b>", key="b" * 32)
    told = lost.get_data(as_text=True)
    assert lost.status_code == 409
    assert "La tomó Beto." in told
    assert "No se envió nada" in told
    assert "Ya casi &lt;b&gt;está&lt;/b&gt;" in told


def test_what_was_hers_ends_for_her_where_it_ended(desk):
    handoff, ana = desk.ask("lo primero"), desk.signed_in(ANA)
    base = f"/console/handoffs/{handoff.id}"
    ana.post(f"{base}/take")
    ana.post(f"{base}/close", reason="solved")
    desk.ask("lo de después", effect=None)
    page = ana.get(base).get_data(as_text=True)
    assert "lo primero" in page
    assert "lo de después" not in page
    assert "lo de después" not in ana.get(f"{base}/thread").get_data(as_text=True)
    assert "lo de después" in desk.signed_in(BOSS, "supervisor").get(base).get_data(as_text=True)


def test_a_sensitive_matter_goes_only_to_who_may_see_it(offices):
    handoff, browser = offices.of_kind["sensitive"], offices.signed_in(BOSS_SEES)
    base, people = f"/console/handoffs/{handoff.id}", offices.people
    shown = browser.get(base).get_data(as_text=True)
    offered = set(re.findall(r'<option value="(?:agent:)?(\d+)">', shown))
    assert offered == {str(people[name].id) for name in (SEES, ADMIN, BOSS_SEES, "dora")}
    for name in (ANA, "beto", BOSS):
        assert browser.post(f"{base}/assign", agent=people[name].id).status_code == 400, name
        assert browser.post(f"{base}/transfer", to=f"agent:{people[name].id}").status_code == 400, name
    teams = {team.name: team.id for team in offices.agents.teams()}
    for name, status in (("Actas", 400), ("Violencia", 302)):
        assert browser.post(f"{base}/transfer", to=f"team:{teams[name]}").status_code == status, name
    assert browser.post(f"{base}/assign", agent=people[SEES].id).status_code == 302
    assert offices.handoffs.get(handoff.id).agent_id == people[SEES].id


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/console/", "/\\evil.example", "/console/\\evil", "/other", ""]
)
def test_presence_leads_nobody_elsewhere(console, target):
    browser = console.signed_in(ANA)
    changed = browser.post("/console/presence", presence="busy", back=target)
    assert (changed.status_code, changed.location) == (302, "/console/")
