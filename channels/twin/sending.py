"""What a phone sends, from the control API's JSON: a text, a tap, a pick of a list, a position, a file, a reaction."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from channels.twin.shown import Attachment, Option, Pin
from channels.twin.state import Message, Twin
from channels.twin.webhooks import Sent

MOST_FILE_BYTES = 16 * 1024 * 1024
"""What Twilio takes of a WhatsApp file."""
DEFAULT_PROFILE = "Persona de prueba"


@dataclass(frozen=True)
class FileKind:
    """A kind of file that a phone attaches: Twilio's MessageType, and the type and name of a sample."""

    message_type: str
    content_type: str
    name: str = ""


FILE_KINDS: Mapping[str, FileKind] = {
    "photo": FileKind("image", "image/png"),
    "voice": FileKind("audio", "audio/ogg"),
    "video": FileKind("video", "video/mp4"),
    "document": FileKind("document", "application/pdf", "documento.pdf"),
    "sticker": FileKind("sticker", "image/webp"),
    "contact": FileKind("contacts", "text/vcard"),
}


def read(twin: Twin, number: str, given: Mapping[str, Any]) -> Sent:
    """Read what a phone is to send.

    ``channel`` (``sms`` by default), ``body``, ``to``, ``sid``, ``profile``, ``old_prefix``, ``quotes``; and at most
    one of ``tap`` (a button's or a list line's id or title, among what the phone was shown), ``location``
    (``{latitude, longitude, label?, address?}``), ``file`` (``{kind, data?, content_type?, name?}``, data in base64)
    and ``reaction`` (``{emoji, sid?}``).

    Raises:
        ValueError: it has no such form, or nothing with that id is on the phone.
    """
    channel = given.get("channel", "sms")
    if channel not in ("sms", "whatsapp"):
        raise ValueError(f"channel: {channel!r} is none of sms, whatsapp")
    sent = Sent(
        body=str(given.get("body", "")),
        channel=channel,
        to=given.get("to"),
        sid=given.get("sid"),
        quotes=given.get("quotes"),
        profile=str(given.get("profile", DEFAULT_PROFILE)) if channel == "whatsapp" else "",
        old_prefix=bool(given.get("old_prefix", True)),
    )
    several = [name for name in _SPECIAL if name in given]
    if len(several) > 1:
        raise ValueError(f"only one of {', '.join(several)}")
    return _SPECIAL[several[0]](twin, number, sent, given[several[0]]) if several else sent


def shown_options(message: Message) -> tuple[Option, ...]:
    """Return what can be tapped below a message."""
    return message.shown.options if message.shown is not None else ()


def _tap(twin: Twin, number: str, sent: Sent, wanted: Any) -> Sent:
    received = twin.of_phone(number, 0, 0, False, "whatsapp")
    for message in reversed(received):
        for option in shown_options(message):
            if wanted in (option.id, option.title):
                return _tapped(twin, message, option, sent)
    raise ValueError("tap: no such button or line was shown to this phone")


def _tapped(twin: Twin, message: Message, option: Option, sent: Sent) -> Sent:
    """Return the tap as Twilio tells it: https://www.twilio.com/docs/messaging/guides/webhook-request."""
    assert message.shown is not None
    if message.shown.kind == "list":
        more = {"ListId": option.id, "ListTitle": option.title}
        more |= {"ListDescription": option.description} if option.description else {}
    else:
        more = {"ButtonText": option.title, "ButtonPayload": option.id}
    content = twin.content(message.content_sid or "")
    approved = content is not None and content.approval is not None
    kind = "button" if approved and message.shown.kind == "buttons" else "interactive"
    return replace(
        sent,
        channel="whatsapp",
        body=option.title,
        kind=kind,
        quotes=message.sid,
        more=tuple(more.items()),
        profile=sent.profile or DEFAULT_PROFILE,
    )


def _location(twin: Twin, number: str, sent: Sent, given: Any) -> Sent:
    if not isinstance(given, dict):
        raise ValueError("location: a JSON object is expected")
    pin = Pin(
        _degrees(given, "latitude", 90),
        _degrees(given, "longitude", 180),
        str(given.get("label", "")),
        str(given.get("address", "")),
    )
    return replace(sent, kind="location", pin=pin)


def _degrees(given: Mapping[str, Any], name: str, limit: int) -> float:
    value = given.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -limit <= value <= limit:
        raise ValueError(f"location.{name}: degrees from -{limit} to {limit} are expected")
    return float(value)


def _file(twin: Twin, number: str, sent: Sent, given: Any) -> Sent:
    if not isinstance(given, dict) or given.get("kind") not in FILE_KINDS:
        raise ValueError(f"file.kind: one of {', '.join(FILE_KINDS)}")
    kind = FILE_KINDS[given["kind"]]
    content_type = str(given.get("content_type") or kind.content_type)
    name = str(given.get("name") or kind.name)
    attachment = Attachment(twin.keep_file(content_type, _bytes(given, kind)), content_type, name)
    body = sent.body or (name if kind.message_type == "document" else "")  # Twilio gives a document's name as its words
    return replace(sent, body=body, kind=kind.message_type, files=(attachment,))


def _bytes(given: Mapping[str, Any], kind: FileKind) -> bytes:
    if "data" not in given:
        return _sample(kind.content_type)
    try:
        data = base64.b64decode(str(given["data"]), validate=True)
    except binascii.Error:
        raise ValueError("file.data: is not base64") from None
    if len(data) > MOST_FILE_BYTES:
        raise ValueError(f"file.data: more than {MOST_FILE_BYTES} bytes")
    return data


def _reaction(twin: Twin, number: str, sent: Sent, given: Any) -> Sent:
    if not isinstance(given, dict) or not given.get("emoji"):
        raise ValueError("reaction.emoji: is missing")
    received = twin.of_phone(number, 0, 0, False, "whatsapp")
    last = received[-1].sid if received else None
    return replace(sent, body=str(given["emoji"]), kind="reaction", quotes=given.get("sid", last))


_SPECIAL = {"tap": _tap, "location": _location, "file": _file, "reaction": _reaction}


def _sample(content_type: str) -> bytes:
    """Return a small file of a type: a grey picture, and for the rest no more than its first bytes."""
    if content_type == "image/png":
        return _png(8, 8)
    return {
        "audio/ogg": b"OggS\x00\x02" + bytes(22),
        "video/mp4": b"\x00\x00\x00\x18ftypmp42" + bytes(12),
        "application/pdf": b"%PDF-1.4\n%%EOF\n",
        "image/webp": b"RIFF\x04\x00\x00\x00WEBP",
        "text/vcard": b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Alguien\r\nEND:VCARD\r\n",
    }.get(content_type, b"\x00")


def _png(width: int, height: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    rows = (b"\x00" + b"\x99" * width) * height
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
