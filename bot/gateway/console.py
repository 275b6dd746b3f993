"""The console's parts, put together for the gateway."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from flask import Flask

from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import Catalogue, CatalogueError
from bot.console import console
from bot.console.oidc import OidcProvider
from bot.console.parts import Parts, parts
from bot.console.sessions import Sessions
from bot.console.stream import Hub
from bot.console.throttle import Throttle
from bot.handoff.words import Words
from bot.settings import ROOT, Settings
from bot.store import Calls, Engine, Store
from bot.store.agents import Agents
from bot.store.audit import Audit
from bot.store.handoffs import Handoffs
from bot.store.live import LiveEvents
from bot.store.rings import Rings
from bot.store.thread import Threads
from bot.wake import Wake
from channels.registry import CHANNELS

log = logging.getLogger(__name__)


def add_console(app: Flask, config: Settings, database: Engine, store: Store, wake: Wake) -> None:
    """Put the console's pages under ``/console``."""
    idle = timedelta(minutes=config.console_idle_minutes)
    live = LiveEvents(database)
    search = _Search(config)
    found = Parts(
        store=store,
        agents=Agents(database, config.secret, *config.earlier_secrets),
        handoffs=Handoffs(database),
        calls=Calls(database, config.secret, *config.earlier_secrets),
        rings=Rings(database, config.secret, *config.earlier_secrets),
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
        found.install()
    app.register_blueprint(console)


def warm_up(app: Flask) -> None:
    """Read in the background what the first pages would have to wait for: templates and cards."""

    def read() -> None:
        try:
            with app.app_context():
                parts().catalogue()
                for name in app.jinja_env.list_templates(filter_func=lambda name: name.startswith("console/")):
                    app.jinja_env.get_template(name)
        except Exception:  # whatever it is, the page that needs it says so
            log.exception("console: not warmed up")

    threading.Thread(target=read, name="warm-up", daemon=True).start()


class _Search:
    """Cards and search, each opened at first use and again after a new build.

    The console also works before there is a catalogue.
    """

    def __init__(self, config: Settings) -> None:
        path, places = config.catalogue, ROOT / "data" / "places"
        self._cards = _Opened(path, Catalogue)
        self._search = _Opened(path, lambda catalogue: PlainSearch.open(catalogue, places))

    def __call__(self) -> PlainSearch | None:
        """Return the search, or None while there is no catalogue."""
        return self._search()

    def catalogue(self) -> Catalogue | None:
        """Return the cards: names are on every page, and need no search."""
        return self._cards()


Kept = TypeVar("Kept")


class _Opened(Generic[Kept]):
    """Something read from the built catalogue. While a new build is read, the old one serves."""

    def __init__(self, path: Path, read: Callable[[Path], Kept]) -> None:
        self._path = path
        self._read = read
        self._build: tuple[int, int] | None = None
        self._kept: Kept | None = None
        self._reading = threading.Lock()  # the first pages after a start come all at once

    def __call__(self) -> Kept | None:
        """Return it, or None while there is no catalogue that can be read."""
        build = self._found()
        if build != self._build and build is not None and self._reading.acquire(blocking=self._kept is None):
            try:
                if build != self._build:
                    self._kept, self._build = self._read(self._path), build
            except CatalogueError as error:
                log.warning("console: no catalogue: %s", error)
            finally:
                self._reading.release()
        return self._kept

    def _found(self) -> tuple[int, int] | None:
        """Return what tells one build from another: a new one is another file in the old one's place."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns
