"""Twilio's REST API for messages, as its OpenAPI description and its error pages say."""

from __future__ import annotations

import hmac
import logging
import re
import socket
from collections.abc import Mapping
from datetime import datetime, time, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import phonenumbers
from flask import Blueprint, Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

from bot.core.ids import BadNumber, canonical_number
from channels.sms.segments import MAX_CHARACTERS
from channels.twin.state import Fault, Message, Twin
from channels.twin.webhooks import API_VERSION, Webhooks

log = logging.getLogger(__name__)

_MESSAGES = {
    # Twilio's own words for an operator's eyes; ``{}`` is the value at fault.
    20001: "Invalid parameter: {}",
    20003: "Authentication Error - invalid username",
    20004: "Method not allowed",
    20404: "The requested resource {} was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service is unavailable. Please try again.",
    21211: "The 'To' number {} is not a valid phone number.",
    21212: "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21266: "'To' and 'From' number cannot be the same",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21609: "The 'StatusCallback' URL {} is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21624: "Invalid validity period value",
    21705: "The 'MessagingServiceSid' {} is invalid.",
}
_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}
_CARRIER_MESSAGES = {30001: "Queue overflow", 30002: "Account suspended", 30003: "Unreachable destination handset"}


class Refusal(Exception):
    """An error in Twilio's form: ``{code, message, more_info, status}``."""

    def __init__(self, code: int, value: str = "", status: int | None = None, retry_after: float | None = None) -> None:
        """``status`` is the HTTP status when it is not the code's own."""
        super().__init__(str(code))
        self.code = code
        self.message = _MESSAGES.get(code, f"Error {code}").format(value)
        self.status = status or _STATUS.get(code, 400)
        self.retry_after = retry_after


class NoAnswer(Exception):
    """The connection is to be cut without an answer: :func:`cut` does."""


def blueprint(twin: Twin, webhooks: Webhooks) -> Blueprint:
    """Return the API under ``/2010-04-01``."""
    api = Blueprint("rest", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")

    @api.before_request
    def note_arrival() -> None:
        params = request.form if request.method == "POST" else request.args
        g.record = twin.record(
            "request", method=request.method, path=request.path, params=params.to_dict(), status=None, fault=None
        )

    @api.after_request
    def note_answer(response: Response) -> Response:
        if not g.get("cut"):
            twin.amend(g.record, status=response.status_code)
        return response

    @api.before_request
    def authenticate() -> None:
        given = request.authorization
        user, password = (given.username or "", given.password or "") if given else ("", "")
        right = _same(user, twin.config.account_sid) & _same(password, twin.config.auth_token)
        if not right:
            raise Refusal(20003)
        if (request.view_args or {}).get("account_sid") != twin.config.account_sid:
            raise Refusal(20404, request.path)

    @api.post("/Messages.json")
    def send(account_sid: str) -> tuple[Response, int]:
        form = request.form
        fault = _play(twin, "send", form.get("To"))
        outgoing = _checked(twin, form)
        message = twin.add("outbound-api", **outgoing, reached=fault is None or fault.undelivered is None)
        answer = jsonify(resource(twin, message))
        log.info("message accepted", extra={"sid": message.sid, "segments": message.segments})
        webhooks.follow(message, fault.undelivered if fault else None)
        if fault is not None:
            _spoil(twin, fault)
        return answer, 201

    @api.get("/Messages.json")
    def read_list(account_sid: str) -> Response:
        _play(twin, "list", request.args.get("To"))
        return jsonify(_page(twin, request.args))

    @api.get("/Messages/<sid>.json")
    def fetch(account_sid: str, sid: str) -> Response:
        message = twin.message(sid)
        if message is None:
            raise Refusal(20404, request.path)
        return jsonify(resource(twin, message))

    @api.errorhandler(Refusal)
    def refused(error: Refusal) -> Response:
        log.info("request refused", extra={"code": error.code, "status": error.status})
        return shown(error)

    return api


def shown(error: Refusal) -> Response:
    """Return an error as Twilio answers it."""
    body: dict[str, Any] = {
        "code": error.code,
        "message": error.message,
        "more_info": f"https://www.twilio.com/docs/errors/{error.code}",
        "status": error.status,
    }
    if error.code == 20003:
        body["detail"] = "Your AccountSid or AuthToken was incorrect."
    response = jsonify(body)
    response.status_code = error.status
    if error.status == 401:
        response.headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    if error.retry_after is not None:
        response.headers["Retry-After"] = f"{error.retry_after:g}"
    return response


def no_such_thing(error: HTTPException) -> Response:
    """Answer what is no resource of ours (404), or not so (405), as Twilio does."""
    code = {404: 20404, 405: 20004}.get(error.code or 0, 20001)
    return shown(Refusal(code, request.path, status=error.code))


def cut(error: NoAnswer) -> Response:
    """Cut the connection under the request; nothing of the returned answer arrives."""
    g.cut = True
    connection = request.environ.get("werkzeug.socket")
    if connection is not None:
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


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
        "from": message.sender or None,
        "messaging_service_sid": message.service_sid,
        "num_media": "0",
        # A Messaging Service has not chosen a sender yet, so nothing is counted yet.
        "num_segments": "0" if unassigned else str(message.segments),
        "price": None,
        "price_unit": "USD",
        "sid": message.sid,
        "status": message.status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": message.recipient,
        "uri": f"{uri}.json",
    }


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _play(twin: Twin, on: Any, to: str | None) -> Fault | None:
    """Play a fault that comes before the message is taken; return one that comes after."""
    fault = twin.take_fault(on, _number(to) if to else None)
    if fault is None:
        return None
    twin.amend(g.record, fault=fault.name)
    if fault.after_accept and on == "send":
        return fault
    if fault.name == "timeout" or fault.after_accept:
        twin.hang()
        raise NoAnswer
    if fault.name == "drop":
        raise NoAnswer
    code = {"429": 20429, "500": 20500, "502": 20503, "503": 20503, "504": 20503}.get(fault.name)
    if code is not None:
        raise Refusal(code, status=int(fault.name), retry_after=fault.retry_after)
    raise Refusal(int(fault.name), retry_after=fault.retry_after)


