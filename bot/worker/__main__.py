"""The worker process: ``python -m bot.worker``. Turns and deliveries in threads; everything it knows is in SQL."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial

from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import CatalogueError
from bot.core.hours import parse_hours
from bot.core.phrases import Phrases
from bot.handoff.calendar import mexican_holidays
from bot.handoff.desk import Desk
from bot.logs import configure
from bot.settings import ROOT, Settings, SettingsError, settings
from bot.store import LeaseLost, Store, open_engine
from bot.store.handoffs import Handoffs
from bot.store.store import utc_now
from bot.wake import Alarm
from bot.worker.degraded import Degraded
from bot.worker.delivery import DeliveryHandler
from bot.worker.engine_client import EngineClient
from bot.worker.metrics import DELIVERY_SECONDS, TURN_SECONDS, TURNS
from bot.worker.people import People
from bot.worker.turn import PhraseBook, TurnHandler
from channels.registry import CHANNELS
from channels.twilio import TwilioCarrier

log = logging.getLogger(__name__)

# How long a thread looks away when Redis does not wake it. Also the granularity of retries and expired leases.
_IDLE_SECONDS = 0.5
# A message whose turn fails this often (or kills its worker) is given up, visibly, so that the next ones get theirs.
_TURN_ATTEMPTS = 4
# Longer than one call to the carrier can take (2 s to connect, 6 s to answer), shorter than a citizen's patience.
_DELIVERY_LEASE_SECONDS = 10.0


class Worker:
    """The loops of one worker process."""

    def __init__(self, config: Settings) -> None:
        """Open everything a turn and a delivery need; fails here, in one sentence, rather than in a turn."""
        self._config = config
        self._name = f"{socket.gethostname()[:24]}:{os.getpid()}"
        self._stopping = threading.Event()
        self._alarm = Alarm(config.redis)
        database = open_engine(config.database)
        self._store = Store(database, config.secret)
        search = PlainSearch.open(config.catalogue, ROOT / "data" / "places")
        phrases = PhraseBook(partial(_load_phrases, config))
        self._turns = TurnHandler(
            engine=EngineClient(config.engines, config.engine_timeout),
            degraded=Degraded(search, config.human_number),
            channels=CHANNELS,
            phrases=phrases,
            institution=config.institution,
            people=People(
                Desk(Handoffs(database), parse_hours(config.human_hours, mexican_holidays())),
                config.human_number,
                config.time_zone,
                search.catalogue.procedures,
                search.catalogue.life_events,
            ),
        )
        carrier = TwilioCarrier(
            account_sid=config.account_sid,
            auth_token=config.auth_token,
            sender=config.twilio_sms_from,
            messaging_service_sid=config.twilio_messaging_service_sid,
            api_url=config.carrier_api_url,
            connect_timeout=2.0,
            read_timeout=6.0,
        )
        self._deliveries = DeliveryHandler(
            self._store, {"sms": carrier}, config.webhook_url, config.delivery_max_attempts
        )

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; what is under way is finished first."""
        threads = [
            threading.Thread(target=self._loop, args=(step,), name=f"{name}-{number}")
            for name, step in (("turns", self.turn), ("deliveries", self.delivery))
            for number in range(self._config.worker_threads)
        ]
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stop())
        for thread in threads:
            thread.start()
        log.info("worker started")
        for thread in threads:
            thread.join()
        log.info("worker stopped")

    def _stop(self) -> None:
        self._stopping.set()
        self._alarm.close()
        self._alarm.ring()

    def _loop(self, step: Callable[[], bool]) -> None:
        while not self._stopping.is_set():
            rings = self._alarm.rings
            try:
                busy = step()
            except Exception:
                # A database that is away, a card that cannot be rendered: loud, and never the end of the loop.
                log.exception("a step failed")
                busy = False
            if not busy:
                self._alarm.wait(rings, _IDLE_SECONDS)

    def turn(self) -> bool:
        """Run every waiting turn of one conversation, in order; False when no conversation waits."""
        lease = self._store.lease_conversation(self._name, self._config.lease_seconds)
        if lease is None:
            return False
        try:
            while not self._stopping.is_set():
                message = self._store.next_message(lease)
                if message is None:
                    break
                lease, attempt = self._store.begin_turn(lease, message, self._config.lease_seconds)
                state = self._store.state(lease.conversation_id)
                with TURN_SECONDS.labels(message.channel).time():
                    if attempt <= _TURN_ATTEMPTS:
                        outcome = self._turns.handle_turn(message, state, utc_now())
                    else:
                        outcome = self._turns.give_up(message, state)
                self._store.commit_turn(lease, message, outcome)
                TURNS.labels(message.channel, outcome.outcome).inc()
                self._alarm.ring()
        except LeaseLost:
            log.warning("lease lost, the turn is another worker's")
            return True
        self._store.release(lease)
        return True

    def delivery(self) -> bool:
        """Deliver one message; False when none is due."""
        with DELIVERY_SECONDS.time():
            return self._deliveries.deliver_next(self._name, _DELIVERY_LEASE_SECONDS)


def _load_phrases(config: Settings, language: str, channel: str) -> Phrases:
    return Phrases.load(config.locale_folder, language, channel)


def main() -> None:
    """Start one worker process; what is wrong with its surroundings is said in one sentence."""
    try:
        config = settings()
        configure("worker", config.log_level)
        worker = Worker(config)
    except (SettingsError, CatalogueError) as error:
        sys.exit(str(error))
    worker.run()


if __name__ == "__main__":
    main()
