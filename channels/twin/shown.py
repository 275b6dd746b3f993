"""What a WhatsApp message shows besides its text, and what a phone attaches to one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Option:
    """A button, or a line of a list. ``id`` goes back to the service when it is tapped."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Shown:
    """Buttons below a text, or a list that opens by a button named ``open``."""

    kind: Literal["buttons", "list"]
    options: tuple[Option, ...]
    open: str = ""


@dataclass(frozen=True)
class Pin:
    """A shared position, WGS 84 degrees."""

    latitude: float
    longitude: float
    label: str = ""
    address: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file of a message. Its bytes are in the twin's memory only, under ``sid``."""

    sid: str
    content_type: str
    name: str = ""