def _spoil(twin: Twin, fault: Fault) -> None:
    """Lose the answer of a message that was taken."""
    if fault.name == "500_after_accept":
        raise Refusal(20500)
    if fault.name == "hang_after_accept":
        twin.hang()
    if fault.undelivered is None:
        raise NoAnswer


def _number(text: str) -> str | None:
    """Return a number in E.164 form, None when Twilio would not take it."""
    try:
        parsed = phonenumbers.parse(text, None)
        return canonical_number(text) if phonenumbers.is_possible_number(parsed) else None
    except (phonenumbers.NumberParseException, BadNumber):
        return None


def _checked(twin: Twin, form: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields of a new message; refuse as Twilio does, and in its order."""
    to, sender, service = form.get("To", ""), form.get("From", ""), form.get("MessagingServiceSid", "")
    body, callback = form.get("Body", ""), form.get("StatusCallback", "")
    validity = form.get("ValidityPeriod")
    checks = (
        (not to, 21604, ""),
        (not sender and not service, 21603, ""),
        (not body, 21602, ""),
        (_number(to) is None, 21211, to),
        (bool(sender) and _number(sender) is None, 21212, sender),
        (bool(sender) and _number(sender) == _number(to), 21266, ""),
        (bool(service) and re.fullmatch(r"MG[0-9a-fA-F]{32}", service) is None, 21705, service),
        (len(body) > MAX_CHARACTERS, 21617, ""),
        (bool(callback) and not _callable(callback), 21609, callback),
        (validity is not None and not (validity.isdigit() and 1 <= int(validity) <= 36000), 21624, ""),
        (twin.is_opted_out(_number(to) or ""), 21610, ""),
    )
    for wrong, code, value in checks:
        if wrong:
            raise Refusal(code, value)
    return {
        "recipient": _number(to),
        "sender": _number(sender) if sender else "",
        "body": body,
        "status": "accepted" if service else "queued",
        "service_sid": service or None,
        "status_callback": callback or None,
    }


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
    if args.get("To") and message.recipient != _number(args["To"]):
        return False
    if args.get("From") and message.sender != _number(args["From"]):
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
