"""Sessions in Redis. The cookie holds a random token; Redis knows only its hash."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

_LONGEST = timedelta(hours=12)
_HALF_WAY = timedelta(minutes=5)
_PREFIX = "ventanilla:console:"


class SessionsUnavailable(RuntimeError):
    """Redis does not answer: nobody can sign in or go on until it does."""


@dataclass(frozen=True)
class Session:
    """A signed-in browser. ``epoch`` must equal the agent's: a changed password or role ends the session."""

    agent_id: int
    epoch: int
    csrf: str
    began: str


class Sessions:
    """Creates, finds and ends sessions."""

    def __init__(self, url: str, idle: timedelta) -> None:
        """``idle``: how long a session lives without a request of the person's."""
        self._redis: redis.Redis = redis.Redis.from_url(
            url, socket_connect_timeout=1.0, socket_timeout=1.0, retry=Retry(NoBackoff(), 0), decode_responses=True
        )
        self._idle = idle

    def begin(self, agent_id: int, epoch: int, now: datetime) -> str:
        """Return the token of a new session: never one that a browser brought (session fixation)."""
        token = secrets.token_urlsafe(32)
        session = Session(agent_id, epoch, secrets.token_urlsafe(24), now.isoformat())
        self._put(f"session:{_hash(token)}", asdict(session), self._idle)
        return token

    def find(self, token: str, now: datetime, *, touch: bool = True) -> Session | None:
        """Return the session of a token; ``touch``: the person did something, so it lives on."""
        key = f"session:{_hash(token)}"
        values = self._get(key)
        if values is None:
            return None
        session = Session(int(values["agent_id"]), int(values["epoch"]), str(values["csrf"]), str(values["began"]))
        if now - datetime.fromisoformat(session.began) > _LONGEST:
            self.end(token)
            return None
        if touch:
            self._put(key, values, self._idle)
        return session

    def end(self, token: str) -> None:
        """End a session."""
        self._delete(f"session:{_hash(token)}")

    def half_way(self, **values: str | int) -> str:
        """Keep what was proven before the second step of a sign-in, for some minutes; return its token."""
        token = secrets.token_urlsafe(32)
        self._put(f"half:{_hash(token)}", values, _HALF_WAY)
        return token

    def peek(self, token: str) -> dict[str, str | int] | None:
        """Return what :meth:`half_way` kept."""
        return self._get(f"half:{_hash(token)}")

    def take(self, token: str) -> dict[str, str | int] | None:
        """Return what :meth:`half_way` kept, once."""
        values = self.peek(token)
        self._delete(f"half:{_hash(token)}")
        return values

    def once(self, what: str, seconds: int) -> bool:
        """Say whether this is the first time in ``seconds`` (a code that was used must not be used again)."""
        try:
            return bool(self._redis.set(f"{_PREFIX}once:{what}", "1", nx=True, ex=seconds))
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None

    def _put(self, key: str, values: dict[str, str | int], lives: timedelta) -> None:
        try:
            self._redis.set(_PREFIX + key, json.dumps(values), ex=int(lives.total_seconds()))
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None

    def _get(self, key: str) -> dict[str, str | int] | None:
        try:
            found = self._redis.get(_PREFIX + key)
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None
        return json.loads(str(found)) if found else None

    def _delete(self, key: str) -> None:
        try:
            self._redis.delete(_PREFIX + key)
        except redis.RedisError as error:
            raise SessionsUnavailable(type(error).__name__) from None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
