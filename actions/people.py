"""Where a person is needed: asked for, upset, or in danger."""

from __future__ import annotations

from actions.base import Capability, WordsCapability
from actions.dialogue.cards import safety_line
from actions.dialogue.correction import corrected
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide, goes_on, look_up
from actions.dialogue.resume import resume
from actions.dialogue.turn import Answer, Turn, answer
from actions.dialogue.unknown import not_known
from actions.dialogue.urgent import URGENT_CARDS, help_now
from bot.core.replies import Handoff, Say, ShowLifeEvent
from bot.understanding.danger import kind_of

_SURE = 0.8
_DOUBTFUL = 0.5
"""Below this, with no word of danger and a card that answers, nobody is frightened with an emergency number."""
_HARDLY = 0.3
"""Below this, with no word of danger, an emergency was only the least unlikely of all intents."""


class Human(WordsCapability):
    """ "I want to speak with a person." """

    action = "action_human"
    intents = ("human",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Bring one."""
        return answer(turn, "handoff", Handoff("asked"))


class Complaint(WordsCapability):
    """Anger with this service or with an office."""

    action = "action_complaint"
    intents = ("complaint",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say sorry and bring a person."""
        return answer(turn, "handoff", Say("sorry_upset"), Handoff("upset"))


class Emergency(Capability):
    """Danger to somebody."""

    action = "action_emergency"

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Give the lines and a person. Only where the decision is another gives this way, with the line said first."""
        if kind_of(turn.text) is None:  # "a mi hijo": an answer, whatever the classifier feared
            answered = corrected(turn, know) or resume(turn, know)
            if answered is not None:
                return answered
        decision = decide(turn, know)
        if decision.kind == "emergency" or turn.confidence >= _SURE or kind_of(turn.text) is not None:
            return help_now(turn, know)
        found = look_up(turn, know) if goes_on(turn) or decision.looks_up else None
        if found is not None and found.procedure not in URGENT_CARDS:
            said = any(isinstance(reply, ShowLifeEvent) and reply.life_event.sensitive for reply in found.replies)
            line = () if said or turn.confidence < _DOUBTFUL else safety_line(know)
            return found.preceded_by(*(each for each in line if each not in found.replies))
        if found is None and turn.confidence < _HARDLY:
            return resume(turn, know) or not_known(turn, know)
        return help_now(turn, know)
