"""What the forms of Twilio's messaging webhooks have in common, whatever the channel.

https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.core.delivery import DeliveryStatus, StatusUpdate
from bot.core.messages import MediaKind, OptOutType
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
_LONGEST_COUNT = 5
_KIND: dict[str, MediaKind] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
    "application": "document",
    "text": "document",
}


def required(form: Mapping[str, str], field: str) -> str:
    """Return a field's value without blanks around it.

    Raises:
        BadRequest: it is missing or blank.
    """
    value = form.get(field, "").strip()
    if not value:
        raise BadRequest(f"{field}: is missing")
    return value


def files(form: Mapping[str, str]) -> int:
    """Return how many files came; where the count cannot be read, whether one is there."""
    value = form.get("NumMedia", "").strip() or "0"
    if value.isascii() and value.isdigit() and len(value) < _LONGEST_COUNT:
        return int(value)
    return int(bool(form.get("MediaContentType0", "").strip()))


def body(form: Mapping[str, str]) -> str:
    """Return the text as it was typed; PostgreSQL keeps no NUL."""
    return form.get("Body", "").replace("\x00", "")


def media_kind(content_type: str) -> MediaKind:
    """Return what kind of file a MIME type names."""
    return _KIND.get(content_type.strip().lower().partition("/")[0], "other")


def opt_out(form: Mapping[str, str]) -> OptOutType | None:
    """Return what Twilio's own keyword handling did; a word that we do not know is nothing: the text decides."""
    return _OPT_OUT.get(form.get("OptOutType", "").strip().upper())


def status_update(form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
    """Read a status callback; ``args["delivery"]`` is our own id, when the callback's address carried one.

    Raises:
        BadRequest: MessageSid or MessageStatus is missing, or the status is a word that we do not know.
    """
    status = _STATUS.get(required(form, "MessageStatus").lower())
    if status is None:
        raise BadRequest("MessageStatus: is not a status that we know")
    error_code = form.get("ErrorCode", "").strip()
    return StatusUpdate(
        provider_id=required(form, "MessageSid"),
        status=status,
        error_code=None if error_code in _NO_ERROR else error_code,
        delivery_id=args.get("delivery") or None,
    )
