"""The menu: what people ask most, and a person."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.events import menu
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Say


class Menu(WordsCapability):
    """Show the menu, also for "help" and "who are you"."""

    action = "action_menu"
    intents = ("menu",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say what this is, the first time, and show the menu."""
        intro = () if turn.before else (Say("what_this_is"),)
        return answer(turn, "menu", *intro, menu(know))
