"""Deliveries: take what is due, hand it to the carrier, and act on its answer by the error's own policy."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from bot.core.delivery import CarrierUnavailable, DeliveryError, Outgoing, OutgoingKind, StatusUpdate, Throttled
from bot.core.interactive import Template
from bot.core.phrases import Phrases
from bot.store import Delivery, Store
from bot.store.model import LateFailure, MovedMessage
from bot.store.store import utc_now
from bot.worker.metrics import DELIVERIES, SEGMENTS
from bot.worker.quiet import quiet_until, zones_of
from channels.carrier import Carrier
from channels.moving import moved, whole_as_sms
from channels.sms.segments import count

log = logging.getLogger(__name__)

FIRST_RETRY_SECONDS = 1.0
LONGEST_RETRY_SECONDS = 300.0
# How long a thread may stand still because every sender with something to send must wait.
_LONGEST_PAUSE = 0.25
_MISCONFIGURED_SECONDS = 60.0
# A carrier's refusal that comes after it took the message is tried again this often, after this long.
_LATE_ATTEMPTS = 3
_LATE_SECONDS = 30.0
# Opt-outs are confirmed where they were asked for and nowhere else.
_MAY_MOVE: frozenset[OutgoingKind] = frozenset({"answer", "agent", "reminder"})
OUTSIDE_WINDOW = "outside_window"


class RateLimit(Protocol):
    """bot.worker.limits.Limits."""

    def wait(self, channel: str, sender: str) -> float:
        """Return 0 when a message may go, else seconds."""


@dataclass(frozen=True)
class Rules:
    """What an operator decides. ``senders``: by channel, our numbers (or the Messaging Service that has them)."""

    max_attempts: int
    give_up_after: timedelta = timedelta(hours=24)
    give_up_reminders_after: timedelta = timedelta(hours=13)
    senders: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Instead:
    """What goes by SMS instead of WhatsApp, by the SMS channel's own rules."""

    def __init__(self, store: Store, phrases: Callable[[str], Phrases]) -> None:
        """``phrases``: those of the SMS channel, by language."""
        self._store = store
        self._phrases = phrases

    def of(self, conversation: str, delivery_id: str, message: Outgoing) -> MovedMessage | None:
        """Return a message as SMS, with what of its answer was still to come; None where nothing can be said.

        What MÁS brings belongs to the newest message: an older one goes whole, and so do an agent's words.
        """
        if message.kind == "agent" or self._store.newest_delivery(conversation) != delivery_id:
            whole = whole_as_sms(message)
            return MovedMessage(whole, None) if whole else None
        state = self._store.state(conversation)
        same = tuple(page for page in state.more if page.channel == message.channel)
        follows = same if message.kind == "answer" else ()
        phrases = self._phrases(state.context.language)
        pages = moved((message, *follows), "sms", phrases, choices=bool(state.options))
        if not pages:
            return None
        return MovedMessage(pages[0], pages[1:] if follows or pages[1:] else None)


class DeliveryHandler:
    """Delivers one message at a time; several may run in parallel, in threads and on machines."""

    def __init__(
        self,
        store: Store,
        carriers: Mapping[str, Carrier],
        public_url: str,
        rules: Rules,
        instead: Instead,
        limits: RateLimit | None = None,
    ) -> None:
        """``public_url``: where the carrier's status callbacks go. Without ``limits`` everything goes at once."""
        self._store = store
        self._instead = instead
        self._carriers = carriers
        self._public_url = public_url
        self._rules = rules
        self._limits = limits
        self._paused: dict[tuple[str, str], float] = {}
        self._lock = threading.Lock()

    def deliver_next(self, worker: str, lease_seconds: float) -> bool:
        """Deliver what is due next; False when nothing is."""
        paused = self._paused_now()
        delivery = self._store.lease_delivery(worker, lease_seconds, tuple(paused))
        if delivery is not None:
            self.deliver(delivery)
            return True
        if paused and self._store.anything_due():
            time.sleep(max(0.0, min(_LONGEST_PAUSE, min(paused.values()) - time.monotonic())))
            return True
        return False

    def deliver(self, delivery: Delivery) -> None:
        """Make one attempt. Whatever happens is written: accepted, due again later, or given up visibly."""
        try:
            if self._closed(delivery) or self._too_early(delivery):
                return
            carrier = self._carriers[delivery.channel]
            sender = self._sender(delivery)
            provider_id = None
            if delivery.recovering:
                # The last attempt was cut off: the carrier may have the message. It has no idempotency key, so ask.
                known = self._store.provider_ids(delivery.conversation_id, delivery.first_attempt_at)
                provider_id = carrier.find_sent(
                    delivery.number, delivery.text, delivery.first_attempt_at, known=known, sender=sender or None
                )
            if provider_id is None:
                if not self._fits_window(delivery) or self._must_wait(delivery, sender):
                    return
                provider_id = carrier.send(
                    delivery.number,
                    _outgoing(delivery),
                    delivery_id=delivery.delivery_id,
                    status_callback=f"{self._public_url}/channels/{delivery.channel}/status",
                    sender=sender or None,
                )
        except DeliveryError as error:
            self._failed(delivery, error)
        except Exception:
            log.exception("delivery failed unexpectedly", extra={"delivery_id": delivery.delivery_id})
            self._failed(delivery, CarrierUnavailable("unexpected"))
        else:
            self._store.delivery_accepted(delivery, provider_id)
            DELIVERIES.labels(delivery.channel, "accepted").inc()
            SEGMENTS.labels(delivery.channel, delivery.kind).inc(segments(delivery.channel, delivery.text))

    # ---- before an attempt -----------------------------------------------------------------------------------

    def _closed(self, delivery: Delivery) -> bool:
        """Close what is too old or has no way to go; put off what only an operator can set right."""
        limit = self._rules.give_up_reminders_after if delivery.kind == "reminder" else self._rules.give_up_after
        if utc_now() - delivery.created_at > limit:
            self._give_up(delivery, "too_old")
            return True
        if delivery.problem == "wrong_secret":
            log.error("VENTANILLA_SECRET does not open this address", extra={"delivery_id": delivery.delivery_id})
            self._store.delivery_retry(
                delivery, "wrong_secret", _MISCONFIGURED_SECONDS, taken_unknown=delivery.recovering, counted=False
            )
            return True
        if delivery.problem is not None:
            self._give_up(delivery, delivery.problem)
            return True
        return False

    def _too_early(self, delivery: Delivery) -> bool:
        """Put off until the morning what nobody waits for."""
        if delivery.kind != "reminder" or delivery.channel != "sms":
            return False
        until = quiet_until(utc_now(), zones_of(delivery.number, delivery.state))
        if until is None:
            return False
        self._store.delivery_wait(delivery, "quiet_hours", until)
        return True

    def _fits_window(self, delivery: Delivery) -> bool:
        """Say whether the channel takes this form now; if not, it goes by SMS, or is closed visibly."""
        if delivery.window_open or isinstance(delivery.interactive, Template):
            return True
        self._leave_window(delivery)
        return False

    def _leave_window(self, delivery: Delivery) -> None:
        may = delivery.sms_possible and delivery.kind in _MAY_MOVE
        sms = self._instead.of(delivery.conversation_id, delivery.delivery_id, _message(delivery)) if may else None
        if sms is not None:
            log.warning("sent by SMS instead", extra={"delivery_id": delivery.delivery_id, "code": OUTSIDE_WINDOW})
            self._store.delivery_moved(delivery, sms, OUTSIDE_WINDOW)
            DELIVERIES.labels(delivery.channel, "moved").inc()
        else:
            self._give_up(delivery, OUTSIDE_WINDOW)

    def _must_wait(self, delivery: Delivery, sender: str) -> bool:
        """Put a message back untouched when its sender may not send now; nothing of that sender is leased meanwhile."""
        wait = self._limits.wait(delivery.channel, sender) if self._limits else 0.0
        if wait <= 0:
            return False
        self._store.delivery_wait(delivery, "rate_limited", None, sender)
        with self._lock:
            self._paused[(delivery.channel, sender)] = time.monotonic() + wait
        return True

    def _paused_now(self) -> dict[tuple[str, str], float]:
        with self._lock:
            now = time.monotonic()
            self._paused = {sender: until for sender, until in self._paused.items() if until > now}
            return dict(self._paused)

    def _sender(self, delivery: Delivery) -> str:
        """Return the number that the person writes to, while it is ours; else always the same one for her."""
        ours = self._rules.senders.get(delivery.channel, ())
        if delivery.sender in ours:
            return str(delivery.sender)
        return ours[int(delivery.conversation_id, 16) % len(ours)] if ours else ""

    # ---- after an attempt ------------------------------------------------------------------------------------

    def _failed(self, delivery: Delivery, error: DeliveryError) -> None:
        if error.outside_window:
            self._store.close_window(delivery.conversation_id, delivery.first_attempt_at)
            again = isinstance(delivery.interactive, Template) and delivery.window_open
            if not again:
                self._leave_window(delivery)
                return
            self._store.delivery_retry(delivery, error.code, 0.0, taken_unknown=False, counted=False)
            return
        facts = {"delivery_id": delivery.delivery_id, "code": error.code, "attempts": delivery.attempts}
        if error.retryable and (delivery.attempts < self._rules.max_attempts or not error.counted):
            # What does not count as an attempt is tried ever more rarely all the same: by how long it waits.
            waited = int((utc_now() - delivery.created_at).total_seconds())
            after = retry_after(delivery.attempts if error.counted else waited.bit_length(), error.retry_after)
            log.warning("delivery put off", extra={**facts, "after": round(after, 1)})
            # What was not known stays so: it may be the question about it that failed.
            unknown = delivery.recovering or isinstance(error, CarrierUnavailable)
            self._store.delivery_retry(delivery, error.code, after, taken_unknown=unknown, counted=error.counted)
            DELIVERIES.labels(delivery.channel, "retried").inc()
            return
        self._give_up(delivery, error.code, opted_out=error.opted_out, unreachable=error.unreachable)

    def _give_up(self, delivery: Delivery, code: str, *, opted_out: bool = False, unreachable: bool = False) -> None:
        facts = {"delivery_id": delivery.delivery_id, "code": code, "attempts": delivery.attempts}
        log.error("delivery given up", extra=facts)
        self._store.delivery_failed(delivery, code, opted_out=opted_out, unreachable=unreachable)
        DELIVERIES.labels(delivery.channel, "given_up").inc()


