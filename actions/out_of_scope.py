"""What is no matter of a public procedure, as far as the classifier heard."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import is_follow_up, look_up, surer
from actions.dialogue.turn import Answer, Turn
from actions.dialogue.unknown import not_known

SURE = 0.8
"""From this confidence on a text is said to be out of scope, below it not to be known."""


class OutOfScope(WordsCapability):
    """A joke, a recipe, another country's papers, or words that were misheard."""

    action = "action_out_of_scope"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer from the cards where they are surer than the classifier; else say what this is for."""
        if surer(turn, know) or (turn.confidence < SURE and is_follow_up(turn, know)):
            found = look_up(turn, know)
            if found is not None:
                return found
        return not_known(turn, know, "out_of_scope" if turn.confidence >= SURE else "not_known")
