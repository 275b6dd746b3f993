"""The flow of a call: one table of what each event does in each state, and one small function for each thing done.

Pure: a call and an event in, a :class:`ivr.model.Move` out. Two rules hold everywhere. Nobody hears the same sentence
three times who did not ask for it: what was heard twice is said with other words or not at all, and when nothing is
left to ask with, the caller is offered a message, a call back or a person. Who does ask is told, some more times, in an
introduction that changes. And every way ends: misses, silences, steps and minutes are counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

from bot.core.choices import OpenOption
from bot.core.messages import Choice, Text
from bot.core.replies import HandoffReason
from ivr import menus
from ivr.heard import Heard, Input, understand
from ivr.model import Answer, Around, Call, Earlier, Effect, Event, Move, Scene, State, Words

TWICE = 2
OFTEN = 6
"""How often something is told to who asks for it again, before another way is offered."""
MOST_STEPS = 80
MOST_WAITS = 5
SLOWEST, FASTEST = -2, 2
KEPT_SCENES = 4
A_BREATH = 1.5
"""Seconds of silence after a question, so that who wants to speak need not hear the keys."""

BY_SMS = "offer:sms"
CALL_ME = "offer:call"
A_PERSON = "offer:person"
LANGUAGE = "language:"

# A phrase with other words for the next time: the key itself, then key_2, key_3 …
VARIANTS = {
    "voice_anything_else": 4,
    "voice_open": 2,
    "voice_more": 10,
    "voice_rephrase": 3,
    "voice_still_there": 3,
    "voice_use_keys": 2,
    "voice_offer": 2,
    "voice_sorry_engine": 2,
    "voice_wait": 3,
    "voice_slower": 2,
    "voice_faster": 2,
    "voice_sms_sent": 3,
    "voice_no_sms": 2,
    "voice_back": 3,
    "voice_resume_ask": 2,
    "voice_confirm": 3,
    "voice_again": 3,
    "voice_hold": 2,
    "voice_wrong_key": 3,
    "voice_no_key": 2,
    "voice_keys": 3,
    "voice_nobody": 2,
    "voice_nobody_now": 2,
    "voice_rephrase_menu": 2,
    "voice_use_keys_yes_no": 2,
    # A menu of which an option is left out cannot be used: what stood in another menu is named in other words.
    "voice_option_first": 3,
    "voice_option": 3,
}


class Do(str, Enum):
    """What the flow does about an event."""

    SET_LANGUAGE = "set_language"
    RESUME = "resume"
    START_FRESH = "start_fresh"
    ASK = "ask"
    ASK_UNSURE = "ask_unsure"
    PICK = "pick"
    NEXT_PAGE = "next_page"
    NEXT_PIECE = "next_piece"
    STOP_READING = "stop_reading"
    CONFIRM = "confirm"
    REPAIR = "repair"
    SILENT = "silent"
    SAY_AGAIN = "say_again"
    HOLD = "hold"
    SLOW_DOWN = "slow_down"
    SPEED_UP = "speed_up"
    TEXT_IT = "text_it"
    GO_BACK = "go_back"
    CONNECT = "connect"
    TAKE_OFFER = "take_offer"
    PROMISE_CALL = "promise_call"
    LAST_RESORT = "last_resort"
    SPEAK = "speak"
    WAIT = "wait"
    APOLOGISE = "apologise"
    SORRY_NOBODY = "sorry_nobody"
    AFTER_PERSON = "after_person"
    NEXT_PERSON = "next_person"
    PROMISE_MESSAGE = "promise_message"
    END = "end"
    NOTE_END = "note_end"


_S, _E = State, Event
_ALWAYS: dict[Event, Do] = {
    _E.PERSON: Do.CONNECT,
    _E.REPEAT: Do.SAY_AGAIN,
    _E.HOLD: Do.HOLD,
    _E.SLOWER: Do.SLOW_DOWN,
    _E.FASTER: Do.SPEED_UP,
    _E.BY_SMS: Do.TEXT_IT,
    _E.BACK: Do.GO_BACK,
    _E.GOODBYE: Do.END,
    _E.CALL_ME: Do.PROMISE_CALL,
    _E.SILENCE: Do.SILENT,
    _E.NOISE: Do.REPAIR,
    _E.WRONG_KEY: Do.REPAIR,
    _E.UNSURE: Do.CONFIRM,
    _E.SPEECH: Do.ASK,
    _E.YES: Do.ASK,
    _E.NO: Do.ASK,
    _E.OPTION: Do.PICK,
    _E.OTHERS: Do.NEXT_PAGE,
    _E.HANG_UP: Do.NOTE_END,
}
_BEING_CONNECTED: dict[Event, Do] = {
    _E.NOT_CONNECTED: Do.SORRY_NOBODY,
    _E.CALL_ME: Do.PROMISE_CALL,
    _E.BY_SMS: Do.TEXT_IT,
    _E.TALKED: Do.END,
    _E.HANDED_BACK: Do.AFTER_PERSON,
    _E.TRANSFERRED: Do.NEXT_PERSON,
    _E.IN_WRITING: Do.PROMISE_MESSAGE,
    _E.HANG_UP: Do.NOTE_END,
}
TABLE: dict[State, dict[Event, Do]] = {
    _S.LANGUAGE: {**_ALWAYS, _E.OPTION: Do.SET_LANGUAGE, _E.SPEECH: Do.ASK, _E.BACK: Do.SAY_AGAIN},
    _S.RESUME: {**_ALWAYS, _E.YES: Do.RESUME, _E.NO: Do.START_FRESH, _E.UNSURE: Do.REPAIR},
    _S.OPEN: _ALWAYS,
    _S.MENU: _ALWAYS,
    _S.MORE: {**_ALWAYS, _E.YES: Do.NEXT_PIECE, _E.NO: Do.STOP_READING},
    _S.CONFIRM: {**_ALWAYS, _E.YES: Do.ASK_UNSURE, _E.NO: Do.REPAIR},
    _S.OFFER: {**_ALWAYS, _E.OPTION: Do.TAKE_OFFER, _E.NOISE: Do.LAST_RESORT, _E.WRONG_KEY: Do.LAST_RESORT,
               _E.UNSURE: Do.ASK},
    _S.NOBODY: {**_ALWAYS, _E.OPTION: Do.TAKE_OFFER, _E.NOISE: Do.LAST_RESORT, _E.WRONG_KEY: Do.LAST_RESORT,
                _E.UNSURE: Do.ASK},
    _S.THINKING: {_E.ANSWER: Do.SPEAK, _E.STILL_THINKING: Do.WAIT, _E.NO_ANSWER: Do.APOLOGISE,
                  _E.HANG_UP: Do.NOTE_END},
    _S.QUEUED: _BEING_CONNECTED,
    _S.TALKING: _BEING_CONNECTED,
    _S.ENDED: {_E.HANG_UP: Do.NOTE_END},
}  # fmt: skip
LISTENING = frozenset(state for state, row in TABLE.items() if _E.SILENCE in row)


# ---- entry points


def begin(around: Around, *, textable: bool, before: Call | None = None, called_by_us: bool = False) -> Move:
    """Answer a call: who speaks, the privacy sentence, recording when it is on, then the first question.

    ``before`` is the same number's call that ended a while ago; it is gone on with only if the caller says so.
    """
    call = Call(textable=textable, called_by_us=called_by_us)
    if before is not None and around.resumable:
        earlier = Earlier(before.said, before.pieces, before.question, before.last_answer)
        call = replace(call, language=before.language, rate=before.rate, earlier=earlier)
    greeting = [Words("voice_we_call" if called_by_us else "voice_greeting"), Words("voice_privacy")]
    if around.recorded:
        greeting.append(Words("voice_recorded"))
    if len(around.languages) > 1:
        return _ask(replace(call, state=State.LANGUAGE), around, greeting)
    return _first_question(call, around, greeting)


def hear(call: Call, given: Input, around: Around) -> Move:
    """Go on after a listening window closed, with what the caller did in it."""
    return handle(call, understand(call, given, options_of(call, around)), around)


def handle(call: Call, heard: Heard, around: Around, answer: Answer | None = None) -> Move:
    """Take one step. ``answer`` comes with ``Event.ANSWER``. An event that a state does not know ends the call."""
    call = replace(call, steps=call.steps + 1)
    do = TABLE[call.state].get(heard.event, Do.END)
    over = call.steps > MOST_STEPS or around.seconds > around.max_seconds
    if over and call.state in LISTENING and do not in (Do.CONNECT, Do.END, Do.NOTE_END):
        return _end(call, Words("voice_too_long"))
    return _HOW[do](call, heard, around, answer or Answer())


def options_of(call: Call, around: Around) -> tuple[OpenOption, ...]:
    """Return what can be picked now, all pages. Labels that are keys of phrases are put in words by the speaker."""
    if call.state is State.LANGUAGE:
        return tuple(OpenOption(LANGUAGE + code, name) for code, name in around.languages)
    if call.state is State.OPEN:
        return around.menu if _menu_was_said(call) else ()
    if call.state in (State.OFFER, State.NOBODY):
        return _offers(call, around)
    if call.state is State.MENU and call.question:
        return call.question.options
    return ()


def _menu_was_said(call: Call) -> bool:
    """Whether keys mean what is asked most: with the first question, and on the keypad's rung of a ladder."""
    first = call.question is None and not call.last_answer
    return first or call.menu or call.misses >= TWICE or call.silences >= TWICE


