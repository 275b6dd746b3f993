"""What is due by the clock rather than by a message: one loop over a list of timers, each safe with several workers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from bot.core.delivery import Outgoing
from bot.core.interactive import Template
from bot.core.messages import ChannelName
from bot.core.phrases import Phrases
from bot.core.procedures import LifeEvent, Procedure
from bot.core.replies import Say
from bot.store import DueReminder, Reminders
from channels.channel import Channel

log = logging.getLogger(__name__)

Timer = Callable[[], int]
"""Does what is due and returns how many things that was; 0: nothing is. It must not matter how many workers call it."""

_TEMPLATE = "recordatorio"
_AT_A_TIME = 50


class Timers:
    """Calls every timer in turn. One that fails does not stop the others."""

    def __init__(self, timers: Sequence[Timer], done: Callable[[], None]) -> None:
        """``done`` is called when something was done: others may have work now."""
        self._timers = tuple(timers)
        self._done = done

    def run(self) -> bool:
        """Do what is due; False when nothing was."""
        count = 0
        for timer in self._timers:
            try:
                count += timer()
            except Exception:  # a database that is away, a card that is gone: loud, and tried again
                log.exception("a timer failed")
        if count:
            self._done()
        return count > 0


class PhraseShelf(Protocol):
    """Gives the phrases of a language for a channel (bot.worker.turn.PhraseBook)."""

    def of(self, language: str, channel: str) -> Phrases:
        """Return them."""


class ReminderTimer:
    """Sends the reminders that are due, each in its channel's words."""

    def __init__(
        self,
        reminders: Reminders,
        channels: Mapping[ChannelName, Channel],
        phrases: PhraseShelf,
        procedures: Mapping[str, Procedure],
        life_events: Mapping[str, LifeEvent],
    ) -> None:
        """The cards say what a matter is called, and whether it may be named."""
        self._reminders = reminders
        self._channels = channels
        self._phrases = phrases
        self._procedures = procedures
        self._life_events = life_events

    def __call__(self) -> int:
        """Put what is due into the outbox."""
        count = 0
        while count < _AT_A_TIME and self._reminders.send_next(self.words):
            count += 1
        return count

    def words(self, due: DueReminder) -> tuple[Outgoing, ...]:
        """Return a reminder as messages. What was asked for on a call goes by SMS, and so does what has no channel."""
        name: ChannelName = due.channel if due.channel in self._channels and due.channel != "voice" else "sms"
        phrases = self._phrases.of(due.language, name)
        topic = self._topic(due)
        said = Say("reminder", {"topic": topic}) if topic else Say("reminder_private")
        messages = self._channels[name].render((said,), phrases).messages
        template = Template(_TEMPLATE, {"asunto": topic or phrases("a_procedure")}) if name == "whatsapp" else None
        return tuple(Outgoing(name, each.text, "reminder", template) for each in messages)

    def _topic(self, due: DueReminder) -> str | None:
        """Return what to name; None for what is unknown by now, or nobody else's business."""
        card, event = self._procedures.get(due.procedure or ""), self._life_events.get(due.life_event or "")
        known = [each for each in (card, event) if each is not None]
        if not known or any(each.sensitive != "none" for each in known):
            return None
        if event is not None and due.step is not None and due.step < len(event.steps):
            return event.steps[due.step].title
        return known[0].short
