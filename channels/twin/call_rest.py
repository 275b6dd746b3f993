"""Twilio's REST API for calls, as far as it is used: https://www.twilio.com/docs/voice/api/call-resource."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, NoReturn
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from channels.twin.addresses import callable_phone, checked
from channels.twin.calls import Call
from channels.twin.guard import play
from channels.twin.line import Carried, Placed
from channels.twin.refusal import NoAnswer, Refusal
from channels.twin.state import Fault, Twin
from channels.twin.webhooks import API_VERSION, Webhooks

log = logging.getLogger(__name__)

_MOST_RING = 600
_EVENTS = ("initiated", "ringing", "answered", "completed")
_METHODS = ("GET", "POST")


def blueprint(twin: Twin, webhooks: Webhooks) -> Blueprint:
    """Return the API under ``/2010-04-01``."""
    api = Blueprint("calls", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")

    @api.post("/Calls.json")
    def create(account_sid: str) -> tuple[Response, int]:
        form = request.form
        to = callable_phone(form.get("To", ""))
        fault = play(twin, "call", to)
        placed = _placed(form, request.form.getlist("StatusCallbackEvent"))
        call = twin.calls.add(to or "", checked(form["From"]) or "", "outbound-api")
        answer = jsonify(resource(twin, call))
        log.info("call accepted", extra={"sid": call.sid})
        Carried(twin, webhooks, call, placed).start()
        if fault is not None:
            _lose(twin, fault)
        return answer, 201

    @api.get("/Calls.json")
    def read_list(account_sid: str) -> Response:
        wanted = request.args
        found = [call for call in twin.calls.all() if _matches(call, wanted)]
        size = int(wanted.get("PageSize", "50")) if wanted.get("PageSize", "50").isdigit() else 50
        path = f"/{API_VERSION}/Accounts/{twin.config.account_sid}/Calls.json"
        return jsonify(
            calls=[resource(twin, call) for call in found[:size]],
            start=0,
            end=max(min(len(found), size) - 1, 0),
            page=0,
            page_size=size,
            uri=path,
            first_page_uri=path,
            next_page_uri=None,
            previous_page_uri=None,
        )

    @api.get("/Calls/<sid>.json")
    def fetch(account_sid: str, sid: str) -> Response:
        return jsonify(resource(twin, _found(twin, sid)))

    @api.post("/Calls/<sid>.json")
    def update(account_sid: str, sid: str) -> Response:
        """End a call, or give it another document."""
        call, form = _found(twin, sid), request.form
        status, given = form.get("Status", ""), ("Url" in form) or ("Twiml" in form)
        if status and status not in ("completed", "canceled"):
            raise Refusal(20001, "Status")
        if "Url" in form and not _callable(form["Url"]):
            raise Refusal(21205, form["Url"])
        if call.over:
            if given:
                raise Refusal(21220)
            return jsonify(resource(twin, call))
        if given and call.answered is None:
            raise Refusal(21220)
        if status == "canceled" and call.answered is not None:
            raise Refusal(21220)
        names = ("Url", "Method", "Twiml", "FallbackUrl", "Status")
        asked = {name: form[name] for name in names if form.get(name)}
        if asked:
            twin.calls.touch(call, given=asked, idle=False)
        return jsonify(resource(twin, call))

    return api


def _lose(twin: Twin, fault: Fault) -> NoReturn:
    """Lose the answer about a call that was taken."""
    if fault.name == "500_after_accept":
        raise Refusal(20500)
    if fault.name == "hang_after_accept":
        twin.hang(fault)
    raise NoAnswer


def resource(twin: Twin, call: Call) -> dict[str, Any]:
    """Return a call as Twilio shows it (schema ``api.v2010.account.call``)."""
    uri = f"/{API_VERSION}/Accounts/{twin.config.account_sid}/Calls/{call.sid}"
    begun = call.created + timedelta(seconds=call.answered) if call.answered is not None else None
    return {
        "account_sid": twin.config.account_sid,
        "annotation": None,
        "answered_by": call.answered_by,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": format_datetime(call.created),
        "date_updated": format_datetime(call.ended or call.created),
        "direction": "outbound-dial" if call.direction == "outbound-dial" else call.direction,
        "duration": str(call.duration) if call.over else None,
        "end_time": _moment(call.ended),
        "forwarded_from": None,
        "from": call.sender,
        "from_formatted": call.sender,
        "group_sid": None,
        "parent_call_sid": call.parent,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": _moment(begun),
        "status": call.status,
        "subresource_uris": {
            name: f"{uri}/{path}.json"
            for name, path in (("notifications", "Notifications"), ("recordings", "Recordings"), ("events", "Events"))
        },
        "to": call.recipient,
        "to_formatted": call.recipient,
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def _moment(moment: datetime | None) -> str | None:
    return format_datetime(moment) if moment else None


def _found(twin: Twin, sid: str) -> Call:
    call = twin.calls.get(sid)
    if call is None:
        raise Refusal(20404, request.path)
    return call


def _placed(form: Mapping[str, str], events: list[str]) -> Placed:
    """Return what a call asks for; refuse as Twilio does, and in its order."""
    to, sender, url = form.get("To", ""), form.get("From", ""), form.get("Url", "")
    twiml, callback, timeout = form.get("Twiml", ""), form.get("StatusCallback", ""), form.get("Timeout", "60")
    methods = [form.get(name, "POST") for name in ("Method", "FallbackMethod", "StatusCallbackMethod")]
    # Twilio's own library sends the events one by one; by hand they are often written in one value.
    wanted = [word for event in events for word in event.split()]
    checks = (
        (not to, 21201, ""),
        (not sender, 21213, ""),
        (callable_phone(to) is None, 21211, to),
        (checked(sender) is None, 21212, sender),
        (not url and not twiml, 21205, ""),
        (bool(url) and not _callable(url), 21205, url),
        (bool(callback) and not _callable(callback), 21609, callback),
        (any(method not in _METHODS for method in methods), 20001, "Method"),
        (any(word not in _EVENTS for word in wanted), 21626, ""),
        (not (timeout.isdigit() and 1 <= int(timeout) <= _MOST_RING), 20001, "Timeout"),
        (form.get("MachineDetection", "Enable") not in ("Enable", "DetectMessageEnd"), 20001, "MachineDetection"),
        (form.get("Record", "false").lower() == "true", 20001, "Record"),  # nothing is recorded by us
    )
    for wrong, code, value in checks:
        if wrong:
            raise Refusal(code, value)
    return Placed(
        url=url,
        method=methods[0],
        twiml="" if url else twiml,
        fallback=form.get("FallbackUrl", ""),
        fallback_method=methods[1],
        status_callback=callback,
        events=frozenset(wanted or ("completed",)),
        timeout=float(timeout),
        detects_machines="MachineDetection" in form,
        waits_for_the_end=form.get("MachineDetection") == "DetectMessageEnd",
    )


def _callable(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", url)


def _matches(call: Call, args: Mapping[str, str]) -> bool:
    for name, value in (("To", call.recipient), ("From", call.sender)):
        if args.get(name) and callable_phone(args[name]) != value:
            return False
    return args.get("Status", call.status) == call.status and args.get("ParentCallSid", call.parent) == call.parent
