"""The desk: what a person who asks for a person is told, and whether she is put into the queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from bot.core.hours import BadHours, OpeningHours, parse_hours
from bot.store.handoffs import HandoffRecord, Handoffs, Place

_LONGEST_ESTIMATE = 120
_FEW = 3
_LEAST = 2  # "unos minutos": nobody counts one


@dataclass(frozen=True)
class Desk:
    """People who answer, as a whole. ``hours``, the institution's, are local times; teams may have their own."""

    handoffs: Handoffs
    hours: OpeningHours

    def status(self, now: datetime, *, sensitive: bool = False) -> DeskStatus:
        """Say whether anybody who may take it answers now, else when the first one begins. ``now`` is local."""
        if not self.handoffs.staffed():
            return DeskStatus("nobody")
        found = self.hours_for(sensitive)
        if not found:
            return DeskStatus("nobody")
        if any(hours.is_open(now) for hours in found):
            return DeskStatus("open")
        openings = [opens for hours in found if (opens := hours.next_opening(now)) is not None]
        return DeskStatus("closed", min(openings, default=None))

    def hours_for(self, sensitive: bool, team: int | None = None) -> tuple[OpeningHours, ...]:
        """Return the hours of everybody who may take a matter; ``team``: one that was sent to that team."""
        return tuple(self._of_team(text) for text in self.handoffs.hours(sensitive, team))

    def _of_team(self, text: str) -> OpeningHours:
        if not text:
            return self.hours
        try:
            return parse_hours(text, self.hours.holidays, self.hours.closed)
        except BadHours:  # written by hand into the database: the console takes no such hours
            return self.hours

    def waiting(self, conversation: str, now: datetime) -> tuple[HandoffRecord, Place] | None:
        """Return the conversation's waiting handoff and its place."""
        handoff = self.handoffs.open_of(conversation)
        if handoff is None or handoff.waiting_since is None:
            return None
        return handoff, self.handoffs.place(handoff, now)


@dataclass(frozen=True)
class DeskStatus:
    """``nobody``: no agent exists at all, or none who may see such a matter.

    ``closed``: outside the hours; ``opens`` None when they never come.
    """

    kind: Literal["open", "closed", "nobody"]
    opens: datetime | None = None


def expected_wait(place: Place) -> int | None:
    """Return the minutes to say, rounded up to a word people use, or None where nothing is known.

    The median of the last waits, times how many rounds of agents stand before this place. With fewer than three waits
    known, or no agent here, any number would be a guess.
    """
    waits = sorted(place.recent_waits)
    if len(waits) < _FEW or place.agents_here == 0:
        return None
    median = waits[len(waits) // 2]
    rounds = -(-place.position // place.agents_here)
    minutes = max(_LEAST, -(-(median * rounds) // timedelta(minutes=1)))
    step = 1 if minutes <= _FEW else 5
    return min(_LONGEST_ESTIMATE, -(-minutes // step) * step)
