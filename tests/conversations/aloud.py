"""How a call says what a conversation expects in writing: figures in words, no signs, a question's pages by key."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from babel.messages.pofile import read_po

from ivr.spoken import spoken
from tests.conversations.wording import PHRASES

GOES_ON = "voice_more"


def bare(text: str) -> str:
    """Return a text as calls are compared: without accents, capitals and punctuation, on one line."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    letters = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(re.sub(r"[^\w\s]", " ", letters).split())


def says_aloud(text: str, wanted: str) -> bool:
    """Say whether a call says ``wanted``; what has no words (a «$») is said by nobody."""
    if wanted.startswith("["):  # a mark that is never said
        return wanted in text
    wanted = re.sub(r"^\d+\) ", "", wanted)  # keys are named in words, after what they pick
    forms = {bare(spoken(wanted)), bare(wanted) if not re.search(r"\d", wanted) else ""} - {""}
    return any(form in bare(text) for form in forms)


def asks_whether_to_go_on(said: tuple[str, ...]) -> bool:
    """Say whether the last thing said asks whether to read on."""
    return bool(said) and bare(said[-1]) in _go_on()


@cache
def _go_on() -> frozenset[str]:
    with PHRASES.open("rb") as file:
        catalogue = read_po(file)
    return frozenset(
        bare(spoken(str(message.string)))
        for message in catalogue
        if isinstance(message.id, str) and re.fullmatch(rf"{GOES_ON}(_\d+)?", message.id)
    )


def heard_form(form: str) -> str:
    """Return a phrase as a pattern of what is said of it, its places open."""
    parts = [bare(spoken(part)) for part in re.split(r"\{\w+\}", form)]
    return ".*?".join(re.escape(part) for part in parts)
