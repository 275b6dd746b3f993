"""A conversation from the terminal: for people, or one JSON line a message for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

from channels.twin.client import Exchange, TwinPhone
from channels.twin.voice_chat import voice_chat

CHANNELS = ("sms", "whatsapp", "voice")

_NUMBERED = r"(\d{1,2})\)\s*"
_LINE_OPTION = re.compile(rf"^\s*{_NUMBERED}(\S.*?)\s*$", re.MULTILINE)
_INLINE_OPTION = re.compile(rf"(?:^|(?<=\s)){_NUMBERED}(\S.*?)(?=\s+\d{{1,2}}\)|\s*$)", re.MULTILINE)


class ChannelUnavailable(ValueError):
    """The twin has no such phone yet."""


def chat(
    channel: str,
    number: str,
    lines: Iterable[str],
    write: Callable[[str], None],
    base_url: str,
    json_mode: bool,
) -> None:
    """Send each of ``lines`` as one message from ``number`` and write what comes back, until the lines end.

    In JSON mode each line gives one: ``{"in", "out": [texts], "choices": [labels], "seconds"}``. ``write`` gets whole
    lines without their end. A blank line is an empty message in JSON mode, and nothing on a terminal. On WhatsApp a
    line that is exactly the title of a button or of a list's line taps it. Of a call: :mod:`channels.twin.voice_chat`.

    Raises:
        ChannelUnavailable: the channel is not one that the twin carries.
        bot.core.ids.BadNumber: ``number`` is not a phone number.
        channels.twin.client.TwinUnavailable: the twin does not answer.
    """
    if channel not in CHANNELS:
        raise ChannelUnavailable(f"channel {channel!r}: the twin carries {', '.join(CHANNELS)}")
    if channel == "voice":
        voice_chat(number, lines, write, base_url, json_mode)
        return
    with TwinPhone(base_url, number, channel=channel) as phone:
        for line in lines:
            text = line.rstrip("\r\n")
            if json_mode:
                write(as_json(phone.say(text)))
            elif text.strip():
                for shown in for_people(phone.say(text), channel):
                    write(shown)


def as_json(exchange: Exchange) -> str:
    """Return an exchange as the JSON line of the command's contract."""
    out = [reply.body for reply in exchange.replies]
    tapped = [list(reply.choices) for reply in exchange.replies if reply.choices]
    choices = tapped[-1] if tapped else choices_in(out[-1]) if out else []
    return json.dumps(
        {"in": exchange.sent, "out": out, "choices": choices, "seconds": round(exchange.seconds, 3)}, ensure_ascii=False
    )


def for_people(exchange: Exchange, channel: str = "sms") -> Iterable[str]:
    """Yield an exchange's lines for a terminal: each text, then what it costs as SMS or what can be tapped."""
    if not exchange.replies:
        yield f"(no answer in {exchange.seconds:.0f} s)"
    for reply in exchange.replies:
        if channel == "whatsapp":
            yield "\n".join([reply.body, *(f"  [{title}]" for title in reply.choices)])
            continue
        plural = "" if reply.segments == 1 else "s"
        yield f"{reply.body}\n  ({len(reply.body)} characters, {reply.segments} segment{plural})"


def choices_in(text: str) -> list[str]:
    """Return the labels of the numbered options that a text shows (``1) …``), one a line or within a line.

    Only a run of numbers that grows by one counts; the last run when there are several.
    """
    for pattern in (_LINE_OPTION, _INLINE_OPTION):
        run: list[str] = []
        expected = None
        for match in pattern.finditer(text):
            number = int(match[1])
            if number != expected:
                run = []
            run.append(match[2].strip())
            expected = number + 1
        if len(run) > 1:
            return run
    return []
