"""What is asked for beside what is only named: "ya la registré, ahora quiero la CURP", "no quiero pasaporte sino …".

Looked for before the errands and before what is said of the card in view: a deed that is told may sound like the answer
to a plan, though the message goes on to ask for something.
"""

from __future__ import annotations

from dataclasses import replace

from actions.dialogue import cards, plan
from actions.dialogue.aspects import asked, aspects_of
from actions.dialogue.clauses import clauses, parts
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import asked_apart, called, decide, names_of, of_verdict
from actions.dialogue.stay import IS_TALK
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.search import Verdict
from bot.understanding.danger import kind_of
from bot.understanding.decision import Decision

_WAITS = ("case", "remind_at", "drop_plan")
_SURE = 0.5


def asked_beside(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer what is asked for, where something else is only named and the search would look for both.

    A step of a plan that is told as done is marked as well. None where the message is one whole, or what is asked for
    is the matter in view.
    """
    apart = parts(turn.text)
    if apart is None or kind_of(turn.text) is not None or turn.memory.pending_kind in _WAITS:
        return None
    place = know.place_in(turn.text)
    if place is not None:
        turn = turn.remember(state=place.state, municipality=place.municipality)
    verdict = asked_apart(turn, know, Verdict("unknown", ()))
    if verdict is not None and verdict.outcome == "life_event":
        return of_verdict(turn.remember(pending=None), know, verdict, ())
    first = next((hit for hit in verdict.hits if hit.kind == "procedure"), None) if verdict is not None else None
    if verdict is None or first is None or verdict.outcome not in ("answer", "ask_place") or first.score < _SURE:
        return None
    card = know.catalogue.procedures[first.id]
    if not names_of(apart.left) & called(know, card) and _known_whole(turn, know, first.score):
        return None
    if cards.same_matter(know, turn.memory.last_procedure, card):
        return None
    wanted = aspects_of(apart.left, turn.intent, 0.0)
    found = of_verdict(turn.remember(pending=None), know, verdict, wanted)
    return _with_done(turn, know, apart.aside, found) if found is not None else None


def _known_whole(turn: Turn, know: Knowledge, score: float) -> bool:
    """Say whether the whole message is understood as well as its part ("sin seguro y quiero un doctor")."""
    whole = decide(turn, know)
    found = next((hit.score for hit in whole.verdict.hits if hit.kind == "procedure"), 0.0)
    return whole.kind == "life_event" or (whole.verdict.outcome == "answer" and found >= score)


def misheard(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer a wish that names something surely, though it was heard as talk ("quiero pedir que no se me acerque")."""
    certain = decision.intent in IS_TALK or dict(turn.ranking).get(decision.intent, 0.0) >= _CERTAIN
    wish = any(clause.stance == "wish" and clause.named for clause in clauses(turn.text))
    if decision.kind != "talk" or certain or not wish or len(turn.text.split()) < _SENTENCE:
        return None
    verdict = decide(turn, know, matter_only=True).verdict
    first = next((hit for hit in verdict.hits if hit.kind == "procedure"), None)
    if first is None or verdict.outcome not in ("answer", "ask_place") or first.score < _SURELY:
        return None
    return of_verdict(turn.remember(pending=None), know, verdict, asked(turn.text))


_CERTAIN = 0.8
_SURELY = 0.7
_SENTENCE = 4


def _with_done(turn: Turn, know: Knowledge, aside: str, found: Answer) -> Answer:
    """Return the answer with the step marked that was told as done, if the words name just one of a plan's."""
    begun = plan.current(turn, know)
    if begun is None:
        return found
    done = plan.steps_said(replace(turn, text=aside), know, begun, in_view=False)
    marked = plan.finish(turn, know, begun, done).context if len(done) == 1 else None
    return replace(found, context=marked) if marked is not None and found.context is None else found
