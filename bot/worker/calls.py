"""Calls that we place: to people who asked for one or were missed, and to agents for callers who wait."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.calls import read_sign
from bot.core.delivery import CarrierUnavailable, DeliveryError, Throttled
from bot.core.hours import OpeningHours
from bot.core.messages import Content
from bot.core.turns import Topic
from bot.store import ConversationState
from bot.store.calls import Calls
from bot.store.clock import utc_now
from bot.store.rings import Rings

log = logging.getLogger(__name__)

_OF_THE_NUMBER = ("state", "municipality")


def telephone(content: Content, state: ConversationState, now: datetime) -> ConversationState | None:
    """Return the state after a message that is the telephone's own (bot.core.calls), or None for a person's words.

    A call that begins changes nothing by itself. What was talked about is put aside for another person, or another
    matter, on the same line: place and plans stay the number's.
    """
    sign = read_sign(content)
    if sign is None:
        return None
    if sign.kind == "language":
        return replace(state, context=replace(state.context, language=sign.value))
    if sign.kind != "fresh" or state.context.topic is None:
        return state
    kept = {name: value for name, value in state.context.topic.memory.items() if name in _OF_THE_NUMBER}
    topic = Topic(now.isoformat(timespec="seconds"), "voice", kept)
    return replace(state, context=replace(state.context, topic=topic), options=(), more=())


class Caller(Protocol):
    """Places calls (channels.twilio.TwilioCalls)."""

    def call(self, to: str, *, url: str, fallback: str, status_callback: str) -> str:
        """Ask the carrier for a call and return its id; raises DeliveryError."""


class CallBackTimer:
    """Places the calls that are due. Several workers may run it: a call back is taken by one."""

    def __init__(
        self,
        calls: Calls,
        carrier: Caller,
        public_url: str,
        hours: OpeningHours,
        zone: str,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``hours`` are local to ``zone``: nobody is rung up outside them."""
        self._calls = calls
        self._carrier = carrier
        self._public_url = public_url
        self._hours = hours
        self._zone = ZoneInfo(zone)
        self._now = now

    def __call__(self) -> int:
        """Place one call that is due; 0 when none is, or it is not the hour."""
        local = self._now().astimezone(self._zone)
        if not self._hours.is_open(local):
            return 0
        due = self._calls.next_callback()
        if due is None:
            return 0
        facts = {"callback": due.id, "attempt": due.attempts}
        address = f"{self._public_url}/channels/voice"
        try:
            call_sid = self._carrier.call(
                due.number,
                url=f"{address}/inbound?callback={due.id}",
                fallback=f"{address}/fallback",
                status_callback=f"{address}/status?callback={due.id}",
            )
        except DeliveryError as error:
            # Whether it rings or not: what is known is that it was tried, and is tried again later.
            log.warning("call back not placed", extra={**facts, "code": error.code})
            self._calls.callback_over(due.id, error.code if len(error.code) <= 24 else "not_placed")
            return 1
        log.info("calling back", extra=facts)
        self._calls.callback_placed(due.id, call_sid)
        return 1


class AgentCaller(Protocol):
    """Rings agents (channels.twilio.TwilioCalls)."""

    def ring(self, to: str, *, url: str, fallback: str, status_callback: str, seconds: int) -> str:
        """Ask the carrier for a call and return its id; raises DeliveryError."""

    def hang_up(self, call_sid: str) -> None:
        """End a call; raises DeliveryError."""

    def remove_queue(self, queue_sid: str) -> None:
        """Remove an empty queue; raises DeliveryError."""


_NOT_TAKEN = frozenset({"no_connection", "20503", "http_503"})
"""What the carrier certainly did not take, of all that says only that it is unavailable."""


class RingTimer:
    """Rings agents for callers who wait, and ends what nobody moves. Several workers may run it: a ring is one's."""

    def __init__(
        self,
        rings: Rings,
        calls: Calls,
        carrier: AgentCaller,
        public_url: str,
        *,
        seconds: int,
        by_itself: bool,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """``seconds``: how long a phone rings. ``by_itself``: phones ring without anybody asking in the console."""
        self._rings = rings
        self._calls = calls
        self._carrier = carrier
        self._address = f"{public_url}/channels/voice"
        self._seconds = seconds
        self._by_itself = by_itself
        self._now = now

    def __call__(self) -> int:
        """Do what is due and return how many things that was."""
        return self._ended() + self._assigned() + self._rung() + self._put_down()

    def _ended(self) -> int:
        """End the rings and the calls that were left by everybody; each says why in the thread."""
        now = self._now()
        late = self._rings.overdue(now, self._seconds)
        for ring, result in late:
            log.warning("ring ended", extra={"ring": ring, "result": result})
            # Two people may be talking although the word of it was lost: their phones are left alone.
            talking = result in ("not_connected", "talked")
            self._rings.over(ring, result, now, hang_up=not talking)
        gone = self._rings.unheard(now)
        for call_sid in gone:
            log.warning("a caller is not there any more")
            self._calls.end(call_sid, "unheard")
        return len(late) + len(gone)

    def _assigned(self) -> int:
        return 1 if self._by_itself and self._rings.assign_next(self._now()) is not None else 0

    def _rung(self) -> int:
        due = self._rings.next_due(self._now())
        if due is None:
            return 0
        facts = {"ring": due.id, "attempt": due.attempts}
        try:
            call_sid = self._carrier.ring(
                due.phone,
                url=f"{self._address}/agent?ring={due.id}",
                fallback=f"{self._address}/fallback",
                status_callback=f"{self._address}/agent/status?ring={due.id}",
                seconds=self._seconds,
            )
        except DeliveryError as error:
            log.warning("agent not rung", extra={**facts, "code": error.code})
            unknown = isinstance(error, CarrierUnavailable) and error.code not in _NOT_TAKEN
            # It may ring all the same: then its own requests tell so, else its time runs out. It is never rung twice.
            if not unknown:
                again = isinstance(error, (CarrierUnavailable, Throttled))
                self._rings.not_placed(due.id, self._now(), again=again)
            return 1
        log.info("ringing an agent", extra=facts)
        self._rings.placed(due.id, call_sid, self._now())
        return 1

    def _put_down(self) -> int:
        """Put down the phones that ring for nobody, and remove the carrier's queues that are empty for good.

        What the carrier does not do now is tried at the next look.
        """
        for ring, call_sid in self._rings.to_hang_up():
            if not _done(partial(self._carrier.hang_up, call_sid)):
                return 0
            self._rings.hung_up(ring)
        for call_sid, queue_sid in self._rings.empty_queues():
            if not _done(partial(self._carrier.remove_queue, queue_sid)):
                return 0
            self._rings.queue_removed(call_sid)
        return 0


def _done(request: Callable[[], None]) -> bool:
    """Say whether a request need not be made again: it went well, or never will."""
    try:
        request()
    except DeliveryError as error:
        return not isinstance(error, (CarrierUnavailable, Throttled))
    return True
