"""Small words that every answer needs: dates, amounts, lists, the name of a web site."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from urllib.parse import urlsplit

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from bot.core.phrases import Phrases
from bot.core.replies import Ask, Reply, Say

LOCALE = "es_MX"
"""Of numbers and dates: the cards are in Spanish whatever language the phrases are in (and Babel knows no other)."""

_DAY, _MONTH = "d MMM y", "MMM y"
_MOMENT = {"weekday": "EEEE", "day": "d", "month": "MMMM"}


def moment_text(at: str, phrases: Phrases) -> str:
    """Return a local time (ISO 8601 with offset) in words: ``lunes 23 de noviembre, 10:00 de la mañana``."""
    moment = datetime.datetime.fromisoformat(at)
    parts = {name: format_date(moment, pattern, locale=LOCALE) for name, pattern in _MOMENT.items()}
    return phrases("moment", {**parts, "hour": format_time(moment.time(), "h:mm B", locale=LOCALE)})


def with_moments(reply: Reply, phrases: Phrases) -> Reply:
    """Return a reply whose parameters ``at`` (a time) and ``on`` (a day), if it has them, are in words."""
    if isinstance(reply, (Say, Ask)) and "on" in reply.params:
        reply = replace(reply, params={**reply.params, "on": date_text(reply.params["on"])})
    if isinstance(reply, (Say, Ask)) and "at" in reply.params:
        return replace(reply, params={**reply.params, "at": moment_text(reply.params["at"], phrases)})
    return reply


def site_name(url: str) -> str:
    """Return what people call an address: its host without ``www.`` and the like (``informador.mx``)."""
    host = (urlsplit(url).hostname or url).lower()
    for prefix in ("www.", "amp.", "m."):
        if host.startswith(prefix) and host.count(".") > 1:
            host = host[len(prefix) :]
    return host


def date_text(date: str, month_only: bool = False) -> str:
    """Return a card's date (``YYYY``, ``YYYY-MM`` or ``YYYY-MM-DD``) in words, as precise as it is: ``3 mar 2026``."""
    year, *rest = (int(part) for part in date.split("-"))
    if not rest:
        return str(year)
    day = rest[1] if len(rest) > 1 else 1
    pattern = _DAY if len(rest) > 1 and not month_only else _MONTH
    return format_date(datetime.date(year, rest[0], day), pattern, locale=LOCALE)


def number_text(value: Decimal) -> str:
    """Return an amount with thousands and, only when there are cents, two decimals: ``1,795``, ``98.50``."""
    return format_decimal(value, "#,##0" if value == value.to_integral_value() else "#,##0.00", locale=LOCALE)


def money(value: Decimal, currency: str, phrases: Phrases) -> str:
    """Return a price in words of its currency; nothing to pay is said as such."""
    if value == 0:
        return phrases("free")
    if currency == "MXN":
        return phrases("pesos", {"amount": number_text(value)})
    if currency == "USD":
        return phrases("dollars", {"amount": number_text(value)})
    return phrases("other_currency", {"amount": number_text(value), "currency": currency})


def series(items: Sequence[str]) -> str:
    """Return items in a row; with semicolons where one of them holds a comma."""
    return ("; " if any("," in item for item in items) else ", ").join(items)


def either(items: Sequence[str], phrases: Phrases) -> str:
    """Return items of which one is enough: "a, b o c"."""
    return items[0] if len(items) == 1 else phrases("either", {"items": series(items[:-1]), "last": items[-1]})


def both(items: Sequence[str], phrases: Phrases) -> str:
    """Return items that hold together: "a, b y c"."""
    return items[0] if len(items) == 1 else phrases("both", {"items": series(items[:-1]), "last": items[-1]})


def capital(text: str) -> str:
    """Return ``text`` with a capital first letter."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return ``text`` with its final period."""
    return text if text.endswith((".", "?", "!", "…")) else text + "."
