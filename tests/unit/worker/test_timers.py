"""What is due by the clock, and a reminder's words."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from bot.core.interactive import Template
from bot.store import DueReminder
from bot.worker.timers import ReminderTimer, Timers
from bot.worker.turn import PhraseBook
from channels.registry import CHANNELS


class Queue:
    """Reminders that wait, as many as are given."""

    def __init__(self, *waiting: DueReminder) -> None:
        self.waiting = list(waiting)
        self.sent: list[tuple[str, str]] = []

    def send_next(self, say) -> bool:
        if not self.waiting:
            return False
        self.sent += [(each.channel, each.text) for each in say(self.waiting.pop())]
        return True


def due(channel="sms", procedure=None, life_event=None, step=None) -> DueReminder:
    return DueReminder(channel, datetime(2026, 11, 23, 9, tzinfo=timezone.utc), "es_MX", procedure, life_event, step)


@pytest.fixture
def timer(plain_search, phrases):
    cards = plain_search.catalogue
    book = PhraseBook(lambda language, channel: phrases)
    return lambda queue: ReminderTimer(queue, CHANNELS, book, cards.procedures, cards.life_events)


def test_a_reminder_names_its_procedure_or_its_step(timer):
    queue = Queue(due(procedure="pasaporte-adulto"), due(life_event="nacimiento_hijo", step=3))
    assert timer(queue)() == 2
    assert "Consiga su CURP" in queue.sent[0][1]
    assert "Pasaporte por primera vez" in queue.sent[1][1]
    assert timer(queue)() == 0


@pytest.mark.parametrize(
    "reminder",
    [
        due(procedure="orden-proteccion"),
        due(life_event="victima_violencia", step=2),
        due(life_event="fallecimiento", step=0),
        due(life_event="salud"),
        due(procedure="was-a-card-once"),
        due(),
    ],
)
def test_a_private_or_unknown_matter_is_not_named(timer, phrases, reminder):
    (message,) = timer(Queue()).words(reminder)
    plain = phrases("reminder_private")
    assert message.kind == "reminder"
    assert "tr" in message.text
    assert len(message.text) <= len(plain)
    for word in ("protecc", "violenc", "defunc", "salud", "was-a-card"):
        assert word not in message.text.lower()


def test_what_was_asked_on_a_call_comes_by_sms(timer):
    (message,) = timer(Queue()).words(due("voice", "pasaporte-adulto"))
    assert (message.channel, message.interactive) == ("sms", None)


def test_on_whatsapp_it_is_the_approved_text_with_its_words(timer):
    (message,) = timer(Queue()).words(due("whatsapp", "pasaporte-adulto"))
    assert message.interactive == Template("recordatorio", {"asunto": "Pasaporte por primera vez"})


def test_a_timer_that_fails_does_not_stop_the_others():
    rung: list[str] = []

    def broken() -> int:
        raise RuntimeError("no database")

    assert Timers([broken, lambda: 2], lambda: rung.append("done")).run()
    assert not Timers([broken, lambda: 0], lambda: rung.append("done")).run()
    assert rung == ["done"]
