"""The page of the phones and what its script calls: send, count segments, places, and a stream of what happens."""

from __future__ import annotations

import csv
import json
import logging
import threading
import time
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from flask import Blueprint, Response, abort, jsonify, render_template, request
from werkzeug.exceptions import HTTPException

from bot.core.ids import BadNumber
from bot.settings import ROOT, Settings
from channels.sms.segments import MAX_CHARACTERS, count
from channels.twin.addresses import phone_id

log = logging.getLogger(__name__)

STREAM_SECONDS = 50.0
"""How long one stream lasts; the browser opens the next one where it stopped. Each holds a thread of the gateway."""
MOST_STREAMS = 6
"""When one more comes, the oldest ends: mostly a page that was closed, which is found out only by writing to it."""
_MOST_THREADS = 10
_WAIT_SECONDS = 2.0
_HISTORY = 200
_CALLS = 5
# What a page may ask a phone to send; the rest of the control API (faults, other senders) is not the page's.
_FIELDS = ("channel", "body", "tap", "location", "file", "reaction", "profile", "old_prefix", "quotes")
_DEEDS = ("keys", "say", "silence", "hang_up", "answer", "decline")
"""What who holds the third phone may do on a call."""
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def blueprint(config: Settings) -> Blueprint:
    """Return the pages. Never register them where Twilio is the carrier."""
    pages = Blueprint("phones", __name__, url_prefix="/phones", template_folder="templates", static_folder="static")
    twin = httpx.Client(base_url=config.carrier_api_url, trust_env=False, timeout=httpx.Timeout(10.0))
    streams = _Streams()
    for noisy in ("httpx", "httpcore"):  # they write addresses, and so numbers
        logging.getLogger(noisy).setLevel(logging.WARNING)

    def ask(method: str, path: str, **more: Any) -> dict[str, Any]:
        """Call the twin; 400 with its reason when it refuses, 503 when it is away."""
        try:
            answer = twin.request(method, f"/twin/{path}", **more)
            given: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError):
            abort(503)
        if answer.status_code >= 400:
            raise _Refused(str(given.get("error", "")))
        return given

    @pages.before_request
    def same_origin() -> None:
        """Refuse other sites' requests, and names that another site has pointed at this machine."""
        if not _is_ours(request.host, config.public_url):
            abort(403)
        if request.method not in ("GET", "HEAD"):
            origin = request.headers.get("Origin")
            if origin is None or urlsplit(origin).netloc != request.host or not request.is_json:
                abort(403)

    @pages.after_request
    def harden(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = _POLICY
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if request.endpoint != "phones.static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @pages.get("")
    def page() -> str:
        return render_template("phones.html", most=MAX_CHARACTERS)

    @pages.get("/places")
    def places() -> Response:
        return jsonify(_places())

    @pages.post("/segments")
    def segments() -> Response:
        counted = count(str(_object().get("text", ""))[: 2 * MAX_CHARACTERS])
        return jsonify(encoding=counted.encoding, units=counted.units, segments=counted.segments)

    @pages.post("/messages")
    def send() -> tuple[Response, int]:
        given = _object()
        wanted = {name: given[name] for name in _FIELDS if name in given}
        return jsonify(ask("POST", f"phones/{_phone(given.get('number'))}/messages", json=wanted)), 202

    @pages.post("/calls")
    def call() -> tuple[Response, int]:
        """Call the service. The line waits for the caller as long as she takes to read and to type."""
        wanted = {"clock": "patient"}
        return jsonify(ask("POST", f"phones/{_phone(_object().get('number'))}/calls", json=wanted)), 202

    @pages.post("/calls/<sid>")
    def on_call(sid: str) -> Response:
        given = _object()
        if given.get("do") not in _DEEDS:
            abort(400)
        wanted: dict[str, Any] = {name: given[name] for name in ("do", "keys", "text") if name in given}
        if wanted["do"] == "answer":
            wanted["clock"] = "patient"
        return jsonify(ask("POST", f"calls/{quote(sid, safe='')}/actions", json=wanted))

    @pages.post("/session/end")
    def end_session() -> Response:
        return jsonify(ask("DELETE", f"phones/{_phone(_object().get('number'))}/session"))

    @pages.get("/events")
    def events() -> Response:
        phone = _phone(request.args.get("number"))
        after = _whole(request.headers.get("Last-Event-ID") or request.args.get("after") or "0")
        ending = streams.begin()
        if ending is None:
            return Response(status=503, headers={"Retry-After": "2"})
        response = Response(_stream(twin, phone, after, ending), mimetype="text/event-stream")
        response.headers["X-Accel-Buffering"] = "no"
        response.call_on_close(lambda: streams.end(ending))
        return response

    @pages.errorhandler(_Refused)
    @pages.errorhandler(BadNumber)
    def refused(error: Exception) -> tuple[Response, int]:
        return jsonify(error=str(error)), 400

    @pages.errorhandler(HTTPException)
    def failed(error: HTTPException) -> tuple[Response, int]:
        return jsonify(error=error.name), error.code or 500

    return pages


class _Refused(ValueError):
    """The twin refuses what the page asks for."""


class _Streams:
    """The streams that are open in this process."""

    def __init__(self) -> None:
        self._open: list[threading.Event] = []
        self._lock = threading.Lock()

    def begin(self) -> threading.Event | None:
        """Return what will say that the new stream is to end; None when there are too many threads already."""
        with self._lock:
            if len(self._open) >= _MOST_THREADS:
                return None
            ending = threading.Event()
            self._open.append(ending)
            for oldest in self._open[:-MOST_STREAMS]:
                oldest.set()
            return ending

    def end(self, ending: threading.Event) -> None:
        """Forget a stream that has ended."""
        with self._lock:
            self._open.remove(ending)


def _stream(twin: httpx.Client, phone: str, after: int, ending: threading.Event) -> Iterator[str]:
    """Yield a phone's messages and calls as they come and change (https://html.spec.whatwg.org/multipage/server-sent-events.html).

    An event's id is the twin's version of it, so that a browser goes on where it stopped.
    """
    yield "retry: 1000\n\n"
    deadline = time.monotonic() + STREAM_SECONDS
    wait = 0.0
    while time.monotonic() < deadline and not ending.is_set():
        try:
            answer = twin.get(
                f"/twin/phones/{phone}/changes", params={"after": after, "wait": wait}, timeout=wait + 10.0
            )
            page = answer.raise_for_status().json()
        except (httpx.HTTPError, ValueError):
            yield "event: away\ndata: {}\n\n"
            return
        if page["version"] < after:  # the twin began anew
            after, wait = 0, 0.0
            yield "event: anew\ndata: {}\n\n"
            continue
        news = [*page["messages"][-_HISTORY:], *page["calls"][-_CALLS:]]
        for each in sorted(news, key=lambda each: int(each["version"])):
            kind = "event: call\n" if "lines" in each else ""
            yield f"{kind}id: {each['version']}\ndata: {json.dumps(each, ensure_ascii=False)}\n\n"
        after = max(after, page["last"])
        wait = _WAIT_SECONDS
        yield ": \n\n"  # finds out whether the browser is still there


def _object() -> dict[str, Any]:
    given = request.get_json()
    if not isinstance(given, dict):
        abort(400)
    return given


def _phone(number: Any) -> str:
    """Return a phone for a path of the control API.

    Raises:
        BadNumber: it is no number.
    """
    return quote(phone_id(str(number or "")), safe="")


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else 0


def _is_ours(host: str, public_url: str) -> bool:
    name = urlsplit(f"//{host}").hostname or ""
    if name == "localhost" or name == urlsplit(public_url).hostname:
        return True
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@cache
def _places() -> list[tuple[str, str, float, float]]:
    """Return name, state, latitude and longitude of every municipality's seat."""
    with (ROOT / "data" / "places" / "municipalities.csv").open(encoding="utf-8", newline="") as file:
        return [
            (row["municipality"], row["state"], float(row["latitude"]), float(row["longitude"]))
            for row in csv.DictReader(file)
            if row["latitude"]
        ]
