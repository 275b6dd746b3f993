"""Agents' own telephones: which numbers and SIP addresses may ring."""

from __future__ import annotations

import re

import phonenumbers

from bot.core.ids import BadNumber, canonical_number

_MEXICO = 52
_LONGEST = 255
_SIP = re.compile(
    r"sips?:[A-Za-z0-9._~!$&'()*+,=-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?(?::\d{1,5})?", re.IGNORECASE
)


class BadPhone(ValueError):
    """What was given is neither a Mexican telephone number nor a SIP address. The message does not repeat it."""


def agent_phone(text: str) -> str:
    """Return a number in E.164 form, or a SIP address as it was written.

    Calls cost money by where they go: only numbers of Mexico ring.

    Raises:
        BadPhone: it is neither.
    """
    given = text.strip()
    if given.lower().startswith(("sip:", "sips:")):
        if len(given) > _LONGEST or not _SIP.fullmatch(given):
            raise BadPhone("not a SIP address")
        return given
    try:
        number = canonical_number(given)
        parsed = phonenumbers.parse(number, None)
    except (BadNumber, phonenumbers.NumberParseException):
        raise BadPhone("not a telephone number") from None
    if parsed.country_code != _MEXICO or not phonenumbers.is_valid_number(parsed):
        raise BadPhone("not a number of Mexico")
    return number
