"""A line that speaks two languages: the greeting offers both, and the call goes on in the one that is chosen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from bot.gateway import call as call_module
from tests.people import ROSA
from tests.servers import Redis, eventually
from tests.unit.gateway.voice_line import Caller, Line, NoEngine

ENGLISH = {
    "voice_open": "Tell me what you need.",
    "voice_still_there": "Are you there?",
    "voice_slower": "Slower, of course.",
    "voice_goodbye": "Goodbye.",
}
SPANISH_QUESTION = "Dígame qué trámite necesita"


@pytest.fixture
def two_languages(
    built: Path, tmp_path: Path, sqlite_url: str, redis_server: Redis, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Line]:
    """A line with a few phrases of a second language; what it lacks is said in Spanish."""
    folder = tmp_path / "english"
    shutil.copytree(built, folder)
    catalogue = Catalog(locale="en")
    for key, text in ENGLISH.items():
        catalogue.add(key, text)
    compiled = folder / "locale" / "en" / "LC_MESSAGES" / "ventanilla.mo"
    compiled.parent.mkdir(parents=True)
    with compiled.open("wb") as file:
        write_mo(file, catalogue)
    spoken = {"es_MX": {"name": "Español", "code": "spa"}, "en": {"name": "English", "code": "eng"}}
    monkeypatch.setattr(call_module, "languages", lambda _: spoken)
    line = Line(folder, sqlite_url, redis_server.url, NoEngine())
    with line.working():
        yield line
    line.close()


def language_of(line: Line, caller: Caller) -> str:
    """Return what is remembered once the worker has nothing left to do."""
    record, _ = line.calls.load(caller.base["CallSid"], 0)
    assert record is not None
    eventually(lambda: line.store.figures().waiting_messages == 0, 10, "a worker at rest")
    return line.calls.context(record.conversation_id).language


def test_the_greeting_offers_each_language_by_its_own_name(two_languages: Line) -> None:
    first = two_languages.caller().dial()
    assert "Español: marque uno" in first.heard
    assert "English: dos" in first.heard
    assert SPANISH_QUESTION not in first.heard
    assert "English" in str(first.verb("Gather").get("hints"))


@pytest.mark.parametrize("chosen", [{"Digits": "2"}, {"SpeechResult": "English please", "Confidence": "0.8"},
                                    {"SpeechResult": "la segunda", "Confidence": "0.8"}])  # fmt: skip
def test_the_call_goes_on_in_the_language_that_is_chosen(two_languages: Line, chosen: dict[str, str]) -> None:
    caller = two_languages.caller()
    caller.dial()
    assert "Tell me what you need." in caller._turn(**chosen).heard
    assert "Are you there?" in caller.keep_silent().heard
    assert "Slower, of course." in caller.press("7").heard
    answer = caller.say("acta de nacimiento")  # the cards are in Spanish, and so is what is read of them
    assert "acta nacimiento" in answer.heard.replace(" de ", " ")
    assert language_of(two_languages, caller) == "en"


def test_spanish_is_one_key(two_languages: Line) -> None:
    caller = two_languages.caller()
    caller.dial()
    assert SPANISH_QUESTION in caller.press("1").heard
    assert language_of(two_languages, caller) == "es_MX"


def test_who_just_says_what_she_needs_is_answered_in_spanish(two_languages: Line) -> None:
    caller = two_languages.caller()
    caller.dial()
    assert "acta de nacimiento" in caller.say("acta de nacimiento").heard


def test_silence_and_wrong_keys_at_the_choice_lead_on(two_languages: Line) -> None:
    caller = two_languages.caller()
    said = caller.dial()
    for _ in range(6):
        if not said.next:
            break
        said = caller.keep_silent()
        assert said.heard
    assert not said.next, "a kind end"
    other = two_languages.caller("CA2")
    other.dial()
    assert other.press("5").heard
    assert "Tell me what you need." in other.press("2").heard


def test_who_calls_again_chooses_again_for_others_share_the_phone(two_languages: Line) -> None:
    first = two_languages.caller("CA1", ROSA)
    first.dial()
    first.press("2")
    first.hang_up()
    again = two_languages.caller("CA2", ROSA)
    assert "Español: marque uno" in again.dial().heard
    assert SPANISH_QUESTION in again.press("1").heard
    assert language_of(two_languages, again) == "es_MX"
