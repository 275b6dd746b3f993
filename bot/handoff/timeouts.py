"""Handoffs that nobody moves: each has a longest time in each state, an end, and a reason that consoles show."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.core.delivery import Outgoing
from bot.core.handoff import HandoffEvent
from bot.core.hours import OpeningHours, open_between
from bot.core.messages import ChannelName
from bot.core.replies import Reply, Say
from bot.handoff.desk import Desk
from bot.store.handoffs import HandoffRecord

Words = Callable[[ChannelName, str, tuple[Reply, ...]], tuple[Outgoing, ...]]
"""``words(channel, language, replies)``: the messages that say the replies there."""


@dataclass(frozen=True)
class Limits:
    """The longest times. What agents are waited for counts only while people answer (``Desk``); the last one always."""

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


_PAGE = 50


class Timeouts:
    """A timer's job: one look at all open handoffs."""

    def __init__(self, desk: Desk, words: Words, limits: Limits = Limits()) -> None:
        """``desk`` knows when people answer; ``words`` renders what the person is told."""
        self._desk = desk
        self._handoffs = desk.handoffs
        self._words = words
        self._limits = limits

    def run(self, now: datetime) -> int:
        """End or move what is overdue and return how many were; ``now`` is local to the hours."""
        away = self._handoffs.mark_away(now - self._limits.agent_gone, now)
        limits, hours = self._limits, _Hours(self._desk)
        return away + sum(
            self._time_out(handoff, event, now)
            for event, longest in (
                (HandoffEvent.WAITED_TOO_LONG, limits.waiting),
                (HandoffEvent.AGENT_GONE, limits.agent_gone),
                (HandoffEvent.AGENT_SILENT, limits.agent_silent),
                (HandoffEvent.PERSON_SILENT, limits.person_silent),
            )
            for handoff in self._late(event, now - longest)
            if event is HandoffEvent.PERSON_SILENT or _open_for(hours.of(handoff), handoff, event, longest, now)
        )

    def _late(self, event: HandoffEvent, before: datetime) -> Iterator[HandoffRecord]:
        """Yield who is late by the clock; whether people answered meanwhile is another question."""
        after = 0
        while page := self._handoffs.overdue(event, before, after, _PAGE):
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].id

    def _time_out(self, handoff: HandoffRecord, event: HandoffEvent, now: datetime) -> bool:
        said = self._words(handoff.channel, handoff.language, (Say(_SAID[event]),))
        return self._handoffs.time_out(handoff, event, now, said)


class _Hours:
    """When those answer who may take a handoff, looked up once for all handoffs of a look that are alike."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._known: dict[tuple[bool, int | None], tuple[OpeningHours, ...]] = {}

    def of(self, handoff: HandoffRecord) -> tuple[OpeningHours, ...]:
        key = (handoff.sensitive, handoff.team_id)
        if key not in self._known:
            # Where nobody is left who could take it, the institution's hours end it.
            self._known[key] = self._desk.hours_for(*key) or (self._desk.hours,)
        return self._known[key]


def _open_for(
    hours: tuple[OpeningHours, ...], handoff: HandoffRecord, event: HandoffEvent, longest: timedelta, now: datetime
) -> bool:
    """Say whether people answer now, and did so for as long as the limit since it began to count.

    Who asked in the evening waits until the morning: the limit is for a queue that people work at. Neither is an
    agent who went home gone in the middle of a conversation: it goes on when the desk opens.
    """
    if not any(each.is_open(now) for each in hours):
        return False
    since = {
        HandoffEvent.WAITED_TOO_LONG: handoff.waiting_since,
        HandoffEvent.AGENT_SILENT: max(filter(None, (handoff.person_waits_since, handoff.held_since)), default=None),
        # Who comes to work a minute after the doors open was not gone all night.
        HandoffEvent.AGENT_GONE: now - longest,
    }[event]
    return since is not None and open_between(hours, since.astimezone(now.tzinfo), now) >= longest
