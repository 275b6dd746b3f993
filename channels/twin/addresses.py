"""Addresses as Twilio writes them, and which phone of the twin each is."""

from __future__ import annotations

import re

import phonenumbers

from bot.core.ids import BadNumber, canonical_number
from channels.twin.state import ChannelKind

PREFIX = "whatsapp:"
# WhatsApp's id of a person who hides her number: a country and up to 128 letters and digits.
_USER_ID = re.compile(r"[A-Z]{2}\.[A-Za-z0-9]{1,128}")
_SIP = re.compile(r"sips?:[^@;\s]+@[^@;\s/]+", re.IGNORECASE)
_MEXICO = re.compile(r"\+52(\d{10})")


def channel_of(address: str) -> ChannelKind:
    """Return the channel of an address."""
    return "whatsapp" if address.startswith(PREFIX) else "sms"


def written(channel: str, number: str) -> str:
    """Return a number as an address of a channel."""
    return f"{PREFIX}{number}" if channel == "whatsapp" and number else number


def with_old_prefix(number: str) -> str:
    """Return a number as WhatsApp knows it: Mexican mobiles keep the 1 that the telephone network dropped in 2019."""
    mexican = _MEXICO.fullmatch(number)
    return f"+521{mexican[1]}" if mexican else number


def phone_id(address: str) -> str:
    """Return which phone an address is: a number in E.164 form, WhatsApp's id of a person, or a SIP address.

    Raises:
        BadNumber: it is none of these.
    """
    text = address.removeprefix(PREFIX)
    return text if _USER_ID.fullmatch(text) or _SIP.fullmatch(text) else canonical_number(text)


def callable_phone(address: str) -> str | None:
    """Return which phone is called, None when Twilio would call nobody: unlike messages, calls go to SIP addresses."""
    return address if _SIP.fullmatch(address) else checked(address)


def checked(address: str) -> str | None:
    """Return which phone a recipient is, None when Twilio would not take it."""
    text = address.removeprefix(PREFIX)
    whatsapp = channel_of(address) == "whatsapp"
    if whatsapp and _USER_ID.fullmatch(text):
        return text
    if not text.startswith("+"):
        return None
    try:
        number = canonical_number(text)
        parsed = phonenumbers.parse(number if whatsapp else text, None)
        return number if phonenumbers.is_possible_number(parsed) else None
    except (phonenumbers.NumberParseException, BadNumber):
        return None
