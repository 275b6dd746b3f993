"""Who plays the citizen, one for each channel: a phone of the twin, from a number of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Protocol

from bot.core.messages import ChannelName
from channels.keywords import keyword
from channels.twin.client import Exchange, Received, TwinPhone, TwinUnavailable
from channels.twin.telephone import Heard, TwinCall
from ivr.menus import OTHERS, PAGE
from tests.conversations.aloud import asks_whether_to_go_on
from tests.conversations.script import Citizen

DEADLINE_SECONDS = 30.0
"""The longest wait for an answer; how fast answers come is measured elsewhere."""
QUIET_SECONDS = 0.4
"""After an answer, how long to wait for another; one that comes later still is counted in the next turn."""
SILENCE_SECONDS = 3.0


class Player(Protocol):
    """A citizen on one channel."""

    def send(self, citizen: Citizen, silent: bool = False) -> tuple[str, ...]:
        """Send, and return what came back, in words; ``silent``: nothing is expected, so the wait is short."""

    def close(self) -> None:
        """Put the phone down."""


class SmsPlayer:
    """Someone who texts."""

    def __init__(self, twin: str, number: str) -> None:
        self._twin, self._number = twin, number
        self._phone = TwinPhone(twin, number, quiet=QUIET_SECONDS, deadline=DEADLINE_SECONDS)

    def send(self, citizen: Citizen, silent: bool = False) -> tuple[str, ...]:
        """Send one message with Twilio's own fields for a file or a position."""
        fields = self._fields(citizen)
        if silent:
            with TwinPhone(self._twin, self._number, deadline=SILENCE_SECONDS) as phone:
                replies = phone.send(citizen.text, fields=fields).replies
        else:
            replies = self._phone.send(citizen.text, fields=fields).replies
        return tuple(reply.body for reply in replies)

    def _fields(self, citizen: Citizen) -> dict[str, str]:
        fields: dict[str, str] = {}
        if citizen.photo:
            file = f"{self._twin}/no-file"
            fields |= {"NumMedia": "1", "MediaUrl0": file, "MediaContentType0": citizen.photo}
        if citizen.location:
            latitude, longitude = map(str, citizen.location)
            fields |= {"Latitude": latitude, "Longitude": longitude}
        return fields

    def close(self) -> None:
        """Put the phone down."""
        self._phone.close()


class WhatsAppPlayer:
    """Someone who writes on WhatsApp: taps what is shown under exactly her words, and types everything else."""

    def __init__(self, twin: str, number: str) -> None:
        self._phone = TwinPhone(twin, number, channel="whatsapp", quiet=QUIET_SECONDS, deadline=DEADLINE_SECONDS)

    def send(self, citizen: Citizen, silent: bool = False) -> tuple[str, ...]:
        """Send one message, with a file or a position where there is one."""
        exchange = self._send(citizen, SILENCE_SECONDS if silent else DEADLINE_SECONDS)
        return tuple(_in_words(reply) for reply in exchange.replies)

    def _send(self, citizen: Citizen, deadline: float) -> Exchange:
        if citizen.photo:
            file = {"kind": _FILE_KIND.get(citizen.photo.partition("/")[0], "document"), "content_type": citizen.photo}
            return self._phone.send(citizen.text, file=file, deadline=deadline)
        if citizen.location:
            latitude, longitude = citizen.location
            position = {"latitude": latitude, "longitude": longitude}
            return self._phone.send(citizen.text, location=position, deadline=deadline)
        return self._phone.say(citizen.text, deadline=deadline)

    def close(self) -> None:
        """Put the phone down."""
        self._phone.close()


def _in_words(reply: Received) -> str:
    """Return a message as it is read: its text, and below it what can be tapped and is not in the text."""
    return "\n".join([reply.body, *(title for title in reply.choices if title not in reply.body)])


class VoicePlayer:
    """Someone who calls: says everything but numbers, which are keys, and lets answers be read to their end."""

    def __init__(self, twin: str, number: str) -> None:
        self._twin, self._number = twin, number
        self._call: TwinCall | None = None
        self._last: tuple[str, ...] = ()

    def send(self, citizen: Citizen, silent: bool = False) -> tuple[str, ...]:
        """Say or press it; return all that is said until she is asked for something else than whether to go on."""
        if keyword(citizen.text) == "more":  # it was read to her already
            return self._last
        call = self._call or self._place()
        said: tuple[str, ...] = ()
        heard = self._do(call, citizen.text.strip())
        for _ in range(MOST_PIECES):
            asking = asks_whether_to_go_on(heard.said)
            said += heard.said[:-1] if asking else heard.said
            if heard.over or not asking:
                break
            heard = call.press("1")
        if heard.over:
            self.close()
        options = [f"{number}) {label}" for number, label in enumerate(heard.choices[:PAGE], 1)]
        self._last = ("\n".join([*said, *options]),) if said else ()
        return self._last

    def _place(self) -> TwinCall:
        self._call = TwinCall(self._twin, self._number, deadline=DEADLINE_SECONDS)
        self._call.place()
        return self._call

    def _do(self, call: TwinCall, text: str) -> Heard:
        if not text:
            return call.keep_silent()
        if not (text.isascii() and text.isdigit() and 1 <= int(text) <= MOST_OPTIONS):
            return call.say(text)
        for _ in range((int(text) - 1) // PAGE):
            call.press(OTHERS)
        return call.press(str((int(text) - 1) % PAGE + 1))

    def close(self) -> None:
        """Hang up."""
        if self._call is not None:
            with contextlib.suppress(TwinUnavailable):  # it has ended by itself
                self._call.hang_up()
            self._call.close()
            self._call = None


MOST_PIECES = 20
MOST_OPTIONS = 20
_FILE_KIND = {"image": "photo", "audio": "voice", "video": "video"}
PLAYERS: dict[ChannelName, Callable[[str, str], Player]] = {
    "sms": SmsPlayer,
    "whatsapp": WhatsAppPlayer,
    "voice": VoicePlayer,
}
"""``(twin's address, number) -> player``; a new channel is one line here."""
