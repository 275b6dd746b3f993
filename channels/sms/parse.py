"""Twilio's SMS webhooks as messages and statuses: https://www.twilio.com/docs/messaging/guides/webhook-request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from bot.core.delivery import DeliveryStatus, StatusUpdate
from bot.core.ids import BadNumber, canonical_number
from bot.core.messages import Content, InboundMessage, Media, OptOutType, Text
from channels.channel import BadRequest

# https://www.twilio.com/docs/messaging/api/message-resource#message-status-values; the enum is in twilio-oai.
# "receiving" and "received" are of inbound messages: for a delivery of ours they say no more than "accepted".
_STATUS = {
    "queued": DeliveryStatus.ACCEPTED,
    "accepted": DeliveryStatus.ACCEPTED,
    "scheduled": DeliveryStatus.ACCEPTED,
    "sending": DeliveryStatus.ACCEPTED,
    "receiving": DeliveryStatus.ACCEPTED,
    "received": DeliveryStatus.ACCEPTED,
    "sent": DeliveryStatus.SENT,
    "partially_delivered": DeliveryStatus.SENT,
    "delivered": DeliveryStatus.DELIVERED,
    "read": DeliveryStatus.READ,
    "undelivered": DeliveryStatus.UNDELIVERED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
# https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out
_OPT_OUT: dict[str, OptOutType] = {"STOP": "stop", "START": "start", "HELP": "help"}
_NO_ERROR = ("", "0")
MediaKind = Literal["image", "audio", "video", "document", "other"]
_KIND: dict[str, MediaKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "application": "document",
    "text": "document",
}


def parse_inbound(form: Mapping[str, str], received_at: datetime) -> InboundMessage:
    """Read a message. An empty body is kept; a body may be missing only when a file came instead.

    Raises:
        BadRequest: MessageSid, From, To or Body is missing, or a value cannot be read; the field is named.
    """
    return InboundMessage(
        channel="sms",
        provider_id=_required(form, "MessageSid"),
        sender=_number(form, "From"),
        recipient=_recipient(form),
        content=_content(form),
        received_at=received_at,
        opt_out=_opt_out(form),
    )


def parse_status(form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
    """Read a status callback; ``args["delivery"]`` is our own id, when the callback's address carried one.

    Raises:
        BadRequest: MessageSid or MessageStatus is missing, or the status is a word that we do not know.
    """
    status = _STATUS.get(_required(form, "MessageStatus").lower())
    if status is None:
        raise BadRequest("MessageStatus: is not a status that we know")
    error_code = form.get("ErrorCode", "").strip()
    return StatusUpdate(
        provider_id=_required(form, "MessageSid"),
        status=status,
        error_code=None if error_code in _NO_ERROR else error_code,
        delivery_id=args.get("delivery") or None,
    )


def _required(form: Mapping[str, str], field: str) -> str:
    value = form.get(field, "").strip()
    if not value:
        raise BadRequest(f"{field}: is missing")
    return value


def _number(form: Mapping[str, str], field: str) -> str:
    try:
        return canonical_number(_required(form, field))
    except BadNumber:
        raise BadRequest(f"{field}: is not a phone number") from None


def _recipient(form: Mapping[str, str]) -> str:
    """Return our own number; a short code stays as it is."""
    value = _required(form, "To")
    try:
        return canonical_number(value)
    except BadNumber:
        return value


def _content(form: Mapping[str, str]) -> Content:
    files = form.get("NumMedia", "").strip() or "0"
    if not (files.isascii() and files.isdigit()):
        raise BadRequest("NumMedia: is not a number")
    if "Body" not in form and int(files) == 0:
        raise BadRequest("Body: is missing")
    text = form.get("Body", "").replace("\x00", "")  # PostgreSQL keeps no NUL
    return Media(_kind(form.get("MediaContentType0", "")), text) if int(files) else Text(text)


def _kind(content_type: str) -> MediaKind:
    return _KIND.get(content_type.strip().lower().partition("/")[0], "other")


def _opt_out(form: Mapping[str, str]) -> OptOutType | None:
    word = form.get("OptOutType", "").strip().upper()
    if word and word not in _OPT_OUT:
        raise BadRequest("OptOutType: is not a word that we know")
    return _OPT_OUT.get(word)
