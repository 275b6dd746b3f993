"""Keywords that are answered before the dialogue, as a whole message only."""

from __future__ import annotations

import unicodedata
from typing import Literal

Keyword = Literal["more", "help", "notice"]

_WORDS: dict[str, Keyword] = {
    "mas": "more",
    "ayuda": "help",
    "help": "help",
    "info": "help",
    "aviso": "notice",
}


def keyword(text: str) -> Keyword | None:
    """Return the keyword that a whole message is; case, accents and end signs do not count."""
    decomposed = unicodedata.normalize("NFKD", text.strip().strip("\"'.,;:!¡?¿()[]*_ ").lower())
    return _WORDS.get("".join(c for c in decomposed if not unicodedata.combining(c)))
