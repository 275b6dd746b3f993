"""What desks are told: everything, once copied, in order, whatever happens on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import time_machine
from sqlalchemy import select

from bot.core.delivery import DeliveryStatus, Outgoing, StatusUpdate
from bot.core.effects import LeaveQueue
from bot.core.handoff import HandoffEvent
from bot.core.redact import redact
from bot.desk.bodies import event_body
from bot.desk.sinks import NotTaken
from bot.store import desk_events as desk_events_module
from bot.store import open_engine
from bot.store.desk_events import TYPES, DeskEvents, _due
from bot.store.tables import contacts, desk_events, inbound
from bot.worker.desk import DeskDelivery, pause
from tests.builders import now
from tests.people import CURP, JUAN, NUMBERS, ROSA
from tests.unit.desk.conftest import PERSON, Heard, run

SAID = (Outgoing("sms", "Buenas tardes", "agent"),)


def test_every_change_of_a_handoff_has_a_type():
    assert {event.value for event in HandoffEvent} <= set(TYPES)


def test_a_handoff_is_told_from_asking_to_closing(people, handoffs, desk, telling, heard, store):
    handoff = people.asks()
    people.writes("mi acta")
    handoffs.take(handoff.id, desk.agent_id, now())
    handoffs.say(handoff.id, desk.agent_id, SAID, "k" * 8, now())
    delivery = store.lease_delivery("d", 30)
    store.delivery_accepted(delivery, "SM" + "1" * 32)
    people.writes("gracias")
    handoffs.release(handoff.id, desk.agent_id, now())
    handoffs.take(handoff.id, desk.agent_id, now())
    handoffs.close(handoff.id, desk.agent_id, "solved", now())
    store.apply_status(StatusUpdate("SM" + "1" * 32, DeliveryStatus.DELIVERED, delivery_id=delivery.delivery_id))
    run(telling)
    assert [event.type for event in heard.events] == [
        "handoff.asked",
        "message.received",
        "handoff.taken",
        "message.status",
        "message.received",
        "handoff.released",
        "handoff.taken",
        "handoff.closed",
        "message.status",
    ]
    states = ["waiting"] * 2 + ["with_agent"] * 3 + ["waiting", "with_agent"] + ["closed"] * 2
    assert [event.data["state"] for event in heard.events] == states
    assert heard.events[1].message.text == "mi acta"
    assert [heard.events[i].data["status"] for i in (3, 8)] == ["accepted", "delivered"]
    assert heard.events[7].data["end_reason"] == "solved"
    assert heard.events[2].data["by"] == "Mesa"
    assert len({event.event_id for event in heard.events}) == 9


def test_leaving_and_going_back_are_returned(people, handoffs, desk, telling, heard):
    handoff = people.asks()
    people.writes("mejor no", effects=(LeaveQueue(),))
    again = people.asks(JUAN)
    handoffs.take(again.id, desk.agent_id, now())
    handoffs.hand_back(again.id, desk.agent_id, now())
    run(telling)
    told = {event.data["what"]: event.type for event in heard.events}
    assert told["cancelled"] == told["handed_back"] == "handoff.returned"
    assert handoff.id != again.id


def test_timeouts_say_how(people, handoffs, telling, heard):
    handoff = people.asks()
    assert handoffs.time_out(handoffs.get(handoff.id), HandoffEvent.WAITED_TOO_LONG, now())
    run(telling)
    assert heard.told()[-1] == ("handoff.timed_out", "waited_too_long")


def test_what_happened_before_a_desk_was_set_up_is_not_told(people, events, heard):
    people.asks()
    telling = DeskDelivery(events, heard, sensitive=False, give_up_after=timedelta(hours=24))
    telling.step("w")
    people.asks(JUAN)
    run(telling)
    assert [event.conversation_id for event in heard.events] == [people.handoffs.open()[-1].conversation_id]


def test_a_restart_goes_on_where_it_stopped(people, events, heard, telling):
    people.asks()
    again = DeskDelivery(events, heard, sensitive=False, give_up_after=timedelta(hours=24))
    run(again)
    assert len(heard.events) == 1


def test_what_is_too_old_is_not_told_any_more(people, telling, heard, events):
    people.asks()
    with time_machine.travel(now() + timedelta(hours=25)):
        run(telling)
        people.asks(JUAN)
        run(telling)
    assert len(heard.events) == 1


def test_sensitive_matters_are_told_only_where_it_is_allowed(people, events, telling, heard):
    bold = Heard()
    bold.name = "chatwoot"
    allowed = DeskDelivery(events, bold, sensitive=True, give_up_after=timedelta(hours=24))
    allowed.step("w")
    people.asks(effect=replace(PERSON, sensitive=True))
    people.writes("me pega")
    run(telling)
    run(allowed)
    assert heard.events == []
    assert len(bold.events) == 2


def test_a_refused_event_holds_back_its_conversation_and_no_other(people, telling, heard):
    people.asks(ROSA)
    run(telling)
    people.writes("uno")
    people.writes("dos")
    heard.refusal = NotTaken("http_503")
    telling.step("w")
    heard.refusal = None
    people.asks(JUAN)
    run(telling)
    assert [event.type for event in heard.events] == ["handoff.asked", "handoff.asked"]
    with time_machine.travel(now() + timedelta(seconds=5)):
        run(telling)
    assert [event.message.text for event in heard.events[2:]] == ["uno", "dos"]
    assert heard.events[2].attempts == 2


def test_a_worker_that_died_leaves_its_event_to_the_next_one(people, events, telling, heard):
    people.asks()
    people.writes("uno")
    events.relay("webhook", sensitive=False, since=now() - timedelta(hours=1))
    taken = events.lease("webhook", "dead", Heard.lease_seconds)
    run(telling)
    assert heard.events == []
    with time_machine.travel(now() + timedelta(seconds=Heard.lease_seconds + 1)):
        run(telling)
    assert heard.events[0].event_id == taken.event_id
    assert len(heard.events) == 2
    events.retry(taken, "late", 0)  # the dead one's word counts no more
    assert [row.status for row in events.listed()] == ["delivered", "delivered"]


def test_the_same_event_has_the_same_bytes(people, events, telling, heard):
    people.asks()
    events.relay("webhook", sensitive=False, since=now() - timedelta(hours=1))
    first = events.lease("webhook", "w", 0.0)
    with time_machine.travel(now() + timedelta(seconds=1)):
        second = events.lease("webhook", "w", 30.0)
    assert event_body(first) == event_body(second)


def test_bodies_hold_no_number_and_nothing_unredacted(people, store, telling, heard):
    people.asks()
    people.writes(redact(f"mi curp es {CURP} y mi cel 55 1234 5678"))
    run(telling)
    sent = b"".join(map(event_body, heard.events)).decode()
    assert "[CURP]" in sent
    assert not any(each in sent for each in (CURP, *NUMBERS, "5512345678", "1234 5678"))


def test_a_message_that_was_purged_is_told_without_its_text(people, database, telling, heard):
    people.asks()
    people.writes("algo")
    with database.begin() as db:
        db.execute(inbound.delete())
    run(telling)
    assert heard.events[-1].message is None
    assert b'"message":null' in event_body(heard.events[-1])


def test_an_event_that_nobody_takes_is_given_up_visibly_and_those_behind_it_go_on(people, events, telling, heard):
    people.asks()
    people.writes("uno")
    heard.refusal = NotTaken("http_503")
    telling.step("w")
    with time_machine.travel(now() + timedelta(hours=25)):
        telling.step("w")
        heard.refusal = None
        run(telling)
    assert [(row.type, row.status, row.error_code) for row in events.listed()] == [
        ("message.received", "delivered", None),
        ("handoff.asked", "dead", "http_503"),
    ]
    assert events.figures().events == {("webhook", "delivered"): 1, ("webhook", "dead"): 1}
    assert events.listed("dead")[0].type == "handoff.asked"
    assert events.resend() == 1
    run(telling)
    assert [event.type for event in heard.events] == ["message.received", "handoff.asked"]
    assert events.resend([heard.events[0].event_id]) == 1
    run(telling)
    assert heard.events[2].event_id == heard.events[0].event_id


def test_a_refused_event_does_not_hold_its_conversation_for_a_day(people, events, telling, heard):
    people.asks()
    heard.refusal = NotTaken("http_422", refused=True)
    for hour in range(8):
        with time_machine.travel(now() + timedelta(hours=hour)):
            telling.step("w")
    assert events.listed("dead")[0].attempts == 8


def test_pauses_grow_and_end_at_ten_minutes():
    assert all(1 <= pause(1) <= 2 for _ in range(50))
    assert all(300 <= pause(attempts) <= 600 for attempts in (12, 10_000))


def test_a_receiver_that_asks_for_a_pause_gets_it(people, events, telling, heard):
    people.asks()
    heard.refusal = NotTaken("http_429", after=300)
    telling.step("w")
    heard.refusal = None
    with time_machine.travel(now() + timedelta(seconds=290)):
        run(telling)
        assert heard.events == []
    with time_machine.travel(now() + timedelta(seconds=310)):
        run(telling)
    assert len(heard.events) == 1


def test_several_workers_tell_everything_once(people, database, telling):
    for index in range(6):
        people.asks(f"+5255400000{index:02d}")
        people.writes("uno", f"+5255400000{index:02d}")
    receivers = [Heard() for _ in range(4)]

    def work(receiver):
        loop = DeskDelivery(DeskEvents(database), receiver, sensitive=False, give_up_after=timedelta(hours=24))
        while loop.step("w"):
            pass

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, receivers))
        list(pool.map(work, receivers))
    told = [event for receiver in receivers for event in receiver.events]
    assert len(told) == len({event.event_id for event in told}) == 12
    with database.connect() as db:
        assert {row.status for row in db.execute(select(desk_events))} == {"delivered"}


def test_deleting_a_person_deletes_what_was_to_be_told(people, database, telling, events):
    conversation = people.asks().conversation_id
    events.relay("webhook", sensitive=False, since=now() - timedelta(hours=1))
    with database.begin() as db:
        db.execute(contacts.delete().where(contacts.c.conversation_id == conversation))
    assert events.listed() == ()


def test_the_index_of_what_is_unsent_is_used(sqlite_url):
    engine = open_engine(sqlite_url)
    with engine.connect() as db:
        query = str(_due("webhook", now()).compile(engine, compile_kwargs={"literal_binds": True}))
        plan = db.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
    engine.dispose()
    assert any("ix_desk_events_unsent" in row[-1] for row in plan), plan


def test_more_than_one_look_reads_is_told_in_order(people, telling, heard, monkeypatch):
    monkeypatch.setattr(desk_events_module, "_AT_ONCE", 2)
    people.asks()
    for index in range(5):
        people.writes(f"m{index}")
    run(telling)
    assert [event.message.text for event in heard.events if event.message] == [f"m{i}" for i in range(5)]
