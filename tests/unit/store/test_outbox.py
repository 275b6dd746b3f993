import itertools
from datetime import datetime, timedelta, timezone

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from bot.core.delivery import DeliveryStatus, StatusUpdate
from bot.core.ids import conversation_id
from bot.store import QueueFigures, Store
from bot.store.tables import addresses, contacts, delivery_events, outbound
from tests.builders import leased, now, record, turn
from tests.people import CURPS, JUAN, LUPE, NUMBERS, OTHER_SECRET, ROSA, SECRET, number, spellings
from tests.processes import deliver_all, in_processes, in_threads

S = DeliveryStatus


def status_of(database, delivery_id) -> DeliveryStatus:
    with database.connect() as db:
        return S(db.execute(select(outbound.c.status).where(outbound.c.delivery_id == delivery_id)).scalar_one())


def row_of(database, delivery_id):
    with database.connect() as db:
        return db.execute(select(outbound).where(outbound.c.delivery_id == delivery_id)).one()


def callback(store, delivery, status, *, ours=False, code=None, provider_id="SM1"):
    return store.apply_status(StatusUpdate(provider_id, status, code, delivery.delivery_id if ours else None))


# ---- leases of deliveries


def test_a_delivery_holds_what_a_carrier_needs(store):
    conversation = turn(store, "hola", sender="whatsapp:+5215512345678")
    delivery = leased(store)
    assert (delivery.conversation_id, delivery.number, delivery.text) == (conversation, ROSA, "hola")
    assert (delivery.channel, delivery.kind, delivery.attempts, delivery.recovering) == ("sms", "answer", 1, False)


def test_nothing_is_due_without_a_message(store):
    assert store.lease_delivery("d", 30) is None
    record(store)
    assert store.lease_delivery("d", 30) is None


def test_a_delivery_is_leased_by_one_at_a_time(store):
    turn(store, "hola")
    leased(store)
    assert store.lease_delivery("other", 30) is None


def test_32_threads_lease_each_of_50_deliveries_once(store, database):
    for index in range(50):
        turn(store, f"hola {index}", sender=number(index))

    def work(index):
        taken = []
        while store.figures().deliveries.get(S.PENDING):
            if (delivery := store.lease_delivery(f"d{index}", 60)) is not None:
                taken.append(delivery.delivery_id)
                store.delivery_accepted(delivery, f"SM{delivery.delivery_id}")
        return taken

    taken = list(itertools.chain.from_iterable(in_threads(32, work)))
    assert len(taken) == len(set(taken)) == 50
    with database.connect() as db:
        assert db.execute(select(func.max(outbound.c.attempts), func.count())).one() == (1, 50)


def test_several_processes_lease_each_delivery_once(database_url, store):
    for index in range(30):
        turn(store, "uno", "dos", sender=number(index))
    taken = list(itertools.chain.from_iterable(in_processes(3, deliver_all, database_url)))
    while (delivery := store.lease_delivery("rest", 30)) is not None:
        taken.append(delivery.delivery_id)
        store.delivery_accepted(delivery, f"SM{delivery.delivery_id}")
    assert len(taken) == len(set(taken)) == 60


def test_an_expired_delivery_is_taken_over_by_one_of_many(store):
    for index in range(5):
        turn(store, "hola", sender=number(index))
    with time_machine.travel(now(), tick=False) as clock:
        first = [leased(store, 10) for _ in range(5)]
        clock.shift(10.1)
        again = [each for each in in_threads(32, lambda index: store.lease_delivery(f"d{index}", 10)) if each]
        while (delivery := store.lease_delivery("late", 10)) is not None:
            again.append(delivery)
    assert sorted(each.delivery_id for each in again) == sorted(each.delivery_id for each in first)
    assert all(each.recovering and each.attempts == 2 for each in again)
    assert not {each.owner for each in again} & {each.owner for each in first}


# ---- order


def test_messages_of_a_conversation_go_out_in_order_and_others_go_on(store):
    turn(store, "a1", "a2", sender=ROSA)
    turn(store, "b1", "b2", sender=JUAN)
    first = [leased(store), leased(store)]
    assert {each.text for each in first} == {"a1", "b1"}
    assert store.lease_delivery("d", 30) is None
    a1, b1 = sorted(first, key=lambda each: each.text)
    store.delivery_accepted(b1, "SMb1")
    assert leased(store).text == "b2"
    assert store.lease_delivery("d", 30) is None
    store.delivery_accepted(a1, "SMa1")
    assert leased(store).text == "a2"


def test_a_message_put_off_holds_back_the_next_of_its_conversation_only(store):
    turn(store, "a1", "a2", sender=ROSA)
    turn(store, "b1", sender=JUAN)
    a1 = leased(store)
    assert a1.text == "a1"
    store.delivery_retry(a1, "20429", 60, taken_unknown=False)
    assert leased(store).text == "b1"
    assert store.lease_delivery("d", 30) is None


