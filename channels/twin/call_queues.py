"""Twilio's queues by REST, and who waits in them: https://www.twilio.com/docs/voice/api/queue-resource."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import format_datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request

from channels.twin.calls import Call, Queue
from channels.twin.refusal import Refusal
from channels.twin.state import Twin
from channels.twin.webhooks import API_VERSION

_MOST = 1000
_FRONT = "Front"


def blueprint(twin: Twin) -> Blueprint:
    """Return the API under ``/2010-04-01``."""
    api = Blueprint("queues", __name__, url_prefix=f"/{API_VERSION}/Accounts/<account_sid>")

    @api.get("/Queues.json")
    def read_list(account_sid: str) -> Response:
        return jsonify(queues=[_resource(twin, queue) for queue in twin.calls.queues()], **_page("Queues.json"))

    @api.get("/Queues/<sid>.json")
    def fetch(account_sid: str, sid: str) -> Response:
        return jsonify(_resource(twin, _found(sid)))

    @api.delete("/Queues/<sid>.json")
    def delete(account_sid: str, sid: str) -> Response:
        """Remove a queue; one that somebody waits in stays."""
        queue = _found(sid)
        with twin.calls.changed:
            if queue.waiting:
                raise Refusal(20001, "Sid")
            twin.calls.drop_queue(queue)
        return Response(status=204)

    @api.get("/Queues/<sid>/Members.json")
    def members(account_sid: str, sid: str) -> Response:
        queue = _found(sid)
        with twin.calls.changed:
            found = [_member(queue, call) for each in queue.waiting if (call := twin.calls.get(each)) is not None]
        return jsonify(queue_members=found, **_page(f"Queues/{sid}/Members.json"))

    @api.get("/Queues/<sid>/Members/<call_sid>.json")
    def member(account_sid: str, sid: str, call_sid: str) -> Response:
        queue = _found(sid)
        return jsonify(_member(queue, _waiting(queue, call_sid)))

    @api.post("/Queues/<sid>/Members/<call_sid>.json")
    def dequeue(account_sid: str, sid: str, call_sid: str) -> Response:
        """Take a caller out of the queue and let her hear another document. Only the first request succeeds."""
        queue = _found(sid)
        with twin.calls.changed:
            call = _waiting(queue, call_sid)
            shown = _member(queue, call)
            if not request.form.get("Url"):
                raise Refusal(21205)
            queue.waiting.remove(call.sid)
            given = {"Url": request.form["Url"], "Method": request.form.get("Method", "POST")}
            twin.calls.touch(call, given=given, idle=False)
        return jsonify(shown)

    def _found(sid: str) -> Queue:
        queue = next((each for each in twin.calls.queues() if each.sid == sid), None)
        if queue is None:
            raise Refusal(20404, request.path)
        return queue

    def _waiting(queue: Queue, call_sid: str) -> Call:
        with twin.calls.changed:
            wanted = queue.waiting[0] if call_sid == _FRONT and queue.waiting else call_sid
            call = twin.calls.get(wanted) if wanted in queue.waiting else None
        if call is None:
            raise Refusal(20404, request.path)
        return call

    def _page(path: str) -> dict[str, Any]:
        uri = f"/{API_VERSION}/Accounts/{twin.config.account_sid}/{path}"
        return {
            "start": 0,
            "end": 0,
            "page": 0,
            "page_size": 50,
            "uri": uri,
            "first_page_uri": uri,
            "next_page_uri": None,
            "previous_page_uri": None,
        }

    def _member(queue: Queue, call: Call) -> dict[str, Any]:
        account = twin.config.account_sid
        return {
            "call_sid": call.sid,
            "date_enqueued": format_datetime(queue.entered[call.sid]),
            "position": queue.waiting.index(call.sid) + 1,
            "queue_sid": queue.sid,
            "uri": f"/{API_VERSION}/Accounts/{account}/Queues/{queue.sid}/Members/{call.sid}.json",
            "wait_time": round((datetime.now(timezone.utc) - queue.entered[call.sid]).total_seconds()),
        }

    return api


def _resource(twin: Twin, queue: Queue) -> dict[str, Any]:
    """Return a queue as Twilio shows it (schema ``api.v2010.account.queue``)."""
    account = twin.config.account_sid
    with twin.calls.changed:
        now = datetime.now(timezone.utc)
        waits = [(now - queue.entered[sid]).total_seconds() for sid in queue.waiting]
        return {
            "account_sid": account,
            "average_wait_time": round(sum(waits) / len(waits)) if waits else 0,
            "current_size": len(queue.waiting),
            "date_created": format_datetime(queue.created),
            "date_updated": format_datetime(queue.created),
            "friendly_name": queue.name,
            "max_size": _MOST,
            "sid": queue.sid,
            "uri": f"/{API_VERSION}/Accounts/{account}/Queues/{queue.sid}.json",
        }
