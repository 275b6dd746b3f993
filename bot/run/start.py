"""``ventanilla run``: prepare, start everything under the supervisor, say when it is ready."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from prometheus_client.multiprocess import mark_process_dead

from bot.run import prepare, secrets, valkey
from bot.run.lock import only_one
from bot.run.ports import check_ports
from bot.run.programs import Selection, listeners, metrics_folder, programs, select
from bot.run.ready import Check, wait_until_ready
from bot.run.supervisor import Supervisor
from bot.settings import ROOT, Settings

_STEPS = 6


def run(config: Settings, *, only: str = "", scale: Sequence[str] = ()) -> None:
    """Run until a signal comes; ``only`` and ``scale`` are the options of the command.

    Raises:
        bot.run.errors.RunError: something is wrong before or while starting; nothing is left running.
    """
    os.umask(0o077)  # what people wrote, logs and sockets are nobody else's on this machine
    config = config.model_copy(update={"var": config.var.resolve()})
    selection = select(config, only, scale)
    with only_one(config.var / "run.lock"), valkey.socket_path(config.var / "redis") as socket:
        _step(1, "Checking settings and ports")
        config = _complete(config, selection, socket)
        check_ports(listeners(config, selection))
        _prepare(config, selection)
        _step(_STEPS, f"Starting {', '.join(selection.names)}")
        Supervisor(
            programs(config, selection, socket),
            write,
            folder=ROOT,
            announce=partial(_announce, config, selection),
            died=lambda pid: mark_process_dead(pid, str(metrics_folder(config))),
        ).run()


def _complete(config: Settings, selection: Selection, socket: Path) -> Settings:
    """Fill in what `ventanilla run` decides: secrets of a trial, the addresses of what it starts."""
    config = secrets.complete(config, create=True)
    config.secret  # noqa: B018 (raises when it is too short)
    config.auth_token  # noqa: B018
    first = config.engine_port
    here = [f"http://127.0.0.1:{first + index}" for index in range(selection.count("engine"))]
    return config.model_copy(
        update={
            "redis_url": config.redis_url or valkey.url(socket),
            "engine_urls": config.engine_urls or ",".join(here),
            "public_url": config.public_url or _local_url(config.host, config.port),
        }
    )


def _prepare(config: Settings, selection: Selection) -> None:
    _step(2, "Checking and building the catalogue")
    write(f"    {prepare.build_catalogue(config)}\n")
    _step(3, "Compiling phrases")
    write(f"    {prepare.build_languages(config)}\n")
    if selection.has("engine"):
        _step(4, "Training the model if it has changed")
        prepare.train(config)
    if selection.has("gateway") or selection.has("worker"):
        _step(5, "Bringing the database up to date")
        prepare.upgrade_database(config)
    prepare.empty_metrics(config)
    if selection.has("redis"):
        (config.var / "redis").mkdir(parents=True, exist_ok=True)


async def _announce(config: Settings, selection: Selection) -> None:
    def complain(names: list[str]) -> None:
        write(f"Still waiting for {', '.join(names)}; what they print above may say why.\n")

    await wait_until_ready(_checks(config, selection), complain)
    write(_welcome(config, selection))


def _checks(config: Settings, selection: Selection) -> list[Check]:
    checks = [Check("engine", f"{url}/health", "{") for url in config.engines[: selection.count("engine")]]
    if selection.has("actions"):
        checks.append(Check("actions", f"http://127.0.0.1:{config.actions_port}/health", "{"))
    if selection.has("twin"):
        checks.append(Check("twin", f"http://127.0.0.1:{config.twin_port}/"))
    if selection.has("gateway"):
        # "degraded" would do for a webhook, yet at a start it only means that the engine is still loading.
        checks.append(Check("gateway", f"{_local_url(config.host, config.port)}/health/ready", '"ready"'))
    return checks


def _welcome(config: Settings, selection: Selection) -> str:
    lines = ["", "Ventanilla is ready."]
    if selection.has("gateway"):
        url = _local_url(config.host, config.port)
        lines += [f"  gateway   {url}   ({url}/health/ready, {url}/metrics)"]
    if selection.has("twin"):
        lines += [
            f"  carrier   the twin, http://127.0.0.1:{config.twin_port}: stands in for Twilio, no message leaves here",
            *([f"  phones    {_local_url(config.host, config.port)}/phones"] if selection.has("gateway") else []),
            "Write to it from a browser, or from another terminal:",
            '  .venv/bin/ventanilla ask "perdí mi acta de nacimiento"',
            "  .venv/bin/ventanilla chat --channel sms --from +525512345678",
        ]
    elif not config.twin_is_carrier:
        lines += [f"  carrier   Twilio; its webhook for messages is {config.webhook_url}/channels/sms/inbound"]
    return "\n".join([*lines, "Ctrl-C stops everything.", "", ""])


def _local_url(host: str, port: int) -> str:
    """Return an address under which this machine reaches the gateway."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (compared, not bound)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _step(number: int, title: str) -> None:
    write(f"{number}/{_STEPS} {title} ...\n")


def write(text: str) -> None:
    """Write to standard output for as long as somebody reads it: a closed terminal must not end the processes."""
    with suppress(OSError, ValueError):
        sys.stdout.write(text)
        sys.stdout.flush()
