"""Messages that were made for one channel, as another carries them: pages, and MÁS, by that channel's own rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from bot.core.delivery import Outgoing
from bot.core.interactive import Button, Buttons
from bot.core.messages import ChannelName
from bot.core.phrases import Phrases
from channels.sms.gsm7 import fold
from channels.sms.paginate import paginate as sms_pages
from channels.sms.segments import MAX_CHARACTERS
from channels.whatsapp.ids import MORE
from channels.whatsapp.markup import neutral
from channels.whatsapp.paginate import paginate as whatsapp_pages
from channels.whatsapp.paginate import shortened
from channels.whatsapp.render import BUTTON_TITLE, MAX_BODY

_FORMATTED = re.compile(r"(?<![^\W_])([*~_])(?=\S)([^*~\n]*?\S)\1(?![^\W_])")
# What channels.whatsapp.markup puts for signs that would format.
_ALIKE = str.maketrans({"\u2217": "*", "\uff3f": "_", "\u223c": "~", "\u02cb": "'"})
_FOOTERS = ("more", "more_or_number", "more_short", "more_or_number_short")
_ONLY_ON_WHATSAPP = ("whatsapp_share_location",)


def moved(
    messages: Sequence[Outgoing], channel: ChannelName, phrases: Phrases, *, choices: bool = False
) -> tuple[Outgoing, ...]:
    """Return messages as pages of ``channel`` (SMS or WhatsApp): the first to be sent, the others for MÁS.

    What ``channel`` carries already stays as it is. Buttons and lists go, their numbers are in the text (``choices``:
    they are still open).
    """
    if not messages or all(message.channel == channel for message in messages):
        return tuple(messages)
    lines = [line for message in messages for line in message.text.splitlines()]
    if channel == "sms":
        footer = fold(phrases("more_or_number" if choices else "more"))
        pages = sms_pages(_said(map(plain, lines), phrases, _ONLY_ON_WHATSAPP), footer)
        return tuple(Outgoing(channel, page, messages[0].kind) for page in pages)
    pages = whatsapp_pages(map(neutral, _said(lines, phrases, _FOOTERS)), MAX_BODY)
    more = Buttons((Button(MORE, shortened(phrases("whatsapp_more_button"), BUTTON_TITLE)),))
    last = len(pages) - 1
    return tuple(
        Outgoing(channel, page, messages[0].kind, None if number == last else more) for number, page in enumerate(pages)
    )


def whole_as_sms(message: Outgoing) -> Outgoing | None:
    """Return a message as one SMS, however long; None where no word of it can be written in an SMS."""
    text = "\n".join(line for line in map(plain, message.text.splitlines()) if line)[:MAX_CHARACTERS].strip()
    return Outgoing("sms", text, message.kind) if text else None


def plain(text: str) -> str:
    """Return words without WhatsApp's formatting, in GSM-7."""
    return fold(_FORMATTED.sub(r"\2", text).translate(_ALIKE)).strip()


def _said(lines: Iterable[str], phrases: Phrases, left_out: Sequence[str]) -> list[str]:
    """Return lines without those that say how the other channel is used."""
    unsaid = {fold(phrases(key)) for key in left_out}
    return [line for line in lines if fold(line).strip() not in unsaid]
