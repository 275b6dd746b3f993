"""Twilio's WhatsApp webhooks as messages.

https://www.twilio.com/docs/messaging/guides/webhook-request#whatsapp-specific-parameters
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from bot.core.ids import BadNumber, parse_address
from bot.core.messages import Content, InboundMessage, Location, Media, MediaKind, Text
from channels.channel import BadRequest
from channels.forms import body, files, media_kind, opt_out, required
from channels.whatsapp.ids import picked

_PREFIX = "whatsapp:"
_NUMBER_FIELD = re.compile(r"^[0-9]{7,15}$")
_VCARD = ("text/vcard", "text/x-vcard", "text/directory")
# WhatsApp sends photos as JPEG or PNG, stickers as WebP.
_STICKER = "image/webp"
# MessageType says what kind of message it was; these say nothing that the other fields do not.
_WORDS = ("", "text", "button", "interactive", "image", "audio", "video", "document", "sticker")
# A document comes with its file's name as its words, when nobody wrote any.
_FILE_NAME = re.compile(r"^[^\n]{1,200}\.[A-Za-z0-9]{2,5}$")
_REACTION_FIELDS = ("ReactionEmoji", "Emoji", "Reaction", "Body")


def parse_inbound(form: Mapping[str, str], received_at: datetime) -> InboundMessage:
    """Read a message. Fields that we do not know and blank ones are nothing; what cannot be read is "other".

    Whatever a person sends gets an answer: only who sent it, and which message it is, must be readable.

    Raises:
        BadRequest: MessageSid, the sender or To is missing or cannot be read; the field is named.
    """
    sender = _sender(form)
    return InboundMessage(
        channel="whatsapp",
        provider_id=required(form, "MessageSid"),
        sender=sender,
        recipient=required(form, "To"),
        content=_content(form),
        received_at=received_at,
        opt_out=opt_out(form),
        profile_name=form.get("ProfileName", "").replace("\x00", "").strip() or None,
        also=_also(form, sender),
    )


def _sender(form: Mapping[str, str]) -> str:
    """Return the address that answers go to, as WhatsApp wrote it: a number, or the id of who hides it."""
    for field in ("From", "ExternalUserId"):
        value = form.get(field, "").strip()
        bare = value.removeprefix(_PREFIX)
        if bare:
            try:
                kind = parse_address(value).kind
            except BadNumber:
                kind = None
            if kind not in ("number", "bsuid"):
                raise BadRequest(f"{field}: is neither a phone number nor a WhatsApp user id")
            return _PREFIX + bare
    raise BadRequest("From: is missing")


def _also(form: Mapping[str, str], sender: str) -> str | None:
    """Return another address of the same person, where the request shows both: her user id, or her number."""
    user_id, number = form.get("ExternalUserId", "").strip(), form.get("WaId", "").strip()
    for bare in (user_id.removeprefix(_PREFIX), f"+{number}" if _NUMBER_FIELD.match(number) else ""):
        if not bare:
            continue
        try:
            known = parse_address(_PREFIX + bare)
        except BadNumber:
            continue
        if known.kind in ("number", "bsuid") and known != parse_address(sender):
            return _PREFIX + bare
    return None


def _content(form: Mapping[str, str]) -> Content:
    for field, words in (("ListId", "ListTitle"), ("ButtonPayload", "ButtonText")):
        payload = form.get(field, "").strip()
        if payload:
            return picked(payload.replace("\x00", ""), form.get(words, "").replace("\x00", "") or body(form))
    latitude, longitude = _degrees(form, "Latitude", 90), _degrees(form, "Longitude", 180)
    if latitude is not None and longitude is not None:
        return Location(latitude, longitude)
    kind = form.get("MessageType", "").strip().lower()
    if kind == "reaction" or form.get("ReactionEmoji", "").strip():
        emoji = next((value for field in _REACTION_FIELDS if (value := form.get(field, "").strip())), "")
        return Media("reaction", emoji.replace("\x00", ""))
    if files(form):
        return _file(form)
    if kind in ("contacts", "contact"):
        return Media("contact")
    text = form.get("ButtonText", "").replace("\x00", "") or body(form)
    if text.strip() or (kind in _WORDS and "Body" in form):
        return Text(text)
    return Media("other")


def _file(form: Mapping[str, str]) -> Media:
    content_type = form.get("MediaContentType0", "").strip().lower().partition(";")[0].strip()
    kind: MediaKind = media_kind(content_type)
    if content_type in _VCARD:
        return Media("contact")  # its words are somebody's name
    if content_type == _STICKER:
        kind = "sticker"
    text = body(form)
    if kind == "document" and _FILE_NAME.match(text.strip()):
        text = ""
    return Media(kind, text, form.get("MediaUrl0", "").strip() if kind == "audio" else "")


def _degrees(form: Mapping[str, str], field: str, limit: int) -> float | None:
    try:
        value = float(form.get(field, ""))
    except ValueError:
        return None
    return value if abs(value) <= limit else None
