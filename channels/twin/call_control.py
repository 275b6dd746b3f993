"""Phones that call and are called: the control API's part for calls, under ``/twin``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from flask import Blueprint, Response, abort, jsonify, request

from channels.twin import caller
from channels.twin.addresses import phone_id
from channels.twin.calls import HABITS, Answering, Bridge, Call, Clock, shown
from channels.twin.line import Carried
from channels.twin.state import Twin
from channels.twin.webhooks import Webhooks

LONGEST_WAIT = 60.0


def add(api: Blueprint, twin: Twin, webhooks: Webhooks) -> None:
    """Add the routes."""
    calls = twin.calls

    def found(sid: str) -> Call:
        call = calls.get(sid)
        if call is None:
            abort(404)
        return call

    def told(call: Call, given: Mapping[str, Any], after: int = 0) -> Response:
        """Answer with the call, once it waits for somebody: at most ``wait`` seconds later."""
        settled = calls.settled(call, _wait(given)) if "wait" in given else None
        return jsonify(**shown(call, after), settled=settled)

    @api.post("/phones/<number>/calls")
    def place(number: str) -> tuple[Response, int]:
        """Call the service: ``{clock, hidden, to, script, wait}``, all of them optional."""
        given = _object()
        call = calls.add(
            phone_id(number),
            str(given.get("to") or twin.config.own_number("voice")),
            "inbound",
            clock=_clock(given),
            hidden=bool(given.get("hidden", False)),
            status="ringing",
        )
        calls.act(call, caller.read(given.get("script", [])))
        Carried(twin, webhooks, call).start()
        return told(call, given), 202

    @api.get("/phones/<number>/calls")
    def of_phone(number: str) -> Response:
        return jsonify(calls=[shown(call) for call in calls.of_phone(phone_id(number))])

    @api.post("/phones/<number>/answering")
    def set_answering(number: str) -> Response:
        """Say what the phone does when it rings: ``{habit, clock, script}``."""
        given = _object()
        habit = next((each for each in HABITS if each == given.get("habit", "ring")), None)
        if habit is None:
            raise ValueError(f"habit: one of {', '.join(HABITS)}")
        answering = Answering(habit, _clock(given), caller.read(given.get("script", [])))
        calls.set_answering(phone_id(number), answering)
        return jsonify(habit=habit, clock=answering.clock)

    @api.get("/calls")
    def read_all() -> Response:
        return jsonify(calls=[shown(call) for call in calls.all()])

    @api.get("/calls/<sid>")
    def read(sid: str) -> Response:
        """Return a call with its lines after ``after``; waits up to ``wait`` seconds for the first of them."""
        call = found(sid)
        after = int(request.args.get("after", 0))
        calls.longer_than(call, after, min(float(request.args.get("wait", 0)), LONGEST_WAIT))
        return jsonify(**shown(call, after))

    @api.post("/calls/<sid>/actions")
    def act(sid: str) -> Response:
        """Let who holds the phone do something: an action, or ``{actions: […]}``; with ``wait`` and ``after``."""
        call, given = found(sid), dict(_object())
        about: dict[str, Any] = {name: given.pop(name) for name in ("wait", "clock") if name in given}
        after = int(given.pop("lines_after", 0))
        actions = caller.read(given.get("actions", given))
        if "clock" in about:
            calls.touch(call, clock=_clock(about))
        calls.act(call, actions)
        return told(call, about, after)

    @api.post("/queues/<name>/take")
    def take(name: str) -> Response:
        """Let somebody take the first caller out of a queue."""
        call = calls.take(name, Bridge())
        if call is None:
            abort(404)
        return told(call, _object())

    @api.get("/queues/<name>")
    def queue(name: str) -> Response:
        waiting = calls.queue(name)
        return jsonify(waiting=list(waiting.waiting) if waiting else [])


def _object() -> Mapping[str, Any]:
    given = request.get_json()
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    return given


def _clock(given: Mapping[str, Any]) -> Clock:
    clock: Clock | None = next((each for each in get_args(Clock) if each == given.get("clock", "real")), None)
    if clock is None:
        raise ValueError(f"clock: one of {', '.join(get_args(Clock))}")
    return clock


def _wait(given: Mapping[str, Any]) -> float:
    return min(max(float(given["wait"]), 0.0), LONGEST_WAIT)
