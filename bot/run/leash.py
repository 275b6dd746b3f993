"""Run a command that ends with its parent: ``python leash.py <parent's pid> <command> …``.

Should the supervisor be killed outright, the kernel sends SIGTERM to what it started: no process is left behind that
holds a port or writes on. Only Linux has this (prctl(2), PR_SET_PDEATHSIG); elsewhere the command just runs.
Standard library only: it is started in isolated mode, ahead of every environment.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM))
        if os.getppid() != int(parent):
            sys.exit("the supervisor is gone")
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    main()
