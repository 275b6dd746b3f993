"""Life events: what happened to a person, as steps in order, each with the card or cards that it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards, plan
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.long_lists import first_of, there_is_more
from actions.dialogue.naming import roots
from actions.dialogue.steps import facts_of, is_conditional, named_step, pointed_at, step_options, steps_here
from actions.dialogue.steps_meant import steps_meant
from actions.dialogue.story import fitting
from actions.dialogue.topics import can_tell
from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.catalogue.search import Hit
from bot.core.procedures import LifeEvent, applies
from bot.core.replies import Ask, Aspect, Option, ShowLifeEvent
from bot.core.turns import Plan

MENU = (
    "identidad_documentos",
    "nacimiento_hijo",
    "busqueda_empleo",
    "salud",
    "vejez_pension",
    "fallecimiento",
    "vehiculo",
)
"""The life events of the menu, the most asked for first (by how many procedures of the catalogue serve each)."""


def show_event(turn: Turn, know: Knowledge, id_: str, hits: Sequence[Hit] = ()) -> Answer:
    """Show the steps that can apply to the person, and begin a plan of them; picking one shows its card.

    Of a plan that is under way what is done and what is next is shown. ``hits``: what the search found for the words;
    the step that they point at is what a question about no step in particular is about next, and a conditional one
    ("Si lo deportaron, …") comes right after the first.
    """
    event = know.catalogue.life_events[id_]
    begun = next((each for each in turn.context.plans if each.life_event == id_), Plan(id_))
    if begun.done:
        return plan.show_plan(turn, know, begun)
    kept = [i for i, step in enumerate(event.steps) if applies(step.when, turn.case) is not False]
    options = step_options(event)
    meant = pointed_at(know, event, hits)
    if meant is None and hits and event.sensitive == "none":
        meant = named_step(know, event, turn.text, titles_only=True)
        if meant is not None and is_conditional(event.steps[meant]):  # not by what everybody says of the event
            telling = roots(turn.text) - roots(" ".join((event.name, event.short, *event.aliases)))
            meant = meant if telling & roots(event.steps[meant].title) else None
        meant = meant if meant is not None else _likely(turn, know, event)
    if meant in kept and meant is not None and is_conditional(event.steps[meant]):
        others = [i for i in kept if i != meant]
        kept = [*others[:1], meant, *others[1:]] if kept[0] != meant else kept
    every, kept = kept, first_of(turn, know, event, kept, meant)
    part = len(kept) < len(every)
    shown = ShowLifeEvent(
        replace(event, steps=steps_here(turn, know, event, kept), notes=() if part else event.notes),
        tuple(options[i] for i in kept),
        facts_of(turn, know, event, kept),
    )
    after = there_is_more(event, [i for i in every if i not in kept])
    turn = turn.remember(last_life_event=id_, last_procedure=None, last_aspects=())
    safety = cards.safety_line(know) if event.sensitive == "violence" else ()
    if any(number in event.opening for line in safety for number in line.params.values()):
        safety = ()  # its opening says it already
    said = turn.text if event.sensitive == "none" else ""
    # At the step that everybody begins with, words that tell of the event point by themselves: less follows from it.
    usual = meant == 0 and not is_conditional(event.steps[0])
    waiting = Pending("step", event.steps[meant].procedures if meant is not None else (), text=said, tries=int(usual))
    context = plan.keep(turn, begun)
    return answer(turn, "life_event", *safety, shown, *after, pending=waiting, life_event=id_, context=context)


_LIKELY, _MEANT = 0.5, 0.7
"""From these chances on a message that tells of an event means one of its steps at all, and this one."""


_LONGEST = 400
"""Characters of a message whose step is looked for: a flood of words means none."""


def _likely(turn: Turn, know: Knowledge, event: LifeEvent) -> int | None:
    """Return the step that the words are nearest to, though they name none ("me regresaron, ¿hay alguna ayuda?")."""
    if not can_tell(know) or len(turn.text) > _LONGEST:
        return None
    any_step, steps = steps_meant(know, event, turn.text)
    return event.steps.index(steps[0].step) if any_step >= _LIKELY and steps[0].chance >= _MEANT else None


def show_step(
    turn: Turn, know: Knowledge, event_id: str, index: int, aspects: tuple[Aspect, ...] = ()
) -> Answer | None:
    """Show a step's card: of several alternatives the place's; None when there is no such step (any more)."""
    event = know.catalogue.life_events.get(event_id)
    if event is None or not 0 <= index < len(event.steps):
        return None
    step = event.steps[index]
    if not any(id_ in know.catalogue.procedures for id_ in step.procedures):
        return None
    found = cards.settle(turn, know, fitting(turn, know, step.procedures), aspects, step.title)
    return replace(found, life_event=event_id, memory=replace(found.memory, last_life_event=event_id))


def menu(know: Knowledge) -> Ask:
    """Return the menu: the life events asked for most, and a person."""
    events = know.catalogue.life_events
    ids = [id_ for id_ in MENU if id_ in events]
    ids += [id_ for id_ in events if id_ not in ids][: len(MENU) - len(ids)]
    return Ask("menu", (*(Option(f"menu:{id_}", events[id_].short) for id_ in ids), cards.HUMAN))
