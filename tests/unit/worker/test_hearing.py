"""Before a turn: voice notes become text, and the person sees that an answer comes."""

from __future__ import annotations

import threading
from datetime import datetime, timezone

import pytest

from bot.core.delivery import CarrierUnavailable, Rejected
from bot.core.messages import Content, Media, Text
from bot.store import StoredMessage
from bot.worker.hearing import Hearing, Typing
from channels.transcriber import NotHeard
from tests.unit.channels.test_transcriber import opus

NOTE = Media("audio", "", "https://api.twilio.com/x")


def message(content: Content = NOTE) -> StoredMessage:
    now = datetime(2026, 11, 22, 15, 30, tzinfo=timezone.utc)
    return StoredMessage(1, "whatsapp", "SM1", "c" * 32, content, None, now)


class Ears:
    """A transcriber that says what it is told to."""

    def __init__(self, words: str | Exception = "quiero mi acta") -> None:
        self.said = words
        self.heard: list[tuple[bytes, str]] = []

    def words(self, audio: bytes, content_type: str) -> str:
        self.heard.append((audio, content_type))
        if isinstance(self.said, Exception):
            raise self.said
        return self.said


def fetched(url: str, largest: int) -> tuple[bytes, str]:
    assert url == NOTE.url
    assert largest > 0
    return b"sound", "audio/ogg"


def test_a_voice_note_becomes_its_words() -> None:
    ears = Ears()
    hearing = Hearing(fetched, ears)
    assert hearing.can_hear(message())
    assert hearing.heard(message()).content == Text("quiero mi acta")
    assert ears.heard == [(b"sound", "audio/ogg")]


def test_what_was_said_is_redacted() -> None:
    heard = Hearing(fetched, Ears("mi CURP es GOMC850101HDFRRR09")).heard(message())
    assert heard.content == Text("mi CURP es [CURP]")


@pytest.mark.parametrize("content", [Text("hola"), Media("image"), Media("audio"), Media("video", "¿?")])
def test_other_messages_stay_and_nothing_is_fetched(content: Content) -> None:
    def never(url: str, largest: int) -> tuple[bytes, str]:
        raise AssertionError

    hearing = Hearing(never, Ears())
    assert not hearing.can_hear(message(content))
    assert hearing.heard(message(content)) == message(content)


def test_without_a_transcriber_nothing_is_fetched() -> None:
    def never(url: str, largest: int) -> tuple[bytes, str]:
        raise AssertionError

    hearing = Hearing(never, None)
    assert not hearing.can_hear(message())
    assert hearing.heard(message()) == message()


@pytest.mark.parametrize("error", [CarrierUnavailable("timeout"), Rejected("file_too_large")])
def test_a_note_that_cannot_be_fetched_stays_a_note(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    def fails(url: str, largest: int) -> tuple[bytes, str]:
        raise error

    assert Hearing(fails, Ears()).heard(message()) == message()
    assert NOTE.url not in caplog.text


def test_a_note_that_is_not_understood_stays_a_note() -> None:
    assert Hearing(fetched, Ears(NotHeard("no words"))).heard(message()) == message()


def test_a_long_note_is_not_sent_to_anybody() -> None:
    ears = Ears()
    assert Hearing(lambda url, largest: (opus(48_000 * 600), "audio/ogg"), ears).heard(message()) == message()
    assert ears.heard == []


def test_typing_is_told_and_never_waited_for() -> None:
    asked, go_on = threading.Event(), threading.Event()
    told: list[str] = []

    def slow(provider_id: str) -> None:
        asked.set()
        assert go_on.wait(10)
        told.append(provider_id)

    typing = Typing(slow)
    for _ in range(50):  # more than may wait: the rest is dropped
        typing.start(message())
    assert asked.wait(10)
    assert told == []
    go_on.set()
    typing.close()


def test_typing_that_fails_changes_nothing() -> None:
    done = threading.Event()

    def fails(provider_id: str) -> None:
        try:
            raise CarrierUnavailable("timeout")
        finally:
            done.set()

    typing = Typing(fails)
    typing.start(message())
    assert done.wait(10)
    typing.start(message())
    typing.close()
