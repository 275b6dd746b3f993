"""The twin's own API under ``/twin``: phones that send and read, faults on request. JSON, from this machine only."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillRunning
from dataclasses import asdict
from ipaddress import IPv6Address, ip_address
from typing import Any

from flask import Blueprint, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from channels.twin import call_control, sending
from channels.twin.addresses import phone_id
from channels.twin.calls import shown
from channels.twin.state import CallbackMode, Fault, Message, Twin
from channels.twin.webhooks import Answer, Webhooks

LONGEST_WAIT = 60.0
_MOST_REPEATS = 1000


def blueprint(twin: Twin, webhooks: Webhooks) -> Blueprint:
    """Return the control API."""
    api = Blueprint("control", __name__, url_prefix="/twin")

    @api.before_request
    def only_this_machine() -> None:
        if not _is_loopback(request.remote_addr or ""):
            abort(403)

    @api.get("/health")
    def health() -> Response:
        return jsonify(status="live")

    @api.get("/phones/<number>/messages")
    def read_phone(number: str) -> Response:
        after = int(request.args.get("after", 0))
        wait = min(float(request.args.get("wait", 0)), LONGEST_WAIT)
        everything = request.args.get("all", "") not in ("", "0", "false")
        seq = twin.seq
        found = twin.of_phone(phone_id(number), after, wait, everything, request.args.get("channel"))
        return jsonify(messages=[_shown(message) for message in found], last=found[-1].seq if found else after, seq=seq)

    @api.post("/phones/<number>/messages")
    def phone_sends(number: str) -> tuple[Response, int]:
        given = _object()
        repeat = int(given.get("repeat", 1))
        if not 1 <= repeat <= _MOST_REPEATS:
            raise ValueError(f"repeat: 1 to {_MOST_REPEATS}")
        phone = phone_id(number)
        message, calls = webhooks.phone_sends(
            phone,
            sending.read(twin, phone, given),
            repeat=repeat,
            parallel=bool(given.get("parallel", False)),
            fields={str(name): str(value) for name, value in dict(given.get("fields", {})).items()},
        )
        answer: dict[str, Any] = {"sid": message.sid, "seq": message.seq}
        if "wait" in given:
            answer["webhooks"] = _wait(calls, min(float(given["wait"]), LONGEST_WAIT))
        return jsonify(answer), 202

    @api.get("/phones/<number>/changes")
    def read_changes(number: str) -> Response:
        after = int(request.args.get("after", 0))
        wait = min(float(request.args.get("wait", 0)), LONGEST_WAIT)
        version = twin.version
        messages, calls = twin.changes(phone_id(number), after, wait)
        last = max([after, *(message.version for message in messages), *(call.version for call in calls)])
        return jsonify(
            messages=[_shown(message) for message in messages],
            calls=[shown(call) for call in calls],
            last=last,
            version=version,
        )

    @api.delete("/phones/<number>/session")
    def end_session(number: str) -> Response:
        twin.end_session(phone_id(number))
        return jsonify(in_session=False)

    @api.post("/clock")
    def advance() -> Response:
        seconds = float(_object().get("advance", 0))
        if seconds < 0:
            raise ValueError("advance: seconds, 0 or more")
        twin.advance(seconds)
        return jsonify(advanced=seconds)

    @api.post("/whatsapp")
    def set_whatsapp() -> Response:
        given = _object()
        if given.get("approvals", "approved") not in ("approved", "pending", "rejected"):
            raise ValueError("approvals: approved, pending or rejected")
        twin.approvals = given.get("approvals", twin.approvals)
        twin.reads = bool(given.get("reads", twin.reads))
        return jsonify(approvals=twin.approvals, reads=twin.reads)

    call_control.add(api, twin, webhooks)

    @api.get("/violations")
    def read_violations() -> Response:
        return jsonify(twin.violations())

    @api.get("/faults")
    def read_faults() -> Response:
        return jsonify(twin.faults())

    @api.post("/faults")
    def add_faults() -> Response:
        given = request.get_json()
        twin.add_faults([Fault.check(fault) for fault in (given if isinstance(given, list) else [given])])
        return jsonify(twin.faults())

    @api.delete("/faults")
    def clear_faults() -> Response:
        twin.clear_faults()
        return jsonify([])

    @api.post("/callbacks")
    def set_callbacks() -> Response:
        given = _object()
        mode = CallbackMode(
            int(given.get("repeat", 1)), bool(given.get("shuffle", False)), float(given.get("delay", 0))
        )
        if not 1 <= mode.repeat <= _MOST_REPEATS or not 0 <= mode.delay <= LONGEST_WAIT:
            raise ValueError("repeat: 1 or more; delay: seconds, 0 to 60")
        twin.callbacks = mode
        return jsonify(vars(mode))

    @api.get("/requests")
    def read_requests() -> Response:
        return jsonify(twin.records("request"))

    @api.get("/webhooks")
    def read_webhooks() -> Response:
        return jsonify(twin.records("webhook"))

    @api.delete("/state")
    def reset() -> Response:
        webhooks.clear()
        twin.reset()
        return jsonify(status="reset")

    @api.errorhandler(ValueError)
    @api.errorhandler(TypeError)
    def wrong(error: Exception) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @api.errorhandler(HTTPException)
    def refused(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.description), error.code or 500

    return api


def _object() -> Mapping[str, Any]:
    given = request.get_json()
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    return given


def _shown(message: Message) -> dict[str, Any]:
    return {
        "seq": message.seq,
        "sid": message.sid,
        "direction": message.direction,
        "from": message.sender,
        "to": message.recipient,
        "body": message.body,
        "segments": message.segments,
        "status": message.status,
        "at": message.created.isoformat(),
        "version": message.version,
        "channel": message.channel,
        "kind": message.kind,
        "mark": message.mark,
        "error_code": message.error_code,
        "shown": None if message.shown is None else asdict(message.shown),
        "location": None if message.pin is None else asdict(message.pin),
        "files": [asdict(file) for file in message.files],
        "quotes": message.quotes,
    }


def _wait(calls: list[Future[Answer]], seconds: float) -> list[dict[str, Any] | None]:
    """Return how each webhook ended; None for one that did not in time."""
    deadline = time.monotonic() + seconds
    ended: list[dict[str, Any] | None] = []
    for call in calls:
        try:
            answer = call.result(max(deadline - time.monotonic(), 0))
            ended.append({"status": answer.status, "attempts": answer.attempts, "error": answer.error})
        except StillRunning:
            ended.append(None)
    return ended


def _is_loopback(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback
