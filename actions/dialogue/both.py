"""Two questions in one message: both are answered, the one that needs no question of ours first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from actions.dialogue.aspects import asked, aspects_of
from actions.dialogue.cases import leftover, told
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, look_up, of_verdict, sought
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.search import Verdict
from bot.catalogue.text import normalise
from bot.core.replies import Ask, Aspect, ShowProcedure
from bot.understanding.words import rest

_SEAMS = re.compile(
    r"(?:[.,;?\n]+\s*(?:y\s+)?(?:tambi[eé]n\s+)?|\s+(?:y|e)\s+(?:tambi[eé]n\s+)?|\s+tambi[eé]n\s+|\s+adem[aá]s\s+(?:de\s+)?)(?=[¿\w])",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"(?<!\w)(?:quiero|quisiera|queria|necesito|ocupo|busco|me interesan?|me gustaria|quiero saber|saber|informes?"
    r"|lo del?|(?:como|donde) (?:\w+ )?(?:sac|tramit|hag|consig|pid|renuev|registr|obten)\w*)(?!\w)"
)
"""Two things that are wished for, with nothing asked of either."""
_MOST_SEAMS = 8
_SURE = 0.5
"""The least chance that each half's card is the right one."""
_SHORT = 5
"""Words of a half that asks nothing by itself ("cuánto cuesta el acta y la curp")."""


_LONGEST = 400
"""Characters of a message whose halves are looked up, each by itself: a flood of words is one whole."""


def both(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer two questions about two procedures; None when the message asks for one thing, or tells a story."""
    if len(turn.text) > _LONGEST:
        return None
    for first, second in _halves(turn.text):
        wanted = _wanted(turn, first, second)
        if wanted is None:
            continue
        found = [_found(turn, know, half) for half in (first, second)]
        if found[0] is None or found[1] is None or _topic(found[0]) == _topic(found[1]):
            continue
        return _joined(turn, know, (first, second), (found[0], found[1]), wanted)
    return None


def _halves(text: str) -> Iterator[tuple[str, str]]:
    for seam in list(_SEAMS.finditer(text))[:_MOST_SEAMS]:
        first, second = text[: seam.start()].strip(" ¿?"), text[seam.end() :].strip(" ¿?")
        if first and second:
            yield first, second


def _wanted(turn: Turn, first: str, second: str) -> tuple[tuple[Aspect, ...], tuple[Aspect, ...]] | None:
    """Return what each half asks for; a short second half asks the same as the first. None: they are no questions."""
    asks = asked(first), asked(second)
    wished = bool(_WISH.search(normalise(first)))
    if not any(asks) and wished:
        return (), ()
    if not (asks[0] or wished) or (
        not asks[1] and len(second.split()) > _SHORT and not _WISH.search(normalise(second))
    ):
        return None
    of_first = aspects_of(first, "", 0.0)
    return of_first, aspects_of(second, "", 0.0) or of_first


def _found(turn: Turn, know: Knowledge, half: str) -> Verdict | None:
    """Return what a half asks for, if it names a procedure of its own and surely."""
    if not rest(know.without_place(half)) or _tells_case(know, half):
        return None
    alone, place = turn.remember(last_procedure=None), know.place_in(half)
    if place is not None:  # the place's name would only draw to other cards of that place
        alone = alone.remember(state=place.state, municipality=place.municipality)
        half = know.without_place(half)
    verdict = sought(replace(alone, text=half, ranking=PLAIN_QUESTION), know)
    sure = verdict.outcome in ("answer", "ask_place") and verdict.hits and verdict.hits[0].score >= _SURE
    return verdict if sure else None


def _tells_case(know: Knowledge, half: str) -> bool:
    """Say whether a half only tells of the case that the other one asks about ("es mi primera")."""
    every = tuple(know.catalogue.conditions.values())
    return bool(told(half, every)) and not leftover(know.without_place(half), every)


def _topic(verdict: Verdict) -> str:
    return verdict.family or verdict.hits[0].id


def _joined(
    turn: Turn,
    know: Knowledge,
    halves: tuple[str, str],
    found: tuple[Verdict, Verdict],
    wanted: tuple[tuple[Aspect, ...], tuple[Aspect, ...]],
) -> Answer | None:
    answers: list[Answer] = []
    now = turn.remember(pending=None)
    for half, verdict, aspects in zip(halves, found, wanted, strict=True):
        here = now
        place = know.place_in(half)
        if place is not None:
            here = here.remember(state=place.state, municipality=place.municipality)
        answered = of_verdict(replace(here, text=half), know, verdict, aspects)
        if answered is None:
            return None
        answers.append(answered)
    if not _says(answers[0]) and not _says(answers[1]):  # both wait for a place: one after the other
        pending = answers[0].memory.pending
        waiting = replace(pending, after=halves[1]) if pending else None
        return replace(answers[0], memory=replace(answers[0].memory, pending=waiting))
    if not _says(answers[0]):
        answers.reverse()
    earlier, later = answers
    said = tuple(reply for reply in earlier.replies if not isinstance(reply, Ask))  # one question ends a turn
    return replace(later, replies=(*said, *later.replies), outcome="answer")


def _says(found: Answer) -> bool:
    return any(isinstance(reply, ShowProcedure) for reply in found.replies)


def and_then(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Answer what was put off until a question was answered, now that it is."""
    pending = turn.memory.pending
    if pending is None or not pending.after or not _says(found) or turn.intent in ("go_back", "repeat"):
        return found
    second = look_up(replace(turn, text=pending.after, memory=found.memory, ranking=PLAIN_QUESTION), know)
    if second is None:
        return found
    said = tuple(reply for reply in found.replies if not isinstance(reply, Ask))
    return replace(second, replies=(*said, *second.replies), context=second.context or found.context)
