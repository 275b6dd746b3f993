"""What was said before in this session, read back from the conversation's events: for "repeat" and "go back"."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from actions.dialogue.turn import Memory, PastTurn
from bot.core.codec import PayloadError, from_payload
from bot.core.replies import Reply, Say

_STAYS = frozenset({"repeat", "slower"})
"""Intents whose turns say again what was said: nothing new to go back to."""
_NOTHING = (Say("nothing_more"), Say("nothing_to_repeat"))


def past_turns(events: Iterable[Mapping[str, Any]]) -> tuple[PastTurn, ...]:
    """Return the answered turns, oldest first, from Rasa's events (``user``, ``bot``, ``slot``)."""
    turns: list[PastTurn] = []
    slots: dict[str, Any] = {}
    intent: str | None = None
    replies: list[Reply] = []

    def close() -> None:
        if intent is not None and replies:
            turns.append(PastTurn(intent, tuple(replies), Memory.from_slots(slots)))

    for event in events:
        name = event.get("event")
        if name == "user":
            close()
            replies = []
            intent = _intent(event)
        elif name == "bot":
            reply = _reply(event)
            if reply is not None:
                replies.append(reply)
        elif name == "slot":
            slots[str(event.get("name"))] = event.get("value")
    close()
    return tuple(turns)


def _intent(event: Mapping[str, Any]) -> str:
    parsed = event.get("parse_data") or {}
    return str((parsed.get("intent") or {}).get("name") or "")


def _reply(event: Mapping[str, Any]) -> Reply | None:
    payload = ((event.get("data") or {}).get("custom") or {}).get("reply")
    if payload is None:
        return None
    try:
        reply: Reply = from_payload(Reply, payload)
    except PayloadError:
        return None
    return reply


def last(turns: Iterable[PastTurn]) -> PastTurn | None:
    """Return the turn that was answered last."""
    found = list(turns)
    return found[-1] if found else None


def last_told(turns: Iterable[PastTurn]) -> PastTurn | None:
    """Return the turn that told something last: "that is all" is nothing to hear again."""
    return last(turn for turn in turns if any(reply not in _NOTHING for reply in turn.replies))


def before_last(turns: Iterable[PastTurn]) -> PastTurn | None:
    """Return what "go back" shows: the turn before the one in view; each going back leaves one more behind."""
    trail: list[PastTurn] = []
    for turn in turns:
        if turn.intent == "go_back":
            trail = trail[:-1] or trail
        elif turn.intent not in _STAYS:
            trail.append(turn)
    return trail[-2] if len(trail) > 1 else None
