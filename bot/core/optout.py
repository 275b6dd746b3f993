"""Opt-out, opt-in and help keywords: whole messages only, obeyed before anything else."""

from __future__ import annotations

import re
import unicodedata

from bot.core.messages import OptOutType

# Twilio's default keywords, handled by Twilio too: https://help.twilio.com/articles/223134027
_TWILIO_STOP = {"stop", "unsubscribe", "end", "quit", "stopall", "revoke", "optout", "cancel"}
_TWILIO_START = {"start", "yes", "unstop"}
# Ours, in Spanish. None of them may ever be a menu word (tests/architecture).
_STOP = {"alto", "baja", "cancelar", "salir"}
_START = {"alta"}
STOP_WORDS = frozenset(_TWILIO_STOP | _STOP)
START_WORDS = frozenset(_TWILIO_START | _START)


_SIGNS_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


def bare(text: str) -> str:
    """Return a message without case, accents, and what is no letter around it: ``"¡Más! 🙏"`` -> ``"mas"``."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return _SIGNS_AROUND.sub("", "".join(c for c in decomposed if not unicodedata.combining(c)))


def opt_out_keyword(text: str) -> OptOutType | None:
    """Return what a whole message asks for: ``"stop"``, ``"start"`` or None (:func:`bare` says what does not count)."""
    word = bare(text)
    if word in STOP_WORDS:
        return "stop"
    return "start" if word in START_WORDS else None
