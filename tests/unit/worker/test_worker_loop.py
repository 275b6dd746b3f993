"""One step of the worker's loops at a time, in this process."""

from __future__ import annotations

import shutil

import pytest
import redis
import time_machine
from sqlalchemy import select, update

from bot.core.delivery import DeliveryStatus
from bot.settings import Settings
from bot.store import LeaseLost, Store
from bot.store.tables import inbound as inbound_table
from bot.store.tables import outbound
from bot.wake import Bell
from bot.worker import __main__ as worker_module
from bot.worker.turn import TurnHandler
from tests.builders import now, outcome, record
from tests.people import JUAN, ROSA, SECRET
from tests.servers import free_port


@pytest.fixture
def worker(tmp_path, database, database_url, redis_server, built_catalogue, compiled_phrases, monkeypatch):
    shutil.copy(built_catalogue, tmp_path / "catalogue.sqlite")
    shutil.copytree(compiled_phrases, tmp_path / "locale")
    monkeypatch.setattr(worker_module, "open_engine", lambda _url: database)
    with redis.Redis.from_url(redis_server.url) as known:
        known.flushdb()  # the sender's rate is one for all workers: a test before may have used this second's message
    nowhere = f"http://127.0.0.1:{free_port()}"
    config = Settings(
        twilio_account_sid="AC1", twilio_auth_token="t", twilio_api_url=nowhere, engine_urls=nowhere,
        database_url=database_url, redis_url=redis_server.url, ventanilla_secret=SECRET, var=tmp_path, lease_seconds=8,
    )  # fmt: skip
    built = worker_module.Worker(config)
    yield built
    built._stop()


def rows(database, table=inbound_table):
    with database.connect() as db:
        return db.execute(select(table).order_by(table.c.id)).all()


def test_nothing_to_do(worker):
    assert not worker.turn()
    assert not worker.delivery()


def test_all_messages_of_a_conversation_have_their_turns(worker, store, database):
    for text in ("hola", "AYUDA", "xyzzy"):
        record(store, text)
    assert worker.turn()
    assert [row.outcome for row in rows(database)] == ["degraded", "help", "degraded"]
    assert not worker.turn()
    assert len(rows(database, outbound)) == 3
    lease = store.lease_conversation("t", 1)
    assert lease is None, "nothing waits"


def test_the_next_conversation_does_not_wait_for_a_released_one(worker, store, database):
    record(store, sender=ROSA)
    record(store, sender=JUAN)
    assert worker.turn()
    assert worker.turn()
    assert {row.outcome for row in rows(database)} == {"degraded"}


def test_a_damaged_message_is_closed_with_a_word_and_the_next_has_its_turn(worker, store, database):
    record(store, "hola")
    record(store, "AYUDA")
    with database.begin() as db:
        db.execute(update(inbound_table).where(inbound_table.c.id == 1).values(content="{"))
    assert worker.turn()
    assert [row.outcome for row in rows(database)] == ["unreadable", "help"]
    assert len(rows(database, outbound)) == 2, "the person is told"
    assert store.figures().given_up == {"unreadable": 1}


def test_a_turn_that_always_fails_is_given_up_and_the_next_has_its_turn(worker, store, database, monkeypatch):
    real = TurnHandler.handle_turn

    def fails(self, message, state, at):
        if message.content.text == "veneno":
            raise RuntimeError("a defect")
        return real(self, message, state, at)

    monkeypatch.setattr(TurnHandler, "handle_turn", fails)
    record(store, "veneno")
    record(store, "AYUDA")
    record(store, "otra persona", sender=JUAN)
    with time_machine.travel(now(), tick=False) as clock:
        with pytest.raises(RuntimeError):
            worker.turn()
        worker.turn()
        assert [row.outcome for row in rows(database)] == [None, None, "degraded"], "others do not wait"
        failures = 1
        while rows(database)[1].outcome is None:
            clock.shift(8.1)
            try:
                assert worker.turn()
            except RuntimeError:
                failures += 1
            assert failures < 10
    assert [row.outcome for row in rows(database)] == ["failed", "help", "degraded"]
    assert len(rows(database, outbound)) == 3, "an apology, the help, and the other person's answer"


def test_a_turn_that_takes_longer_than_its_lease_is_dropped_whole(worker, store, database, monkeypatch):
    record(store)

    def slow(*_):
        clock.shift(8.1)
        assert other.lease_conversation("other", 8) is not None
        return outcome("tarde")

    other = Store(database, SECRET)
    monkeypatch.setattr(TurnHandler, "handle_turn", slow)
    with time_machine.travel(now(), tick=False) as clock:
        assert worker.turn(), "busy: there may be more to do"
    assert [row.outcome for row in rows(database)] == [None]
    assert rows(database, outbound) == []


def test_losing_a_lease_before_the_turn_is_no_failure(worker, store, monkeypatch):
    record(store)

    def lost(*_):
        raise LeaseLost("x")

    monkeypatch.setattr(Store, "begin_turn", lost)
    assert worker.turn()


def test_a_step_that_fails_does_not_end_the_loop(worker, monkeypatch):
    calls = []

    def step():
        calls.append(1)
        if len(calls) == 3:
            worker._stopping.set()
        if len(calls) == 1:
            raise RuntimeError("the database is away")
        return len(calls) == 2

    monkeypatch.setattr(worker_module, "_IDLE_SECONDS", 0.01)
    worker._loop(step, Bell())
    assert len(calls) == 3


def test_without_a_carrier_a_delivery_waits_for_another_attempt(worker, store, database):
    record(store, "AYUDA")
    worker.turn()
    assert worker.delivery()
    assert store.figures().deliveries == {DeliveryStatus.PENDING: 1}
    assert [row.error_code for row in rows(database, outbound)] == ["no_connection"]
