from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import select, update

from bot.core.delivery import Outgoing
from bot.core.effects import CallBack, CancelCall
from bot.core.interactive import Listen, ListItem
from bot.core.messages import InboundMessage, Text
from bot.core.turns import TurnContext
from bot.store import ConversationState, TurnOutcome
from bot.store.calls import MOST_ATTEMPTS, AskCallBack, Calls, SendPages
from bot.store.clock import utc_now
from bot.store.tables import callbacks, outbound
from tests.people import JUAN, ROSA, SECRET
from tests.processes import in_threads


@pytest.fixture
def calls(database) -> Calls:
    return Calls(database, SECRET)


def heard(store, sid: str, step: int, words: str = "", sender: str = ROSA) -> str:
    message = InboundMessage("voice", f"{sid}:{step}", sender, "+525500000000", Text(words), utc_now())
    return store.record(message, message.content).conversation_id


def answered(store, *outgoing: Outgoing, effects=(), context: TurnContext | None = None) -> None:
    """Run what waits."""
    lease = store.lease_conversation("tests", 30)
    message = store.next_message(lease)
    state = ConversationState(context=context or TurnContext())
    store.commit_turn(lease, message, TurnOutcome("answer", outgoing, state, effects=effects))
    store.release(lease)


def rows(database, table):
    with database.connect() as db:
        return db.execute(select(table)).all()


def test_a_step_is_answered_once_whoever_asks_and_however_often(store, calls):
    conversation = heard(store, "CA1", 0)
    assert calls.load("CA1", 0) == (None, None)
    assert calls.begin("CA1", conversation, "in", "{}", "<first/>") == "<first/>"
    assert calls.begin("CA1", conversation, "in", '{"other": 1}', "<second/>") == "<first/>"
    said = in_threads(16, lambda number: calls.finish_step("CA1", 1, f'{{"n": {number}}}', f"<a{number}/>"))
    assert len(set(said)) == 1
    record, answer = calls.load("CA1", 1)
    assert answer == said[0]
    assert record is not None
    assert record.state == f'{{"n": {said[0][2:-2]}}}'
    assert record.step == 1


def test_what_a_step_writes_is_written_once(store, calls, database):
    conversation = heard(store, "CA1", 0)
    calls.begin("CA1", conversation, "in", "{}", "<a/>")
    pages = SendPages(Outgoing("sms", "Uno"), (Outgoing("sms", "Dos"),))
    for _ in range(2):
        calls.finish_step("CA1", 1, "{}", "<b/>", writes=(pages, AskCallBack("asked", utc_now())))
    sent = [row for row in rows(database, outbound) if row.channel == "sms"]
    assert [row.text for row in sent] == ["Uno"]
    assert [each.text for each in store.state(conversation).more] == ["Dos"]
    assert len(rows(database, callbacks)) == 1


def test_the_words_of_a_turn_come_in_order_with_what_is_asked(store, calls, database):
    heard(store, "CA1", 3, "el acta")
    assert calls.words("CA1:3") is None
    question = Listen("¿Cuál?", (ListItem("a", "Una"),))
    answered(store, Outgoing("voice", "Primero"), Outgoing("voice", "Luego"),
             Outgoing("voice", "¿Cuál?\nUna", interactive=question))  # fmt: skip
    words = calls.words("CA1:3")
    assert words is not None
    assert (words.outcome, words.pieces, words.listen) == ("answer", ("Primero", "Luego"), question)
    assert store.lease_delivery("tests", 10) is None, "nothing of a call is sent"
    conversation = heard(store, "CA1", 0)
    calls.begin("CA1", conversation, "in", "{}", "<a/>")
    calls.finish_step("CA1", 3, "{}", "<b/>", spoken="CA1:3")
    assert {row.status for row in rows(database, outbound)} == {"delivered"}


def test_what_nobody_heard_is_not_left_waiting(store, calls, database):
    conversation = heard(store, "CA1", 0)
    calls.begin("CA1", conversation, "in", "{}", "<a/>")
    answered(store, Outgoing("voice", "Hola"))
    ended = calls.end("CA1", "completed")
    assert ended is not None
    assert calls.end("CA1", "completed") is None, "an end is told once"
    assert [(row.status, row.error_code) for row in rows(database, outbound)] == [("undelivered", "hung_up")]


