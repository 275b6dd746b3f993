"""Who a message is from, without keeping the number: canonical numbers and keyed conversation ids."""

from __future__ import annotations

import hashlib
import hmac
import re

_PREFIXES = re.compile(r"^(whatsapp:|sip:|tel:)", re.IGNORECASE)
_TRUNK = re.compile(r"^(044|045|01)(?=\d{10}$)")  # dialling prefixes abolished in August 2019, still typed


class BadNumber(ValueError):
    """An address is not a phone number. The message never repeats it."""


def canonical_number(address: str) -> str:
    """Return the E.164 form that is one for SMS, WhatsApp and voice: ``whatsapp:+5219991234567`` -> ``+529991234567``.

    Mexican mobiles lost the "1" after 52 in 2019, yet WhatsApp still sends it. A bare ten-digit number is Mexican.

    Raises:
        BadNumber: there are not 7 to 15 digits (E.164), or something else than a number.
    """
    text = _PREFIXES.sub("", address.strip())
    digits = re.sub(r"[\s().\-]", "", text)
    international = digits.startswith("+")
    digits = digits.lstrip("+")
    if digits.startswith("00") and not international:
        digits, international = digits[2:], True
    if not digits.isascii() or not digits.isdigit():
        raise BadNumber("the address is not a phone number")
    if not international:
        digits = _TRUNK.sub("", digits)
        if len(digits) == 10:
            digits = "52" + digits
    if digits.startswith("52"):
        digits = "52" + _TRUNK.sub("", digits[2:])
    if digits.startswith("521") and len(digits) == 13:
        digits = "52" + digits[3:]
    if not 7 <= len(digits) <= 15:
        raise BadNumber("the address is not a phone number")
    return "+" + digits


def conversation_id(secret: str, number: str) -> str:
    """Return the conversation's id: HMAC-SHA256 of the canonical number, 32 hex digits; no way back without the key."""
    key = hashlib.sha256(b"ventanilla conversation id\0" + secret.encode()).digest()
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()[:32]
