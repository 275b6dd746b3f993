"""The GSM 7-bit alphabet (3GPP TS 23.038) and the folding of any text into it.

One character outside the alphabet turns a whole message into UCS-2 and its 160 characters into 70.
"""

from __future__ import annotations

import re
import unicodedata

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""Characters of one septet."""

EXTENSION = frozenset("\f^{}\\[~]|€")
"""Characters of two septets: an escape and the character."""

# Characters that have no decomposition into plain ones, by what they are called.
_PLAIN = {
    "\t": " ",
    "\f": "\n",
    "\v": "\n",
    "\u0085": "\n",  # next line
    "\u2028": "\n",  # line separator
    "\u2029": "\n",  # paragraph separator
    "\u00a0": " ",  # no-break space
    "\u202f": " ",  # narrow no-break space: Babel puts it before AM and PM
    "\u200b": "",  # zero width space
    "\u00ad": "",  # soft hyphen
    "`": "'",
    "\u00b4": "'",  # acute accent typed as an apostrophe
    "\u2018": "'",
    "\u2019": "'",
    "\u201a": "'",
    "\u201b": "'",
    "\u2032": "'",  # prime
    "\u02bc": "'",  # modifier apostrophe: the glottal stop of Maya and Nahuatl
    "\ua78b": "'",  # capital saltillo
    "\ua78c": "'",  # saltillo
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u201f": '"',
    "\u2033": '"',  # double prime
    "\u00ab": '"',
    "\u00bb": '"',
    "\u2039": "'",
    "\u203a": "'",
    "\u2010": "-",
    "\u2011": "-",  # no-break hyphen
    "\u2012": "-",  # figure dash
    "\u2013": "-",  # en dash
    "\u2014": "-",  # em dash
    "\u2015": "-",
    "\u2212": "-",  # minus
    "\u2022": "-",  # bullet
    "\u00b7": "-",  # middle dot
    "\u2043": "-",
    "\u25cf": "-",
    "\u2044": "/",  # the fraction slash that NFKD puts in "1/2"
    "\u2026": "...",
    "\u00ba": "o",  # 1o
    "\u00b0": "o",  # degree sign, typed for the ordinal
    "\u00aa": "a",  # 1a
    "\u00a2": "c",
    "\u00a9": "(c)",
    "\u00ae": "(r)",
    "\u00d7": "x",
    "\u00f7": "/",
    "\u00b1": "+/-",
    "\u2190": "<-",
    "\u2192": "->",
    "\u21d2": "=>",
    "\u0131": "i",
    "\u0142": "l",
    "\u0141": "L",
    "\u0111": "d",
    "\u0110": "D",
    "\u0153": "oe",
    "\u0152": "OE",
    "\u0268": "i",  # i with stroke: Mixtec, Otomi
    "\u0197": "I",
    "\u0289": "u",  # u with stroke: Mixe, Otomi
    "\u0244": "U",
    "\u1e9e": "SS",
}
_DROPPED = "\x00"
_FRACTION = re.compile("(?<=[0-9])(?=[\u00bc-\u00be\u2150-\u215e])")  # two and a half must not become 21/2
_HOLE = re.compile(r"[ \x00]*\x00[ \x00]*")


def fold(text: str) -> str:
    """Return ``text`` in GSM-7: é ñ ü ¿ ¡ stay, á í ó ú lose their accents, signs become plain, emoji go away.

    A space left on each side of something dropped becomes one. Folding twice is folding once.
    """
    if all(c in BASIC or c in EXTENSION for c in text) and "\r" not in text and "\f" not in text:
        return text
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace(_DROPPED, ""))
    text = _FRACTION.sub(" ", text)
    folded = "".join(_fold_character(character) for character in text)
    return _HOLE.sub(_close, folded) if _DROPPED in folded else folded


def _fold_character(character: str) -> str:
    if character in _PLAIN:
        return _PLAIN[character]
    if character in BASIC or character in EXTENSION:
        return character
    if unicodedata.combining(character):
        return ""
    decomposed = unicodedata.normalize("NFKD", character)
    if decomposed == character:
        return _DROPPED
    return "".join(_fold_character(part) for part in decomposed)


def _close(hole: re.Match[str]) -> str:
    text, start, end = hole.string, hole.start(), hole.end()
    at_edge = start == 0 or end == len(text) or text[start - 1] == "\n" or text[end] == "\n"
    return "" if at_edge or " " not in hole.group() else " "
