"""The tracker store on a real server: bounded, with a time to live, loud, and one writer at a time."""

from __future__ import annotations

import asyncio
import json
import random
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import redis as redis_client
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore, check_if_tracker_store_async
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    BotUttered,
    Event,
    Restarted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.endpoints import EndpointConfig

from bot.engine.errors import TrackerConflict, TrackerStoreError
from bot.engine.processor import unwrapped
from bot.engine.tracker_store import PREFIX, ConversationTrackerStore, shortened
from tests.servers import Redis

DOMAIN = Domain.from_dict(
    {
        "intents": ["greet"],
        "actions": ["action_answer"],
        "forms": {"a_form": {"required_slots": []}},
        "slots": {
            name: {"type": "any", "mappings": [{"type": "custom"}]} for name in ("place", "case", "count", "never")
        },
    }
)
Use = Callable[[ConversationTrackerStore], Awaitable[Any]]


def with_store(url: str, use: Use, **options: Any) -> Any:
    async def run() -> Any:
        store = ConversationTrackerStore(DOMAIN, url, **options)
        try:
            return await use(store)
        finally:
            await store.close()

    return asyncio.run(run())


def turn(number: int, *more: Event) -> list[Event]:
    return [
        UserUttered("hola", {"name": "greet", "confidence": 1.0}, [], input_channel="sms", message_id=f"m{number}"),
        ActionExecuted("action_answer"),
        BotUttered(None, {"custom": {"reply": {"type": "Say", "phrase": f"words {number}", "params": {}}}}),
        SlotSet("count", number),
        *more,
        ActionExecuted("action_listen"),
    ]


def session(turns: int, *more: Event) -> list[Event]:
    start: list[Event] = [ActionExecuted("action_session_start"), SessionStarted(), ActionExecuted("action_listen")]
    return start + [event for number in range(turns) for event in turn(number, *more)]


def tracker_of(events: list[Event], conversation: str = "c") -> DialogueStateTracker:
    return DialogueStateTracker.from_events(conversation, events, DOMAIN.slots)


def slots_of(tracker: DialogueStateTracker) -> dict[str, Any]:
    return {name: slot.value for name, slot in tracker.slots.items()}


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


def test_rasa_takes_it_as_an_asynchronous_store_of_endpoints_yml(engine_redis: Redis) -> None:
    config = EndpointConfig(engine_redis.url, type="bot.engine.tracker_store.ConversationTrackerStore", ttl=99)
    store = TrackerStore.create(config, DOMAIN)
    assert isinstance(store, ConversationTrackerStore)
    assert check_if_tracker_store_async(store)
    assert store.ttl == 99
    assert unwrapped(FailSafeTrackerStore(store)) is store


def test_a_tracker_comes_back_as_it_was(engine_redis: Redis, conversation: str) -> None:
    tracker = tracker_of(session(3, SlotSet("place", {"state": "OAX", "name": "Peñón 😀"})), conversation)

    async def use(store: ConversationTrackerStore) -> None:
        assert await store.retrieve(conversation) is None
        await store.save(tracker)
        found = await store.retrieve(conversation)
        assert found is not None
        assert slots_of(found) == slots_of(tracker)
        assert [e.type_name for e in found.events] == [e.type_name for e in tracker.events]
        assert list(found.events)[-6:] == list(tracker.events)[-6:]
        assert found.latest_message is not None
        assert found.latest_message.message_id == "m2"
        assert list(await store.keys()).count(conversation) == 1

    with_store(engine_redis.url, use)


def test_a_new_conversation_is_not_stored_before_its_first_turn(engine_redis: Redis, conversation: str) -> None:
    async def use(store: ConversationTrackerStore) -> None:
        tracker = await store.get_or_create_tracker(conversation, append_action_listen=False)
        assert not tracker.events
        assert not await store.exists(conversation)
        await store.save(tracker)
        assert not await store.exists(conversation)

    with_store(engine_redis.url, use)


def test_one_key_of_compact_json_that_expires(engine_redis: Redis, conversation: str) -> None:
    with_store(engine_redis.url, lambda store: store.save(tracker_of(session(1), conversation)), ttl=500)
    with redis_client.Redis.from_url(engine_redis.url) as client:
        value = client.get(PREFIX + conversation)
        assert isinstance(value, bytes)
        assert json.loads(value)["version"] == 1
        assert value == json.dumps(json.loads(value), separators=(",", ":"), ensure_ascii=False).encode()
        assert 490 <= client.ttl(PREFIX + conversation) <= 500


def test_the_second_of_two_writers_is_refused(engine_redis: Redis, conversation: str) -> None:
    async def use(store: ConversationTrackerStore) -> None:
        await store.save(tracker_of(session(1), conversation))
        first, second = await store.retrieve(conversation), await store.retrieve(conversation)
        assert first is not None
        assert second is not None
        for event in turn(1):
            first.update(event)
            second.update(event)
        await store.save(first)
        with pytest.raises(TrackerConflict):
            await store.save(second)
        first.update(SlotSet("place", "kept"))
        await store.save(first)
        found = await store.retrieve(conversation)
        assert found is not None
        assert found.get_slot("place") == "kept"

    with_store(engine_redis.url, use)


