"""Prometheus figures: counters of all processes (multiprocess mode), and the queues' figures read from SQL."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable

from flask import Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from bot.core.delivery import DeliveryStatus
from bot.store import Store
from bot.store.desk_events import DeskEvents
from channels.twilio import misconfigured

log = logging.getLogger(__name__)

INBOUND = Counter("ventanilla_inbound_total", "Webhook messages by channel and result", ("channel", "result"))


class _Queues:
    """A collector that asks SQL when it is scraped."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def collect(self) -> Iterable[Metric]:
        """Yield the queues' gauges; none without a database, for the counters must still be seen."""
        try:
            figures = self._store.figures()
        except Exception:  # any driver's error means the same here
            log.exception("no figures of the queues")
            return
        yield GaugeMetricFamily("ventanilla_messages_waiting", "Messages without a turn", figures.waiting_messages)
        yield GaugeMetricFamily(
            "ventanilla_oldest_message_seconds", "Age of the oldest of them", figures.oldest_waiting
        )
        yield GaugeMetricFamily("ventanilla_oldest_unsent_seconds", "Age of the oldest unsent", figures.oldest_unsent)
        yield GaugeMetricFamily("ventanilla_opted_out_contacts", "Contacts that said stop", figures.opted_out_contacts)
        deliveries = GaugeMetricFamily("ventanilla_deliveries", "Deliveries by status", labels=["status"])
        for status in DeliveryStatus:
            deliveries.add_metric([status.value], figures.deliveries.get(status, 0))
        yield deliveries
        yield _by_label("ventanilla_unsent", "Deliveries that wait after a failure", "code", figures.unsent_codes)
        yield _by_label("ventanilla_given_up_messages", "Messages without a turn", "outcome", figures.given_up)
        yield _by_label(
            "ventanilla_unreachable_addresses", "Addresses where nothing arrives", "code", figures.unreachable
        )
        blocked = sum(count for code, count in figures.unsent_codes.items() if misconfigured((code,)))
        yield GaugeMetricFamily("ventanilla_misconfigured_deliveries", "Deliveries that wait for an operator", blocked)


class _Desks:
    """What desks were told, asked of SQL when it is scraped."""

    def __init__(self, events: DeskEvents) -> None:
        self._events = events

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges; none without a database."""
        try:
            figures = self._events.figures()
        except Exception:  # any driver's error means the same here
            log.exception("no figures of the desks")
            return
        told = GaugeMetricFamily("ventanilla_desk_events", "Events for desks by status", labels=["sink", "status"])
        for (sink, status), count in sorted(figures.events.items()):
            told.add_metric([sink, status], count)
        yield told
        yield GaugeMetricFamily("ventanilla_desk_oldest_unsent_seconds", "Age of the oldest", figures.oldest_unsent)


def _by_label(name: str, help_text: str, label: str, counts: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for value, count in sorted(counts.items()):
        family.add_metric([value], count)
    return family


def metrics_page(store: Store, desks: DeskEvents) -> Response:
    """Return the page for one scrape."""
    registry = CollectorRegistry()
    registry.register(_Queues(store))  # a collector needs only collect()
    registry.register(_Desks(desks))
    parts = [generate_latest(registry)]
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        counted = CollectorRegistry()
        MultiProcessCollector(counted)
        parts.append(generate_latest(counted))
    else:
        parts.append(generate_latest(REGISTRY))
    return Response(b"".join(parts), content_type=CONTENT_TYPE_LATEST)
