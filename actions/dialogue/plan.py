"""Plans: which steps of a life event are done, which is next, and what a person says of them.

A plan lives in SQL (``TurnContext.plans``): it outlasts sessions, channels and Redis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.long_lists import first_of, there_is_more
from actions.dialogue.steps import facts_of, key_of, step_options, steps_here
from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import LifeEvent, LifeEventStep, applies
from bot.core.replies import Ask, Option, Reply, Say, ShowLifeEvent, ShowPlan
from bot.core.turns import Plan, TurnContext

MOST_PLANS = 8
_OTHERS = Option("plan:", phrase="option_other_plans")
_ORDINALS = ("primer", "segund", "tercer", "cuart", "quint", "sext", "septim", "octav", "noven", "decim")
_NUMBER_WORDS = ("uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "diez")
_ORDINAL = re.compile(rf"\b(?P<word>{'|'.join(_ORDINALS)})[oa]?s?\b")
_COUNTED = re.compile(
    rf"\b(?:l[ao]s?|el|paso|pasos|numero|num|opcion|y) (?P<word>\d{{1,2}}|{'|'.join(_NUMBER_WORDS)})\b"
    r"(?! (?:ano|mes|dia))"
)
_DONE_WORDS = frozenset(
    """
    acab acabe acabamos arregle cumpli cumplido di dieron entregaron entregue fui fuimos hecha hecho hice hicieron
    hicimos hizo fue lista listas listo listos quedo saque sacamos salio salimos termine terminamos terminado tengo
    tenemos tramite tramitamos tramitado pague pagamos pedi pedimos consegui obtuve paso pasos primera primero
    segunda segundo tercera tercero cuarta cuarto quinta quinto sexta ultimo ultima numero anote marque eso esa ese
    ayer antier hoy gracias ahora sigue siguiente entonces done already did got finished the
    """.split()  # noqa: SIM905
)
_DROP = re.compile(r"\b(?:borr|quit|elimin|cancel|olvid|descart|delet|drop)\w*|\bya no\b|\bdej\w+ (?:el|mi|ese) plan\b")
DROPS = re.compile(r"^(?:no )?ya no(?: (?:gracias|quiero|lo quiero|lo necesito|hace falta|me interesa|voy a \w+))*$")


def keep(turn: Turn, plan: Plan) -> TurnContext:
    """Return the context with this plan at the front, as it is now."""
    others = tuple(each for each in turn.context.plans if each.life_event != plan.life_event)
    plans = (replace(plan, opened_at=turn.now.isoformat(timespec="seconds")), *others)[:MOST_PLANS]
    return replace(turn.context, plans=plans)


def open_steps(event: LifeEvent, plan: Plan, turn: Turn) -> list[int]:
    """Return the indexes of the steps that may apply to the person and are not done."""
    return [
        index
        for index, step in enumerate(event.steps)
        if key_of(step) not in plan.done and applies(step.when, turn.case) is not False
    ]


def plans_of(turn: Turn, know: Knowledge) -> list[Plan]:
    """Return the person's plans whose card still exists, the latest first."""
    return [plan for plan in turn.context.plans if plan.life_event in know.catalogue.life_events]


def current(turn: Turn, know: Knowledge) -> Plan | None:
    """Return the plan that is talked about, else the one looked at last."""
    plans = plans_of(turn, know)
    talked = next((plan for plan in plans if plan.life_event == turn.memory.last_life_event), None)
    return talked or (plans[0] if plans else None)


def show_plan(turn: Turn, know: Knowledge, plan: Plan, *before: Reply) -> Answer:
    """Show what is done and what is next; at the end of it all the plan is closed."""
    event = know.catalogue.life_events[plan.life_event]
    left = open_steps(event, plan, turn)
    if not left:
        others = tuple(each for each in turn.context.plans if each.life_event != plan.life_event)
        said = (*before, Say("plan_finished", {"event": event.short}))
        return answer(turn, "life_event", *said, life_event=event.id, context=replace(turn.context, plans=others))
    done = tuple(step.title for step in event.steps if key_of(step) in plan.done)
    options = step_options(event)
    more = (_OTHERS,) if len(plans_of(turn, know)) > 1 else ()
    first = first_of(turn, know, event, left, fewest=1)
    shown = ShowPlan(
        replace(event, opening="", steps=steps_here(turn, know, event, first), notes=()),
        (*(options[index] for index in first), *more),
        facts_of(turn, know, event, first),
        done,
    )
    after = there_is_more(event, [index for index in left if index not in first])
    safety = cards.safety_line(know) if event.sensitive == "violence" else ()
    turn = turn.remember(last_life_event=event.id, last_procedure=None, last_aspects=())
    replies = (*before, *safety, shown, *after)
    return answer(turn, "life_event", *replies, life_event=event.id, context=keep(turn, plan))


