"""WhatsApp: texts with buttons, lists, positions and voice notes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.delivery import Rendered, StatusUpdate
from bot.core.messages import ChannelName, InboundMessage
from bot.core.phrases import Phrases
from bot.core.replies import Reply
from channels.channel import Capabilities
from channels.forms import status_update
from channels.whatsapp.parse import parse_inbound
from channels.whatsapp.render import MAX_ITEMS, MAX_TEXT, render


class WhatsAppChannel:
    """Twilio's WhatsApp form in; text, buttons and lists out."""

    name: ChannelName = "whatsapp"
    capabilities = Capabilities(max_characters=MAX_TEXT, max_options=MAX_ITEMS, buttons=True, rich_text=True)

    def parse_inbound(self, form: Mapping[str, str], received_at: datetime) -> InboundMessage:
        """Read an incoming message; raises BadRequest."""
        return parse_inbound(form, received_at)

    def parse_status(self, form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
        """Read a status callback; raises BadRequest."""
        return status_update(form, args)

    def render(self, replies: tuple[Reply, ...], phrases: Phrases) -> Rendered:
        """Return one message, and the pages that its "more" button brings."""
        return render(replies, phrases)
