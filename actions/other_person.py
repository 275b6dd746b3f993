"""Several people on one phone: a matter of somebody else's, with a case of its own."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.cards import for_other
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn


class OtherPerson(WordsCapability):
    """ "It is for somebody else." """

    action = "action_other_person"
    intents = ("other_person",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Begin a clean case; what is known of the first person is kept for when it is her turn again."""
        return for_other(turn, know, know.place_in(turn.text))
