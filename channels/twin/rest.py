"""Twilio's REST API for messages, as its OpenAPI description and its error pages say."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

from flask import Blueprint, Response, jsonify, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from channels.sms.segments import MAX_CHARACTERS
from channels.twin.addresses import channel_of, checked, written
from channels.twin.contents import Ready, fill, only_in_session
from channels.twin.guard import play
from channels.twin.refusal import NoAnswer, Refusal
from channels.twin.state import Fault, Message, Twin
from channels.twin.webhooks import API_VERSION, Webhooks

log = logging.getLogger(__name__)

_CARRIER_MESSAGES = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    63013: "Channel provider's policy was violated",
    63016: "Failed to send freeform message because you are outside the allowed window",
}


def blueprint(twin: Twin, webhooks: Webhooks) -> Blueprint:
    """Return the API under ``/2010-04-01``."""
    api = Blueprint("rest", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")

    @api.post("/Messages.json")
    def send(account_sid: str) -> tuple[Response, int]:
        form = request.form
        fault = play(twin, "send", checked(form.get("To", "")))
        outgoing = _fields(twin, form)
        failure = _failure(twin, outgoing) or (fault.undelivered if fault else None)
        ready = outgoing.pop("ready")
        shown = ready.shown if ready else None
        message = twin.add("outbound-api", **outgoing, shown=shown, reached=failure is None)
        answer = jsonify(resource(twin, message))
        log.info("message accepted", extra={"sid": message.sid, "segments": message.segments})
        webhooks.follow(message, failure)
        if fault is not None:
            _spoil(twin, fault)
        return answer, 201

    @api.get("/Messages.json")
    def read_list(account_sid: str) -> Response:
        play(twin, "list", checked(request.args.get("To", "")))
        return jsonify(_page(twin, request.args))

    @api.get("/Messages/<sid>.json")
    def fetch(account_sid: str, sid: str) -> Response:
        message = twin.message(sid)
        if message is None:
            raise Refusal(20404, request.path)
        return jsonify(resource(twin, message))

    @api.get("/Messages/<sid>/Media/<file>")
    def fetch_file(account_sid: str, sid: str, file: str) -> AnyResponse:
        """Send on to the file's own address, which needs no credentials, as Twilio does."""
        play(twin, "media")
        message = twin.message(sid)
        if message is None or file not in [each.sid for each in message.files] or twin.file(file) is None:
            raise Refusal(20404, request.path)
        return redirect(f"/files/{file}", code=307)

    return api


def resource(twin: Twin, message: Message) -> dict[str, Any]:
    """Return a message as Twilio shows it (schema ``api.v2010.account.message``)."""
    uri = f"/{API_VERSION}/Accounts/{twin.config.account_sid}/Messages/{message.sid}"
    unassigned = message.service_sid is not None and message.status == "accepted"
    return {
        "account_sid": twin.config.account_sid,
        "api_version": API_VERSION,
        "body": message.body,
        "date_created": format_datetime(message.created),
        "date_sent": format_datetime(message.sent) if message.sent else None,
        "date_updated": format_datetime(message.updated),
        "direction": message.direction,
        "error_code": message.error_code,
        "error_message": _CARRIER_MESSAGES.get(message.error_code, "Message not delivered")
        if message.error_code
        else None,
        "from": _from(message),
        "messaging_service_sid": message.service_sid,
        "num_media": str(len(message.files)),
        # A Messaging Service has not chosen a sender yet, so nothing is counted yet.
        "num_segments": "0" if unassigned else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": _to(message),
        "uri": f"{uri}.json",
    }


def _from(message: Message) -> str | None:
    if message.direction == "inbound" and message.address:
        return message.address
    return written(message.channel, message.sender) or None


def _to(message: Message) -> str:
    if message.direction == "inbound" or not message.address:
        return written(message.channel, message.recipient)
    return message.address


def _spoil(twin: Twin, fault: Fault) -> None:
    """Lose the answer of a message that was taken."""
    if fault.name == "500_after_accept":
        raise Refusal(20500)
    if fault.name == "hang_after_accept":
        twin.hang(fault)
    if fault.undelivered is None:
        raise NoAnswer


