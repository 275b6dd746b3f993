"""What happens in the middle of something else: a digression and the way back, silence, starting again."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.aspects import asked
from actions.dialogue.checklist import case_question
from actions.dialogue.events import menu
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.turn import Answer, Memory, Pending, Turn, answer
from bot.catalogue.text import normalise
from bot.core.replies import Ask, Say, open_options

_AGAIN_AFTER = ("answer", "smalltalk", "privacy")
"""Outcomes after which a question that still waits is asked again."""
_START_OVER = re.compile(
    r"^(?:(?:quiero|vamos a|hay que|mejor|otra vez|me gustaria|puedo|podemos) )*(?:volver a )?"
    r"(?:empez\w+|comenz\w+|empecemos|reinici\w+|inici\w+|arranc\w+)"
    r"(?: (?:de nuevo|otra vez|de cero|desde cero|de vuelta|desde el principio|desde el inicio|nuevamente|todo|por favor))*$"
    r"|^(?:de|desde) (?:cero|el principio|el inicio)$|^borron y cuenta nueva$|^start (?:again|over)$"
)


def went_back(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Ask again, once, what waited when the message was about something else."""
    pending = turn.memory.pending
    if pending is None or pending.tries or found.memory.pending is not None or found.outcome not in _AGAIN_AFTER:
        return found
    if found.memory.misunderstandings or open_options(found.replies) or not _digression(turn, found):
        return found
    question = _question(turn, know, pending, found.memory)
    if question is None or question in found.replies:
        return found
    memory = replace(found.memory, pending=replace(pending, tries=pending.tries + 1))
    return replace(found, replies=(*found.replies, question), memory=memory)


def _digression(turn: Turn, found: Answer) -> bool:
    """Say whether a message only leaves the matter for a moment: it asks something, or is a courtesy."""
    return found.outcome != "answer" or bool(asked(turn.text)) or "?" in turn.text


def _question(turn: Turn, know: Knowledge, pending: Pending, now: Memory) -> Ask | None:
    if pending.kind == "case":
        card = know.catalogue.procedures.get(pending.candidates[0])
        condition = know.catalogue.conditions.get(pending.candidates[1])
        if card is None or condition is None:
            return None
        same = now.last_procedure is not None and cards.same_matter(know, now.last_procedure, card)
        if same and condition.id in {**turn.context.case, **now.case}:
            return None
        ask = case_question(condition)
        params = {"procedure": card.short, **ask.params}
        return ask if same else replace(ask, phrase="case_question_again", params=params)
    if pending.kind in ("place", "cost_place"):
        previous = last(turn.before)
        return next((r for r in reversed(previous.replies) if isinstance(r, Ask)), None) if previous else None
    return None


def silence(turn: Turn, know: Knowledge) -> Answer:
    """Answer nothing at all: what waits is asked again, else how to go on is said."""
    previous = last(turn.before)
    again = [reply for reply in previous.replies if isinstance(reply, Ask)][-1:] if previous else []
    if again and turn.memory.pending is not None:
        return answer(turn, "clarify", Say("nothing_heard"), *again, pending=turn.memory.pending)
    return answer(turn, "smalltalk", Say("nothing_heard"), Ask("what_else"))


def starts_over(turn: Turn) -> bool:
    """Say whether a message asks to begin from the beginning."""
    return bool(_START_OVER.match(normalise(turn.text)))


def start_over(turn: Turn, know: Knowledge) -> Answer:
    """Forget the matter, not the person: her place, and what SQL keeps, stay."""
    fresh = Memory(state=turn.memory.state, municipality=turn.memory.municipality)
    return answer(replace(turn, memory=fresh), "menu", Say("started_over"), menu(know))