def failed_late(store: Store, status: StatusUpdate, error: DeliveryError, instead: Instead) -> None:
    """Act on a failure that the carrier told after it had taken the message, by the same policy as before."""
    failure = store.late_failure(status)
    if failure is None:
        return
    if error.opted_out or error.unreachable:
        store.note_late(failure, error.code, opted_out=error.opted_out, unreachable=error.unreachable)
    if error.outside_window:
        store.close_window(failure.conversation_id, failure.created_at)
        other = _outside_window(failure, instead)
        if other is not None:
            store.send_again(failure, other, OUTSIDE_WINDOW)
        return
    # Only what says plainly that the message did not go: another code may hide one that arrived.
    if isinstance(error, Throttled) and failure.again < _LATE_ATTEMPTS:
        store.send_again(failure, MovedMessage(_message(failure)), error.code, _LATE_SECONDS * 2.0**failure.again)


def _outside_window(failure: LateFailure, instead: Instead) -> MovedMessage | None:
    if isinstance(failure.interactive, Template) and failure.again == 0:
        return MovedMessage(_message(failure))
    if failure.sms_possible and failure.kind in _MAY_MOVE:
        return instead.of(failure.conversation_id, failure.delivery_id, _message(failure))
    return None


def _message(delivery: Delivery | LateFailure) -> Outgoing:
    return Outgoing(delivery.channel, delivery.text, delivery.kind, delivery.interactive)


def _outgoing(delivery: Delivery) -> Outgoing:
    message = _message(delivery)
    # While free text may be sent a template says the same, needs approval and is billed.
    within = isinstance(delivery.interactive, Template) and delivery.window_open
    return replace(message, interactive=None) if within else message


def segments(channel: str, text: str) -> int:
    """Return what a message is billed as: the segments of an SMS, else one message."""
    return count(text).segments if channel == "sms" else 1


def retry_after(attempts: int, told: float | None) -> float:
    """Return the seconds to wait before attempt ``attempts + 1``.

    Exponential with full jitter (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/),
    never sooner than the carrier told us to (Retry-After), never later than five minutes of our own.
    """
    ceiling = min(LONGEST_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2.0 ** min(attempts, 16))
    wait = FIRST_RETRY_SECONDS / 2 + random.uniform(0, ceiling)  # noqa: S311 (jitter, not a secret)
    return max(wait, told or 0.0)
