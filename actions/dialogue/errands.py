"""What a person asks the assistant to do rather than to tell: plans, reminders, copies, calls; and coming back.

These are asked in the middle of anything, and often name a procedure ("recuérdeme el lunes lo del pasaporte"): they
are looked for before the cards are searched.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from actions.dialogue import plan, reminders, topic, transfer
from actions.dialogue.aspects import asked
from actions.dialogue.dates import plain, when
from actions.dialogue.events import show_event, show_step
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide
from actions.dialogue.nearest import event_of_deed
from actions.dialogue.turn import Answer, Turn, answer
from bot.core.replies import Ask, Say
from bot.core.turns import Plan
from bot.understanding.decision import Decision

HEARD = 0.5
"""From this confidence on the classifier's word is enough; below it the message must say so itself."""

# Folded words that leave little doubt, whatever else the message names.
_SAYS: dict[str, re.Pattern[str]] = {
    "cancel_reminders": re.compile(
        r"\b(?:cancel\w*|borr\w*|quit\w*|elimin\w*|no (?:me )?(?:recuerd|avis|mand)\w*)"
        r"\b.*\b(?:recordatori\w*|avisos?|alarma\w*)\b|\bya no me (?:recuerd|avis|lo recuerd|acuerd)\w*"
    ),
    "remind": re.compile(
        r"\b(?:recuerd[ea]\w*|acuerd[ea]me\w*|avis[ea]me\w*|recordatorios?|remind me)\b"
        r"|\bme (?:lo |la )?(?:puede[ns]?|podria[ns]?) (?:recordar|avisar|acordar)\b"
        r"|\b(?:recordar|avisar|acordar)me(?:lo|la)?\b"
        r"|\bme (?:recuerda[ns]?|avisa[ns]?|acuerda[ns]?)\b"
    ),
    "send_copy": re.compile(
        r"\b(?:mand|envi|pas|text)\w*(?: (?:eso|todo|la informacion|la lista|los requisitos|esto|por favor|porfa))*"
        r" (?:por|al|a mi|en|como|un|via) (?:un )?"
        r"(?:mensaje|sms|texto|mensajito|whats?\s?app|wh?ats\w*|wasap\w*|cel\w*)\b"
    ),
    "no_call": re.compile(
        r"\bno (?:me |nos )?(?:vaya\w* a )?(?:me |nos )?"
        r"(?:llames?|llamen|llamar(?:me)?|marques?|marquen|marcar(?:me)?)\b"
        r"|\bcancel\w* (?:la|mi|esa) llamada\b"
        r"|\bno (?:quiero|necesito|hace falta|es necesario|ocupo) que me (?:llam|marqu|habl)\w*"
        r"|\bya no (?:quiero|necesito|ocupo) (?:la llamada|esa llamada|que me (?:llam|marqu)\w*)"
    ),
    "call_me": re.compile(
        r"^(?:\w+ ){0,2}(?:llam|marqu)\w*me\b|\bme (?:puede[ns]?|podria[ns]?) (?:llamar|marcar)\b"
        r"|\b(?:llam|marqu)[ea](?:n|r)?me\b|\bhable(?:n)?me (?:por telefono|usted|ustedes)\b|\bcall me\b"
        r"|\b(?:mejor|prefiero que|quiero que|si (?:pueden?|podrian?)) me (?:llam|marqu|marc|habl)[ea]n?\b"
    ),
    "plan": re.compile(r"\b(?:mi|mis|el|del|ver|tengo) plan(?:es)?\b|^plan(?:es)?$"),
}
_PART = re.compile(
    r"\b(?:me recuerd\w+|recuerd\w*me) (?:por favor )?(?:otra vez )?"
    r"(?:el|la|los|las|cual|cuanto|donde|cuando|a donde|en que)\b "
    r"(?!dia\b|lunes|martes|miercoles|jueves|viernes|sabado|domingo|cita\b|tramite\b)"
)
_NEXT = re.compile(
    r"^(?:(?:y|oiga|entonces|ahora|luego|despues|pues) )*(?:que|q|cual|cuales) (?:es )?(?:(?:el|la|lo|mas|que|me) )*"
    r"(?:sigue|falta|faltan|toca|siguiente|sigue ahora)\b|^(?:el )?siguiente paso\b"
)
"""Asks for the next step, when there is a plan; else for more of what was said."""
_FIRST = re.compile(
    r"^(?:(?:y|oiga|entonces|pues|ok) )*(?:(?:que|cual|con cual|con que|por cual|por donde) "
    r"(?:es lo |hago |va |es (?:el |la )?|debo hacer |tengo que hacer |hay que hacer )?"
    r"(?:primer[oa]?|empiezo|empezamos|empezar|comienzo|comenzamos))"
)
"""Asks which step comes first."""
_ALREADY = re.compile(
    r"^(?:(?:pues|bueno|oiga|si|y|ok|listo|gracias|ah|fijese que) )*(?:(?:lo|la|los|las|el) (?:de )?(?:\w+ ){1,5}?)?"
    r"ya (?:(?:la|lo|las|los|me|nos|le) )*(?!(?:quiere|puede|debe|viene|sabe)(?!\w))"
    r"(?:tengo|tenemos|esta|estan|quedo|fui|di|dimos|\w{3,}(?:amos|imos|aron|ieron|e|i|io))(?!\w)"
    r"|^(?:tengo|tenemos) ya "
)
"""Says that something is there or was done already."""
_TAKE_AWAY = re.compile(
    r"^(?:(?:ya|mejor|por favor|si) )*(?:quit|borr|cancel|elimin)\w*l[oa]s?(?: (?:todos|todas|por favor))*$"
)
"""Takes away what was just listed."""
_NEXT_AFTER = re.compile(
    r"\b(?:que|q|cual|cuales) (?:es lo que |es el que )?(?:sigue|siguen|viene)(?: (?:despues|ahora|luego))?$"
    r"|\b(?:siguiente|proximo) (?:paso|tramite)\b|\b(?:que|q) (?:hago|hay que hacer) (?:despues|luego)\b"
)
"""Asks what comes after the card in view."""
_CANNOT_TALK = re.compile(
    r"\bno (?:(?:puedo|podria|podemos|puede\w*|quiero|debo|deseo|me|le|nos|lo|conviene|hay|tengo|es seguro|vaya|van?"
    r"|a) )+"
    r"(?:hablar|habl\w+|llam(?!\w*me\b)\w+|marqu(?!\w*me\b)\w+|marcar|contestar|telefono)\b"
)
"""A call is the last thing to promise to somebody who says that she cannot speak."""
_ANSWERS: dict[str, Callable[[Turn, Knowledge], Answer | None]] = {
    "plan": plan.tell_plan,
    "remind": reminders.remind,
    "cancel_reminders": reminders.cancel,
    "send_copy": transfer.send_copy,
    "no_call": transfer.no_call,
    "call_me": transfer.call_me,
}


