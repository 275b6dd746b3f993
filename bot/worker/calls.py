"""Calling people back: who asked for it, or was missed, in order, in allowed hours, one at a time a person."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.calls import read_sign
from bot.core.delivery import DeliveryError
from bot.core.hours import OpeningHours
from bot.core.messages import Content
from bot.core.turns import Topic
from bot.store import ConversationState
from bot.store.calls import Calls
from bot.store.clock import utc_now

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
