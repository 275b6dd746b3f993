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
DELIVERIES = Counter("ventanilla_delivery_attempts_total", "Attempts by channel and result", ("channel", "result"))
SEGMENTS = Counter("ventanilla_segments_total", "Segments (SMS) or messages that the carrier took", ("channel", "kind"))
ANSWER_SEGMENTS = Histogram(
    "ventanilla_answer_segments",
    "Segments (SMS) or messages that one turn costs",
    ("channel", "outcome"),
    buckets=(0, 1, 2, 3, 4, 6, 10),
)
DESK_ATTEMPTS = Counter(
    "ventanilla_desk_attempts_total", "Attempts to tell a desk by receiver and result", ("sink", "result")
)
