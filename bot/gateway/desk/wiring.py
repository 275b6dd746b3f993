"""The API's parts, put together for the gateway."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask

from bot.desk.chatwoot.client import Chatwoot
from bot.desk.chatwoot.inbound import ChatwootInbound
from bot.desk.service import DeskService
from bot.gateway.desk.api import LIMIT, Parts, desk_blueprint
from bot.gateway.desk.chatwoot import Webhooks
from bot.handoff.words import Words
from bot.settings import Settings
from bot.store import Engine, Store
from bot.store.audit import Audit
from bot.store.desk_links import DeskLinks
from bot.store.desk_tokens import DeskTokens
from bot.store.handoffs import Handoffs
from bot.store.store import utc_now
from bot.store.thread import Threads
from bot.wake import Wake
from bot.worker.limits import Limits
from channels.registry import CHANNELS

# Chatwoot waits five seconds for its webhook's answer (its lib/webhooks/trigger.rb).
_CHATWOOT_SECONDS = 2.0


def add_desk(app: Flask, config: Settings, database: Engine, store: Store, wake: Wake) -> None:
    """Put the API under ``/api/v1``. Without a token nobody can use it."""
    tokens = DeskTokens(database)
    words = Words(config.locale_folder, CHANNELS, "confirmation")
    service = DeskService(Handoffs(database), Threads(database), store, tokens, words)
    limits = Limits(config.redis, {LIMIT: config.desk_requests_per_second})
    chatwoot = _chatwoot(config, database, service, tokens, wake) if config.chatwoot_url else None
    app.register_blueprint(desk_blueprint(Parts(service, tokens, Audit(database), limits, wake), chatwoot))


def _chatwoot(config: Settings, database: Engine, service: DeskService, tokens: DeskTokens, wake: Wake) -> Webhooks:
    client = Chatwoot(
        config.chatwoot_url,
        config.chatwoot_account,
        config.chatwoot_inbox,
        config.chatwoot_token,
        _CHATWOOT_SECONDS,
        keep=0,
    )
    inbound = ChatwootInbound(
        client,
        DeskLinks(database, "chatwoot"),
        service,
        # Its account is in no team: what it hears of is what it may take.
        lambda: replace(
            tokens.adapter("chatwoot", config.institution, utc_now()), sees_sensitive=config.desk_sensitive
        ),
    )
    return Webhooks(inbound, config.secret, config.chatwoot_secret, Audit(database), wake)
