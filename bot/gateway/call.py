"""A call's requests, one by one: what the flow decides, what the dialogue answers, and the TwiML that says it.

A request is answered once: its answer is stored with the step, and the same request again gets the same answer. What
needs the dialogue goes the road of every message (stored, leased by a worker, answered by the engine); this side waits
for the turn, and says "a moment, please" when it takes long.
"""

from __future__ import annotations

import csv
import json
import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from bot.catalogue.reader import Catalogue, CatalogueError
from bot.core.calls import Sign
from bot.core.choices import OpenOption
from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.effects import BringPerson
from bot.core.handoff import HandoffEvent, HandoffState
from bot.core.ids import BadNumber, canonical_number, parse_address
from bot.core.messages import InboundMessage
from bot.core.phrases import Phrases
from bot.core.redact import redact
from bot.core.turns import TurnContext, Understood
from bot.gateway.recorder import Recorder
from bot.gateway.redaction import redacted
from bot.handoff.calendar import hours_of
from bot.handoff.desk import Desk, expected_wait
from bot.handoff.matter import sensitive_card, sensitive_talk
from bot.languages import languages
from bot.settings import ROOT, Settings
from bot.store.calls import (
    AskCallBack,
    AskPerson,
    CallRecord,
    Calls,
    LeaveLine,
    SendPages,
    TalkOver,
    TurnWords,
    Write,
)
from bot.store.clock import utc_now
from bot.store.handoffs import HandoffRecord, Handoffs
from bot.store.rings import Rings
from bot.wake import ANSWERED, Told, Wake
from channels.voice import twiml
from channels.voice.copy import as_sms
from channels.voice.parse import ENDED, CallEvent, TurnInput, answered_by_machine, call_sid, parse_inbound, parse_turn
from channels.voice.speaking import Recordings, lines
from ivr import flow, listening
from ivr.heard import Heard, Input
from ivr.model import Answer, Around, Call, Event, Move, Question, State, Words

log = logging.getLogger(__name__)

Form = Mapping[str, str]
_MENU = 10
_CACHED_SECONDS = 600.0
# Asked most by people of any state, while nobody has asked yet.
_FIRST_MENU = (
    "acta-nacimiento-copia",
    "curp-consulta",
    "ine-reposicion",
    "pasaporte-adulto",
    "pension-bienestar-adultos-mayores",
    "inapam-credencial",
    "rfc-inscripcion",
    "ine-cambio-domicilio",
    "pasaporte-renovacion",
    "beca-rita-cetina",
)
_TALKED = frozenset({"completed", "answered"})
_BRIDGED = frozenset({"bridged", "bridging-in-process", "redirected-from-bridged"})
"""What Twilio says of a caller whom somebody took out of the queue: https://www.twilio.com/docs/voice/twiml/enqueue."""
_CHOSE_CALL, _CHOSE_SMS = "1", "2"
_LEAVING = {"call_me": Event.CALL_ME, "by_sms": Event.BY_SMS, "in_writing": Event.IN_WRITING}
"""Why the queue is left, as the call's row says it, and what that is to the flow. Anything else: nobody came."""
_REASONS = {Event.CALL_ME: "call_me", Event.BY_SMS: "by_sms"}
_LONGEST_SID = 40
_LONGEST_DETAIL = 90
_UNFINISHED = {"voice_too_long": "too_long", "voice_end_silent": "silent"}
_MISSED_AFTER = timedelta(seconds=20)
"""So that who was cut off can call again, which is cheaper for us and quicker for her."""
_CALL_BACK_AFTER = timedelta(seconds=30)
"""So that who asked for a call has put the phone down. While she is in a call she is not called."""


