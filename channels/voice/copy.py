"""What was said on a call, as SMS."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.delivery import Outgoing
from bot.core.phrases import Phrases
from channels.sms.gsm7 import fold
from channels.sms.paginate import paginate


def as_sms(pieces: Sequence[str], phrases: Phrases) -> tuple[Outgoing, ...]:
    """Return an answer's pieces as pages of SMS; ``phrases`` are the SMS channel's."""
    lines = [line for piece in pieces for line in fold(piece).splitlines() if line.strip()]
    return tuple(Outgoing("sms", page) for page in paginate(lines, fold(phrases("more"))) if page)
