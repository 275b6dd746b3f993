"""The marks that stand for redacted data ("[CURP]"): they say what was typed, not what is asked."""

from __future__ import annotations

import re

from bot.catalogue.text import normalise
from bot.core.redact import CARD, CLABE, CURP, ELECTOR, EMAIL, NSS, PHONE, RFC
from bot.understanding.words import rest

_MARK = "|".join(re.escape(mark) for mark in (CURP, RFC, NSS, ELECTOR, CLABE, CARD, EMAIL, PHONE))
# With the words that announce it: "mi curp es [CURP] y", "mi número de seguro: [NSS],".
_ANNOUNCED = re.compile(
    r"(?:\b(?:con |y )?(?:mi|el|la|su|este es mi|es mi)\s+(?:(?:n[uú]mero|num|no\.?|clave|tarjeta|cuenta)(?: de)?\s+)?"
    rf"(?:\w+\s+){{0,2}}?(?:es\s*:?|:|=)?\s*)?(?:{_MARK})(?:\s*(?:[,;.]|\by\b)\s*)?",
    re.IGNORECASE,
)

_OF_WHAT = frozenset(
    {"cambio", "cedula", "checar", "comprobante", "constancia", "copia", "corregir", "corrijo", "documento", "error"}
    | {"equivocada", "equivocado", "esta", "formato", "imprimir", "imprimo", "mal", "numero", "perdi", "perdio"}
)
"""Words that do not say of what: then what announced the mark does ("mi rfc es [RFC], quiero mi constancia")."""


def without_marks(text: str) -> str:
    """Return the text without the marks and what only announces them; a text of nothing else stays as it is."""
    left = " ".join(_ANNOUNCED.sub(" ", text).split())
    if set(rest(normalise(left))) <= _OF_WHAT:
        return text.replace("[", " ").replace("]", " ") if left else text
    return left
