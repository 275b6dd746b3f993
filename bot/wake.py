"""Wake-ups through Redis: they make work start at once, and nothing depends on them. SQL says what there is to do."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)
_T = TypeVar("_T")
_CHANNEL = "ventanilla:wake"
ANSWERED = "answered"
"""The channel on which workers say which message of a call had its turn."""
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


class Bell:
    """Wakes threads of this process that wait for work."""

    def __init__(self) -> None:
        """Nobody waits yet."""
        self._condition = threading.Condition()
        self._rings = 0

    def ring(self, times: int = 1) -> None:
        """Wake as many waiting threads, those that wait longest: one for each thing to do. The others sleep on."""
        with self._condition:
            self._rings += 1
            self._condition.notify(times)

    @property
    def rings(self) -> int:
        """A counter to pass to :meth:`wait`: take it before looking for work, so that no wake-up falls between."""
        return self._rings

    def wait(self, since: int, timeout: float) -> None:
        """Return when woken, or at once when it has rung after ``since`` was taken, or after ``timeout`` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings != since, timeout)


class Alarm(Bell):
    """Wait for a wake-up from this process or another, or for a while, whichever comes first."""

    def __init__(self, url: str, *bells: Bell) -> None:
        """Start listening in a thread of its own; it reconnects for as long as the process lives.

        ``bells`` ring with it, once each.
        """
        super().__init__()
        self._bells = bells
        self._closed = False
        self._url = url
        threading.Thread(target=self._listen, name="alarm", daemon=True).start()

    def ring(self, times: int = 0) -> None:
        """Wake every thread that waits for the alarm, and ``times`` (at least one) at each of its bells."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()
        for bell in self._bells:
            bell.ring(max(times, 1))

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


class Told:
    """Waiting for one thing by name, told through Redis; without Redis the waiter looks at intervals."""

    def __init__(self, url: str, channel: str) -> None:
        """Open a sender; :meth:`listen` starts a thread that receives."""
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=_ONCE)
        self._url = url
        self._channel = f"ventanilla:{channel}"
        self._waiting: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._listening = False

    def tell(self, name: str) -> None:
        """Wake whoever waits for ``name``, in any process. Never raises."""
        try:
            self._redis.publish(self._channel, name)
        except redis.RedisError as error:
            log.warning("nobody told: %s", type(error).__name__)

    def wait(self, name: str, look: Callable[[], _T | None], seconds: float, every: float = 0.25) -> _T | None:
        """Return what ``look`` finds, at once when ``name`` is told, else at intervals; None after ``seconds``."""
        self._listen()
        deadline = time.monotonic() + seconds
        with self._lock:
            told = self._waiting.setdefault(name, threading.Event())
        try:
            while True:
                told.clear()
                found = look()
                left = deadline - time.monotonic()
                if found is not None or left <= 0:
                    return found
                told.wait(min(left, every))
        finally:
            with self._lock:
                self._waiting.pop(name, None)

    def _listen(self) -> None:
        """Start receiving, once a process and not before its first wait: a server forks after it is loaded."""
        with self._lock:
            if self._listening:
                return
            self._listening = True
        threading.Thread(target=self._receive, name="told", daemon=True).start()

    def _receive(self) -> None:
        while True:
            try:
                client = redis.Redis.from_url(self._url, socket_connect_timeout=1, socket_timeout=30, retry=_ONCE)
                with client.pubsub() as subscription:
                    subscription.subscribe(self._channel)
                    while True:
                        message = subscription.get_message(timeout=20)
                        if message is None or message["type"] != "message":
                            continue
                        with self._lock:
                            told = self._waiting.get(message["data"].decode())
                        if told is not None:
                            told.set()
            except (redis.RedisError, OSError) as error:
                log.warning("nothing is told, looking at intervals: %s", type(error).__name__)
                time.sleep(_RETRY_SECONDS)
