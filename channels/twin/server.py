"""Runs a twin: its Flask application in threads, on a real socket."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Blueprint, Flask, Response, abort
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from channels.twin import call_queues, call_rest, contents, control, messaging, refusal, rest
from channels.twin.guard import guard
from channels.twin.state import FaultPlace, Twin, TwinConfig
from channels.twin.webhooks import Webhooks

if TYPE_CHECKING:
    from channels.twin.contracts import Contracts


class _Handler(WSGIRequestHandler):
    """Keeps connections, and logs no request line: paths hold phone numbers."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        return

    def log(self, type: str, message: str, *args: Any) -> None:
        return


def create_app(twin: Twin, webhooks: Webhooks) -> Flask:
    """Build the application."""
    app = Flask("twin")
    app.json.ensure_ascii = False  # type: ignore[attr-defined]  # Flask's default provider has it
    app.register_error_handler(HTTPException, refusal.no_such_thing)
    app.register_error_handler(refusal.NoAnswer, refusal.cut)
    contracts = _contracts(twin.config.contracts)

    @app.before_request
    def closed() -> None:
        if twin.closed:  # a connection that was kept outlives the listening socket
            raise refusal.NoAnswer

    @app.get("/files/<sid>")
    def file(sid: str) -> Response:
        found = twin.file(sid)
        if found is None:
            abort(404)
        return Response(found[1], content_type=found[0])

    guarded: list[tuple[Blueprint, FaultPlace | None]] = [
        (rest.blueprint(twin, webhooks), None),
        (call_rest.blueprint(twin, webhooks), None),
        (call_queues.blueprint(twin), None),
        (contents.blueprint(twin), "content"),
        (messaging.blueprint(twin), "typing"),
    ]
    for api, place in guarded:
        guard(api, twin, contracts, place)
        app.register_blueprint(api)
    app.register_blueprint(control.blueprint(twin, webhooks))
    return app


def _contracts(folder: Path | None) -> Contracts | None:
    if folder is None:
        return None
    from channels.twin.contracts import Contracts  # its library is there for tests only

    return Contracts(folder)


class TwinServer:
    """A twin that listens. Also a context manager that starts and stops it in a thread."""

    def __init__(self, config: TwinConfig, host: str = "127.0.0.1", port: int = 0) -> None:
        """Bind; port 0 takes a free one.

        Raises:
            OSError: the address cannot be listened on.
            SystemExit: it is taken (werkzeug says so on standard error).
            ValueError: the connection overrides of ``inbound_url`` are no numbers.
        """
        self.twin = Twin(config)
        self.webhooks = Webhooks(self.twin)
        self._server = make_server(
            host, port, create_app(self.twin, self.webhooks), threaded=True, request_handler=_Handler
        )
        self.url = self.twin.url = f"http://{host}:{self._server.port}"
        self._thread: threading.Thread | None = None

    def serve(self) -> None:
        """Serve until :meth:`stop`."""
        self._server.serve_forever(poll_interval=0.05)

    def stop(self) -> None:
        """Stop listening, let go of what hangs and end the webhooks."""
        self.twin.close()
        self._server.shutdown()
        self._server.server_close()
        self.webhooks.close()
        if self._thread is not None:
            self._thread.join()

    def __enter__(self) -> TwinServer:
        self._thread = threading.Thread(target=self.serve, name="twin", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
