"""One spelling for what people type: no accents, no shouting, no chat shorthand. Standard library only."""

from __future__ import annotations

import re
import unicodedata

LIMIT = 600
"""Characters that are read of a message; what a request is about is said before that."""

_LONG_RUN = re.compile(r"([^\W\d])\1{2,}")
_DIGITS = re.compile(r"\d+(?:[.,:]\d+)*")
_SHORTHAND = {
    "q": "que", "k": "que", "ke": "que", "qe": "que",
    "xq": "porque", "pq": "porque", "porq": "porque", "xk": "porque", "pork": "porque",
    "x": "por", "d": "de", "dl": "del", "pa": "para", "pal": "para el", "p": "para", "pra": "para",
    "tmb": "tambien", "tb": "tambien", "tbn": "tambien", "bn": "bien", "msj": "mensaje", "cel": "celular",
    "kiero": "quiero", "qiero": "quiero", "kero": "quiero", "ocupo": "necesito", "nesesito": "necesito",
    "nececito": "necesito", "aser": "hacer", "aserlo": "hacerlo", "ise": "hice",
    "kien": "quien", "qien": "quien", "kuanto": "cuanto", "cto": "cuanto", "kual": "cual", "dnd": "donde",
    "dond": "donde", "komo": "como", "cm": "como", "xfa": "por favor", "porfa": "por favor", "plis": "por favor",
    "porfis": "por favor", "grax": "gracias", "grs": "gracias", "thx": "gracias", "ntp": "no te preocupes",
    "ola": "hola", "hla": "hola", "wenas": "buenas", "info": "informacion", "doc": "documento", "docs": "documentos",
}  # fmt: skip


def fold(text: str) -> str:
    """Return ``text`` in lower case without accents (ñ becomes n: half of all phones type it so)."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def normal_form(token: str) -> str:
    """Return a token's one spelling; "" when it says nothing (punctuation).

    ``"Necesitooo"`` -> ``"necesito"``, ``"xq"`` -> ``"porque"``, ``"1,250.50"`` -> ``"0"``.
    """
    folded = _LONG_RUN.sub(r"\1", fold(token))
    if _DIGITS.fullmatch(folded):
        return "0"
    if folded in _SHORTHAND:
        return _SHORTHAND[folded]
    return "".join(c for c in folded if c.isalnum() or unicodedata.category(c) == "So" or c in "'-").strip("'-")
