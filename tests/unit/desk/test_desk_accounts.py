"""Tokens, keys, links and pages in SQL, on both databases; and the commands."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from bot.core.handoff import HandoffState
from bot.settings import ROOT
from bot.store import open_engine
from bot.store.agents import Agents, NameTaken
from bot.store.desk_links import DeskLinks
from bot.store.desk_tokens import BadTokenName, DeskTokens, KeyReused
from bot.store.tables import agents, desk_requests, desk_tokens
from bot.store.thread import Threads
from tests.builders import now
from tests.people import JUAN, ROSA, SECRET


def test_a_token_is_found_until_it_is_revoked(tokens, database):
    token = tokens.add("crm", now(), shown="Mesa")
    account = tokens.find(token, now())
    assert (account.token, account.name, account.sees_sensitive, account.teams) == ("crm", "Mesa", False, frozenset())
    assert tokens.find(token + "x", now()) is None
    assert tokens.find("", now()) is None
    assert tokens.find("\ud800", now()) is None
    with database.connect() as db:
        (row,) = db.execute(select(desk_tokens)).all()
        kept = str(row) + str(db.execute(select(agents)).all())
    assert token not in kept
    assert row.last_used_at is not None
    (listed,) = tokens.all()
    assert (listed.name, listed.desk, listed.revoked_at) == ("crm", "crm", None)
    assert tokens.revoke("crm", now())
    assert not tokens.revoke("crm", now())
    assert not tokens.revoke("nobody", now())
    assert tokens.find(token, now()) is None
    with pytest.raises(NameTaken):
        tokens.add("crm", now())
    assert tokens.find(tokens.add("crm-2", now(), desk="crm"), now()).agent_id == account.agent_id


@pytest.mark.parametrize("name", ["", "CRM", "a b", "-a", "a" * 33, "ñ", "a\n", "../a"])
def test_names_that_cannot_be_used(tokens, name):
    with pytest.raises(BadTokenName):
        tokens.add(name, now())
    if name:
        with pytest.raises(BadTokenName):
            tokens.add("crm", now(), desk=name)


def test_teams_of_a_desk(tokens, database):
    store = Agents(database, SECRET)
    violence, other = store.save_team("Violencia", "", True), store.save_team("Otra", "", False)
    account = tokens.find(tokens.add("uno", now(), in_teams=["Violencia", "Otra"]), now())
    assert (account.teams, account.sees_sensitive) == ({violence, other}, True)
    with pytest.raises(LookupError, match="Nadie"):
        tokens.add("dos", now(), in_teams=["Nadie"])
    assert [each.name for each in tokens.all()] == ["uno"], "a token of no team was not made"
    assert tokens.all()[0].teams == ("Otra", "Violencia")


def test_a_key_is_one_request_whoever_comes_first(tokens, people, database):
    handoff = people.asks().id
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: tokens.reserve("k", handoff, "f", now(), "99"), range(4)))
    with pytest.raises(KeyReused):
        tokens.reserve("k", handoff, "other", now())
    with pytest.raises(KeyReused):
        tokens.reserve("k", people.asks(JUAN).id, "f", now())
    assert tokens.reserved("k")
    assert not tokens.reserved("l")
    assert (tokens.remote_of("k"), tokens.remote_of("l")) == ("99", None)
    with database.connect() as db:
        assert len(db.execute(select(desk_requests)).all()) == 1


def test_an_adapter_is_made_once_and_put_to_sleep(tokens, handoffs):
    first, second = (tokens.adapter("chatwoot", "Mesa", now()) for _ in range(2))
    assert first == second
    assert handoffs.staffed()
    tokens.retire("chatwoot")
    assert not handoffs.staffed()
    tokens.add("chatwoot", now())
    tokens.retire("chatwoot")
    assert handoffs.staffed(), "a token in force keeps its desk awake"


def test_links_are_kept_once(people, database):
    links = DeskLinks(database, "chatwoot")
    one, two = people.asks().id, people.asks(JUAN).id
    kept = links.keep(one, "5", "77", now())
    assert links.keep(one, "6", "78", now()).conversation == "77"
    assert links.of(one) == kept
    assert links.of(two) is None
    links.keep(two, "5", "77", now())
    assert links.by_conversation("77").handoff_id == two, "an inbox with one conversation for each person"
    assert links.by_conversation("78") is None


def test_pages_of_handoffs_and_threads(people, handoffs, database):
    made = [people.asks(sender).id for sender in (ROSA, JUAN)]
    both = {"states": (HandoffState.WAITING,), "limit": 1}
    (newest,) = handoffs.page(0, (), False, **both)
    assert newest.id == made[1]
    assert [each.id for each in handoffs.page(0, (), False, before=newest.id, **both)] == [made[0]]
    for index in range(3):
        people.writes(f"dato {index}")
    threads, conversation = Threads(database), handoffs.get(made[0]).conversation_id
    whole = threads.of(conversation)
    seen, before = [], None
    while page := threads.of(conversation, 2, before):
        seen, before = [*page, *seen], page[0]
    assert tuple(seen) == whole
    keys = [threads.note(conversation, made[0], None, "Nota", now(), "k") for _ in range(2)]
    assert keys[0] == keys[1]


def test_the_commands(tmp_path):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TWILIO_")},
        "VAR": str(tmp_path), "DATABASE_URL": "", "REDIS_URL": "", "INSTITUTION": "Mesa", "CHATWOOT_URL": "",
    }  # fmt: skip

    def run(*words, code=0):
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", "desk", *words],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stderr
        return done.stdout.strip() if code == 0 else done.stderr.strip()

    token = run("token", "add", "crm")
    assert token.startswith("vnt_")
    assert "no team 'Nadie'" in run("token", "add", "otro", "--team", "Nadie", code=1)
    assert "never used" in run("token", "list")
    assert run("token", "revoke", "crm") == "crm is revoked."
    assert "no token 'crm' in force" in run("token", "revoke", "crm", code=1)
    assert run("secret").startswith("whsec_")
    assert run("events") == "There are no events."
    assert run("resend", "--dead") == "0 events will be sent again."
    assert "--dead" in run("resend", code=1)
    assert "CHATWOOT_URL" in run("chatwoot", code=1)
    engine = open_engine(f"sqlite:///{tmp_path / 'ventanilla.sqlite'}")
    assert DeskTokens(engine).find(token, now()) is None
    engine.dispose()
