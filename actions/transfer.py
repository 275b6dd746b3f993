"""From one channel to another: a copy by message, a call."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue import errands, transfer
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn


class SendCopy(WordsCapability):
    """ "Mándemelo por mensaje." """

    action = "action_send_copy"
    intents = ("send_copy",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Send the last answer."""
        return transfer.send_copy(turn, know)


class CallMe(WordsCapability):
    """ "Llámeme." """

    action = "action_call_me"
    intents = ("call_me",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Promise the call, unless she says that she cannot speak."""
        if errands.cannot_talk(turn):
            return None
        return transfer.call_me(turn, know)
