"""The calls of this folder, with the whole product running and the twin as the carrier."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.calls.script import HUMAN, ScriptedCall, play, scripted_calls
from tests.faults.system import System
from tests.people import BY_NIGHT, by_day, number

pytestmark = pytest.mark.timeout(600)  # the first one waits for the system to start

CALLS = sorted(scripted_calls(), key=lambda call: call.system)
# Scripts are about what is said; how fast is measured in benchmarks/calls.py, but for the ones without an engine.
SETTINGS = {"HUMAN_NUMBER": HUMAN, "LEASE_SECONDS": "60", "VOICE_CALL_HOURS": "lun-dom 00:00-23:59; fes 00:00-23:59"}
FIRST = random.randrange(10_000, 59_000_000)


def _closed_now() -> str:
    """Return opening hours that have ended for today, or not begun."""
    now = datetime.now(ZoneInfo("America/Mexico_City"))
    begins = now + timedelta(hours=8) if now.hour < 12 else now - timedelta(hours=8)
    return f"lun-dom {begins:%H:00}-{begins:%H:30}"


@pytest.fixture(scope="module")
def systems() -> Iterator[dict[str, System]]:
    """Keep one running system at a time, of the kind that the next call needs."""
    running: dict[str, System] = {}
    yield running
    for system in running.values():
        system.kill_everything()
        shutil.rmtree(system.var, ignore_errors=True)


def running(systems: dict[str, System], kind: str) -> System:
    if kind not in systems:
        for other in list(systems):
            systems[other].kill_everything()
            shutil.rmtree(systems.pop(other).var, ignore_errors=True)
        hours = "lun-dom 00:00-23:59" if kind == "open" else _closed_now()
        system = systems[kind] = System(HUMAN_HOURS=hours, **SETTINGS)
        system.start()
    return systems[kind]


def test_there_are_at_least_sixty_calls_with_names_of_their_own():
    assert len(CALLS) >= 60
    assert len({call.id for call in CALLS}) == len(CALLS)


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.id)
def test_a_call_reaches_its_goal(call: ScriptedCall, systems: dict[str, System]):
    if not by_day() and any(step.do == "sms" and "llám" in step.what for step in call.steps):
        pytest.skip(BY_NIGHT)
    report = play(call, running(systems, call.system), number(FIRST + CALLS.index(call)))
    if report:
        pytest.fail(report, pytrace=False)
