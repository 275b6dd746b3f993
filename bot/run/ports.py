"""Ports that a start needs, checked before anything is started."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable
from dataclasses import dataclass

from bot.run.errors import RunError


@dataclass(frozen=True)
class Listener:
    """An address that a process of ours will listen on. ``variable`` is the setting that changes its port."""

    process: str
    host: str
    port: int
    variable: str


def check_ports(listeners: Iterable[Listener]) -> None:
    """Make sure that every port is free and used once.

    Raises:
        RunError: one is not; the sentence names it and the variable to change.
    """
    taken: dict[int, Listener] = {}
    for listener in listeners:
        other = taken.setdefault(listener.port, listener)
        if other is not listener:
            raise RunError(
                f"Port {listener.port} is wanted twice, by {other.process} ({other.variable}) and "
                f"{listener.process} ({listener.variable}): set one of them to another number."
            )
        _check(listener)


def _check(listener: Listener) -> None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a port whose last connections only linger is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except socket.gaierror:
        raise RunError(f"HOST: {listener.host!r} is not an address.") from None
    except OSError as error:
        raise RunError(_sentence(listener, error)) from None


def _sentence(listener: Listener, error: OSError) -> str:
    advice = f"Set {listener.variable} to another port, or stop what uses it."
    if error.errno == errno.EADDRINUSE:
        return f"Port {listener.port} of {listener.host} is taken, and {listener.process} needs it. {advice}"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"HOST: {listener.host} is not an address of this machine."
    if error.errno == errno.EACCES:
        return f"Port {listener.port} needs rights that this user has not. Set {listener.variable} to 1024 or more."
    return f"{listener.process} cannot listen on {listener.host}:{listener.port}: {os.strerror(error.errno or 0)}."
