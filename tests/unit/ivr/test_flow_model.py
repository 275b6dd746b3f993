"""The flow of a call, checked as a model: every state that can be reached, with everything that can happen in it."""

from __future__ import annotations

import json
import re
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import replace
from functools import cache, lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.choices import OpenOption
from bot.core.codec import from_payload, to_payload
from ivr import flow, menus
from ivr.heard import Heard
from ivr.model import Answer, Around, Call, Event, Move, Question, State

MENU = tuple(OpenOption(f"procedure:{n}", f"Trámite {name}") for n, name in enumerate("abcdefg"))
STEPS = tuple(OpenOption(f"step:{n}", f"Paso {name}") for n, name in enumerate("hijklmnñ"))
ANSWERS = {
    "short": Answer(("Cuesta cien pesos.",)),
    "long": Answer(("Uno.\nDos.\nTres.", "Cuatro.\nCinco.", "Seis."), None),
    "menu": Answer(("Éxito.",), Question("¿Cuál?", STEPS)),
    "question": Answer((), Question("¿En qué estado es?", (), "place")),
    "person": Answer(("Llame al 911.",), person=True),
    "urgent": Answer(("Llame al 911 ya.",), person=True, urgent=True),
    "by_rule": Answer(("Reporte hoy mismo.",), person=True, by_rule=True),
    "goodbye": Answer(("Hasta luego.",), goodbye=True),
    "empty": Answer(),
}
FAILING = (Event.SILENCE, Event.NOISE, Event.WRONG_KEY, Event.UNSURE)
ALWAYS = (
    *FAILING, Event.SPEECH, Event.PERSON, Event.REPEAT, Event.HOLD, Event.SLOWER, Event.FASTER, Event.BY_SMS,
    Event.BACK, Event.GOODBYE, Event.CALL_ME, Event.HANG_UP,
)  # fmt: skip
WORLDS = {
    f"people={people} textable={textable} resumable={resumable} languages={languages}": (
        Around(
            people=people, hours="lunes, 9:00" if not people else "", resumable=resumable, topic="el pasaporte",
            menu=MENU, languages=(("es_MX", "Español"), ("yua", "Maaya"))[:languages],
        ),
        textable,
    )
    for people in (True, False)
    for textable in (True, False)
    for resumable, languages in ((False, 1), (True, 2))
}  # fmt: skip


def events(call: Call, around: Around) -> Iterator[tuple[Heard, Answer | None]]:
    """Yield everything that can happen in a state."""
    if call.state is State.THINKING:
        yield from ((Heard(Event.ANSWER), answer) for answer in ANSWERS.values())
        yield Heard(Event.STILL_THINKING), None
        yield Heard(Event.NO_ANSWER), None
        yield Heard(Event.HANG_UP), None
        return
    if call.state in (State.QUEUED, State.TALKING):
        for event in flow.TABLE[call.state]:
            yield Heard(event), None
        return
    if call.state is State.ENDED:
        yield Heard(Event.HANG_UP), None
        return
    for event in ALWAYS:
        yield Heard(event, "el acta"), None
    if call.state in (State.RESUME, State.MORE, State.CONFIRM):
        yield Heard(Event.YES), None
        yield Heard(Event.NO), None
    options = flow.options_of(call, around)
    for option in menus.page(options, call.page):
        yield Heard(Event.OPTION, "", option), None
    if menus.pages(options) > 1:
        yield Heard(Event.OTHERS), None


def first(around: Around, textable: bool) -> Move:
    return flow.begin(around, textable=textable)


def shape(call: Call) -> str:
    """Return what tells states apart, without counters that only grow."""
    return repr(
        (call.state, call.misses, call.silences, call.offered, call.page, len(call.pieces), call.question,
         bool(call.before), bool(call.last_answer), bool(call.waits), bool(call.unsure))
    )  # fmt: skip


