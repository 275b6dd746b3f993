"""Keywords that are answered before the dialogue, as a whole message only."""

from __future__ import annotations

from typing import Literal

from bot.core.optout import bare

Keyword = Literal["more", "help", "notice"]

_WORDS: dict[str, Keyword] = {
    "mas": "more",
    "ayuda": "help",
    "help": "help",
    "info": "help",
    "aviso": "notice",
}


def keyword(text: str) -> Keyword | None:
    """Return the keyword that a whole message is; case, accents and signs around it do not count."""
    return _WORDS.get(bare(text))
