"""Two questions about the card in view, in one message: "¿necesita abogado? ¿le cobran?"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from actions.dialogue import cards, details
from actions.dialogue.aspects import asked
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, decide
from actions.dialogue.stay import names_other
from actions.dialogue.turn import Answer, Turn, answer
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure
from bot.core.replies import ShowProcedure

_QUESTIONS = re.compile(r"[^?]+\?")
_T = TypeVar("_T")
_FEWEST = 2


def both_of_card(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer each question from the card in view; None unless there are several and each has an answer there.

    Parts of a card that are asked for by name need nothing of this: it is for a question that only a sentence answers.
    """
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    asks = [each.strip(" ,.;") for each in _QUESTIONS.findall(turn.text)]
    if card is None or len(asks) < _FEWEST or all(asked(each) for each in asks):
        return None
    if names_other(turn, know, card, decide(turn, know)):
        return None
    found = [_answered(turn, know, card, each) for each in asks]
    if any(each is None for each in found):
        return None
    shown = [each for each in found if each is not None]
    aspects = tuple(dict.fromkeys(aspect for each in shown for aspect in each.aspects))
    needed = _once(r for each in shown if "requirements" in each.aspects for r in each.procedure.requirements)
    notes = _once(n for each in shown if "notes" in each.aspects for n in each.procedure.notes)
    joined = replace(shown[0], procedure=replace(shown[0].procedure, requirements=needed, notes=notes), aspects=aspects)
    before = cards.safety_line(know) if card.sensitive == "violence" else ()
    return answer(turn, "answer", *before, joined, procedure=card.id)


def _once(items: Iterable[_T]) -> tuple[_T, ...]:
    listed = list(items)
    return tuple(item for index, item in enumerate(listed) if item not in listed[:index])


def _answered(turn: Turn, know: Knowledge, card: Procedure, question: str) -> ShowProcedure | None:
    here = replace(turn.remember(pending=None), text=question, intent="ask_procedure", confidence=0.0)
    here = replace(here, ranking=PLAIN_QUESTION)
    wanted = asked(normalise(question))
    found = cards.show(here, know, card, wanted) if wanted else details.meant(here, know, card)
    if found is None:
        return None
    return next((reply for reply in found.replies if isinstance(reply, ShowProcedure)), None)
