"""Committing incoming messages together: one wait for the disk for all that came while the last one was under way."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass

from bot.core.messages import Content, InboundMessage
from bot.store import Recorded, Store

log = logging.getLogger(__name__)


@dataclass
class _Entry:
    message: InboundMessage
    content: Content
    recorded: Recorded | None = None
    error: Exception | None = None

    @property
    def done(self) -> bool:
        return self.recorded is not None or self.error is not None


class Recorder:
    """Records messages for the threads of one process. A message is committed before its call returns."""

    def __init__(self, store: Store) -> None:
        """``store`` does the work."""
        self._store = store
        self._waiting: list[_Entry] = []
        self._queue = threading.Lock()
        self._turn = threading.Lock()

    def record(self, message: InboundMessage, content: Content) -> Recorded:
        """Commit one message; raises what :meth:`bot.store.Store.record` raises for it, and for it alone."""
        entry = _Entry(message, content)
        with self._queue:
            self._waiting.append(entry)
        with self._turn:
            if not entry.done:  # else whoever had the turn before took this one along
                with self._queue:
                    batch, self._waiting = self._waiting, []
                self._commit(batch)
        if entry.recorded is None:
            raise entry.error or RuntimeError("the message was neither recorded nor refused")
        return entry.recorded

    def _commit(self, batch: list[_Entry]) -> None:
        if len(batch) > 1:
            try:
                recorded = self._store.record_all([(each.message, each.content) for each in batch])
            except Exception as error:  # one of them, or the database: each finds out for itself
                log.warning("a batch could not be recorded: %s", type(error).__name__)
            else:
                for each, result in zip(batch, recorded, strict=True):
                    each.recorded = result
                return
        for each in batch:
            try:
                each.recorded = self._store.record(each.message, each.content)
            except Exception as error:  # raised in the thread that waits for it
                each.error = error
