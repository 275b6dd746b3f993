"""What the telephone tells the dialogue during a call, as messages of its own: they keep the order of turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bot.core.messages import Choice, Content

SignKind = Literal["began", "fresh", "language"]
_PREFIX = "call:"
_KINDS: tuple[SignKind, ...] = ("began", "fresh", "language")


@dataclass(frozen=True)
class Sign:
    """``began``: a call. ``fresh``: the call is about something else than before. ``language``: ``value`` is spoken."""

    kind: SignKind
    value: str = ""

    def content(self) -> Choice:
        """Return the sign as a message's content."""
        return Choice(f"{_PREFIX}{self.kind}:{self.value}")


def read_sign(content: Content) -> Sign | None:
    """Return the sign that a message is, or None for a person's own."""
    if not isinstance(content, Choice) or not content.option_id.startswith(_PREFIX):
        return None
    kind, _, value = content.option_id.removeprefix(_PREFIX).partition(":")
    return next((Sign(each, value) for each in _KINDS if each == kind), None)
