""" "I did not understand": the same in fewer and simpler words, and a person if that does not help."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.asides import simpler
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn


class Simpler(WordsCapability):
    """Say it more simply."""

    action = "action_simpler"
    intents = ("simpler",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say what the procedure is for and the least that it takes; of a question, how to answer it."""
        return simpler(turn, know)
