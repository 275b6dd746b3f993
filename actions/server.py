"""The action server's web application. rasa_sdk's own answers a failure with the whole request, texts included."""

from __future__ import annotations

import json
import logging
import zlib

from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionNotFoundException
from sanic import Sanic
from sanic.request import Request
from sanic.response import HTTPResponse
from sanic.response import json as json_response

from actions.dialogue.knowledge import loader
from bot.catalogue.reader import CatalogueError

logger = logging.getLogger("actions.server")


def create_app() -> Sanic:
    """Return the application: ``POST /webhook`` (Rasa's action protocol), ``GET /health``, ``GET /actions``."""
    app = Sanic("ventanilla_actions", configure_logging=False)
    executor = ActionExecutor()
    executor.register_package("actions")

    @app.get("/health")
    async def health(_: Request) -> HTTPResponse:
        """Say whether there is a catalogue to answer from, and which."""
        try:
            revision = loader().current().catalogue.revision
        except CatalogueError:
            return json_response({"status": "no catalogue"}, status=503)
        return json_response({"status": "ok", "catalogue": revision})

    @app.get("/actions")
    async def actions(_: Request) -> HTTPResponse:
        """List the registered actions."""
        return json_response([{"name": name} for name in executor.actions])

    @app.post("/webhook")
    async def webhook(request: Request) -> HTTPResponse:
        """Run an action."""
        body = request.body
        if request.headers.get("Content-Encoding") == "deflate":
            body = zlib.decompress(body)
        try:
            call = json.loads(body)
        except ValueError:
            return json_response({"error": "the body is not JSON"}, status=400)
        if not isinstance(call, dict) or not call.get("next_action"):
            return json_response({"error": "next_action is missing"}, status=400)
        try:
            return json_response(await executor.run(call))
        except ActionNotFoundException as error:
            return json_response({"error": "no such action", "action_name": error.action_name}, status=404)
        except ActionExecutionRejection as error:
            return json_response({"error": "rejected", "action_name": error.action_name}, status=400)

    @app.exception(Exception)
    async def failed(request: Request, error: Exception) -> HTTPResponse:
        """Answer a failure with its class alone: Rasa takes any 5xx as a failed turn."""
        status = getattr(error, "status_code", 500)
        if status >= 500:
            logger.error("action failed", exc_info=(type(error), error, error.__traceback__))
        return json_response({"error": type(error).__name__}, status=status)

    return app
