"""The worker as it runs: a process of its own, and real servers for database, Redis, engine and carrier."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from sqlalchemy import select

from bot.core.codec import to_payload
from bot.core.replies import Say
from bot.core.turns import TurnResult, Understood
from bot.store import Store, open_engine
from bot.store.tables import inbound as inbound_table
from bot.store.tables import outbound
from bot.wake import Wake
from tests.builders import inbound
from tests.people import AUTH_TOKEN, JUAN, NUMBERS, ROSA, SECRET
from tests.servers import eventually, serving

ROOT = Path(__file__).resolve().parents[3]


class Stack:
    """An engine and a carrier that obey the test, and the worker processes around one database."""

    def __init__(self, folder, url, redis_url):
        self.folder, self.url, self.redis_url = folder, url, redis_url
        self.database = open_engine(url)
        self.store = Store(self.database, SECRET)
        self.said = "nothing_more"
        self.carried: list[dict[str, str]] = []
        self.processes: list[subprocess.Popen[bytes]] = []
        self.hold_engine = self.hold_carrier = False
        self.engine_asked = threading.Event()

    def engine(self, request):
        self.engine_asked.set()
        if self.hold_engine:
            return request.server.hang()
        return request.json(to_payload(TurnResult((Say(self.said),), Understood("x", 0.9, outcome="answer"))))

    def carrier(self, request):
        if request.command == "GET":
            return request.json({"messages": [], "page_size": 50, "next_page_uri": None, "uri": "/"})
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.carried.append(form)
        if self.hold_carrier:
            return request.server.hang()
        return request.json({"sid": f"SM{len(self.carried):032x}", "status": "queued"}, 201)

    def start(self, engine_url, carrier_url):
        environment = {
            "PATH": os.environ["PATH"],
            "VAR": str(self.folder),
            "DATABASE_URL": self.url,
            "REDIS_URL": self.redis_url,
            "ENGINE_URLS": engine_url,
            "ENGINE_TIMEOUT": "1.5",
            "LEASE_SECONDS": "3",
            "VENTANILLA_SECRET": SECRET,
            "TWILIO_ACCOUNT_SID": "AC" + "1" * 32,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_API_URL": carrier_url,
        }
        log = (self.folder / f"worker{len(self.processes)}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.worker"], cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
        log.close()
        self.processes.append(process)
        return process

    def logs(self):
        return "".join(path.read_text() for path in sorted(self.folder.glob("worker*.log")))

    def say(self, text, sender=ROSA):
        message = inbound(text, sender)
        assert self.store.record(message, message.content).new
        Wake(self.redis_url).send()

    def rows(self, table):
        with self.database.connect() as db:
            return db.execute(select(table).order_by(table.c.id)).all()


@pytest.fixture
def stack(tmp_path, database_url, redis_server, built_catalogue, compiled_phrases):
    shutil.copy(built_catalogue, tmp_path / "catalogue.sqlite")
    shutil.copytree(compiled_phrases, tmp_path / "locale")
    built = Stack(tmp_path, database_url, redis_server.url)
    with serving(built.engine) as engine, serving(built.carrier) as carrier:
        built.new = lambda: built.start(engine.url, carrier.url)
        yield built
        for process in built.processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            process.wait(10)
    built.database.dispose()


def all_accepted(stack, count):
    return lambda: [row.status for row in stack.rows(outbound)] == ["accepted"] * count


def test_a_message_is_answered_and_delivered_and_nobody_is_named_in_the_logs(stack):
    process = stack.new()
    stack.say("necesito mi acta", ROSA)
    stack.say("hola", JUAN)
    eventually(all_accepted(stack, 2), 40, "two answers at the carrier")
    assert {form["To"] for form in stack.carried} == {ROSA, JUAN}
    assert all("delivery=" in form["StatusCallback"] for form in stack.carried)
    process.send_signal(signal.SIGTERM)
    assert process.wait(15) == 0
    logged = stack.logs()
    assert [json.loads(line)["process"] for line in logged.splitlines()] == ["worker"] * len(logged.splitlines())
    assert "worker stopped" in logged
    assert not any(number[3:] in logged for number in NUMBERS)
    assert "necesito" not in logged


def test_without_an_engine_people_are_answered_within_the_budget(stack):
    stack.hold_engine = True
    stack.new()
    stack.say("xyzzy")
    eventually(all_accepted(stack, 1), 40, "a degraded answer")
    (row,) = stack.rows(inbound_table)
    assert row.outcome == "degraded"


def test_a_worker_killed_in_a_turn_is_followed_by_another(stack):
    stack.hold_engine = True
    first = stack.new()
    stack.say("hola")
    assert stack.engine_asked.wait(40)
    first.kill()
    first.wait(10)
    stack.hold_engine = False
    stack.new()
    eventually(all_accepted(stack, 1), 40, "the answer")
    assert len(stack.carried) == 1


def test_a_worker_stopped_in_a_turn_finishes_it_first(stack):
    stack.hold_engine = True
    process = stack.new()
    eventually(lambda: "worker started" in stack.logs(), 40, "the worker's start")
    stack.say("xyzzy")
    assert stack.engine_asked.wait(10)
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert [row.outcome for row in stack.rows(inbound_table)] == ["degraded"]


def test_two_workers_share_the_work_and_nobody_is_answered_twice(stack):
    people = [f"+52554100{index:04d}" for index in range(12)]
    for person in people:
        stack.say("hola", person)
        stack.say("otra cosa", person)
    stack.new()
    stack.new()
    eventually(all_accepted(stack, 24), 60, "24 answers")
    assert len(stack.carried) == 24
    assert Counter(form["To"] for form in stack.carried) == dict.fromkeys(people, 2)


def test_a_wrong_setting_is_one_sentence(tmp_path):
    for name, value, named in (
        ("PORT", "x", "PORT"),
        ("VENTANILLA_SECRET", "short", "VENTANILLA_SECRET"),
        ("VENTANILLA_SECRET", SECRET, "catalogue"),
    ):
        environment = {"PATH": os.environ["PATH"], "VAR": str(tmp_path), name: value}
        run = subprocess.run(
            [sys.executable, "-m", "bot.worker"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
        )
        assert run.returncode != 0
        assert named in run.stderr
        assert len(run.stderr.splitlines()) == 1
