"""What gunicorn reads besides its command line."""

from __future__ import annotations

from typing import Any

from prometheus_client.multiprocess import mark_process_dead


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a gateway process that ended (gunicorn's hook)."""
    mark_process_dead(worker.pid)
