"""What WhatsApp shows besides text, as contents of Twilio's Content API: one for each shape, filled when it is sent.

A shape is a kind (buttons, list), a number of options and a number of lines: a variable in a body can hold no line
break (https://www.twilio.com/docs/api/errors/21656), so each line is a variable of its own. A content's name ends with
a hash of what it is made of: a changed definition is another content, and every worker finds its own.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from bot.core.delivery import Outgoing
from bot.core.interactive import Buttons, ListPicker, Template
from channels.whatsapp.markup import one_line
from channels.whatsapp.paginate import size
from channels.whatsapp.render import MAX_BODY, MAX_BUTTONS, MAX_ITEMS

OURS = "ventanilla_"
"""What the name of every content of ours begins with; contents of others are never touched."""
MAX_VARIABLES = 100
"""https://www.twilio.com/docs/content/using-variables-with-content-api"""
_LANGUAGE = "es_MX"
_TEMPLATE = "template_"
_SHAPE = re.compile(r"^(buttons|list)_([0-9]{1,2})_([0-9]{1,2})$")
_READY_BUTTON_LINES = range(1, 13)
_READY_LINES_ABOVE = range(1, 5)


@dataclass(frozen=True)
class Definition:
    """A content as it is created: ``types`` is the API's own object, ``variables`` its samples by name."""

    label: str
    types: Mapping[str, Any]
    variables: Mapping[str, str]
    category: str = ""
    """What WhatsApp approves it as (UTILITY …); empty for what is only sent within the 24 hours."""

    @property
    def name(self) -> str:
        """The content's name: its label and a hash of all the rest."""
        made_of = json.dumps([self.types, self.variables, _LANGUAGE], sort_keys=True, ensure_ascii=False)
        return f"{OURS}{self.label}_{hashlib.sha256(made_of.encode()).hexdigest()[:8]}"

    def request(self) -> dict[str, Any]:
        """Return the body of ``POST /v1/Content``."""
        return {
            "friendly_name": self.name,
            "language": _LANGUAGE,
            "variables": dict(self.variables),
            "types": self.types,
        }


@dataclass(frozen=True)
class Filled:
    """A content and the values of its variables, ready to be sent."""

    definition: Definition
    variables: Mapping[str, str]


class ContentBook(Protocol):
    """Remembers which of Twilio's ids a content has, for all workers (bot.store.contents)."""

    def find(self, name: str) -> str | None:
        """Return the id of the content of this name; None when nobody made it."""

    def keep(self, name: str, sid: str) -> None:
        """Note a content; the first one noted stays."""

    def forget(self, name: str) -> None:
        """Drop a content that Twilio does not have any more."""


def filled(outgoing: Outgoing, templates: Mapping[str, Definition]) -> Filled | None:
    """Return what to send instead of the bare text; None where the text alone is all that can be sent.

    A request for a position is text: Twilio has no content for it (its types are in twilio-oai, twilio_content_v1).
    """
    interactive = outgoing.interactive
    if isinstance(interactive, Template):
        definition = templates.get(interactive.name)
        return _of_template(definition, interactive.variables) if definition else None
    lines = [one_line(line) for line in outgoing.text.splitlines() if line.strip()]
    if not lines or size("\n".join(lines)) > MAX_BODY:
        return None
    if isinstance(interactive, Buttons) and 1 <= len(interactive.buttons) <= MAX_BUTTONS:
        values = [text for each in interactive.buttons for text in (each.title, each.id)]
        return _of_shape(buttons(len(interactive.buttons), len(lines)), [*lines, *values])
    if isinstance(interactive, ListPicker) and 1 <= len(interactive.items) <= MAX_ITEMS:
        values = [text for each in interactive.items for text in (each.title, each.id, each.description)]
        return _of_shape(list_picker(len(interactive.items), len(lines)), [*lines, interactive.open, *values])
    return None


def template(name: str, types: Mapping[str, Any], samples: Mapping[str, str], category: str) -> Definition:
    """Return the content of a text that WhatsApp approves, by our name for it."""
    return Definition(f"{_TEMPLATE}{name}", types, samples, category)


def buttons(count: int, lines: int) -> Definition:
    """Return the content of ``count`` buttons below ``lines`` lines."""
    names = _names()
    body = _body(names, lines)
    actions = [{"type": "QUICK_REPLY", "title": next(names), "id": next(names)} for _ in range(count)]
    return _defined(f"buttons_{count}_{lines}", {"twilio/quick-reply": {"body": body, "actions": actions}})


def list_picker(count: int, lines: int) -> Definition:
    """Return the content of a list of ``count`` items below ``lines`` lines."""
    names = _names()
    body, button = _body(names, lines), next(names)
    items = [{"item": next(names), "id": next(names), "description": next(names)} for _ in range(count)]
    return _defined(f"list_{count}_{lines}", {"twilio/list-picker": {"body": body, "button": button, "items": items}})


def usual() -> Iterator[Definition]:
    """Yield the shapes that answers usually have: made ahead; others are made when they are first sent."""
    for count in range(1, MAX_BUTTONS + 1):
        for lines in _READY_BUTTON_LINES:
            yield buttons(count, lines)
    for count in range(1, MAX_ITEMS + 1):
        for above in _READY_LINES_ABOVE:
            yield list_picker(count, count + above)


def current(name: str, templates: Mapping[str, Definition]) -> Definition | None:
    """Return the definition that has this name now; None when it is of an earlier version, or of no shape of ours."""
    label = name.removeprefix(OURS).rpartition("_")[0]
    shape = _SHAPE.match(label)
    if shape:
        kind, count, lines = shape.group(1), int(shape.group(2)), int(shape.group(3))
        found = buttons(count, lines) if kind == "buttons" else list_picker(count, lines)
    else:
        known = templates.get(label.removeprefix(_TEMPLATE))
        if known is None:
            return None
        found = known
    return found if found.name == name else None


def without_blank_lines(text: str) -> str:
    """Return a text as a content shows it."""
    return "\n".join(one_line(line) for line in text.splitlines() if line.strip())


def _of_shape(definition: Definition, values: Sequence[str]) -> Filled | None:
    if len(definition.variables) > MAX_VARIABLES or not all(value.strip() for value in values):
        return None
    return Filled(definition, dict(zip(definition.variables, map(one_line, values), strict=True)))


def _of_template(definition: Definition, given: Mapping[str, str]) -> Filled | None:
    """Return the template with the values given by its own names; by their order where the names are others."""
    names = list(definition.variables)
    if len(given) != len(names) or not all(value.strip() for value in given.values()):
        return None
    values = given if set(given) == set(names) else dict(zip(names, given.values(), strict=True))
    return Filled(definition, {name: one_line(value) for name, value in values.items()})


def _defined(label: str, types: Mapping[str, Any]) -> Definition:
    # Samples are required by Twilio where a content has variables; nobody sees them.
    count = json.dumps(types).count("{{")
    return Definition(label, types, {str(number): f"texto {number}" for number in range(1, count + 1)})


def _names() -> Iterator[str]:
    return (f"{{{{{number}}}}}" for number in range(1, MAX_VARIABLES * 2))


def _body(names: Iterator[str], lines: int) -> str:
    return "\n".join(next(names) for _ in range(lines))
