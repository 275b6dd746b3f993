"""Answers for a call: pieces of a breath, the essentials first, every fact kept, nothing unsaid."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from bot import languages
from bot.catalogue.check import load_cards
from bot.core.interactive import Listen
from bot.core.phrases import Phrases
from bot.core.replies import Ask, Aspect, Handoff, Option, Say, ShowLifeEvent, ShowProcedure
from channels.registry import CHANNELS
from channels.voice import twiml
from channels.voice.copy import as_sms
from channels.voice.render import BREATH, LINES, MAX_CHARACTERS, TITLE, render
from channels.voice.speaking import Recordings, lines
from channels.voice.twiml import Line, Listening, Prompt
from ivr.flow import VARIANTS
from ivr.model import Words
from ivr.spoken import spoken

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def phrases(tmp_path_factory) -> Phrases:
    folder = tmp_path_factory.mktemp("voice-locale")
    languages.build(ROOT / "locale", folder)
    return Phrases.load(folder, "es_MX", "voice")


@pytest.fixture(scope="module")
def cards():
    return load_cards(ROOT / "data")[0]


def test_every_card_is_told_in_pieces_of_a_breath(cards, phrases):
    for each in cards.procedures:
        for aspects in (("overview",), ("requirements",), ("cost",), ("where",), ("hours",), ("source",)):
            rendered = render((ShowProcedure(each.card, aspects),), phrases)
            assert rendered.messages, each.card.id
            assert rendered.more == ()
            for place, message in enumerate(rendered.messages):
                said = message.text.splitlines()
                facts = [line for line in said[0 if place else 1 :] if not line.endswith(":")]
                assert len(facts) <= LINES
                assert len(spoken(message.text)) <= BREATH + TITLE + LINES, (each.card.id, message.text)


def test_no_title_and_no_heading_stands_alone(cards, phrases):
    for each in cards.procedures:
        for aspect in get_args(Aspect):
            first, *others = render((ShowProcedure(each.card, (aspect,)),), phrases).messages
            assert len(first.text.splitlines()) > 1, (each.card.id, aspect)
            for message in (first, *others):
                assert not message.text.endswith(":"), (each.card.id, message.text)


def test_what_matters_most_is_in_the_first_pieces(cards, phrases):
    for each in cards.procedures:
        first = " ".join(m.text for m in render((ShowProcedure(each.card),), phrases).messages[:4])
        assert each.card.short in first
        if each.card.cost.amounts:
            assert re.search(r"\$|dólares|gratis", first), each.card.id


def test_an_answer_says_where_it_is_from(cards, phrases):
    for each in cards.procedures:
        said = " ".join(message.text for message in render((ShowProcedure(each.card),), phrases).messages)
        assert "Fuente" in said, each.card.id


def test_steps_are_options_with_their_deadlines(cards, phrases):
    for each in cards.life_events:
        event = each.card
        options = tuple(Option(f"step:{event.id}:{n}", step.title) for n, step in enumerate(event.steps))
        *told, asked = render((ShowLifeEvent(event, options),), phrases).messages
        assert isinstance(asked.interactive, Listen)
        assert [item.title for item in asked.interactive.items] == [step.title for step in event.steps]
        assert [item.description for item in asked.interactive.items] == [s.deadline or "" for s in event.steps]
        if event.opening:
            assert event.opening.splitlines()[0][:20] in told[0].text


def test_a_question_comes_last_with_what_it_wants(phrases):
    said = render((Say("sorry_upset"), Ask("ask_state", wants="place")), phrases).messages
    assert [message.interactive for message in said[:-1]] == [None]
    assert said[-1].interactive == Listen(phrases("ask_state"), (), "place")


def test_a_person_is_brought_by_the_channel(phrases):
    said = render((Say("sorry_upset"), Handoff("upset")), phrases).messages
    assert said[-1].interactive == Listen(person=True)
    urgent = render((Say("sorry_upset"), Handoff("emergency")), phrases).messages
    assert urgent[-1].interactive == Listen(person=True, urgent=True)
    by_rule = render((Say("sorry_upset"), Handoff("rule")), phrases).messages
    assert by_rule[-1].interactive == Listen(person=True, by_rule=True)


def test_only_the_last_question_has_options(phrases):
    first = Ask("which_procedure", (Option("a", "Una"),))
    last = Ask("choose_one", (Option("b", "Otra"),))
    said = render((first, last), phrases).messages
    assert [m.interactive.items[0].id for m in said if m.interactive] == ["b"]
    assert "Una" not in said[0].text


def test_as_sms_an_answer_has_pages_of_two_segments(cards, phrases, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sms-locale")
    languages.build(ROOT / "locale", folder)
    sms = Phrases.load(folder, "es_MX", "sms")
    limits = CHANNELS["sms"].capabilities
    for each in list(cards.procedures)[:40]:
        pieces = [message.text for message in render((ShowProcedure(each.card),), phrases).messages]
        for page in as_sms(pieces, sms):
            assert 0 < len(page.text) <= limits.max_characters
            assert page.channel == "sms"


# ---- TwiML


def documents(prompt: Prompt) -> list[str]:
    window = Listening("https://v.example/turn?step=2", 7, 30, ("acta", "pasaporte"))
    return [
        twiml.listen(prompt, window),
        twiml.go_on(prompt, "https://v.example/turn?step=2&x=1", pause=1),
        twiml.hang_up(prompt),
        twiml.enqueue(prompt, "personas", action="https://v.example/a", wait="https://v.example/w"),
        twiml.dial(
            prompt, "+525512345678", action="https://v.example/a", whisper="https://v.example/w",
            caller_id="+525500000000", seconds=20,
        ),
        twiml.waiting(prompt, "https://v.example/q", "https://v.example/q"),
        twiml.say(prompt),
    ]  # fmt: skip


@pytest.mark.parametrize("rate", [-2, -1, 0, 1, 2])
def test_every_verb_that_speaks_or_listens_says_its_language(rate):
    prompt = Prompt((Line("Hola."), Line(pause=1), Line(recording="https://v.example/a.mp3")), "Polly.Mia-Neural", rate)
    for text in documents(prompt):
        tree = ElementTree.fromstring(text)
        speaking = [*tree.iter("Say"), *tree.iter("Gather")]
        assert speaking
        assert {each.get("language") for each in speaking} == {"es-MX"}
        assert len(text.encode()) < 64 * 1024


def test_speech_and_keys_are_listened_for_and_silence_is_told():
    gather = ElementTree.fromstring(documents(Prompt((Line("Hola."),), "v"))[0]).find("Gather")
    assert gather is not None
    assert gather.attrib.items() >= {
        "input": "dtmf speech", "numDigits": "1", "finishOnKey": "", "actionOnEmptyResult": "true", "bargeIn": "true",
        "speechTimeout": "auto", "timeout": "7", "hints": "acta, pasaporte", "method": "POST",
    }.items()  # fmt: skip


def test_words_are_escaped():
    text = twiml.say(Prompt((Line("Pan & vino <ya>"),), "v"))
    said = ElementTree.fromstring(text).find("Say")
    assert said is not None
    assert said.text == "Pan & vino <ya>"


def test_a_recorded_phrase_is_played_and_one_with_values_is_said(tmp_path, phrases):
    folder = tmp_path / "es_MX" / "audio"
    folder.mkdir(parents=True)
    for name in ("voice_greeting.mp3", "voice_option.mp3", "notes.txt"):
        (folder / name).write_bytes(b"x")
    recordings = Recordings(tmp_path, "https://v.example/channels/voice/audio")
    said = lines(
        (
            Words("voice_greeting"),
            Words("voice_option", {"label": "Acta", "digit": "2"}),
            Words(text="$5"),
            Words(pause=2),
        ),
        "es_MX", phrases, recordings,
    )  # fmt: skip
    assert said == [
        Line(recording="https://v.example/channels/voice/audio/es_MX/voice_greeting.mp3"),
        Line("Acta: dos."),
        Line("cinco pesos"),
        Line(pause=2),
    ]
    assert recordings.file("es_MX", "voice_greeting.mp3") is not None
    for name in ("../../secret", "voice_greeting.wav", "notes.txt", ""):
        assert recordings.file("es_MX", name) is None


# ---- phrases


def test_every_phrase_of_the_flow_exists(phrases):
    source = "".join(
        path.read_text(encoding="utf-8")
        for path in (*(ROOT / "ivr").glob("*.py"), *(ROOT / "bot" / "gateway").glob("call.py"))
    )
    keys = set(re.findall(r'"(voice_[a-z0-9_]+)"', source))
    assert len(keys) > 40
    keys |= {f"{key}_{number}" for key, count in VARIANTS.items() for number in range(2, count + 1)}
    assert sorted(key for key in keys if not phrases.has(key)) == []
    extra = [key for key, count in VARIANTS.items() if phrases.has(f"{key}_{count + 1}")]
    assert extra == []


def test_no_text_of_a_call_is_too_long_for_a_verb(cards, phrases):
    for each in cards.procedures:
        for message in render((ShowProcedure(each.card),), phrases).messages:
            assert len(message.text) <= MAX_CHARACTERS
