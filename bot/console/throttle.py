"""Guessing passwords made slow: failed sign-ins are counted by account and address, and by account alone."""

from __future__ import annotations

import hashlib

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from bot.console.sessions import SessionsUnavailable

WINDOW_SECONDS = 15 * 60
PER_ACCOUNT_AND_ADDRESS = 5
PER_ACCOUNT = 50  # from anywhere: high enough that a stranger cannot easily lock an agent out
PER_ADDRESS = 60
_PREFIX = "ventanilla:console:tries:"


class Throttle:
    """Counts failures in Redis, for all gateways together."""

    def __init__(self, url: str) -> None:
        """``url``: Redis."""
        self._redis: redis.Redis = redis.Redis.from_url(
            url, socket_connect_timeout=1.0, socket_timeout=1.0, retry=Retry(NoBackoff(), 0), decode_responses=True
        )

    def wait(self, username: str, address: str) -> int:
        """Return the seconds until this account may be tried again from this address; 0: now."""
        try:
            longest = 0
            for key, limit in _limits(username, address):
                if int(str(self._redis.get(key) or 0)) >= limit:
                    longest = max(longest, int(str(self._redis.ttl(key))))
            return longest
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None

    def failed(self, username: str, address: str) -> None:
        """Count a failure. The window begins with its first one, so that trying on does not prolong it."""
        try:
            for key, _ in _limits(username, address):
                pipe = self._redis.pipeline()
                pipe.incr(key)
                pipe.expire(key, WINDOW_SECONDS, nx=True)
                pipe.execute()
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None

    def succeeded(self, username: str, address: str) -> None:
        """Forget this account's failures from this address."""
        try:
            self._redis.delete(_limits(username, address)[0][0])
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None


def _limits(username: str, address: str) -> tuple[tuple[str, int], ...]:
    account = username.strip().lower()
    return (
        (_key("both", f"{account}\0{address}"), PER_ACCOUNT_AND_ADDRESS),
        (_key("account", account), PER_ACCOUNT),
        (_key("address", address), PER_ADDRESS),
    )


def _key(kind: str, what: str) -> str:
    return f"{_PREFIX}{kind}:{hashlib.sha256(what.encode()).hexdigest()[:32]}"
