"""People of the tests: numbers and CURPs that must never show up in a log or a table in clear.

The numbers are invented but well formed; the CURPs are of nobody (the check digit of the second is wrong on purpose,
the third has the sex letter X of 2023).
"""

from __future__ import annotations

from datetime import datetime, time
from zoneinfo import ZoneInfo

ROSA = "+525512345678"
JUAN = "+529991234567"
LUPE = "+528187654321"
NUMBERS = (ROSA, JUAN, LUPE)

CURP = "GOMR850312MDFNRS06"
CURP_WRONG_DIGIT = "PEXJ900101HYNRXN00"
CURP_X = "LOGA000229XNLPRL03"
CURPS = (CURP, CURP_WRONG_DIGIT, CURP_X)

SECRET = "a secret of the tests, long enough"
OTHER_SECRET = "another secret of the tests, as long"
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"


def by_day() -> bool:
    """Say whether it is day where :func:`number`'s people live, and stays so for a while.

    From 21:00 to 08:00 nobody is reminded, nor called because she wrote "llámeme", and on days of rest nobody is
    called; the clock of a whole system is real.
    """
    from bot.handoff.calendar import mexican_holidays

    if datetime.now(ZoneInfo("America/Mexico_City")).date() in mexican_holidays():
        return False
    return time(8) <= datetime.now(ZoneInfo("America/Mexico_City")).time() < time(20, 40)


BY_NIGHT = "by night nobody is called or reminded, and this is about what comes at once"


def number(index: int) -> str:
    """Return one of many different numbers, canonical: Mexico City, ten digits."""
    return f"+5255{40_000_000 + index:08d}"


def spellings(canonical: str) -> tuple[str, ...]:
    """Return the ways one Mexican number arrives: SMS, old WhatsApp ids, dialling prefixes abolished in 2019."""
    ten = canonical[3:]
    return (
        canonical,
        f"whatsapp:{canonical}",
        f"whatsapp:+521{ten}",
        f"+521{ten}",
        ten,
        f"{ten[:2]} {ten[2:6]} {ten[6:]}",
        f"({ten[:2]}) {ten[2:6]}-{ten[6:]}",
        f"044{ten}",
        f"045{ten}",
        f"01{ten}",
        f"0052{ten}",
        f"tel:{canonical}",
    )
