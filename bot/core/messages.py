"""What a person sends: one shape for every channel, after parsing and before anything is understood."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

ChannelName = Literal["sms", "whatsapp", "voice"]
OptOutType = Literal["stop", "start", "help"]
MediaKind = Literal["image", "audio", "video", "document", "sticker", "contact", "reaction", "other"]


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
    """A file that came with a message, or another thing that is no text. Only its kind is kept: nothing is stored.

    ``text`` is what was written with it; of a ``reaction`` it is the emoji. ``url`` is where the carrier keeps a voice
    note, for the worker that hears it; other kinds are never fetched and have none.
    """

    kind: MediaKind
    text: str = ""
    url: str = ""


Content = Text | Choice | Location | Media


@dataclass(frozen=True)
class InboundMessage:
    """One message as a channel parsed it. ``sender`` is an address (bot.core.ids): it goes no further than its row.

    ``also``: another address of the same person in the same request (WhatsApp's user id beside the number).
    ``recipient``: our own address that the person wrote to.

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
    also: str | None = None
