"""The engine's settings, from environment variables (bot.settings needs pydantic 2, which Rasa's pins exclude)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class BadSetting(ValueError):
    """An environment variable has a value that cannot be used; the message names it and what is expected."""


@dataclass(frozen=True)
class EngineSettings:
    """What the engine reads from the environment. Times in seconds; a turn is about six tracker events."""

    redis_url: str = "redis://127.0.0.1:6379/0"
    actions_url: str = "http://127.0.0.1:5055/webhook"
    actions_timeout: float = 2.5
    tracker_ttl: int = 24 * 60 * 60
    tracker_max_events: int = 120
    log_level: str = "INFO"


def engine_settings(environ: Mapping[str, str] | None = None) -> EngineSettings:
    """Read the settings afresh; an empty variable counts as unset.

    Raises:
        BadSetting: a value is out of its range or not a number.
    """
    source = os.environ if environ is None else environ
    values = {name: source.get(name, "").strip() for name in _NAMES}
    defaults = EngineSettings()
    redis_url = values["REDIS_URL"] or defaults.redis_url
    if not redis_url.startswith(("redis://", "rediss://", "unix://")):
        raise BadSetting("REDIS_URL: must start with redis://, rediss:// or unix://")
    actions_url = values["ACTIONS_URL"] or defaults.actions_url
    if not actions_url.startswith(("http://", "https://")):
        raise BadSetting("ACTIONS_URL: must start with http:// or https://")
    level = (values["LOG_LEVEL"] or defaults.log_level).upper()
    if level not in _LEVELS:
        raise BadSetting(f"LOG_LEVEL: must be one of {', '.join(_LEVELS)}")
    return EngineSettings(
        redis_url=redis_url,
        actions_url=actions_url,
        actions_timeout=_number("ACTIONS_TIMEOUT", values, defaults.actions_timeout, 0.05, 30),
        tracker_ttl=int(_number("TRACKER_TTL", values, defaults.tracker_ttl, 60, 90 * 24 * 60 * 60)),
        tracker_max_events=int(_number("TRACKER_MAX_EVENTS", values, defaults.tracker_max_events, 40, 5000)),
        log_level=level,
    )


_NAMES = ("REDIS_URL", "ACTIONS_URL", "ACTIONS_TIMEOUT", "TRACKER_TTL", "TRACKER_MAX_EVENTS", "LOG_LEVEL")


def _number(name: str, values: Mapping[str, str], default: float, low: float, high: float) -> float:
    text = values[name]
    if not text:
        return default
    try:
        number = float(text)
    except ValueError:
        raise BadSetting(f"{name}: must be a number") from None
    if not low <= number <= high:
        raise BadSetting(f"{name}: must be from {low:g} to {high:g}")
    return number