class Switchboard:
    """Answers the requests of all calls. Threads share one; nothing of a call is kept in it."""

    def __init__(
        self, config: Settings, calls: Calls, handoffs: Handoffs, rings: Rings, recorder: Recorder, wake: Wake
    ) -> None:
        """Open what calls need. A catalogue that is not there costs hints and menus, never a call."""
        self._config = config
        self._calls = calls
        self._handoffs = handoffs
        self._rings = rings
        self._recorder = recorder
        self._wake = wake
        self._told = Told(config.redis, ANSWERED)
        self._zone = ZoneInfo(config.time_zone)
        self._desk = Desk(handoffs, hours_of(config.human_hours, config.human_closed_days))
        self._languages = tuple((code, each["name"]) for code, each in languages(ROOT / "locale").items())
        self._knowledge = Knowledge(config.catalogue, calls)
        self.recordings = Recordings(ROOT / "locale", f"{config.webhook_url}/channels/voice/audio")

    # ---- the requests ----------------------------------------------------------------------------------------

    def begin(self, form: Form, callback: int | None = None) -> str:
        """Answer a call that comes in, or one of ours that somebody (or a machine) took."""
        message = parse_inbound(form, utc_now())
        sid = message.provider_id
        if callback is not None and answered_by_machine(form):
            self._calls.callback_over(callback, "done")
            return twiml.hang_up(self.prompt((Words("voice_voicemail"),), Call()))
        _, answer = self._calls.load(sid, 0)
        if answer is not None:
            return answer
        conversation = self._tell(message, f"{sid}:0", Sign("began"))
        if callback is None:
            self._calls.cancel_callback(conversation)
        context = self._calls.context(conversation)
        now = utc_now()
        before = self._before(conversation, sid, now)
        topic, private = self._knowledge.topic(context)
        fresh_enough = _recent(context, now, self._config.voice_resume_minutes)
        resumable = not private and fresh_enough and (bool(topic) or before is not None)
        around = replace(self._around(0.0), resumable=resumable, topic=topic if resumable else "")
        move = flow.begin(
            around, textable=_textable(message), before=before if resumable else None,
            called_by_us=callback is not None,
        )  # fmt: skip
        move = replace(move, call=replace(move.call, language=context.language, topic=around.topic))
        said = self._twiml(sid, 0, move)
        if private and fresh_enough:
            self._tell(message, f"{sid}:0:fresh", Sign("fresh"))
        direction: Literal["in", "out"] = "in" if callback is None else "out"
        return self._calls.begin(sid, conversation, direction, _dump(move.call), said)

    def _tell(self, message: InboundMessage, provider_id: str, sign: Sign) -> str:
        """Tell the dialogue something of the telephone's own; return the conversation."""
        content = sign.content()
        recorded = self._recorder.record(replace(message, provider_id=provider_id, content=content), content)
        if recorded.new:
            self._wake.send()
        return recorded.conversation_id

    def turn(self, form: Form, step: int) -> str:
        """Answer a step of a call: what was heard, or the answer that was waited for."""
        sid = call_sid(form)
        record, answer = self._calls.load(sid, step)
        if answer is not None:
            return answer
        if record is None or record.step >= step:
            # Not a call of ours, or a step that cannot be: begun anew it is at least a call.
            return self.begin(form) if record is None else self._said_before(record)
        call, around = _read(record.state), self._around_of(record)
        if call.state is State.THINKING:
            return self._wait_on(record, step, call, around)
        given = parse_turn(form)
        did = _did(given)
        move = flow.hear(call, Input(given.digits, _redacted(given), given.confidence), around)
        for sign in _signs(move):
            self._tell(parse_inbound(form, utc_now()), f"{sid}:{step}:{sign.kind}", sign)
        if move.act != "think" or move.content is None:
            return self._finish(record, step, move, around, heard=did)
        message = replace(parse_inbound(form, utc_now()), provider_id=f"{sid}:{step}", content=move.content)
        if self._recorder.record(message, redacted(move.content)).new:
            self._wake.send()
        return self._wait_on(record, step, move.call, around, did)

    def connected(self, form: Form, step: int) -> str:
        """Go on after a person was called, or the queue was left."""
        sid = call_sid(form)
        record, answer = self._calls.load(sid, step)
        if answer is not None:
            return answer
        if record is None:
            return self.begin(form)
        event = _left_by(form, record)
        if event is Event.HANDED_BACK and self._rings.transferred(sid):
            event = Event.TRANSFERRED
        if event is Event.HANG_UP:
            self._calls.end(sid, "completed")
            self._wake.send()
        call = _read(record.state)
        if call.state not in (State.QUEUED, State.TALKING):
            call = replace(call, state=State.QUEUED)
        around = self._around_of(record)
        move = flow.handle(call, Heard(event), around)
        talked = event in (Event.TALKED, Event.HANDED_BACK, Event.TRANSFERRED)
        said = self._finish(
            record, step, move, around, queue="talked" if talked else "left", more=_after_queue(event, record)
        )
        self._wake.send()
        return said

    def queue(self, form: Form, first: bool) -> str:
        """Say to who waits for a person where she stands, and take the keys that end the waiting."""
        sid = call_sid(form)
        record, _ = self._calls.load(sid, 0)
        call = _read(record.state) if record is not None else Call()
        if record is not None and record.queue in _LEAVING:
            return twiml.leave_queue()
        pressed = form.get("Digits", "").strip()[:1]
        if record is not None and pressed in (_CHOSE_CALL, _CHOSE_SMS):
            self._calls.note_queue(sid, "call_me" if pressed == _CHOSE_CALL else "by_sms")
            return twiml.leave_queue()
        # Twilio tells the time with its own request for the waiting sound, and promises it for no other.
        since = record.queued_at if record is not None else None
        waited = _number(form.get("QueueTime"), round((utc_now() - since).total_seconds()) if since else 0)
        ringing = record is not None and any(
            each.ring is not None for each in self._rings.live(record.conversation_id) if each.caller_sid == sid
        )
        # Who is about to be connected is not sent away.
        if waited > self._config.voice_queue_minutes * 60 and not ringing:
            self._calls.note_queue(sid, "too_long")
            return twiml.leave_queue()
        place: tuple[Words, ...] = ()
        if record is not None:
            self._calls.still_waits(sid, _queue_sid(form))
            handoff = self._handoffs.open_of(record.conversation_id)
            if handoff is None:
                return twiml.leave_queue()  # an agent closed it
            place = self._place(handoff) if handoff.state is HandoffState.WAITING else ()
        words = self._waiting_words(place, call, first, ringing)
        again = self.url("queue", again=1)
        return twiml.waiting(self.prompt(words, call), again, again)

    def whisper(self, sid: str) -> str:
        """Say to who answers HUMAN_NUMBER, before being connected: whose number, what about, what was tried."""
        record, _ = self._calls.load(sid, 0)
        if record is not None:
            self._calls.note_queue(sid, "talking")
        return twiml.say(self.prompt(self.whispered(sid), Call()))

    def whispered(self, sid: str) -> tuple[Words, ...]:
        """Return what is whispered of a call to who is to take it."""
        record, _ = self._calls.load(sid, 0)
        if record is None:
            return (Words("voice_whisper_hidden"),)
        call = _read(record.state)
        ending = self._calls.ending(record.conversation_id)
        words = [Words("voice_whisper", {"ending": ending}) if ending else Words("voice_whisper_hidden")]
        topic, _ = self._knowledge.topic(self._calls.context(record.conversation_id))
        if topic:
            words.append(Words("voice_whisper_topic", {"topic": topic}))
        tried = Words("voice_whisper_tried", {"steps": str(record.step)})
        words.append(tried if call.last_answer else Words("voice_whisper_new"))
        return tuple(words)

    def status(self, event: CallEvent, callback: int | None, ended: bool, answered: bool) -> None:
        """Note what the carrier says of a call: its end, and what follows from one that was missed."""
        if not ended:
            return
        record = self._calls.end(event.call_sid, event.status)
        if record is not None and record.queue is not None:
            self._wake.send()  # an agent's phone may still ring for her
        if callback is not None:
            self._calls.callback_over(callback, "done" if answered else event.status)
            return
        if record is not None and self._config.voice_missed == "call" and self._missed(record, event):
            self._calls.ask_callback(record.conversation_id, "missed", utc_now() + _MISSED_AFTER)

    def _missed(self, record: CallRecord, event: CallEvent) -> bool:
        """Say whether somebody let it ring and hung up, to be called back; a hidden number cannot be."""
        nothing_done = record.direction == "in" and record.step == 0
        return nothing_done and event.seconds < self._config.voice_missed_seconds and _read(record.state).textable

    def fallback(self) -> str:
        """Return what is said when all else is down."""
        return fallback(self._config)

    # ---- waiting for a turn ----------------------------------------------------------------------------------

    def _wait_on(self, record: CallRecord, step: int, call: Call, around: Around, did: str = "") -> str:
        """Wait for the turn of a step's words; past the budget say so and ask to be asked again."""
        provider_id = f"{record.call_sid}:{step}"
        look = partial(self._calls.words, provider_id)
        words = self._told.wait(provider_id, look, self._config.voice_wait_seconds)
        if words is None:
            move = flow.handle(call, Heard(Event.STILL_THINKING), around)
            if move.act != "wait":
                return self._finish(record, step, move, around, heard=did)
            self._calls.think(record.call_sid, step, _dump(move.call))
            return self._twiml(record.call_sid, step, move)
        answer = _answer(words)
        if answer.pieces == (self._phrases(call.language, "voice")("goodbye"),):
            answer = replace(answer, goodbye=True)
        if not (answer.pieces or answer.question or answer.person):
            return self._finish(record, step, flow.handle(call, Heard(Event.NO_ANSWER), around), around, heard=did)
        move = flow.handle(call, Heard(Event.ANSWER), around, answer)
        return self._finish(record, step, move, around, spoken=provider_id, heard=did)

    def _finish(
        self,
        record: CallRecord,
        step: int,
        move: Move,
        around: Around,
        spoken: str | None = None,
        queue: str | None = None,
        heard: str = "",
        more: tuple[Write, ...] = (),
    ) -> str:
        line = self._line_to_ring() if move.act == "person" else ""
        said = self._twiml(record.call_sid, step, move, line)
        writes = [*more, *self._writes(record, move, around)]
        if move.act == "person":
            queue = "ringing" if line else "waiting"
            writes += [] if line else [AskPerson(self._person(record.conversation_id, move))]
        answer = self._calls.finish_step(
            record.call_sid,
            step,
            _dump(move.call),
            said,
            queue=queue,
            end_reason=_end_reason(move),
            spoken=spoken,
            heard=heard,
            writes=writes,
        )
        if queue == "waiting":
            self._wake.send()  # a phone may be rung at once
        return answer

    def _person(self, conversation: str, move: Move) -> BringPerson:
        """Return what the queue of people is told of a call: why, what about, and whether not everybody may see it."""
        told = self._desk.handoffs.understood(conversation)
        topic, sensitive = self._knowledge.matter(self._calls.context(conversation), told)
        return BringPerson(move.reason, "voice", topic, sensitive or move.reason == "emergency")

    def _said_before(self, record: CallRecord) -> str:
        """Return the last answer again, for a step that was answered by now or that never was."""
        _, answer = self._calls.load(record.call_sid, record.step)
        return answer or self.fallback()

    def _writes(self, record: CallRecord, move: Move, around: Around) -> tuple[Write, ...]:
        found: list[Write] = []
        for effect in move.effects:
            if effect == "send_sms" and move.call.textable:
                pages = as_sms(move.call.last_answer, self._phrases(move.call.language, "sms"))
                found += [SendPages(pages[0], pages[1:])] if pages else []
            elif effect == "call_back":
                found.append(AskCallBack("queue" if record.queue else "asked", utc_now() + _CALL_BACK_AFTER))
        return tuple(found)

    # ---- what the flow must know -----------------------------------------------------------------------------

    def _around_of(self, record: CallRecord) -> Around:
        call = _read(record.state)
        around = self._around((utc_now() - record.started_at).total_seconds())
        return replace(around, resumable=call.state is State.RESUME, topic=call.topic)

    def _around(self, seconds: float) -> Around:
        local = utc_now().astimezone(self._zone)
        people, hours = self._people(local)
        return Around(
            seconds=seconds,
            people=people,
            hours=hours,
            languages=self._languages,
            menu=self._knowledge.menu(),
            recorded=self._config.voice_recorded,
            max_seconds=self._config.voice_max_minutes * 60,
        )

    def _people(self, local: datetime) -> tuple[bool, str]:
        """Say whether a person can be reached by phone now, and from when in words."""
        desk = self._desk.status(local)
        if desk.kind == "nobody" and not self._human_line():
            return False, ""
        if desk.kind == "open" or (self._human_line() and self._desk.hours.is_open(local)):
            return True, ""
        openings = [desk.opens, self._desk.hours.next_opening(local) if self._human_line() else None]
        opens = min((each for each in openings if each is not None), default=None)
        return False, format_datetime(opens, "EEEE d 'de' MMMM, H:mm", locale="es_MX") if opens else ""

    def _line_to_ring(self) -> str:
        """Return the number to put a call through to; "" where callers wait for the console's agents.

        Agents with a phone who are here come first, then HUMAN_NUMBER, then the queue for whoever comes.
        """
        line = self._human_line()
        return "" if line and self._rings.staffed(utc_now()) else line

    def _human_line(self) -> str:
        """Return HUMAN_NUMBER as a number that can be dialled; "" when it is words."""
        try:
            return canonical_number(self._config.human_number)
        except BadNumber:
            return ""

    def _before(self, conversation: str, sid: str, now: datetime) -> Call | None:
        since = now - timedelta(minutes=self._config.voice_resume_minutes)
        record = self._calls.before(conversation, sid, since)
        if record is None or record.end_reason == State.ENDED.value:
            return None
        call = _read(record.state)
        return call if call.last_answer or call.question else None

    def _place(self, handoff: HandoffRecord) -> tuple[Words, ...]:
        """Return a place in the queue of everybody who waits for a person, and the wait, in words."""
        place = self._handoffs.place(handoff, utc_now())
        words = []
        if place.position > 2:
            words.append(Words("voice_queue_place", {"number": str(place.position - 1)}))
        else:
            words.append(Words("voice_queue_one_before" if place.position == 2 else "voice_queue_first"))
        minutes = expected_wait(place)
        if minutes is not None:
            soon = Words("voice_queue_soon")
            words.append(Words("voice_queue_minutes", {"minutes": str(minutes)}) if minutes > 1 else soon)
        return tuple(words)

    @staticmethod
    def _waiting_words(place: tuple[Words, ...], call: Call, first: bool, ringing: bool) -> tuple[Words, ...]:
        words = [Words("voice_queue_ringing")] if ringing else list(place)
        if not first:
            words.append(Words("voice_queue_still"))
        if call.textable:
            words.append(Words("voice_queue_choices"))
        return tuple(words)

    # ---- saying it -------------------------------------------------------------------------------------------

    def _twiml(self, sid: str, step: int, move: Move, line: str = "") -> str:
        prompt = self.prompt(move.say, move.call)
        if move.act == "hang_up":
            return twiml.hang_up(prompt)
        if move.act == "wait":
            return twiml.go_on(prompt, self.url("turn", step=step), pause=0)
        if move.act == "person":
            action = self.url("connected", step=step + 1)
            if line:
                whisper = self.url("whisper", call=sid)
                caller, ring = self._config.voice_from, self._config.voice_ring_seconds
                return twiml.dial(prompt, line, action=action, whisper=whisper, caller_id=caller, seconds=ring)
            return twiml.enqueue(prompt, self.queue_of(sid), action=action, wait=self.url("queue"))
        window = listening.window(move.call)
        options = flow.options_of(move.call, self._around(0.0))
        hints = listening.hints(move.call, options, self._knowledge.states(), self._knowledge.names())
        action = self.url("turn", step=step + 1)
        return twiml.listen(prompt, twiml.Listening(action, window.timeout, window.longest, hints))

    def queue_of(self, sid: str) -> str:
        """Return the carrier's queue of a caller: one each, so that whoever dials it gets nobody else."""
        return f"{self._config.voice_queue}-{sid}"

    def prompt(self, said: tuple[Words, ...], call: Call) -> twiml.Prompt:
        """Return words as a prompt, in a call's language and pace."""
        phrases = self._phrases(call.language, "voice")
        spoken = lines(said, call.language, phrases, self.recordings)
        return twiml.Prompt(tuple(spoken), self._config.voice_name, call.rate)

    def _phrases(self, language: str, channel: str) -> Phrases:
        return _open_phrases(self._config.locale_folder, language, channel)

    def url(self, name: str, **query: object) -> str:
        """Return an address of this line."""
        address = f"{self._config.webhook_url}/channels/voice/{name}"
        return f"{address}?{urlencode(query)}" if query else address


