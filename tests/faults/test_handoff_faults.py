"""A conversation with a person while parts of the product die: nothing lost, nothing twice, one state."""

from __future__ import annotations

import re
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

import httpx
import psycopg
import pytest
from argon2 import PasswordHasher

from bot.store import open_engine
from bot.store.agents import Agents
from tests.faults.system import System
from tests.people import SECRET, number
from tests.servers import Postgres, Redis, eventually

pytestmark = [
    pytest.mark.timeout(420),
    # A server that was killed leaves this process's own half-open connections to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PASSWORD = "una frase larga de prueba"
HASH = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
AWAY = (httpx.HTTPError,)


@dataclass
class Office:
    """A whole product over its own PostgreSQL and Redis, that tests may stop, and an agent's browser."""

    system: System
    postgres: Postgres
    redis: Redis
    url: str
    browser: httpx.Client = field(default_factory=httpx.Client)
    token: str = ""

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as db:
            return db.execute(query, parameters).fetchall()

    def close(self) -> None:
        self.browser.close()

    def sign_in(self, username: str) -> None:
        self.close()
        self.browser = httpx.Client(base_url=f"{self.system.gateway}/console", trust_env=False, timeout=20)
        self._keep(self.browser.post("/sign-in", data={"username": username, "password": PASSWORD}))
        self._keep(self.browser.get("/account"))
        assert self.token

    def post(self, path: str, **form: str) -> httpx.Response:
        return self.browser.post(path, data={**form, "csrf_token": self.token})

    def until_it_answers(self, path: str, **form: str) -> httpx.Response:
        """Send a form as an agent does who presses the button again while the page cannot be reached."""

        def sent() -> httpx.Response | None:
            try:
                answer = self.post(path, **form)
            except AWAY:
                return None
            return answer if answer.status_code < 500 else None

        answer: httpx.Response = eventually(sent, 120, f"an answer to {path}")
        return answer

    def _keep(self, answer: httpx.Response) -> None:
        found = re.search(r'X-CSRF-Token": "([^"]+)"', answer.text)
        self.token = found[1] if found else self.token

    def person_says(self, phone: str, body: str) -> None:
        """Send a message as Twilio does: the same one again until a webhook took it."""
        sid = f"SM{uuid.uuid4().hex}"

        def taken() -> bool:
            self.system.control("POST", f"phones/{phone}/messages", json={"body": body, "sid": sid, "wait": 10})
            return bool(self._rows_of(sid))

        eventually(taken, 120, "a webhook that took the message")

    def _rows_of(self, sid: str) -> list[tuple[Any, ...]]:
        try:
            return self.sql("SELECT 1 FROM inbound WHERE provider_id = %s", sid)
        except psycopg.OperationalError:
            return []

    def with_agent(self, phone: str) -> int:
        """Let a person ask for a person and take her; return the handoff."""
        before = self.sql("SELECT coalesce(max(id), 0) FROM handoffs")[0][0]
        self.person_says(phone, "AGENTE")
        found = eventually(
            lambda: self.sql("SELECT id FROM handoffs WHERE id > %s AND state = 'waiting'", before), 60, "a handoff"
        )
        handoff = int(found[0][0])
        assert self.post(f"/handoffs/{handoff}/take").status_code == 302
        return handoff

    def ready(self) -> None:
        eventually(lambda: self.system.ask_readiness()["status"] == "ready", 120, "everything back")


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    postgres, redis = Postgres(), Redis(shutil.which("redis-server") or "redis-server")
    postgres.start()
    redis.start()
    postgres.sql("CREATE DATABASE handoffs")
    url = postgres.url("handoffs")
    system = System(
        DATABASE_URL=url, REDIS_URL=redis.url, VENTANILLA_SECRET=SECRET, ENGINE_TIMEOUT="20", LEASE_SECONDS="10"
    )
    try:
        system.start()
        engine = open_engine(url)
        Agents(engine, SECRET).add("ana", "Ana", "agent", HASH, datetime.now(timezone.utc), capacity=50)
        engine.dispose()
        with closing(Office(system, postgres, redis, url)) as made:
            made.sign_in("ana")
            yield made
        system.stop()
    finally:
        system.kill_everything()
        redis.remove()
        postgres.remove()
        shutil.rmtree(system.var, ignore_errors=True)


def restart(server: Postgres | Redis) -> None:
    server.stop()
    server.start()


def faults(office: Office) -> dict[str, Callable[[], Any]]:
    return {
        "gateway killed": lambda: office.system.kill("gateway"),
        "worker killed": lambda: office.system.kill("worker"),
        "Redis restarted": lambda: restart(office.redis),
        "PostgreSQL restarted": lambda: restart(office.postgres),
    }


@pytest.mark.parametrize("fault", ["gateway killed", "worker killed", "Redis restarted", "PostgreSQL restarted"])
def test_a_conversation_with_a_person_goes_through(office: Office, fault: str) -> None:
    office.ready()
    phone = number(7_000 + len(fault))
    handoff = office.with_agent(phone)
    said, answered = [f"dato {i} de la persona" for i in range(4)], [f"Respuesta {i} de Ana." for i in range(4)]
    for index in range(4):
        office.person_says(phone, said[index])
        if index == 1:
            faults(office)[fault]()
        # Redis without its data knows no session any more: an agent signs in again, and sends the same form again.
        form = {"text": answered[index], "key": f"{index}-{fault.replace(' ', '-')}"}
        if office.until_it_answers(f"/handoffs/{handoff}/reply", **form).status_code in (401, 403):
            office.sign_in("ana")
            assert office.until_it_answers(f"/handoffs/{handoff}/reply", **form).status_code == 302
        assert office.until_it_answers(f"/handoffs/{handoff}/reply", **form).status_code == 302  # pressed twice
    office.ready()
    got = eventually(
        lambda: found if len(found := _of_ana(office, phone)) >= 4 else None, 120, "all words on the phone"
    )
    assert got == answered
    conversation = office.sql("SELECT conversation_id FROM handoffs WHERE id = %s", handoff)[0][0]
    stored = office.sql(
        "SELECT content, outcome FROM inbound WHERE conversation_id = %s AND content LIKE '%%dato%%' ORDER BY id",
        conversation,
    )
    assert [re.search(r"dato \d de la persona", content)[0] for content, _ in stored] == said  # type: ignore[index]
    eventually(
        lambda: (
            not office.sql("SELECT 1 FROM inbound WHERE conversation_id = %s AND processed_at IS NULL", conversation)
        ),
        60,
        "a turn for every message",
    )
    outcomes = office.sql(
        "SELECT DISTINCT outcome FROM inbound WHERE conversation_id = %s AND content LIKE '%%dato%%'", conversation
    )
    assert outcomes == [("with_agent",)]  # the assistant was silent throughout
    state = office.sql(
        "SELECT h.state, c.mode FROM handoffs h JOIN conversations c ON c.id = h.conversation_id WHERE h.id = %s",
        handoff,
    )
    assert state == [("with_agent", "with_agent")]
    assert len(_of_ana(office, phone)) == 4
    assert office.until_it_answers(f"/handoffs/{handoff}/back").status_code == 302
    eventually(lambda: any("Sigo yo" in each for each in office.system.on_phone(phone)), 60, "the assistant again")


def _of_ana(office: Office, phone: str) -> list[str]:
    return [each for each in office.system.on_phone(phone) if each.startswith("Respuesta")]


def test_a_stream_that_is_cut_again_and_again_tells_everything_once(office: Office) -> None:
    office.ready()
    begun = office.sql("SELECT coalesce(max(id), 0) FROM live_events")[0][0]
    heard: list[int] = []
    done = threading.Event()

    def listen() -> None:
        last = str(begun)
        while not done.is_set():
            try:
                with office.browser.stream("GET", "/events", headers={"Last-Event-ID": last}, timeout=30) as stream:
                    told, id_, live = 0, "", False
                    for line in stream.iter_lines():
                        if line.startswith("id: "):
                            id_ = line[4:]
                        live = live or line == "event: live"
                        if line or not id_:
                            continue
                        last = id_  # the event is whole: as a browser, that it came is known from here on
                        if live:
                            heard.append(int(id_))
                            told, live = told + 1, False
                        if told >= 3 or done.is_set():
                            break  # the connection is dropped in the middle
            except AWAY:
                time.sleep(0.05)  # a browser waits too before it comes back

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    handoff = office.with_agent(number(7_500))
    for index in range(6):
        office.person_says(number(7_500), f"mensaje {index}")
        if index == 3:
            office.system.kill("gateway")
            office.ready()
    waiting = "SELECT 1 FROM inbound WHERE processed_at IS NULL"
    eventually(lambda: not office.sql(waiting), 60, "a turn for every message")  # what comes after the end is no event
    assert office.until_it_answers(f"/handoffs/{handoff}/close", reason="solved").status_code == 302

    def all_heard() -> bool:
        told = [id_ for (id_,) in office.sql("SELECT id FROM live_events WHERE id > %s ORDER BY id", begun)]
        return len(told) >= 9 and set(told) <= set(heard)

    try:
        eventually(all_heard, 90, "every event in the stream")
    finally:
        done.set()
    listener.join(40)
    assert heard == sorted(set(heard))