# ---- saying


def _times(call: Call, words: Words) -> int:
    return call.heard.get(words.identity, 0)


def _varied(call: Call, words: Words) -> Words:
    """Return the words, in the variant that was heard least."""
    if words.key not in VARIANTS:
        return words
    keys = [words.key, *(f"{words.key}_{number}" for number in range(2, VARIANTS[words.key] + 1))]
    return min((replace(words, key=key) for key in keys), key=lambda each: _times(call, each))


def _say(call: Call, words: Sequence[Words], asked: bool = False) -> tuple[Call, tuple[Words, ...]]:
    """Return what may still be said of ``words`` (nothing a third time), and the call that remembers it.

    ``asked``: the caller wants to hear it once more; then all of it is said.
    """
    said: list[Words] = []
    for each in words:
        each = _varied(call, each)
        each = replace(each, fact=each.fact or (asked and not each.pause))
        times = 0 if each.pause else _times(call, each)
        if times < TWICE or each.fact:
            said.append(each)
            if not each.pause:
                call = replace(call, heard={**call.heard, each.identity: times + 1})
    return call, tuple(said) if any(not each.pause for each in said) else ()


def _audible(call: Call, words: Sequence[Words], times: int = TWICE) -> bool:
    """Whether something of it was not heard so many times yet. Facts count too: all of them told twice is enough."""
    return any(_times(call, _varied(call, each)) < times for each in words if not each.pause)


