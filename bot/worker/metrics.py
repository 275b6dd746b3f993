"""What a worker counts. With PROMETHEUS_MULTIPROC_DIR set, the gateway's /metrics shows the sums of all processes."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

TURNS = Counter("ventanilla_turns_total", "Turns by channel and outcome", ("channel", "outcome"))
TURN_SECONDS = Histogram(
    "ventanilla_turn_seconds",
    "Time from lease to outcome",
    ("channel",),
    buckets=(0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 3, 5),
)
DELIVERY_SECONDS = Histogram(
    "ventanilla_delivery_seconds", "Time of one delivery attempt", buckets=(0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10)
)
