"""Greetings, thanks, goodbyes and languages: short, and back to the matter."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Say

_DOUBTFUL = 0.5
_MOST_WORDS = 4


def misheard(turn: Turn) -> bool:
    """Say whether a sentence was taken for a courtesy for want of anything better."""
    return turn.confidence < _DOUBTFUL and len(turn.text.split()) > _MOST_WORDS


class Greet(WordsCapability):
    """Hello."""

    action = "action_greet"
    intents = ("greet",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Greet and say how to go on."""
        return answer(turn, "smalltalk", Say("greet"), Say("menu_hint"))


class Thanks(WordsCapability):
    """Thank you."""

    action = "action_thanks"
    intents = ("thanks",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer in kind."""
        return None if misheard(turn) else answer(turn, "smalltalk", Say("thanks"))


class Goodbye(WordsCapability):
    """Goodbye."""

    action = "action_goodbye"
    intents = ("goodbye",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say goodbye."""
        return None if misheard(turn) else answer(turn, "smalltalk", Say("goodbye"))


class Languages(WordsCapability):
    """Another language."""

    action = "action_languages"
    intents = ("change_language",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say which languages there are."""
        return answer(turn, "menu", Say("languages_available"))
