"""A gateway to be called by the twin, and a server that answers rubbish: real servers on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from channels.twilio import TwilioCarrier, valid_signature
from channels.twin.server import TwinServer
from channels.twin.state import TwinConfig

ACCOUNT = "AC" + "0123456789abcdef" * 2
TOKEN = "a-token-for-tests"
SERVICE = "+525500000000"
PHONE = "+525512345678"
OTHER_PHONE = "+529991234567"
DEADLINE = 10.0


@dataclass(frozen=True)
class Call:
    """One webhook request that the gateway got."""

    url: str
    form: MultiDict[str, str]
    headers: dict[str, str]
    signed: bool


class _Silent(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        return


class Gateway:
    """Keeps every request it gets; ``answer`` decides what it says."""

    def __init__(self) -> None:
        self.answer: Callable[[Call], Response] = lambda call: Response("<Response/>", mimetype="text/xml", status=200)
        self.calls: list[Call] = []
        self._changed = threading.Condition()
        self._server = make_server(
            "127.0.0.1", 0, Request.application(self._handle), threaded=True, request_handler=_Silent
        )
        self.url = f"http://127.0.0.1:{self._server.port}"

    def _handle(self, request: Request) -> Response:
        query = request.query_string.decode()
        url = self.url + request.path + (f"?{query}" if query else "")
        signed = valid_signature(TOKEN, url, request.form, request.headers.get("X-Twilio-Signature"))
        call = Call(url, MultiDict(request.form), dict(request.headers), signed)
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        return self.answer(call)

    def wait_for(self, count: int, matching: Callable[[Call], bool] = lambda call: True) -> list[Call]:
        """Return the matching calls once there are ``count``."""
        with self._changed:
            self._changed.wait_for(lambda: len([c for c in self.calls if matching(c)]) >= count, DEADLINE)
            return [call for call in self.calls if matching(call)]

    @contextmanager
    def running(self) -> Iterator[Gateway]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()


@contextmanager
def answering(respond: Callable[[Request], Response]) -> Iterator[str]:
    """Serve one function; yields the address."""
    server = make_server("127.0.0.1", 0, Request.application(respond), threaded=True, request_handler=_Silent)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def twin_config(inbound_url: str, **more: Any) -> TwinConfig:
    return TwinConfig(account_sid=ACCOUNT, auth_token=TOKEN, inbound_url=inbound_url, number=SERVICE, **more)


@contextmanager
def twin_for(gateway: Gateway, fragment: str = "", **more: Any) -> Iterator[TwinServer]:
    with TwinServer(twin_config(f"{gateway.url}/channels/sms/inbound{fragment}", **more)) as server:
        yield server


@contextmanager
def carrier_to(url: str, **more: Any) -> Iterator[TwilioCarrier]:
    given = {"sender": SERVICE, "connect_timeout": 2.0, "read_timeout": 5.0, **more}
    carrier = TwilioCarrier(given.pop("account_sid", ACCOUNT), given.pop("auth_token", TOKEN), api_url=url, **given)
    try:
        yield carrier
    finally:
        carrier.close()