def _texts(pieces: Sequence[str]) -> tuple[Words, ...]:
    return tuple(Words(text=line.strip()) for piece in pieces for line in piece.splitlines() if line.strip())


def _facts(pieces: Sequence[str]) -> tuple[Words, ...]:
    """Return an answer's lines: what was asked for is always said, however often it was heard."""
    return tuple(replace(line, fact=True) for line in _texts(pieces))


def _last_words(call: Call, times: int = TWICE) -> tuple[Words, ...]:
    """Return the last words, unless all of them were heard so many times."""
    return call.said if _audible(call, call.said, times) else ()


def _asking(call: Call, around: Around) -> list[Words]:
    """Return the words of the question that the state asks."""
    if call.state is State.LANGUAGE:
        return [Words("voice_choose_language"), *_options(call, around)]
    if call.state is State.RESUME:
        return [Words("voice_resume_ask")]
    if call.state is State.MORE:
        return [Words("voice_more")]
    if call.state is State.CONFIRM:
        return [Words("voice_confirm", {"words": call.unsure})]
    if call.state is State.OFFER:
        return [Words("voice_offer"), *_options(call, around)]
    if call.state is State.NOBODY:
        return _options(call, around)
    if call.state is State.MENU and call.question:
        return [*_texts((call.question.text,)), Words(pause=A_BREATH / 2), *_options(call, around)]
    if call.question and call.question.text:
        return list(_texts((call.question.text,)))
    if call.last_answer and not call.menu:
        return [Words("voice_anything_else")]
    return [Words("voice_open"), Words(pause=A_BREATH), *_options(call, around)]


