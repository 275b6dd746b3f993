from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import DatabaseError

from bot.core.choices import OpenOption
from bot.core.delivery import Outgoing
from bot.core.ids import BadNumber, conversation_id
from bot.core.messages import Choice, Location, Media, Text
from bot.core.turns import TurnContext, Understood
from bot.store import ConversationState, LeaseLost, TurnOutcome
from bot.store.tables import contacts, conversations, outbound
from bot.store.tables import inbound as inbound_table
from tests.builders import inbound, now, outcome, record, sid, turn
from tests.people import JUAN, LUPE, ROSA, SECRET, number, spellings
from tests.processes import in_processes, in_threads, record_one


def count(database, table):
    with database.connect() as db:
        return db.execute(select(func.count()).select_from(table)).scalar_one()


# ---- recording


def test_a_message_is_recorded_once(store, database):
    message = inbound("hola")
    first = store.record(message, message.content)
    again = store.record(message, message.content)
    assert first.new
    assert first.inbound_id is not None
    assert not again.new
    assert first.conversation_id == again.conversation_id == conversation_id(SECRET, ROSA)
    assert count(database, inbound_table) == 1


def test_32_threads_record_the_same_message_once(store, database):
    message = inbound("hola")
    recorded = in_threads(32, lambda _: store.record(message, message.content))
    assert sum(each.new for each in recorded) == 1
    assert count(database, inbound_table) == 1
    assert count(database, contacts) == count(database, conversations) == 1


def test_32_threads_record_the_first_messages_of_one_person(store, database):
    recorded = in_threads(32, lambda index: store.record(inbound(f"parte {index}"), Text(f"parte {index}")))
    assert all(each.new for each in recorded)
    assert count(database, inbound_table) == 32
    assert count(database, contacts) == 1


def test_several_processes_record_the_same_message_once(database_url, database):
    assert sum(in_processes(3, record_one, database_url, sid(), 20)) == 1
    assert count(database, inbound_table) == 1


def test_the_same_id_on_two_channels_is_two_messages(store):
    assert store.record(inbound(provider_id="X1"), Text("a")).new
    assert store.record(inbound(provider_id="X1", channel="whatsapp"), Text("a")).new


def test_every_spelling_of_a_number_is_one_conversation(store, database):
    assert len({record(store, sender=each) for each in spellings(ROSA)}) == 1
    assert count(database, contacts) == 1


def test_what_is_not_a_number_is_refused_and_nothing_is_written(store, database):
    with pytest.raises(BadNumber):
        record(store, sender="Telcel")
    assert count(database, inbound_table) == count(database, contacts) == 0


@pytest.mark.parametrize(
    "content",
    [
        Text(""),
        Text("¿Qué necesito? ñ 🙂 \u0000 \"'\\"),
        Choice("procedure:curp", "2"),
        Location(19.4326, -99.1332),
        Media("image", "esto"),
    ],
    ids=lambda content: type(content).__name__,
)
def test_every_content_comes_back_as_it_was(store, content):
    record(store, content)
    lease = store.lease_conversation("w", 30)
    assert store.next_message(lease).content == content


def test_what_the_carrier_said_comes_back(store):
    message = inbound("STOP", opt_out="stop")
    store.record(message, message.content)
    waiting = store.next_message(store.lease_conversation("w", 30))
    assert (waiting.channel, waiting.provider_id, waiting.opt_out) == ("sms", message.provider_id, "stop")
    assert waiting.received_at == message.received_at


def test_an_older_message_that_comes_late_does_not_turn_back_the_last_time(store, database):
    at = now()
    record(store, received_at=at)
    record(store, received_at=at - timedelta(hours=2))
    with database.connect() as db:
        assert db.execute(select(contacts.c.last_inbound_at)).scalar_one() == at


# ---- leases of conversations


def test_a_conversation_is_leased_by_one_at_a_time(store):
    record(store)
    first = store.lease_conversation("a", 30)
    assert first is not None
    assert store.lease_conversation("b", 30) is None
    store.release(first)
    assert store.lease_conversation("b", 30).conversation_id == first.conversation_id


def test_nothing_waits_nothing_is_leased(store):
    assert store.lease_conversation("a", 30) is None
    turn(store, "hola")
    assert store.lease_conversation("a", 30) is None


def test_32_threads_lease_each_conversation_once(store):
    made = {record(store, sender=number(index)) for index in range(12)}
    leases = [each for each in in_threads(32, lambda index: store.lease_conversation(f"w{index}", 30)) if each]
    while (another := store.lease_conversation("late", 30)) is not None:
        leases.append(another)
    assert sorted(each.conversation_id for each in leases) == sorted(made)
    assert len({each.owner for each in leases}) == len(leases)


