"""How long things take to hear, measured with a real voice (espeak-ng, Latin American Spanish)."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import pytest

from bot import languages
from bot.catalogue.check import load_cards
from bot.core.choices import OpenOption
from bot.core.phrases import Phrases
from bot.core.replies import ShowProcedure
from channels.voice.render import render
from channels.voice.speaking import lines
from ivr import flow
from ivr.model import Around, Words

ROOT = Path(__file__).resolve().parents[3]
WORDS_A_MINUTE = "165"
LONGEST = 20.0
"""Seconds without a pause for the caller."""
FIRST_QUESTION = 12.0
ANSWERS = 60


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


def test_no_phrase_of_a_call_is_long(voice, phrases, tmp_path):
    text = (ROOT / "ivr" / "flow.py").read_text(encoding="utf-8")
    values = dict.fromkeys(("hours", "topic", "words", "label", "digit", "minutes"), "lunes 23 de noviembre, 9:00")
    for key in sorted({part for part in text.split('"') if part.startswith("voice_")}):
        said = " ".join(line.text for line in lines((Words(key, values),), "es_MX", phrases))
        assert 0.3 <= seconds(voice, said, tmp_path) <= LONGEST / 2, key


def test_no_piece_of_an_answer_is_long(voice, phrases, tmp_path):
    cards = load_cards(ROOT / "data")[0]
    step = max(1, len(cards.procedures) // ANSWERS)
    sample = list(cards.procedures)[::step][:ANSWERS]
    assert len(sample) == ANSWERS or len(sample) == len(cards.procedures)
    for each in sample:
        pieces = [message.text for message in render((ShowProcedure(each.card),), phrases).messages]
        longest = max(pieces, key=len)
        for piece in {pieces[0], longest}:
            said = " ".join(line.text for line in lines((Words(text=piece),), "es_MX", phrases))
            assert seconds(voice, said, tmp_path) <= LONGEST, (each.card.id, said)
