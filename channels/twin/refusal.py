"""Errors as Twilio answers them, and connections that are cut."""

from __future__ import annotations

import socket
from typing import Any

from flask import Response, g, jsonify, request
from werkzeug.exceptions import HTTPException

_MESSAGES = {
    # Twilio's own words for an operator's eyes; ``{}`` is the value at fault.
    20001: "Invalid parameter: {}",
    20003: "Authentication Error - invalid username",
    20004: "Method not allowed",
    20404: "The requested resource {} was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    20503: "Service is unavailable. Please try again.",
    21201: "No 'To' number is specified",
    21205: "Url is not a valid URL: {}",
    21211: "The 'To' number {} is not a valid phone number.",
    21212: "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID.",
    21213: "A 'From' phone number is required",
    21220: "Call is not in-progress. Cannot redirect.",
    21266: "'To' and 'From' number cannot be the same",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21609: "The 'StatusCallback' URL {} is not a valid URL.",
    21610: "Attempt to send to unsubscribed recipient",
    21617: "The concatenated message body exceeds the 1600 character limit.",
    21619: "A text message body or media urls must be specified.",
    21624: "Invalid validity period value",
    21626: "Invalid StatusCallbackEvent",
    21655: "The ContentSid {} is Invalid",
    21656: "The Content Variables parameter is invalid.",
    21658: "Parameter exceeded character limit",
    21703: "The Messaging Service does not have a phone number available to send a message",
    21910: "Invalid 'From' and 'To' pair. 'From' and 'To' should be of the same channel",
    63007: "Twilio could not find a Channel with the specified From address",
    21705: "The 'MessagingServiceSid' {} is invalid.",
}
_STATUS = {20003: 401, 20404: 404, 20429: 429, 20500: 500, 20503: 503}


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
