"""What a message offers besides its text, where a channel can show it: buttons, a list, a request for a position."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Button:
    """A quick reply. ``id`` is the option's id and comes back when it is tapped."""

    id: str
    title: str


@dataclass(frozen=True)
class ListItem:
    """A line of a list. ``id`` comes back when it is picked."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Buttons:
    """A few quick replies below the text."""

    buttons: tuple[Button, ...]


@dataclass(frozen=True)
class ListPicker:
    """A list that opens by a button named ``open``."""

    open: str
    items: tuple[ListItem, ...]


@dataclass(frozen=True)
class LocationRequest:
    """A button that sends the person's position."""


@dataclass(frozen=True)
class Template:
    """A text that the carrier approved beforehand, by our name for it, with its variables.

    The only thing that WhatsApp carries outside the 24 hours after the person's last message. The message's own text
    holds the same words, for a channel that needs no template.
    """

    name: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Listen:
    """On a call: what is asked after the answer, and listened for. ``question`` is said before the items.

    ``wants``: "place", "yes_no" or "date" (bot.core.replies.Wanted). ``person``: the call is put through to a person;
    ``urgent``, ``by_rule``: nothing is said of it where there is nobody, for what to do was said before, or she asked
    for nobody.
    """

    question: str = ""
    items: tuple[ListItem, ...] = ()
    wants: str | None = None
    person: bool = False
    urgent: bool = False
    by_rule: bool = False


Interactive = Buttons | ListPicker | LocationRequest | Template | Listen
