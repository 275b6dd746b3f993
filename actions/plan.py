"""Plans of life events: what is next, what is done, and going on where a person left."""

from __future__ import annotations

from actions.base import WordsCapability
from actions.dialogue import errands, plan
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn


class TellPlan(WordsCapability):
    """ "Mi plan", "¿qué sigue?" """

    action = "action_plan"
    intents = ("plan",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Show the plan."""
        return plan.tell_plan(turn, know)


class StepDone(WordsCapability):
    """ "Ya lo registré." """

    action = "action_step_done"
    intents = ("step_done",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Mark the step and say the next."""
        return errands.step_done(turn, know)


class GoOn(WordsCapability):
    """ "Sigamos con lo de ayer." """

    action = "action_continue_topic"
    intents = ("continue_topic",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Take up what was talked about."""
        return errands.go_on(turn, know)
