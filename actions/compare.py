"""Two procedures, or one in two places, side by side."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.cards import show
from actions.dialogue.compare import aspects_of, names_something
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Turn


class Compare(WordsCapability):
    """ "Which is cheaper?", where what is compared was not understood."""

    action = "action_compare"
    intents = ("compare",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer about the one that was understood, or about the one in view."""
        found = look_up(turn, know) if names_something(turn, know) else None
        card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
        if found is None and card is not None:  # "the one of 3 or the one of 6 years?": of the same card
            return show(turn, know, card, aspects_of(turn))
        return found
