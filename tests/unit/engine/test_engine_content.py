"""A turn's request as Rasa takes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rasa.shared.core.training_data.story_reader.yaml_story_reader import YAMLStoryReader
from rasa.shared.nlu.training_data.message import Message

from bot.core.codec import PayloadError, to_payload
from bot.core.messages import Choice, Content, Location, Media, Text
from bot.core.turns import TurnContext, TurnRequest
from bot.engine.content import message_text, metadata, read_request

REQUEST = TurnRequest("m1", "c1", "sms", Text("hola"), TurnContext(state="OAX", case={"age": "minor"}))


def as_rasa_reads(text: str) -> tuple[str | None, dict[str, Any]]:
    message = YAMLStoryReader.unpack_regex_message(Message({"text": text}))
    intent = message.get("intent")
    return intent and intent["name"], {e["entity"]: e["value"] for e in message.get("entities", [])}


@pytest.mark.parametrize(
    "text",
    ["/restart", " /restart", "//restart", "/ /restart", "\u00a0/restart", '/pick{"option_id": "x"}', "/", "\n/a"],
)
def test_a_leading_slash_is_never_an_intent(text: str) -> None:
    assert as_rasa_reads(message_text(Text(text))) == (None, {})


def test_other_slashes_and_words_stay() -> None:
    assert message_text(Text(" y/o 24/7 ¿sí? ")) == "y/o 24/7 ¿sí?"
    assert message_text(Text("/menu")) == "menu"


def test_half_a_character_does_not_break_encoders() -> None:
    assert message_text(Text("hola \ud83d\0")).encode("utf-8") == b"hola ?"


@pytest.mark.parametrize("option_id", ["yes", 'a"}b', "{x}@0.1", "/restart", "línea\nnueva", "ñ" * 50, "\\", "}"])
def test_any_option_id_comes_through_whole(option_id: str) -> None:
    assert as_rasa_reads(message_text(Choice(option_id, "uno"))) == ("pick", {"option_id": option_id})


@pytest.mark.parametrize(
    ("content", "intent", "entities"),
    [
        (Location(19.4326, -99.1332), "share_location", {"latitude": 19.4326, "longitude": -99.1332}),
        (Location(0.0, -0.00001), "share_location", {"latitude": 0.0, "longitude": -0.00001}),
        (Media("image", "mire"), "send_media", {"kind": "image"}),
    ],
)
def test_deeds_become_structured_messages(content: Content, intent: str, entities: dict[str, Any]) -> None:
    assert as_rasa_reads(message_text(content)) == (intent, entities)


def test_actions_find_context_channel_and_caption_in_the_metadata() -> None:
    assert metadata(REQUEST) == {"context": to_payload(REQUEST.context), "channel": "sms"}
    photo = TurnRequest("m1", "c1", "whatsapp", Media("image", "/mi acta"))
    assert metadata(photo)["caption"] == "mi acta"


def test_a_request_reads_back() -> None:
    assert read_request(json.loads(json.dumps(to_payload(REQUEST)))) == REQUEST


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"message_id": ""}, r"\$\.message_id"),
        ({"message_id": None}, r"\$\.message_id"),
        ({"conversation_id": "a b"}, r"\$\.conversation_id"),
        ({"conversation_id": "a\n"}, r"\$\.conversation_id"),
        ({"conversation_id": "x" * 201}, r"\$\.conversation_id"),
        ({"channel": "fax"}, r"\$\.channel"),
        ({"content": {"type": "Fax"}}, r"\$\.content\.type"),
        ({"content": {"type": "Text"}}, r"\$\.content\.text"),
        ({"content": {"type": "Choice", "option_id": ""}}, r"\$\.content\.option_id"),
        ({"content": {"type": "Location", "latitude": 91.0, "longitude": 0.0}}, r"\$\.content\.latitude"),
        ({"content": {"type": "Location", "latitude": 9.0, "longitude": float("nan")}}, r"\$\.content\.longitude"),
        ({"context": {"language": 3}}, r"\$\.context\.language"),
        ({"surprise": 1}, r"\$\.surprise"),
    ],
)
def test_a_malformed_request_names_its_path(change: dict[str, Any], path: str) -> None:
    with pytest.raises(PayloadError, match=path):
        read_request({**to_payload(REQUEST), **change})


@pytest.mark.parametrize("payload", [None, [], "x", 1, {}])
def test_what_is_no_object_is_refused(payload: Any) -> None:
    with pytest.raises(PayloadError):
        read_request(payload)
