"""The engine's settings."""

from __future__ import annotations

import pytest

from bot.engine.environment import BadSetting, EngineSettings, engine_settings


def test_empty_variables_count_as_unset() -> None:
    assert engine_settings({"REDIS_URL": "", "ACTIONS_TIMEOUT": " "}) == EngineSettings()


def test_every_variable_is_read() -> None:
    found = engine_settings(
        {
            "REDIS_URL": "unix:///run/redis.sock?db=2",
            "ACTIONS_URL": "http://127.0.0.1:9/webhook",
            "ACTIONS_TIMEOUT": "0.5",
            "TRACKER_TTL": "3600",
            "TRACKER_MAX_EVENTS": "60",
            "LOG_LEVEL": "debug",
        }
    )
    assert found == EngineSettings("unix:///run/redis.sock?db=2", "http://127.0.0.1:9/webhook", 0.5, 3600, 60, "DEBUG")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDIS_URL", "127.0.0.1:6379"),
        ("ACTIONS_URL", "127.0.0.1"),
        ("ACTIONS_TIMEOUT", "soon"),
        ("ACTIONS_TIMEOUT", "0"),
        ("ACTIONS_TIMEOUT", "nan"),
        ("TRACKER_TTL", "1"),
        ("TRACKER_MAX_EVENTS", "2"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_wrong_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^{name}: "):
        engine_settings({name: value})
