"""Where the person is: told in words, or shared as a position."""

from __future__ import annotations

from actions.base import Capability, WordsCapability
from actions.dialogue import cards, choice
from actions.dialogue.geography import nearest, which_place
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import is_follow_up, look_up, surer
from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.core.replies import Ask, Say

_SURE = 0.6


class NotePlace(WordsCapability):
    """Take a place that was told outside of a question."""

    action = "action_place"
    intents = ("inform_place",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer "licencia en Jalisco" from the cards; note a bare place, and use it for what was talked about."""
        bare = is_follow_up(turn, know)
        if not bare and surer(turn, know):
            found = look_up(turn, know)
            if found is not None:
                return found
        told = bare or (turn.intent in self.intents and turn.confidence >= _SURE)
        place = know.place_answered(turn.text) if told else know.place_in(turn.text)
        rivals = know.places_meant(turn.text, _states_known(turn)) if told else ()
        if len(rivals) > 1:
            return which_place(turn, rivals)
        if rivals:
            place = rivals[0]
        if place is None:
            unclear = turn.memory.pending_kind not in (None, "step") or turn.confidence < _SURE
            return None if unclear else answer(turn, "ask_place", Ask("ask_state"), pending=Pending("place"))
        return choice.at_place(turn, know, place)


class SharePosition(Capability):
    """Turn a shared position into a municipality, and ask whether that is right."""

    action = "action_location"

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Ask to confirm the nearest place; what waited for a place waits on."""
        waiting = turn.memory.pending
        if waiting is not None and waiting.kind not in ("place", "cost_place"):
            waiting = None
        try:
            found = nearest(float(turn.entities["latitude"]), float(turn.entities["longitude"]))
        except (KeyError, TypeError, ValueError):
            found = None
        if found is None:
            said = (Say("location_not_in_mexico"), Ask("ask_state"))
            return answer(turn, "ask_place", *said, pending=waiting or Pending("place"))
        pending = Pending("confirm_place", state=found.state, municipality=found.municipality, then=waiting)
        named = f"{found.municipality}, {found.state}"
        return answer(turn, "ask_place", Ask("confirm_place", (cards.YES, cards.NO), {"place": named}), pending=pending)


def _states_known(turn: Turn) -> frozenset[str]:
    """Return the state that the person told before: of several namesakes hers is meant."""
    return frozenset({turn.place.state}) if turn.place else frozenset()
