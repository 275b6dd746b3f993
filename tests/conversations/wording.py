"""The same phrase in another channel's words: conversations are written in those of SMS."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from babel.messages.pofile import read_po

from bot.core.messages import ChannelName

PHRASES = Path(__file__).resolve().parents[2] / "locale" / "es_MX" / "LC_MESSAGES" / "ventanilla.po"


def says_the_same(
    channel: ChannelName,
    text: str,
    wanted: str,
    says: Callable[[str, str], bool],
    plain: Callable[[str], str],
    pattern: Callable[[str], str] | None = None,
) -> bool:
    """Say whether ``text`` has, in the channel's own words, a phrase whose SMS words hold ``wanted``.

    ``says`` and ``plain`` are how texts are compared; ``pattern`` is what is looked for of a phrase, where it is not
    its words as they are compared.
    """
    return any(
        re.search(pattern(form) if pattern else _pattern(form, plain), plain(text)) is not None
        for sms, forms in _phrases()
        if says(sms, wanted)
        for form in (forms.get(channel) or forms.get("", ""),)
        if form
    )


def _pattern(form: str, plain: Callable[[str], str]) -> str:
    return re.sub(r"\\\{\w+\\\}", ".+?", re.escape(plain(form)))


@cache
def _phrases() -> tuple[tuple[str, dict[str, str]], ...]:
    return tuple(_variants())


def _variants() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each phrase that has words of its own for a channel: SMS's, and all by channel ("": everywhere else)."""
    with PHRASES.open("rb") as file:
        catalogue = read_po(file)
    forms: dict[str, dict[str, str]] = {}
    for message in catalogue:
        key = message.id if isinstance(message.id, str) else message.id[0]
        words = message.string if isinstance(message.string, str) else "\n".join(message.string)
        forms.setdefault(key, {})[message.context or ""] = words
    for by_channel in forms.values():
        written = by_channel.get("sms") or by_channel.get("", "")
        if written and len(by_channel) > 1:
            yield written, by_channel
