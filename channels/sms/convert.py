"""A text that was made for WhatsApp, as one SMS: for a person whom WhatsApp does not reach now."""

from __future__ import annotations

import re

from channels.sms.gsm7 import fold
from channels.sms.segments import MAX_CHARACTERS

_FORMATTED = re.compile(r"(?<![^\W_])([*~_])(?=\S)([^*~\n]*?\S)\1(?![^\W_])")
# What channels.whatsapp.markup puts for signs that would format.
_ALIKE = str.maketrans({"\u2217": "*", "\uff3f": "_", "\u223c": "~", "\u02cb": "'"})


def as_sms(text: str) -> str:
    """Return the same words without WhatsApp's formatting, in GSM-7, as long as one SMS may be."""
    plain = _FORMATTED.sub(r"\2", text).translate(_ALIKE)
    return fold(plain)[:MAX_CHARACTERS].strip()
