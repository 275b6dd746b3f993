"""Chatwoot's webhooks. An answer other than 2xx marks the agent's message there as failed: the agent sees it."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request

from bot.desk.chatwoot.address import path_secret
from bot.desk.chatwoot.inbound import ChatwootInbound, Ignored, Refused, genuine
from bot.gateway.desk.problems import Problem
from bot.store.audit import Audit
from bot.store.store import utc_now
from bot.wake import Wake

log = logging.getLogger(__name__)

_NAME = "desk:chatwoot"


@dataclass(frozen=True)
class Webhooks:
    """What the route needs. ``secret``: VENTANILLA_SECRET; ``signing``: the inbox's webhook secret, or empty."""

    inbound: ChatwootInbound
    secret: str
    signing: str
    audit: Audit
    wake: Wake


def add_chatwoot(api: Blueprint, parts: Webhooks) -> None:
    """Add the route to the API."""

    @api.post("/chatwoot/<secret>")
    def chatwoot(secret: str) -> Response:
        """Follow one webhook."""
        _verify(parts, secret)
        webhook = request.get_json(silent=True)
        if not isinstance(webhook, dict):
            raise Problem("bad_request")
        try:
            done, record = parts.inbound.follow(webhook)
        except Ignored as reason:
            return jsonify(done=None, why=str(reason))
        except Refused as refused:
            parts.audit.note("desk_refused", _NAME, utc_now(), refused=refused.code)
            log.warning("chatwoot: words of an agent refused", extra={"code": refused.code})
            raise Problem("not_yours" if refused.code == "not_yours" else "cannot_write", refused.code) from None
        parts.wake.send()
        parts.audit.note(
            f"desk_{done}", _NAME, utc_now(), agent=record.agent_id, conversation=record.conversation_id,
            handoff=record.id,
        )  # fmt: skip
        return jsonify(done=done)


def _verify(parts: Webhooks, secret: str) -> None:
    known = hmac.compare_digest(secret.encode(), path_secret(parts.secret).encode())
    if known and parts.signing:
        known = genuine(
            parts.signing,
            request.headers.get("X-Chatwoot-Timestamp", ""),
            request.get_data(),
            request.headers.get("X-Chatwoot-Signature", ""),
        )
    if not known:
        log.warning("chatwoot: webhook refused")
        raise Problem("unauthorized")