class Knowledge:
    """What calls take from the cards: names to listen for, and what is asked most. Read again every ten minutes."""

    def __init__(self, path: Path, calls: Calls) -> None:
        """``path``: the built catalogue, which may not be there yet."""
        self._path = path
        self._calls = calls
        self._until = 0.0
        self._catalogue: Catalogue | None = None
        self._menu: tuple[OpenOption, ...] = ()
        self._names: tuple[str, ...] = ()

    def menu(self) -> tuple[OpenOption, ...]:
        """Return what is asked most, first."""
        self._refresh()
        return self._menu

    def names(self) -> tuple[str, ...]:
        """Return the names of procedures and life events, what is asked most first."""
        self._refresh()
        return self._names

    @staticmethod
    def states() -> tuple[str, ...]:
        """Return the states by their names."""
        return _states()

    def topic(self, context: TurnContext) -> tuple[str, bool]:
        """Return the name of what was talked about ("": nothing), and whether it is never named unasked."""
        self._refresh()
        if context.topic is None or self._catalogue is None:
            return "", False
        memory = context.topic.memory
        card = self._catalogue.procedures.get(str(memory.get("last_procedure") or ""))
        event = self._catalogue.life_events.get(str(memory.get("last_life_event") or ""))
        name = card.short if card else event.short if event else ""
        return name, any(each.sensitive != "none" for each in (card, event) if each is not None)

    def matter(self, context: TurnContext, told: Iterable[Understood]) -> tuple[str | None, bool]:
        """Return what was talked about as a handoff's topic, and whether only some agents may see it.

        ``told``: how the messages of the conversation were understood.
        """
        self._refresh()
        memory = context.topic.memory if context.topic else {}
        procedure, event = (str(memory.get(name) or "") for name in ("last_procedure", "last_life_event"))
        catalogue = self._catalogue
        cards = (catalogue.procedures, catalogue.life_events) if catalogue else ({}, {})
        sensitive = sensitive_card(procedure, event, *cards) or sensitive_talk(told, *cards)
        if procedure:
            return f"procedure:{procedure}", sensitive
        return (f"life_event:{event}" if event else None), sensitive

    def _refresh(self) -> None:
        if time.monotonic() < self._until:
            return
        self._until = time.monotonic() + _CACHED_SECONDS
        try:
            catalogue = Catalogue(self._path)
        except CatalogueError as error:
            log.warning("calls without a catalogue: %s", error)
            return
        asked = self._calls.most_asked(_MENU)
        ids = [id_ for id_ in dict.fromkeys((*asked, *_FIRST_MENU)) if id_ in catalogue.procedures][:_MENU]
        self._menu = tuple(OpenOption(f"procedure:{id_}", catalogue.procedures[id_].short) for id_ in ids)
        events = [event.short for event in catalogue.life_events.values()]
        families = [family.short for family in catalogue.families.values()]
        procedures = [card.short for card in catalogue.procedures.values()]
        self._names = tuple(dict.fromkeys((*(o.label for o in self._menu), *families, *events, *procedures)))
        self._catalogue = catalogue


