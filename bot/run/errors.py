"""What stops a start."""

from __future__ import annotations


class RunError(RuntimeError):
    """A start cannot go on; the message is one or more whole sentences for whoever typed the command."""
