"""Who a message is from, without keeping the number: canonical addresses and keyed ids."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from typing import Literal

AddressKind = Literal["number", "bsuid", "sip", "anonymous"]

_PREFIXES = re.compile(r"^(whatsapp:|sips?:|tel:)", re.IGNORECASE)
_TRUNK = re.compile(r"^(044|045|01)(?=\d{10}$)")  # dialling prefixes abolished in August 2019, still typed
# Meta's business-scoped user id: two letters of a country, a point, up to 128 letters and digits; "ENT" for a parent's.
# https://developers.facebook.com/docs/whatsapp/business-scoped-user-ids
_BSUID = re.compile(r"^(?:whatsapp:)?([A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128})$")
_SIP = re.compile(r"^sips?:([^@;\s]+)@([^;>\s]+)", re.IGNORECASE)
# What carriers give instead of a withheld number: the word, or the word typed on a telephone's keys.
_WITHHELD_WORDS = ("anonymous", "unavailable", "restricted", "blocked", "unknown", "private")
_KEYS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "22233344455566677778889999")
_WITHHELD = frozenset(word.translate(_KEYS) for word in _WITHHELD_WORDS)


class BadNumber(ValueError):
    """An address is not a phone number. The message never repeats it."""


@dataclass(frozen=True)
class Address:
    """Whom an address names, in one form for all its spellings.

    ``value`` is a number in E.164, a BSUID as WhatsApp writes it, a SIP line ``user@host``, or for a withheld number
    the id of the one call that it stands for ("" when there is none: then it names nobody).
    """

    kind: AddressKind
    value: str

    @property
    def key_text(self) -> str:
        """What the keyed id is made of. A number stands bare: the ids of all versions hang on it."""
        return self.value if self.kind == "number" else f"{self.kind}:{self.value}"


def canonical_number(address: str) -> str:
    """Return the E.164 form that is one for SMS, WhatsApp and voice: ``whatsapp:+5219991234567`` -> ``+529991234567``.

    Mexican mobiles lost the "1" after 52 in 2019, yet WhatsApp still sends it. A bare ten-digit number is Mexican.
    Of a SIP address the user part counts, when it is a number.

    Raises:
        BadNumber: there are not 7 to 15 digits (E.164), something else than a number, or a withheld number.
    """
    text = address.strip()
    sip = _SIP.match(text)
    text = sip.group(1) if sip else _PREFIXES.sub("", text).partition(";")[0]
    digits = re.sub(r"[\s().\-]", "", text)
    international = digits.startswith("+")
    digits = digits.removeprefix("+")
    if digits.startswith("00") and not international:
        digits, international = digits[2:], True
    if not digits.isascii() or not digits.isdigit() or digits in _WITHHELD:
        raise BadNumber("the address is not a phone number")
    if sip and not international and len(digits) < 10:
        raise BadNumber("the address is an extension, not a phone number")
    if not international:
        digits = _TRUNK.sub("", digits)
        if len(digits) == 10:
            digits = "52" + digits
    if digits.startswith("52"):
        digits = "52" + _TRUNK.sub("", digits[2:])
    if digits.startswith("521") and len(digits) == 13:
        digits = "52" + digits[3:]
    # No country code begins with 0 (ITU-T E.164).
    if not 7 <= len(digits) <= 15 or digits.startswith("0"):
        raise BadNumber("the address is not a phone number")
    return "+" + digits


def parse_address(address: str) -> Address:
    """Return whom an address names: a number, a WhatsApp user without a number, a SIP line, or a withheld number.

    A withheld number names nobody. ``anonymous:<call id>`` makes it the one caller of one call.

    Raises:
        BadNumber: it is none of these.
    """
    text = address.strip()
    bsuid = _BSUID.match(text)
    if bsuid:
        return Address("bsuid", bsuid.group(1))
    if _withheld(text):
        return Address("anonymous", "")
    word, separator, call = text.partition(":")
    if word == "anonymous" and separator and re.fullmatch(r"[A-Za-z0-9]{1,64}", call):
        return Address("anonymous", call)
    try:
        return Address("number", canonical_number(text))
    except BadNumber:
        sip = _SIP.match(text)
        if sip is None:
            raise
        return Address("sip", f"{sip.group(1)}@{sip.group(2).lower()}")


def _withheld(text: str) -> bool:
    bare = _PREFIXES.sub("", text).partition("@")[0].strip().lower().removeprefix("+")
    return not bare or bare in _WITHHELD_WORDS or bare in _WITHHELD


def address_key(secret: str, address: Address) -> str:
    """Return the keyed id of an address; no way back without the key. A new person's conversation has this id too."""
    key = hashlib.sha256(b"ventanilla conversation id\0" + secret.encode()).digest()
    return hmac.new(key, address.key_text.encode(), hashlib.sha256).hexdigest()[:32]


def conversation_id(secret: str, number: str) -> str:
    """Return a conversation's id: HMAC-SHA256 of the canonical number, 32 hex digits; no way back without the key."""
    return address_key(secret, Address("number", number))
