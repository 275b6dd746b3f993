"""The supervisor: circus starts the processes, starts again what dies, and stops everything in order.

Circus runs inside this process. Its endpoints are ``inproc``: no port and no socket file through which somebody else
could command it. ``Arbiter`` is used rather than ``circus.get_arbiter``, which expands ``$NAME`` inside the values of
the environment (circus.util.parse_env_dict) and so breaks passwords with a dollar sign.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shlex
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import zmq
from circus.arbiter import Arbiter
from circus.exc import ConflictError
from circus.stream import Redirector
from circus.watcher import Watcher
from tornado.ioloop import IOLoop

from bot.run.output import PrefixStream
from bot.run.programs import Program

# Also the pause before a process that died is started again.
_LOOK_SECONDS = 1.0
_LEASH = Path(__file__).with_name("leash.py")


class Supervisor:
    """Keeps programs running until SIGINT, SIGTERM or SIGHUP; a second signal ends them without grace."""

    def __init__(
        self,
        programs: Sequence[Program],
        write: Callable[[str], None],
        *,
        folder: Path,
        announce: Callable[[], Awaitable[None]] | None = None,
        died: Callable[[int], None] = lambda pid: None,
    ) -> None:
        """``write`` gets whole lines; ``folder`` is where the programs run; ``announce`` runs beside them once they

        are started (it may wait for them); ``died`` hears the id of every process that has ended.
        """
        self._programs = programs
        self._write = write
        self._folder = folder
        self._announce = announce
        self._died = died
        self._watchers: list[Watcher] = []

    def run(self) -> None:
        """Run until a signal comes; returns when every process has ended."""
        logging.getLogger("circus").setLevel(logging.WARNING)
        asyncio.run(self._run())

    async def _run(self) -> None:
        stopping = asyncio.Event()
        self._watchers = [self._watcher(program) for program in self._programs]
        context = zmq.Context()
        arbiter = Arbiter(
            self._watchers,
            "inproc://control",
            "inproc://events",
            check_delay=_LOOK_SECONDS,
            context=context,
            loop=IOLoop.current(),
        )
        self._listen_for_signals(stopping)
        beside = None
        try:
            await arbiter.start()
            if self._announce is not None:
                beside = asyncio.ensure_future(self._announce())
            await stopping.wait()
        finally:
            if beside is not None:
                beside.cancel()
            self._write("Stopping ...\n")
            await self._stop(arbiter)
            context.destroy(linger=0)
        if beside is not None and beside.done() and not beside.cancelled():
            beside.result()

    def _listen_for_signals(self, stopping: asyncio.Event) -> None:
        """Take the signals from circus, which drops one that arrives while it is busy starting a process."""

        def stop() -> None:
            if stopping.is_set():
                self._kill_all()
            stopping.set()

        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
            loop.add_signal_handler(name, stop)

    async def _stop(self, arbiter: Arbiter) -> None:
        """Stop one after the other, last started first: a turn under way still finds its engine and its Redis."""
        if arbiter.ctrl.caller is not None:
            arbiter.ctrl.caller.stop()
        for watcher in reversed(self._watchers):
            while not watcher.is_stopped():
                try:
                    await watcher.stop()
                except ConflictError:  # circus does one thing at a time, and says so
                    await asyncio.sleep(0.02)
        arbiter.stop_controller_and_close_sockets()

    def _watcher(self, program: Program) -> Watcher:
        command = [sys.executable, "-I", "-S", str(_LEASH), str(os.getpid()), *program.command]
        stream = PrefixStream(program.name, max(len(p.name) for p in self._programs), self._write)
        return Watcher(
            program.name,
            shlex.quote(command[0]),
            args=command[1:],
            env=dict(program.environment),
            working_dir=str(self._folder),
            graceful_timeout=program.graceful,
            stdout_stream={"stream": stream},
            stderr_stream={"stream": stream},
            hooks={"before_reap": (self._before_reap, True), "after_reap": (self._after_reap, True)},
        )

    @staticmethod
    def _before_reap(watcher: Watcher, process_pid: int, **_: Any) -> bool:
        """End what a dead process left behind (each leads a group of its own) and show its last words.

        The redirection goes here and not at the pipe's end: a child that still holds the pipe would keep it
        registered while circus closes it, and the next process to get that descriptor could not be watched.
        """
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process_pid, signal.SIGKILL)
        process = watcher.processes[process_pid]
        for name, pipe in Redirector.get_process_pipes(process):
            if not pipe.closed:
                for data in _left_in(pipe.fileno()):
                    watcher.stdout_stream({"data": data, "pid": process_pid, "name": name})
        watcher.stdout_stream.ended(process_pid)
        if watcher.stream_redirector is not None:
            watcher.stream_redirector.remove_redirections(process)
        return True

    def _after_reap(self, watcher: Watcher, process_pid: int, exit_code: int | None = None, **_: Any) -> bool:
        self._died(process_pid)
        if not (watcher.is_stopping() or watcher.is_stopped()):
            self._write(f"{watcher.name} ended ({_ending(exit_code)}), starting it again ...\n")
        return True

    def _kill_all(self) -> None:
        for watcher in self._watchers:
            for pid in list(watcher.processes):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(pid, signal.SIGKILL)


def _left_in(descriptor: int) -> Iterator[bytes]:
    os.set_blocking(descriptor, False)
    with suppress(BlockingIOError):
        while data := os.read(descriptor, 64 * 1024):
            yield data


def _ending(code: int | None) -> str:
    if code is None:
        return "unknown exit code"
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
