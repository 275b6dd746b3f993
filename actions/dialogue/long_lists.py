"""A long list of steps, a part at a time: first what everybody does and what was told, the rest to who says "más".

Nobody hears sixteen steps to the end. A step that is only for some ("Si lo deportaron, …") waits behind those for
everybody, unless the person told what it is for; the first of a card and whatever is urgent stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

from actions.dialogue.cases import age_told
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import roots
from actions.dialogue.nearest import nearest_step
from actions.dialogue.steps import facts_of, is_conditional, key_of, step_options, steps_here
from actions.dialogue.story import told
from actions.dialogue.turn import Answer, Turn, answer
from actions.dialogue.urgent import URGENT_CARDS
from bot.catalogue.text import normalise
from bot.core.procedures import LifeEvent, LifeEventStep, applies
from bot.core.replies import Reply, Say, ShowLifeEvent, ShowPlan

MOST = 7
MOST_SPOKEN = 5
FEWEST = 4
"""A first part is at least this long, whatever the steps are for."""
_ONE_MORE = 1
"""A written list may be longer by this much rather than leave so little behind."""
_BETWEEN = re.compile(r"(?<!\w)de (?P<least>\d{1,3}) a (?P<most>\d{1,3}) anos(?!\w)")
_AS_ASKED = re.compile(r"^si se l[oa]s? pid\w+")
"""A condition that nobody tells of: others will ask for it, or not."""
_ENOUGH = 0.4
"""The share of a condition's words that tells of it."""


def first_of(
    turn: Turn,
    know: Knowledge,
    event: LifeEvent,
    indexes: Sequence[int],
    meant: int | None = None,
    fewest: int = FEWEST,
) -> list[int]:
    """Return the steps to show first, in order, of those that may apply; all of a list that is short.

    ``meant``: the step that the words point at. With fewer than ``fewest`` for everybody, those for some fill up.
    """
    most = MOST_SPOKEN if turn.channel == "voice" else MOST + _ONE_MORE
    if len(indexes) <= most or event.sensitive == "violence":
        return list(indexes)
    named = {meant, nearest_step(know, event, told(turn))}
    some = {index for index in indexes if index in named or is_told(turn, event, event.steps[index])}
    inorder = ordered(event, indexes, some)
    main = [index for index in inorder if index in {0, *some} or not _waits(event.steps[index])]
    first = main if len(main) >= fewest else inorder
    return first[: MOST_SPOKEN if turn.channel == "voice" else MOST]


def ordered(event: LifeEvent, indexes: Sequence[int], some: Collection[int] = ()) -> list[int]:
    """Return steps with what is only for some behind the others, but for those (``some``) that were told of."""
    everybody = [i for i in indexes if i == 0 or not _waits(event.steps[i])]
    waits = [i for i in indexes if i not in everybody]
    told_of, others = [i for i in waits if i in some], [i for i in waits if i not in some]
    begins = [i for i in everybody if i == 0 and (i in some or not _waits(event.steps[i]))]
    return [*begins, *told_of, *(i for i in everybody if i not in begins), *others]


def _waits(step: LifeEventStep) -> bool:
    return is_conditional(step) and not _is_urgent(step)


def _is_urgent(step: LifeEventStep) -> bool:
    return not URGENT_CARDS.isdisjoint(step.procedures)


def is_told(turn: Turn, event: LifeEvent, step: LifeEventStep) -> bool:
    """Say whether the person told of what a conditional step is for."""
    if step.when and applies(step.when, turn.case):
        return True
    condition = normalise(step.title.partition(",")[0])
    said, age = told(turn), age_told(told(turn))
    between = _BETWEEN.search(condition)
    if between is not None:
        return age is not None and int(between["least"]) <= age <= int(between["most"])
    if _AS_ASKED.search(condition):
        return False
    own = roots(condition) - roots(" ".join((event.name, event.short, *event.aliases)))
    own -= {word for other in event.steps if not is_conditional(other) for word in roots(other.title)}  # everybody's
    return bool(own) and len(own & roots(said)) >= _ENOUGH * len(own)


def there_is_more(event: LifeEvent, left: Sequence[int]) -> tuple[Reply, ...]:
    """Return the words that say that there are more steps, and how to hear them."""
    if not left:
        return ()
    special = all(is_conditional(event.steps[index]) for index in left)
    return (Say("more_steps_special" if special else "more_steps"),)


def more_steps(turn: Turn, know: Knowledge) -> Answer | None:
    """Show the steps that the list in view left out; None when no list is in view, or it was all shown."""
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    if event is None or turn.memory.last_procedure is not None:
        return None
    done = next((plan.done for plan in turn.context.plans if plan.life_event == event.id), ())
    shown = _shown(turn, event)
    every = [
        index
        for index, step in enumerate(event.steps)
        if key_of(step) not in done and applies(step.when, turn.case) is not False
    ]
    left = ordered(event, [index for index in every if key_of(event.steps[index]) not in shown])
    if not shown or not left:
        return None
    now = first_of(turn, know, event, left)
    options = step_options(event)
    part = replace(event, opening="", steps=steps_here(turn, know, event, now), notes=())
    listed = ShowLifeEvent(part, tuple(options[index] for index in now), facts_of(turn, know, event, now))
    after = there_is_more(event, [index for index in left if index not in now])
    return answer(turn, "life_event", listed, *after, pending=turn.memory.pending, life_event=event.id)


def _shown(turn: Turn, event: LifeEvent) -> set[str]:
    """Return the keys of the steps of the list in view: its first part, and what followed to who asked for more."""
    keys: set[str] = set()
    for past in reversed(turn.before):
        for reply in past.replies:
            if isinstance(reply, ShowLifeEvent) and reply.life_event.id == event.id:
                keys |= {key_of(step) for step in reply.life_event.steps}
                if reply.life_event.opening or isinstance(reply, ShowPlan):
                    return keys
    return keys
