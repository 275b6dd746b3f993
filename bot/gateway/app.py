"""The Flask application: verifies, parses, redacts, stores, answers. Everything slow is the workers'."""

from __future__ import annotations

import logging

from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from bot.core.ids import BadNumber
from bot.core.phrases import Phrases
from bot.gateway.call import Switchboard
from bot.gateway.console import add_console
from bot.gateway.desk import add_desk
from bot.gateway.desk.problems import PREFIX as API
from bot.gateway.desk.problems import problem_of
from bot.gateway.metrics import INBOUND, metrics_page
from bot.gateway.phones import pages as phones
from bot.gateway.recorder import Recorder
from bot.gateway.redaction import redacted
from bot.gateway.ring import AgentLine
from bot.gateway.voice import voice_blueprint
from bot.settings import Settings
from bot.store import Calls, Store, open_engine
from bot.store.desk_events import DeskEvents
from bot.store.handoffs import Handoffs
from bot.store.rings import Rings
from bot.store.store import utc_now
from bot.wake import Wake
from bot.worker.delivery import Instead, failed_late
from bot.worker.engine_client import EngineClient
from channels.channel import BadRequest, Channel
from channels.registry import CHANNELS
from channels.twilio import failure, misconfigured, valid_signature

log = logging.getLogger(__name__)

# Twilio reads TwiML; an empty one says "nothing to add": the answer goes out by REST.
_EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
_LARGEST_BODY = 256 * 1024
# A caller hears nothing while we wait for a database that another holds; she gets words instead after this long.
_CALLERS_PATIENCE = 3.0


def create_app(config: Settings) -> Flask:
    """Build the application from settings (the composition root of the gateway)."""
    app = Flask("ventanilla")
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_BODY
    if config.trusted_proxies:
        # The address alone: our own name is PUBLIC_URL, whatever a request says of host and scheme.
        app.wsgi_app = ProxyFix(app.wsgi_app, config.trusted_proxies, 0, 0, 0, 0)  # type: ignore[method-assign]
    database = open_engine(config.database)
    store = Store(database, config.secret, *config.earlier_secrets)
    recorder = Recorder(store)
    wake = Wake(config.redis)
    engines = EngineClient(config.engines, config.engine_timeout)
    instead = Instead(store, lambda language: Phrases.load(config.locale_folder, language, "sms"))

    def verified_channel(name: str) -> Channel:
        """Return the channel, once the request's signature is proven; 404 or 403 otherwise."""
        if name not in CHANNELS:
            abort(404)
        query = request.query_string.decode("latin-1")  # as it came: other bytes are a wrong signature, not an error
        url = config.webhook_url + request.path + (f"?{query}" if query else "")
        if not valid_signature(config.auth_token, url, request.form, request.headers.get("X-Twilio-Signature", "")):
            INBOUND.labels(name, "forged").inc()
            log.warning("signature refused", extra={"channel": name})
            abort(403)
        return CHANNELS[name]

    at_once = open_engine(config.database, _CALLERS_PATIENCE)
    calls = Calls(at_once, config.secret, *config.earlier_secrets)
    rings = Rings(at_once, config.secret, *config.earlier_secrets)
    callers = Recorder(Store(at_once, config.secret, *config.earlier_secrets))
    switchboard = Switchboard(config, calls, Handoffs(at_once), rings, callers, wake)
    agents = AgentLine(switchboard, rings, switchboard.url, wake.send)
    app.register_blueprint(voice_blueprint(switchboard, agents, verified_channel))

    @app.post("/channels/<name>/inbound")
    def inbound(name: str) -> Response:
        """Store one message, then answer: a 200 means it is in SQL."""
        channel = verified_channel(name)
        message = channel.parse_inbound(request.form, utc_now())
        recorded = recorder.record(message, redacted(message.content))
        INBOUND.labels(name, "new" if recorded.new else "repeated").inc()
        if recorded.new:
            wake.send()
        return Response(_EMPTY_TWIML, mimetype="text/xml")

    @app.post("/channels/<name>/status")
    def status(name: str) -> Response:
        """Apply a delivery's status; late, repeated and unordered ones change nothing."""
        channel = verified_channel(name)
        update = channel.parse_status(request.form, request.args)
        applied = store.apply_status(update)
        if update.error_code:
            log.warning("delivery failed", extra={"code": update.error_code, "applied": applied})
            failed_late(store, update, failure(update.error_code), instead)
            wake.send()
        return Response(status=204)

    if config.twin_is_carrier:  # phones for trials; with Twilio there is no such page
        app.register_blueprint(phones.blueprint(config))

    @app.get("/health/live")
    def live() -> Response:
        """Say that the process answers."""
        return jsonify(status="live")

    @app.get("/health/ready")
    def ready() -> tuple[Response, int]:
        """Say whether messages are taken: 503 without the database; without what else is needed it is only degraded."""
        checks = {"database": _answers(store), "redis": wake.ping(), "engine": engines.ready()}
        if checks["database"] and misconfigured(store.figures().unsent_codes):
            checks["carrier"] = False
        if not checks["database"]:
            return jsonify(status="unavailable", checks=checks), 503
        return jsonify(status="ready" if all(checks.values()) else "degraded", checks=checks), 200

    @app.get("/metrics")
    def metrics() -> Response:
        """Show figures in Prometheus' format."""
        return metrics_page(store, DeskEvents(database))

    @app.errorhandler(BadRequest)
    @app.errorhandler(BadNumber)
    def unreadable(error: Exception) -> tuple[Response, int]:
        """Refuse a request whose form cannot be read; loud, for it is signed and so the carrier's own."""
        log.error("webhook unreadable: %s", error)
        return jsonify(error=str(error)), 400

    @app.errorhandler(HTTPException)
    def refused(error: HTTPException) -> Response | tuple[Response, int]:
        """Answer errors in JSON, with nothing of the request in it."""
        if request.path.startswith(f"{API}/"):
            return problem_of(error)
        return jsonify(error=error.name), error.code or 500

    add_console(app, config, database, store, wake)
    add_desk(app, config, database, store, wake)
    return app


def _answers(store: Store) -> bool:
    try:
        store.ping()
    except Exception:  # any driver's error means the same here
        log.exception("database does not answer")
        return False
    return True
