"""The worker dies in the middle of a call's turn, at any moment: the caller hears words, and is answered."""

from __future__ import annotations

import random
import threading
import time

import pytest

from tests.faults.system import System
from tests.faults.test_calls_whole_system import Caller
from tests.people import number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(600)

TIMES = 6
LATEST = 0.4
"""Seconds after the caller spoke; a turn takes a quarter of it."""
PRICE = "mil setecientos noventa y cinco pesos"


def kill_soon(system: System, after: float) -> threading.Thread:
    """``kill -9`` the worker in a while, from another thread."""
    worker = system.program("worker")

    def kill() -> None:
        time.sleep(after)
        worker.kill()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def write_along(system: System, stop: threading.Event) -> None:
    """Others write meanwhile, so that a dying worker has more in hand than one turn."""
    count = 0
    while not stop.is_set():
        phone = number(700 + count % 40)
        system.control("POST", f"phones/{phone}/messages", json={"body": "cuanto cuesta el pasaporte"})
        count += 1
        stop.wait(0.3)


def test_a_caller_hears_words_whenever_the_worker_dies(system: System) -> None:
    stop = threading.Event()
    others = threading.Thread(target=write_along, args=(system, stop))
    others.start()
    heard = []
    try:
        for at in range(TIMES):
            caller = Caller(system, f"CA64{at:02d}", number(640 + at))
            caller.step()
            killer = kill_soon(system, random.uniform(0, LATEST))
            said = caller.say("cuánto cuesta el pasaporte")
            killer.join()
            assert said, f"call {at}: silence"
            assert caller.first_words < 5, f"call {at}: {caller.first_words:.1f} s"
            heard.append((PRICE in said, caller.next, said))
            eventually(lambda: system.program("worker"), 20, "a worker")
    finally:
        stop.set()
        others.join()
    answered = [said for price, _, said in heard if price]
    assert len(answered) >= TIMES * 0.8, [said for price, _, said in heard if not price]
    for price, going_on, said in heard:
        assert price or going_on or "una persona" in said, said
    eventually(
        lambda: system.sql("SELECT count(*) FROM inbound WHERE processed_at IS NULL") == [(0,)], 120, "a turn for all"
    )
