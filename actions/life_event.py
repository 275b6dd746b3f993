"""What happened to a person: the steps that follow, in order."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Turn


class TellSteps(WordsCapability):
    """Show a life event's steps, or the card when the text names one procedure."""

    action = "action_life_event"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Look the text up; the intent makes life events win close calls."""
        return look_up(turn, know)
