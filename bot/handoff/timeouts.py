"""Handoffs that nobody moves: each has a longest time in each state, an end, and a reason that consoles show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.delivery import Outgoing
from bot.core.handoff import HandoffEvent
from bot.core.hours import OpeningHours
from bot.core.messages import ChannelName
from bot.core.replies import Reply, Say
from bot.store.handoffs import HandoffRecord, Handoffs

Words = Callable[[ChannelName, str, tuple[Reply, ...]], tuple[Outgoing, ...]]
"""``words(channel, language, replies)``: the messages that say the replies there."""


@dataclass(frozen=True)
class Limits:
    """The longest times. Waiting counts only while people answer (``Timeouts.hours``)."""

    waiting: timedelta = timedelta(hours=2)
    agent_silent: timedelta = timedelta(minutes=15)
    agent_gone: timedelta = timedelta(minutes=5)
    person_silent: timedelta = timedelta(hours=12)


_SAID = {
    HandoffEvent.WAITED_TOO_LONG: "handoff_waited_too_long",
    HandoffEvent.AGENT_SILENT: "handoff_queue_again",
    HandoffEvent.AGENT_GONE: "handoff_queue_again",
    HandoffEvent.PERSON_SILENT: "handoff_person_silent",
}


class Timeouts:
    """A timer's job: one look at all open handoffs."""

    def __init__(self, handoffs: Handoffs, words: Words, hours: OpeningHours, limits: Limits = Limits()) -> None:
        """``words`` renders what the person is told."""
        self._handoffs = handoffs
        self._words = words
        self._hours = hours
        self._limits = limits

    def run(self, now: datetime) -> int:
        """End or move what is overdue and return how many were; ``now`` is local to the hours."""
        away = self._handoffs.mark_away(now - self._limits.agent_gone, now)
        return away + sum(
            self._time_out(handoff, event, now)
            for event, longest in self._due(now)
            for handoff in self._handoffs.overdue(event, now - longest)
        )

    def _due(self, now: datetime) -> tuple[tuple[HandoffEvent, timedelta], ...]:
        limits = self._limits
        silent = ((HandoffEvent.PERSON_SILENT, limits.person_silent),)
        # Who asked in the evening waits until the morning: the limit is for a queue that people work at. Neither is
        # an agent who went home gone in the middle of a conversation: it goes on when the desk opens.
        if not self._hours.is_open(now) or not self._hours.is_open(now - limits.waiting):
            return silent
        return (
            (HandoffEvent.WAITED_TOO_LONG, limits.waiting),
            (HandoffEvent.AGENT_GONE, limits.agent_gone),
            (HandoffEvent.AGENT_SILENT, limits.agent_silent),
            *silent,
        )

    def _time_out(self, handoff: HandoffRecord, event: HandoffEvent, now: datetime) -> bool:
        said = self._words(handoff.channel, handoff.language, (Say(_SAID[event]),))
        return self._handoffs.time_out(handoff, event, now, said)
