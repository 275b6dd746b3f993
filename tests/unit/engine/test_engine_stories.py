"""The engine reads a story's request as ``ventanilla understand`` does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from rasa.core.channels.channel import UserMessage
from rasa.core.processor import MessageProcessor

from bot.engine.processor import TurnProcessor
from bot.understanding.request import pooled, request

STORY = (
    "Tengo setenta y ocho años, mi hija me puso el teléfono en la mano y se fue al mandado, y yo estas cosas de "
    "escribirle a un aparato no las entiendo. Mándeme a alguien con quien platicar."
)
WHOLE, PART = (("life_event", 0.7), ("human", 0.3)), (("human", 0.95), ("menu", 0.05))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that the pipeline was given; it hears a life event in a long one, a person asked for in a short one."""
    texts: list[str] = []

    async def parse(self: Any, message: UserMessage, *_: Any) -> dict[str, Any]:
        text = message.text or ""
        texts.append(text)
        ranking = [{"name": name, "confidence": share} for name, share in (WHOLE if len(text) > 100 else PART)]
        return {"text": text, "intent": ranking[0], "intent_ranking": ranking, "entities": []}

    monkeypatch.setattr(MessageProcessor, "parse_message", parse)
    return texts


def parsed(text: str) -> dict[str, Any]:
    processor = object.__new__(TurnProcessor)
    return asyncio.run(processor.parse_message(UserMessage(text)))


def test_a_storys_request_is_read_as_well_and_both_are_pooled(read: list[str]) -> None:
    found = parsed(STORY)
    ranking = [(each["name"], each["confidence"]) for each in found["intent_ranking"]]
    assert ranking == list(pooled(STORY, WHOLE, PART))
    assert found["intent"]["name"] == "human"
    assert found["text"] == STORY
    assert len(read) == 2
    assert read[1] == request(STORY)


def test_a_short_message_is_read_once(read: list[str]) -> None:
    found = parsed("quiero hablar con una persona")
    assert found["intent"]["name"] == "human"
    assert len(read) == 1
