"""A dialogue that is cut off goes on elsewhere, and a reminder is sent once whoever dies."""

from __future__ import annotations

import contextlib
import sqlite3
from datetime import datetime, timedelta, timezone

import pytest
import redis

from tests.faults.system import System
from tests.faults.test_whole_system import conversation, wait_for
from tests.people import BY_NIGHT, by_day, number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(240)


def said(system: System, phone: str, text: str, channel: str = "sms") -> str:
    """Send a message and return the whole answer."""
    with system.phone(phone, channel=channel, deadline=40) as one:
        return "\n".join(reply.body for reply in one.send(text).replies)


def back(system: System) -> None:
    """Wait until what was killed answers again: meanwhile degraded mode does, which remembers nothing."""
    eventually(lambda: system.ask_readiness()["checks"]["engine"], 90, "an engine that answers")


def forget(system: System) -> None:
    """Empty Redis: every running dialogue is gone."""
    redis.Redis(unix_socket_path=str(system.var / "redis" / "redis.sock")).flushall()


def test_cut_off_by_a_kill_it_goes_on_with_another_channel(system: System) -> None:
    phone = number(71)
    assert "acta de nacimiento" in said(system, phone, "me voy a casar")
    for program in ("engine", "worker"):
        system.kill(program)
    forget(system)
    back(system)
    assert "matrimonio civil" in said(system, phone, "ya hice la primera", "whatsapp").lower()
    forget(system)
    plan = said(system, phone, "mi plan")
    assert "Su plan" in plan
    assert "matrimonio civil" in plan


def test_a_question_left_open_is_answered_on_another_channel(system: System) -> None:
    phone = number(72)
    assert "estado" in said(system, phone, "cuanto cuesta el acta de nacimiento")
    system.kill("actions")
    forget(system)
    back(system)
    assert "$123" in said(system, phone, "chiapas", "whatsapp")


@pytest.mark.skipif(not by_day(), reason=BY_NIGHT)
def test_a_reminder_that_comes_due_while_a_worker_dies_is_sent_once(system: System) -> None:
    phone = number(73)
    assert "recordatorio" in said(system, phone, "recuérdeme en 20 días lo de la cartilla militar")
    before = len(system.on_phone(phone))
    make_due(system, phone)
    system.kill("worker")
    got = wait_for(system, phone, before + 1, 60)
    assert "cartilla" in got[-1].lower()
    make_due(system, phone)  # what is closed stays closed
    system.kill("worker")
    eventually(lambda: system.program("worker"), 60, "a worker")
    assert "Sus recordatorios" not in said(system, phone, "quiero hablar de otra cosa")
    rows = system.sql(
        "SELECT count(*) FROM outbound WHERE kind = 'reminder' AND conversation_id = ?", conversation(system, phone)
    )
    assert rows == [(1,)]


def make_due(system: System, phone: str) -> None:
    """Let the conversation's reminders be due since a minute, where it is noon."""
    now = datetime.now(timezone.utc)
    due = (now - timedelta(minutes=1)).replace(tzinfo=None).isoformat(" ", timespec="microseconds")
    offset = ((12 - now.hour + 12) % 24 - 12) * 60
    with contextlib.closing(sqlite3.connect(system.var / "ventanilla.sqlite", timeout=15)) as db, db:
        db.execute(
            "UPDATE reminders SET due_at = ?, utc_offset = ? WHERE conversation_id = ?",
            (due, offset, conversation(system, phone)),
        )
