"""Photos, voice notes and files: politely declined; the words that came with them are answered."""

from __future__ import annotations

from actions.base import Capability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Turn, answer
from actions.dialogue.urgent import help_now
from bot.core.replies import Say
from bot.understanding.danger import unmistakable


class Media(Capability):
    """A file that nobody opened."""

    action = "action_media"

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Say that it was not read; what was open stays open."""
        phrase = "audio_not_heard" if turn.entities.get("kind") == "audio" else "media_not_read"
        if unmistakable(turn.text):
            return help_now(turn, know)
        found = look_up(turn, know) if turn.text else None
        if found is not None:
            return found.preceded_by(Say(phrase))
        return answer(turn, "smalltalk", Say(phrase), pending=turn.memory.pending)