def fallback(config: Settings) -> str:
    """Return TwiML that needs nothing of ours: an apology, and the line where people answer."""
    phrases = _open_phrases(config.locale_folder, "es_MX", "voice")
    words = [Words("voice_fallback")]
    if config.human_number:
        words.append(Words("voice_fallback_line", {"line": config.human_number}))
    return twiml.hang_up(twiml.Prompt(tuple(lines(words, "es_MX", phrases)), config.voice_name))


@lru_cache(maxsize=32)
def _open_phrases(folder: Path, language: str, channel: str) -> Phrases:
    return Phrases.load(folder, language, channel)


@lru_cache(maxsize=1)
def _states() -> tuple[str, ...]:
    with (ROOT / "data" / "places" / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        return tuple(dict.fromkeys(row["state"] for row in csv.DictReader(file)))


def _answer(words: TurnWords) -> Answer:
    heard = words.listen
    if heard is None:
        return Answer(words.pieces)
    if heard.person:
        return Answer(words.pieces, person=True, urgent=heard.urgent, by_rule=heard.by_rule)
    options = tuple(OpenOption(item.id, item.title) for item in heard.items)
    details = {item.id: detail for item in heard.items if (detail := _in_short(item.description))}
    return Answer(words.pieces, Question(heard.question, options, heard.wants, details))  # type: ignore[arg-type]


def _in_short(description: str) -> str:
    """Return what a breath between two options can hold: the first sentence, or nothing."""
    first = re.split(r"(?<=\.)\s", description, maxsplit=1)[0]
    return first if len(first) <= _LONGEST_DETAIL else ""


def _read(state: str) -> Call:
    try:
        call: Call = from_payload(Call, json.loads(state))
    except (PayloadError, ValueError) as error:
        # Written by another version of ours: the call goes on, from its first question.
        log.error("a call's state cannot be read: %s", error)
        return Call()
    return call


def _dump(call: Call) -> str:
    return json.dumps(to_payload(call), ensure_ascii=False, separators=(",", ":"))


def _end_reason(move: Move) -> str | None:
    """Return why a step ends the call, or None when it does not: only what was finished is not gone on with."""
    if move.act != "hang_up":
        return None
    return next((_UNFINISHED[words.key] for words in move.say if words.key in _UNFINISHED), State.ENDED.value)


def _left_by(form: Form, record: CallRecord) -> Event:
    """Return how a talk, or the waiting for one, ended."""
    if form.get("CallStatus", "").strip().lower() in ENDED:
        return Event.HANG_UP
    dialled, queued = (form.get(name, "").strip().lower() for name in ("DialCallStatus", "QueueResult"))
    if queued in _BRIDGED:
        return Event.HANDED_BACK
    if dialled in _TALKED:
        return Event.TALKED
    if "hangup" in (dialled, queued):
        return Event.HANG_UP
    return _LEAVING.get(record.queue or "", Event.NOT_CONNECTED)


def _after_queue(event: Event, record: CallRecord) -> tuple[Write, ...]:
    """Return what leaving the queue means for the handoff."""
    if event in (Event.HANDED_BACK, Event.TRANSFERRED):
        return (TalkOver(),)
    if event in (Event.HANG_UP, Event.TALKED, Event.IN_WRITING):
        return ()
    late = HandoffEvent.WAITED_TOO_LONG.value if record.queue == "too_long" else HandoffEvent.CANCELLED.value
    return (LeaveLine(_REASONS.get(event, late)),)


def _queue_sid(form: Form) -> str | None:
    value = form.get("QueueSid", "").strip()
    return value if value.isalnum() and len(value) <= _LONGEST_SID else None


def _did(given: TurnInput) -> str:
    """Return what the caller did, for who reads the call later; keys stand in brackets, nothing in them is silence."""
    return _redacted(given) if given.speech and not given.digits else f"[{given.digits}]"


def _signs(move: Move) -> list[Sign]:
    """Return what the dialogue must know of a step."""
    found = [Sign("fresh")] if "start_fresh" in move.effects else []
    return [*found, *([Sign("language", move.call.language)] if "set_language" in move.effects else [])]


def _textable(message: InboundMessage) -> bool:
    return parse_address(message.sender).kind == "number"


def _redacted(given: TurnInput) -> str:
    return redact(given.speech)


def _recent(context: TurnContext, now: datetime, minutes: int) -> bool:
    return context.topic is not None and now - datetime.fromisoformat(context.topic.at) <= timedelta(minutes=minutes)


def _number(value: str | None, default: int) -> int:
    return int(value) if value and value.strip().isdecimal() else default
