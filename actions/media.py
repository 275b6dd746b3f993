"""Photos, voice notes, contacts, reactions: politely declined; the words that came with a file are answered."""

from __future__ import annotations

from dataclasses import replace

from actions.base import Capability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, look_up
from actions.dialogue.turn import Answer, Turn, answer
from actions.dialogue.urgent import help_now
from bot.core.replies import Say
from bot.understanding.danger import unmistakable

_PHRASE = {
    "audio": "audio_not_heard",
    "image": "image_not_read",
    "video": "video_not_read",
    "document": "document_not_read",
    "sticker": "sticker_seen",
    "contact": "contact_not_kept",
    "reaction": "reaction_seen",
}
"""What is said to a kind of file (bot.core.messages.MediaKind)."""


class Media(Capability):
    """A file that nobody opened."""

    action = "action_media"

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Say that it was not read; what was open stays open."""
        kind = str(turn.entities.get("kind") or "")
        phrase = _PHRASE.get(kind, "media_not_read")
        if unmistakable(turn.text):
            return help_now(turn, know)
        # A reaction's text is its emoji.
        found = look_up(replace(turn, ranking=PLAIN_QUESTION), know) if turn.text and kind != "reaction" else None
        if found is not None:
            return found.preceded_by(Say(phrase))
        return answer(turn, "smalltalk", Say(phrase), pending=turn.memory.pending)
