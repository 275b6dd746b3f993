from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from bot.core.delivery import Outgoing
from bot.core.ids import BadNumber, conversation_id
from bot.store import Store
from bot.store.tables import addresses, contacts, inbound, outbound
from tests.builders import inbound as message
from tests.builders import leased, now, outcome, record, turn
from tests.people import JUAN, OTHER_SECRET, ROSA, SECRET, number

ROSA_ON_WHATSAPP = "whatsapp:+5215512345678"
ROSAS_ID = "whatsapp:MX.13491208655302741918"


def on_whatsapp(store, sender=ROSA_ON_WHATSAPP, **fields):
    return record(store, sender=sender, channel="whatsapp", **fields)


def answered(store, channel, text="hola", kind="answer", **fields):
    """Give the oldest waiting message its turn, answered on a channel."""
    lease = store.lease_conversation("w", 30)
    waiting = store.next_message(lease)
    done = outcome()
    store.commit_turn(
        lease,
        waiting,
        type(done)("answered", (Outgoing(channel, text, kind, **fields),), store.state(lease.conversation_id)),
    )
    store.release(lease)


def test_sms_whatsapp_and_calls_of_one_number_are_one_conversation(store):
    same = {
        record(store, sender=ROSA),
        on_whatsapp(store),
        on_whatsapp(store, "whatsapp:+525512345678"),
        record(store, sender="sip:+525512345678@pbx.example", channel="voice"),
    }
    assert same == {conversation_id(SECRET, ROSA)}
    assert record(store, sender=JUAN) not in same


def test_whatsapp_is_answered_at_exactly_the_address_that_it_gave(store):
    on_whatsapp(store)
    answered(store, "whatsapp")
    assert leased(store).number == ROSA_ON_WHATSAPP


def test_each_channel_has_its_own_address(store):
    record(store, sender=ROSA)
    on_whatsapp(store)
    for channel in ("sms", "whatsapp"):
        answered(store, channel)
    assert {leased(store).number, leased(store).number} == {ROSA, ROSA_ON_WHATSAPP}


def test_a_person_without_a_number_is_answered_by_her_id(store):
    conversation = on_whatsapp(store, ROSAS_ID)
    answered(store, "whatsapp")
    delivery = leased(store)
    assert (delivery.number, delivery.sms_possible) == (ROSAS_ID, False)
    assert store.number_of(conversation) is None
    assert store.reach(conversation, "sms").problem == "no_address"


def test_an_id_that_comes_with_a_number_is_the_numbers_person(store):
    assert on_whatsapp(store, ROSA_ON_WHATSAPP, also=ROSAS_ID) == conversation_id(SECRET, ROSA)
    assert on_whatsapp(store, ROSAS_ID) == conversation_id(SECRET, ROSA)
    assert record(store, sender=ROSA) == conversation_id(SECRET, ROSA)


def test_a_number_that_comes_later_joins_the_id_that_was_there_first(store):
    first = on_whatsapp(store, ROSAS_ID)
    assert on_whatsapp(store, ROSAS_ID, also=ROSA) == first
    assert record(store, sender=ROSA) == first
    assert store.number_of(first) == ROSA


def test_two_conversations_that_turn_out_to_be_one_person_are_joined(store):
    by_number, by_id = record(store, sender=ROSA), on_whatsapp(store, ROSAS_ID)
    assert by_number != by_id
    assert on_whatsapp(store, ROSA_ON_WHATSAPP, also=ROSAS_ID) == by_number
    assert on_whatsapp(store, ROSAS_ID) == by_number
    # What the joined conversation still has to say goes out, to where the person is now.
    for _ in range(4):
        answered(store, "whatsapp")
    numbers = {leased(store).number, leased(store).number}
    assert numbers <= {ROSA_ON_WHATSAPP, ROSAS_ID}


def test_who_stopped_one_of_two_joined_conversations_stopped_both(store, database):
    record(store, sender=ROSA)
    by_id = on_whatsapp(store, ROSAS_ID)
    with database.begin() as db:
        db.execute(update(contacts).where(contacts.c.conversation_id == by_id).values(opted_out_at=now()))
    joined = on_whatsapp(store, ROSA_ON_WHATSAPP, also=ROSAS_ID)
    assert store.state(joined).opted_out


def test_an_id_alone_never_joins_a_number(store):
    assert len({record(store, sender=ROSA), on_whatsapp(store, ROSAS_ID), on_whatsapp(store, "whatsapp:MX.2")}) == 3


def test_withheld_numbers_are_a_person_each_call_and_nobody_without(store):
    calls = {record(store, sender=f"anonymous:CA{each}", channel="voice") for each in (1, 1, 2)}
    assert len(calls) == 2
    with pytest.raises(BadNumber):
        record(store, sender="anonymous", channel="voice")


