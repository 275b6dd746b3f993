"""What every channel provides. A channel is a folder here, one line in the registry and recorded requests in tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.core.delivery import Rendered, StatusUpdate
from bot.core.messages import ChannelName, InboundMessage
from bot.core.phrases import Phrases
from bot.core.replies import Reply


class BadRequest(ValueError):
    """A webhook request lacks a field or has one that cannot be read; the message names the field, not its value."""


@dataclass(frozen=True)
class Capabilities:
    """What a channel can carry: asked instead of the channel's name."""

    max_characters: int
    max_options: int
    buttons: bool = False
    rich_text: bool = False
    spoken: bool = False


class Channel(Protocol):
    """One channel. Pure: no network, no database, no clock."""

    name: ChannelName
    capabilities: Capabilities

    def parse_inbound(self, form: Mapping[str, str], received_at: datetime) -> InboundMessage:
        """Read a webhook's form as a message.

        Raises:
            BadRequest: a required field is missing or unreadable.
        """

    def parse_status(self, form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
        """Read a status callback; ``args`` are the query's parameters (``delivery`` is our own id).

        Raises:
            BadRequest: a required field is missing, or the status is a word that we do not know.
        """

    def render(self, replies: tuple[Reply, ...], phrases: Phrases) -> Rendered:
        """Turn a turn's replies into messages within the channel's limits, and the rest for MAS."""
