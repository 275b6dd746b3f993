"""What else there is to say: after all that a card brings first, what it says besides; then the next step."""

from __future__ import annotations

from actions.dialogue import cards, plan
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Turn, answer
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure, narrow
from bot.core.replies import Aspect, ShowProcedure

_WHOLE: frozenset[Aspect] = frozenset({"overview", "simple"})
_KEYWORD = "mas"
"""What brings the next page. Who still says it after the last one has read all of the card."""


def what_else(turn: Turn, know: Knowledge) -> Answer | None:
    """Say what the card in view has that was not shown yet; after that, the steps that are left; else None."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is not None and normalise(turn.text) != _KEYWORD:
        parts = _not_shown(turn, card)
        if parts:
            return _shown(turn, know, card, parts)
    event = turn.memory.last_life_event
    begun = next((each for each in plan.plans_of(turn, know) if each.life_event == event), None)
    if begun is None or card is None:
        return None
    return plan.show_plan(turn.remember(pending=None), know, begun)


def whole_shown(turn: Turn, card: Procedure) -> bool:
    """Say whether the whole card was shown already."""
    return bool(_WHOLE & {aspect for reply in _of_card(turn, card) for aspect in reply.aspects})


def _of_card(turn: Turn, card: Procedure) -> list[ShowProcedure]:
    replies = [reply for past in turn.before for reply in past.replies]
    return [reply for reply in replies if isinstance(reply, ShowProcedure) and reply.procedure.id == card.id]


def _not_shown(turn: Turn, card: Procedure) -> tuple[Aspect, ...]:
    shown = _of_card(turn, card)
    told = {aspect for reply in shown for aspect in reply.aspects}
    notes = {note for reply in shown if "notes" in reply.aspects for note in reply.procedure.notes}
    has: tuple[tuple[Aspect, bool], ...] = (
        ("who", bool(card.who)),
        ("duration", bool(card.duration)),
        ("output", bool(card.output or card.validity)),
        ("hours", any(channel.hours for channel in card.channels)),
        ("notes", not set(card.notes) <= notes),
    )
    return tuple(part for part, known in has if known and (part not in told or part == "notes"))


def _shown(turn: Turn, know: Knowledge, card: Procedure, parts: tuple[Aspect, ...]) -> Answer:
    state = card.jurisdiction.state or (turn.place.state if turn.place else None)
    narrowed = narrow(card, turn.case, state)
    words = cards.open_conditions(know, narrowed, turn.case)
    said = ShowProcedure(narrowed, parts, state, words)
    return answer(turn, "answer", said, pending=turn.memory.pending, procedure=card.id)