@lru_cache(maxsize=32)
def reached(world: str) -> tuple[Call, ...]:
    """Return a call in every shape that can be reached in a world."""
    around, textable = WORLDS[world]
    start = first(around, textable).call
    seen = {shape(start): start}
    todo = deque([start])
    while todo:
        call = todo.popleft()
        for heard, answer in events(call, around):
            after = flow.handle(call, heard, around, answer).call
            after = replace(after, steps=0)
            if shape(after) not in seen:
                seen[shape(after)] = after
                todo.append(after)
    return tuple(seen.values())


@pytest.mark.parametrize("world", WORLDS)
def test_every_event_in_every_state_leads_somewhere(world):
    around, _ = WORLDS[world]
    for call in reached(world):
        for heard, answer in events(call, around):
            move = flow.handle(call, heard, around, answer)
            assert heard.event in flow.TABLE[call.state], (call.state, heard.event)
            expected = {
                "listen": flow.LISTENING,
                "think": {State.THINKING},
                "wait": {State.THINKING},
                "person": {State.QUEUED},
                "hang_up": set(State),
            }[move.act]
            assert move.call.state in expected, (call.state, heard, move)
            if move.act == "listen":
                assert move.say, f"nothing is said: {call.state} {heard}"
            silent = heard.event in (Event.HANG_UP, Event.TALKED) or call.state is State.ENDED
            if move.act == "hang_up" and not silent:
                assert move.say, f"hung up without a word: {call.state} {heard}"


def test_a_person_a_repeat_and_an_end_are_one_key_away_everywhere():
    for world, (around, _) in WORLDS.items():
        for call in reached(world):
            assert flow.handle(call, Heard(Event.HANG_UP), around).act == "hang_up"
            if call.state not in flow.LISTENING:
                continue
            assert flow.handle(call, Heard(Event.GOODBYE), around).act == "hang_up"
            again = flow.handle(call, Heard(Event.REPEAT), around)
            assert again.say
            assert again.act in ("listen", "person", "hang_up")
            move = flow.handle(call, Heard(Event.PERSON), around)
            if around.people:
                assert move.act == "person"
            else:
                told = {re.sub(r"_\d$", "", words.key) for words in move.say}
                assert told & {"voice_nobody", "voice_nobody_now", "voice_give_up"} or move.call.state is State.NOBODY


@pytest.mark.parametrize("world", WORLDS)
def test_every_state_is_reached(world):
    around, textable = WORLDS[world]
    found = {call.state for call in reached(world)}
    wanted = set(State) - {State.TALKING}
    wanted -= {State.LANGUAGE} if len(around.languages) == 1 else set()
    wanted -= {State.RESUME} if not around.resumable else set()
    wanted -= {State.QUEUED} if not around.people else set()
    wanted -= {State.NOBODY} if not textable else set()
    wanted -= {State.OFFER} if not textable and not around.people else set()
    assert wanted - found == set()


@pytest.mark.parametrize("world", WORLDS)
def test_a_caller_who_is_never_understood_soon_gets_a_person_or_an_end(world):
    """No endless loop: whatever the order of silence, noise, wrong keys and doubt, from wherever it begins."""
    around, _ = WORLDS[world]
    longest = 0

    @cache
    def steps(key: str) -> int:
        call = from_payload(Call, json.loads(key))
        if call.state not in flow.LISTENING:
            return 0
        most = 0
        for event in FAILING:
            move = flow.handle(replace(call, steps=0), Heard(event, "mmm"), around)
            if move.act == "listen":
                most = max(most, 1 + steps(json.dumps(to_payload(replace(move.call, steps=0)), sort_keys=True)))
            else:
                most = max(most, 1)
        return most

    start = first(around, WORLDS[world][1]).call
    longest = steps(json.dumps(to_payload(replace(start, steps=0)), sort_keys=True))
    assert 3 <= longest <= 12


