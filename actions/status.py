"""The state of a person's own application: not known here, and who knows it."""

from __future__ import annotations

from dataclasses import replace

from actions.base import WordsCapability
from actions.dialogue.aspects import asked
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Say, ShowProcedure

_HARDLY = 0.3


class Status(WordsCapability):
    """Say that files cannot be looked into, and, when the procedure is clear, where to ask."""

    action = "action_status"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer with the channels of the card, if the text or the conversation names one."""
        if turn.confidence < _HARDLY or {"deadline", "cost", "requirements", "hours"} & set(asked(turn.text)):
            return look_up(turn, know)
        found = look_up(turn, know, ("where",)) if turn.text else None
        shown = next((r for r in found.replies if isinstance(r, ShowProcedure)), None) if found else None
        if found is None or shown is None:
            return answer(turn, "answer", Say("status_unknown"))
        return replace(found, replies=(Say("status_unknown"), shown), memory=replace(found.memory, pending=None))
