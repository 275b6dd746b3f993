"""What a call tells the dialogue, and calling people back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update

from bot.core.calls import Sign, read_sign
from bot.core.delivery import CarrierUnavailable, Rejected
from bot.core.messages import Choice, InboundMessage, Text
from bot.core.turns import Topic, TurnContext
from bot.handoff.calendar import hours_of
from bot.store import ConversationState
from bot.store.calls import Calls
from bot.store.clock import utc_now
from bot.store.tables import callbacks
from bot.worker.calls import CallBackTimer, telephone
from tests.people import ROSA, SECRET

NOON = datetime(2026, 11, 23, 18, tzinfo=timezone.utc)  # noon in Mexico City
NIGHT = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


@pytest.mark.parametrize("sign", [Sign("began"), Sign("fresh"), Sign("language", "yua")])
def test_a_sign_is_read_as_it_was_told(sign):
    assert read_sign(sign.content()) == sign


@pytest.mark.parametrize("content", [Text("call:fresh:"), Choice("procedure:x"), Choice("call:odd:1"), Text("")])
def test_a_persons_words_are_no_sign(content):
    assert read_sign(content) is None
    assert telephone(content, ConversationState(), NOON) is None


def test_another_matter_puts_the_topic_aside_and_keeps_the_place():
    memory = {"last_procedure": "pasaporte-adulto", "state": "Oaxaca"}
    topic = Topic("2026-11-22T10:00:00+00:00", "sms", memory, {"intent": "x"})
    state = ConversationState(context=TurnContext(state="Oaxaca", topic=topic))
    after = telephone(Sign("fresh").content(), state, NOON)
    assert after is not None
    assert after.context.state == "Oaxaca"
    assert after.context.topic == Topic("2026-11-23T18:00:00+00:00", "voice", {"state": "Oaxaca"})
    assert telephone(Sign("began").content(), state, NOON) == state
    spoken = telephone(Sign("language", "yua").content(), state, NOON)
    assert spoken is not None
    assert spoken.context.language == "yua"


@dataclass
class Carrier:
    """Places calls, or fails."""

    error: Exception | None = None
    placed: list[dict[str, str]] = field(default_factory=list)

    def call(self, to: str, *, url: str, fallback: str, status_callback: str) -> str:
        self.placed.append({"to": to, "url": url, "fallback": fallback, "status_callback": status_callback})
        if self.error is not None:
            raise self.error
        return f"CA{len(self.placed)}"


def asked(store, calls: Calls) -> None:
    message = InboundMessage("sms", "SM1", ROSA, "+525500000000", Text("llámeme"), utc_now())
    conversation = store.record(message, message.content).conversation_id
    calls.ask_callback(conversation, "asked", utc_now() - timedelta(seconds=1))


def timer(calls: Calls, carrier: Carrier, now: datetime) -> CallBackTimer:
    hours = hours_of("lun-dom 08:00-21:00")
    return CallBackTimer(calls, carrier, "https://v.example", hours, "America/Mexico_City", lambda: now)


def rows(database):
    with database.connect() as db:
        return db.execute(select(callbacks)).all()


def test_who_asked_is_called_by_day_and_not_by_night(store, database):
    calls, carrier = Calls(database, SECRET), Carrier()
    asked(store, calls)
    assert timer(calls, carrier, NIGHT)() == 0
    assert timer(calls, carrier, NOON)() == 1
    assert timer(calls, carrier, NOON)() == 0
    call = carrier.placed[0]
    assert call["to"] == ROSA
    assert call["url"] == "https://v.example/channels/voice/inbound?callback=1"
    assert call["status_callback"] == "https://v.example/channels/voice/status?callback=1"
    assert [(row.status, row.call_sid) for row in rows(database)] == [("calling", "CA1")]


def test_on_a_day_of_rest_nobody_is_called(store, database):
    calls, carrier = Calls(database, SECRET), Carrier()
    asked(store, calls)
    christmas = datetime(2026, 12, 25, 18, 0, tzinfo=timezone.utc)
    assert timer(calls, carrier, christmas)() == 0
    assert timer(calls, carrier, christmas + timedelta(days=1))() == 1


@pytest.mark.parametrize("error", [CarrierUnavailable("timeout"), Rejected("21211")])
def test_a_call_that_cannot_be_placed_is_tried_again_three_times_in_all(store, database, error):
    calls, carrier = Calls(database, SECRET), Carrier(error)
    asked(store, calls)
    for _ in range(5):
        timer(calls, carrier, NOON)()
        with database.begin() as db:
            db.execute(update(callbacks).values(due_at=utc_now() - timedelta(seconds=1)))
    assert len(carrier.placed) == 3
    assert [(row.status, row.last_result) for row in rows(database)] == [("given_up", error.code)]