def test_messages_recorded_together_are_as_if_one_by_one(store, database):
    sent = [message(f"{index}", number(index % 3)) for index in range(9)]
    sent.append(sent[0])
    recorded = store.record_all([(each, each.content) for each in sent])
    assert [each.new for each in recorded] == [True] * 9 + [False]
    with database.connect() as db:
        stored = db.execute(select(inbound.c.provider_id).order_by(inbound.c.id)).scalars().all()
    assert stored == [each.provider_id for each in sent[:9]]


# ---- WhatsApp's window


def test_the_window_is_open_for_a_day_after_the_last_message_on_whatsapp(store):
    with time_machine.travel(now(), tick=False) as clock:
        conversation = on_whatsapp(store)
        clock.shift(timedelta(hours=23, minutes=59))
        assert store.reach(conversation, "whatsapp").window_open
        record(store, sender=ROSA)  # an SMS does not keep it open
        clock.shift(61)
        assert not store.reach(conversation, "whatsapp").window_open
        on_whatsapp(store)
        assert store.reach(conversation, "whatsapp").window_open


def test_whoever_never_wrote_on_whatsapp_has_no_window(store):
    conversation = record(store, sender=ROSA)
    reach = store.reach(conversation, "whatsapp")
    assert (reach.address, reach.window_open) == (f"whatsapp:{ROSA}", False)


def test_a_window_that_whatsapp_closed_opens_with_the_next_message(store):
    conversation = on_whatsapp(store)
    store.close_window(conversation, now())
    assert not store.reach(conversation, "whatsapp").window_open
    on_whatsapp(store)
    assert store.reach(conversation, "whatsapp").window_open


def test_a_late_refusal_does_not_close_a_window_opened_since(store):
    conversation = on_whatsapp(store)
    store.close_window(conversation, now() - timedelta(hours=1))
    assert store.reach(conversation, "whatsapp").window_open


# ---- numbers that nothing reaches


def test_nothing_more_is_sent_where_nothing_arrives_until_the_person_writes(store):
    turn(store, "uno", "dos")
    store.delivery_failed(leased(store), "21614", unreachable=True)
    assert leased(store).problem == "unreachable"
    assert store.figures().unreachable == {"21614": 1}
    turn(store, "tres")
    assert store.figures().unreachable == {}


def test_what_failed_before_the_person_wrote_again_does_not_count(store):
    turn(store, "uno")
    delivery = leased(store)
    record(store)
    store.delivery_failed(delivery, "30005", unreachable=True)
    assert store.figures().unreachable == {}


def test_a_channel_never_used_can_be_unreachable_too(store):
    record(store, sender=ROSA, channel="voice")
    answered(store, "sms")
    store.delivery_failed(leased(store), "21635", unreachable=True)
    assert store.reach(conversation_id(SECRET, ROSA), "sms").problem == "unreachable"
    assert store.reach(conversation_id(SECRET, ROSA), "voice").problem is None


# ---- our own numbers


def test_a_person_is_answered_from_the_number_that_she_wrote_to(store, database):
    record(store, sender=ROSA)
    with database.begin() as db:
        db.execute(update(addresses).values(sender="+525500000007"))
    answered(store, "sms")
    assert leased(store).sender == "+525500000007"
    with database.connect() as db:
        assert db.execute(select(outbound.c.sender)).scalar_one() == "+525500000007"


# ---- another secret


def test_under_a_new_secret_people_are_found_and_stay_who_they_are(store, database):
    conversation = record(store, sender=ROSA)
    rotated = Store(database, OTHER_SECRET, SECRET)
    assert record(rotated, sender=ROSA) == conversation
    assert rotated.number_of(conversation) == ROSA
    newcomer = record(rotated, sender=JUAN)
    assert newcomer == conversation_id(OTHER_SECRET, JUAN)


def test_after_rekeying_the_old_secret_is_not_needed(store, database):
    stopped = turn(store, outcome="opted_out", opted_out=True)
    by_id = on_whatsapp(store, ROSAS_ID)
    assert Store(database, OTHER_SECRET, SECRET).rekey() == (2, 0)
    alone = Store(database, OTHER_SECRET)
    assert record(alone, sender=ROSA) == stopped
    assert alone.state(stopped).opted_out
    assert alone.number_of(stopped) == ROSA
    assert on_whatsapp(alone, ROSAS_ID) == by_id


def test_rekeying_says_what_it_could_not_open(store, database):
    record(store, sender=ROSA)
    record(Store(database, OTHER_SECRET), sender=JUAN)
    done, failed = Store(database, "a third secret, as long as the others", SECRET).rekey()
    assert (done, failed) == (1, 2)