def test_the_call_before_is_found_while_it_is_recent(store, calls):
    conversation = heard(store, "CA1", 0)
    calls.begin("CA1", conversation, "in", '{"n": 1}', "<a/>")
    now = utc_now()
    assert calls.before(conversation, "CA1", now - timedelta(minutes=5)) is None
    found = calls.before(conversation, "CA2", now - timedelta(minutes=5))
    assert found is not None
    assert found.call_sid == "CA1"
    assert calls.before(conversation, "CA2", now + timedelta(minutes=5)) is None


def test_one_call_back_a_person_in_the_order_they_asked(store, calls, database):
    first, second = heard(store, "CA1", 0), heard(store, "CA2", 0, sender=JUAN)
    now = utc_now()
    assert calls.ask_callback(second, "asked", now - timedelta(minutes=1))
    assert calls.ask_callback(first, "missed", now - timedelta(minutes=2))
    assert not calls.ask_callback(first, "asked", now)
    due = calls.next_callback()
    assert due is not None
    assert (due.conversation_id, due.number, due.attempts, due.reason) == (first, ROSA, 1, "missed")
    other = calls.next_callback()
    assert other is not None
    assert other.conversation_id == second
    assert calls.next_callback() is None
    assert len(rows(database, callbacks)) == 2


def test_eight_workers_place_one_call(store, calls):
    conversation = heard(store, "CA1", 0)
    calls.ask_callback(conversation, "asked", utc_now())
    taken = in_threads(8, lambda _: calls.next_callback())
    assert len([each for each in taken if each is not None]) == 1


def test_nobody_is_called_who_is_in_a_call_or_said_stop(store, calls):
    conversation = heard(store, "CA1", 0)
    calls.begin("CA1", conversation, "in", "{}", "<a/>")
    calls.ask_callback(conversation, "asked", utc_now())
    assert calls.next_callback() is None
    calls.end("CA1", "completed")
    lease = store.lease_conversation("tests", 30)
    message = store.next_message(lease)
    store.commit_turn(lease, message, TurnOutcome("opted_out", (), ConversationState(), opted_out=True))
    assert calls.next_callback() is None


def test_a_call_nobody_took_is_tried_twice_more_ever_later_then_given_up(store, calls, database):
    conversation = heard(store, "CA1", 0)
    calls.ask_callback(conversation, "asked", utc_now())
    gaps = []
    for attempt in range(MOST_ATTEMPTS):
        due = calls.next_callback()
        assert due is not None
        assert due.attempts == attempt + 1
        calls.callback_placed(due.id, f"CA9{attempt}")
        begun = utc_now()
        calls.callback_over(due.id, "no-answer")
        row = rows(database, callbacks)[0]
        gaps.append(row.due_at - begun)
        with database.begin() as db:
            db.execute(update(callbacks).values(due_at=begun - timedelta(seconds=1)))
    assert row.status == "given_up"
    assert timedelta(minutes=5) < gaps[0] < gaps[1]
    assert calls.next_callback() is None
    assert calls.ask_callback(conversation, "asked", utc_now()), "who asks again is called again"


def test_who_calls_herself_is_not_called(store, calls):
    conversation = heard(store, "CA1", 0)
    calls.ask_callback(conversation, "missed", utc_now())
    calls.cancel_callback(conversation)
    assert calls.next_callback() is None


def test_a_hidden_number_cannot_be_called(store, calls, database):
    conversation = heard(store, "CA1", 0, sender="anonymous:CA1")
    calls.ask_callback(conversation, "asked", utc_now())
    assert calls.next_callback() is None


def test_call_me_by_message_is_a_call_back(store, calls, database):
    at = datetime(2030, 1, 2, 10, tzinfo=timezone.utc)
    heard(store, "CA1", 0)
    answered(store, effects=(CallBack(at.isoformat()),))
    assert [(row.status, row.reason, row.due_at) for row in rows(database, callbacks)] == [("waiting", "asked", at)]


def test_a_call_that_is_not_wanted_any_more_is_not_placed(store, calls, database):
    heard(store, "CA1", 0)
    answered(store, effects=(CallBack(), CancelCall()))
    assert [row.status for row in rows(database, callbacks)] == ["cancelled"]
    assert calls.next_callback() is None


def test_what_is_asked_most_comes_first(store, calls):
    assert calls.most_asked(5) == ()
