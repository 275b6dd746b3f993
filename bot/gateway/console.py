"""The console's parts, put together for the gateway."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import Engine

from bot.console import console
from bot.console.oidc import OidcProvider
from bot.console.parts import Parts
from bot.console.sessions import Sessions
from bot.console.throttle import Throttle
from bot.settings import Settings
from bot.store import Store
from bot.store.agents import Agents
from bot.store.audit import Audit
from bot.store.handoffs import Handoffs
from bot.store.live import LiveEvents


def add_console(app: Flask, config: Settings, database: Engine, store: Store) -> None:
    """Put the console's pages under ``/console``."""
    idle = timedelta(minutes=config.console_idle_minutes)
    parts = Parts(
        store=store,
        agents=Agents(database, config.secret, *config.earlier_secrets),
        handoffs=Handoffs(database),
        live=LiveEvents(database),
        audit=Audit(database),
        sessions=Sessions(config.redis, idle),
        throttle=Throttle(config.redis),
        oidc=(
            OidcProvider(config.oidc_issuer, config.oidc_client_id, config.oidc_client_secret, config.oidc_claim)
            if config.oidc_issuer
            else None
        ),
        public_url=config.webhook_url,
        institution=config.institution,
        zone=ZoneInfo(config.time_zone),
        idle=idle,
    )
    with app.app_context():
        parts.install()
    app.register_blueprint(console)
