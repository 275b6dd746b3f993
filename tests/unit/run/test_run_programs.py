import os
from pathlib import Path

import pytest

from bot.run import valkey
from bot.run.errors import RunError
from bot.run.programs import engine_command, engine_environment, listeners, programs, select
from bot.settings import Settings


@pytest.fixture
def config(tmp_path, monkeypatch):
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    return Settings(var=tmp_path, ventanilla_secret="s" * 32, twin_auth_token="t" * 32)


def names(config, only="", scale=()):
    return [p.name for p in programs(config, select(config, only, scale), config.var / "redis.sock")]


def test_everything_runs_here_by_default(config):
    assert names(config) == ["redis", "twin", "actions", "engine", "worker", "gateway"]


def test_what_a_setting_places_elsewhere_is_not_started_here(config):
    placed = {
        "redis_url": "redis://r",
        "engine_urls": "http://e",
        "actions_url": "http://a",
        "twilio_account_sid": "AC",
    }
    assert names(config.model_copy(update=placed)) == ["worker", "gateway"]
    assert names(config.model_copy(update=placed), only="engine actions") == ["actions", "engine"]


def test_scaled_engines_count_their_ports_up_and_the_gateway_has_its_own_processes(config):
    selection = select(config, scale=("engine=3", "worker=2", "gateway=4"))
    started = {p.name: p.command for p in programs(config, selection, config.var / "s")}
    assert [name for name in started if name.startswith("engine")] == ["engine", "engine-2", "engine-3"]
    assert [name for name in started if name.startswith("worker")] == ["worker", "worker-2"]
    assert [item.port for item in listeners(config, selection) if item.variable == "ENGINE_PORT"] == [5005, 5006, 5007]
    assert started["gateway"][started["gateway"].index("--workers") + 1] == "4"


@pytest.mark.parametrize("scale", ["worker", "worker=0", "redis=2", "worker=x", "worker=-1", "worker=1000"])
def test_a_scale_that_cannot_be_is_named(config, scale):
    with pytest.raises(RunError, match="--scale"):
        select(config, scale=(scale,))


def test_an_unknown_process_is_named(config):
    with pytest.raises(RunError, match="enigne"):
        select(config, only="enigne,worker")


def test_the_engine_environment_gets_no_secret(config, monkeypatch):
    for name in ("VENTANILLA_SECRET", "TWILIO_AUTH_TOKEN", "TWIN_AUTH_TOKEN", "DATABASE_URL"):
        monkeypatch.setenv(name, "hidden")
    environment = engine_environment(config)
    assert "hidden" not in environment.values()
    assert not {"s" * 32, "t" * 32} & set(environment.values())
    assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    assert environment["OMP_NUM_THREADS"] == "1"


def test_no_secret_is_on_a_command_line(config):
    for program in programs(config, select(config), config.var / "s"):
        assert not {"s" * 32, "t" * 32} & set(program.command)
        assert "t" * 32 not in repr(program)


def test_the_bundled_redis_keeps_what_it_is_told_and_opens_no_port(config):
    command = valkey.command(valkey.binary(), config.var, config.var / "redis.sock")
    assert os.access(command[0], os.X_OK)
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--port"] == "0"


def test_a_socket_path_that_is_too_long_is_replaced_by_a_short_one_of_our_own(tmp_path):
    with valkey.socket_path(tmp_path) as path:
        assert path == tmp_path / "redis.sock"
    with valkey.socket_path(tmp_path / ("x" * 120)) as path:
        assert len(str(path)) < valkey.LONGEST_SOCKET_PATH
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert not path.parent.exists()


def test_a_socket_path_with_spaces_and_signs_becomes_an_address():
    import redis

    client = redis.Redis.from_url(valkey.url(Path("/a b/100%41/ñ/redis.sock")))
    assert client.connection_pool.connection_kwargs["path"] == "/a b/100%41/ñ/redis.sock"


def test_a_missing_engine_environment_says_what_to_run(monkeypatch):
    monkeypatch.setattr("bot.run.programs.ENGINE_PYTHON", Path("/no/such/python"))
    with pytest.raises(RunError, match="make envs"):
        engine_command("-m", "bot.engine")
