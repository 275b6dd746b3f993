from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from bot.core.delivery import (
    CarrierUnavailable,
    DeliveryStatus,
    OptedOut,
    Rejected,
    StatusUpdate,
    Throttled,
)
from bot.store import Store, open_engine
from bot.store.tables import outbound
from bot.worker.delivery import LONGEST_RETRY_SECONDS, DeliveryHandler, Instead, Rules, retry_after
from channels.carrier import CarrierMisconfigured
from tests.builders import now, turn
from tests.people import JUAN, ROSA, SECRET
from tests.processes import in_threads

S = DeliveryStatus
MAX_ATTEMPTS = 4


class Carrier:
    """Takes messages, or does what a test says first: ``failures`` are raised one by one, None lets one pass."""

    def __init__(self):
        self.taken: list[tuple[str, str]] = []
        self.sent: list[dict[str, object]] = []
        self.asked: list[dict[str, object]] = []
        self.failures: list[Exception | None] = []
        self.failures_when_asked: list[Exception | None] = []
        self.take_before_failing = False

    def send(self, to, outgoing, *, delivery_id, status_callback, sender=None):
        self.sent.append({"to": to, "text": outgoing.text, "id": delivery_id, "callback": status_callback})
        failure = self.failures.pop(0) if self.failures else None
        if failure is None or self.take_before_failing:
            self.taken.append((to, outgoing.text))
        if failure is not None:
            raise failure
        return f"SM{len(self.taken)}"

    def find_sent(self, to, text, since, *, known=(), sender=None):
        self.asked.append({"to": to, "text": text, "since": since, "known": known})
        failure = self.failures_when_asked.pop(0) if self.failures_when_asked else None
        if failure is not None:
            raise failure
        found = [f"SM{index}" for index, each in enumerate(self.taken, start=1) if each == (to, text)]
        return next((each for each in found if each not in known), None)


@pytest.fixture
def database(sqlite_url):
    engine = open_engine(sqlite_url)
    yield engine
    engine.dispose()


@pytest.fixture
def outbox(database):
    return Store(database, SECRET)


@pytest.fixture
def carrier():
    return Carrier()


@pytest.fixture
def instead(outbox, phrases):
    return Instead(outbox, lambda language: phrases)


@pytest.fixture
def handler(outbox, carrier, instead):
    return DeliveryHandler(outbox, {"sms": carrier}, "https://v.example.gob.mx", Rules(MAX_ATTEMPTS), instead)


@pytest.fixture
def clock():
    with time_machine.travel(now(), tick=False) as traveller:
        yield traveller


def rows(database):
    with database.connect() as db:
        return db.execute(select(outbound).order_by(outbound.c.id)).all()


@pytest.fixture
def deliver_all(handler, database, clock):
    """Deliver until nothing is left to send, moving the clock to when the next message is due."""

    def run(with_handler=handler):
        for _ in range(100):
            while with_handler.deliver_next("w", 10):
                pass
            waiting = [row.next_attempt_at for row in rows(database) if row.status == "pending"]
            if not waiting:
                return
            # One that is due already is held back by an earlier one of its conversation.
            clock.move_to(min(due for due in waiting if due > now()) + timedelta(milliseconds=1), tick=False)
        raise AssertionError("messages are tried for ever")

    return run


def test_a_message_goes_to_the_carrier_once(handler, outbox, carrier, database, clock):
    turn(outbox, "hola")
    assert handler.deliver_next("w", 10)
    assert not handler.deliver_next("w", 10)
    (row,) = rows(database)
    assert carrier.sent == [
        {"to": ROSA, "text": "hola", "id": row.delivery_id, "callback": "https://v.example.gob.mx/channels/sms/status"}
    ]
    assert carrier.asked == []
    assert (row.status, row.provider_id, row.attempts) == ("accepted", "SM1", 1)


def test_nothing_due_is_said_to_be_nothing(handler):
    assert not handler.deliver_next("w", 10)


@pytest.mark.parametrize("error", [Throttled("20429"), CarrierUnavailable("20503"), CarrierMisconfigured("20003")])
def test_what_may_pass_is_tried_again_until_it_does(outbox, carrier, database, error, deliver_all):
    carrier.failures = [error, error]
    turn(outbox, "hola")
    deliver_all()
    (row,) = rows(database)
    assert (row.status, row.attempts, row.error_code) == ("accepted", 3 if error.counted else 1, None)
    assert carrier.taken == [(ROSA, "hola")]


@pytest.mark.parametrize("error", [Throttled("20429"), CarrierUnavailable("20503"), RuntimeError("a defect of ours")])
def test_what_never_passes_is_given_up_visibly(outbox, carrier, database, error, deliver_all):
    carrier.failures = [error] * 50
    turn(outbox, "hola", "luego")
    deliver_all()
    row, later = rows(database)
    assert (row.status, row.attempts) == ("dead", MAX_ATTEMPTS)
    assert row.error_code == getattr(error, "code", "unexpected")
    assert later.attempts > 0, "what comes after is not held back for ever"


def test_what_the_carrier_will_never_take_is_not_repeated(outbox, carrier, database, deliver_all):
    carrier.failures = [Rejected("21614")]
    turn(outbox, "hola", "luego")
    deliver_all()
    assert [(row.status, row.error_code) for row in rows(database)] == [("dead", "21614"), ("accepted", None)]
    assert len(carrier.sent) == 2


