"""What reads a citizen's words before any search: never an exception, never a slow path."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot import languages
from bot.catalogue.entries import LONGEST, sane
from bot.catalogue.text import keywords, normalise
from bot.core.choices import OpenOption, pick
from bot.core.phrases import Phrases
from bot.core.redact import redact
from bot.core.replies import Ask, Option, Say
from channels.sms.render import render
from channels.sms.segments import count
from tests.unit.catalogue.conftest import HOSTILE, ROOT

OPTIONS = tuple(OpenOption(f"o{number}", label) for number, label in enumerate(("Acta de nacimiento", "CURP", "INE")))


@pytest.fixture(scope="module")
def phrases(tmp_path_factory: pytest.TempPathFactory) -> Phrases:
    folder: Path = tmp_path_factory.mktemp("hostile-locale")
    languages.build(ROOT / "locale", folder)
    return Phrases.load(folder, "es_MX", "sms")


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(
    "function", [normalise, redact, lambda text: pick(text, OPTIONS)], ids=["normalise", "redact", "pick"]
)
def test_time_grows_with_length_only(name: str, function: object) -> None:
    text = HOSTILE[name]
    assert callable(function)
    start = time.process_time()
    function(text)
    assert time.process_time() - start < 0.5 + len(text) / 100_000


@settings(deadline=None, max_examples=200)
@given(st.text(st.characters(), max_size=300))
def test_any_text(text: str) -> None:
    normalised = normalise(text)
    assert normalised == " ".join(normalised.split())
    assert all(word in normalised for word in keywords(normalised))
    redact(text)
    pick(text, OPTIONS)


@settings(deadline=None, max_examples=50)
@given(st.text(st.characters(), max_size=4000))
def test_sane_keeps_beginning_and_end(text: str) -> None:
    cut = sane(text)
    assert len(cut) <= LONGEST + 1
    assert cut[:100] == text[:100]
    assert cut[-100:] == text[-100:] or len(text) < 100


@pytest.mark.parametrize("name", HOSTILE)
def test_an_sms_with_a_citizens_own_words(phrases: Phrases, name: str) -> None:
    """A label can come from a card only, but a renderer must not rely on it."""
    label = HOSTILE[name][:2000] or "x"
    rendered = render(
        (Say("degraded_intro"), Ask("degraded_which", (Option("a", label), Option("b", "CURP")))), phrases
    )
    for message in (*rendered.messages, *rendered.more):
        assert count(message.text).segments <= 2
