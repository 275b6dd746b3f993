"""How an agent's answer would reach a person now: the console and a desk of one's own ask before they write."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.core.messages import ChannelName
from bot.store import Store

Obstacle = Literal["on_a_call", "opted_out", "unreachable", "window_closed", "nothing_to_say"]


@dataclass(frozen=True)
class Reachable:
    """How an answer would go out. ``window_open``: as it is; else as an SMS, where one can be sent.

    ``obstacle``: why it would not go out at all.
    """

    window_open: bool
    obstacle: Obstacle | None = None


def reachable(store: Store, conversation: str, channel: ChannelName) -> Reachable:
    """Say how something written on a channel would reach the person now."""
    reach = store.reach(conversation, channel)
    if reach.opted_out:
        return Reachable(False, "opted_out")
    if reach.problem is None and reach.window_open:
        return Reachable(True)
    # What WhatsApp does not take goes by SMS (bot.worker.delivery), where the person has a number.
    if channel == "whatsapp" and store.reach(conversation, "sms").problem is None:
        return Reachable(False)
    return Reachable(False, "unreachable" if reach.problem else "window_closed")
