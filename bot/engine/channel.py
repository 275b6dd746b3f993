"""The engine's input channel: ``POST /turns`` for workers, ``GET /health`` for the supervisor. Loopback only."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

from rasa.core.agent import Agent
from rasa.core.channels.channel import InputChannel, UserMessage
from sanic import Blueprint, response
from sanic.request import Request
from sanic.response import HTTPResponse

from bot.core.codec import PayloadError, to_payload
from bot.engine.action_endpoint import ActionEndpoint
from bot.engine.content import read_request
from bot.engine.environment import engine_settings
from bot.engine.errors import EngineError, NoModel
from bot.engine.processor import TurnProcessor, unwrapped

logger = logging.getLogger("ventanilla.engine")


class TurnsInput(InputChannel):
    """Turns over HTTP. It needs no credentials; credentials.yml only names it."""

    def __init__(self) -> None:
        """Read the action server's address from the environment."""
        settings = engine_settings()
        self._actions = ActionEndpoint(settings.actions_url, settings.actions_timeout)
        self._processor: TurnProcessor | None = None
        self._taken_from: Any = None

    @classmethod
    def name(cls) -> str:
        """Return the channel's name."""
        return "turns"

    def url_prefix(self) -> str:
        """Return the root: the address is ``/turns``, not ``/webhooks/turns/…``."""
        return "/"

    def blueprint(self, on_new_message: Callable[[UserMessage], Awaitable[Any]]) -> Blueprint:
        """Return the routes. ``on_new_message`` is not used: it loses errors and answers alike."""
        routes = Blueprint("ventanilla_turns")

        @routes.post("/turns")
        async def turns(request: Request) -> HTTPResponse:
            return await self._turns(request)

        @routes.get("/health")
        async def health(request: Request) -> HTTPResponse:
            return await self._health(request)

        @routes.listener("after_server_stop")
        async def close(*_: Any) -> None:
            await self._actions.close()

        return routes

    async def warm_up(self, agent: Agent) -> None:
        """Read one message, so that the first citizen does not wait for what is loaded at first use."""
        await agent.parse_message("hola")

    async def _turns(self, request: Request) -> HTTPResponse:
        started = time.perf_counter()
        try:
            turn = read_request(_body(request))
        except PayloadError as error:
            return response.json({"error": str(error)}, status=400)
        try:
            result = await self._processor_of(request).handle_turn(turn)
        except Exception as error:
            return _failed(error, turn.conversation_id)
        logger.info(
            "turn",
            extra={
                "conversation": turn.conversation_id[:8],
                "intent": result.understood.intent,
                "outcome": result.understood.outcome,
                "replayed": result.replayed,
                "seconds": round(time.perf_counter() - started, 4),
            },
        )
        return response.json(to_payload(result))

    async def _health(self, request: Request) -> HTTPResponse:
        try:
            self._processor_of(request)
            model = True
        except EngineError:
            model = False
        agent: Agent | None = getattr(request.app.ctx, "agent", None)
        ping = getattr(unwrapped(agent.tracker_store), "ping", None) if agent else None
        store, actions = await asyncio.gather(ping() if ping else _nothing(), self._actions.reachable())
        parts = {"model": model, "tracker_store": store, "actions": actions}
        return response.json(parts, status=200 if all(parts.values()) else 503)

    def _processor_of(self, request: Request) -> TurnProcessor:
        agent: Agent | None = getattr(request.app.ctx, "agent", None)
        if agent is None or agent.processor is None:
            raise NoModel("no model is loaded")
        if self._processor is None or self._taken_from is not agent.processor:
            self._processor = TurnProcessor(agent.processor, self._actions)
            self._taken_from = agent.processor
        return self._processor


def _body(request: Request) -> Any:
    try:
        return request.json
    except Exception:
        raise PayloadError("$: is not JSON") from None


def _failed(error: Exception, conversation_id: str) -> HTTPResponse:
    """Log an error and answer it; the message of an error that is not ours is never repeated."""
    known = isinstance(error, EngineError)
    logger.error(
        str(error) if known else "the turn failed",
        exc_info=error.__cause__ or (None if known else error),
        extra={"conversation": conversation_id[:8], "error": type(error).__name__},
    )
    message = str(error) if known else f"the turn failed ({type(error).__name__})"
    return response.json(
        {"error": message, "kind": type(error).__name__}, status=error.status if isinstance(error, EngineError) else 500
    )


async def _nothing() -> bool:
    return False
