"""Ask an engine for a turn: within a time budget, over every engine there is, and never believing an empty answer."""

from __future__ import annotations

import itertools
import logging
import time
from collections.abc import Sequence

import httpx

from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.turns import TurnRequest, TurnResult

log = logging.getLogger(__name__)
_CONNECT_SECONDS = 0.5


class EngineUnavailable(RuntimeError):
    """No engine gave a usable answer within the budget."""


class EngineClient:
    """A client for one or several engines; thread-safe."""

    def __init__(self, urls: Sequence[str], timeout: float) -> None:
        """``timeout``: seconds that a whole turn may take, over all engines together."""
        self._urls = [url.rstrip("/") for url in urls]
        self._timeout = timeout
        self._next = itertools.count()
        self._http = httpx.Client(trust_env=False)

    def turn(self, request: TurnRequest) -> TurnResult:
        """Run a turn. An engine that fails is followed by the next; asking twice is safe (the turn runs once).

        One that hangs takes its share of the time and not the next one's.

        Raises:
            EngineUnavailable: none answered usably in time.
        """
        deadline = time.monotonic() + self._timeout
        first = next(self._next)
        payload = to_payload(request)
        for number in range(len(self._urls)):
            left = (deadline - time.monotonic()) / (len(self._urls) - number)
            if left <= 0:
                break
            url = self._urls[(first + number) % len(self._urls)]
            try:
                answer = self._http.post(
                    f"{url}/turns", json=payload, timeout=httpx.Timeout(left, connect=min(_CONNECT_SECONDS, left))
                )
                answer.raise_for_status()
                result: TurnResult = from_payload(TurnResult, answer.json())
                if not result.replies:
                    raise PayloadError("$.replies: is empty")
                return result
            except (httpx.HTTPError, PayloadError, ValueError, RecursionError) as error:
                status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
                log.warning("engine failed: %s", type(error).__name__, extra={"status": status})
        raise EngineUnavailable("no engine answered in time")

    def close(self) -> None:
        """Close the pooled connections."""
        self._http.close()

    def ready(self) -> bool:
        """Say whether at least one engine reports that it can take turns."""
        for url in self._urls:
            try:
                if self._http.get(f"{url}/health", timeout=1.0, headers={"Connection": "close"}).status_code == 200:
                    return True
            except httpx.HTTPError:
                continue
        return False
