"""A crowd writes while the engine stands still (benchmarks/inbound.py measures more of them)."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from benchmarks.inbound import Query, disorder, lost, requests, send_all
from tests.faults.system import System
from tests.servers import eventually

pytestmark = pytest.mark.timeout(300)

PER_SECOND, SECONDS = 50, 10


@pytest.fixture
def query(system: System) -> Query:
    return system.sql


def test_none_of_a_crowd_is_lost_and_all_are_answered_in_order(system: System, query: Query) -> None:
    count = PER_SECOND * SECONDS
    token = system.program("gateway").environ()["TWIN_AUTH_TOKEN"]
    made = requests(system.gateway, token, count)
    with system.frozen("engine"):
        sent = asyncio.run(send_all(system.gateway, made, PER_SECOND))
        assert [each.status for each in sent] == [200] * count
        assert lost(query, count) == 0
    eventually(lambda: query("SELECT 1 FROM inbound WHERE processed_at IS NULL LIMIT 1") == [], 180, "a turn for all")
    unsent = "SELECT 1 FROM outbound WHERE status IN ('pending', 'sending') LIMIT 1"
    eventually(lambda: query(unsent) == [], 60, "an empty outbox")
    assert disorder(query) == 0
    answered = "SELECT count(DISTINCT idempotency_key) FROM outbound WHERE idempotency_key LIKE '%:0'"
    assert query(answered) == [(count,)]
    assert query("SELECT count(*) FROM outbound WHERE status = 'dead'") == [(0,)]


def arrived(query: Query) -> int:
    return int(query("SELECT count(*) FROM inbound")[0][0])


def test_a_damaged_row_is_shown_and_holds_nobody_up(system: System, query: Query) -> None:
    phone = "+525549990001"
    before = arrived(query)
    with system.frozen("worker"):
        for text in ("hola", "cuanto cuesta el pasaporte"):
            system.control("POST", f"phones/{phone}/messages", json={"body": text})
        newest = "SELECT id, conversation_id FROM inbound ORDER BY id DESC LIMIT 2"
        eventually(lambda: arrived(query) == before + 2, 15, "both messages")
        (_, conversation), (first, same) = query(newest)
        assert conversation == same
        with closing(sqlite3.connect(system.var / "ventanilla.sqlite", timeout=15)) as db, db:
            db.execute("UPDATE inbound SET content = '{' WHERE id = ?", (first,))
    eventually(lambda: len(system.on_phone(phone)) >= 2, 30, "two answers")
    assert "Costo" in system.on_phone(phone)[1]
    assert query(f"SELECT outcome FROM inbound WHERE id = {int(first)}") == [("unreadable",)]
