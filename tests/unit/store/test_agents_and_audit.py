from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone

import pytest
from sqlalchemy import delete, update

from bot.store.agents import Agents, NameTaken
from bot.store.audit import Audit
from bot.store.tables import agents as agents_table
from bot.store.tables import audit as audit_table
from tests.people import SECRET

NOW = datetime(2026, 11, 22, 18, 30, 0, 123456, tzinfo=timezone.utc)


@pytest.fixture
def agents(database):
    return Agents(database, SECRET)


@pytest.fixture
def log(database):
    return Audit(database)


def test_an_agent_is_added_once(agents):
    team = agents.save_team("Violencia", "", True)
    ana = agents.add("Ana", "Ana López", "agent", "hash", NOW, in_teams=[team])
    assert (ana.username, ana.teams, ana.load, ana.presence, ana.has_totp) == ("ana", (team,), 0, "away", False)
    assert agents.may_see_sensitive(ana.id)
    with pytest.raises(NameTaken, match="ana"):
        agents.add("ANA ", "Otra", "agent", None, NOW)


def test_credentials_are_those_of_active_agents(agents):
    ana = agents.add("ana", "Ana", "admin", "hash", NOW)
    agents.set_totp(ana.id, "JBSWY3DPEHPK3PXP")
    record, password, totp = agents.credentials(" ANA")
    assert (record.has_totp, password, totp) == (True, "hash", "JBSWY3DPEHPK3PXP")
    agents.change(ana.id, active=False)
    assert agents.credentials("ana") is None
    assert agents.credentials("nadie") is None


def test_secrets_are_encrypted_at_rest(agents, database):
    ana = agents.add("ana", "Ana", "agent", "hash", NOW)
    agents.set_phone(ana.id, "+525512345678")
    agents.set_totp(ana.id, "JBSWY3DPEHPK3PXP")
    with database.connect() as db:
        row = db.execute(agents_table.select()).one()
    assert b"5512345678" not in row.phone_encrypted
    assert b"JBSWY3DP" not in row.totp_encrypted
    assert agents.phone(ana.id) == "+525512345678"


def test_what_changes_rights_ends_every_session(agents):
    ana = agents.add("ana", "Ana", "agent", "hash", NOW)
    for change in ({"role": "supervisor"}, {"password_hash": "new"}, {"active": False}):
        before = agents.get(ana.id).session_epoch
        agents.change(ana.id, **change)
        assert agents.get(ana.id).session_epoch == before + 1
    before = agents.get(ana.id).session_epoch
    agents.change(ana.id, presence="here", in_teams=[])
    assert agents.get(ana.id).session_epoch == before


def test_ready_answers_are_of_a_team_or_of_all(agents):
    team = agents.save_team("Actas", "lun-vie 09:00-14:00", False)
    everybody = agents.save_canned("Hola", "Buenas tardes, le atiende {agente}.", None)
    agents.save_canned("acta", "Su acta está lista.", team)
    assert [each.shortcut for each in agents.canned()] == ["acta", "hola"]
    assert [each.shortcut for each in agents.canned(of_teams=())] == ["hola"]
    with pytest.raises(NameTaken):
        agents.save_canned("ACTA", "otra", None)
    agents.drop_canned(everybody)
    assert [each.shortcut for each in agents.canned()] == ["acta"]


def test_the_chain_holds_and_a_changed_row_is_found(log, database):
    for number in range(5):
        log.note("read", "ana", NOW, agent=1, conversation="c" * 32, reason=f"motivo {number}")
    assert log.verify() is None
    with database.begin() as db:
        db.execute(update(audit_table).where(audit_table.c.id == 3).values(detail=json.dumps({"reason": "otro"})))
    assert log.verify() == 3


def test_a_row_taken_out_is_found(log, database):
    for _ in range(4):
        log.note("read", "ana", NOW)
    with database.begin() as db:
        db.execute(delete(audit_table).where(audit_table.c.id == 2))
    assert log.verify() == 3


def test_writers_at_once_make_one_chain(log):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: log.note("read", f"agent{n}", NOW), range(40)))
    assert log.verify() is None
    assert len(list(log.all())) == 40


def test_entries_come_newest_first_in_pages(log):
    for number in range(5):
        log.note("read" if number % 2 else "take", "ana" if number else "beto", NOW, conversation="c" * 32)
    first = log.entries(limit=2)
    assert [entry.id for entry in first] == [5, 4]
    assert [entry.id for entry in log.entries(before=4, limit=2)] == [3, 2]
    assert [entry.username for entry in log.entries(username="beto")] == ["beto"]