walks = st.lists(st.integers(0, 10_000), min_size=1, max_size=130)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(WORLDS)), walks)
def test_no_walk_hears_a_sentence_three_times_and_every_walk_ends(world, choices):
    around, textable = WORLDS[world]
    move = first(around, textable)
    heard: Counter[str] = Counter(each.identity for each in move.say if not each.pause)
    for choice in choices:
        if move.act == "hang_up":
            break
        possible = [each for each in events(move.call, around) if each[0].event is not Event.HANG_UP]
        event, answer = possible[choice % len(possible)]
        move = flow.handle(move.call, event, around, answer)
        heard.update(each.identity for each in move.say if not each.pause and not each.fact)
    assert not {words: times for words, times in heard.items() if times > flow.TWICE}
    assert move.act == "hang_up" or move.call.steps <= flow.MOST_STEPS + 40


def test_a_call_survives_the_way_through_json():
    for call in reached(next(iter(WORLDS))):
        assert from_payload(Call, json.loads(json.dumps(to_payload(call)))) == call


def test_a_long_call_ends_kindly():
    around, textable = next(iter(WORLDS.values()))
    call = first(around, textable).call
    move = flow.handle(call, Heard(Event.SPEECH, "otra cosa"), replace(around, seconds=around.max_seconds + 1))
    assert move.act == "hang_up"
    assert [each.key for each in move.say] == ["voice_too_long"]
    person = flow.handle(call, Heard(Event.PERSON), replace(around, people=True, seconds=around.max_seconds + 1))
    assert person.act == "person"


def test_keys_of_the_telephone_are_never_options():
    assert set("12345" + menus.OTHERS).isdisjoint("0789*#")
    many = tuple(OpenOption(str(n), str(n)) for n in range(23))
    for number in range(menus.pages(many)):
        assert len(menus.page(many, number)) <= 5
        for key in "06789*#":
            assert menus.by_key(many, number, key) is None
    shown = [option.id for number in range(menus.pages(many)) for option in menus.page(many, number)]
    assert shown == [option.id for option in many]


def told(move: Move) -> list[str]:
    return [each.text or each.key for each in move.say if not each.pause]


ALONE = Around()


def answered(answer: Answer, around: Around = ALONE) -> Move:
    asked = flow.handle(first(around, True).call, Heard(Event.SPEECH, "el acta"), around)
    return flow.handle(asked.call, Heard(Event.ANSWER), around, answer)


def test_who_asks_for_it_again_is_told_again():
    move = answered(Answer(("El acta\nCuesta cien pesos.",)))
    for _ in range(flow.OFTEN - 1):
        move = flow.handle(move.call, Heard(Event.REPEAT), Around())
        assert "Cuesta cien pesos." in told(move)
    assert any(key.startswith("voice_again") for key in told(move))
    move = flow.handle(move.call, Heard(Event.REPEAT), Around())
    assert "Cuesta cien pesos." not in told(move)
    assert move.call.state is State.OFFER


def test_a_goodbye_that_the_dialogue_understood_ends_the_call():
    goodbye = Answer(("Que le vaya bien.",), goodbye=True)
    assert answered(goodbye).act == "listen"
    asked = flow.handle(answered(ANSWERS["short"]).call, Heard(Event.SPEECH, "ahí nos vidrios"), ALONE)
    move = flow.handle(asked.call, Heard(Event.ANSWER), ALONE, goodbye)
    assert (move.act, told(move)) == ("hang_up", ["voice_goodbye"])


def test_slower_says_the_last_answer_slower():
    move = answered(Answer(("El acta\nCuesta cien pesos.",)))
    move = flow.handle(move.call, Heard(Event.REPEAT), Around())
    move = flow.handle(move.call, Heard(Event.SLOWER), Around())
    assert told(move)[:3] == ["voice_slower", "El acta", "Cuesta cien pesos."]


