"""How fast each of our numbers may send: token buckets in Redis, one for all workers of all machines."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

# Taken by the server's own clock, in one step: two workers never take the same token.
_TAKE = """
local rate, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = tonumber(kept[1]) or burst, tonumber(kept[2]) or now
tokens = math.min(burst, tokens + math.max(0, now - at) * rate)
local wait = 0
if tokens >= 1 then tokens = tokens - 1 else wait = (1 - tokens) / rate end
redis.call('HSET', KEYS[1], 'tokens', tostring(tokens), 'at', string.format('%.6f', now))
redis.call('PEXPIRE', KEYS[1], math.ceil(burst / rate * 1000) + 1000)
return tostring(wait)
"""
_ONCE = Retry(NoBackoff(), 0)
# Without Redis a worker does not know how many others send: each takes this share.
_SHARE_ALONE = 0.25
_LOOK_AGAIN_SECONDS = 5.0


class Limits:
    """Says whether a sender may send now. Threads may share one."""

    def __init__(self, url: str, per_second: Mapping[str, float | None]) -> None:
        """``per_second``: by channel, messages a second of each of its senders; a channel without is not limited."""
        self._per_second = per_second
        self._redis = redis.Redis.from_url(url, socket_connect_timeout=0.5, socket_timeout=0.5, retry=_ONCE)
        self._take = self._redis.register_script(_TAKE)
        self._alone: dict[str, _Bucket] = {}
        self._lock = threading.Lock()
        self._away_until = 0.0

    def wait(self, channel: str, sender: str) -> float:
        """Take leave to send one message: 0 when it may go, else the seconds until it is worth asking again."""
        rate = self._per_second.get(channel)
        if not rate:
            return 0.0
        if time.monotonic() >= self._away_until:
            try:
                # One message may always go at once; more only where a second holds more.
                answer = self._take(keys=[f"ventanilla:rate:{channel}:{sender}"], args=[rate, max(1.0, rate)])
                return float(answer)
            except redis.RedisError as error:
                self._away_until = time.monotonic() + _LOOK_AGAIN_SECONDS
                log.warning("no shared rate limit, sending slowly: %s", type(error).__name__)
        with self._lock:
            bucket = self._alone.setdefault(f"{channel}:{sender}", _Bucket(rate * _SHARE_ALONE))
            return bucket.take(time.monotonic())


class _Bucket:
    """The same for one process alone; it holds one token."""

    def __init__(self, rate: float) -> None:
        self._pause = 1 / rate
        self._free_at = 0.0

    def take(self, now: float) -> float:
        if now < self._free_at:
            return self._free_at - now
        self._free_at = now + self._pause
        return 0.0
