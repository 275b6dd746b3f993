"""Twilio's voice webhooks: https://www.twilio.com/docs/voice/twiml#request-parameters, …/gather#attributes-action."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bot.core.delivery import DeliveryStatus, StatusUpdate
from bot.core.ids import Address, BadNumber, parse_address
from bot.core.messages import InboundMessage, Text
from channels.channel import BadRequest
from channels.forms import required

CallStatus = Literal[
    "queued", "initiated", "ringing", "in-progress", "completed", "busy", "failed", "no-answer", "canceled"
]
# https://www.twilio.com/docs/voice/api/call-resource#call-status-values
_STATUS: dict[CallStatus, DeliveryStatus] = {
    "queued": DeliveryStatus.ACCEPTED,
    "initiated": DeliveryStatus.ACCEPTED,
    "ringing": DeliveryStatus.SENT,
    "in-progress": DeliveryStatus.SENT,
    "completed": DeliveryStatus.DELIVERED,
    "busy": DeliveryStatus.UNDELIVERED,
    "no-answer": DeliveryStatus.UNDELIVERED,
    "failed": DeliveryStatus.FAILED,
    "canceled": DeliveryStatus.FAILED,
}
ENDED: frozenset[CallStatus] = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
NOT_ANSWERED: frozenset[CallStatus] = frozenset({"busy", "failed", "no-answer", "canceled"})
_CALL_SID = re.compile(r"^[A-Za-z0-9_\-]{1,48}$")
LONGEST_SPEECH = 1000
_MACHINE = ("machine", "fax")


@dataclass(frozen=True)
class TurnInput:
    """What a step's request brings: keys, words, and how sure the recogniser is (None: it does not say)."""

    digits: str = ""
    speech: str = ""
    confidence: float | None = None


@dataclass(frozen=True)
class CallEvent:
    """A call's status, as a callback tells it. ``seconds``: how long it lasted, once it ended."""

    call_sid: str
    status: CallStatus
    seconds: int = 0
    machine: bool = False


def call_sid(form: Mapping[str, str]) -> str:
    """Return the call's id.

    Raises:
        BadRequest: it is missing, or no id.
    """
    value = required(form, "CallSid")
    if not _CALL_SID.match(value):
        raise BadRequest("CallSid: is not an id")
    return value


def parse_inbound(form: Mapping[str, str], received_at: datetime) -> InboundMessage:
    """Read a request of a call as a message: its words, or nothing where a call begins.

    Who withholds the number is nobody but this call's caller. Of a call that we placed the person is who was called.

    Raises:
        BadRequest: CallSid, From or To is missing, or a value cannot be read; the field is named.
    """
    sid = call_sid(form)
    given = parse_turn(form)
    ours, theirs = ("From", "To") if _placed_by_us(form) else ("To", "From")
    _checked(form, "From")
    return InboundMessage(
        channel="voice",
        provider_id=sid,
        sender=_caller(form, theirs, sid),
        recipient=required(form, ours),
        content=Text(given.speech),
        received_at=received_at,
    )


def parse_turn(form: Mapping[str, str]) -> TurnInput:
    """Read what the caller did. Of both, keys count: they were meant.

    Raises:
        BadRequest: Digits has something that is on no keypad, or Confidence is no number.
    """
    digits = form.get("Digits", "").strip()
    if not re.fullmatch(r"[0-9*#A-Da-dw]*", digits):
        raise BadRequest("Digits: are not keys")
    speech = " ".join(form.get("SpeechResult", "").replace("\x00", "").split())[:LONGEST_SPEECH]
    return TurnInput(digits.lower().replace("w", ""), speech, _confidence(form.get("Confidence", "")))


def parse_status(form: Mapping[str, str], args: Mapping[str, str]) -> StatusUpdate:
    """Read a call's status as a delivery's.

    Raises:
        BadRequest: CallSid or CallStatus is missing, or the status is a word that we do not know.
    """
    event = parse_event(form)
    code = form.get("ErrorCode", "").strip()
    return StatusUpdate(event.call_sid, _STATUS[event.status], code or None, args.get("delivery") or None)


def parse_event(form: Mapping[str, str]) -> CallEvent:
    """Read a call's status.

    Raises:
        BadRequest: CallSid or CallStatus is missing, or the status is a word that we do not know.
    """
    word = required(form, "CallStatus").lower()
    status = next((each for each in _STATUS if each == word), None)
    if status is None:
        raise BadRequest("CallStatus: is not a status that we know")
    if "From" in form:
        _checked(form, "From")
    seconds = form.get("CallDuration", "").strip() or "0"
    answered_by = form.get("AnsweredBy", "").strip().lower()
    return CallEvent(
        call_sid(form), status, int(seconds) if seconds.isdecimal() else 0, answered_by.startswith(_MACHINE)
    )


def answered_by_machine(form: Mapping[str, str]) -> bool:
    """Say whether Twilio heard a machine take our call (``AnsweredBy``)."""
    return form.get("AnsweredBy", "").strip().lower().startswith(_MACHINE)


def _placed_by_us(form: Mapping[str, str]) -> bool:
    return form.get("Direction", "").strip().lower().startswith("outbound")


def _checked(form: Mapping[str, str], field: str) -> Address:
    if field not in form:
        raise BadRequest(f"{field}: is missing")
    try:
        return parse_address(form[field])
    except BadNumber:
        raise BadRequest(f"{field}: is not a phone number") from None


def _caller(form: Mapping[str, str], field: str, sid: str) -> str:
    address = _checked(form, field)
    return f"anonymous:{re.sub('[^A-Za-z0-9]', '', sid)}" if address.kind == "anonymous" else form[field].strip()


def _confidence(value: str) -> float | None:
    if not value.strip():
        return None
    try:
        number = float(value)
    except ValueError:
        raise BadRequest("Confidence: is not a number") from None
    return number if math.isfinite(number) else None
