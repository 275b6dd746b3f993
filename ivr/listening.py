"""Listening: how long, and for what words. The windows are data; hints are the names that may be said next."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.core.choices import OpenOption
from ivr.model import Call, State

# https://www.twilio.com/docs/voice/twiml/gather#hints
MOST_HINTS = 500
LONGEST_HINT = 100
MOST_CHARACTERS = 1800
"""All hints together: a TwiML document has at most 64 KB, and recognisers do worse with very many."""


@dataclass(frozen=True)
class Window:
    """``timeout``: seconds of silence after the prompt before the step ends; ``longest``: seconds of speech."""

    timeout: int
    longest: int = 30


WINDOWS: dict[State, Window] = {
    State.LANGUAGE: Window(7, 10),
    State.RESUME: Window(6, 15),
    State.OPEN: Window(7, 45),
    State.MENU: Window(7, 20),
    State.MORE: Window(4, 20),
    State.CONFIRM: Window(6, 15),
    State.OFFER: Window(8, 20),
    State.NOBODY: Window(8, 20),
}
_SAYABLE = re.compile(r"^[\w .¿?¡!'\-/()]+$")
_YES_NO = ("sí", "no", "repita")
_ALWAYS = ("una persona", "repita", "más despacio", "por mensaje", "menú")


def window(call: Call) -> Window:
    """Return the listening window of the call's state."""
    return WINDOWS[call.state]


def hints(call: Call, options: Sequence[OpenOption], places: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:
    """Return what may be said next, most likely first, within the recogniser's limits.

    ``places``: states; ``names``: of procedures and life events.
    """
    if call.state in (State.RESUME, State.MORE, State.CONFIRM):
        return bounded((*_YES_NO, *_ALWAYS, *names))
    wants = call.question.wants if call.question else None
    first = [option.label for option in options if option.label]
    if wants == "place":
        return bounded((*first, *places, *_ALWAYS))
    if wants == "yes_no":
        return bounded((*first, *_YES_NO, *_ALWAYS))
    return bounded((*first, *_ALWAYS, *names, *places))


def bounded(words: Iterable[str]) -> tuple[str, ...]:
    """Return different hints within the limits. A comma would end a hint, a sign is not said: both are left out."""
    kept: dict[str, None] = {}
    room = MOST_CHARACTERS
    for word in words:
        text = " ".join(word.split())
        if not text or not _SAYABLE.match(text) or len(text) > LONGEST_HINT or text in kept:
            continue
        if len(kept) == MOST_HINTS or room < len(text) + 1:
            break
        kept[text] = None
        room -= len(text) + 1
    return tuple(kept)
