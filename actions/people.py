"""Where a person is needed: asked for, upset, or in danger."""

from __future__ import annotations

from actions.base import Capability, WordsCapability
from actions.dialogue import about, bound, cases, stay, whereabouts
from actions.dialogue.after_danger import protection
from actions.dialogue.cards import card_conditions, safety_line, show
from actions.dialogue.correction import corrected
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide, goes_on
from actions.dialogue.resume import plainly_answered, resume
from actions.dialogue.turn import Answer, Turn, answer
from actions.dialogue.two_of_one import both_of_card
from actions.dialogue.unknown import not_known
from actions.dialogue.urgent import URGENT_CARDS, help_now
from actions.procedure import ShowCard
from bot.core.replies import Handoff, Say, ShowLifeEvent
from bot.understanding.danger import kind_of, long_ago

_NOTHING = ("out_of_scope", "menu", "handoff")
_SURE = 0.8
_UPSET = 0.35
"""From this share of the classifier's ranking on somebody is angry."""
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
        """Say sorry and bring a person; who was hardly heard to be angry is rather not understood."""
        share = dict(turn.ranking).get("complaint", turn.confidence)
        if share < _UPSET:
            return None
        card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
        told = cases.told(turn.text, card_conditions(know, card)) if card is not None and share < _SURE else {}
        if card is not None and told:  # "voy yo en su lugar, él ya no camina": of the case, whatever was heard
            return show(turn.remember(case={**turn.memory.case, **told}), know, card, turn.memory.last_aspects)
        return answer(turn, "handoff", Say("sorry_upset"), Handoff("upset"))


class Emergency(Capability):
    """Danger to somebody."""

    action = "action_emergency"

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Give the lines and a person. Only where the decision is another gives this way, with the line said first."""
        answered = (
            plainly_answered(turn, know)
            or stay.unable(turn, know)
            or both_of_card(turn, know)
            or protection(turn, know)
        )
        if answered is None and kind_of(turn.text) is None:  # "a mi hijo": an answer, whatever the classifier feared
            answered = (
                bound.answered(turn, know)
                or whereabouts.put_right(turn, know)
                or corrected(turn, know)
                or whereabouts.same_there(turn, know)
                or resume(turn, know)
            )
        if answered is not None:
            return answered
        decision = stay.calm(turn, know, decide(turn, know))
        calmed = about.calmed(turn, know, decision)
        if calmed is not None:
            return ShowCard().answer(calmed, know)
        if bound.unclear(turn, know, decision, alarmed=True):
            return not_known(turn, know)
        now = not long_ago(turn.text) and (turn.confidence >= _SURE or kind_of(turn.text) is not None)
        if decision.kind == "emergency" or now:
            return help_now(turn, know)
        found = ShowCard().answer(turn, know) if goes_on(turn) or decision.looks_up else None
        if found is not None and found.outcome not in _NOTHING and found.procedure not in URGENT_CARDS:
            said = any(isinstance(reply, ShowLifeEvent) and reply.life_event.sensitive for reply in found.replies)
            line = () if said or turn.confidence < _DOUBTFUL else safety_line(know)
            return found.preceded_by(*(each for each in line if each not in found.replies))
        if turn.confidence < _HARDLY and (found is None or found.outcome in _NOTHING):
            return found or not_known(turn, know)
        return help_now(turn, know)
