"""Redact a message's content before it is stored."""

from __future__ import annotations

from dataclasses import replace

from bot.core.messages import Choice, Content, Media, Text
from bot.core.redact import redact


def redacted(content: Content) -> Content:
    """Return the content with personal identifiers replaced in its text; other content is unchanged."""
    if isinstance(content, (Text, Choice, Media)):
        return replace(content, text=redact(content.text))
    return content