def tell_plan(turn: Turn, know: Knowledge) -> Answer:
    """Answer "mi plan": the plan named or looked at last; dropped when the words say so."""
    plans = plans_of(turn, know)
    if not plans:
        return answer(turn, "clarify", Ask("no_plan"))
    named = _named_plan(turn, know, plans)
    if _DROP.search(normalise(turn.text)):
        chosen = named or (plans[0] if len(plans) == 1 else None)
        return drop(turn, know, chosen.life_event) if chosen else _which(turn, know, plans, "drop")
    chosen = named or plans[0]
    if named is None and is_private(know, chosen.life_event) and turn.memory.last_life_event != chosen.life_event:
        return _which(turn, know, plans, "plan")
    return show_plan(turn, know, chosen)


def pick_plan(turn: Turn, know: Knowledge, event_id: str) -> Answer | None:
    """Show a plan that was picked; without an id, let one of them be picked."""
    plans = plans_of(turn, know)
    if not event_id:
        return _which(turn, know, plans, "plan") if plans else None
    plan = next((each for each in plans if each.life_event == event_id), None)
    return show_plan(turn, know, plan) if plan else None


def drop(turn: Turn, know: Knowledge, event_id: str) -> Answer | None:
    """Forget a plan."""
    left = tuple(plan for plan in turn.context.plans if plan.life_event != event_id)
    event = know.catalogue.life_events.get(event_id)
    if event is None or len(left) == len(turn.context.plans):
        return None
    turn = turn.remember(last_life_event=None)
    said = Say("plan_dropped_private") if is_private(know, event_id) else Say("plan_dropped", {"event": event.short})
    return answer(turn, "smalltalk", said, context=replace(turn.context, plans=left))


def ask_drop(turn: Turn, know: Knowledge) -> Answer | None:
    """Ask whether "ya no" drops the plan in view."""
    plan = current(turn, know)
    if plan is None or shown_last(turn) is None or turn.memory.last_life_event != plan.life_event:
        return None
    event = know.catalogue.life_events[plan.life_event]
    sure = Ask("plan_drop_sure", (cards.YES, cards.NO), {"event": event.short})
    return answer(turn, "clarify", sure, pending=Pending("drop_plan", (plan.life_event,)))


def is_private(know: Knowledge, event_id: str) -> bool:
    """Say whether a life event is not to be named unless the person names it."""
    event = know.catalogue.life_events.get(event_id)
    return event is None or event.sensitive != "none"


def _which(turn: Turn, know: Knowledge, plans: Sequence[Plan], kind: str) -> Answer:
    options = tuple(
        Option(f"{kind}:{plan.life_event}", phrase="option_private_plan")
        if is_private(know, plan.life_event)
        else Option(f"{kind}:{plan.life_event}", know.catalogue.life_events[plan.life_event].short)
        for plan in plans
    )
    return answer(turn, "clarify", Ask("which_plan" if kind == "plan" else "which_plan_to_drop", options))


def _named_plan(turn: Turn, know: Knowledge, plans: Sequence[Plan]) -> Plan | None:
    """Return the plan that the words name: by its card's names, else as the search understands them."""
    words = [word for word in keywords(normalise(turn.text)) if word not in _PLAN_WORDS]
    if not words:
        return None
    said = {stem(word) for word in words}
    scored = [
        (len(said & _stems((event.name, event.short, *event.aliases))), -index)
        for index, plan in enumerate(plans)
        for event in (know.catalogue.life_events[plan.life_event],)
    ]
    best = max(scored, default=(0, 0))
    if best[0]:
        return plans[-best[1]]
    heard = _events_heard(" ".join(words), know)
    fitting = [plan for plan in plans if plan.life_event in heard]
    return min(fitting, key=lambda each: heard.index(each.life_event), default=None)


def _events_heard(text: str, know: Knowledge) -> list[str]:
    """Return the life events that a text may tell of, and those that what it names is a step of."""
    verdict = know.search.find(text)
    heard: list[str] = []
    for hit in (*verdict.hits, *verdict.others):
        if hit.kind == "life_event":
            heard.append(hit.id)
        else:
            heard += [
                event.id
                for event in know.catalogue.life_events.values()
                if any(hit.id in step.procedures for step in event.steps)
            ]
    return heard


_PLAN_WORDS = frozenset(
    """
    plan planes ver vea muestreme ensename ensenar dime digame paso pasos sigue falta faltan siguiente toca lista
    pendiente pendientes borre borrar quite quitar elimine eliminar cancele cancelar olvide deje quiero necesito ahora
    luego despues hecho llevo avance voy otro otra mostrar show delete next step steps what left still
    """.split()  # noqa: SIM905
)


# ---- "ya lo hice" ------------------------------------------------------------------------------------------------


def mark_done(turn: Turn, know: Knowledge) -> Answer | None:
    """Mark what the person says is done and say what is next; None when no plan has anything to do with it."""
    plans = plans_of(turn, know)
    plan = current(turn, know)
    if plan is None:
        return None
    for each in (plan, *(other for other in plans if other is not plan)):
        found = steps_said(turn, know, each, in_view=each is plan)
        if len(found) == 1 or (found and _numbers(turn.text)):
            return finish(turn, know, each, found)
        if found:
            return _ask_done(turn, know, each, found)
    return _ask_done(turn, know, plan, open_steps(know.catalogue.life_events[plan.life_event], plan, turn))


