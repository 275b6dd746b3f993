"""References to cards: ``pasaporte-adulto.cost.amounts.0.amount`` is what the answer shows of that field today.

A price that changes on its card changes what the conversations expect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from bot.catalogue.reader import Catalogue
from bot.core.codec import to_payload
from channels.wording import date_text, number_text, site_name

# A field, or some of a list: amounts.0 by its place, amounts[state=Chiapas] by what it holds.
_STEP = re.compile(r"(?P<name>\w+)(?:\[(?P<field>\w+)=(?P<value>[^\]]+)\])?(?:\.|$)")


class NoSuchFact(KeyError):
    """A reference leads nowhere."""

    def __str__(self) -> str:
        return str(self.args[0])


class Facts:
    """The cards of a built catalogue, procedures and life events."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._cards: dict[str, Any] = {
            id_: to_payload(card) for id_, card in (*catalogue.procedures.items(), *catalogue.life_events.items())
        }

    def text(self, reference: str) -> str:
        """Return the field as an answer shows it: money with its sign, a date's year or month, a site's name.

        Raises:
            NoSuchFact: there is no such card or field, or the field is empty.
        """
        card, _, path = reference.partition(".")
        value, holder, name = self._cards.get(card), None, ""
        at = 0
        while value is not None and at < len(path):
            step = _STEP.match(path, at)
            if step is None:
                raise NoSuchFact(f"{reference}: cannot be read from «{path[at:]}» on")
            holder, name, at = value, step["name"], step.end()
            value = _field(value, name)
            if step["field"]:
                value = next((each for each in value or () if str(each.get(step["field"])) == step["value"]), None)
        if value is None or isinstance(value, (list, dict)):
            raise NoSuchFact(f"{reference}: is on no card")
        return _shown(name, value, holder if isinstance(holder, Mapping) else {})


def _field(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return value[int(name)] if name.isdigit() and int(name) < len(value) else None
    return value.get(name) if isinstance(value, Mapping) else None


def _shown(name: str, value: Any, holder: Mapping[str, Any]) -> str:
    if name in ("amount", "up_to"):
        number = number_text(Decimal(str(value)))
        return f"${number}" if holder.get("currency") == "MXN" else number
    if name == "as_of":
        return str(value)[:4]
    if name == "date":
        return date_text(str(value), month_only=True)  # the day gives way first where room is short
    return site_name(str(value)) if name == "url" else str(value)
