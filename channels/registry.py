"""Every channel, by the name in its webhooks' addresses: ``/channels/<name>/inbound``."""

from __future__ import annotations

from bot.core.messages import ChannelName
from channels.channel import Channel
from channels.sms import SmsChannel
from channels.voice import VoiceChannel
from channels.whatsapp import WhatsAppChannel

CHANNELS: dict[ChannelName, Channel] = {
    "sms": SmsChannel(),
    "whatsapp": WhatsAppChannel(),
    "voice": VoiceChannel(),
}