def finish(turn: Turn, know: Knowledge, plan: Plan, indexes: Iterable[int]) -> Answer:
    """Mark steps of a plan and show the rest."""
    event = know.catalogue.life_events[plan.life_event]
    steps = [event.steps[index] for index in indexes]
    fresh = tuple(key_of(step) for step in steps if key_of(step) not in plan.done)
    marked = replace(plan, done=(*plan.done, *fresh))
    said = tuple(Say("plan_step_done", {"step": step.title}) for step in steps)
    turn = replace(turn, context=keep(turn, marked))
    return show_plan(turn, know, marked, *said)


def pick_done(turn: Turn, know: Knowledge, value: str) -> Answer | None:
    """Mark the step that was picked (``<life event>:<step's key>``)."""
    event_id, _, key = value.partition(":")
    event = know.catalogue.life_events.get(event_id)
    if event is None:
        return None
    indexes = [index for index, step in enumerate(event.steps) if key_of(step) == key]
    plan = next((each for each in turn.context.plans if each.life_event == event_id), Plan(event_id))
    return finish(turn, know, plan, indexes) if indexes else None


def _ask_done(turn: Turn, know: Knowledge, plan: Plan, indexes: Sequence[int]) -> Answer | None:
    event = know.catalogue.life_events[plan.life_event]
    if not indexes:
        return show_plan(turn, know, plan)
    options = tuple(Option(f"done:{event.id}:{key_of(event.steps[i])}", event.steps[i].title) for i in indexes[:8])
    return answer(turn, "clarify", Ask("which_step_done", (*options, cards.NONE_OF_THESE)))


def steps_said(turn: Turn, know: Knowledge, plan: Plan, in_view: bool) -> list[int]:
    """Return the open steps that the words name: by number as last shown, by their own words, or the one in view."""
    event = know.catalogue.life_events[plan.life_event]
    left = open_steps(event, plan, turn)
    numbers = _numbers(turn.text)
    if numbers and in_view:
        listed = _listed(turn, event) or left
        return [listed[number - 1] for number in numbers if number <= len(listed)]
    said = {_root(word) for word in keywords(normalise(turn.text)) if word not in _DONE_WORDS}
    said -= {_root(word) for word in _DONE_WORDS} - {"registr"}
    deeds = {_root(word) for word in keywords(normalise(turn.text))}
    scores = {index: _score(event.steps[index], said, deeds, know) for index in left}
    best = max(scores.values(), default=(0, 0))
    if best[0] > 0:
        tied = [index for index, score in scores.items() if score == best]
        # "Ya lo registré": of steps that sound alike the next one is meant; later ones are for special cases.
        return tied[:1] if tied[0] == left[0] or len(tied) == 1 else tied
    if said or not in_view:
        return []
    shown = [index for index in left if turn.memory.last_procedure in event.steps[index].procedures]
    return shown[:1] or left[:1]


def _score(step: LifeEventStep, said: set[str], deeds: set[str], know: Knowledge) -> tuple[int, int]:
    """Return how many of the words are the step's own: in its title or its procedures' names; then of its title only.

    A verb alone ("saqué", "tramité") names no step, but settles between two that a thing names.
    """
    title = _stems((step.title,))
    known = (know.catalogue.procedures.get(id_) for id_ in step.procedures)
    names = title | _stems(name for card in known if card for name in (card.name, card.short, *card.aliases))
    conditional = step.title.lower().startswith("si ")
    return len(said & title) * 2 + len(said & names), len(deeds & title) * 2 - conditional


def _stems(names: Iterable[str]) -> set[str]:
    return {_root(word) for name in names for word in keywords(normalise(name))}


_DID = re.compile(r"(?<=\w{4})(?:amos|imos|aron|ieron|aste|iste)$")


def _root(word: str) -> str:
    """Return the stem of a word, the same for what was done by several ("registramos", "registre")."""
    return stem(_DID.sub("", word) if _DID.search(word) else word)


def _numbers(text: str) -> list[int]:
    """Return the places in a list that a text names, in order ("la 1 y la 2", "el segundo paso")."""
    folded = normalise(text)
    found = [(m.start(), _ORDINALS.index(m["word"]) + 1) for m in _ORDINAL.finditer(folded)]
    for match in _COUNTED.finditer(folded):
        word = match["word"]
        found.append((match.start(), int(word) if word.isdigit() else _NUMBER_WORDS.index(word) + 1))
    return list(dict.fromkeys(number for _, number in sorted(found) if number))


def _listed(turn: Turn, event: LifeEvent) -> list[int]:
    """Return the steps as the person last saw them numbered."""
    shown = shown_last(turn)
    if shown is None or shown.life_event.id != event.id:
        return []
    keys = [key_of(step) for step in event.steps]
    return [keys.index(key_of(step)) for step in shown.life_event.steps if key_of(step) in keys]


def shown_last(turn: Turn) -> ShowLifeEvent | None:
    """Return the steps that were shown last in this session."""
    shown = (reply for past in reversed(turn.before) for reply in past.replies if isinstance(reply, ShowLifeEvent))
    return next(shown, None)
