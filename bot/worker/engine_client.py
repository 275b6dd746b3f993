"""Ask an engine for a turn: within a time budget, over every engine there is, and never believing an empty answer."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.turns import TurnRequest, TurnResult

log = logging.getLogger(__name__)
_CONNECT_SECONDS = 0.5
_HUNG_IN_A_ROW = 3
_SHORT_SECONDS = 0.5
"""What a turn may take while engines hang: an engine that is back answers in a third of it."""


class _Patience:
    """Keeps a hanging engine from costing everybody the whole budget.

    After some turns in a row that ran out of time, others have little of it; one at a time still has all, so that an
    engine that is only slow is found out.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hung = 0
        self._one_waits = False

    @contextmanager
    def budget(self, whole: float) -> Iterator[float]:
        with self._lock:
            hangs = self._hung >= _HUNG_IN_A_ROW
            waits = hangs and not self._one_waits
            self._one_waits = self._one_waits or waits
        try:
            yield min(whole, _SHORT_SECONDS) if hangs and not waits else whole
        finally:
            if waits:
                with self._lock:
                    self._one_waits = False

    def answered(self) -> None:
        self._hung = 0

    def ran_out(self) -> None:
        with self._lock:
            self._hung += 1


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
        self._patience = _Patience()

    def turn(self, request: TurnRequest) -> TurnResult:
        """Run a turn. An engine that fails is followed by the next; asking twice is safe (the turn runs once).

        One that hangs takes its share of the time and not the next one's.

        Raises:
            EngineUnavailable: none answered usably in time.
        """
        with self._patience.budget(self._timeout) as seconds:
            return self._turn(request, seconds)

    def _turn(self, request: TurnRequest, seconds: float) -> TurnResult:
        deadline = time.monotonic() + seconds
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
                self._patience.answered()
                return result
            except (httpx.HTTPError, PayloadError, ValueError, RecursionError) as error:
                status = error.response.status_code if isinstance(error, httpx.HTTPStatusError) else None
                log.warning("engine failed: %s", type(error).__name__, extra={"status": status})
        if time.monotonic() >= deadline:
            self._patience.ran_out()
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
