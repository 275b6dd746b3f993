"""Twilio's SMS webhooks as messages and statuses: https://www.twilio.com/docs/messaging/guides/webhook-request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.core.delivery import StatusUpdate
from bot.core.ids import BadNumber, canonical_number
from bot.core.messages import Content, InboundMessage, Media, Text
from channels.channel import BadRequest
from channels.forms import body, files, media_kind, opt_out, required, status_update
from channels.sms.decode import readable


def parse_inbound(form: Mapping[str, str], received_at: datetime) -> InboundMessage:
    """Read a message. An empty body is kept; a body may be missing only when a file came instead.

    Raises:
        BadRequest: MessageSid, From, To or Body is missing, or a value cannot be read; the field is named.
    """
    return InboundMessage(
        channel="sms",
        provider_id=required(form, "MessageSid"),
        sender=_number(form, "From"),
        recipient=_recipient(form),
        content=_content(form),
        received_at=received_at,
        opt_out=opt_out(form),
    )


def parse_status(form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
    """Read a status callback; raises BadRequest (:func:`channels.forms.status_update`)."""
    return status_update(form, args)


def _number(form: Mapping[str, str], field: str) -> str:
    try:
        return canonical_number(required(form, field))
    except BadNumber:
        raise BadRequest(f"{field}: is not a phone number") from None


def _recipient(form: Mapping[str, str]) -> str:
    """Return our own number; a short code stays as it is."""
    value = required(form, "To")
    try:
        return canonical_number(value)
    except BadNumber:
        return value


def _content(form: Mapping[str, str]) -> Content:
    count = files(form)
    if "Body" not in form and count == 0:
        raise BadRequest("Body: is missing")
    text = readable(body(form))
    return Media(media_kind(form.get("MediaContentType0", "")), text) if count else Text(text)
