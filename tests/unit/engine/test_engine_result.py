"""What a turn's actions said, read from events."""

from __future__ import annotations

from typing import Any

import pytest
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, SessionStarted, SlotSet, UserUttered

from bot.core.codec import to_payload
from bot.core.replies import Ask, Option, Say
from bot.core.turns import TurnContext
from bot.engine.errors import BadReply, NoReply
from bot.engine.result import last_turn, read_result

SAY = to_payload(Say("hello", {"name": "Ana"}))
ASK = to_payload(Ask("ask_state", (Option("OAX", "Oaxaca"),)))


def heard(message_id: str, **more: Any) -> UserUttered:
    intent = {"name": "greet", "confidence": 0.91239}
    return UserUttered("hola", intent, [], input_channel="sms", message_id=message_id, **more)


def said(**custom: Any) -> BotUttered:
    return BotUttered(None, {"custom": custom, "buttons": None})


def result_of(*events: Event) -> Any:
    turn = last_turn([heard("m1"), *events])
    assert turn is not None
    return read_result(turn)


def test_replies_come_in_the_order_said() -> None:
    found = result_of(ActionExecuted("a"), said(reply=SAY), SlotSet("x", 1), said(reply=ASK))
    assert found.replies == (Say("hello", {"name": "Ana"}), Ask("ask_state", (Option("OAX", "Oaxaca"),)))
    assert (found.understood.intent, found.understood.confidence, found.replayed) == ("greet", 0.9124, False)


def test_of_everything_else_the_last_word_wins() -> None:
    found = result_of(
        said(reply=SAY, outcome="clarify", procedure="a", context=to_payload(TurnContext(state="PUE"))),
        said(reply=ASK, outcome="answer", life_event="boda"),
        said(context=to_payload(TurnContext(state="OAX"))),
    )
    understood = found.understood
    assert (understood.outcome, understood.procedure, understood.life_event) == ("answer", "a", "boda")
    assert found.context == TurnContext(state="OAX")


def test_only_the_last_turn_counts() -> None:
    turn = last_turn([heard("m1"), said(reply=ASK), heard("m2"), said(reply=SAY)])
    assert turn is not None
    assert turn.message.message_id == "m2"
    assert read_result(turn).replies == (Say("hello", {"name": "Ana"}),)


def test_a_message_made_by_an_action_does_not_start_a_turn() -> None:
    turn = last_turn([heard("m1"), said(reply=SAY), UserUttered("x", {"name": "y"}), said(reply=ASK)])
    assert turn is not None
    assert turn.message.message_id == "m1"
    assert len(read_result(turn).replies) == 2


def test_what_a_session_start_says_belongs_to_the_turn_that_opened_it() -> None:
    opening = [
        ActionExecuted("action_session_start"),
        SessionStarted(),
        said(reply=ASK),
        ActionExecuted("action_listen"),
    ]
    turn = last_turn([heard("m1"), said(reply=SAY), *opening, heard("m2"), said(reply=SAY)])
    assert turn is not None
    assert len(read_result(turn).replies) == 2


def test_there_is_no_turn_without_a_message() -> None:
    assert last_turn([ActionExecuted("action_session_start"), SessionStarted()]) is None


@pytest.mark.parametrize("events", [(), (SlotSet("x", 1),), (said(outcome="answer"),)])
def test_silence_is_an_error(events: tuple[Event, ...]) -> None:
    with pytest.raises(NoReply):
        result_of(*events)


@pytest.mark.parametrize(
    "event",
    [
        BotUttered("palabras"),
        BotUttered("palabras", {"custom": {"reply": SAY}}),
        BotUttered(None, {"image": "x"}),
        said(reply={"type": "Shout"}),
        said(reply={"type": "Say", "phrase": "x", "params": {"curp": 5}}),
        said(reply="hola"),
        said(reply=SAY, mood="good"),
        said(reply=SAY, outcome=5),
        said(reply=SAY, context={"planet": "Mars"}),
    ],
)
def test_what_is_not_a_reply_is_an_error(event: BotUttered) -> None:
    with pytest.raises(BadReply):
        result_of(said(reply=SAY), event)


def test_an_error_names_the_place_and_not_the_value() -> None:
    with pytest.raises(BadReply) as caught:
        result_of(said(reply={"type": "Say", "phrase": {"secret": "GARC850101HOCRRL09"}}))
    assert "$.phrase" in str(caught.value)
    assert "GARC" not in str(caught.value)