def test_who_waits_longest_is_first(store):
    order = [record(store, sender=each) for each in (LUPE, ROSA, JUAN)]
    record(store, sender=LUPE)
    assert [store.lease_conversation("w", 30).conversation_id for _ in order] == order


def test_a_lease_ends_and_another_goes_on(store):
    record(store)
    with time_machine.travel(now(), tick=False) as clock:
        dead = store.lease_conversation("dead", 8)
        clock.shift(7.9)
        assert store.lease_conversation("b", 8) is None
        clock.shift(0.2)
        alive = store.lease_conversation("b", 8)
        assert alive.conversation_id == dead.conversation_id
        for late in (
            lambda: store.renew(dead, 8),
            lambda: store.commit_turn(dead, store.next_message(dead), outcome("tarde")),
        ):
            with pytest.raises(LeaseLost):
                late()
        store.release(dead)
        assert store.lease_conversation("c", 8) is None, "a lost lease must not release another's"


def test_every_attempt_at_a_turn_is_counted_and_renews_the_lease(store):
    record(store)
    with time_machine.travel(now(), tick=False) as clock:
        for attempt in range(1, 4):
            lease = store.lease_conversation("a", 8)
            message = store.next_message(lease)
            clock.shift(6)
            lease, counted = store.begin_turn(lease, message, 8)
            assert counted == attempt
            clock.shift(6)
            assert store.lease_conversation("b", 8) is None
            store.release(lease)
        assert store.state(lease.conversation_id) == ConversationState()


def test_an_attempt_without_the_lease_is_none(store):
    record(store)
    with time_machine.travel(now(), tick=False) as clock:
        lost = store.lease_conversation("a", 8)
        message = store.next_message(lost)
        clock.shift(8.1)
        with pytest.raises(LeaseLost):
            store.begin_turn(lost, message, 8)
        lease = store.lease_conversation("b", 8)
        assert store.begin_turn(lease, message, 8)[1] == 1


def test_a_renewed_lease_holds_longer(store):
    record(store)
    with time_machine.travel(now(), tick=False) as clock:
        lease = store.lease_conversation("a", 8)
        clock.shift(6)
        lease = store.renew(lease, 8)
        clock.shift(6)
        assert store.lease_conversation("b", 8) is None
        store.commit_turn(lease, store.next_message(lease), outcome("hola"))


def test_a_lease_that_ended_unnoticed_cannot_be_used(store, database):
    record(store)
    with time_machine.travel(now(), tick=False) as clock:
        lease = store.lease_conversation("a", 8)
        message = store.next_message(lease)
        clock.shift(8.1)
        with pytest.raises(LeaseLost):
            store.commit_turn(lease, message, outcome("tarde"))
    assert count(database, outbound) == 0


# ---- turns


def test_messages_have_their_turns_in_order(store):
    said = [f"mensaje {index}" for index in range(5)]
    for text in said:
        record(store, text)
    lease = store.lease_conversation("w", 30)
    heard = []
    while (message := store.next_message(lease)) is not None:
        heard.append(message.content.text)
        store.commit_turn(lease, message, outcome())
    assert heard == said


def test_what_a_turn_changes_is_remembered(store, database):
    state = ConversationState(
        context=TurnContext(state="Yucatán", municipality="Mérida", case={"age": "minor"}),
        options=(OpenOption("procedure:curp", "CURP"), OpenOption("menu", "Menú")),
        more=(Outgoing("sms", "página 2"), Outgoing("sms", "página 3")),
        privacy_shown=True,
    )
    conversation = turn(store, "uno", state=state, understood=Understood("ask", 0.9, procedure="curp"))
    assert store.state(conversation) == state
    with database.connect() as db:
        row = db.execute(select(inbound_table)).one()
    assert row.processed_at is not None
    assert row.outcome == "answered"
    assert '"curp"' in row.understood


def test_a_new_conversation_remembers_nothing(store):
    assert store.state(record(store)) == ConversationState()


@pytest.mark.parametrize("column", ["context", "options", "more"])
def test_what_another_version_wrote_is_forgotten_and_not_in_the_way(store, database, column):
    conversation = turn(store, "uno", state=ConversationState(privacy_shown=True))
    turn(store, outcome="opted_out", opted_out=True)
    odd = {"context": '{"mood":"good"}', "options": '[{"name":"x"}]', "more": '{"a":1}'}[column]
    with database.begin() as db:
        db.execute(update(conversations).values({column: odd}))
    assert store.state(conversation) == ConversationState(privacy_shown=True, opted_out=True)
    turn(store, "dos")
    assert store.state(conversation).privacy_shown


