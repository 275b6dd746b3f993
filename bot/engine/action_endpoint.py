"""The action server as the engine calls it: one kept connection, a deadline, and answers checked once, cheaply."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
from jsonschema.exceptions import best_match
from jsonschema.validators import validator_for
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from bot.engine.errors import ActionFailed, ActionServerUnreachable, ActionTimedOut

_KEEP_ALIVE = 3.0
"""Seconds. Less than the five that the action server's Sanic keeps an idle connection: it never closes on us first."""


class ActionEndpoint(EndpointConfig):
    """What Rasa posts its action calls to. Every failure but a rejection ends the turn (``ActionFailed``)."""

    def __init__(self, url: str, timeout: float) -> None:
        """``timeout`` is for a whole call, in seconds."""
        # The domain (tens of kilobytes) goes only to actions that the domain marks with `send_domain: true`.
        super().__init__(url, enable_selective_domain=True)
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str = "post",
        subpath: str | None = None,
        content_type: str | None = "application/json",
        compress: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Post one call and return its answer's JSON (see :class:`rasa.utils.endpoints.EndpointConfig`).

        Raises:
            ClientResponseError: the action refused to run (status 400): Rasa then asks its policies for another.
            ActionFailed: anything else than an answer.
        """
        # default=str: what Rasa's own aiohttp call cannot encode (a date in metadata) must not end a turn either
        body = json.dumps(kwargs.get("json"), separators=(",", ":"), default=str).encode()
        try:
            async with self._open().post(self.url, data=body, headers={"Content-Type": "application/json"}) as answer:
                content = await answer.read()
        except asyncio.TimeoutError:
            raise ActionTimedOut(f"the action server did not answer in {self._timeout.total:g} s") from None
        except aiohttp.ClientError as error:
            raise ActionServerUnreachable(f"the action server cannot be reached ({type(error).__name__})") from None
        if answer.status == 400:
            raise ClientResponseError(answer.status, answer.reason or "", content)
        if answer.status != 200:
            raise ActionFailed(f"the action server answered {answer.status}")
        try:
            return json.loads(content)
        except ValueError:
            raise ActionFailed("the action server's answer is not JSON") from None

    async def reachable(self, timeout: float = 1.0) -> bool:
        """Say whether the action server answers at its ``/health``."""
        parts = urlsplit(str(self.url))
        address = urlunsplit((parts.scheme, parts.netloc, "/health", "", ""))
        try:
            async with self._open().get(address, timeout=aiohttp.ClientTimeout(total=timeout)) as answer:
                return bool(answer.status == 200)
        except (asyncio.TimeoutError, aiohttp.ClientError):
            return False

    async def close(self) -> None:
        """Close the kept connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(keepalive_timeout=_KEEP_ALIVE, limit=0)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._timeout)
        return self._session


_SCHEMA = RemoteAction.action_response_format_spec()
_VALIDATOR = validator_for(_SCHEMA)(_SCHEMA)


def check_action_result(_: RemoteAction, result: Any) -> bool:
    """Check an action's answer against Rasa's own schema.

    Raises:
        ActionFailed: the answer does not fit; the message names the place, never the value (it may hold a slot).
    """
    error = best_match(_VALIDATOR.iter_errors(result))
    if error is not None:
        place = "/".join(map(str, error.absolute_path)) or "its top"
        raise ActionFailed(f"the action server's answer does not fit Rasa's schema at {place}")
    return True


def install_action_check() -> None:
    """Give Rasa's remote actions the compiled check.

    ``RemoteAction._validate_action_result`` of 3.6.21 calls ``jsonschema.validate``, which checks the schema itself
    against its metaschema each time: 27 ms of a 33 ms turn, measured. It is replaced on the class because forms and
    default actions make remote actions of their own.
    """
    RemoteAction._validate_action_result = check_action_result