def test_a_list_that_is_asked_for_again_is_told_whole():
    plan = Answer(("Su plan\nPaso uno.\nPaso dos.",))
    move = answered(plan)
    for _ in range(3):
        asked = flow.handle(move.call, Heard(Event.SPEECH, "mi plan"), Around())
        move = flow.handle(asked.call, Heard(Event.ANSWER), Around(), plan)
        assert {"Paso uno.", "Paso dos."} <= set(told(move))


def test_a_wrong_key_hears_the_menu_again():
    around = Around(menu=MENU[:3])
    move = flow.handle(first(around, True).call, Heard(Event.WRONG_KEY), around)
    assert told(move) == ["voice_wrong_key", "voice_option_first_2", "voice_option_2", "voice_option_2"]
    asked = answered(ANSWERS["question"], around)
    assert told(flow.handle(asked.call, Heard(Event.WRONG_KEY), around)) == ["voice_no_key", "¿En qué estado es?"]


@pytest.mark.parametrize("event", [Event.WRONG_KEY, Event.BACK])
def test_who_uses_keys_alone_has_a_menu_after_an_answer(event):
    around = Around(menu=MENU[:3])
    answer = answered(Answer(("Cuesta cien pesos.",)), around)
    assert not flow.options_of(answer.call, around)
    move = flow.handle(answer.call, Heard(event), around)
    assert [each.params["label"] for each in move.say if "label" in each.params] == [o.label for o in MENU[:3]]
    assert flow.options_of(move.call, around) == MENU[:3]


def test_the_page_before_comes_back():
    around = Around(menu=MENU)
    second = flow.handle(first(around, True).call, Heard(Event.OTHERS), around)
    assert second.call.page == 1
    back = flow.handle(second.call, Heard(Event.BACK), around)
    assert back.call.page == 0
    assert [each.params["label"] for each in back.say if "label" in each.params] == [o.label for o in MENU[:5]]


def test_who_asks_for_a_moment_is_waited_for():
    around = Around(menu=MENU)
    move = flow.handle(first(around, True).call, Heard(Event.HOLD), around)
    assert told(move) == ["voice_hold"]
    for _ in range(2):
        move = flow.handle(move.call, Heard(Event.SILENCE), around)
        assert told(move)[0].startswith("voice_still_there")
    move = flow.handle(move.call, Heard(Event.SILENCE), around)
    assert told(move)[0] == "voice_use_keys"


def test_in_danger_the_line_to_call_is_said_again_when_nobody_comes():
    people = Around(people=True, menu=MENU)
    move = answered(ANSWERS["urgent"], people)
    assert (move.act, told(move)) == ("person", ["Llame al 911 ya.", "voice_to_person"])
    move = flow.handle(move.call, Heard(Event.NOT_CONNECTED), people)
    assert told(move)[:2] == ["Llame al 911 ya.", "voice_nobody"]
    assert "Llame al 911 ya." in told(flow.handle(move.call, Heard(Event.REPEAT), people))


def test_a_card_that_brings_a_person_by_its_rule_is_told_first_and_nobody_is_missed_where_nobody_is():
    move = answered(ANSWERS["by_rule"], Around(people=True, menu=MENU))
    assert (move.act, move.reason) == ("person", "rule")
    assert told(move) == ["Reporte hoy mismo.", "voice_to_person"]
    alone = answered(ANSWERS["by_rule"], Around(menu=MENU))
    assert alone.act != "person"
    assert told(alone)[0] == "Reporte hoy mismo."
    assert "voice_nobody" not in told(alone)


def test_what_belongs_to_an_option_is_told_after_its_key():
    question = Question("¿Cuál?", STEPS[:2], details={STEPS[0].id: "Tiene 60 días."})
    assert told(answered(Answer(("Éxito.",), question))) == [
        "Éxito.", "¿Cuál?", "voice_option_first", "Tiene 60 días.", "voice_option",
    ]  # fmt: skip
