"""An agent's own words as a channel carries them: whole, never behind MAS."""

from __future__ import annotations

from bot.core.delivery import Outgoing
from bot.core.messages import ChannelName
from channels.sms.gsm7 import fold
from channels.sms.segments import count

LONGEST = 1500
"""Characters of one message: below the 1600 that Twilio takes on every channel."""


def agent_messages(channel: ChannelName, text: str) -> tuple[Outgoing, ...]:
    """Return the messages that carry a text. In an SMS letters outside GSM-7 become their plain ones, as everywhere."""
    written = fold(text) if channel == "sms" else text
    return tuple(Outgoing(channel, part, "agent") for part in _parts(written))


def segments_of(channel: ChannelName, text: str) -> int:
    """Return the SMS segments that a text costs; 0 where the channel has none."""
    return sum(count(message.text).segments for message in agent_messages(channel, text)) if channel == "sms" else 0


def _parts(text: str) -> list[str]:
    """Cut a text at the last line, sentence or word that fits."""
    parts = []
    rest = text.strip()
    while len(rest) > LONGEST:
        head = rest[:LONGEST]
        cut = max(head.rfind("\n"), head.rfind(". ") + 1, 0) or head.rfind(" ")
        cut = cut if cut > LONGEST // 2 else LONGEST
        parts.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    return [*parts, rest] if rest else parts
