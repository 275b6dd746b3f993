"""Telling desks: new events are read off, the next one that is due is sent, what became of it is written."""

from __future__ import annotations

import logging
import random
from datetime import timedelta

from bot.core.phrases import REFERENCE, Phrases
from bot.desk.chatwoot.client import Chatwoot
from bot.desk.chatwoot.sink import ChatwootSink
from bot.desk.sinks import EventSink, NotTaken, WebhookSink
from bot.settings import Settings, SettingsError
from bot.store import Engine
from bot.store.desk_events import DeskEvent, DeskEvents
from bot.store.desk_links import DeskLinks
from bot.store.desk_tokens import DeskTokens
from bot.store.store import utc_now
from bot.store.thread import Threads
from bot.worker.metrics import DESK_ATTEMPTS

log = logging.getLogger(__name__)

_LONGEST_PAUSE = 600.0
# A receiver that says that an event is wrong will hardly change its mind; those behind it should not wait for a day.
_REFUSED_ATTEMPTS = 8


class DeskDelivery:
    """One receiver's loop; any number of workers may run it."""

    def __init__(self, events: DeskEvents, sink: EventSink, *, sensitive: bool, give_up_after: timedelta) -> None:
        """``sensitive``: whether it may hear of sensitive matters. It hears of everything from its first step on."""
        self._events = events
        self._sink = sink
        self._sensitive = sensitive
        self._give_up_after = give_up_after
        self._begun = False

    @property
    def name(self) -> str:
        """The receiver's name."""
        return self._sink.name

    def close(self) -> None:
        """Close the receiver's connections."""
        self._sink.close()

    def step(self, worker: str) -> bool:
        """Read off what is new and send one event; False when there was nothing to do."""
        if not self._begun:  # here and not before: a worker also starts while the database is away
            self._events.begin(self._sink.name)
            self._begun = True
        read = self._events.relay(self._sink.name, sensitive=self._sensitive, since=utc_now() - self._give_up_after)
        event = self._events.lease(self._sink.name, worker, self._sink.lease_seconds)
        if event is None:
            return read > 0
        try:
            self._sink.send(event)
        except NotTaken as error:
            self._put_off(event, error)
        else:
            self._events.delivered(event)
            DESK_ATTEMPTS.labels(self._sink.name, "delivered").inc()
        return True

    def _put_off(self, event: DeskEvent, error: NotTaken) -> None:
        about = {"sink": event.sink, "desk_event": event.id, "code": error.code, "attempts": event.attempts}
        too_old = utc_now() - event.queued_at > self._give_up_after
        if too_old or (error.refused and event.attempts >= _REFUSED_ATTEMPTS):
            self._events.give_up(event, error.code)
            DESK_ATTEMPTS.labels(self._sink.name, "given_up").inc()
            log.error("desk event given up", extra=about)
            return
        after = max(pause(event.attempts), error.after)
        self._events.retry(event, error.code, after)
        DESK_ATTEMPTS.labels(self._sink.name, "retried").inc()
        log.warning("desk event put off", extra=about)


def pause(attempts: int) -> float:
    """Return the seconds before the next attempt: doubled each time up to ten minutes, and spread."""
    longest = min(2.0 ** min(attempts, 16), _LONGEST_PAUSE)
    return longest / 2 + random.uniform(0, longest / 2)  # noqa: S311 (a pause, not a secret)


def desk_deliveries(config: Settings, database: Engine) -> tuple[DeskDelivery, ...]:
    """Return the receivers that are set up; each is a thread of the worker.

    Raises:
        SettingsError: a receiver's address is set and its secret cannot be used.
    """
    sinks: list[EventSink] = []
    if config.desk_webhook_url:
        try:
            sinks.append(WebhookSink(config.desk_webhook_url, config.desk_webhook_secret))
        except ValueError as error:
            raise SettingsError(f"DESK_WEBHOOK_SECRET: {error} (`ventanilla desk secret` makes one)") from None
    if config.chatwoot_url:
        sinks.append(_chatwoot(config, database))
    give_up_after = timedelta(hours=config.desk_give_up_hours)
    return tuple(
        DeskDelivery(DeskEvents(database), sink, sensitive=config.desk_sensitive, give_up_after=give_up_after)
        for sink in sinks
    )


class ChatwootAccount:
    """A timer that acts once: where a Chatwoot is set up people are promised somebody, and where it is no more, not."""

    def __init__(self, config: Settings, tokens: DeskTokens) -> None:
        """Nothing is done yet: a worker also starts while the database is away."""
        self._config = config
        self._tokens = tokens
        self._done = False

    def __call__(self) -> int:
        """See :data:`bot.worker.timers.Timer`."""
        if self._done:
            return 0
        if self._config.chatwoot_url:
            self._tokens.adapter("chatwoot", self._config.institution, utc_now())
        else:
            self._tokens.retire("chatwoot")
        self._done = True
        return 0


def _chatwoot(config: Settings, database: Engine) -> ChatwootSink:
    missing = [name for name in ("chatwoot_account", "chatwoot_inbox", "chatwoot_token") if not getattr(config, name)]
    if missing:
        raise SettingsError(f"With CHATWOOT_URL set, these are needed too: {', '.join(missing).upper()}")
    tokens = DeskTokens(database)
    return ChatwootSink(
        Chatwoot(config.chatwoot_url, config.chatwoot_account, config.chatwoot_inbox, config.chatwoot_token),
        DeskLinks(database, "chatwoot"),
        Threads(database),
        tokens,
        lambda: tokens.adapter("chatwoot", config.institution, utc_now()).agent_id,
        lambda: Phrases.load(config.locale_folder, REFERENCE, "whatsapp"),
    )
