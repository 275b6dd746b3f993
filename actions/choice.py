"""An option was picked, whatever way the channel let it be picked."""

from __future__ import annotations

from actions.base import Capability
from actions.dialogue import choice, errands
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn
from actions.dialogue.unknown import not_known


class Pick(Capability):
    """Answer the picked option."""

    action = "action_pick"

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Answer by the option's id; one that means nothing any more is not known."""
        id_ = str(turn.entities.get("option_id") or "")
        return errands.pick(turn, know, id_) or choice.pick(turn, know, id_) or not_known(turn, know)
