"""A conversation between assistant and person: states, what may happen in each, and nothing else.

``BOT`` is also a handoff's end (handed back, given up): the assistant answers. ``CLOSED`` is the other end: the matter
is done; the assistant answers what comes next, and asking again within a while reopens the same handoff.
"""

from __future__ import annotations

from enum import Enum


class HandoffState(Enum):
    """Who has the conversation."""

    BOT = "bot"
    WAITING = "waiting"
    WITH_AGENT = "with_agent"
    CLOSED = "closed"

    @property
    def open(self) -> bool:
        """Whether a person is waited for or at it."""
        return self in (HandoffState.WAITING, HandoffState.WITH_AGENT)


class HandoffEvent(Enum):
    """What happens to a handoff. The last four come from timers: their names are the reason that is shown.

    ``HUNG_UP``: whoever waited or talked by telephone put it down.
    """

    ASKED = "asked"
    CANCELLED = "cancelled"
    TAKEN = "taken"
    ASSIGNED = "assigned"
    RELEASED = "released"
    TRANSFERRED = "transferred"
    HANDED_BACK = "handed_back"
    CLOSED = "closed"
    HUNG_UP = "hung_up"
    WAITED_TOO_LONG = "waited_too_long"
    AGENT_SILENT = "agent_silent"
    AGENT_GONE = "agent_gone"
    PERSON_SILENT = "person_silent"


class TransitionRefused(ValueError):
    """Something cannot happen to a handoff in the state that it is in."""

    def __init__(self, state: HandoffState, event: HandoffEvent) -> None:
        """Name both."""
        super().__init__(f"{event.value} is not possible while {state.value}")
        self.state = state
        self.event = event


_S, _E = HandoffState, HandoffEvent
TRANSITIONS: dict[tuple[HandoffState, HandoffEvent], HandoffState] = {
    (_S.BOT, _E.ASKED): _S.WAITING,
    (_S.CLOSED, _E.ASKED): _S.WAITING,
    (_S.WAITING, _E.ASKED): _S.WAITING,
    (_S.WAITING, _E.CANCELLED): _S.BOT,
    (_S.WAITING, _E.TAKEN): _S.WITH_AGENT,
    (_S.WAITING, _E.ASSIGNED): _S.WITH_AGENT,
    (_S.WAITING, _E.TRANSFERRED): _S.WAITING,
    (_S.WAITING, _E.CLOSED): _S.CLOSED,
    (_S.WAITING, _E.HUNG_UP): _S.CLOSED,
    (_S.WAITING, _E.WAITED_TOO_LONG): _S.BOT,
    (_S.WITH_AGENT, _E.ASKED): _S.WITH_AGENT,
    (_S.WITH_AGENT, _E.ASSIGNED): _S.WITH_AGENT,
    (_S.WITH_AGENT, _E.RELEASED): _S.WAITING,
    (_S.WITH_AGENT, _E.TRANSFERRED): _S.WAITING,
    (_S.WITH_AGENT, _E.HANDED_BACK): _S.BOT,
    (_S.WITH_AGENT, _E.CLOSED): _S.CLOSED,
    (_S.WITH_AGENT, _E.HUNG_UP): _S.CLOSED,
    (_S.WITH_AGENT, _E.AGENT_SILENT): _S.WAITING,
    (_S.WITH_AGENT, _E.AGENT_GONE): _S.WAITING,
    (_S.WITH_AGENT, _E.PERSON_SILENT): _S.CLOSED,
}


def after(state: HandoffState, event: HandoffEvent) -> HandoffState:
    """Return the state after an event.

    Raises:
        TransitionRefused: the event cannot happen in this state.
    """
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise TransitionRefused(state, event) from None
