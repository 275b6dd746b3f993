"""Voice: Twilio's calls in, words and listening windows out. What is said when is ``ivr``'s."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.delivery import Rendered, StatusUpdate
from bot.core.messages import ChannelName, InboundMessage
from bot.core.phrases import Phrases
from bot.core.replies import Reply
from channels.channel import Capabilities
from channels.voice.parse import parse_inbound, parse_status
from channels.voice.render import MAX_CHARACTERS, render


class VoiceChannel:
    """Twilio's call forms in; pieces to be said one breath each, and what is listened for."""

    name: ChannelName = "voice"
    capabilities = Capabilities(max_characters=MAX_CHARACTERS, max_options=9, spoken=True)

    def parse_inbound(self, form: Mapping[str, str], received_at: datetime) -> InboundMessage:
        """Read a request about a call that is going on; raises BadRequest."""
        return parse_inbound(form, received_at)

    def parse_status(self, form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
        """Read a call's status; raises BadRequest."""
        return parse_status(form, args)

    def render(self, replies: tuple[Reply, ...], phrases: Phrases) -> Rendered:
        """Return an answer's pieces and, last, its question with what can be picked."""
        return render(replies, phrases)
