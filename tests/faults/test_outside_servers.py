"""The same product over a PostgreSQL and a Redis of Debian's packages instead of the embedded ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import psycopg
import pytest
import redis

from tests.faults.system import System
from tests.people import number
from tests.servers import Postgres, Redis, eventually

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def database(postgres: Postgres) -> str:
    postgres.sql("CREATE DATABASE whole_system")
    return postgres.url("whole_system")


@pytest.fixture(scope="module")
def system(database: str, redis_server: Redis) -> Iterator[System]:
    running = System(DATABASE_URL=database, REDIS_URL=redis_server.url)
    try:
        running.start()
        yield running
        running.stop()
    finally:
        running.kill_everything()
        shutil.rmtree(running.var, ignore_errors=True)


def rows(database: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(database.replace("postgresql+psycopg", "postgresql")) as db:
        return db.execute(query).fetchall()


def test_a_question_is_answered_over_postgresql_and_redis(system: System, database: str) -> None:
    with system.phone(number(50)) as phone:
        assert "$1,795" in phone.send("cuanto cuesta el pasaporte").replies[0].body
        assert "citas.sre.gob.mx" in phone.send("y donde se saca").replies[0].body
    assert rows(database, "SELECT count(*) FROM inbound") == [(2,)]


def test_a_killed_worker_and_a_wiped_redis_lose_nothing(system: System, database: str, redis_server: Redis) -> None:
    phone = number(51)
    with system.frozen("engine"):
        system.control("POST", f"phones/{phone}/messages", json={"body": "cuanto cuesta el pasaporte"})
        eventually(lambda: rows(database, "SELECT 1 FROM conversations WHERE lease_owner IS NOT NULL"), 10, "a lease")
        system.kill("worker")
    redis.Redis.from_url(redis_server.url).flushall()
    eventually(lambda: system.on_phone(phone), 15, "an answer")
    assert "Costo" in system.on_phone(phone)[0]
    eventually(lambda: rows(database, "SELECT 1 FROM outbound WHERE status = 'delivered'"), 10, "a delivered answer")
    assert len(system.on_phone(phone)) == 1
