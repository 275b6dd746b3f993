"""Not knowing: said plainly, always with a way on. The second time in a row the menu follows, the third a person."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from actions.dialogue import choice
from actions.dialogue.aspects import asked, aspects_of
from actions.dialogue.checklist import case_question
from actions.dialogue.events import menu
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import clarify, fully_named, of_verdict
from actions.dialogue.turn import Answer, Pending, Turn, answer
from actions.dialogue.unheard import asks_for_thing, names_any
from actions.dialogue.urgent import help_now
from bot.core.replies import Ask, Handoff, Reply, Say
from bot.understanding.decision import Decision

MENU_AT = 2
PERSON_AT = 3


SURE = 0.8
"""From this chance on a text is said to be out of scope, below it not to be known."""
NEAR = 0.5
"""Below this chance the nearest cards are offered along with the admission."""


CERTAIN = 0.6
"""From this score on the card answers a text that is likelier ours than not."""


CERTAIN_OURS = 0.5
"""The same, of a text that is surely of some procedure."""


def nothing_of_ours(turn: Turn, know: Knowledge, decision: Decision) -> Answer:
    """Say that the text is no matter of ours, as surely as that is known; in doubt offer the nearest cards."""
    chance = decision.chances["out_of_scope"]
    if turn.memory.pending is not None and turn.memory.pending.kind == "case":
        return not_known(turn, know)
    if not any(map(str.isalpha, turn.text)):  # a number that no menu has is near to nothing
        return not_known(turn, know)
    hits = decision.verdict.hits
    first = hits[0].score if hits else 0.0
    card = know.catalogue.procedures.get(hits[0].id) if hits else None
    named = card is not None and fully_named(know, card, turn.text)
    foreign = turn.intent == "out_of_scope" and turn.confidence >= SURE and not named
    if not foreign and chance < NEAR and decision.verdict.family and decision.verdict.place:  # known, but not there
        place = decision.verdict.place
        there = turn.remember(state=place.state, municipality=place.municipality)
        elsewhere = of_verdict(there, know, decision.verdict, ())
        if elsewhere is not None:
            return elsewhere
    enough = CERTAIN_OURS if decision.chances.get("procedure", 0.0) >= SURE else CERTAIN
    if not foreign and chance < NEAR and first >= enough and decision.verdict.outcome in ("answer", "ask_place"):
        likely = of_verdict(turn, know, decision.verdict, aspects_of(turn.text, turn.intent, turn.confidence))
        if likely is not None:
            return likely
    if turn.memory.misunderstandings and asks_for_thing(turn, know):
        return not_known(turn, know, "not_here")  # understood again, and again not had
    found = not_known(turn, know, "out_of_scope" if chance >= SURE else "not_known")
    likelier = chance >= SURE or (chance >= NEAR and first < CERTAIN)
    if likelier or found.outcome != "out_of_scope" or not hits or not names_any(turn, know, hits):
        return found
    asked = clarify(turn, know, hits, ())
    memory = replace(asked.memory, misunderstandings=found.memory.misunderstandings)
    return replace(asked, replies=tuple(map(_unsure, asked.replies)), outcome="out_of_scope", memory=memory)


def _unsure(reply: Reply) -> Reply:
    """Return the question with words that admit that none of these may be it."""
    if isinstance(reply, Ask) and reply.phrase == "which_procedure":
        return replace(reply, phrase="maybe_one_of_these")
    return reply


NotKnown = Literal["not_known", "out_of_scope", "not_here"]


def not_known(turn: Turn, know: Knowledge, kind: NotKnown = "not_known") -> Answer:
    """Say that the text is not known, or no matter of ours. An unanswered "where?" is asked once more."""
    count = turn.memory.misunderstandings + 1
    pending = turn.memory.pending
    if pending is not None and pending.kind in ("place", "cost_place") and not pending.tries:
        wanted = asked(turn.text)
        here = turn.remember(pending=replace(pending, aspects=wanted)) if wanted else turn
        again = choice.ask_again_where(here, know)
        if again is not None and wanted:  # not a place, but a question that hangs on it
            return again
        if again is not None:
            again = again.preceded_by(Say("place_not_found"))
            return replace(again, memory=replace(again.memory, misunderstandings=count))
    if pending is not None and pending.kind == "case":
        return _not_answered(turn, know, pending)
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is not None and card.sensitive == "violence" and count < PERSON_AT:
        # who told of violence is not told that she was not understood: the lines again, and what can be asked for
        helped = help_now(turn, know, "violence")
        return replace(helped, memory=replace(helped.memory, misunderstandings=count))
    if kind == "not_here":  # understood, and not had: it does not count against who asks
        return Answer((Say(kind),), replace(turn.memory, pending=None), "out_of_scope")
    memory = replace(turn.memory, pending=None, misunderstandings=count)
    if count >= PERSON_AT:
        return Answer((Handoff("not_understood"),), replace(memory, misunderstandings=0), "handoff")
    if count >= MENU_AT:
        return Answer((Say("not_known_again"), menu(know)), memory, "menu")
    return Answer((Say(kind),), memory, "out_of_scope")


def _not_answered(turn: Turn, know: Knowledge, pending: Pending) -> Answer:
    """Ask a question about the case once more; the second time the list is given without it."""
    card = know.catalogue.procedures.get(pending.candidates[0])
    condition = know.catalogue.conditions.get(pending.candidates[1])
    if card is None or condition is None or pending.tries:
        skipped = choice.case_told(turn, know, card, {}) if card else None
        return skipped or not_known(turn.remember(pending=None), know)
    again = replace(pending, tries=1)
    return answer(
        turn, "clarify", Say("case_not_understood"), case_question(condition), pending=again, procedure=card.id
    )