def test_a_message_given_up_lets_the_next_go(store):
    turn(store, "a1", "a2")
    store.delivery_failed(leased(store), "21614")
    assert leased(store).text == "a2"


def test_turns_of_one_conversation_keep_their_order(store):
    for part in range(4):
        turn(store, f"{part}a", f"{part}b")
    said = []
    while (delivery := store.lease_delivery("d", 30)) is not None:
        said.append(delivery.text)
        store.delivery_accepted(delivery, f"SM{len(said)}")
    assert said == [f"{part}{letter}" for part in range(4) for letter in "ab"]


# ---- retries


@given(after=st.floats(0.1, 4000), early=st.floats(0.01, 0.09))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_retry_is_due_at_its_time_and_not_before(store, after, early):
    turn(store, "hola")
    with time_machine.travel(now(), tick=False) as clock:
        delivery = leased(store)
        store.delivery_retry(delivery, "20429", after, taken_unknown=False)
        clock.shift(after - early)
        assert store.lease_delivery("d", 30) is None
        clock.shift(early + 0.01)
        again = leased(store)
        assert (again.delivery_id, again.attempts, again.recovering) == (delivery.delivery_id, 2, False)
        store.delivery_accepted(again, f"SM{again.delivery_id}")


def test_after_a_refusal_a_retry_is_a_first_attempt_again(store):
    turn(store, "hola")
    store.delivery_retry(leased(store), "20429", 0, taken_unknown=False)
    assert not leased(store).recovering


def test_after_a_timeout_a_retry_asks_the_carrier_first(store):
    turn(store, "hola")
    first = leased(store)
    store.delivery_retry(first, "timeout", 0, taken_unknown=True)
    again = leased(store)
    assert again.recovering
    assert again.first_attempt_at == first.first_attempt_at


def test_the_time_of_the_first_attempt_does_not_depend_on_the_servers_zone(store):
    """The carrier is asked for what it took since then: hours off would miss it, or find something else."""
    turn(store, "hola")
    started = now()
    with time_machine.travel(started, tick=False) as clock:
        leased(store, 10)
        for attempt in range(2, 5):
            clock.shift(31)
            again = leased(store, 10)
            assert again.attempts == attempt
            assert again.first_attempt_at == started
            assert again.first_attempt_at.utcoffset() == timedelta(0)


def test_what_a_worker_says_after_it_lost_its_delivery_does_not_put_it_back(store, database):
    turn(store, "hola")
    with time_machine.travel(now(), tick=False) as clock:
        dead = leased(store, 10)
        clock.shift(10.1)
        alive = leased(store, 10)
        store.delivery_retry(dead, "timeout", 0, taken_unknown=True)
        assert status_of(database, alive.delivery_id) is S.SENDING
        assert store.lease_delivery("third", 10) is None
        store.delivery_failed(dead, "21614")
        assert status_of(database, alive.delivery_id) is S.SENDING, "only who holds a delivery may give it up"
        store.delivery_accepted(alive, "SM1")
        store.delivery_retry(alive, "timeout", 0, taken_unknown=True)
    assert status_of(database, alive.delivery_id) is S.ACCEPTED


def test_an_accepted_message_is_accepted_whoever_says_it(store, database):
    """The carrier has it: that the lease was lost meanwhile changes nothing about it."""
    turn(store, "hola")
    with time_machine.travel(now(), tick=False) as clock:
        dead = leased(store, 10)
        clock.shift(10.1)
        leased(store, 10)
        store.delivery_accepted(dead, "SM1")
    assert status_of(database, dead.delivery_id) is S.ACCEPTED
    assert row_of(database, dead.delivery_id).provider_id == "SM1"


# ---- status callbacks


def accepted(store, sid="SM1"):
    turn(store, "hola")
    delivery = leased(store)
    store.delivery_accepted(delivery, sid)
    return delivery


STORIES = [
    ([S.ACCEPTED, S.SENT, S.DELIVERED, S.READ], S.READ),
    ([S.ACCEPTED, S.SENT, S.DELIVERED], S.DELIVERED),
    ([S.ACCEPTED, S.SENT, S.UNDELIVERED], S.UNDELIVERED),
    ([S.ACCEPTED, S.FAILED], S.FAILED),
]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_callbacks_shuffled_and_repeated_end_the_same(store, database, data):
    story, end = data.draw(st.sampled_from(STORIES))
    updates = data.draw(st.permutations(story + data.draw(st.lists(st.sampled_from(story), max_size=4))))
    when_accepted = data.draw(st.integers(0, len(updates)))
    turn(store, "hola")
    delivery = leased(store)
    sid = f"SM{delivery.delivery_id}"
    rank = S.SENDING.rank
    for index, status in enumerate([*updates, None]):
        if index == when_accepted:
            store.delivery_accepted(delivery, sid)
        if status is not None:
            callback(store, delivery, status, provider_id=sid, ours=True)
        assert status_of(database, delivery.delivery_id).rank >= rank
        rank = status_of(database, delivery.delivery_id).rank
    assert status_of(database, delivery.delivery_id) is end
    assert row_of(database, delivery.delivery_id).provider_id == sid


