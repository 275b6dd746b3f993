"""Picked options: what each kind of option id stands for (the ids are made in cards.py and events.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.events import menu, show_event, show_step
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import goes_on
from actions.dialogue.turn import Answer, Pending, Turn, answer, moved_to
from bot.catalogue.places import Place
from bot.core.procedures import Case, Procedure
from bot.core.replies import Ask, Aspect, Handoff, Say, ShowProcedure


def pick(turn: Turn, know: Knowledge, option_id: str) -> Answer | None:
    """Answer an option; None for an id that means nothing (any more)."""
    kind, _, value = option_id.partition(":")
    handler = _HANDLERS.get(kind)
    turn = _with_question(turn)
    return handler(turn, know, value) if handler else None


def _with_question(turn: Turn) -> Turn:
    """Return the turn with the words of the question that is being completed: they tell of the case ("renovar …")."""
    pending = turn.memory.pending
    return replace(turn, text=pending.text) if pending and pending.text else turn


def _procedure(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    card = know.catalogue.procedures.get(value)
    if card is None:
        return None
    where, pending = card.jurisdiction, turn.memory.pending
    if where.state and pending and pending.kind == "place":
        turn = turn.remember(state=where.state, municipality=where.municipality)
    return cards.show(turn, know, card, _aspects(turn))


def _family(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    ids = [card.id for card in know.catalogue.family_members(value)]
    return cards.settle(turn, know, ids, _aspects(turn)) if ids else None


def _step(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    event, _, index = value.rpartition(":")
    return show_step(turn, know, event, int(index), _aspects(turn)) if index.isdigit() else None


def _menu(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    if not value:
        return answer(turn, "menu", menu(know))
    return show_event(turn, know, value) if value in know.catalogue.life_events else None


def _state(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    if not value:
        return ask_again_where(turn, know)
    return at_place(turn, know, Place(value)) if value in know.places.state_names else None


def _town(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    """One of several municipalities of the same name (actions/dialogue/geography.py)."""
    state, _, municipality = value.partition("/")
    known = (state, municipality) in know.places.municipality_names
    return at_place(turn, know, Place(state, municipality)) if known else None


def _other_place(turn: Turn, know: Knowledge, _value: str) -> Answer | None:
    """None of the municipalities that have a card: say so, and offer what there is."""
    pending = turn.memory.pending
    known = [card for id_ in pending.candidates if (card := know.catalogue.procedures.get(id_))] if pending else []
    if pending is None or not known or turn.place is None:
        return None
    family = [know.catalogue.procedures[id_] for id_ in cards.siblings(know, known[0])]
    return cards.no_card(turn, know, family, pending.aspects, cards.family_name(know, known[0]))


def _case(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    """Take an answer about the case; an option of an earlier question still counts for the card in view."""
    condition_id, _, answer_id = value.partition(":")
    pending = turn.memory.pending
    waiting = pending is not None and pending.kind == "case"
    card = know.catalogue.procedures.get(
        (pending.candidates[0] if pending and waiting else turn.memory.last_procedure) or ""
    )
    condition = know.catalogue.conditions.get(condition_id)
    if card is None or condition is None or answer_id not in {each.id for each in condition.values}:
        return None
    return case_told(turn, know, card, {condition_id: answer_id})


def case_told(turn: Turn, know: Knowledge, card: Procedure, case: Case) -> Answer:
    """Go on with what was answered: the next question, or the list."""
    pending = turn.memory.pending
    aspects = pending.aspects if pending and pending.kind == "case" else turn.memory.last_aspects
    here = turn if cards.same_matter(know, turn.memory.last_procedure, card) else _back_to(turn, card)
    here = here.remember(case={**here.memory.case, **case}, pending=None)
    return cards.own_list(replace(here, text=""), know, card, aspects)


def _back_to(turn: Turn, card: Procedure) -> Turn:
    """Return to a card whose question was left for something else; what was told of its case then is told again."""
    earlier = next((t.memory for t in reversed(turn.before) if t.memory.last_procedure == card.id), turn.memory)
    return turn.remember(last_procedure=card.id, case=earlier.case, asked=earlier.asked, for_other=earlier.for_other)


def _none(turn: Turn, _know: Knowledge, _value: str) -> Answer:
    return answer(turn, "clarify", Ask("say_it_another_way"))


def _human(turn: Turn, _know: Knowledge, _value: str) -> Answer:
    return answer(turn, "handoff", Handoff("asked"))


def _yes(turn: Turn, know: Knowledge, _value: str) -> Answer | None:
    return agree(turn, know)


def _no(turn: Turn, know: Knowledge, _value: str) -> Answer | None:
    return refuse(turn, know)


_HANDLERS: dict[str, Callable[[Turn, Knowledge, str], Answer | None]] = {
    "procedure": _procedure,
    "family": _family,
    "step": _step,
    "menu": _menu,
    "state": _state,
    "place": _other_place,
    "town": _town,
    "case": _case,
    "none": _none,
    "human": _human,
    "yes": _yes,
    "no": _no,
}


def _aspects(turn: Turn) -> tuple[Aspect, ...]:
    return turn.memory.pending.aspects if turn.memory.pending else ()


def at_place(turn: Turn, know: Knowledge, place: Place) -> Answer:
    """Take a place that was told: it completes what waits for it, else it is noted and kept.

    A price's state is where an act was registered, not where the person lives: it is not kept in SQL.
    """
    pending = turn.memory.pending
    if goes_on(turn) and pending is not None and shown_since(turn, know, pending):
        turn = turn.remember(pending=None)
        pending = None
    turn = _with_question(turn)
    here = turn.remember(state=place.state, municipality=place.municipality)
    if pending is not None and pending.candidates:
        if pending.kind == "cost_place":
            card = know.catalogue.procedures.get(pending.candidates[0])
            if card is not None:
                return cards.show(here, know, card, pending.aspects)
        if pending.kind == "place":
            moved, context = moved_to(turn, place)
            return replace(cards.settle(moved, know, pending.candidates, pending.aspects), context=context)
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is not None and (card.family or card.jurisdiction.state or any(a.state for a in card.cost.amounts)):
        return cards.show_at(here, know, card, place, turn.memory.last_aspects)
    moved, context = moved_to(turn, place)
    named = f"{place.municipality}, {place.state}" if place.municipality else place.state
    if card is not None and not card.jurisdiction.abroad:
        noted = Say("place_noted_country", {"place": named, "procedure": card.short})
        return answer(moved, "smalltalk", noted, context=context, procedure=card.id)
    if card is None and turn.memory.last_life_event in know.catalogue.life_events:
        noted = Say("place_kept", {"place": named})
        if pending is not None and pending.kind == "step" and pending.candidates and not pending.tries:
            meant = cards.settle(moved, know, pending.candidates, ())
            return replace(meant.preceded_by(noted), context=context)
        steps = show_event(replace(moved, context=context), know, str(turn.memory.last_life_event))
        return steps.preceded_by(noted)
    return answer(moved, "smalltalk", Say("place_noted", {"place": named}), context=context)


def shown_since(turn: Turn, know: Knowledge, pending: Pending) -> bool:
    """Say whether a card of another matter was shown after a place was asked for."""
    previous = last(turn.before)
    if previous is not None and not any(isinstance(reply, ShowProcedure) for reply in previous.replies):
        return False  # the question was the last thing said
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    asked_of = know.catalogue.procedures.get(pending.candidates[0]) if pending.candidates else None
    other = card is not None and asked_of is not None and not cards.same_matter(know, card.id, asked_of)
    return pending.kind == "place" and other


def ask_again_where(turn: Turn, know: Knowledge) -> Answer | None:
    """Ask the open question about a place once more, without a guess."""
    pending = turn.memory.pending
    if pending is None or pending.kind not in ("place", "cost_place"):
        return None
    again = replace(pending, tries=pending.tries + 1)
    known = [card for id_ in pending.candidates if (card := know.catalogue.procedures.get(id_)) is not None]
    if not known:
        return answer(turn, "ask_place", Ask("ask_state"), pending=again)
    if pending.kind == "cost_place":
        ask = Ask("ask_state_for_cost", (), {"procedure": known[0].short})
    else:
        ask = Ask("ask_state_for", cards.place_options(known), {"procedure": cards.family_name(know, known[0])})
    return answer(turn, "ask_place", ask, pending=again)


def agree(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer a yes to the open question; None when none can be answered with yes."""
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "confirm_place" and pending.state:
        then = turn.remember(pending=pending.then)
        found = at_place(then, know, Place(pending.state, pending.municipality))
        _, context = moved_to(turn, Place(pending.state, pending.municipality))
        return replace(found, context=context)
    if pending.kind == "cost_place" and turn.context.guessed_state and not pending.tries:
        return at_place(turn, know, Place(turn.context.guessed_state))
    if len(pending.candidates) == 1 and pending.kind in ("place", "clarify"):
        only = pending.candidates[0]
        return pick(turn, know, only if ":" in only else f"procedure:{only}")
    return ask_again_where(turn, know) if not pending.tries else None


def refuse(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer a no to the open question; None when none is open."""
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "confirm_place":
        open_again = pending.then or Pending("place")
        return ask_again_where(turn.remember(pending=open_again), know)
    if pending.kind in ("place", "cost_place") and not pending.tries:
        return ask_again_where(turn, know)
    return _none(turn, know, "") if pending.kind == "clarify" else None
