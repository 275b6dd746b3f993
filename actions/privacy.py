"""The person's data: what is done with them, how to have them deleted, how to be left alone."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Say


class DataUse(WordsCapability):
    """ "What do you do with my data?" """

    action = "action_data_use"
    intents = ("data_use",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Give the notice in short."""
        return answer(turn, "privacy", Say("privacy_summary"))


class DeleteData(WordsCapability):
    """ "Delete my data." """

    action = "action_delete_data"
    intents = ("delete_data",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say how it is asked for."""
        return answer(turn, "privacy", Say("privacy_delete_how"))


class Stop(WordsCapability):
    """No more messages, said in other words than the keyword."""

    action = "action_stop"
    intents = ("stop",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say the keyword that every channel obeys."""
        return answer(turn, "privacy", Say("stop_how"))
