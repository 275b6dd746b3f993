"""Plans, reminders, copies, and a dialogue that goes on wherever the person turns up next."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from bot.core.replies import Ask, Say, ShowLifeEvent, ShowPlan, ShowProcedure
from bot.core.turns import Plan

DEATH = "se murió mi papá"
BEATEN = "mi esposo me pega y no sé qué papeles hacer"
PASSPORT = "pasaporte"
MORNING = "2026-11-23T16:00:00+00:00"
NEXT_DAY = "2026-11-24T16:00:00+00:00"


@pytest.fixture
def talk(talk: Any) -> Any:
    talk.now = MORNING
    teach(talk)
    return talk


def teach(talk: Any) -> None:
    talk.finds(DEATH, "life_event", "fallecimiento", "viudez")
    talk.finds(BEATEN, "life_event", "victima_violencia")
    talk.finds(PASSPORT, "answer", "pasaporte")
    talk.finds("el acta", "answer", "acta")


def phrases(replies: Sequence[Any]) -> list[str]:
    return [reply.phrase for reply in replies if isinstance(reply, (Say, Ask))]


# ---- plans -----------------------------------------------------------------------------------------------------------


def test_steps_told_begin_a_plan_and_what_is_done_brings_the_next(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    assert talk.context.plans == (Plan("fallecimiento", (), "2026-11-23T10:00:00-06:00"),)
    said, plan = talk.say("ya pedí la pensión", "step_done")
    assert said == Say("plan_step_done", {"step": "Pida la pensión"})
    assert isinstance(plan, ShowPlan)
    assert plan.done == ("Pida la pensión",)
    assert [option.id for option in plan.options] == ["step:fallecimiento:1"]
    assert talk.context.plans[0].done == ("viudez",)


@pytest.mark.parametrize("text", ["ya hice la primera", "ya la 1", "ya hice el paso uno", "ya lo hice", "listo"])
def test_a_step_is_named_by_its_place_or_is_the_next_one(talk: Any, text: str) -> None:
    talk.say(DEATH, "life_event")
    talk.say(text, "step_done")
    assert talk.context.plans[0].done == ("viudez",)


def test_numbers_are_those_of_the_list_that_was_shown_last(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    talk.say("ya hice la segunda", "step_done")
    assert talk.context.plans[0].done == ("residencia-huejotzingo",)
    said = talk.say("ya hice la primera", "step_done")
    assert said[-1] == Say("plan_finished", {"event": "Murió un familiar"})
    assert talk.context.plans == ()


def test_the_step_whose_card_is_in_view_is_meant(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    talk.pick("step:fallecimiento:1")
    talk.say("en Huejotzingo", "inform_place")
    talk.say("ya quedó", "step_done")
    assert talk.context.plans[0].done == ("residencia-huejotzingo",)


def test_what_no_step_is_called_is_asked_back(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    (ask,) = talk.say("ya fui al notario", "step_done")
    assert ask.phrase == "which_step_done"
    talk.pick(ask.options[1].id)
    assert talk.context.plans[0].done == ("residencia-huejotzingo",)


def test_a_plan_is_asked_for_later_and_dropped(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    talk.say("ya hice la primera", "step_done")
    talk.interrupted()
    talk.now = NEXT_DAY
    (plan,) = talk.say("mi plan del familiar", "plan")
    assert isinstance(plan, ShowPlan)
    assert plan.done == ("Pida la pensión",)
    assert phrases(talk.say("borre mi plan", "plan")) == ["plan_dropped_private"]
    assert talk.context.plans == ()
    assert phrases(talk.say("mi plan", "plan")) == ["no_plan"]


def test_a_private_plan_is_not_named_unasked(talk: Any) -> None:
    talk.say(BEATEN, "life_event")
    talk.interrupted()
    talk.now, talk.channel = NEXT_DAY, "voice"
    (ask,) = talk.say("mi plan", "plan")
    assert [(option.id, option.label, option.phrase) for option in ask.options] == [
        ("plan:victima_violencia", "", "option_private_plan")
    ]
    shown = talk.pick("plan:victima_violencia")
    assert isinstance(shown[-1], ShowPlan)


def test_ya_no_is_asked_about_before_a_plan_goes(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    (ask,) = talk.say("ya no", "deny")
    assert ask.phrase == "plan_drop_sure"
    talk.say("no", "deny")
    assert talk.context.plans
    talk.say("mi plan del familiar", "plan")
    talk.say("ya no", "deny")
    talk.pick("yes")
    assert talk.context.plans == ()


def test_a_deed_tells_of_a_life_event_and_begins_its_plan(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    talk.context = type(talk.context)()
    talk.interrupted()
    assert talk.say("ya lo hice", "step_done")
    assert talk.context.plans == ()


# ---- coming back -----------------------------------------------------------------------------------------------------


def test_who_comes_back_is_asked_whether_to_go_on(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    talk.interrupted()
    talk.now, talk.channel = NEXT_DAY, "whatsapp"
    (ask,) = talk.say("hola", "greet")
    assert (ask.phrase, ask.params) == ("come_back_yesterday", {"topic": "pasaporte"})
    assert isinstance(talk.pick("yes")[0], ShowProcedure)


def test_a_no_puts_it_aside(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    talk.now = NEXT_DAY
    talk.say("hola", "greet")
    assert phrases(talk.say("no", "deny")) == ["what_else"]
    assert "last_procedure" not in talk.context.topic.memory


def test_on_a_call_nothing_is_named_to_whoever_picks_up(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    talk.channel = "voice"
    (ask,) = talk.say("bueno", "greet")
    assert (ask.phrase, ask.params) == ("come_back_unnamed", {})


@pytest.mark.parametrize("text", [DEATH, BEATEN])
@pytest.mark.parametrize("channel", ["sms", "whatsapp", "voice"])
def test_a_sensitive_matter_is_never_brought_up(talk: Any, text: str, channel: str) -> None:
    talk.say(text, "life_event")
    talk.interrupted()
    talk.now, talk.channel = NEXT_DAY, channel
    for said in ("hola", "buenas tardes"):
        replies = talk.say(said, "greet")
        assert "greet" in phrases(replies)
        assert not any(word in str(replies) for word in ("fallec", "Murió", "iolencia"))


def test_a_talk_about_violence_does_not_go_on_for_who_comes_back(talk: Any) -> None:
    talk.say(BEATEN, "life_event")
    talk.say("cuánto cuesta", "ask_cost")
    talk.channel = "voice"
    replies = talk.say("¿en qué nos quedamos?", "continue_topic")
    assert phrases(replies) == ["what_else"]


def test_right_after_nothing_is_offered(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    assert "greet" in phrases(talk.say("hola", "greet"))


# ---- interrupted anywhere, going on anywhere -------------------------------------------------------------------------

Step = Callable[[Any], Any]
SCRIPTS: dict[str, tuple[Step, ...]] = {
    "a place, then shorter questions": (
        lambda t: (
            t.finds("licencia", "ask_place", "licencia-jalisco", "licencia-oaxaca", family="licencia")
            or t.say("licencia", "ask_procedure")
        ),
        lambda t: t.say("Jalisco", "inform_place"),
        lambda t: t.say("¿y cuánto cuesta?", "ask_cost"),
        lambda t: t.say("¿y dónde?", "ask_where"),
        lambda t: t.say("repítame", "repeat"),
    ),
    "a plan": (
        lambda t: t.say(DEATH, "life_event"),
        lambda t: t.say("ya hice la primera", "step_done"),
        lambda t: t.pick("step:fallecimiento:1"),
        lambda t: t.say("en Huejotzingo", "inform_place"),
        lambda t: t.say("ya quedó", "step_done"),
    ),
    "a reminder whose day is asked": (
        lambda t: t.say(PASSPORT, "ask_procedure"),
        lambda t: t.say("recuérdeme una semana antes de que se venza", "remind"),
        lambda t: t.say("el 15 de enero", "ask_procedure", 0.3),
        lambda t: t.say("qué recordatorios tengo", "remind"),
        lambda t: t.say("quite el recordatorio", "cancel_reminders"),
    ),
    "a price by state, guessed and refused": (
        lambda t: t.say("el acta", "ask_cost"),
        lambda t: t.say("Oaxaca", "inform_place"),
        lambda t: t.say("gracias", "thanks"),
        lambda t: t.say("¿y cuánto tarda?", "ask_duration"),
        lambda t: t.say("mándemelo por mensaje", "send_copy"),
    ),
    "misunderstood": (
        lambda t: t.say("asdf qwer", "out_of_scope"),
        lambda t: t.say("zxcv", "out_of_scope"),
        lambda t: t.say("uiop", "out_of_scope"),
    ),
}


def played(talk: Any, script: Sequence[Step], cuts: dict[int, str]) -> tuple[Any, ...]:
    """Play a script; before the turns in ``cuts`` the dialogue state is lost and the channel changes."""
    talk.context = type(talk.context)()
    talk.channel = "sms"
    talk.interrupted()
    said = []
    for number, step in enumerate(script):
        if number in cuts:
            talk.interrupted()
            talk.channel = cuts[number]
        said.append(step(talk))
    context = talk.context
    return said, context.topic.memory, context.plans, context.reminders, context.state, context.case


@pytest.mark.parametrize("name", SCRIPTS)
def test_interrupted_after_any_turn_it_ends_the_same_on_another_channel(talk: Any, name: str) -> None:
    script = SCRIPTS[name]
    whole = played(talk, script, {})
    channels = ("sms", "whatsapp", "voice")
    one = [{at: channel} for at, channel in itertools.product(range(1, len(script)), channels)]
    chance = random.Random(name)
    several = [
        {at: chance.choice(channels) for at in range(1, len(script)) if chance.random() < 0.6} for _ in range(12)
    ]
    for cuts in (*one, *several):
        said, *state = played(talk, script, cuts)
        assert state == list(whole[1:]), cuts
        if talk.channel == "sms" or phrases(whole[0][-1]) != ["copy_is_here"]:  # elsewhere there is something to send
            assert said == whole[0], cuts


# ---- reminders -------------------------------------------------------------------------------------------------------


def test_a_reminder_is_about_what_was_talked_about(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    (said,) = talk.say("recuérdeme el lunes", "remind")
    assert said == Say("reminder_set", {"at": "2026-11-30T09:00:00-06:00", "topic": "pasaporte"})
    (effect,) = talk.meaning["effects"]
    assert effect == {
        "type": "Remind",
        "at": "2026-11-30T09:00:00-06:00",
        "procedure": "pasaporte",
        "life_event": None,
        "step": None,
    }


def test_it_is_set_by_the_clock_of_the_persons_state_within_the_hours(talk: Any) -> None:
    talk.say("estoy en Tijuana, Baja California", "inform_place")
    said = talk.say("recuérdeme mañana a las 11 de la noche", "remind")
    assert said[0].params["at"] == "2026-11-25T08:00:00-08:00"
    assert phrases(said)[1:] == ["reminder_hours"]


def test_of_a_plan_the_next_step_is_reminded_without_its_name_where_it_is_private(talk: Any) -> None:
    talk.say(DEATH, "life_event")
    (said,) = talk.say("recuérdeme mañana", "remind")
    assert said.phrase == "reminder_set_plain"
    assert (talk.meaning["effects"][0]["life_event"], talk.meaning["effects"][0]["step"]) == ("fallecimiento", 0)


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("recuérdeme", "remind_when"),
        ("avíseme una semana antes de que se venza", "remind_before_what"),
        ("recuérdeme el 30 de febrero", "remind_impossible"),
        ("recuérdeme el 3 de enero de 2020", "remind_past"),
        ("recuérdeme en 80 años", "remind_far"),
    ],
)
def test_a_day_that_is_missing_or_wrong_is_asked_for_and_completes_it(talk: Any, text: str, phrase: str) -> None:
    talk.say(PASSPORT, "ask_procedure")
    (ask,) = talk.say(text, "remind")
    assert (ask.phrase, ask.wants) == (phrase, "date")
    (said,) = talk.say("el 15 de enero", "ask_procedure", 0.3)
    assert said.phrase == "reminder_set"
    expected = "2027-01-08" if "semana antes" in text else "2027-01-15"
    assert said.params["at"].startswith(expected)


def test_another_question_leaves_the_missing_day_alone(talk: Any) -> None:
    talk.say("recuérdeme", "remind")
    (card,) = talk.say(PASSPORT, "ask_procedure")
    assert isinstance(card, ShowProcedure)


def test_the_same_reminder_twice_is_one_and_a_named_day_drops_only_that(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    talk.say("recuérdeme el lunes", "remind")
    talk.say("recuérdeme el lunes", "remind")
    assert talk.meaning.get("effects") is None
    talk.say("recuérdeme el viernes", "remind")
    assert len(talk.context.reminders) == 2
    talk.say("quite el recordatorio del viernes", "cancel_reminders")
    assert talk.meaning["effects"] == [{"type": "CancelReminders", "at": "2026-11-27T09:00:00-06:00"}]
    talk.say("ya no me recuerde nada", "cancel_reminders")
    assert (talk.context.reminders, talk.meaning["effects"]) == ((), [{"type": "CancelReminders", "at": None}])


def test_what_is_past_is_no_reminder_any_more(talk: Any) -> None:
    talk.say("recuérdeme mañana", "remind")
    talk.now = "2026-11-25T16:00:00+00:00"
    assert phrases(talk.say("qué recordatorios tengo", "remind")) == ["no_reminders"]
    assert talk.context.reminders == ()


# ---- copies and calls ------------------------------------------------------------------------------------------------


def test_on_a_call_the_last_answer_is_sent_by_message(talk: Any) -> None:
    talk.channel = "voice"
    talk.say(PASSPORT, "ask_procedure")
    talk.say("gracias", "thanks")
    assert phrases(talk.say("mándemelo por mensaje", "send_copy")) == ["copy_sent"]
    (effect,) = talk.meaning["effects"]
    assert (effect["type"], effect["channel"]) == ("SendCopy", "sms")
    assert [reply["procedure"]["id"] for reply in effect["replies"]] == ["pasaporte"]


def test_what_is_named_is_sent_and_whatsapp_by_name(talk: Any) -> None:
    talk.channel = "voice"
    talk.finds("los requisitos del pasaporte", "answer", "pasaporte")
    talk.say("me manda los requisitos del pasaporte por whatsapp", "send_copy")
    (effect,) = talk.meaning["effects"]
    assert effect["channel"] == "whatsapp"


def test_where_it_is_already_a_message_that_is_said(talk: Any) -> None:
    talk.say(PASSPORT, "ask_procedure")
    assert phrases(talk.say("mándemelo por mensaje", "send_copy")) == ["copy_is_here"]
    assert "effects" not in talk.meaning


def test_with_nothing_to_send_it_is_asked_what(talk: Any) -> None:
    talk.channel = "voice"
    assert phrases(talk.say("mándemelo por mensaje", "send_copy")) == ["copy_of_what"]


@pytest.mark.parametrize(
    ("now", "text", "phrase", "at"),
    [
        (MORNING, "llámeme", "call_soon", None),
        ("2026-11-24T05:00:00+00:00", "llámeme", "call_at", "2026-11-24T08:00:00-06:00"),
        (MORNING, "llámeme mañana a las 10", "call_at", "2026-11-24T10:00:00-06:00"),
    ],
)
def test_a_call_is_promised_for_the_hours(talk: Any, now: str, text: str, phrase: str, at: str | None) -> None:
    talk.now = now
    assert phrases(talk.say(text, "call_me")) == [phrase]
    assert talk.meaning["effects"] == [{"type": "CallBack", "at": at}]


@pytest.mark.parametrize("text", ["ya no, mejor no me llame", "no me vayan a llamar porfa", "cancele la llamada"])
def test_a_promised_call_is_taken_back(talk: Any, text: str) -> None:
    talk.say("llámeme", "call_me")
    assert phrases(talk.say(text, "human")) == ["call_cancelled"]
    assert talk.meaning["effects"] == [{"type": "CancelCall"}]


def test_danger_comes_before_any_errand(talk: Any) -> None:
    replies = talk.say("recuérdeme mañana, mi esposo me quiere matar", "remind")
    assert talk.meaning["outcome"] == "emergency"
    assert not any(isinstance(reply, ShowLifeEvent) for reply in replies)
