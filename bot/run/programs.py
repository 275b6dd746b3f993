"""The processes of a running Ventanilla: what each is started with. Order is start order; they stop in reverse."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.run import valkey
from bot.run.errors import RunError
from bot.run.ports import Listener
from bot.settings import ROOT, Settings

NAMES = ("redis", "twin", "actions", "engine", "worker", "gateway")
ENGINE_PYTHON = ROOT / ".venv-engine" / "bin" / "python"

# What the engine environment's processes have no use for: they see neither numbers nor the carrier nor the database.
_NOT_FOR_THE_ENGINE = ("VENTANILLA_SECRET", "OLD_SECRETS", "TWILIO_AUTH_TOKEN", "TWIN_AUTH_TOKEN", "DATABASE_URL")
_LARGEST_SCALE = 64


@dataclass(frozen=True)
class Program:
    """One process. ``graceful``: seconds from SIGTERM to SIGKILL."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    graceful: float = 10.0


@dataclass(frozen=True)
class Selection:
    """Which processes run here, and how many of each that can be several (engine, worker, gateway)."""

    names: tuple[str, ...]
    scale: Mapping[str, int]

    def has(self, name: str) -> bool:
        """Say whether at least one process of this kind runs here."""
        return name in self.names

    def count(self, name: str) -> int:
        """Return how many processes of this kind run here."""
        return self.scale.get(name, 1) if name in self.names else 0


def select(config: Settings, only: str = "", scale: Iterable[str] = ()) -> Selection:
    """Read ``--only engine,worker`` and ``--scale worker=2``.

    Without ``only``, what a setting places elsewhere (REDIS_URL, ENGINE_URLS, ACTIONS_URL, Twilio's credentials) is
    not started here.

    Raises:
        RunError: a name or a number cannot be used.
    """
    elsewhere = {
        "redis": bool(config.redis_url),
        "twin": not config.twin_is_carrier,
        "actions": bool(config.actions_url),
        "engine": bool(config.engine_urls),
    }
    wanted = [name for name in re.split(r"[,\s]+", only) if name]
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise RunError(f"--only: there is no process {', '.join(unknown)}; there are {', '.join(NAMES)}.")
    names = tuple(name for name in NAMES if (name in wanted if wanted else not elsewhere.get(name, False)))
    return Selection(names, dict(_scale(item) for item in scale))


def _scale(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in ("engine", "worker", "gateway") or not number.isdigit() or not 1 <= int(number) <= _LARGEST_SCALE:
        raise RunError(f"--scale: {text!r} is not engine=N, worker=N or gateway=N with N from 1 to {_LARGEST_SCALE}.")
    return name, int(number)


def listeners(config: Settings, selection: Selection) -> list[Listener]:
    """Return the TCP ports that the selected processes listen on."""
    found = []
    if selection.has("twin"):
        found.append(Listener("twin", "127.0.0.1", config.twin_port, "TWIN_PORT"))
    if selection.has("actions"):
        found.append(Listener("actions", "127.0.0.1", config.actions_port, "ACTIONS_PORT"))
    for name, port in _numbered(selection, "engine", config.engine_port):
        found.append(Listener(name, "127.0.0.1", port, "ENGINE_PORT"))
    if selection.has("gateway"):
        found.append(Listener("gateway", config.host, config.port, "PORT"))
    return found


def _numbered(selection: Selection, name: str, first: int = 1) -> list[tuple[str, int]]:
    """Return a name and a number, counted up from ``first``, for each process of a kind: engine, engine-2, …"""
    return [(name if index == 0 else f"{name}-{index + 1}", first + index) for index in range(selection.count(name))]


def engine_environment(config: Settings) -> dict[str, str]:
    """Return the environment of whatever runs in the engine environment (Rasa, the action server, the search)."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_FOR_THE_ENGINE}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "REDIS_URL": config.redis,
        "ACTIONS_URL": config.actions,
        "VENTANILLA_CATALOGUE": str(config.catalogue),
        # One thread each: numpy's pools would fight over the cores, and a turn's arrays are small.
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
    }


def engine_command(*arguments: str) -> list[str]:
    """Return a command of the engine environment's Python.

    Raises:
        RunError: the environment does not exist.
    """
    if not ENGINE_PYTHON.exists():
        raise RunError("The engine's environment .venv-engine is missing: run `make envs`.")
    return [str(ENGINE_PYTHON), *arguments]


def gateway_environment(config: Settings) -> dict[str, str]:
    """Return the environment of the gateway's, the worker's and the twin's processes."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "VAR": str(config.var),
        "REDIS_URL": config.redis,
        "ENGINE_URLS": ",".join(config.engines),
        "ACTIONS_URL": config.actions,
        "PUBLIC_URL": config.public_url,
        "VENTANILLA_SECRET": config.ventanilla_secret,
        "TWIN_ACCOUNT_SID": config.twin_account_sid,
        "TWIN_AUTH_TOKEN": config.twin_auth_token,
    }


def metrics_folder(config: Settings) -> Path:
    """Return where the gateway's and the workers' counters meet."""
    return config.var / "metrics"


def programs(config: Settings, selection: Selection, redis_socket: Path) -> list[Program]:
    """Return the selected processes in start order. ``config`` is complete: secrets and addresses are filled in."""
    ours, engines = gateway_environment(config), engine_environment(config)
    counted = {**ours, "PROMETHEUS_MULTIPROC_DIR": str(metrics_folder(config))}
    found = []
    if selection.has("redis"):
        folder = config.var / "redis"
        found.append(Program("redis", tuple(valkey.command(valkey.binary(), folder, redis_socket)), ours))
    if selection.has("twin"):
        journal = str(config.var / "twin.jsonl")
        found.append(_python("twin", ours, "channels.twin", "--port", str(config.twin_port), "--journal", journal))
    if selection.has("actions"):
        found.append(_engine("actions", engines, "actions", config.actions_port))
    for name, port in _numbered(selection, "engine", config.engine_port):
        found.append(_engine(name, engines, "bot.engine", port, "run"))
    for name, _ in _numbered(selection, "worker"):
        found.append(_python(name, counted, "bot.worker"))
    if selection.has("gateway"):
        found.append(_gateway(config, counted, selection.count("gateway")))
    return found


def _python(name: str, environment: Mapping[str, str], module: str, *arguments: str) -> Program:
    return Program(name, (sys.executable, "-m", module, *arguments), environment)


def _engine(name: str, environment: Mapping[str, str], module: str, port: int, *arguments: str) -> Program:
    command = (str(ENGINE_PYTHON), "-m", module, *arguments, "--port", str(port), "--host", "127.0.0.1")
    return Program(name, command, environment)


def _gateway(config: Settings, environment: Mapping[str, str], processes: int) -> Program:
    options = {
        "bind": f"[{config.host}]:{config.port}" if ":" in config.host else f"{config.host}:{config.port}",
        "worker-class": "gthread",
        "workers": str(processes),
        "threads": "96",  # started as they are needed; a console's stream of events holds one (bot.console.stream)
        "graceful-timeout": "8",
        "config": str(ROOT / "bot" / "run" / "gunicorn_conf.py"),
        "log-level": "warning",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    # gunicorn's own control socket lies in the home folder, the same for every project of a user: not wanted.
    return _python("gateway", environment, "gunicorn", *flags, "--no-control-socket", "bot.gateway.wsgi:app")
