"""What a turn sets off besides its answer: a copy on another channel, a call that can or cannot be made."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest

from bot.core.delivery import Outgoing
from bot.core.effects import CallBack, Remind, SendCopy
from bot.core.messages import Text
from bot.core.phrases import Phrases
from bot.core.replies import Say, ShowProcedure
from bot.core.turns import TurnResult, Understood
from bot.handoff.calendar import hours_of
from bot.store import ConversationState, StoredMessage
from bot.worker.degraded import Degraded
from bot.worker.turn import PhraseBook, TurnHandler
from channels.registry import CHANNELS
from tests.builders import sid

NOW = datetime(2026, 11, 22, 18, 30, tzinfo=timezone.utc)
SHOWN = ConversationState(privacy_shown=True)


class Engine:
    """Answers with what a test says."""

    def __init__(self, *effects) -> None:
        self.result = TurnResult((Say("copy_sent"),), Understood("x", 0.9, outcome="answer"), effects=effects)

    def turn(self, request):
        return self.result


@pytest.fixture
def outcome(plain_search, compiled_phrases):
    book = PhraseBook(lambda language, channel: Phrases.load(compiled_phrases, language, channel))

    def run(engine: Engine, channel: str = "voice", channels=CHANNELS, at=NOW, **fields):
        handler = TurnHandler(engine, Degraded(plain_search), channels, book, "x", **fields)
        return handler.handle_turn(StoredMessage(7, channel, sid(), "c" * 32, Text("mándemelo"), None, at), SHOWN, at)

    return run


@pytest.fixture
def card(plain_search) -> ShowProcedure:
    found = plain_search.catalogue.procedures["pasaporte-adulto"]
    return ShowProcedure(found, conditions=plain_search.catalogue.condition_words(found))


def on(channel: str, messages: tuple[Outgoing, ...]) -> list[str]:
    return [each.text for each in messages if each.channel == channel]


def test_a_copy_goes_out_in_the_other_channels_form_and_more_brings_its_rest(outcome, card):
    done = outcome(Engine(SendCopy("sms", (card,))))
    (text,) = on("sms", done.outgoing)
    assert "Pasaporte por primera vez" in text
    assert on("voice", done.outgoing)
    assert done.effects == ()
    assert {each.channel for each in done.state.more} == {"sms"}


def test_a_copy_for_a_channel_that_is_not_there_goes_by_sms(outcome, card):
    without = {name: channel for name, channel in CHANNELS.items() if name != "whatsapp"}
    done = outcome(Engine(SendCopy("whatsapp", (card,))), channels=without)
    assert len(on("sms", done.outgoing)) == 1


def test_a_call_that_can_be_made_is_promised(outcome):
    done = outcome(Engine(CallBack()), "sms", can_call=True)
    assert done.effects == (CallBack(),)
    assert "se lo mando" in done.outgoing[0].text


def test_where_no_calls_are_made_that_is_said_with_the_number_and_nothing_else_is_lost(outcome):
    remind = Remind("2026-11-24T09:00:00-06:00", "pasaporte-adulto")
    done = outcome(Engine(CallBack(), remind), "sms", line="55 1234 5678")
    assert done.effects == (remind,)
    assert "55 1234 5678" in done.outgoing[0].text
    assert "no puedo llamarle" in outcome(Engine(CallBack()), "sms").outgoing[0].text


def test_a_time_is_said_in_words(outcome):
    engine = Engine()
    engine.result = TurnResult(
        (Say("reminder_set", {"at": "2026-11-30T16:05:00-06:00", "topic": "INE"}),), engine.result.understood
    )
    (message,) = outcome(engine, "sms").outgoing
    assert "lunes 30 de noviembre, 4:05 de la tarde" in message.text


DAY = "lun-dom 08:00-21:00"


@pytest.mark.parametrize(
    ("wanted", "now", "moment"),
    [
        ("", "2026-11-22T18:30:00+00:00", ""),
        ("2026-11-23T16:00:00+00:00", "2026-11-22T18:30:00+00:00", ""),
        ("", "2026-11-23T05:00:00+00:00", "2026-11-23T08:00:00-06:00"),  # 23:00 in Mexico City
        ("", "2026-12-25T18:30:00+00:00", "2026-12-26T08:00:00-06:00"),  # a day of rest
        ("2026-12-25T10:00:00-06:00", "2026-11-22T18:30:00+00:00", "2026-12-26T08:00:00-06:00"),
    ],
)
def test_a_call_is_promised_for_when_it_will_be_made(outcome, wanted, now, moment):
    engine = Engine(CallBack(wanted))
    engine.result = replace(engine.result, replies=(Say("call_soon"),))
    done = outcome(engine, "sms", at=datetime.fromisoformat(now), can_call=True, call_hours=hours_of(DAY))
    (call,) = done.effects
    assert call == CallBack(moment or wanted)
    assert ("en unos minutos" in done.outgoing[0].text) is not bool(moment)
    assert ("8:00" in done.outgoing[0].text) is bool(moment)


def test_where_no_hours_are_known_a_call_is_made_at_any(outcome):
    done = outcome(Engine(CallBack()), "sms", can_call=True)
    assert done.effects == (CallBack(),)
