"""What a person sends: one shape for every channel, after parsing and before anything is understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ChannelName = Literal["sms", "whatsapp", "voice"]
OptOutType = Literal["stop", "start", "help"]


@dataclass(frozen=True)
class Text:
    """Words typed (or heard, on a call). Redacted before it is stored."""

    text: str


@dataclass(frozen=True)
class Choice:
    """An option picked from the last :class:`bot.core.replies.Ask`, whatever way it was picked."""

    option_id: str
    text: str = ""


@dataclass(frozen=True)
class Location:
    """A shared position, WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True)
class Media:
    """A file that came with a message. Only its kind is kept: files are neither fetched nor stored."""

    kind: Literal["image", "audio", "video", "document", "other"]
    text: str = ""


Content = Text | Choice | Location | Media


@dataclass(frozen=True)
class InboundMessage:
    """One message as a channel parsed it. ``sender`` is a number: it goes no further than the contact's row.

    ``provider_id`` is the carrier's id (unique per channel): the same id again is the same message.
    ``opt_out`` is set when the carrier's own keyword handling already acted on the message.
    """

    channel: ChannelName
    provider_id: str
    sender: str
    recipient: str
    content: Content
    received_at: datetime
    opt_out: OptOutType | None = None
    profile_name: str | None = None
