"""Opt-out, opt-in and help keywords: whole messages only, obeyed before anything else."""

from __future__ import annotations

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


def opt_out_keyword(text: str) -> OptOutType | None:
    """Return what a whole message asks for: ``"stop"``, ``"start"`` or None. Case, accents and end signs do not count."""
    decomposed = unicodedata.normalize("NFKD", text.strip().strip("\"'.,;:!¡?¿()[]*_ ").lower())
    word = "".join(c for c in decomposed if not unicodedata.combining(c))
    if word in STOP_WORDS:
        return "stop"
    return "start" if word in START_WORDS else None