def test_two_first_turns_at_once_make_one_conversation(engine_redis: Redis, conversation: str) -> None:
    async def use(store: ConversationTrackerStore) -> None:
        trackers = [tracker_of(session(1), conversation) for _ in range(8)]
        results = await asyncio.gather(*(store.save(tracker) for tracker in trackers), return_exceptions=True)
        assert [type(result) for result in results if result is not None] == [TrackerConflict] * 7

    with_store(engine_redis.url, use)


def test_a_conversation_that_was_wiped_in_between_is_a_conflict_too(engine_redis: Redis, conversation: str) -> None:
    async def use(store: ConversationTrackerStore) -> None:
        await store.save(tracker_of(session(1), conversation))
        tracker = await store.retrieve(conversation)
        assert tracker is not None
        with redis_client.Redis.from_url(engine_redis.url) as client:
            client.delete(PREFIX + conversation)
        with pytest.raises(TrackerConflict):
            await store.save(tracker)

    with_store(engine_redis.url, use)


@pytest.mark.parametrize(
    "value", ["not json", "[]", '{"version":1}', '{"version":1,"events":[{"event":"unheard of"}]}']
)
def test_what_is_not_ours_is_an_error(engine_redis: Redis, conversation: str, value: str) -> None:
    with redis_client.Redis.from_url(engine_redis.url) as client:
        client.set(PREFIX + conversation, value)

    async def use(store: ConversationTrackerStore) -> None:
        with pytest.raises(TrackerStoreError, match="not readable"):
            await store.retrieve(conversation)
        if not value.startswith('{"version":1,'):
            with pytest.raises(TrackerConflict):
                await store.save(tracker_of(session(1), conversation))

    with_store(engine_redis.url, use)


def test_without_a_server_every_call_raises_and_the_ping_says_no(conversation: str) -> None:
    async def use(store: ConversationTrackerStore) -> None:
        assert not await store.ping()
        with pytest.raises(TrackerStoreError):
            await store.retrieve(conversation)
        with pytest.raises(TrackerStoreError):
            await store.save(tracker_of(session(1), conversation))

    with_store("redis://127.0.0.1:1/0", use)


def test_a_server_that_restarted_is_used_again(engine_redis: Redis, conversation: str) -> None:
    async def use(store: ConversationTrackerStore) -> None:
        assert await store.ping()
        engine_redis.stop()
        with pytest.raises(TrackerStoreError):
            await store.retrieve(conversation)
        engine_redis.start()
        await store.save(tracker_of(session(1), conversation))
        assert await store.exists(conversation)

    with_store(engine_redis.url, use)


def test_a_long_conversation_stays_bounded_and_keeps_its_slots() -> None:
    events = session(0)
    for number in range(400):
        events = shortened(events + turn(number), DOMAIN.slots, 60)
        assert len(events) <= 60
        assert tracker_of(events).get_slot("count") == number
    first_message = next(index for index, event in enumerate(events) if isinstance(event, UserUttered))
    assert events[first_message - 1] == ActionExecuted("action_listen")


def test_shortening_never_changes_slots_or_loop() -> None:
    for seed in range(60):
        chance = random.Random(seed)
        events = session(0)
        expected = session(0)
        for number in range(chance.randrange(5, 60)):
            more: list[Event] = []
            if chance.random() < 0.5:
                more.append(SlotSet(chance.choice(["place", "case"]), chance.choice([None, "x", {"y": number}, False])))
            if chance.random() < 0.2:
                more.append(ActiveLoop(chance.choice(["a_form", None])))
            if chance.random() < 0.03:
                more.append(Restarted())
            new = turn(number, *more)
            expected = expected + new
            events = shortened(events + new, DOMAIN.slots, 40)
        whole, short = tracker_of(expected), tracker_of(events)
        assert slots_of(short) == slots_of(whole)
        assert short.active_loop_name == whole.active_loop_name
        assert short.latest_action_name == whole.latest_action_name
        never = short.slots["never"]
        assert not never.has_been_set


def test_only_the_current_session_is_kept() -> None:
    events = shortened(session(5) + session(2), DOMAIN.slots, 100)
    assert len(events) == len(session(2))
    assert events[0] == ActionExecuted("action_session_start")


def test_only_the_last_four_turns_words_are_kept() -> None:
    words = [event.data for event in shortened(session(6), DOMAIN.slots, 100) if isinstance(event, BotUttered)]
    assert [bool(data.get("custom")) for data in words] == [False, False, True, True, True, True]


def test_one_turn_longer_than_the_bound_stays_whole() -> None:
    long_turn = turn(1, *[SlotSet("place", number) for number in range(80)])
    events = shortened(session(1) + long_turn, DOMAIN.slots, 40)
    assert events[-len(long_turn) :] == long_turn
    assert tracker_of(events).get_slot("place") == 79
