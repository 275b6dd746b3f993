"""Texts that a carrier hands on as it got them, in a form that nobody typed: read only where there is no doubt.

Twilio joins the segments of a message and turns them into Unicode. Some carriers' gateways do not: a segment arrives
with its header, or as the hexadecimal digits or the base64 of what was typed.
"""

from __future__ import annotations

import base64
import binascii
import re

# The header of one segment of several, as characters: 3GPP TS 23.040, 9.2.3.24.1 (8-bit reference) and .8 (16-bit).
_HEADER = re.compile(r"^(?:\x05\x00?\x03.[\x02-\xff][\x01-\xff]|\x06\x08\x04..[\x02-\xff][\x01-\xff])", re.DOTALL)
_HEADER_HEX = re.compile(r"^(?:050003[0-9A-F]{6}|060804[0-9A-F]{8})(?=(?:[0-9A-F]{4})+$)", re.IGNORECASE)
_HEX = re.compile(r"^(?:[0-9A-F]{4}){4,}$", re.IGNORECASE)
_BASE64 = re.compile(r"^(?:[A-Za-z0-9+/]{4}){3,}(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$")
_MOJIBAKE = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152-\u0178\u2018-\u203a\u20ac\u2122]")
# What people in Mexico type: Latin letters with their accents, digits, signs, quotes, emoji.
_TYPED = re.compile(
    "^[\\s\u0020-\u007e\u00a1-\u00bf\u00c0-\u024f\u2010-\u2026\u20ac\u2600-\u27bf\ufe0f\U0001f300-\U0001faff]+$"
)


def readable(body: str) -> str:
    """Return what was typed where ``body`` is surely a carrier's form of it; else ``body`` as it came."""
    text = _HEADER.sub("", body)
    compact = "".join(text.split())
    for decode in (_from_hex, _from_base64):
        found = decode(compact)
        if found is not None:
            return found
    return _from_mojibake(text) or text


def _from_hex(text: str) -> str | None:
    """UTF-16, four digits a unit. Digits alone that spell no words are somebody's folio."""
    digits = _HEADER_HEX.sub("", text)
    if not _HEX.match(digits):
        return None
    try:
        found = bytes.fromhex(digits).decode("utf-16-be")
    except (UnicodeDecodeError, ValueError):
        return None
    return found if _is_typed(found, 4, 0.8) else None


def _from_base64(text: str) -> str | None:
    """UTF-8 or UTF-16. At least two words: one alone may be a word that happens to be base64 of something."""
    if not _BASE64.match(text):
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    for encoding in ("utf-8", "utf-16-be"):
        try:
            found = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if " " in found.strip() and _is_typed(found, 6, 0.8):
            return found
    return None


def _from_mojibake(text: str) -> str | None:
    """UTF-8 that was read as Latin-1 or Windows-1252: "informaciÃ³n"."""
    if not _MOJIBAKE.search(text):
        return None
    for encoding in ("latin-1", "cp1252"):
        try:
            found = text.encode(encoding).decode("utf-8")
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if _TYPED.match(found):
            return found
    return None


def _is_typed(text: str, characters: int, words: float) -> bool:
    if len(text) < characters or not _TYPED.match(text):
        return False
    return sum(each.isalpha() or each.isspace() for each in text) >= words * len(text)
