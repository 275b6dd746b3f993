"""What a turn's actions said, read from the tracker's events: new turns and repeated ones the same way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rasa.shared.core.constants import ACTION_SESSION_START_NAME
from rasa.shared.core.events import ActionExecuted, BotUttered, Event, UserUttered

from bot.core.codec import PayloadError, from_payload
from bot.core.effects import Effect
from bot.core.replies import Reply
from bot.core.turns import TurnContext, TurnResult, Understood
from bot.engine.errors import BadReply, NoReply

_KEYS = frozenset({"reply", "context", "effects", "outcome", "procedure", "life_event"})


@dataclass(frozen=True)
class Turn:
    """One inbound message as the tracker holds it. ``start`` is its first event's index, a session start included."""

    message: UserUttered
    start: int
    events: tuple[Event, ...]


def last_turn(events: Iterable[Event]) -> Turn | None:
    """Return the last turn: of the last message that came in by a channel (actions may add messages of their own)."""
    all_events = tuple(events)
    for index in range(len(all_events) - 1, -1, -1):
        event = all_events[index]
        if is_inbound(event):
            start = _session_start_before(all_events, index)
            return Turn(event, start, all_events[start:])
    return None


def is_inbound(event: Event) -> bool:
    """Say whether the event is a person's message."""
    return isinstance(event, UserUttered) and bool(event.input_channel)


def _session_start_before(events: Sequence[Event], index: int) -> int:
    # A session's own start runs before its first message is logged; what it said belongs to that message's turn.
    for start in range(index - 1, -1, -1):
        event = events[start]
        if is_inbound(event):
            break
        if isinstance(event, ActionExecuted) and event.action_name == ACTION_SESSION_START_NAME:
            return start
    return index


def read_result(turn: Turn) -> TurnResult:
    """Return what the turn's actions said.

    Raises:
        NoReply: they said nothing.
        BadReply: they said something that is not a reply, or not only that.
    """
    said = [_custom(event) for event in turn.events if isinstance(event, BotUttered)]
    replies = tuple(_read(Reply, item["reply"], "reply") for item in said if item.get("reply") is not None)
    if not replies:
        raise NoReply("the turn's actions gave no reply")
    context = _last("context", said)
    intent = turn.message.intent or {}
    return TurnResult(
        replies=replies,
        understood=Understood(
            intent=str(intent.get("name") or ""),
            confidence=round(float(intent.get("confidence") or 0.0), 4),
            procedure=_word(said, "procedure"),
            life_event=_word(said, "life_event"),
            outcome=_word(said, "outcome"),
        ),
        context=None if context is None else _read(TurnContext, context, "context"),
        effects=_read(tuple[Effect, ...], _last("effects", said) or [], "effects"),
    )


def _custom(event: BotUttered) -> Mapping[str, Any]:
    custom = event.data.get("custom")
    if event.text or not isinstance(custom, Mapping):
        raise BadReply("an action uttered text instead of a reply: words belong to locale/")
    unknown = set(custom) - _KEYS
    if unknown:
        raise BadReply(f"$.custom.{min(map(str, unknown))}: is not known")
    return custom


def _read(kind: Any, payload: Any, name: str) -> Any:
    try:
        return from_payload(kind, payload)
    except PayloadError as error:
        path = str(error).split(":", 1)[0]  # the rest may quote a value
        raise BadReply(f"an action's {name} does not fit its contract at {path}") from None


def _last(key: str, said: Sequence[Mapping[str, Any]]) -> Any:
    return next((item[key] for item in reversed(said) if item.get(key) is not None), None)


def _word(said: Sequence[Mapping[str, Any]], key: str) -> str | None:
    value = _last(key, said)
    if value is not None and not isinstance(value, str):
        raise BadReply(f"$.custom.{key}: text is expected")
    return value
