"""SMS: GSM-7 texts of two segments, on any phone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.delivery import Rendered, StatusUpdate
from bot.core.messages import ChannelName, InboundMessage
from bot.core.phrases import Phrases
from bot.core.replies import Reply
from channels.channel import Capabilities
from channels.sms.parse import parse_inbound, parse_status
from channels.sms.render import render
from channels.sms.segments import MAX_CHARACTERS


class SmsChannel:
    """Twilio's SMS form in, folded pages out."""

    name: ChannelName = "sms"
    capabilities = Capabilities(max_characters=MAX_CHARACTERS, max_options=9)

    def parse_inbound(self, form: Mapping[str, str], received_at: datetime) -> InboundMessage:
        """Read an incoming message; raises BadRequest."""
        return parse_inbound(form, received_at)

    def parse_status(self, form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
        """Read a status callback; raises BadRequest."""
        return parse_status(form, args)

    def render(self, replies: tuple[Reply, ...], phrases: Phrases) -> Rendered:
        """Return one message of at most two segments, and the pages that MAS brings."""
        return render(replies, phrases)
