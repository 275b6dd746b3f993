"""Receivers of events: the institution's own address, signed. Chatwoot is another (bot.desk.chatwoot)."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import httpx

from bot.desk.bodies import event_body
from bot.desk.signing import key_of, signature
from bot.store.desk_events import DeskEvent
from bot.store.desk_events import Sink as SinkName

_TIMEOUT = httpx.Timeout(6.0, connect=3.0, pool=1.0)
# What no other try of the same bytes will change; everything else may be a receiver that is being repaired.
_REFUSALS = frozenset({400, 405, 410, 411, 413, 414, 415, 422})
_LONGEST_PAUSE = 3600.0


class NotTaken(RuntimeError):
    """A receiver did not take an event. ``code`` is short and holds nothing of the event.

    ``refused``: it answered that it never will. ``after``: the seconds that it asked to be left alone.
    """

    def __init__(self, code: str, *, refused: bool = False, after: float = 0.0) -> None:
        """Keep what decides about the next attempt."""
        super().__init__(code)
        self.code = code
        self.refused = refused
        self.after = after


class EventSink(Protocol):
    """Takes events. Must bear the same event twice: what was sent is not always known to have been sent."""

    name: SinkName
    lease_seconds: float
    """Longer than a send may take: who holds an event beyond it is dead."""

    def send(self, event: DeskEvent) -> None:
        """Hand one event over.

        Raises:
            NotTaken: it was not taken, or nobody knows.
        """

    def close(self) -> None:
        """Close the connections."""


class WebhookSink:
    """``POST`` to an address, signed as Standard Webhooks says. Any 2xx means taken; redirects are not followed."""

    name: SinkName = "webhook"
    lease_seconds = 20.0

    def __init__(self, url: str, secret: str, clock: Callable[[], float] = time.time) -> None:
        """``secret``: see :func:`bot.desk.signing.key_of`, which may raise ValueError here."""
        self._url = url
        self._key = key_of(secret)
        self._clock = clock
        self._http = httpx.Client(timeout=_TIMEOUT, headers={"User-Agent": "Ventanilla-Desk/1"})

    def send(self, event: DeskEvent) -> None:
        """See :meth:`EventSink.send`."""
        body, timestamp = event_body(event), int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "webhook-id": event.event_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": signature(self._key, event.event_id, timestamp, body),
        }
        try:
            # Streamed: what a receiver says besides its status is of no interest, however long it is.
            with self._http.stream("POST", self._url, content=body, headers=headers) as answer:
                status, after = answer.status_code, answer.headers.get("Retry-After", "")
        except httpx.TimeoutException:
            raise NotTaken("timeout") from None
        except httpx.HTTPError as error:
            raise NotTaken("no_connection" if isinstance(error, httpx.ConnectError) else type(error).__name__) from None
        check(status, after)

    def close(self) -> None:
        """See :meth:`EventSink.close`."""
        self._http.close()


def check(status: int, retry_after: str = "") -> None:
    """Return when a status means that an event was taken.

    Raises:
        NotTaken: it does not.
    """
    if 200 <= status < 300:
        return
    seconds = float(retry_after) if retry_after.isascii() and retry_after.isdecimal() else 0.0
    raise NotTaken(f"http_{status}", refused=status in _REFUSALS, after=min(seconds, _LONGEST_PAUSE))
