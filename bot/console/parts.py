"""What the console is made of, put together once by the gateway and reached from views through :func:`parts`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo

from flask import current_app

from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import Catalogue
from bot.console.oidc import OidcProvider
from bot.console.sessions import Sessions
from bot.console.stream import Hub
from bot.console.throttle import Throttle
from bot.handoff.words import Words
from bot.store import Calls, Store
from bot.store.agents import Agents
from bot.store.audit import Audit
from bot.store.handoffs import Handoffs
from bot.store.live import LiveEvents
from bot.store.rings import Rings
from bot.store.thread import Threads
from bot.wake import Wake

_KEY = "ventanilla.console"


@dataclass(frozen=True)
class Parts:
    """Everything that a view may use. ``public_url`` is where browsers reach the console, without a trailing slash."""

    store: Store
    agents: Agents
    handoffs: Handoffs
    calls: Calls
    rings: Rings
    live: LiveEvents
    audit: Audit
    sessions: Sessions
    throttle: Throttle
    oidc: OidcProvider | None
    threads: Threads
    hub: Hub
    wake: Wake
    catalogue: Callable[[], Catalogue | None]
    search: Callable[[], PlainSearch | None]
    words: Words
    agent_words: Words
    public_url: str
    institution: str
    zone: ZoneInfo
    idle: timedelta

    @property
    def secure(self) -> bool:
        """Whether browsers come by https: cookies are then sent by https only."""
        return self.public_url.startswith("https://")

    def install(self) -> None:
        """Make the parts reachable from the application's views."""
        current_app.extensions[_KEY] = self


def parts() -> Parts:
    """Return the running application's parts."""
    return cast(Parts, current_app.extensions[_KEY])
