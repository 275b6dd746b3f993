"""The menu: what people ask most, and a person."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue.events import menu, show_event
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Say

_PLAINLY = 0.95
"""From this confidence on the menu itself was asked for."""


class Menu(WordsCapability):
    """Show the menu, also for "help" and "who are you"."""

    action = "action_menu"
    intents = ("menu",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say what this is, the first time, and show the menu; who told of violence is shown what can be done."""
        card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
        if card is not None and card.sensitive == "violence" and turn.confidence < _PLAINLY:
            steps = next((e for e in know.catalogue.life_events.values() if e.sensitive == "violence"), None)
            if steps is not None:
                return show_event(turn.remember(pending=None), know, steps.id)
        intro = () if turn.before else (Say("what_this_is"),)
        return answer(turn, "menu", *intro, menu(know))
