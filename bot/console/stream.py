"""Live events to browsers by server-sent events: every event once and in order, also after a reconnect.

SQL is read by one thread a process, and only while somebody listens; a stream that was cut goes on after the
``Last-Event-ID`` that the browser brings.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator

from bot.store.live import LiveEvent, LiveEvents

_LOOK_SECONDS = 0.25
_HEARTBEAT_SECONDS = 10.0
LONGEST_SECONDS = 120.0
"""A stream ends after this; the browser comes back at once, and its session is looked at again."""
_KEPT = 1000
MOST_STREAMS = 64
"""Streams of one process. Each holds a thread of the gateway (bot.run.programs), and webhooks need theirs."""


class TooManyStreams(RuntimeError):
    """This process has all the streams it may have."""


class Hub:
    """Reads new events and hands them to every stream of this process."""

    def __init__(self, live: LiveEvents) -> None:
        """``live``: where events are."""
        self._live = live
        self._condition = threading.Condition()
        self._recent: deque[LiveEvent] = deque(maxlen=_KEPT)
        self._last = 0
        self._listeners = 0

    def stream(
        self,
        last: int | None,
        may_see: Callable[[LiveEvent], bool],
        still_here: Callable[[], bool],
        longest: float = LONGEST_SECONDS,
        alerts: Callable[[LiveEvent], bool] = lambda event: False,
    ) -> Iterator[str]:
        """Return events as text of ``text/event-stream``; ``last`` None: only what happens from now on.

        ``still_here`` is asked at every heartbeat: False ends the stream. ``alerts``: whether the listener is called.

        Raises:
            TooManyStreams: there is no room for another one.
        """
        with self._condition:
            if self._listeners >= MOST_STREAMS:
                raise TooManyStreams
        return self._stream(last, may_see, still_here, longest, alerts)

    def _stream(
        self,
        last: int | None,
        may_see: Callable[[LiveEvent], bool],
        still_here: Callable[[], bool],
        longest: float,
        alerts: Callable[[LiveEvent], bool],
    ) -> Iterator[str]:
        ends = time.monotonic() + longest
        position = self._live.last_id() if last is None else last
        self._join(position)
        try:
            yield f"retry: 1000\nid: {position}\n\n"
            while time.monotonic() < ends:
                found = self._after(position)
                if not found:
                    if not still_here():
                        return
                    yield ":\n\n"
                    continue
                for event in found:
                    position = event.id
                    if may_see(event):
                        yield _written(event, alerts(event))
        finally:
            self._leave()

    def _after(self, position: int) -> list[LiveEvent]:
        """Return the events after a position, once there are some or a heartbeat is due."""
        with self._condition:
            self._condition.wait_for(lambda: self._last > position, _HEARTBEAT_SECONDS)
            recent = list(self._recent)
        if recent and recent[0].id <= position + 1:
            return [event for event in recent if event.id > position]
        return list(self._live.since(position))

    def _join(self, position: int) -> None:
        with self._condition:
            self._listeners += 1
            if self._listeners > 1:
                return
            # Nobody has read since the last listener left: what happened meanwhile is read from SQL.
            self._recent.clear()
            self._last = position
        threading.Thread(target=self._read, name="live-events", daemon=True).start()

    def _leave(self) -> None:
        with self._condition:
            self._listeners -= 1

    def _read(self) -> None:
        while True:
            with self._condition:
                if self._listeners == 0:
                    return
                last = self._last
            found = self._live.since(last)
            with self._condition:
                # A thread that was about to end when a listener came may read on beside the new one: only what is new.
                self._recent.extend(event for event in found if event.id > self._last)
                if found:
                    self._last = max(self._last, found[-1].id)
                    self._condition.notify_all()
            if not found:
                time.sleep(_LOOK_SECONDS)


def _written(event: LiveEvent, alert: bool) -> str:
    data = {"kind": event.kind, "handoff": event.handoff_id, "agent": event.agent_id, "alert": alert, **event.data}
    return f"id: {event.id}\nevent: live\ndata: {json.dumps(data)}\n\n"
