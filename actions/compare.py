"""Two procedures, or one in two places, side by side."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.compare import names_something
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Ask


class Compare(WordsCapability):
    """ "Which is cheaper?", where what is compared was not understood."""

    action = "action_compare"
    intents = ("compare",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer about the one that was understood, else ask which two."""
        found = look_up(turn, know) if names_something(turn, know) else None
        return found or answer(turn, "clarify", Ask("compare_which"))