def _fields(twin: Twin, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a new message; refuse as Twilio does, and in its order.

    ``ready`` is the content that it shows, filled in; None for plain text.
    """
    to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid", "")
    body, content, callback = form.get("Body", ""), form.get("ContentSid", ""), form.get("StatusCallback", "")
    validity = form.get("ValidityPeriod")
    channel = channel_of(to)
    checks = (
        (not to, 21604, ""),
        (not sender and not service, 21603, ""),
        (not body and not content, 21602, ""),
        (checked(to) is None, 21211, to),
        (bool(sender) and checked(sender) is None, 21212, sender),
        (bool(sender) and channel_of(sender) != channel, 21910, ""),
        (bool(sender) and channel == "whatsapp" and checked(sender) != twin.config.whatsapp_number, 63007, ""),
        (bool(sender) and checked(sender) == checked(to), 21266, ""),
        (bool(service) and re.fullmatch(r"MG[0-9a-fA-F]{32}", service) is None, 21705, service),
        (len(body) > MAX_CHARACTERS, 21617, ""),
        (bool(callback) and not _callable(callback), 21609, callback),
        (validity is not None and not (validity.isdigit() and 1 <= int(validity) <= 36000), 21624, ""),
        (twin.is_opted_out(checked(to) or "", channel), 21610, ""),
        (bool(content) and twin.content(content) is None, 21655, content),
    )
    for wrong, code, value in checks:
        if wrong:
            raise Refusal(code, value)
    found = twin.content(content) if content else None
    ready = fill(found, form.get("ContentVariables", ""), channel) if found else None
    more = {"sid": f"MM{uuid4().hex}"} if ready else {}
    return {
        "recipient": checked(to),
        "sender": checked(sender) if sender else "",
        "body": ready.body if ready else body,
        "status": "accepted" if service else "queued",
        "service_sid": service or None,
        "status_callback": callback or None,
        "channel": channel,
        "address": to,
        "content_sid": content or None,
        "ready": ready,
        **more,
    }


def _failure(twin: Twin, outgoing: Mapping[str, Any]) -> int | None:
    """Return the code with which WhatsApp refuses what Twilio has accepted; it comes in a status callback."""
    ready: Ready | None = outgoing["ready"]
    if outgoing["channel"] != "whatsapp":
        return None
    may_begin = ready is not None and ready.template and not only_in_session(ready.type)
    if not twin.in_session(outgoing["recipient"]) and not may_begin:
        return 63016
    if ready is not None and ready.problem:
        log.warning("WhatsApp refuses the content", extra={"limit": ready.problem})
        return 63013
    return None


def _callable(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and "_" not in (parts.hostname or "")


def _page(twin: Twin, args: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of the list, newest first. The page token names the last message of the page before."""
    size = _whole(args, "PageSize", 50, 1, 1000)
    page = _whole(args, "Page", 0, 0, 10**9)
    found = [message for message in twin.messages() if _matches(message, args)]
    token = args.get("PageToken", "")
    start = next((index + 1 for index, message in enumerate(found) if token == f"PA{message.sid}"), page * size)
    shown = found[start : start + size]
    path = f"/{API_VERSION}/Accounts/{twin.config.account_sid}/Messages.json"
    filters = {name: value for name, value in args.items() if name not in ("Page", "PageToken", "PageSize")}

    def uri(number: int, after: Message | None = None) -> str:
        more = {"PageToken": f"PA{after.sid}"} if after else {}
        return f"{path}?{urlencode({**filters, 'PageSize': size, 'Page': number, **more})}"

    return {
        "end": start + max(len(shown) - 1, 0),
        "first_page_uri": uri(0),
        "next_page_uri": uri(page + 1, shown[-1]) if len(found) > start + size else None,
        "page": page,
        "page_size": size,
        "previous_page_uri": uri(page - 1) if page else None,
        "start": start,
        "uri": f"{path}?{urlencode({**filters, 'PageSize': size, 'Page': page})}",
        "messages": [resource(twin, message) for message in shown],
    }


def _whole(args: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    given = args.get(name, str(default))
    if not given.isdigit() or not least <= int(given) <= most:
        raise Refusal(20001, name)
    return int(given)


def _matches(message: Message, args: Mapping[str, str]) -> bool:
    for name, number in (("To", message.recipient), ("From", message.sender)):
        given = args.get(name)
        if given and (number, message.channel) != (checked(given), channel_of(given)):
            return False
    for name in ("DateSent", "DateSent<", "DateSent>"):
        if args.get(name):
            first, last = _moment(args[name], name)
            # What still waits in the queue has no date of sending: no filter by it finds it.
            if message.sent is None:
                return False
            sent = message.sent.replace(microsecond=0)
            if (name != "DateSent<" and sent < first) or (name != "DateSent>" and sent > last):
                return False
    return True


def _moment(text: str, name: str) -> tuple[datetime, datetime]:
    """Return the first and the last moment that a date (a whole GMT day) or a time stands for."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise Refusal(20001, name) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    if len(text) > len("YYYY-MM-DD"):
        return moment, moment
    return moment, datetime.combine(moment, time.min, timezone.utc) + timedelta(days=1, seconds=-1)
