"""Which way of a card is asked for: who asks for a number gets the telephones first, who asks for a date its page."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue.naming import roots
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure, ServiceChannel

_CALLS = re.compile(
    r"(?<!\w)(?:telefon\w+|tel|numeros?|llam\w+|marc(?:o|ar|arle|amos)|habl(?:o|ar|arles?)|comunic\w+|whats\w*)(?!\w)"
)
_PAGE = re.compile(r"(?<!\w)(?:paginas?|internet|en linea|sitio|web|link|liga|correo|computadora|celular|app)(?!\w)")
_FROM_MEXICO = re.compile(r"(?<!\w)(?:desde|en|de) mexico(?!\w)|(?<!\w)(?:desde )?(?:aqui|aca)(?!\w)")
_FROM_ABROAD = re.compile(
    r"(?<!\w)(?:desde (?:el extranjero|e+ ?u+|estados unidos|fuera)|del otro lado|en (?:estados unidos|e+ ?u+))(?!\w)"
)
"""From where somebody calls, as the labels of telephones say it."""
_DATE = re.compile(r"(?<!\w)citas?(?!\w)")


def asked_first(card: Procedure, text: str) -> Procedure:
    """Return the card with the ways that a text asks for before the others."""
    said = normalise(text)
    kinds: set[str] = set()
    if _CALLS.search(said):
        kinds |= {"phone", "whatsapp"}
    elif _PAGE.search(said):
        kinds |= {"web", "app"}
    own = roots(_PAGE.sub(" ", _CALLS.sub(" ", said))) - roots(" ".join((card.name, card.short, *card.aliases)))
    here = bool(_FROM_MEXICO.search(said))
    abroad = not here and bool(_FROM_ABROAD.search(said))
    date = bool(_DATE.search(said))

    def rank(way: ServiceChannel) -> int:
        named = bool(own & roots(f"{way.name} {way.short}"))
        dated = date and "cita" in normalise(f"{way.name} {way.short} {way.url or ''}")
        label = normalise(f"{way.name} {way.short}")
        fits = (here and "desde mexico" in label) or (abroad and bool(_FROM_ABROAD.search(label)))
        return -(2 * (way.type in kinds) + 2 * dated + named + fits)

    return replace(card, channels=tuple(sorted(card.channels, key=rank))) if said else card