def test_many_callbacks_at_once_end_the_same(store, database):
    delivery = accepted(store)
    story = [S.ACCEPTED, S.SENT, S.DELIVERED, S.READ] * 4
    applied = in_threads(16, lambda index: callback(store, delivery, story[index]))
    assert status_of(database, delivery.delivery_id) is S.READ
    assert 1 <= sum(applied) <= 3
    with database.connect() as db:
        history = db.execute(select(delivery_events.c.status).order_by(delivery_events.c.id)).scalars().all()
    assert history[:3] == ["pending", "sending", "accepted"]
    assert len(history) == 3 + 16


def test_a_callback_before_our_commit_is_adopted_and_not_overwritten(store, database):
    turn(store, "hola", "luego")
    delivery = leased(store)
    assert callback(store, delivery, S.SENT, ours=True)
    store.delivery_accepted(delivery, "SM1")
    assert status_of(database, delivery.delivery_id) is S.SENT
    assert callback(store, delivery, S.DELIVERED)
    assert leased(store).text == "luego"


def test_a_callback_saves_a_message_that_waits_for_a_needless_retry(store, database):
    turn(store, "hola")
    delivery = leased(store)
    store.delivery_retry(delivery, "timeout", 0, taken_unknown=True)
    assert callback(store, delivery, S.DELIVERED, ours=True)
    assert store.lease_delivery("d", 30) is None
    assert callback(store, delivery, S.READ)


def test_a_callback_for_nothing_of_ours_is_no_progress(store, database):
    accepted(store)
    assert not store.apply_status(StatusUpdate("SM-unknown", S.DELIVERED))
    assert not store.apply_status(StatusUpdate("SM-unknown", S.DELIVERED, delivery_id="0" * 32))


def test_a_callback_without_our_id_finds_its_message_by_the_carriers(store, database):
    one, two = accepted(store, "SM1"), accepted(store, "SM2")
    assert callback(store, None, S.DELIVERED, provider_id="SM2")
    assert (status_of(database, one.delivery_id), status_of(database, two.delivery_id)) == (S.ACCEPTED, S.DELIVERED)


def test_why_a_message_failed_is_kept(store, database):
    delivery = accepted(store)
    callback(store, delivery, S.UNDELIVERED, code="30003")
    assert row_of(database, delivery.delivery_id).error_code == "30003"
    callback(store, delivery, S.SENT)
    assert row_of(database, delivery.delivery_id).error_code == "30003"


def test_the_carriers_ids_of_a_conversation(store):
    conversation = turn(store, "a", "b")
    turn(store, "c", sender=JUAN)
    started = now()
    while (delivery := store.lease_delivery("d", 30)) is not None:
        if delivery.text != "b":
            store.delivery_accepted(delivery, f"SM{delivery.text}")
    assert store.provider_ids(conversation, started) == {"SMa"}
    assert store.provider_ids(conversation, started + timedelta(hours=1)) == set()


# ---- opt-out


def test_opt_out_cancels_what_waits_and_not_its_own_confirmation(store, database):
    turn(store, "uno", "dos")
    turn(store, "otra persona", sender=JUAN)
    conversation = turn(store, "adiós", kind="confirmation", outcome="opted_out", opted_out=True)
    assert store.state(conversation).opted_out
    said = {leased(store).text, leased(store).text}
    assert said == {"adiós", "otra persona"}
    assert store.lease_delivery("d", 30) is None
    assert [each.code for each in store.given_up()] == ["opted_out", "opted_out"]


def test_a_second_stop_does_not_cancel_the_confirmation_of_the_first(store):
    turn(store, "adiós", kind="confirmation", outcome="opted_out", opted_out=True)
    turn(store, outcome="opted_out", opted_out=True)
    assert leased(store).text == "adiós"


def test_a_message_caught_under_way_by_an_opt_out_is_not_tried_again(store, database):
    turn(store, "uno")
    with time_machine.travel(now(), tick=False) as clock:
        delivery = leased(store, 10)
        turn(store, "adiós", kind="confirmation", outcome="opted_out", opted_out=True)
        clock.shift(31)
        assert leased(store, 10).text == "adiós"
    assert status_of(database, delivery.delivery_id) is S.DEAD


