"""Serve turns: Rasa's own Sanic app with our channel, one event loop, no access log, an orderly end."""

from __future__ import annotations

import logging
from functools import partial
from pathlib import Path
from typing import Any

from rasa.core import run as rasa_run
from rasa.core.utils import AvailableEndpoints
from rasa.utils.log_utils import configure_structlog
from sanic import Sanic

from bot.engine.channel import TurnsInput
from bot.engine.environment import EngineSettings
from bot.engine.logs import configure_logs
from bot.engine.processor import unwrapped
from bot.engine.tracker_store import ConversationTrackerStore

logger = logging.getLogger("ventanilla.engine")
_SHUTDOWN = 1.5
"""Seconds that running turns may still take after SIGTERM."""
_BODY = 256 * 1024


def serve(root: Path, model: Path, host: str, port: int, settings: EngineSettings) -> int:
    """Serve until SIGTERM or SIGINT and return an exit code.

    Without a model it starts all the same: ``/health`` and ``/turns`` say so.
    """
    configure_structlog(logging.INFO)
    configure_logs(settings.log_level)
    app = make_app(root, model)
    served: list[bool] = []

    async def listening(*_: Any) -> None:
        served.append(True)
        logger.info("listening", extra={"port": port})

    app.register_listener(listening, "after_server_start")
    app.run(host=host, port=port, workers=1, access_log=False, debug=False, motd=False)
    return 0 if served else 1  # Sanic only logs that an address is taken


def make_app(root: Path, model: Path) -> Sanic:
    """Return the app with the channel of credentials.yml and the tracker store of endpoints.yml."""
    channels = rasa_run.create_http_input_channels(None, str(root / "credentials.yml"))
    app: Sanic = rasa_run.configure_app(channels, enable_api=False, use_uvloop=True)
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = _SHUTDOWN
    app.config.REQUEST_MAX_SIZE = _BODY
    app.config.FALLBACK_ERROR_FORMAT = "json"
    endpoints = AvailableEndpoints.read_endpoints(str(root / "endpoints.yml"))
    app.register_listener(partial(_load, str(model), endpoints), "before_server_start")
    app.register_listener(_close, "after_server_stop")
    return app


async def _load(model: str, endpoints: AvailableEndpoints, app: Sanic, loop: Any) -> None:
    agent = await rasa_run.load_agent_on_start(model, endpoints, None, app, loop)
    if not isinstance(unwrapped(agent.tracker_store), ConversationTrackerStore):
        # Rasa falls back to memory when a tracker store's class cannot be imported, with a warning only.
        raise RuntimeError("endpoints.yml does not give the engine its tracker store")
    if agent.processor is None:
        logger.error("no model is loaded", extra={"path": Path(model).name})
        return
    channel = next(c for c in app.ctx.input_channels if isinstance(c, TurnsInput))
    await channel.warm_up(agent)


async def _close(app: Sanic, _: Any) -> None:
    store = unwrapped(app.ctx.agent.tracker_store)
    if isinstance(store, ConversationTrackerStore):
        await store.close()
    logger.info("stopped")
