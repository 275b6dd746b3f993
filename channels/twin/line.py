"""Carries one call: rings, asks the gateway for TwiML and does what it says, with the caller at the other end.

What each verb does is Twilio's: https://www.twilio.com/docs/voice/twiml. A call that comes in is asked for at the
number's address, and at its fallback when that fails (https://www.twilio.com/docs/usage/webhooks/voice-webhooks).
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import NoReturn
from urllib.parse import urljoin

from channels.twin.caller import NOISE, Action
from channels.twin.calls import FINAL, Answering, Bridge, Call, Calls, Queue
from channels.twin.state import Twin
from channels.twin.twiml import Verb, read
from channels.twin.webhooks import API_VERSION, TwimlError, Webhooks, country

log = logging.getLogger(__name__)

APPLICATION_ERROR = "We're sorry, an application error has occurred. Goodbye."
"""What Twilio says when it has no TwiML to go on with."""
MOST_DOCUMENTS = 500
"""Of one call: more is a loop."""
LONGEST_IDLE = 1800.0
"""Seconds that the line waits for a patient caller."""
LONGEST_CALL = 4 * 3600.0
_LETTERS_A_SECOND = 15.0
_RING = 60.0
_DIGIT_WORDS = ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve")
_CHOICE = re.compile(rf"^(?:para )?(.+?)[.,:;](?: marque)? ({'|'.join(_DIGIT_WORDS)})\.?$", re.IGNORECASE)
_DIAL_STATUS = {"answer": "completed", "machine": "completed", "fax": "completed"}


@dataclass(frozen=True)
class Document:
    """TwiML to be done: its verbs and the address that it came from, which relative addresses start at."""

    url: str
    verbs: tuple[Verb, ...]


@dataclass(frozen=True)
class Placed:
    """What a call that the service places asks for (the parameters of ``POST Calls.json``)."""

    url: str = ""
    method: str = "POST"
    twiml: str = ""
    fallback: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    events: frozenset[str] = frozenset({"completed"})
    timeout: float = _RING
    detects_machines: bool = False
    waits_for_the_end: bool = False


class _Over(Exception):
    """The call ends, with this status."""

    def __init__(self, status: str = "completed") -> None:
        super().__init__(status)
        self.status = status


class _Elsewhere(Exception):
    """A request of the REST API gives the call another document."""


class _Taken(Exception):
    """Somebody takes the caller out of the queue."""


class _Left(Exception):
    """``<Leave>``."""


class Carried(threading.Thread):
    """One call being carried."""

    def __init__(self, twin: Twin, webhooks: Webhooks, call: Call, placed: Placed | None = None) -> None:
        """``placed``: how the service placed it; None for a call that comes in."""
        super().__init__(name=f"call {call.sid}", daemon=True)
        self._twin = twin
        self._calls: Calls = twin.calls
        self._webhooks = webhooks
        self._call = call
        config = twin.config
        self._placed = placed or Placed(config.voice_inbound, fallback=config.voice_fallback)
        self._status_url = placed.status_callback if placed else config.voice_status
        self._events = self._placed.events
        self._sequence = 0
        self._documents = 0
        self._queued: Queue | None = None
        self._begun = time.monotonic()

    def run(self) -> None:
        """Carry it to its end."""
        status = "failed"
        try:
            status = self._live()
        except Exception:  # a defect of the twin's own: the call must end all the same
            log.exception("a call broke")
        finally:
            self._end(status)

    # ---- from ringing to the end

    def _live(self) -> str:
        try:
            document = self._ring_out() if self._call.direction != "inbound" else self._first("ringing")
            if self._call.direction == "inbound":
                self._reject(document)
                self._answer()
            self._follow(document)
        except _Over as over:
            return over.status
        except _Left:
            return "completed"
        return "completed"

    def _follow(self, document: Document | None) -> None:
        while document is not None:
            try:
                document = self._do(document)
            except _Elsewhere:
                document = self._given()

    def _first(self, status: str) -> Document:
        self._calls.touch(self._call, status=status, doing="asking")
        if self._placed.twiml:
            return self._read("", self._placed.twiml.encode(), "text/xml")
        return self._fetch(self._placed.url, self._placed.method)

    def _reject(self, document: Document) -> None:
        if document.verbs and document.verbs[0].name == "Reject":
            reason = document.verbs[0].get("reason", "rejected")
            self._event("rejected")
            raise _Over("busy" if reason == "busy" else "no-answer")

    def _answer(self) -> None:
        self._calls.touch(self._call, status="in-progress", answered=self._call.seconds)
        self._tell("in-progress", "answered")

    def _ring_out(self) -> Document:
        """Ring the person's phone; return the document when it is taken.

        Raises:
            _Over: it is not.
        """
        self._tell("initiated", "initiated")
        self._calls.touch(self._call, status="ringing")
        self._tell("ringing", "ringing")
        result, answering = self._ring(self._call, self._placed.timeout)
        if result not in ("answer", "machine", "fax"):
            raise _Over(result)
        self._calls.touch(self._call, clock=answering.clock)
        self._calls.act(self._call, answering.script)
        if self._placed.detects_machines:
            machine = "machine_end_beep" if self._placed.waits_for_the_end else "machine_start"
            found = {"answer": "human", "machine": machine, "fax": "fax"}[result]
            self._calls.touch(self._call, answered_by=found)
        self._answer()
        return self._first("in-progress")

    def _ring(self, ringing: Call, timeout: float) -> tuple[str, Answering]:
        """Let a phone ring; return how that ended (a habit, or Twilio's word for it), and what follows.

        Nobody hears who waits for it. A patient caller who does something all the same does it when somebody listens
        again, which is when the ringing is over.
        """
        answering = self._calls.answering(ringing.phone)
        if answering.habit != "ring":
            return answering.habit, answering
        dialling = ringing is not self._call
        patient = dialling and self._call.clock == "patient"
        deadline = time.monotonic() + (LONGEST_IDLE if patient else timeout)
        with self._calls.changed:
            self._calls.touch(self._call, idle=True)
            while time.monotonic() < deadline:
                self._look()
                if dialling and self._call.actions:
                    if patient and self._call.actions[0].do in ("keys", "say", "noise"):
                        self._call.seconds += timeout
                        break
                    action = self._call.actions.popleft()
                    if action.do == "hang_up":
                        raise _Over
                    if action.do == "silence":
                        self._call.seconds += timeout
                        break
                    self._lose(action)
                    continue
                if ringing.actions and ringing.actions[0].do in ("answer", "decline"):
                    taken = ringing.actions.popleft().do == "answer"
                    self._calls.touch(self._call, idle=False)
                    return ("answer" if taken else "busy"), replace(answering, clock=ringing.clock)
                if ringing.actions:
                    ringing.actions.popleft()  # nothing else can be done with a phone that rings
                    continue
                self._calls.changed.wait(min(max(deadline - time.monotonic(), 0.01), 1.0))
            self._calls.touch(self._call, idle=False)
        return "no-answer", answering

    def _end(self, status: str) -> None:
        with self._calls.changed:
            asked = self._call.given.get("Status", "")
            if status not in FINAL or asked == "canceled":
                status = "canceled" if asked == "canceled" else status
            bridge = self._call.bridge
            if bridge is not None:
                bridge.over = True
            if self._queued is not None:
                self._calls.leave(self._queued, self._call)
            self._event("hung up")
            ended = datetime.now(timezone.utc)
            self._calls.touch(
                self._call, status=status, doing="ended", idle=True, listening=None, choices=(), ended=ended
            )
        if self._call.direction != "outbound-dial":
            self._tell(status, "completed")

    def _tell(self, status: str, event: str) -> None:
        """Send a status callback, where one is wanted. Of a call that comes in, Twilio tells the end only."""
        if not self._status_url or event not in self._events:
            return
        form = {
            **self._form(),
            "CallStatus": status,
            "Timestamp": format_datetime(datetime.now(timezone.utc)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": str(self._sequence),
        }
        if status in FINAL:
            form |= {"CallDuration": str(self._call.duration), "Duration": str(-(-self._call.duration // 60))}
        self._sequence += 1
        self._webhooks.request("call status", self._call.sid, self._status_url, list(form.items()))

    # ---- documents

    def _form(self) -> dict[str, str]:
        """Return the fields of every request: https://www.twilio.com/docs/voice/twiml#request-parameters."""
        call = self._call
        form = {
            "CallSid": call.sid,
            "AccountSid": self._twin.config.account_sid,
            "From": call.sender,
            "To": call.recipient,
            "Caller": call.sender,
            "Called": call.recipient,
            "CallStatus": call.status,
            "ApiVersion": API_VERSION,
            "Direction": call.direction,
        }
        for name, number in (("From", call.sender), ("To", call.recipient)):
            where = {"Country": country(number), "State": "", "City": "", "Zip": ""}
            other = "Caller" if name == "From" else "Called"
            form |= {f"{each}{part}": value for each in (name, other) for part, value in where.items()}
        if call.parent:
            form["ParentCallSid"] = call.parent
        if call.answered_by:
            form["AnsweredBy"] = call.answered_by
        return form | (self._standing(self._queued) if self._queued is not None else {})

    def _fetch(self, url: str, method: str = "POST", more: Mapping[str, str] | None = None) -> Document:
        """Ask for a document; fall back where there is none.

        Raises:
            _Over: the fallback failed too, or the caller hung up meanwhile.
        """
        self._count(url)
        self._calls.touch(self._call, doing="asking")
        form = [*self._form().items(), *(more or {}).items()]
        answer = self._webhooks.request("voice", self._call.sid, url, form, method)
        self._hung_up()
        if answer.error is not None:
            return self._fall_back(url, answer.error)
        return self._read(url, answer.body, answer.content_type)

    def _read(self, url: str, body: bytes, content_type: str) -> Document:
        if not body.strip():
            return Document(url, ())
        try:
            verbs, warned = read(body, content_type)
        except TwimlError as error:
            return self._fall_back(url, error.code)
        for each in warned:
            self._wrong(each.code, url, each.detail)
        return Document(url, verbs)

    def _fall_back(self, url: str, code: int) -> Document:
        self._wrong(code, url)
        fallback = self._placed.fallback
        if not fallback or url == fallback:
            return self._give_up()
        self._count(fallback)
        form = [*self._form().items(), ("ErrorCode", str(code)), ("ErrorUrl", url)]
        answer = self._webhooks.request("voice", self._call.sid, fallback, form, self._placed.fallback_method)
        self._hung_up()
        if answer.error is not None:
            self._wrong(answer.error, fallback)
            return self._give_up()
        try:
            verbs, warned = read(answer.body, answer.content_type)
        except TwimlError as error:
            self._wrong(error.code, fallback)
            return self._give_up()
        for each in warned:
            self._wrong(each.code, fallback, each.detail)
        return Document(fallback, verbs)

    def _give_up(self) -> NoReturn:
        self._calls.write(self._call, "line", "said", APPLICATION_ERROR)
        raise _Over

    def _wrong(self, code: int, url: str, detail: str = "") -> None:
        """Note what Twilio's debugger would show."""
        with self._calls.changed:
            self._call.errors.append({"code": code, "url": url, "detail": detail})
            self._calls.touch(self._call)
        log.warning("call", extra={"sid": self._call.sid, "code": code, "detail": detail})

    def _count(self, url: str) -> None:
        self._documents += 1
        if self._documents > MOST_DOCUMENTS or self._call.seconds > LONGEST_CALL:
            self._wrong(0, url, f"more than {MOST_DOCUMENTS} documents, or 4 hours")
            raise _Over

    def _given(self) -> Document:
        """Return the document that the REST API gave the call."""
        with self._calls.changed:
            given, self._call.given = self._call.given, {}
        if "Twiml" in given:
            return self._read("", given["Twiml"].encode(), "text/xml")
        if "FallbackUrl" in given:
            self._placed = replace(self._placed, fallback=given["FallbackUrl"])
        return self._fetch(given["Url"], given.get("Method", "POST"))

    # ---- verbs

    def _do(self, document: Document) -> Document | None:
        """Do a document's verbs; return the next document, or None at its end, where the call ends."""
        for verb in document.verbs:
            self._begin(verb.name)
            following = self._VERBS[verb.name](self, verb, document)
            if following is not None:
                return following
        return None

    def _begin(self, name: str) -> None:
        """Hang up where the caller meant to when such a verb begins."""
        with self._calls.changed:
            self._look()
            if self._call.actions and self._call.actions[0].do == "hang_up" and self._call.actions[0].at == name:
                raise _Over

    def _speak(self, verb: Verb, document: Document) -> None:
        self._prompt(verb, None)

    def _prompt(self, verb: Verb, gather: Verb | None) -> Action | None:
        """Say, play or pause; return what the caller interrupts it with, where a ``<Gather>`` listens."""
        self._begin(verb.name)
        self._calls.touch(self._call, doing="speaking")
        if verb.name == "Pause":
            return self._pass(verb.seconds("length", 1.0), gather)
        text = verb.text
        if verb.name == "Say" and not text:
            return None
        before = self._call.seconds
        self._calls.write(self._call, "line", "said" if verb.name == "Say" else "played", text)
        lasts = len(text) / _LETTERS_A_SECOND if verb.name == "Say" else 2.0
        action = self._pass(lasts, gather)
        if action is not None:
            share = min((self._call.seconds - before) / max(lasts, 0.1), 1.0)
            with self._calls.changed:
                self._call.lines[-1] = replace(self._call.lines[-1], heard=text[: round(len(text) * share)])
                self._calls.touch(self._call)
        return action

    def _gather(self, verb: Verb, document: Document) -> Document | None:
        """Listen, while its prompts are said and after them."""
        prompts = [each.text for each in verb.children if each.name == "Say"]
        listening = {
            "input": verb.get("input", "dtmf"),
            "timeout": verb.seconds("timeout", 5),
            "num_digits": int(verb.get("numDigits", "0")) or None,
            "finish_on_key": verb.get("finishOnKey", "#"),
            "hints": verb.get("hints"),
            "language": verb.get("language", "en-US"),
        }
        self._calls.touch(self._call, listening=listening, choices=choices_in(prompts))
        action = None
        for child in verb.children:
            action = self._prompt(child, verb)
            if action is not None:
                break
        heard = self._collect(verb, action)
        self._calls.touch(self._call, listening=None, choices=(), doing="asking")
        if not heard and not verb.true("actionOnEmptyResult"):
            return None
        return self._fetch(urljoin(document.url, verb.get("action", document.url)), verb.get("method", "POST"), heard)

    def _collect(self, verb: Verb, action: Action | None) -> dict[str, str]:
        """Return what was heard as Twilio tells it; empty when nothing was."""
        timeout = verb.seconds("timeout", 5)
        most, last_keys = int(verb.get("numDigits", "0")), verb.get("finishOnKey", "#")
        digits = ""
        self._calls.touch(self._call, doing="listening")
        while True:
            if action is None and digits and self._call.clock == "patient" and not self._call.actions:
                self._call.seconds += timeout
                break
            action = action or self._await(timeout, verb)
            if action is None:
                if not digits:
                    self._calls.write(self._call, "caller", "silent", "")
                break
            if action.do in ("say", "noise"):
                return self._heard(action)
            for place, key in enumerate(action.text):
                finished = key in last_keys
                digits += "" if finished else key
                self._calls.write(self._call, "caller", "pressed", key)
                if finished or (most and len(digits) == most):
                    for late in action.text[place + 1 :]:
                        self._calls.write(self._call, "caller", "lost", late)
                    return ({"Digits": digits} if digits else {}) | ({"FinishedOnKey": key} if finished else {})
            action = None
        return {"Digits": digits} if digits else {}

    def _heard(self, action: Action) -> dict[str, str]:
        text, confidence = NOISE if action.do == "noise" else (action.text, action.confidence)
        self._calls.write(self._call, "caller", "spoke", action.text or text)
        return {"SpeechResult": text, "Confidence": f"{confidence:g}", "Language": "es-MX"}

    def _redirect(self, verb: Verb, document: Document) -> Document:
        return self._fetch(urljoin(document.url, verb.text), verb.get("method", "POST"))

    def _hang_up(self, verb: Verb, document: Document) -> NoReturn:
        raise _Over

    def _leave(self, verb: Verb, document: Document) -> NoReturn:
        raise _Left

    # ---- queues

    def _enqueue(self, verb: Verb, document: Document) -> Document | None:
        queue = self._calls.enter(verb.text, self._call)
        self._queued, begun = queue, self._call.seconds
        self._event(f"in queue {verb.text}")
        result, gone = "leave", None
        try:
            self._wait_in(verb, document)
        except _Left:
            pass
        except _Elsewhere:
            self._calls.leave(queue, self._call)
            raise
        except _Over as over:
            result, gone = "hangup", over
        except _Taken:
            result = "bridged"
            try:
                self._talk_across()
            except _Over as over:
                gone = over
        finally:
            with self._calls.changed:
                self._calls.leave(queue, self._call)
                self._queued = None
                if self._call.bridge is not None:  # taken in the moment of leaving
                    self._call.bridge.over, self._call.bridge = True, None
        action = urljoin(document.url, verb.get("action")) if verb.get("action") else ""
        more = {"QueueResult": result, "QueueSid": queue.sid, "QueueTime": str(round(self._call.seconds - begun))}
        if gone is not None:
            if action:  # Twilio tells it, and does nothing with the answer
                form = {**self._form(), "CallStatus": "completed", **more}
                self._webhooks.request("voice", self._call.sid, action, list(form.items()), verb.get("method", "POST"))
            raise gone
        return self._fetch(action, verb.get("method", "POST"), more) if action else None

    def _wait_in(self, verb: Verb, document: Document) -> None:
        """Do what is done while the caller waits, again and again; ends with an exception."""
        if not verb.get("waitUrl"):
            self._calls.write(self._call, "line", "played", "music")
            while True:
                self._await(30, None)
        url = urljoin(document.url, verb.get("waitUrl"))
        method = verb.get("waitUrlMethod", "POST")
        while True:
            following: Document | None = self._fetch(url, method)
            while following is not None:
                following = self._do(self._allowed(following))

    def _standing(self, queue: Queue) -> dict[str, str]:
        with self._calls.changed:
            those = [call for sid in queue.waiting if (call := self._calls.get(sid))]
            waits = [each.seconds - queue.since[each.sid] for each in those]
            place = queue.waiting.index(self._call.sid) + 1 if self._call.sid in queue.waiting else 0
            return {
                "QueueSid": queue.sid,
                "QueueTime": str(round(self._call.seconds - queue.since[self._call.sid])),
                "QueuePosition": str(place),
                "AvgQueueTime": str(round(sum(waits) / len(waits)) if waits else 0),
                "CurrentQueueSize": str(len(queue.waiting)),
                "MaxQueueSize": "100",
            }

    def _allowed(self, document: Document) -> Document:
        """Return a document without what Twilio does not do for who waits in a queue."""
        kept = []
        for verb in document.verbs:
            if verb.name in ("Dial", "Enqueue", "Reject"):
                self._wrong(12200, document.url, f"{verb.name}: not while waiting in a queue")
            elif verb.name == "Gather" and "speech" in verb.get("input", "dtmf"):
                self._wrong(12200, document.url, "Gather: no speech while waiting in a queue")
            else:
                kept.append(verb)
        return replace(document, verbs=tuple(kept))

    def _talk_across(self) -> None:
        """Talk with who took the caller out of the queue, after what the caller hears first."""
        bridge = self._call.bridge
        assert bridge is not None
        self._call.bridge = None
        if bridge.url:
            # Twilio's own spelling: https://www.twilio.com/docs/voice/twiml/queue
            whisper = self._fetch(bridge.url, bridge.method, {"DequeingCallSid": bridge.taker})
            for verb in whisper.verbs:
                if verb.name in ("Say", "Play", "Pause"):
                    self._prompt(verb, None)
        with self._calls.changed:
            bridge.took = True
            self._calls.changed.notify_all()
        self._event("connected")
        self._talk(bridge, LONGEST_CALL)

    # ---- ringing somebody up

    def _dial(self, verb: Verb, document: Document) -> Document | None:
        nouns = verb.children or (Verb("Number", {}, verb.text),)
        begun = self._call.seconds
        if nouns[0].name == "Queue":
            result, child, talked = self._dial_queue(nouns[0], document, verb)
        else:
            result, child, talked = self._dial_phone(nouns[0], document, verb)
        self._event(f"dialled: {result}")
        if not verb.get("action"):
            return None
        more = {"DialCallStatus": result, "DialBridged": "true" if talked else "false"}
        if child is not None:
            more["DialCallSid"] = child.sid
        if result == "completed":
            more["DialCallDuration"] = str(max(round(self._call.seconds - begun), 1))
        return self._fetch(urljoin(document.url, verb.get("action")), verb.get("method", "POST"), more)

    def _dial_phone(self, noun: Verb, document: Document, verb: Verb) -> tuple[str, Call, bool]:
        sender = verb.get("callerId") or self._call.sender
        child = self._calls.add(
            noun.text, sender, "outbound-dial", parent=self._call.sid, status="ringing", clock=self._call.clock
        )
        self._calls.touch(self._call, doing="dialling")
        agent = Carried(self._twin, self._webhooks, child, Placed())
        status = "canceled"
        try:
            result, _ = self._ring(child, verb.seconds("timeout", 30))
            status = _DIAL_STATUS.get(result, result)
            if result not in _DIAL_STATUS:
                return status, child, False
            talked = agent.whispered(urljoin(document.url, noun.get("url")) if noun.get("url") else "", noun)
            if talked:
                self._event("connected")
                self._talk(Bridge(), verb.seconds("timeLimit", LONGEST_CALL))
            return status, child, talked
        finally:
            agent._end(status)

    def whispered(self, url: str, noun: Verb) -> bool:
        """Let who answered hear what is for her ears only; False when that ended the call."""
        self._calls.touch(self._call, status="in-progress", answered=0.0)
        if not url:
            return True
        try:
            following: Document | None = self._fetch(url, noun.get("method", "POST"))
            while following is not None:
                following = self._do(following)
        except _Over:
            return False
        return True

    def _dial_queue(self, noun: Verb, document: Document, verb: Verb) -> tuple[str, Call | None, bool]:
        url = urljoin(document.url, noun.get("url")) if noun.get("url") else ""
        bridge = Bridge(url, noun.get("method", "POST"), taker=self._call.sid)
        if self._calls.queue(noun.text) is None:
            return "failed", None, False
        other = self._first_of(noun.text, bridge, verb.seconds("timeout", 30))
        if other is None:
            return "no-answer", None, False
        self._event("connected")
        self._talk(bridge, verb.seconds("timeLimit", LONGEST_CALL))
        return "completed", other, True

    def _first_of(self, name: str, bridge: Bridge, timeout: float) -> Call | None:
        """Take the first caller of a queue; an empty one is waited at. None: nobody came in time.

        On a patient clock nobody is waited for: time passes at once.
        """
        deadline = time.monotonic() + (timeout if self._call.clock == "real" else 0.0)
        with self._calls.changed:
            while True:
                self._look()
                other = self._calls.take(name, bridge)
                left = deadline - time.monotonic()
                if other is not None or left <= 0:
                    self._call.seconds += timeout if other is None else 0.0
                    return other
                self._calls.changed.wait(min(left, 1.0))

    def _talk(self, bridge: Bridge, longest: float) -> None:
        """Talk until either side hangs up."""
        self._calls.touch(self._call, doing="talking")
        deadline = time.monotonic() + min(longest, LONGEST_IDLE)
        try:
            with self._calls.changed:
                while not bridge.over and time.monotonic() < deadline:
                    self._look()
                    if not self._call.actions:
                        if not self._call.idle:
                            self._calls.touch(self._call, idle=True)
                        self._calls.changed.wait(1.0)
                        continue
                    action = self._call.actions.popleft()
                    if action.do == "hang_up":
                        raise _Over
                    if action.do in ("agent_leaves", "silence"):
                        break
                    kind = "pressed" if action.do == "keys" else "spoke"
                    self._calls.write(self._call, "caller", kind, action.text)  # type: ignore[arg-type]
        finally:
            with self._calls.changed:
                bridge.over = True
                self._call.seconds += 1
                self._calls.touch(self._call, idle=False)

    # ---- time, and what the caller does

    def _look(self) -> None:
        """Obey what came from outside while something went on."""
        if self._call.given.get("Status") in ("completed", "canceled"):
            raise _Over(self._call.given["Status"])
        if self._call.given:
            raise _Elsewhere
        if self._call.bridge is not None:
            raise _Taken
        if self._twin.closed:
            raise _Over

    def _hung_up(self) -> None:
        """Hang up when the caller, on a real clock, did while the gateway was asked."""
        with self._calls.changed:
            actions = self._call.actions
            if self._call.clock == "real" and actions and actions[0].do == "hang_up" and not actions[0].at:
                raise _Over

    def _await(self, timeout: float, gather: Verb | None) -> Action | None:
        """Wait for what the caller does; None is silence, ``timeout`` seconds of it."""
        if self._call.clock == "real":
            with self._calls.changed:
                if not self._call.actions:
                    self._calls.touch(self._call, idle=True)
            action = self._pass(timeout, gather)
            with self._calls.changed:
                self._calls.touch(self._call, idle=False)
            return action
        deadline = time.monotonic() + LONGEST_IDLE
        while True:
            action = self._next(deadline)
            if action is None or action.do == "hang_up":
                raise _Over
            if action.do == "silence":
                self._call.seconds += timeout
                return None
            if _listens(gather, action):
                return action
            self._lose(action)

    def _next(self, deadline: float) -> Action | None:
        with self._calls.changed:
            while True:
                self._look()
                if self._call.actions:
                    self._calls.touch(self._call, idle=False)
                    return self._call.actions.popleft()
                if time.monotonic() > deadline:
                    return None
                if not self._call.idle:
                    self._calls.touch(self._call, idle=True)
                self._calls.changed.wait(1.0)

    def _pass(self, seconds: float, gather: Verb | None) -> Action | None:
        """Let time pass; return what interrupts it, where a ``<Gather>`` listens."""
        if self._call.clock == "real":
            return self._pass_really(seconds, gather)
        with self._calls.changed:
            self._look()
            first = self._call.actions[0] if self._call.actions else None
            leaves = first.after if first is not None and first.do == "hang_up" else None
            if leaves is not None and leaves <= self._call.seconds + seconds:
                self._call.seconds = max(self._call.seconds, leaves)
                raise _Over
            if first is not None and first.barge_in and gather is not None and _interrupts(gather, first):
                delay = 1.0 if first.after is None else first.after
                if delay <= seconds:
                    self._call.seconds += delay
                    return self._call.actions.popleft()
                self._call.actions[0] = replace(first, after=delay - seconds)
            self._call.seconds += seconds
        return None

    def _pass_really(self, seconds: float, gather: Verb | None) -> Action | None:
        begun, before = time.monotonic(), self._call.seconds
        with self._calls.changed:
            while True:
                self._look()
                self._call.seconds = before + time.monotonic() - begun
                first = self._call.actions[0] if self._call.actions else None
                if first is not None and first.do == "hang_up":
                    due = first.after is None or first.after <= self._call.seconds
                    if due and not first.at:
                        raise _Over
                elif first is not None:
                    self._call.actions.popleft()
                    if first.do == "silence":
                        continue
                    if gather is not None and _interrupts(gather, first):
                        return first
                    self._lose(first)
                    continue
                left = begun + seconds - time.monotonic()
                if left <= 0:
                    return None
                self._calls.changed.wait(min(left, 0.25))

    def _lose(self, action: Action) -> None:
        if action.do in ("keys", "say", "noise"):
            self._calls.write(self._call, "caller", "lost", action.text or NOISE[0])

    def _event(self, text: str) -> None:
        self._calls.write(self._call, "line", "event", text)

    _VERBS: Mapping[str, Callable[[Carried, Verb, Document], Document | None]] = {
        "Say": _speak,
        "Play": _speak,
        "Pause": _speak,
        "Gather": _gather,
        "Redirect": _redirect,
        "Enqueue": _enqueue,
        "Leave": _leave,
        "Dial": _dial,
        "Hangup": _hang_up,
        "Reject": _hang_up,
    }


def _listens(gather: Verb | None, action: Action) -> bool:
    """Say whether a ``<Gather>`` takes this kind of input at all."""
    if gather is None:
        return False
    wanted = gather.get("input", "dtmf").split()
    return ("dtmf" if action.do == "keys" else "speech") in wanted and action.do in ("keys", "say", "noise")


def _interrupts(gather: Verb, action: Action) -> bool:
    """Say whether what the caller does ends a prompt: keys always do, words where ``bargeIn`` allows it."""
    return _listens(gather, action) and (action.do == "keys" or gather.true("bargeIn", True))


def choices_in(prompts: Sequence[str]) -> tuple[str, ...]:
    """Return the labels of what the prompts offer on keys 1, 2, 3 …, as far as they are said one after another."""
    labels: list[str] = []
    for prompt in prompts:
        sentences = [found for each in re.split(r"(?<=[.?!])\s+", prompt) if (found := _CHOICE.match(each))]
        # A label may be more than a sentence, or hold an abbreviation: then the prompt offers one thing.
        whole = _CHOICE.match(prompt)
        for match in [whole] if whole and len(sentences) < 2 else sentences:
            if match[2].lower() == _DIGIT_WORDS[len(labels)]:
                labels.append(match[1])
            if len(labels) == len(_DIGIT_WORDS):
                return tuple(labels)
    return tuple(labels)