def test_the_carrier_says_that_a_person_stopped_us(store, database):
    conversation = turn(store, "uno", "dos")
    store.delivery_failed(leased(store), "21610", opted_out=True)
    assert store.state(conversation).opted_out
    assert store.lease_delivery("d", 30) is None
    with database.connect() as db:
        assert db.execute(select(contacts.c.opted_out_by)).scalar_one() == "carrier"


def test_what_the_carrier_says_of_an_opt_out_is_written_whole_or_not_at_all(store, database, monkeypatch):
    conversation = turn(store, "uno", "dos")
    delivery = leased(store)

    def fail(*_):
        raise ConnectionError

    monkeypatch.setattr(store, "_set_opted_out", fail)
    with pytest.raises(ConnectionError):
        store.delivery_failed(delivery, "21610", opted_out=True)
    assert status_of(database, delivery.delivery_id) is S.SENDING
    monkeypatch.undo()
    store.delivery_failed(delivery, "21610", opted_out=True)
    assert store.state(conversation).opted_out


def test_opt_in_brings_messages_back(store):
    conversation = turn(store, outcome="opted_out", opted_out=True)
    turn(store, "bienvenida", kind="confirmation", outcome="opted_in", opted_out=False)
    turn(store, "hola")
    assert not store.state(conversation).opted_out
    first = leased(store)
    store.delivery_accepted(first, "SM1")
    assert (first.text, leased(store).text) == ("bienvenida", "hola")


def test_an_ordinary_turn_leaves_an_opt_out_as_it_is(store):
    conversation = turn(store, outcome="opted_out", opted_out=True)
    turn(store, outcome="silent_opted_out")
    assert store.state(conversation).opted_out


# ---- secrets and figures


def test_under_another_secret_a_number_stays_closed_and_nothing_is_lost(store, database):
    turn(store, "hola")
    with time_machine.travel(now(), tick=False) as clock:
        closed = leased(Store(database, OTHER_SECRET), 10)
        assert (closed.problem, closed.number) == ("wrong_secret", "")
        clock.shift(31)
        assert leased(store).number == ROSA


def test_a_new_secret_opens_what_the_old_one_closed(store, database):
    turn(store, "hola")
    assert leased(Store(database, OTHER_SECRET, SECRET)).number == ROSA


def test_one_contact_that_cannot_be_opened_does_not_stop_the_others(store, database):
    turn(store, "mala", sender=ROSA)
    turn(store, "buena", sender=JUAN)
    of_rosa = addresses.c.conversation_id == conversation_id(SECRET, ROSA)
    with database.begin() as db:
        db.execute(update(addresses).where(of_rosa).values(address_encrypted=b"broken"))
    assert (leased(store).problem, leased(store).number) == ("wrong_secret", JUAN)


def test_no_number_is_in_clear_in_any_table(store, databases, database_url):
    for person in NUMBERS:
        for each in spellings(person):
            turn(store, "respuesta", sender=each)
    delivery = leased(store)
    store.delivery_retry(delivery, "timeout", 0, taken_unknown=True)
    store.delivery_failed(leased(store), "21610", opted_out=True)
    dump = databases.dump(database_url)
    assert b"respuesta" in dump, "the dump must hold what is searched"
    for person in NUMBERS:
        assert person[3:].encode() not in dump
    assert not any(curp.encode() in dump for curp in CURPS)


def test_figures_of_nothing(store):
    assert store.figures() == QueueFigures(0, 0.0, {}, 0.0, 0)


def test_figures_of_what_waits(store):
    start = datetime(2026, 11, 22, 12, tzinfo=timezone.utc)
    with time_machine.travel(start, tick=False) as clock:
        turn(store, "uno", "dos", sender=LUPE)
        turn(store, sender=JUAN, outcome="opted_out", opted_out=True)
        clock.shift(5)
        record(store, sender=ROSA)
        store.delivery_failed(leased(store), "21614")
        clock.shift(10)
        assert store.figures() == QueueFigures(
            waiting_messages=1,
            oldest_waiting=10.0,
            deliveries={S.DEAD: 1, S.PENDING: 1},
            oldest_unsent=15.0,
            opted_out_contacts=1,
        )
        (dead,) = store.given_up()
        assert (dead.direction, dead.channel, dead.code) == ("out", "sms", "21614")
        assert dead.at == start + timedelta(seconds=5)


def test_what_was_given_up_newest_first(store):
    for index in range(3):
        turn(store, f"{index}", sender=number(index))
        store.delivery_failed(leased(store), f"{index}")
    assert [each.code for each in store.given_up(2)] == ["2", "1"]


def test_ping(store):
    store.ping()
