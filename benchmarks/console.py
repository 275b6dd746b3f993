"""A busy desk: does the console answer soon, and does every stream tell every event once, however often it is cut?

    .venv/bin/python -m benchmarks.console [--conversations 200] [--agents 20] [--seconds 30]

Starts one gateway process (gunicorn with the product's own options) over SQLite and a Redis, in a folder of its own.
Every agent has a stream that is cut every few seconds and a browser that opens the queue and conversations, counts
segments, answers and notes, as fast as a person who never stops to read: one thing a second. People write meanwhile.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import psutil
from argon2 import PasswordHasher

from bot import languages
from bot.core.effects import BringPerson
from bot.run.prepare import upgrade_database
from bot.run.programs import Selection, programs
from bot.settings import ROOT, Settings
from bot.store import Store, TurnOutcome, open_engine
from bot.store.agents import Agents
from bot.store.handoffs import Handoffs
from bot.store.live import LiveEvents
from tests.builders import inbound
from tests.people import AUTH_TOKEN, SECRET, number
from tests.servers import Redis, eventually, free_port, redis_program

PASSWORD = "una frase larga de prueba"
HASH = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
PROMISE_SECONDS = 0.3
CUT_EVERY_SECONDS = 4.0


@dataclass
class Floor:
    """What the agents' threads share."""

    gateway: str
    ends: float
    took: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def timed(self, name: str, request: Callable[[], httpx.Response]) -> httpx.Response:
        """Send a request, keep how long its whole answer took, and complain about what is no success."""
        begun = time.perf_counter()
        answer = request()
        seconds = time.perf_counter() - begun
        with self.lock:
            self.took.setdefault(name, []).append(seconds)
            if answer.status_code >= 400:
                self.wrong.append(f"{name}: {answer.status_code}")
        return answer


class Agent:
    """One agent: a browser that works, and a stream that is cut."""

    def __init__(self, floor: Floor, username: str, mine: list[int]) -> None:
        """``mine``: the handoffs that the agent has."""
        self._floor = floor
        self._mine = mine
        self._last = 0
        self.heard: list[int] = []
        self.cuts = 0
        # As a browser does, a connection that the gateway closed between two requests is opened anew, not reported.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(base_url=f"{floor.gateway}/console", trust_env=False, timeout=30, limits=limits)
        self._http.post("/sign-in", data={"username": username, "password": PASSWORD})
        found = re.search(r'X-CSRF-Token": "([^"]+)"', self._http.get("/account").text)
        assert found, "not signed in"
        self._token = found[1]

    def work(self) -> None:
        """Do one thing a second."""
        while time.monotonic() < self._floor.ends:
            handoff = random.choice(self._mine)
            name, request = random.choice(self._things(handoff))
            self._floor.timed(name, request)
            time.sleep(random.uniform(0.5, 1.5))

    def _things(self, handoff: int) -> list[tuple[str, Callable[[], httpx.Response]]]:
        path, form = f"/handoffs/{handoff}", {"csrf_token": self._token}
        reply = {**form, "text": "Lo reviso y le contesto.", "key": uuid.uuid4().hex}
        return [
            ("queue", lambda: self._http.get("/queue")),
            ("queue, again", lambda: self._http.get("/queue/list")),
            ("conversation", lambda: self._http.get(path)),
            ("thread, again", lambda: self._http.get(f"{path}/thread")),
            ("segments", lambda: self._http.post(f"{path}/segments", data={**form, "text": "Lo reviso"})),
            ("reply", lambda: self._http.post(f"{path}/reply", data=reply)),
            ("note", lambda: self._http.post(f"{path}/note", data={**form, "text": "ya llamó"})),
        ]

    def listen(self, last: int, enough: Callable[[list[int]], bool]) -> None:
        """Read the stream after ``last``, cut it every few seconds, go on after the last whole event; until enough."""
        self._last = last
        while not enough(self.heard):
            cut = time.monotonic() + random.uniform(0.5, 1.5) * CUT_EVERY_SECONDS
            headers = {"Last-Event-ID": str(self._last)}
            try:
                with self._http.stream("GET", "/events", headers=headers, timeout=12) as answer:
                    self._read(answer, lambda cut=cut: time.monotonic() > cut or enough(self.heard))  # type: ignore[misc]
            except httpx.HTTPError:
                time.sleep(0.2)
            self.cuts += 1

    def _read(self, answer: httpx.Response, stop: Callable[[], bool]) -> None:
        id_, live = "", False
        for line in answer.iter_lines():
            if line.startswith("id: "):
                id_ = line[4:]
            live = live or line == "event: live"
            if line or not id_:
                continue
            self._last = int(id_)
            if live:
                self.heard.append(int(id_))
                live = False
            if stop():
                return


