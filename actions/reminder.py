"""Reminders: asked for, listed, dropped."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue import reminders
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn


class Remind(WordsCapability):
    """ "Recuérdeme el lunes." """

    action = "action_remind"
    intents = ("remind",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Set the reminder, or ask when."""
        return reminders.remind(turn, know)


class CancelReminders(WordsCapability):
    """ "Ya no me recuerde nada." """

    action = "action_cancel_reminders"
    intents = ("cancel_reminders",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Drop them."""
        return reminders.cancel(turn, know)
