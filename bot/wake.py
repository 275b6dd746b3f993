"""Wake-ups through Redis: they make work start at once, and nothing depends on them. SQL says what there is to do."""

from __future__ import annotations

import logging
import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)
_CHANNEL = "ventanilla:wake"
_RETRY_SECONDS = 2.0
# The client's own default is three more tries with waits of up to ten seconds: a webhook has none to give.
_ONCE = Retry(NoBackoff(), 0)


class Wake:
    """Tell workers that something waits. Never raises: without Redis they find it at their next look."""

    def __init__(self, url: str) -> None:
        """``url``: ``redis://…`` or ``unix://…``."""
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=_ONCE)

    def send(self) -> None:
        """Wake every worker."""
        try:
            self._redis.publish(_CHANNEL, b"1")
        except redis.RedisError as error:
            log.warning("no wake-up sent: %s", type(error).__name__)

    def ping(self) -> bool:
        """Say whether Redis answers."""
        try:
            return bool(self._redis.ping())
        except redis.RedisError:
            return False


class Alarm:
    """Wait for a wake-up from this process or another, or for a while, whichever comes first."""

    def __init__(self, url: str) -> None:
        """Start listening in a thread of its own; it reconnects for as long as the process lives."""
        self._condition = threading.Condition()
        self._rings = 0
        self._closed = False
        self._url = url
        threading.Thread(target=self._listen, name="alarm", daemon=True).start()

    def ring(self) -> None:
        """Wake every thread that waits in this process."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    @property
    def rings(self) -> int:
        """A counter to pass to :meth:`wait`: take it before looking for work, so that no wake-up falls between."""
        return self._rings

    def wait(self, since: int, timeout: float) -> None:
        """Return once the alarm has rung after ``since`` was taken, or after ``timeout`` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings != since, timeout)

    def close(self) -> None:
        """Listen no longer, once the next message or half a minute of silence has passed."""
        self._closed = True

    def _listen(self) -> None:
        while not self._closed:
            try:
                client = redis.Redis.from_url(self._url, socket_connect_timeout=1, socket_timeout=30, retry=_ONCE)
                with client.pubsub() as subscription:
                    subscription.subscribe(_CHANNEL)
                    # The first message confirms the subscription: it rings too, for what came while nobody listened.
                    while not self._closed:
                        if subscription.get_message(timeout=20) is not None:
                            self.ring()
            except (redis.RedisError, OSError) as error:
                if self._closed:
                    return
                log.warning("no wake-ups, looking at intervals: %s", type(error).__name__)
                time.sleep(_RETRY_SECONDS)
