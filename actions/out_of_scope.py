"""What is no matter of a public procedure, as far as the classifier heard."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide, is_follow_up, look_up
from actions.dialogue.turn import Answer, Turn
from actions.dialogue.unknown import SURE, nothing_of_ours


class OutOfScope(WordsCapability):
    """A joke, a recipe, another country's papers, or words that were misheard."""

    action = "action_out_of_scope"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say what this is for; a doubtful "¿y cuánto?" goes on with what was talked about."""
        if turn.confidence < SURE and is_follow_up(turn, know):
            found = look_up(turn, know)
            if found is not None:
                return found
        return nothing_of_ours(turn, know, decide(turn, know))
