"""The webhooks of calls. Every one is signed; what they answer is :mod:`bot.gateway.call`'s."""

from __future__ import annotations

import logging
from collections.abc import Callable

from flask import Blueprint, Response, abort, request, send_file
from werkzeug.exceptions import HTTPException

from bot.gateway.call import Switchboard
from bot.gateway.ring import AgentLine
from channels.voice.parse import ENDED, NOT_ANSWERED, parse_event

log = logging.getLogger(__name__)


def voice_blueprint(switchboard: Switchboard, agents: AgentLine, verify: Callable[[str], object]) -> Blueprint:
    """Return the routes. ``verify("voice")`` ends a request that is not signed with 403."""
    routes = Blueprint("voice", __name__, url_prefix="/channels/voice")

    @routes.post("/inbound")
    def inbound() -> Response:
        """Answer a call."""
        verify("voice")
        return _twiml(switchboard.begin(request.form, _whole("callback")))

    @routes.post("/turn")
    def turn() -> Response:
        """Answer a step."""
        verify("voice")
        return _twiml(switchboard.turn(request.form, _whole("step") or 1))

    @routes.post("/connected")
    def connected() -> Response:
        """Go on after a person was called or the queue was left."""
        verify("voice")
        return _twiml(switchboard.connected(request.form, _whole("step") or 1))

    @routes.post("/queue")
    def queue() -> Response:
        """Speak to who waits for a person."""
        verify("voice")
        return _twiml(switchboard.queue(request.form, first="again" not in request.args))

    @routes.post("/whisper")
    def whisper() -> Response:
        """Speak to the agent who takes a call."""
        verify("voice")
        return _twiml(switchboard.whisper(request.args.get("call", "")))

    @routes.post("/status")
    def status() -> Response:
        """Note how far a call is."""
        verify("voice")
        event = parse_event(request.form)
        switchboard.status(event, _whole("callback"), event.status in ENDED, event.status not in NOT_ANSWERED)
        return Response(status=204)

    @routes.post("/agent")
    def agent() -> Response:
        """Speak to who took an agent's phone."""
        verify("voice")
        return _twiml(agents.answered(request.form, _ring()))

    @routes.post("/agent/key")
    def agent_key() -> Response:
        """Take the agent's key."""
        verify("voice")
        return _twiml(agents.key(request.form, _ring(), _whole("asked") or 1))

    @routes.post("/agent/before")
    def agent_before() -> Response:
        """Speak to the caller who is about to be connected."""
        verify("voice")
        return _twiml(agents.before(_ring()))

    @routes.post("/agent/over")
    def agent_over() -> Response:
        """Go on with the agent's call after the talk."""
        verify("voice")
        return _twiml(agents.over(request.form, _ring()))

    @routes.post("/agent/status")
    def agent_status() -> Response:
        """Note that the agent's call ended."""
        verify("voice")
        event = parse_event(request.form)
        if event.status in ENDED:
            agents.status(event, _ring())
        return Response(status=204)

    @routes.post("/fallback")
    def fallback() -> Response:
        """Answer where another address of ours failed."""
        verify("voice")
        log.error("a call fell back", extra={"code": request.form.get("ErrorCode", "")[:16]})
        return _twiml(switchboard.fallback())

    @routes.get("/audio/<language>/<name>")
    def audio(language: str, name: str) -> Response:
        """Return a recorded phrase."""
        path = switchboard.recordings.file(language, name)
        if path is None:
            abort(404)
        return send_file(path, max_age=86400)

    @routes.errorhandler(Exception)
    def failed(error: Exception) -> Response | HTTPException:
        """Give a caller words where a program's error would leave her with the carrier's own English sentence."""
        if isinstance(error, HTTPException):
            return error
        log.exception("a call's step failed")
        if request.endpoint == f"{routes.name}.{status.__name__}":
            return Response(status=500)  # nobody listens there
        return _twiml(switchboard.fallback())

    return routes


def _whole(name: str) -> int | None:
    value = request.args.get(name, "")
    return int(value) if value.isascii() and value.isdecimal() and len(value) < 10 else None


def _ring() -> int:
    ring = _whole("ring")
    if ring is None:
        abort(404)
    return ring


def _twiml(text: str) -> Response:
    return Response(text, mimetype="text/xml")
