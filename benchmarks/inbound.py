"""Many messages at once while no engine answers: are all taken, soon, and all answered in order when it is back?

    .venv/bin/python -m benchmarks.inbound [--per-second 200] [--seconds 60] [--postgres] [--no-engine]

Starts the whole product in a folder of its own (`ventanilla run`), holds the engine still, sends signed webhook
requests at a steady pace whatever the answers take (open loop), lets the engine go on, and waits until everything is
answered. ``--no-engine``: there is none at all, so the workers answer from the catalogue meanwhile, on the same cores.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

import httpx
import psutil
import psycopg
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.faults.system import System
from tests.people import number
from tests.servers import Postgres

TEXTS = ("cuanto cuesta el pasaporte", "y donde se saca", "acta de nacimiento en puebla", "hola")
MESSAGES_EACH = 4
PROGRAMS = ("gateway", "worker", "engine", "actions", "twin", "redis")
PATH = "/channels/sms/inbound"
Query = Callable[[str], Sequence[tuple[Any, ...]]]


class WithoutEngine(System):
    """A system that is never "ready", for it lacks an engine: it is enough that the gateway answers."""

    def _ready(self) -> bool:
        try:
            return httpx.get(f"{self.gateway}/health/live", trust_env=False, timeout=2).status_code == 200
        except httpx.HTTPError:
            return False


@dataclass(frozen=True)
class Sent:
    """What came of one request: HTTP status (0: none), and seconds from when it was due to its whole answer."""

    status: int
    seconds: float


def requests(gateway: str, token: str, count: int) -> list[bytes]:
    """Return ``count`` signed requests: each phone sends its messages in the order of their SIDs."""
    validator = RequestValidator(token)
    phones = max(1, count // MESSAGES_EACH)
    host = gateway.removeprefix("http://")
    made = []
    for index in range(count):
        sid = f"SM{index:032x}"
        form = {
            "AccountSid": "AC" + "0" * 31 + "1",
            "MessageSid": sid,
            "SmsSid": sid,
            "From": number(index % phones),
            "To": "+525500000000",
            "Body": TEXTS[index // phones % len(TEXTS)],
            "NumMedia": "0",
        }
        body = urlencode(form).encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
            f"X-Twilio-Signature: {validator.compute_signature(gateway + PATH, form)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def send_all(gateway: str, made: Sequence[bytes], per_second: float) -> list[Sent]:
    """Send every request at its time, on a connection of its own."""
    host, _, port = gateway.removeprefix("http://").partition(":")
    begun = time.perf_counter() + 0.5

    async def send(index: int) -> Sent:
        due = begun + index / per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        try:
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(made[index])
            answer = await asyncio.wait_for(reader.read(), 15)  # Twilio's own patience
            writer.close()
            status = int(answer.split(b" ", 2)[1]) if answer else 0
        except (OSError, TimeoutError):
            status = 0
        return Sent(status, time.perf_counter() - due)

    return list(await asyncio.gather(*(send(index) for index in range(len(made)))))


def lost(query: Query, count: int) -> int:
    """Return how many messages are not in the inbox."""
    return count - int(query("SELECT count(*) FROM inbound")[0][0])


def disorder(query: Query) -> int:
    """Return how many messages were answered, or handed to the carrier, before an earlier one of their conversation."""
    answered = query(
        "SELECT conversation_id, processed_at, id FROM inbound WHERE processed_at IS NOT NULL "
        "ORDER BY conversation_id, id"
    )
    accepted = query(
        "SELECT o.conversation_id, min(e.id), o.id FROM outbound o JOIN delivery_events e "
        "ON e.delivery_id = o.delivery_id AND e.status = 'accepted' "
        "GROUP BY o.conversation_id, o.id ORDER BY o.conversation_id, o.id"
    )
    return sum(
        before[0] == after[0] and before[1] > after[1]
        for rows in (answered, accepted)
        for before, after in pairwise(rows)
    )


def waiting(query: Query) -> int:
    """Return how many messages had no turn yet."""
    return int(query("SELECT count(*) FROM inbound WHERE processed_at IS NULL")[0][0])


def processor_seconds(programs: Mapping[str, psutil.Process]) -> dict[str, float]:
    """Return what each program has used so far, its children included."""
    return {
        name: sum(sum(each.cpu_times()[:2]) for each in [program, *program.children(recursive=True)])
        for name, program in programs.items()
    }


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which ``share`` of them lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def wait_until_answered(query: Query, deadline: float) -> float | None:
    """Wait until no message and no delivery waits; return the seconds, None when that takes too long."""
    begun = time.monotonic()
    while time.monotonic() - begun < deadline:
        unsent = query("SELECT count(*) FROM outbound WHERE status IN ('pending', 'sending')")[0][0]
        if not waiting(query) and not unsent:
            return time.monotonic() - begun
        time.sleep(1)
    return None


def run(system: System, query: Query, options: argparse.Namespace) -> bool:
    """Send, wait, print, and say whether the promise was kept."""
    names = ("gateway", "worker", "twin", "redis") if options.no_engine else PROGRAMS
    programs = {name: system.program(name) for name in names}
    token = programs["gateway"].environ()["TWIN_AUTH_TOKEN"]
    count = int(options.per_second * options.seconds)
    made = requests(system.gateway, token, count)
    with ExitStack() as stack:
        if not options.no_engine:
            stack.enter_context(system.frozen("engine"))
        sent = asyncio.run(send_all(system.gateway, made, options.per_second))
        took = [each.seconds for each in sent]
        refused = sum(each.status != 200 for each in sent)
        missing = lost(query, count)
        print(f"{count} messages at {options.per_second:g}/s: {refused} not acknowledged, {missing} lost")
        print(
            "acknowledged after "
            + ", ".join(f"p{p:g} {1000 * percentile(took, p / 100):.0f} ms" for p in (50, 95, 99, 99.9))
        )
        print(f"answered meanwhile: {count - waiting(query)}")
    before = processor_seconds(programs)
    left = waiting(query)
    drained = wait_until_answered(query, options.patience)
    used = {name: seconds - before[name] for name, seconds in processor_seconds(programs).items()}
    answered = query("SELECT outcome, count(*) FROM inbound GROUP BY outcome ORDER BY 2 DESC")
    wrong = disorder(query)
    if drained is None:
        print(f"NOT everything was answered after {options.patience:.0f} s more: {waiting(query)} messages wait")
    else:
        print(f"everything answered after {drained:.0f} s more, {left / max(drained, 1):.0f} answers a second")
        each = ", ".join(f"{name} {1000 * seconds / max(left, 1):.1f}" for name, seconds in used.items())
        print(f"milliseconds of processor for each answer: {each}")
    print("answers: " + ", ".join(f"{outcome} {number_of}" for outcome, number_of in answered))
    print(f"out of order: {wrong}")
    return not refused and not missing and drained is not None and not wrong and percentile(took, 0.99) <= 0.1


def main() -> int:
    """Run it once; the exit code is 0 when the promise was kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--per-second", type=float, default=200)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--patience", type=float, default=900, help="seconds to wait for all answers")
    parser.add_argument("--postgres", action="store_true", help="over PostgreSQL instead of SQLite")
    parser.add_argument("--no-engine", action="store_true", help="without an engine instead of one that stands still")
    options = parser.parse_args()
    with ExitStack() as stack:
        environment = {"SMS_PER_SECOND": "1000"}
        if options.postgres:
            postgres = Postgres()
            stack.callback(postgres.remove)
            postgres.start()
            environment["DATABASE_URL"] = postgres.url("postgres")
        if options.no_engine:
            nobody = "http://127.0.0.1:9"  # the discard port
            environment |= {"ENGINE_URLS": nobody, "ACTIONS_URL": nobody}
        system = (WithoutEngine if options.no_engine else System)(**environment)
        try:
            system.start()
            query = _query(system, environment.get("DATABASE_URL", ""))
            kept = run(system, query, options)
            system.stop()
        finally:
            system.kill_everything()
            shutil.rmtree(system.var, ignore_errors=True)
    return 0 if kept else 1


def _query(system: System, url: str) -> Query:
    if not url:

        def from_sqlite(text: str) -> Sequence[tuple[Any, ...]]:
            with closing(sqlite3.connect(system.var / "ventanilla.sqlite", timeout=15)) as db:
                return db.execute(text).fetchall()

        return from_sqlite

    def from_postgres(text: str) -> Sequence[tuple[Any, ...]]:
        with psycopg.connect(url.replace("postgresql+psycopg", "postgresql")) as db:
            return db.execute(text.encode()).fetchall()

    return from_postgres


if __name__ == "__main__":
    sys.exit(main())
