"""Yes and no: to what was asked, or to nothing in particular."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue import choice
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Ask, Say, open_options


class Affirm(WordsCapability):
    """Yes."""

    action = "action_affirm"
    intents = ("affirm",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Agree to the open question; with options open, ask for one of them; else ask what is wanted."""
        agreed = choice.agree(turn, know)
        if agreed is not None:
            return agreed
        previous = last(turn.before)
        offered = open_options(previous.replies) if previous is not None else ()
        if len(offered) == 1:
            return choice.pick(turn, know, offered[0].id)
        if previous is not None and previous.replies == (Say("privacy_delete_how"),):
            return answer(turn, "privacy", *previous.replies)
        if previous is not None and len(offered) > 1:
            again = [reply for reply in previous.replies if open_options((reply,))][-1:]
            return answer(turn, "clarify", Say("choose_one"), *again, pending=turn.memory.pending)
        return answer(turn, "smalltalk", Ask("what_else"))


class Deny(WordsCapability):
    """No."""

    action = "action_deny"
    intents = ("deny",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Refuse what was offered; with nothing open, leave it at that."""
        refused = choice.refuse(turn, know)
        if refused is not None:
            return refused
        previous = last(turn.before)
        if previous is not None and open_options(previous.replies):
            return choice.pick(turn, know, "none")
        return answer(turn, "smalltalk", Say("deny_ok"))
