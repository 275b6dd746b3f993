"""An agent's own telephone that rings for a caller who waits: what the agent hears, and what the keys do.

The agent hears who it is (masked), what about and what was tried, and must press 1: an answering machine presses
nothing, so no caller is ever connected to one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from bot.gateway.call import Switchboard
from bot.store.clock import utc_now
from bot.store.rings import RingResult, Rings
from channels.voice import twiml
from channels.voice.parse import CallEvent, call_sid, parse_turn
from ivr.model import Call, Words

log = logging.getLogger(__name__)

Form = Mapping[str, str]
_TAKE, _DECLINE = "1", "2"
_MOST_ASKED = 3
_BRIDGE_SECONDS = 10
"""How long a queue is waited at: the caller is in it, or has just put the phone down."""
_ENDED: Mapping[str, RingResult] = {
    "busy": "busy",
    "no-answer": "no_answer",
    "failed": "failed",
    "canceled": "cancelled",
    "completed": "declined",
}
"""The agent's call ended before 1 was pressed: how, in our words."""


class AgentLine:
    """Answers the requests of calls to agents."""

    def __init__(
        self, switchboard: Switchboard, rings: Rings, url: Callable[..., str], wake: Callable[[], None]
    ) -> None:
        """``url(name, **query)``: an address of ours; ``wake``: workers may have something to do."""
        self._switchboard = switchboard
        self._rings = rings
        self._url = url
        self._wake = wake

    def answered(self, form: Form, ring: int) -> str:
        """Whisper to who took the agent's phone, and ask for a key."""
        record = self._rings.answered(ring, call_sid(form), utc_now())
        if record is None:
            return self._bye("voice_ring_gone")
        return self._ask(ring, record.caller_sid, 1)

    def key(self, form: Form, ring: int, asked: int) -> str:
        """Connect on 1; on 2, or when nothing was pressed for long, leave the caller in the queue."""
        pressed = parse_turn(form).digits[:1]
        if pressed == _TAKE:
            taken = self._rings.take(ring, utc_now())
            self._wake()
            if taken is None:
                return self._bye("voice_ring_gone")
            return twiml.dial_queue(
                self._prompt("voice_ring_connecting"),
                self._switchboard.queue_of(taken.caller_sid),
                action=self._url("agent/over", ring=ring),
                before=self._url("agent/before", ring=ring),
                seconds=_BRIDGE_SECONDS,
            )
        record = self._rings.get(ring)
        if record is None or record.status == "over":
            return self._bye("voice_ring_gone")
        if pressed == _DECLINE or asked >= _MOST_ASKED:
            self._rings.over(ring, "declined", utc_now())
            self._wake()
            return self._bye("voice_ring_declined")
        return self._ask(ring, record.caller_sid, asked + 1)

    def before(self, ring: int) -> str:
        """Tell the caller who takes her call, in the moment of being connected."""
        try:
            record = self._rings.connected(ring, utc_now())
        except Exception:  # a database that is away or busy: the two talk all the same, and the talk's end is noted
            log.exception("a talk that began is not noted")
            record = None
        if record is None:
            return twiml.say(self._prompt("voice_ring_connecting"))
        return twiml.say(self._switchboard.prompt((Words("voice_queue_taken", {"agent": record.agent}),), Call()))

    def over(self, form: Form, ring: int) -> str:
        """End the agent's call: the caller hung up, or was not there any more."""
        completed = form.get("DialCallStatus", "").strip().lower() in ("completed", "answered")
        self._rings.over(ring, "talked" if completed else "not_connected", utc_now())
        self._wake()
        return self._bye("voice_ring_over" if completed else "voice_ring_gone")

    def status(self, event: CallEvent, ring: int) -> None:
        """Note that the agent's call ended."""
        self._rings.over(ring, _ENDED.get(event.status, "failed"), utc_now())
        self._wake()

    def _ask(self, ring: int, caller_sid: str, asked: int) -> str:
        words = (*self._switchboard.whispered(caller_sid), Words("voice_ring_press"))
        prompt = self._switchboard.prompt(words, Call())
        return twiml.ask_key(prompt, self._url("agent/key", ring=ring, asked=asked))

    def _bye(self, key: str) -> str:
        return twiml.hang_up(self._prompt(key))

    def _prompt(self, key: str) -> twiml.Prompt:
        return self._switchboard.prompt((Words(key),), Call())
