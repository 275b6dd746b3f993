"""Reminders in SQL: kept with the turn, sent once, in the day, to nobody who said stop."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select

from bot.core.delivery import Outgoing
from bot.core.effects import CancelReminders, Remind
from bot.core.turns import TurnContext
from bot.store import ConversationState, DueReminder, Reminders
from bot.store.tables import outbound
from bot.store.tables import reminders as table
from tests.builders import now, turn
from tests.people import ROSA
from tests.processes import in_processes, send_reminders


def local(hour: int) -> timezone:
    """Return a zone in which it is that hour now."""
    ahead = (hour - now().hour + 12) % 24 - 12
    return timezone(timedelta(hours=ahead))


def at(moment: datetime, hour: int = 12) -> str:
    return moment.astimezone(local(hour)).isoformat(timespec="seconds")


def past(hour: int = 12) -> str:
    return at(now() - timedelta(minutes=5), hour)


def said(due: DueReminder) -> tuple[Outgoing, ...]:
    return (Outgoing("sms", f"{due.procedure}", "reminder"),)


def sent(database) -> list[tuple[str, str]]:
    with database.connect() as db:
        rows = db.execute(select(outbound.c.text, outbound.c.kind).where(outbound.c.kind == "reminder"))
        return [(row.text, row.kind) for row in rows]


def closed(database) -> list[str | None]:
    with database.connect() as db:
        return list(db.execute(select(table.c.closed_as).order_by(table.c.id)).scalars())


@pytest.fixture
def reminders(database):
    return Reminders(database)


def test_a_due_reminder_goes_out_once(store, database, reminders):
    turn(store, effects=(Remind(past(), "pasaporte"),))
    assert reminders.send_next(said)
    assert not reminders.send_next(said)
    assert sent(database) == [("pasaporte", "reminder")]
    assert closed(database) == ["sent"]


def test_one_to_come_waits(store, database, reminders):
    turn(store, effects=(Remind(at(now() + timedelta(hours=1)), "pasaporte"),))
    assert not reminders.send_next(said)
    assert sent(database) == []


def test_what_is_said_of_it_is_what_was_asked(store, reminders):
    state = ConversationState(context=TurnContext(language="yua"))
    turn(store, state=state, effects=(Remind(past(), None, "nacimiento_hijo", 2),))
    heard: list[DueReminder] = []
    reminders.send_next(lambda due: heard.append(due) or said(due))
    (due,) = heard
    assert (due.channel, due.language, due.procedure, due.life_event, due.step) == (
        "sms",
        "yua",
        None,
        "nacimiento_hijo",
        2,
    )
    assert due.due_at.utcoffset() == local(12).utcoffset(None)


def test_at_night_it_waits_for_the_morning(store, database, reminders):
    turn(store, effects=(Remind(past(2), "pasaporte"),))
    assert reminders.send_next(said)
    assert not reminders.send_next(said)
    assert sent(database) == []
    with database.connect() as db:
        due = db.execute(select(table.c.due_at)).scalar_one().astimezone(local(2))
    assert (due.hour, due.minute) == (8, 0)
    assert timedelta(0) < due - now() < timedelta(hours=7)


def test_who_said_stop_gets_none(store, database, reminders):
    turn(store, effects=(Remind(past(), "pasaporte"),))
    turn(store, opted_out=True)
    assert reminders.send_next(said)
    assert sent(database) == []
    assert closed(database) == ["opted_out"]


def test_the_same_twice_is_one(store, database, reminders):
    moment = past()
    turn(store, effects=(Remind(moment, "pasaporte"), Remind(moment, "pasaporte"), Remind(moment, "acta")))
    turn(store, effects=(Remind(moment, "pasaporte"),))
    while reminders.send_next(said):
        pass
    assert sorted(text for text, _ in sent(database)) == ["acta", "pasaporte"]


def test_cancelled_ones_are_not_sent_and_others_people_s_stay(store, database, reminders):
    first, second = past(), at(now() - timedelta(minutes=9))
    turn(store, effects=(Remind(first, "pasaporte"), Remind(second, "acta")))
    turn(store, sender="+525512345699", effects=(Remind(first, "licencia"),))
    turn(store, sender=ROSA, effects=(CancelReminders(first),))
    while reminders.send_next(said):
        pass
    assert sorted(text for text, _ in sent(database)) == ["acta", "licencia"]
    turn(store, effects=(Remind(at(now() + timedelta(days=1)), "acta"),))
    turn(store, effects=(CancelReminders(),))
    assert closed(database)[-1] == "cancelled"


def test_words_that_fail_leave_it_due(store, database, reminders):
    turn(store, effects=(Remind(past(), "pasaporte"),))

    def broken(due: DueReminder) -> tuple[Outgoing, ...]:
        raise RuntimeError("no words")

    with pytest.raises(RuntimeError):
        reminders.send_next(broken)
    assert reminders.send_next(said)
    assert sent(database) == [("pasaporte", "reminder")]


def test_three_workers_at_once_send_each_once(store, database, database_url):
    moments = tuple(Remind(at(now() - timedelta(minutes=minute)), f"card-{minute}") for minute in range(1, 25))
    turn(store, effects=moments)
    counts = in_processes(3, send_reminders, database_url)
    assert sum(counts) == 24
    assert sorted(text for text, _ in sent(database)) == sorted(f"card-{minute}" for minute in range(1, 25))


def test_a_time_without_an_offset_is_a_defect_and_nothing_of_the_turn_is_kept(store, database):
    with pytest.raises(ValueError, match="offset"):
        turn(store, "listo", effects=(Remind("2027-01-01T10:00:00", "pasaporte"),))
    with database.connect() as db:
        assert db.execute(select(outbound.c.id)).first() is None