def _options(call: Call, around: Around) -> list[Words]:
    options = options_of(call, around)
    details = call.question.details if call.state is State.MENU and call.question else {}
    words: list[Words] = []
    for index, option in enumerate(menus.page(options, call.page)):
        digit = str(index + 1)
        if option.id in PHRASED:
            words.append(Words(PHRASED[option.id], {"digit": digit}))
        else:
            key = "voice_option" if index else "voice_option_first"
            words.append(Words(key, {"label": option.label, "digit": digit}))
            words += _texts((details.get(option.id, ""),))
    if menus.pages(options) > 1:
        words.append(Words("voice_option_others", {"digit": menus.OTHERS}))
    return words


PHRASED = {BY_SMS: "voice_offer_sms", CALL_ME: "voice_offer_call", A_PERSON: "voice_offer_person"}
"""Options of the telephone itself, each a phrase with the key in it."""


def _offers(call: Call, around: Around) -> tuple[OpenOption, ...]:
    ids = []
    if call.textable:
        ids += [BY_SMS] if call.last_answer else []
        ids += [CALL_ME]
    if around.people and call.state is State.OFFER:
        ids.append(A_PERSON)
    return tuple(OpenOption(id_, "") for id_ in ids)


def _ask(
    call: Call, around: Around, before: Sequence[Words] = (), effects: tuple[Effect, ...] = (), anew: bool = False
) -> Move:
    """Say ``before`` and the state's question, and listen. A question heard twice already is not asked again.

    ``anew``: it is another question than the last one, so that it was not heard in vain.
    """
    asking = _asking(call, around)
    if not _audible(call, asking, OFTEN if anew else TWICE):
        if call.state in (State.OFFER, State.NOBODY):
            return _give_up(call, around, before, effects)
        if call.state is State.MORE:  # more than anybody listens to: the rest is for reading
            return _ask(_listening_for(replace(call, pieces=())), around, before, effects)
        if call.state is not State.OPEN:
            return _offer(call, around, before, effects)
    call, first = _say(call, before)
    call, asked = _say(call, asking, asked=anew)
    if not (first or asked):
        return _offer(call, around, (), effects)
    return Move(call, (*first, *asked), "listen", effects=effects)


def _offer(call: Call, around: Around, before: Sequence[Words] = (), effects: tuple[Effect, ...] = ()) -> Move:
    """Offer a message, a call back or a person."""
    call = replace(call, state=State.OFFER, page=0, pieces=())
    if call.offered or not _offers(call, around):
        return _give_up(call, around, before, effects)
    return _ask(replace(call, offered=True), around, before, effects)


def _give_up(call: Call, around: Around, before: Sequence[Words] = (), effects: tuple[Effect, ...] = ()) -> Move:
    """Nothing is left to try: a person where there is one, else a kind end."""
    if around.people:
        return _to_person(call, before, effects, "not_understood")
    return _end(call, *before, Words("voice_give_up"), effects=effects)


def _to_person(
    call: Call, before: Sequence[Words] = (), effects: tuple[Effect, ...] = (), reason: HandoffReason = "asked"
) -> Move:
    call, said = _say(replace(call, state=State.QUEUED), [*before, Words("voice_to_person")])
    return Move(call, said, "person", effects=effects, reason=reason)


def _end(call: Call, *words: Words, effects: tuple[Effect, ...] = ()) -> Move:
    call, said = _say(replace(call, state=State.ENDED), words or (Words("voice_goodbye"),))
    return Move(call, said, "hang_up", effects=effects)


def _fine(call: Call) -> Call:
    """Return the call after something went well: the ladders begin again."""
    return replace(call, misses=0, silences=0, offered=False)


# ---- one function for each thing done


def _first_question(call: Call, around: Around, before: Sequence[Words], effects: tuple[Effect, ...] = ()) -> Move:
    if around.resumable:
        return _ask(replace(call, state=State.RESUME), around, before, effects)
    return _ask(replace(call, state=State.OPEN, page=0), around, [*before], effects)