def cannot_talk(turn: Turn) -> bool:
    """Say whether the person says that she cannot speak on the telephone."""
    return bool(_CANNOT_TALK.search(plain(turn.text)))


def asked_for(turn: Turn) -> bool:
    """Say whether the message's own words ask for an errand."""
    return named(turn) is not None


def named(turn: Turn) -> str | None:
    """Return the errand that the message's own words ask for."""
    return _told(turn, plain(turn.text))


_SURELY_CALL = 0.85
"""Below this confidence who asks for "el teléfono" wants the office's, and no call."""


def early(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer what must not wait for the search: an errand, or a question of this module; None for anything else."""
    said = plain(turn.text)
    told = _told(turn, said)
    if told is not None:
        return _ANSWERS[told](turn, know)
    answered = _answered(turn, know)
    if answered is not None:
        return answered
    if plan.DROPS.match(said) and (dropping := plan.ask_drop(turn, know)) is not None:
        return dropping
    heard = turn.intent in _ANSWERS and turn.confidence >= HEARD and not _asks_again(turn, said)
    of_card = turn.intent == "plan" and turn.memory.last_procedure is not None and asked(turn.text)
    of_card = of_card or (turn.intent == "call_me" and turn.confidence < _SURELY_CALL and "where" in asked(turn.text))
    if heard and not (turn.intent == "call_me" and cannot_talk(turn)) and not of_card:
        return _ANSWERS[turn.intent](turn, know)
    if _TAKE_AWAY.search(said) and _listed_reminders(turn):
        return reminders.cancel(turn, know)
    if _FIRST.search(said) and (first := _first_step(turn, know)) is not None:
        return first
    if _NEXT.search(said) and turn.memory.last_procedure is None and plan.plans_of(turn, know):
        return plan.tell_plan(turn, know)
    if _NEXT_AFTER.search(said) and (steps := steps_of_card(turn, know)) is not None:
        return steps
    if _ALREADY.match(said) and (done := _done_of_plan(turn, know)) is not None:
        return done
    if (
        turn.intent == "step_done"
        and turn.confidence >= HEARD
        and (turn.context.plans or decision.event or _event_of_card(turn, know) or _event_of_deed(turn, know))
    ):
        return step_done(turn, know)
    if turn.intent == "continue_topic" and turn.confidence >= HEARD:
        return go_on(turn, know)
    if decision.kind == "talk" and decision.intent == "greet" and decision.bare:
        return topic.offer(turn, know)
    return None


def _done_of_plan(turn: Turn, know: Knowledge) -> Answer | None:
    """Mark the one step of the life event in view that the words name as done; None where they name none."""
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    card = turn.memory.last_procedure
    if event is None or "?" in turn.text or asked(turn.text) or turn.memory.pending_kind not in (None, "step"):
        return None
    if card is not None and not any(card in step.procedures for step in event.steps):
        return None
    begun = next((each for each in turn.context.plans if each.life_event == event.id), Plan(event.id))
    found = plan.steps_said(turn, know, begun, in_view=False)
    return plan.finish(turn, know, begun, found) if len(found) == 1 else None


def _listed_reminders(turn: Turn) -> bool:
    """Say whether the last answer was of reminders."""
    previous = last(turn.before)
    said = previous.replies if previous else ()
    return any(isinstance(reply, Say) and "reminder" in reply.phrase for reply in said)


def _first_step(turn: Turn, know: Knowledge) -> Answer | None:
    """Show the card of the first step that is shown and not done."""
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    if event is None or turn.memory.last_procedure is not None:
        return None
    begun = next((each for each in turn.context.plans if each.life_event == event.id), Plan(event.id))
    left = plan.open_steps(event, begun, turn)
    return show_step(turn.remember(pending=None), know, event.id, left[0]) if left else None


def _told(turn: Turn, said: str) -> str | None:
    """Return the errand that the message's own words ask for."""
    name = next((name for name, pattern in _SAYS.items() if pattern.search(said)), None)
    return None if name == "remind" and _asks_again(turn, said) else name


def _asks_again(turn: Turn, said: str) -> bool:
    """Say whether "recuérdeme la dirección" asks to hear it again: a part of a card, and no day."""
    return bool(_PART.search(said)) and when(turn.text, turn.now).problem == "no_date"


def _answered(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer a question of this module that is open."""
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "remind_at" and turn.intent != "deny":
        return reminders.answer_when(turn, know)
    if pending.kind in ("continue", "drop_plan") and turn.intent in ("affirm", "deny", "continue_topic"):
        return decide_open(turn, know, turn.intent != "deny")
    return None


def decide_open(turn: Turn, know: Knowledge, yes: bool) -> Answer | None:
    """Answer a yes or no to "¿seguimos?" and "¿quito el plan?"."""
    pending = turn.memory.pending
    if pending is None:
        return None
    if pending.kind == "continue":
        return topic.go_on(turn, know) if yes else topic.leave(turn)
    if pending.kind == "drop_plan":
        return plan.drop(turn, know, pending.candidates[0]) if yes else go_on(turn, know)
    return None


def pick(turn: Turn, know: Knowledge, option_id: str) -> Answer | None:
    """Answer an option of this module; None for others."""
    kind, _, value = option_id.partition(":")
    if kind in ("yes", "no"):
        return decide_open(turn, know, kind == "yes")
    handler = {"plan": plan.pick_plan, "done": plan.pick_done, "drop": plan.drop}.get(kind)
    return handler(turn, know, value) if handler else None


def go_on(turn: Turn, know: Knowledge) -> Answer | None:
    """Go on where the person left: with the talk, else with a plan."""
    found = topic.go_on(turn, know)
    if found is not None and turn.memory.last_procedure is not None:
        return found
    plans = plan.plans_of(turn, know)
    if plans and not plan.is_private(know, plans[0].life_event):
        return plan.show_plan(turn, know, plans[0])
    return found or answer(turn, "clarify", Ask("what_else"))


def step_done(turn: Turn, know: Knowledge) -> Answer | None:
    """Mark what is done; begin the plan that a deed belongs to ("ya registré a mi bebé")."""
    found = plan.mark_done(turn, know)
    return found if found is not None else begun_by_deed(turn, know)


def steps_of_card(turn: Turn, know: Knowledge) -> Answer | None:
    """Show the steps that the card in view is one of: those that were shown before, else of the only life event."""
    card = turn.memory.last_procedure
    events = [e.id for e in know.catalogue.life_events.values() if any(card in s.procedures for s in e.steps)]
    begun = [each.life_event for each in turn.context.plans if each.life_event in events]
    shown = turn.memory.last_life_event if turn.memory.last_life_event in events else None
    talked = {past.memory.last_procedure for past in turn.before}
    steps = {id_: know.catalogue.life_events[id_].steps for id_ in events}
    known = {id_: sum(bool(talked & set(step.procedures)) for step in steps[id_]) for id_ in events}
    likely = [id_ for id_ in events if known[id_] == max(known.values())]
    id_ = shown or (begun[0] if begun else likely[0] if len(likely) == 1 else None)
    return show_event(turn, know, id_) if id_ is not None else None


def begun_by_deed(turn: Turn, know: Knowledge) -> Answer | None:
    """Begin the plan of the life event that the text tells of, with what is done already marked."""
    heard = decide(turn, know).event
    id_ = (
        turn.memory.last_life_event
        or _event_talked(turn, know)
        or (heard.id if heard else _event_of_card(turn, know) or _event_of_deed(turn, know))
    )
    if id_ is None or id_ not in know.catalogue.life_events:
        return None
    begun = Plan(id_)
    in_view = id_ in (turn.memory.last_life_event, _event_of_card(turn, know))
    found = plan.steps_said(turn, know, begun, in_view)
    return plan.finish(turn, know, begun, found) if len(found) == 1 else show_event(turn, know, id_)


def _event_of_deed(turn: Turn, know: Knowledge) -> str | None:
    """Return the life event that a deed is a step of, where nothing was talked about ("ya registré a mi bebé")."""
    if turn.memory.last_procedure is not None or "?" in turn.text or asked(turn.text):
        return None
    return event_of_deed(know, turn.text)


def _event_talked(turn: Turn, know: Knowledge) -> str | None:
    """Return the life event that most of what was talked about are steps of, if several things were."""
    talked = {past.memory.last_procedure for past in turn.before} | {turn.memory.last_procedure}
    counts = {
        event.id: len(talked & {id_ for step in event.steps for id_ in step.procedures})
        for event in know.catalogue.life_events.values()
    }
    most = max(counts.values(), default=0)
    likely = [id_ for id_, count in counts.items() if count == most]
    return likely[0] if most > 1 and len(likely) == 1 else None


def _event_of_card(turn: Turn, know: Knowledge) -> str | None:
    """Return the life event that the card in view belongs to first, if it is a step of it."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None:
        return None
    events = know.catalogue.life_events
    return next((e for e in card.life_events if any(card.id in step.procedures for step in events[e].steps)), None)
