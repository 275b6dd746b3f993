"""The running dialogue in Redis: one key a conversation, bounded, with a time to live, and every error raised.

Rasa's own RedisTrackerStore parses the whole history twice a turn and grows without end; here a key holds the current
session only, and of what was said only the last few turns' words. What a person told us and must survive is in SQL.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from rasa.core.brokers.broker import EventBroker
from rasa.core.tracker_store import TrackerStore
from rasa.shared.core.constants import ACTION_LISTEN_NAME, ACTION_SESSION_START_NAME
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import ActionExecuted, ActiveLoop, BotUttered, Event, SlotSet
from rasa.shared.core.slots import Slot
from rasa.shared.core.trackers import DialogueStateTracker
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

from bot.engine.environment import engine_settings
from bot.engine.errors import TrackerConflict, TrackerStoreError
from bot.engine.result import is_inbound

PREFIX = "ventanilla:tracker:"
_SOCKET_TIMEOUT = 1.5
"""Seconds that one command or connection may take; a turn waits for two commands."""

_SAVE = """
local stored = redis.call('GET', KEYS[1])
local version = '0'
if stored then version = string.match(stored, '^{"version":(%d+),') or 'unreadable' end
if version ~= ARGV[1] then return version end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return false
"""
"""Writes the value when the stored version is still ARGV[1]; else returns the version that is there."""


class ConversationTrackerStore(TrackerStore):
    """Trackers in Redis 6.2 or later (Valkey too). The version of what was read goes with the tracker to its save."""

    def __init__(
        self,
        domain: Domain | None = None,
        host: str | None = None,
        event_broker: EventBroker | None = None,
        **kwargs: Any,
    ) -> None:
        """Connect lazily to REDIS_URL; ``host`` (``url`` in endpoints.yml) is used when given."""
        settings = engine_settings()
        self.ttl = int(kwargs.pop("ttl", settings.tracker_ttl))
        self.max_events = int(kwargs.pop("max_events", settings.tracker_max_events))
        super().__init__(domain or Domain.empty(), event_broker, **kwargs)
        # One more try on a broken connection (the server restarted). A save that had got through then finds another
        # version, fails as a conflict, and the turn asked again finds its answer stored.
        self._redis = Redis.from_url(
            host or settings.redis_url,
            socket_timeout=_SOCKET_TIMEOUT,
            socket_connect_timeout=_SOCKET_TIMEOUT,
            retry=Retry(NoBackoff(), 1),
            retry_on_error=[RedisConnectionError],
        )
        self._save_script = self._redis.register_script(_SAVE)

    async def save(self, tracker: DialogueStateTracker) -> None:
        """Store the tracker's current session, shortened where it is too long.

        Raises:
            TrackerConflict: somebody saved this conversation since it was read.
            TrackerStoreError: Redis failed.
        """
        await self.stream_events(tracker)
        if not tracker.events:
            return
        version = _version(tracker)
        events = shortened(list(tracker.events), self.domain.slots, self.max_events)
        value = _encode(version + 1, [event.as_dict() for event in events])
        try:
            found = await self._save_script(keys=[_key(tracker.sender_id)], args=[version, value, self.ttl])
        except (RedisError, OSError) as error:
            raise TrackerStoreError(f"the dialogue state cannot be saved ({type(error).__name__})") from None
        if found is not None:
            raise TrackerConflict("the conversation was saved by another process in between")
        _set_version(tracker, version + 1)

    async def retrieve(self, sender_id: str) -> DialogueStateTracker | None:
        """Return the conversation's tracker, None when there is none.

        Raises:
            TrackerStoreError: Redis failed, or what it holds is not ours.
        """
        try:
            value = await self._redis.get(_key(sender_id))
        except (RedisError, OSError) as error:
            raise TrackerStoreError(f"the dialogue state cannot be read ({type(error).__name__})") from None
        if value is None:
            return None
        version, events = _decode(value)
        tracker = DialogueStateTracker.from_events(sender_id, _events(events), self.domain.slots)
        _set_version(tracker, version)
        return tracker

    async def create_tracker(self, sender_id: str, append_action_listen: bool = True) -> DialogueStateTracker:
        """Return a new tracker; unlike Rasa's, it is not saved before its first turn has ended."""
        tracker = self.init_tracker(sender_id)
        if append_action_listen:
            tracker.update(ActionExecuted(ACTION_LISTEN_NAME))
        return tracker

    async def keys(self) -> Iterable[str]:
        """Return the ids of all conversations that are stored."""
        found = [key async for key in self._redis.scan_iter(match=PREFIX + "*", count=500)]
        return [key.decode()[len(PREFIX) :] for key in found]

    async def ping(self) -> bool:
        """Say whether Redis answers."""
        try:
            return bool(await self._redis.ping())
        except (RedisError, OSError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.close(close_connection_pool=True)  # redis-py leaves a pool made by from_url open otherwise


_TURNS_WITH_WORDS = 4
"""Turns whose replies are kept: what "go back" can reach."""


def shortened(events: list[Event], slots: Sequence[Slot], limit: int) -> list[Event]:
    """Return what is stored of a tracker's events: the current session, at most ``limit``, old words left out.

    Replaying the result gives the same slots and active loop as replaying ``events``. A cut falls at a turn's start
    and leaves about half of ``limit``, so that it is rare; one turn longer than ``limit`` stays whole.
    """
    events = events[_session_start(events) :]
    if len(events) > limit:
        start = _cut(events, limit // 2)
        events = _snapshot(events[:start], slots) + events[start:]
    messages = [index for index, event in enumerate(events) if is_inbound(event)]
    words_from = messages[-_TURNS_WITH_WORDS] if len(messages) >= _TURNS_WITH_WORDS else 0
    return [_wordless(event) if index < words_from else event for index, event in enumerate(events)]


def _session_start(events: Sequence[Event]) -> int:
    return _last_index(events, len(events), lambda e: _is_action(e, ACTION_SESSION_START_NAME)) or 0


def _cut(events: Sequence[Event], keep: int) -> int:
    """Return the index of the ``action_listen`` before the first message of the last ``keep`` events (0: no cut)."""
    messages = [index for index, event in enumerate(events) if is_inbound(event)]
    if not messages:
        return 0
    first = next((index for index in messages if len(events) - index < keep), messages[-1])
    return _last_index(events, first, lambda e: _is_action(e, ACTION_LISTEN_NAME)) or 0


def _snapshot(events: Sequence[Event], slots: Sequence[Slot]) -> list[Event]:
    """Return the events that set what ``events`` had set: the slots and the active loop."""
    if not events:
        return []
    tracker = DialogueStateTracker.from_events("snapshot", list(events), slots)
    time = events[-1].timestamp
    state: list[Event] = [
        SlotSet(slot.name, slot.value, timestamp=time) for slot in tracker.slots.values() if slot.has_been_set
    ]
    if tracker.active_loop_name:
        state.append(ActiveLoop(tracker.active_loop_name, timestamp=time))
    return state


def _wordless(event: Event) -> Event:
    """Return a bot's event without its words: only "repeat" and "go back" need them, and a card is kilobytes."""
    if isinstance(event, BotUttered) and (event.text or event.data):
        return BotUttered(timestamp=event.timestamp)
    return event


def _is_action(event: Event, name: str) -> bool:
    return isinstance(event, ActionExecuted) and event.action_name == name


def _last_index(events: Sequence[Event], end: int, test: Callable[[Event], bool]) -> int | None:
    return next((index for index in range(end - 1, -1, -1) if test(events[index])), None)


def _key(conversation_id: str) -> str:
    return PREFIX + conversation_id


def _encode(version: int, events: list[dict[str, Any]]) -> bytes:
    # The script reads the version off the front, so its key comes first and without spaces.
    text = json.dumps({"version": version, "events": events}, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _decode(value: bytes) -> tuple[int, list[dict[str, Any]]]:
    try:
        stored = json.loads(value)
        return int(stored["version"]), list(stored["events"])
    except (ValueError, KeyError, TypeError):
        raise TrackerStoreError("the stored dialogue state is not readable") from None


@cache
def _event_class(name: str) -> Any:
    # Rasa looks through all subclasses for every event: a third of a turn's time in a long conversation.
    return Event.resolve_by_type(name)


def _events(stored: Iterable[dict[str, Any]]) -> list[Event]:
    """Return the events of their stored form.

    Raises:
        TrackerStoreError: one has another form, or is of a kind that this version of Rasa does not know.
    """
    try:
        events = [_event_class(item["event"])._from_parameters(item) for item in stored]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise TrackerStoreError("the stored dialogue state is not readable") from None
    return [event for event in events if event is not None]


def _version(tracker: DialogueStateTracker) -> int:
    return int(getattr(tracker, "stored_version", 0))


def _set_version(tracker: DialogueStateTracker, version: int) -> None:
    tracker.stored_version = version
