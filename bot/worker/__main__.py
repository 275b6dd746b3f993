"""The worker process: ``python -m bot.worker``. Turns and deliveries in threads; everything it knows is in SQL."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from zoneinfo import ZoneInfo

from bot.catalogue.plain import PlainSearch
from bot.catalogue.reader import CatalogueError
from bot.core.phrases import Phrases
from bot.handoff.calendar import hours_of
from bot.handoff.desk import Desk
from bot.handoff.timeouts import Timeouts
from bot.handoff.words import Words
from bot.logs import configure
from bot.settings import ROOT, Settings, SettingsError, settings
from bot.store import Calls, LeaseLost, Reminders, Store, StoredMessage, open_engine
from bot.store.contents import ContentStore
from bot.store.desk_tokens import DeskTokens
from bot.store.handoffs import Handoffs
from bot.store.rings import Rings
from bot.store.store import utc_now
from bot.wake import ANSWERED, Alarm, Bell, Told
from bot.worker.area import with_guess
from bot.worker.calls import CallBackTimer, RingTimer
from bot.worker.degraded import Degraded
from bot.worker.delivery import DeliveryHandler, Instead, Rules, segments
from bot.worker.desk import ChatwootAccount, desk_deliveries
from bot.worker.engine_client import EngineClient
from bot.worker.hearing import Hearing, Typing
from bot.worker.limits import Limits
from bot.worker.metrics import ANSWER_SEGMENTS, DELIVERY_SECONDS, TURN_SECONDS, TURNS
from bot.worker.people import People
from bot.worker.timers import ReminderTimer, Timer, Timers
from bot.worker.turn import PhraseBook, TurnHandler
from channels.registry import CHANNELS
from channels.transcriber import HttpTranscriber
from channels.twilio import TwilioCalls, TwilioCarrier, WhatsAppCarrier
from channels.whatsapp.templates import TemplatesError, load_templates

log = logging.getLogger(__name__)

# A webhook's answer goes before the work that it leaves behind: Twilio waits for the one, a phone for the other.
_NICENESS = 5
# How long a thread looks away when Redis does not wake it. Also the granularity of retries and expired leases.
_IDLE_SECONDS = 0.5
# A message whose turn fails this often (or kills its worker) is given up, visibly, so that the next ones get theirs.
_TURN_ATTEMPTS = 4
# Longer than one call to the carrier can take (2 s to connect, 6 s to answer) and the making of a content before it
# (1 and 2.5), shorter than a citizen's patience.
_DELIVERY_LEASE_SECONDS = 13.0
# How long a voice note may take to come from the carrier.
_FETCH_SECONDS = 8.0


class Worker:
    """The loops of one worker process."""

    def __init__(self, config: Settings) -> None:
        """Open everything a turn and a delivery need; fails here, in one sentence, rather than in a turn."""
        self._config = config
        self._name = f"{socket.gethostname()[:24]}:{os.getpid()}"
        self._stopping = threading.Event()
        self._messages, self._outbox = Bell(), Bell()
        self._alarm = Alarm(config.redis, self._messages, self._outbox)
        self._told = Told(config.redis, ANSWERED)
        database = open_engine(config.database)
        self._store = Store(database, config.secret, *config.earlier_secrets)
        search = PlainSearch.open(config.catalogue, ROOT / "data" / "places")
        phrases = PhraseBook(partial(_load_phrases, config))
        cards = search.catalogue
        self._timers = Timers(
            [
                ReminderTimer(Reminders(database), CHANNELS, phrases, cards.procedures, cards.life_events),
                *self._calls(
                    Calls(database, config.secret, *config.earlier_secrets),
                    Rings(database, config.secret, *config.earlier_secrets),
                ),
                self._handoff_timeouts(Handoffs(database)),
                ChatwootAccount(config, DeskTokens(database)),
            ],
            self._alarm.ring,
        )
        can_call = "voice" in CHANNELS and bool(config.voice_from)
        self._desks = desk_deliveries(config, database)
        self._turns = TurnHandler(
            engine=EngineClient(config.engines, config.engine_timeout),
            degraded=Degraded(search, config.human_number),
            channels=CHANNELS,
            phrases=phrases,
            institution=config.institution,
            people=People(
                Desk(Handoffs(database), hours_of(config.human_hours, config.human_closed_days)),
                config.human_number,
                config.time_zone,
                search.catalogue.procedures,
                search.catalogue.life_events,
                can_call=can_call,
            ),
            line=config.human_number,
            can_call=can_call,
            call_hours=hours_of(config.voice_call_hours),
            zone=config.time_zone,
        )
        carrier = TwilioCarrier(
            account_sid=config.account_sid,
            auth_token=config.auth_token,
            sender=config.sms_number,
            messaging_service_sid=config.twilio_messaging_service_sid,
            api_url=config.carrier_api_url,
            connect_timeout=2.0,
            read_timeout=6.0,
        )
        whatsapp = WhatsAppCarrier(
            account_sid=config.account_sid,
            auth_token=config.auth_token,
            sender=config.twilio_whatsapp_from,
            contents=ContentStore(database, config.account_sid),
            templates=load_templates(ROOT / "data" / "whatsapp" / "templates.yml"),
            api_url=config.carrier_api_url,
            connect_timeout=2.0,
            read_timeout=6.0,
        )
        self._typing = Typing(whatsapp.show_typing)
        self._hearing = Hearing(whatsapp.fetch, _transcriber(config))
        self._deliveries = DeliveryHandler(
            self._store,
            {"sms": carrier, "whatsapp": whatsapp},
            config.webhook_url,
            Rules(
                max_attempts=config.delivery_max_attempts,
                give_up_after=timedelta(hours=config.delivery_give_up_hours),
                give_up_reminders_after=timedelta(hours=config.reminder_give_up_hours),
                senders={"sms": config.sms_senders},
            ),
            Instead(self._store, lambda language: phrases.of(language, "sms")),
            Limits(config.redis, config.rate_limits),
        )

    def _handoff_timeouts(self, handoffs: Handoffs) -> Timer:
        config = self._config
        zone = ZoneInfo(config.time_zone)
        words = Words(config.locale_folder, CHANNELS, "answer")
        timeouts = Timeouts(Desk(handoffs, hours_of(config.human_hours, config.human_closed_days)), words)
        return lambda: timeouts.run(utc_now().astimezone(zone))

    def _calls(self, calls: Calls, rings: Rings) -> tuple[Timer, Timer]:
        config = self._config
        carrier = TwilioCalls(
            config.account_sid, config.auth_token, sender=config.voice_from, api_url=config.carrier_api_url
        )
        hours = hours_of(config.voice_call_hours)
        by_itself = config.voice_agents == "auto"
        seconds = config.voice_ring_seconds
        return (
            RingTimer(rings, calls, carrier, config.webhook_url, seconds=seconds, by_itself=by_itself),
            CallBackTimer(calls, carrier, config.webhook_url, hours, config.time_zone),
        )

    def run(self) -> None:
        """Work until SIGTERM or SIGINT; what is under way is finished first."""
        threads = [
            threading.Thread(target=self._loop, args=(step, bell), name=f"{name}-{number}")
            for name, step, bell in (("turns", self.turn, self._messages), ("deliveries", self.delivery, self._outbox))
            for number in range(self._config.worker_threads)
        ]
        # The clock alone says when a timer has something to do: no message wakes it.
        threads.append(threading.Thread(target=self._loop, args=(self._timers.run, Bell()), name="timers"))
        threads += [
            threading.Thread(
                target=self._loop, args=(partial(desk.step, self._name), self._alarm), name=f"desk-{desk.name}"
            )
            for desk in self._desks
        ]
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: self._stop())
        for thread in threads:
            thread.start()
        log.info("worker started")
        for thread in threads:
            thread.join()
        self._typing.close()
        for desk in self._desks:
            desk.close()
        log.info("worker stopped")

    def _stop(self) -> None:
        self._stopping.set()
        self._alarm.close()
        self._alarm.ring(self._config.worker_threads)

    def _loop(self, step: Callable[[], bool], bell: Bell) -> None:
        while not self._stopping.is_set():
            rings = bell.rings
            try:
                busy = step()
            except Exception:
                # A database that is away, a card that cannot be rendered: loud, and never the end of the loop.
                log.exception("a step failed")
                busy = False
            if not busy:
                bell.wait(rings, _IDLE_SECONDS)

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
                lease, attempt = self._store.begin_turn(lease, message, self._seconds_for(message))
                state = with_guess(self._store.state(lease.conversation_id), self._store, lease.conversation_id)
                if not state.opted_out and not message.unreadable:
                    message = self._received(message, answering=not state.mode.open)
                with TURN_SECONDS.labels(message.channel).time():
                    if message.unreadable:
                        outcome = replace(self._turns.give_up(message, state), outcome="unreadable")
                    elif attempt <= _TURN_ATTEMPTS:
                        outcome = self._turns.handle_turn(message, state, utc_now())
                    else:
                        outcome = self._turns.give_up(message, state)
                self._store.commit_turn(lease, message, outcome)
                if message.channel == "voice":
                    self._told.tell(message.provider_id)  # the call's webhook waits
                TURNS.labels(message.channel, outcome.outcome).inc()
                cost = sum(segments(each.channel, each.text) for each in outcome.outgoing)
                ANSWER_SEGMENTS.labels(message.channel, outcome.outcome).observe(cost)
                self._outbox.ring(len(outcome.outgoing))
        except LeaseLost:
            log.warning("lease lost, the turn is another worker's")
            return True
        self._store.release(lease)
        return True

    def _seconds_for(self, message: StoredMessage) -> float:
        """Return how long the lease must last for this message's turn."""
        listening = _FETCH_SECONDS + self._config.transcriber_timeout if self._hearing.can_hear(message) else 0.0
        return self._config.lease_seconds + listening

    def _received(self, message: StoredMessage, answering: bool) -> StoredMessage:
        """Show that an answer comes, where it does and the channel can, and return the message as it was heard."""
        if answering and message.channel == "whatsapp":
            self._typing.start(message)
        return self._hearing.heard(message)

    def delivery(self) -> bool:
        """Deliver one message; False when none is due."""
        with DELIVERY_SECONDS.time():
            return self._deliveries.deliver_next(self._name, _DELIVERY_LEASE_SECONDS)


def _transcriber(config: Settings) -> HttpTranscriber | None:
    if not config.transcriber_url:
        return None
    return HttpTranscriber(
        config.transcriber_url, config.transcriber_token, config.transcriber_model, config.transcriber_timeout
    )


def _load_phrases(config: Settings, language: str, channel: str) -> Phrases:
    return Phrases.load(config.locale_folder, language, channel)


def main() -> None:
    """Start one worker process; what is wrong with its surroundings is said in one sentence."""
    try:
        config = settings()
        configure("worker", config.log_level)
        os.nice(_NICENESS)
        worker = Worker(config)
    except (SettingsError, CatalogueError, TemplatesError) as error:
        sys.exit(str(error))
    worker.run()


if __name__ == "__main__":
    main()
