"""Keywords that are answered before the dialogue, as a whole message only."""

from __future__ import annotations

from typing import Literal

from bot.core.optout import bare

Keyword = Literal["more", "help", "notice", "menu", "agent"]

_WORDS: dict[str, Keyword] = {
    "mas": "more",
    "ayuda": "help",
    "help": "help",
    "info": "help",
    "aviso": "notice",
    "menu": "menu",
    "agente": "agent",
}
_PLAIN = {"menu": "MENU", "agent": "AGENTE"}


def keyword(text: str) -> Keyword | None:
    """Return the keyword that a whole message is; case, accents and signs around it do not count."""
    return _WORDS.get(bare(text))


def plain_word(text: str) -> str | None:
    """Return the bare word that the dialogue knows for a keyword of its own (``"¡Menú! 🙏"`` -> ``"MENU"``)."""
    return _PLAIN.get(keyword(text) or "")