def test_who_told_the_carrier_to_stop_is_stopped_here(outbox, carrier, database, deliver_all):
    carrier.failures = [OptedOut("21610")]
    conversation = turn(outbox, "hola", "luego")
    turn(outbox, "otra", sender=JUAN)
    deliver_all()
    assert outbox.state(conversation).opted_out
    assert [(row.status, row.error_code) for row in rows(database)] == [
        ("dead", "21610"),
        ("dead", "opted_out"),
        ("accepted", None),
    ]


def test_the_carriers_own_time_is_waited_for(handler, outbox, carrier, clock):
    carrier.failures = [Throttled("20429", retry_after=600.0)]
    turn(outbox, "hola")
    handler.deliver_next("w", 10)
    clock.shift(599)
    assert not handler.deliver_next("w", 10)
    clock.shift(2)
    assert handler.deliver_next("w", 10)


def test_after_a_refusal_the_carrier_is_not_asked(outbox, carrier, deliver_all):
    carrier.failures = [Throttled("20429")]
    turn(outbox, "hola")
    deliver_all()
    assert carrier.asked == []


def test_after_a_timeout_the_carrier_is_asked_and_nothing_is_sent_twice(outbox, carrier, database, deliver_all):
    carrier.failures, carrier.take_before_failing = [CarrierUnavailable("timeout")], True
    turn(outbox, "hola")
    started = now()
    deliver_all()
    assert carrier.taken == [(ROSA, "hola")]
    assert [(each["to"], each["text"], each["since"]) for each in carrier.asked] == [(ROSA, "hola", started)]
    assert rows(database)[0].provider_id == "SM1"


@pytest.mark.parametrize(
    "answer", [Throttled("20429"), CarrierUnavailable("20503"), CarrierMisconfigured("20003"), RuntimeError("x")]
)
def test_when_the_question_itself_fails_it_is_asked_again(outbox, carrier, answer, deliver_all):
    """Else the second time the carrier would not be asked, and the person would read the message twice."""
    carrier.failures, carrier.take_before_failing = [CarrierUnavailable("timeout")], True
    carrier.failures_when_asked = [answer]
    turn(outbox, "hola")
    deliver_all()
    assert len(carrier.asked) == 2
    assert carrier.taken == [(ROSA, "hola")]


def test_a_worker_that_died_is_followed_by_one_that_asks_first(handler, outbox, carrier, clock):
    turn(outbox, "hola")
    dead = outbox.lease_delivery("dead", 10)
    carrier.taken.append((ROSA, "hola"))
    assert not handler.deliver_next("w", 10)
    clock.shift(10.1)
    assert handler.deliver_next("w", 10)
    assert (len(carrier.asked), carrier.sent) == (1, [])
    assert carrier.asked[0]["since"] == dead.first_attempt_at


def test_a_worker_that_died_before_sending_is_followed_by_one_that_sends(handler, outbox, carrier, clock):
    turn(outbox, "hola")
    outbox.lease_delivery("dead", 10)
    clock.shift(10.1)
    handler.deliver_next("w", 10)
    assert carrier.taken == [(ROSA, "hola")]


def test_the_same_words_sent_before_are_not_taken_for_these(handler, outbox, carrier, deliver_all):
    turn(outbox, "hola", "hola")
    handler.deliver_next("w", 10)
    carrier.failures = [CarrierUnavailable("timeout")]
    deliver_all()
    assert carrier.taken == [(ROSA, "hola")] * 2
    assert carrier.asked[0]["known"] == {"SM1"}


def test_a_callback_that_comes_before_the_answer_is_enough(handler, outbox, carrier, database, deliver_all):
    carrier.failures = [CarrierUnavailable("timeout")]
    turn(outbox, "hola")
    handler.deliver_next("w", 10)
    outbox.apply_status(StatusUpdate("SM9", S.DELIVERED, delivery_id=rows(database)[0].delivery_id))
    deliver_all()
    assert len(carrier.sent) == 1
    assert rows(database)[0].status == "delivered"


def test_a_channel_without_a_carrier_is_a_visible_failure(outbox, instead, database, deliver_all):
    turn(outbox, "hola")
    deliver_all(DeliveryHandler(outbox, {}, "https://v", Rules(MAX_ATTEMPTS), instead))
    assert [(row.status, row.error_code) for row in rows(database)] == [("dead", "unexpected")]


def test_many_threads_send_each_message_once(handler, outbox, carrier):
    for index in range(20):
        turn(outbox, f"{index}", sender=f"+52554000{index:04d}")

    def work(index):
        while outbox.figures().deliveries.get(S.PENDING):
            handler.deliver_next(f"w{index}", 10)

    in_threads(8, work)
    assert sorted(int(each["text"]) for each in carrier.sent) == list(range(20))


def test_no_number_and_no_text_is_logged(outbox, carrier, json_logs, deliver_all):
    carrier.failures = [Throttled("20429"), RuntimeError(f"cannot send to {ROSA}"), Rejected("21614")]
    turn(outbox, "un texto secreto")
    deliver_all()
    logged = json_logs()
    assert "given up" in logged
    assert "secreto" not in logged
    assert ROSA[1:] not in logged


@given(attempts=st.integers(1, 1000), told=st.none() | st.floats(0, 10_000))
def test_a_retry_comes_neither_at_once_nor_never(attempts, told):
    seconds = retry_after(attempts, told)
    assert seconds >= 0.5
    assert seconds >= (told or 0)
    assert seconds <= max(told or 0, 1 + LONGEST_RETRY_SECONDS)
    assert told or seconds <= 0.5 + 2.0**attempts


def test_retries_of_many_do_not_come_together():
    assert len({round(retry_after(5, None), 2) for _ in range(200)}) > 100