def test_that_the_privacy_notice_was_shown_is_never_forgotten(store):
    conversation = turn(store, "uno", state=ConversationState(privacy_shown=True))
    turn(store, "dos", state=ConversationState(privacy_shown=False))
    assert store.state(conversation).privacy_shown


def test_a_message_has_one_turn(store, database):
    record(store)
    lease = store.lease_conversation("w", 30)
    message = store.next_message(lease)
    store.commit_turn(lease, message, outcome("hola"))
    with pytest.raises(LeaseLost):
        store.commit_turn(lease, message, outcome("hola otra vez"))
    assert count(database, outbound) == 1


def everything(database):
    with database.connect() as db:
        return [db.execute(select(table)).all() for table in (contacts, conversations, inbound_table, outbound)]


def test_a_failure_at_any_statement_of_a_turn_writes_nothing(store, database):
    """The turn is committed with the failure moved on by one statement each time, until it no longer fails."""
    turn(store, "antes")
    record(store, "ALTO")
    lease = store.lease_conversation("w", 60)
    message = store.next_message(lease)
    new = TurnOutcome(
        outcome="opted_out",
        outgoing=(Outgoing("sms", "uno"), Outgoing("sms", "dos", "confirmation")),
        state=ConversationState(privacy_shown=True, options=(OpenOption("a", "A"),)),
        opted_out=True,
    )
    before = everything(database)
    statements = 0
    fail_at = 0

    @event.listens_for(database, "before_cursor_execute")
    def fail(*_):
        nonlocal statements
        statements += 1
        if statements == fail_at:
            raise ConnectionError("the database went away")

    failures = 0
    while True:
        fail_at, statements = failures + 1, 0
        try:
            store.commit_turn(lease, message, new)
        except ConnectionError:
            failures += 1
            fail_at = -1
            assert everything(database) == before
        else:
            fail_at = -1
            break
    assert failures >= 5
    assert everything(database) != before
    assert count(database, outbound) == 3


def test_a_row_that_the_database_refuses_undoes_the_whole_turn(store, database):
    record(store)
    lease = store.lease_conversation("w", 30)
    message = store.next_message(lease)
    before = everything(database)
    wrong = None if database.dialect.name == "sqlite" else "k" * 99
    with pytest.raises(DatabaseError) as refused:
        store.commit_turn(lease, message, outcome("secreto de la persona", kind=wrong))
    assert everything(database) == before
    assert "secreto" not in str(refused.value), "a database's error must not carry texts into the logs"
    store.commit_turn(lease, message, outcome("bien"))


def test_conversations_do_not_mix(store):
    first = turn(store, "a", sender=ROSA, state=ConversationState(context=TurnContext(state="Yucatán")))
    second = turn(store, "b", sender=JUAN, state=ConversationState(context=TurnContext(state="Sonora")))
    assert store.state(first).context.state == "Yucatán"
    assert store.state(second).context.state == "Sonora"


def test_turns_of_many_conversations_in_many_threads_happen_once_and_in_order(store, database):
    people = [number(index) for index in range(6)]
    for part in range(4):
        for person in people:
            record(store, f"{part}", sender=person)
    heard: dict[str, list[str]] = {}

    def work(index):
        while store.figures().waiting_messages:
            lease = store.lease_conversation(f"w{index}", 30)
            if lease is None:
                continue
            while (message := store.next_message(lease)) is not None:
                heard.setdefault(lease.conversation_id, []).append(message.content.text)
                store.commit_turn(lease, message, outcome(f"respuesta {message.content.text}"))
            store.release(lease)

    in_threads(8, work)
    assert len(heard) == 6
    assert all(parts == ["0", "1", "2", "3"] for parts in heard.values())
    assert count(database, outbound) == 24


def test_a_replaced_state_is_whole(store):
    options = (OpenOption("a", "A"),)
    conversation = turn(store, "uno", state=ConversationState(options=options, more=(Outgoing("sms", "más"),)))
    turn(store, "dos", state=replace(store.state(conversation), options=(), more=()))
    assert store.state(conversation) == ConversationState()


def test_who_calls_goes_before_all_who_write(store):
    first = record(store, "hola", sender=number(1))
    record(store, "hola", sender=number(2))
    caller = record(store, "hola", sender=number(3), channel="voice")
    leases = [store.lease_conversation("w", 8) for _ in range(2)]
    assert [lease.conversation_id for lease in leases] == [caller, first]