def seed(store: Store, handoffs: Handoffs, agents: list[int], count: int) -> dict[int, list[int]]:
    """Write open conversations, half of them with agents; return each agent's."""
    mine: dict[int, list[int]] = {agent: [] for agent in agents}
    topics = ("procedure:acta-nacimiento-copia", "procedure:pasaporte-menor", "life_event:fallecimiento")
    for index in range(count):
        message = inbound("necesito hablar con alguien", number(index), channel="whatsapp")
        conversation = store.record(message, message.content).conversation_id
        turn(store, (BringPerson("asked", "whatsapp", topics[index % len(topics)]),))
        handoff = handoffs.open_of(conversation)
        assert handoff is not None
        if index % 2 == 0:
            agent = agents[index // 2 % len(agents)]
            handoffs.take(handoff.id, agent, datetime.now(timezone.utc), beyond_capacity=True)
            mine[agent].append(handoff.id)
    return mine


def turn(store: Store, effects: tuple[Any, ...] = ()) -> None:
    """Do a worker's part for whoever waits."""
    lease = store.lease_conversation("benchmark", 30)
    assert lease is not None
    message = store.next_message(lease)
    assert message is not None
    state = store.state(lease.conversation_id)
    store.commit_turn(lease, message, TurnOutcome("with_agent", (), state, effects=effects))
    store.release(lease)


def people_write(store: Store, count: int, ends: float) -> None:
    """Let two of the people write every second."""
    while time.monotonic() < ends:
        message = inbound("sigue ahí?", number(2 * random.randrange(count // 2)), channel="whatsapp")
        store.record(message, message.content)
        turn(store)
        time.sleep(0.5)


def processor_seconds(gateway: psutil.Process) -> float:
    """Return what the gateway's processes have used so far."""
    return float(sum(sum(each.cpu_times()[:2]) for each in [gateway, *gateway.children()]))


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of them lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def run(config: Settings, options: argparse.Namespace, gateway: psutil.Process) -> bool:
    """Seed, work, print, and say whether the promise was kept."""
    database = open_engine(config.database)
    store, handoffs, live = Store(database, SECRET), Handoffs(database), LiveEvents(database)
    accounts = Agents(database, SECRET)
    now = datetime.now(timezone.utc)
    ids = [accounts.add(f"a{n}", f"Ana {n}", "agent", HASH, now, capacity=50).id for n in range(options.agents)]
    mine = seed(store, handoffs, ids, options.conversations)
    floor = Floor(f"http://127.0.0.1:{config.port}", 0.0)
    agents = [Agent(floor, f"a{index}", mine[id_]) for index, id_ in enumerate(ids)]
    begun = live.last_id()
    used = processor_seconds(gateway)
    floor.ends = time.monotonic() + options.seconds
    patience = floor.ends + 60

    def enough(heard: list[int]) -> bool:
        if time.monotonic() < floor.ends + 1:
            return False
        return time.monotonic() > patience or bool(heard and heard[-1] >= live.last_id())

    threads = [threading.Thread(target=agent.listen, args=(begun, enough)) for agent in agents]
    threads += [threading.Thread(target=agent.work) for agent in agents]
    threads.append(threading.Thread(target=people_write, args=(store, options.conversations, floor.ends)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [event.id for event in live.since(begun, 1_000_000)]
    missed = sum(len(set(told) - set(agent.heard)) for agent in agents)
    twice = sum(len(agent.heard) - len(set(agent.heard)) for agent in agents)
    took = [seconds for values in floor.took.values() for seconds in values]
    for name, values in sorted(floor.took.items()):
        print(f"{name:<14} {len(values):>5}  p50 {1000 * percentile(values, 0.5):>5.0f} ms", end="")
        print(f"  p95 {1000 * percentile(values, 0.95):>5.0f} ms")
    p95 = percentile(took, 0.95)
    print(f"all            {len(took):>5}  p95 {1000 * p95:.0f} ms, {len(floor.wrong)} refused {floor.wrong[:3]}")
    used = processor_seconds(gateway) - used
    print(f"the gateway used {used:.1f} s of processor; load of the machine {os.getloadavg()[0]:.1f}")
    cuts = sum(agent.cuts for agent in agents)
    print(f"{len(told)} events in {len(agents)} streams cut {cuts} times: {missed} missed, {twice} told twice")
    database.dispose()
    return p95 <= PROMISE_SECONDS and not (missed or twice or floor.wrong)


def main() -> int:
    """Run it once; the exit code is 0 when the promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--conversations", type=int, default=200)
    parser.add_argument("--agents", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="ventanilla-console-", dir="/tmp"))
    redis = Redis(redis_program())
    redis.start()
    settings: dict[str, Any] = {
        "ventanilla_secret": SECRET,
        "twin_auth_token": AUTH_TOKEN,
        "redis_url": redis.url,
        "engine_urls": "http://127.0.0.1:9",
        "actions_url": "http://127.0.0.1:9",
        "port": free_port(),
        "var": folder,
    }
    config = Settings(**settings)
    (folder / "metrics").mkdir()
    shutil.copy(ROOT / "var" / "catalogue.sqlite", folder)
    languages.build(ROOT / "locale", config.locale_folder)
    upgrade_database(config)
    (gateway,) = programs(config, Selection(("gateway",), {}), folder / "unused")
    environment = {**gateway.environment, "PORT": str(config.port), "DATABASE_URL": ""}
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(gateway.command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    try:
        eventually(lambda: _answers(config.port), 60, "a gateway")
        return 0 if run(config, options, psutil.Process(process.pid)) else 1
    finally:
        process.terminate()
        process.wait(20)
        redis.remove()
        shutil.rmtree(folder, ignore_errors=True)


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", trust_env=False, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


if __name__ == "__main__":
    sys.exit(main())