def _set_language(call: Call, heard: Heard, around: Around, _: Answer) -> Move:
    code = heard.option.id.removeprefix(LANGUAGE) if heard.option else call.language
    return _first_question(_fine(replace(call, language=code)), around, (), ("set_language",))


def _resume(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Go on where the last call ended. What it was about is named only now: the caller said that it is the same."""
    before = [Words("voice_resume_topic", {"topic": around.topic})] if around.topic else []
    found = call.earlier or Earlier()
    call = replace(
        _fine(call),
        said=found.said,
        pieces=found.pieces,
        question=found.question,
        last_answer=found.last_answer,
        earlier=None,
    )
    if call.pieces:
        return _next_piece(replace(call, state=State.MORE), Heard(Event.YES), around, Answer(), before, ("resume",))
    state = State.MENU if call.question and call.question.options else State.OPEN
    said = [] if call.question else list(call.said)
    return _ask(replace(call, state=state, page=0), around, [*before, *said], ("resume",))


def _start_fresh(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    fresh = Call(language=call.language, rate=call.rate, textable=call.textable, steps=call.steps, heard=call.heard)
    return _ask(fresh, around, (), ("start_fresh",))


def _think(call: Call, content: Text | Choice) -> Move:
    call = replace(_fine(call), state=State.THINKING, waits=0, unsure="", earlier=None, menu=False)
    return Move(call, (), "think", content)


def _ask_engine(call: Call, heard: Heard, _: Around, __: Answer) -> Move:
    return _think(call, Text(heard.text))


def _ask_unsure(call: Call, _: Heard, __: Around, ___: Answer) -> Move:
    return _think(call, Text(call.unsure))


def _pick(call: Call, heard: Heard, around: Around, _: Answer) -> Move:
    if heard.option is None:
        return _repair(call, heard, around, Answer())
    return _think(call, Choice(heard.option.id, heard.text))


def _next_page(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    return _to_page(call, (call.page + 1) % menus.pages(options_of(call, around)), around)


def _to_page(call: Call, number: int, around: Around) -> Move:
    """Say the options of another page, which was asked for."""
    call = replace(_fine(call), page=number)
    options = _options(call, around)
    if not _audible(call, options, OFTEN):
        return _offer(call, around)
    call, said = _say(call, options, asked=True)
    return Move(call, said)


def _next_piece(
    call: Call,
    _: Heard,
    around: Around,
    __: Answer,
    before: Sequence[Words] = (),
    effects: tuple[Effect, ...] = (),
) -> Move:
    said = _facts(call.pieces[:1])
    call = replace(_fine(call), pieces=call.pieces[1:], said=said, urgent=False)
    return _ask(_listening_for(call), around, [*before, *said], effects)


def _listening_for(call: Call) -> Call:
    """Return the call in the state that listens for what comes next: more pieces, the answer's options, anything."""
    if call.pieces:
        return replace(call, state=State.MORE)
    return replace(call, state=State.MENU if call.question and call.question.options else State.OPEN, page=0)


def _stop_reading(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    return _ask(_listening_for(_fine(replace(call, pieces=()))), around)


def _confirm(call: Call, heard: Heard, around: Around, _: Answer) -> Move:
    if call.misses >= TWICE:
        return _repair(call, heard, around, Answer())
    call = replace(call, state=State.CONFIRM, unsure=heard.text, misses=call.misses + 1)
    return _ask(call, around)


def _repair(call: Call, heard: Heard, around: Around, _: Answer) -> Move:
    """Climb the repair ladder: other words, then the keypad, then a message, a call back or a person."""
    call = replace(call, misses=call.misses + 1, unsure="")
    if call.state is State.CONFIRM:
        call = _listening_for(call)
    if call.misses == 1 and heard.event is Event.WRONG_KEY and call.state in (State.OPEN, State.MENU):
        return _wrong_key(call, around)
    if call.misses == 1:
        if call.state in (State.RESUME, State.MORE):
            return _heard_or_offer(call, around, [Words("voice_use_keys_yes_no")])
        if call.state is State.MENU:
            return _heard_or_offer(call, around, [Words("voice_rephrase_menu")])
        return _heard_or_offer(call, around, [Words("voice_rephrase")])
    if call.misses == 2:
        return _keypad(call, around)
    return _offer(call, around)


def _wrong_key(call: Call, around: Around) -> Move:
    """Say what the keys mean here. Who presses keys after an answer is given those of what is asked most."""
    if options_of(call, around):
        return _heard_or_offer(call, around, [Words("voice_wrong_key"), *_options(call, around)])
    if call.question and call.question.text:
        return _heard_or_offer(call, around, [Words("voice_no_key"), *_texts((call.question.text,))])
    call = replace(call, menu=True, page=0)
    return _heard_or_offer(call, around, [Words("voice_keys"), *_options(call, around)])


def _keypad(call: Call, around: Around) -> Move:
    if call.state in (State.MORE, State.RESUME):
        return _heard_or_offer(call, around, [Words("voice_use_keys_yes_no")])
    words = [Words("voice_use_keys"), *_options(call, around)]
    return _heard_or_offer(call, around, words)


def _heard_or_offer(call: Call, around: Around, words: Sequence[Words]) -> Move:
    """Say these words in place of the state's question; when all were heard twice, offer another way."""
    if not _audible(call, words):
        return _offer(call, around)
    call, said = _say(call, words)
    return Move(call, said)


def _silent(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Climb the silence ladder: are you there, the keypad, the offer, a kind end."""
    call = replace(call, silences=call.silences + 1)
    if call.silences <= 1:
        return _heard_or_offer(call, around, [Words("voice_still_there")])
    if call.silences == 2:
        return _keypad(call, around)
    if call.silences == 3 and call.state not in (State.OFFER, State.NOBODY):
        return _offer(call, around) if call.textable else _end(call, Words("voice_end_silent"))
    return _end(call, Words("voice_end_silent"))


def _hold(call: Call, heard: Heard, around: Around, answer: Answer) -> Move:
    """Wait for who asks for a moment: one more silence is forgiven. Somebody who never comes back is silent."""
    if not _audible(call, [Words("voice_hold")]):
        return _silent(call, heard, around, answer)
    call, said = _say(replace(call, silences=-1), [Words("voice_hold")])
    return Move(call, said)


def _say_again(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Say the last words again to who asks for them; told OFTEN times, another way is offered."""
    told = call.said if call.urgent or call.state in (State.MENU, State.OPEN, State.MORE) else ()
    words = [*told, *_asking(call, around)]
    if not _audible(call, told or words, OFTEN):
        return _offer(call, around, [Words("voice_told_often")])
    again = [] if _audible(call, told or words) else [Words("voice_again")]
    call, before = _say(replace(call, silences=0), again)
    call, said = _say(call, words, asked=True)
    return Move(call, (*before, *said))


def _slow_down(call: Call, heard: Heard, around: Around, answer: Answer) -> Move:
    return _at_rate(call, max(SLOWEST, call.rate - 1), "voice_slower", around)


def _speed_up(call: Call, heard: Heard, around: Around, answer: Answer) -> Move:
    return _at_rate(call, min(FASTEST, call.rate + 1), "voice_faster", around)


def _at_rate(call: Call, rate: int, key: str, around: Around) -> Move:
    """Say the last words again at another rate: who asks for it wants to hear them so."""
    if rate == call.rate:
        key = "voice_rate_limit"
    call, before = _say(replace(call, rate=rate, silences=0), [Words(key)])
    again = [*_last_words(call, OFTEN), *_asking(call, around)]
    if not _audible(call, again, OFTEN):
        return _offer(call, around, before)
    call, said = _say(call, again, asked=True)
    return Move(call, (*before, *said))


def _text_it(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Send the last answer as SMS, when there is an answer and a number that can get it."""
    if call.state in (State.QUEUED, State.TALKING):
        return _end(call, Words("voice_sms_sent"), effects=("send_sms",))
    if not call.textable:
        return _heard_or_offer(call, around, [Words("voice_no_number")])
    if not call.last_answer:
        return _heard_or_offer(call, around, [Words("voice_no_sms")])
    call = replace(call, silences=0, misses=0)
    if call.state in (State.OFFER, State.NOBODY):
        call = _listening_for(replace(call, pieces=()))
    call, said = _say(call, [Words("voice_sms_sent"), *_next_question(call, around)])
    return Move(call, said, effects=("send_sms",))


def _next_question(call: Call, around: Around) -> list[Words]:
    return _asking(call, around) if call.state in (State.MENU, State.MORE, State.OPEN) else []


def _go_back(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Return to the question before; at the beginning, to the first one."""
    if call.state in (State.MENU, State.OPEN) and call.page and options_of(call, around):
        return _to_page(call, call.page - 1, around)
    call = replace(call, silences=0, misses=0, pieces=(), unsure="")
    if not call.before:
        call = replace(call, state=State.OPEN, question=None, said=(), page=0, urgent=False, menu=True)
        return _heard_or_offer(call, around, [Words("voice_back"), *_asking(call, around)])
    scene = call.before[-1]
    call = replace(call, before=call.before[:-1], said=scene.said, question=scene.question, page=scene.page)
    call = replace(call, state=State.MENU if scene.question and scene.question.options else State.OPEN)
    again = [*(() if scene.question else _last_words(call, OFTEN)), *_asking(call, around)]
    if not _audible(call, again, OFTEN):
        return _offer(call, around)
    call, before = _say(call, [Words("voice_back")])
    call, said = _say(call, again, asked=True)
    return Move(call, (*before, *said))


def _connect(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    if around.people:
        return _to_person(call)
    return _nobody(call, around)


def _nobody(call: Call, around: Around, before: Sequence[Words] = ()) -> Move:
    """Say when people answer, and what can be done until then."""
    told = Words("voice_nobody_now", {"hours": around.hours}) if around.hours else Words("voice_nobody")
    call = replace(call, state=State.NOBODY, page=0, pieces=(), offered=True)
    if not _offers(call, around):
        call = replace(call, state=State.OPEN, question=None)
        if not _audible(call, [told]):
            return _end(call, Words("voice_give_up"))
        return _ask(call, around, [*before, told])
    if not _audible(call, [told]):
        return _end(call, Words("voice_give_up"))
    return _ask(call, around, [*before, told], anew=True)


def _take_offer(call: Call, heard: Heard, around: Around, answer: Answer) -> Move:
    id_ = heard.option.id if heard.option else ""
    if id_ == BY_SMS:
        return _end(call, Words("voice_sms_sent"), Words("voice_goodbye"), effects=("send_sms",))
    if id_ == CALL_ME:
        return _promise_call(call, heard, around, answer)
    return _connect(call, heard, around, answer)


def _promise_call(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    if not call.textable:
        return _heard_or_offer(replace(call, state=State.OPEN, question=None), around, [Words("voice_no_number")])
    return _end(call, Words("voice_will_call"), effects=("call_back",))


def _last_resort(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    call = replace(call, misses=call.misses + 1)
    if call.misses <= TWICE and _audible(call, _options(call, around)):
        return _heard_or_offer(call, around, [Words("voice_rephrase_menu"), *_options(call, around)])
    return _give_up(call, around)


def _speak(call: Call, _: Heard, around: Around, answer: Answer) -> Move:
    """Say an answer: its first piece, then "go on?", its question, or what else."""
    if answer.goodbye and call.last_answer:  # at the beginning of a call nobody takes leave
        return _end(call)
    before = call.before
    if call.said or call.question:
        before = (*before, Scene(call.said, call.question))[-KEPT_SCENES:]
    said = _facts(answer.pieces[:1])
    anew = answer.question is not None and (call.question is None or call.question.text != answer.question.text)
    call = replace(
        call,
        before=before,
        urgent=answer.urgent,
        said=said,
        pieces=answer.pieces[1:],
        question=answer.question,
        page=0,
        waits=0,
        last_answer=answer.pieces or call.last_answer,
    )
    if answer.person:
        words = _facts(answer.pieces)
        if (answer.urgent or answer.by_rule) and not around.people:
            return _ask(_listening_for(replace(call, pieces=(), said=words)), around, words)
        call, told = _say(replace(call, pieces=(), said=words), words)
        reason: HandoffReason = "emergency" if answer.urgent else "rule" if answer.by_rule else "asked"
        move = _to_person(call, reason=reason) if around.people else _nobody(call, around)
        return replace(move, say=(*told, *move.say))
    if said and not _audible(call, said, OFTEN):
        return _offer(call, around, [Words("voice_told_often")])
    call = _listening_for(call)
    if not said and not answer.question:
        return _repair(replace(call, state=State.OPEN), Heard(Event.NOISE), around, answer)
    again = [Words("voice_again")] if said and not _audible(call, said) else []
    return _ask(call, around, [*again, *said], anew=anew)


def _wait(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    if call.waits >= MOST_WAITS:
        return _apologise(call, Heard(Event.NO_ANSWER), around, Answer())
    call = replace(call, waits=call.waits + 1)
    call, said = _say(call, [Words("voice_wait")])
    return Move(call, said, "wait")


def _apologise(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """No answer came: say so, and bring a person or offer another way."""
    sorry = [Words("voice_sorry_engine")]
    call = replace(call, waits=0, state=State.OPEN)
    if around.people:
        return _to_person(call, sorry, reason="not_understood")
    return _offer(call, around, sorry)


def _sorry_nobody(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Nobody took the call in time. In danger, the line to call is said again."""
    return _nobody(call, replace(around, people=False, hours=""), call.said if call.urgent else ())


def _after_person(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Go on after a talk: anything else? A call that has lasted long enough, or comes back for ever, ends kindly."""
    call = replace(_fine(call), state=State.OPEN, said=(), pieces=(), question=None, page=0, unsure="", urgent=False)
    done = Words("voice_person_left")
    if around.seconds > around.max_seconds or not _audible(call, [done]):
        return _end(call)
    call, said = _say(call, [done])
    return Move(call, said)


def _next_person(call: Call, _: Heard, around: Around, __: Answer) -> Move:
    """Wait for another agent. The hours may have ended meanwhile: an agent said that somebody will come."""
    call, said = _say(replace(call, state=State.QUEUED), [Words("voice_next_person")])
    return Move(call, said, "person")


def _promise_message(call: Call, _: Heard, __: Around, ___: Answer) -> Move:
    return _end(call, Words("voice_will_write"))


def _say_goodbye(call: Call, _: Heard, __: Around, ___: Answer) -> Move:
    return _end(call)


def _note_end(call: Call, _: Heard, __: Around, ___: Answer) -> Move:
    return Move(call, (), "hang_up")


_HOW: dict[Do, Callable[[Call, Heard, Around, Answer], Move]] = {
    Do.SET_LANGUAGE: _set_language,
    Do.RESUME: _resume,
    Do.START_FRESH: _start_fresh,
    Do.ASK: _ask_engine,
    Do.ASK_UNSURE: _ask_unsure,
    Do.PICK: _pick,
    Do.NEXT_PAGE: _next_page,
    Do.NEXT_PIECE: _next_piece,
    Do.STOP_READING: _stop_reading,
    Do.CONFIRM: _confirm,
    Do.REPAIR: _repair,
    Do.SILENT: _silent,
    Do.SAY_AGAIN: _say_again,
    Do.HOLD: _hold,
    Do.SLOW_DOWN: _slow_down,
    Do.SPEED_UP: _speed_up,
    Do.TEXT_IT: _text_it,
    Do.GO_BACK: _go_back,
    Do.CONNECT: _connect,
    Do.TAKE_OFFER: _take_offer,
    Do.PROMISE_CALL: _promise_call,
    Do.LAST_RESORT: _last_resort,
    Do.SPEAK: _speak,
    Do.WAIT: _wait,
    Do.APOLOGISE: _apologise,
    Do.SORRY_NOBODY: _sorry_nobody,
    Do.AFTER_PERSON: _after_person,
    Do.NEXT_PERSON: _next_person,
    Do.PROMISE_MESSAGE: _promise_message,
    Do.END: _say_goodbye,
    Do.NOTE_END: _note_end,
}
