"""Reminders that a person asks for: when, of what, which there are, and no more of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from actions.dialogue import topic
from actions.dialogue.dates import When, plain, when
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide
from actions.dialogue.steps import is_conditional, key_of
from actions.dialogue.turn import Answer, Memory, Pending, Turn, answer
from bot.catalogue.text import normalise
from bot.core.effects import CancelReminders, Remind
from bot.core.hours import within_day
from bot.core.replies import Ask, Reply, Say
from bot.understanding.words import rest

MOST = 10
"""Reminders that wait at a time for one person."""
_TRIES = 2
_ASKED_BACK = {
    "no_date": "remind_when",
    "before_what": "remind_before_what",
    "past": "remind_past",
    "impossible": "remind_impossible",
    "far": "remind_far",
}
_WISH = re.compile(
    r"\b(?:(?:me )?(?:lo |la )?(?:puede[sn]?|podria[sn]?|podra[sn]?|quiero que|quisiera que|necesito que) (?:me )?)?"
    r"(?:recuerd\w*|recordar\w*|recordatorio\w*|acuerd\w*|acordar\w*|avis[aeo]\w*|avisar\w*|pon\w* un|pong\w*|"
    r"mand\w* un|programa\w*|agend\w*|alarma|remind\w*|me|que|tengo|hacer|ir|a|de|lo|la|el|los|las|un|una|por|favor|"
    r"para|sobre|del|al|mensaje|oiga|porfa|porfavor|y|eso|esto|ese|tramite|no|se|olvid\w*|olvide|venz\w*|vence|cuando|antes)\b"
)
_LIST = re.compile(
    r"\b(?:que|cuales|cuantos|mis|ver|cuando|hay|lista de) (?:\w+ ){0,3}(?:recordatori\w*|avisos)\b"
    r"|\brecordatorios (?:tengo|hay|pendientes)\b|\bque (?:me )?va[ns]? a (?:recordar|avisar)\b"
)


_MOVES = re.compile(r"^(?:no+|mejor|perdon|ay|digo|bueno|siempre|que sea|cambi\w+|pas\w+lo|muev\w+|entonces)(?!\w)")


def remind(turn: Turn, know: Knowledge) -> Answer:
    """Set a reminder, or ask for what is missing; say which there are when that is asked."""
    found = when(turn.text, turn.now)
    if found.problem == "no_date" and _LIST.search(plain(turn.text)):
        return tell(turn, know)
    subject = _subject(turn, know, found.rest)
    if found.at is None:
        return _ask_back(turn, found, subject, turn.text)
    return _set(turn, know, found.at, subject)


def moved(turn: Turn, know: Knowledge) -> Answer | None:
    """Move the reminder that was just set to another day ("no, mejor el viernes"); None when nothing says so."""
    previous = last(turn.before)
    just_set = previous is not None and any(
        isinstance(reply, Say) and reply.phrase.startswith("reminder_set") for reply in previous.replies
    )
    if not just_set or not turn.context.reminders or not _MOVES.search(plain(turn.text)):
        return None
    before = turn.context.reminders[-1]
    found = when(turn.text, turn.now)
    if found.at is None:
        return None
    left = replace(turn.context, reminders=turn.context.reminders[:-1])
    again = _set(replace(turn, context=left), know, found.at, (before.procedure, before.life_event, before.step))
    return replace(again, effects=(CancelReminders(before.at), *again.effects))


def answer_when(turn: Turn, know: Knowledge) -> Answer | None:
    """Complete a reminder whose day was asked for; None when the message is about something else."""
    pending = turn.memory.pending
    assert pending is not None
    found = when(turn.text, turn.now)
    if found.at is not None and pending.text:
        found = when(f"{pending.text} {turn.text}", turn.now)  # "una semana antes" of the day that is told now
    subject = _from_candidates(pending.candidates)
    if found.at is not None:
        return _set(turn, know, found.at, subject)
    if found.problem == "no_date":
        return None
    if pending.tries >= _TRIES:
        return answer(turn, "smalltalk", Say("remind_given_up"))
    return _ask_back(turn, found, subject, pending.text, pending.tries + 1)


def tell(turn: Turn, know: Knowledge) -> Answer:
    """Say which reminders wait."""
    waiting = waiting_ones(turn)
    if not waiting:
        return answer(turn, "smalltalk", Say("no_reminders"), pending=turn.memory.pending)
    lines: list[Reply] = [Say("reminders_heading")]
    for each in waiting:
        name = _name(know, each)
        named = Say("reminder_item", {"at": each.at, "topic": name}) if name else None
        lines.append(named or Say("reminder_item_plain", {"at": each.at}))
    return answer(turn, "smalltalk", *lines, pending=turn.memory.pending)


def cancel(turn: Turn, know: Knowledge) -> Answer:
    """Drop the reminder that is named by its day or its procedure, else all of them."""
    waiting = waiting_ones(turn)
    if not waiting:
        return answer(turn, "smalltalk", Say("no_reminders"))
    named = _named(turn, know, waiting) if len(waiting) > 1 else waiting
    if named and len(named) < len(waiting):
        effects = tuple(CancelReminders(each.at) for each in named)
        left = tuple(each for each in waiting if each not in named)
        context = replace(turn.context, reminders=left)
        return answer(turn, "smalltalk", Say("reminder_cancelled"), context=context, effects=effects)
    context = replace(turn.context, reminders=())
    phrase = "reminder_cancelled" if len(waiting) == 1 else "reminders_cancelled"
    return answer(turn, "smalltalk", Say(phrase), context=context, effects=(CancelReminders(),))


def waiting_ones(turn: Turn) -> tuple[Remind, ...]:
    """Return the reminders that are still to come, the next one first."""
    coming = (each for each in turn.context.reminders if datetime.fromisoformat(each.at) > turn.now)
    return tuple(sorted(coming, key=lambda each: datetime.fromisoformat(each.at)))


Subject = tuple[str | None, str | None, int | None]
"""A procedure's id, a life event's, and the step in it."""


def _set(turn: Turn, know: Knowledge, at: datetime, subject: Subject) -> Answer:
    if len(waiting_ones(turn)) >= MOST:
        return answer(turn, "smalltalk", Say("too_many_reminders"))
    moved = within_day(at)
    effect = Remind(moved.isoformat(timespec="seconds"), *subject)
    name = _name(know, effect)
    said: list[Reply] = [
        Say("reminder_set", {"at": effect.at, "topic": name}) if name else Say("reminder_set_plain", {"at": effect.at})
    ]
    if moved != at:
        said.append(Say("reminder_hours"))
    known = tuple(each for each in turn.context.reminders if each != effect)
    context = replace(turn.context, reminders=(*known, effect))
    pending = turn.memory.pending
    if pending is not None and pending.kind == "remind_at":
        pending = pending.then
    already = effect in turn.context.reminders
    return answer(
        turn,
        "answer",
        *said,
        pending=pending,
        procedure=effect.procedure,
        life_event=effect.life_event,
        context=context,
        effects=() if already else (effect,),
    )


def _ask_back(turn: Turn, found: When, subject: Subject, text: str, tries: int = 0) -> Answer:
    keeps = found.problem in ("no_date", "before_what")
    waiting = turn.memory.pending
    then = waiting.then if waiting is not None and waiting.kind == "remind_at" else waiting
    candidates = tuple("" if each is None else str(each) for each in subject)
    pending = Pending("remind_at", candidates, text=text if keeps else "", tries=tries, then=then)
    return answer(turn, "clarify", Ask(_ASKED_BACK[found.problem or "no_date"], wants="date"), pending=pending)


def _from_candidates(candidates: tuple[str, ...]) -> Subject:
    procedure, event, step = (*candidates, "", "", "")[:3]
    return procedure or None, event or None, int(step) if step.isdigit() else None


def _subject(turn: Turn, know: Knowledge, words: str) -> Subject:
    """Return what to remind of: what the words name, else what was talked about."""
    named = " ".join(_WISH.sub(" ", words).split())
    if rest(normalise(named)):
        decision = decide(replace(turn, text=named, ranking=()), know, matter_only=True)
        hits = decision.verdict.hits if decision.looks_up and decision.verdict.outcome != "unknown" else ()
        best = hits[0] if hits else None
        if best is not None:
            return (best.id, None, None) if best.kind == "procedure" else (None, best.id, None)
    memory = turn.memory
    if memory.last_procedure is None and memory.last_life_event is not None:
        return None, memory.last_life_event, _next_step(turn, know, memory)
    return memory.last_procedure, None, None


def _next_step(turn: Turn, know: Knowledge, memory: Memory) -> int | None:
    event = know.catalogue.life_events.get(memory.last_life_event or "")
    plan = next((each for each in turn.context.plans if each.life_event == memory.last_life_event), None)
    if event is None or plan is None:
        return None
    left = [index for index, step in enumerate(event.steps) if key_of(step) not in plan.done]
    certain = [index for index in left if not is_conditional(event.steps[index])]
    return next(iter(certain or left), None)


def _name(know: Knowledge, reminder: Remind) -> str | None:
    """Return what a reminder is called, None when it has no name or a private one."""
    memory = Memory(last_procedure=reminder.procedure, last_life_event=reminder.life_event)
    if topic.private(know, memory):
        return None
    event = know.catalogue.life_events.get(reminder.life_event or "")
    if event is not None and reminder.step is not None and reminder.step < len(event.steps):
        return event.steps[reminder.step].title
    return topic.name_of(know, memory)


def _named(turn: Turn, know: Knowledge, waiting: tuple[Remind, ...]) -> tuple[Remind, ...]:
    found = when(turn.text, turn.now)
    if found.at is not None:
        day = found.at.date()
        return tuple(each for each in waiting if datetime.fromisoformat(each.at).date() == day)
    words = set(normalise(turn.text).split())
    return tuple(each for each in waiting if (name := _name(know, each)) and set(normalise(name).split()) & words)
