"""The console's parts, put together for the gateway."""

from __future__ import annotations

import logging
import threading
from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import Catalogue, CatalogueError
from bot.console import console
from bot.console.oidc import OidcProvider
from bot.console.parts import Parts
from bot.console.sessions import Sessions
from bot.console.stream import Hub
from bot.console.throttle import Throttle
from bot.handoff.words import Words
from bot.settings import ROOT, Settings
from bot.store import Engine, Store
from bot.store.agents import Agents
from bot.store.audit import Audit
from bot.store.handoffs import Handoffs
from bot.store.live import LiveEvents
from bot.store.thread import Threads
from bot.wake import Wake
from channels.registry import CHANNELS

log = logging.getLogger(__name__)


def add_console(app: Flask, config: Settings, database: Engine, store: Store, wake: Wake) -> None:
    """Put the console's pages under ``/console``."""
    idle = timedelta(minutes=config.console_idle_minutes)
    live = LiveEvents(database)
    search = _Search(config)
    parts = Parts(
        store=store,
        agents=Agents(database, config.secret, *config.earlier_secrets),
        handoffs=Handoffs(database),
        live=live,
        audit=Audit(database),
        sessions=Sessions(config.redis, idle),
        throttle=Throttle(config.redis),
        oidc=(
            OidcProvider(config.oidc_issuer, config.oidc_client_id, config.oidc_client_secret, config.oidc_claim)
            if config.oidc_issuer
            else None
        ),
        threads=Threads(database),
        hub=Hub(live),
        wake=wake,
        catalogue=search.catalogue,
        search=search,
        words=Words(config.locale_folder, CHANNELS, "confirmation"),
        agent_words=Words(config.locale_folder, CHANNELS, "agent"),
        public_url=config.webhook_url,
        institution=config.institution,
        zone=ZoneInfo(config.time_zone),
        idle=idle,
    )
    with app.app_context():
        parts.install()
    app.register_blueprint(console)


class _Search:
    """Cards and search, each opened at first use: the console also works before the catalogue was built."""

    def __init__(self, config: Settings) -> None:
        self._config = config
        self._cards: Catalogue | None = None
        self._open: PlainSearch | None = None
        self._opening = threading.Lock()  # the first pages after a start come all at once

    def __call__(self) -> PlainSearch | None:
        """Return the search, or None while there is no catalogue."""
        with self._opening:
            if self._open is None:
                try:
                    self._open = PlainSearch.open(self._config.catalogue, ROOT / "data" / "places")
                except CatalogueError as error:
                    log.warning("console: no catalogue: %s", error)
            return self._open

    def catalogue(self) -> Catalogue | None:
        """Return the cards: names are on every page, and need no search."""
        if self._cards is None:
            try:
                self._cards = Catalogue(self._config.catalogue)
            except CatalogueError as error:
                log.warning("console: no catalogue: %s", error)
        return self._cards
