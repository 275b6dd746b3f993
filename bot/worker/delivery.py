"""Deliveries: take what is due, hand it to the carrier, and act on its answer by the error's own policy."""

from __future__ import annotations

import logging
import random

from bot.core.delivery import CarrierUnavailable, DeliveryError, Outgoing
from bot.store import Delivery, Store
from channels.carrier import Carrier

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0


class DeliveryHandler:
    """Delivers one message at a time; several may run in parallel, in threads and on machines."""

    def __init__(self, store: Store, carriers: dict[str, Carrier], public_url: str, max_attempts: int) -> None:
        """``public_url``: where the carrier's status callbacks go."""
        self._store = store
        self._carriers = carriers
        self._public_url = public_url
        self._max_attempts = max_attempts

    def deliver_next(self, worker: str, lease_seconds: float) -> bool:
        """Deliver what is due next; False when nothing is."""
        delivery = self._store.lease_delivery(worker, lease_seconds)
        if delivery is None:
            return False
        self.deliver(delivery)
        return True

    def deliver(self, delivery: Delivery) -> None:
        """Make one attempt. Whatever happens is written: accepted, due again later, or given up visibly."""
        outgoing = Outgoing(delivery.channel, delivery.text, delivery.kind, delivery.interactive)
        try:
            carrier = self._carriers[delivery.channel]
            provider_id = None
            if delivery.recovering:
                # The last attempt was cut off: the carrier may have the message. It has no idempotency key, so ask.
                known = self._store.provider_ids(delivery.conversation_id, delivery.first_attempt_at)
                provider_id = carrier.find_sent(delivery.number, delivery.text, delivery.first_attempt_at, known=known)
            if provider_id is None:
                provider_id = carrier.send(
                    delivery.number,
                    outgoing,
                    delivery_id=delivery.delivery_id,
                    status_callback=f"{self._public_url}/channels/{delivery.channel}/status",
                )
        except DeliveryError as error:
            self._failed(delivery, error)
        except Exception:
            log.exception("delivery failed unexpectedly", extra={"delivery_id": delivery.delivery_id})
            self._failed(delivery, CarrierUnavailable("unexpected"))
        else:
            self._store.delivery_accepted(delivery, provider_id)

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        facts = {"delivery_id": delivery.delivery_id, "code": error.code, "attempts": delivery.attempts}
        if error.retryable and delivery.attempts < self._max_attempts:
            after = retry_after(delivery.attempts, error.retry_after)
            log.warning("delivery put off", extra={**facts, "after": round(after, 1)})
            # What was not known stays so: it may be the question about it that failed.
            unknown = delivery.recovering or isinstance(error, CarrierUnavailable)
            self._store.delivery_retry(delivery, error.code, after, taken_unknown=unknown)
            return
        log.error("delivery given up", extra=facts)
        self._store.delivery_failed(delivery, error.code, opted_out=error.opted_out)


def retry_after(attempts: int, told: float | None) -> float:
    """Return the seconds to wait before attempt ``attempts + 1``.

    Exponential with full jitter (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/),
    never sooner than the carrier told us to (Retry-After), never later than five minutes of our own.
    """
    ceiling = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(attempts, 16))
    wait = FIRST_RETRY_SECONDS / 2 + random.uniform(0, ceiling)  # noqa: S311 (jitter, not a secret)
    return max(wait, told or 0.0)
