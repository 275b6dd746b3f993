"""How long things take to hear, measured with a real voice (espeak-ng, Latin American Spanish)."""

from __future__ import annotations

import re
import shutil
import subprocess
import wave
from pathlib import Path
from string import Formatter
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from bot import languages
from bot.catalogue.check import load_cards
from bot.core.choices import OpenOption
from bot.core.phrases import Phrases
from bot.core.replies import Aspect, Say, ShowLifeEvent, ShowProcedure
from channels.voice.render import render
from channels.voice.speaking import lines
from ivr import flow
from ivr.model import Around, Words

ROOT = Path(__file__).resolve().parents[3]
WORDS_A_MINUTE = "165"
LONGEST = 20.0
"""Seconds without a pause for the caller."""
FIRST_QUESTION = 12.0
LISTENED_TO = 150


@pytest.fixture(scope="module")
def phrases(tmp_path_factory) -> Phrases:
    folder = tmp_path_factory.mktemp("ears-locale")
    languages.build(ROOT / "locale", folder)
    return Phrases.load(folder, "es_MX", "voice")


@pytest.fixture(scope="module")
def voice() -> str:
    program = shutil.which("espeak-ng")
    assert program, "espeak-ng is not installed: apt-get install espeak-ng (Debian package espeak-ng)"
    return program


def seconds(voice: str, text: str, folder: Path) -> float:
    path = folder / "said.wav"
    command = [voice, "-v", "es-419", "-s", WORDS_A_MINUTE, "-w", str(path), text]
    subprocess.run(command, check=True, capture_output=True)
    with wave.open(str(path)) as file:
        return file.getnframes() / file.getframerate()


def stretches(said: tuple[Words, ...], phrases: Phrases) -> list[str]:
    """Return what is said without a pause for the caller."""
    found = [""]
    for line in lines(said, "es_MX", phrases):
        if line.pause:
            found.append("")
        else:
            found[-1] += " " + line.text
    return [each for each in found if each.strip()]


def menu(cards) -> tuple[OpenOption, ...]:
    longest = sorted((each.card.short for each in cards.procedures), key=len)[-7:]
    return tuple(OpenOption(f"procedure:{n}", short) for n, short in enumerate(longest))


def test_the_first_question_comes_soon_and_no_stretch_is_long(voice, phrases, tmp_path):
    cards = load_cards(ROOT / "data")[0]
    for around in (
        Around(menu=menu(cards)),
        Around(menu=menu(cards), recorded=True),
        Around(menu=menu(cards), resumable=True),
        Around(menu=menu(cards), languages=(("es_MX", "Español"), ("yua", "Maaya t'aan"))),
    ):
        move = flow.begin(around, textable=True)
        keys = [words.key for words in move.say]
        at = next(i for i, key in enumerate(keys) if key in ("voice_open", "voice_resume_ask", "voice_choose_language"))
        before = " ".join(line.text for line in lines(move.say[:at], "es_MX", phrases))
        assert seconds(voice, before, tmp_path) <= FIRST_QUESTION
        for stretch in stretches(move.say, phrases):
            assert seconds(voice, stretch, tmp_path) <= LONGEST, stretch


VALUES = {
    "digit": "3", "number": "3", "minutes": "12", "position": "3", "done": "3", "steps": "1, 2 y 3", "n": "3",
    "label": "Reponer la credencial para votar", "option": "Reponer la credencial para votar",
    "hours": "lunes 23 de noviembre, 9:00", "opens": "lunes 23 de noviembre, 9:00", "line": "55 1234 5678",
    "institution": "Secretaría de Administración del Gobierno del Estado", "words": "licencia de manejo en oaxaca",
}  # fmt: skip
"""What stands in the braces of phrases; any other is a procedure's name."""
NAME = "Constancia de residencia en San Luis Potosí"


def catalogue() -> list[tuple[str, tuple[str, ...]]]:
    """Return every phrase that can be heard, with its parameters: the plain ones, and the variants for calls."""
    with (ROOT / "locale" / "es_MX" / "LC_MESSAGES" / "ventanilla.po").open("rb") as file:
        messages = [message for message in read_po(file) if message.id and message.context in (None, "", "voice")]
    keys = {message.id if isinstance(message.id, str) else message.id[0]: message for message in messages}
    texts = {key: each.string if isinstance(each.string, str) else " ".join(each.string) for key, each in keys.items()}
    return [(key, tuple(name for _, name, _, _ in Formatter().parse(text) if name)) for key, text in texts.items()]


def test_no_phrase_and_no_variant_is_long(voice, phrases, tmp_path):
    found = catalogue()
    assert len(found) > 300
    of_flow = {part for part in (ROOT / "ivr" / "flow.py").read_text(encoding="utf-8").split('"') if "voice_" in part}
    for key, names in found:
        values = {name: VALUES.get(name, NAME) for name in names}
        pieces = [each.text for each in render((Say(key, values),), phrases).messages]
        stem = re.sub(r"_\d+$", "", key)
        for piece in pieces:
            said = " ".join(line.text for line in lines((Words(text=piece),), "es_MX", phrases))
            # A sentence of the telephone's own comes on top of what is answered, so it must be short.
            assert seconds(voice, said, tmp_path) <= (LONGEST / 2 if stem in of_flow else LONGEST), (key, said)


def test_no_piece_of_an_answer_is_long(voice, phrases, tmp_path):
    """Every aspect of every card and the steps of every life event; the longest of all pieces are listened to."""
    cards = load_cards(ROOT / "data")[0]
    replies = [ShowProcedure(each.card, (aspect,)) for each in cards.procedures for aspect in get_args(Aspect)]
    replies += [ShowLifeEvent(each.card) for each in cards.life_events]
    pieces = {message.text for reply in replies for message in render((reply,), phrases).messages}
    said = {" ".join(line.text for line in lines((Words(text=piece),), "es_MX", phrases)) for piece in pieces}
    assert len(said) > 2000
    for text in sorted(said, key=len)[-LISTENED_TO:]:
        assert seconds(voice, text, tmp_path) <= LONGEST, text
