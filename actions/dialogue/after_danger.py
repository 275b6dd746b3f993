"""What can be asked of an authority, once the lines to call were given: "quiero que no se me pueda acercar".

Who told of violence and goes on is not only given the lines again: the card that her words find among those for her is
shown, with the line to call before it. Danger that is told plainly stays danger.
"""

from __future__ import annotations

from dataclasses import replace

from actions.dialogue import cards, details
from actions.dialogue.aspects import asked, aspects_of
from actions.dialogue.clauses import clauses
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, decide, fits_place
from actions.dialogue.stay import CERTAINLY_TALK, IS_TALK
from actions.dialogue.turn import Answer, Turn
from actions.dialogue.urgent import URGENT_CARDS
from bot.understanding.danger import kind_of, unmistakable

_LEAST = 0.25
_MOST_WORDS = 30


def protection(turn: Turn, know: Knowledge) -> Answer | None:
    """Show the card for victims that is asked for, after the lines were given; None of anything else."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or card.sensitive != "violence" or len(turn.text.split()) > _MOST_WORDS or unmistakable(turn.text):
        return None
    if turn.intent in IS_TALK and turn.confidence >= CERTAINLY_TALK:  # "¿quién puede ver lo que escribo?"
        return None
    asks = any(clause.stance in ("wish", "question") for clause in clauses(turn.text))
    if not asks and kind_of(turn.text) is not None:
        return None
    wished = replace(turn.remember(pending=None), ranking=PLAIN_QUESTION)
    verdict = decide(wished, know, matter_only=True).verdict
    found = next(
        (
            other
            for hit in verdict.hits
            if hit.kind == "procedure"
            and hit.score >= _LEAST
            and (other := know.catalogue.procedures[hit.id]).sensitive == "violence"
            and fits_place(other, know.place_in(turn.text) or turn.place)
        ),
        None,
    )
    first = next((hit.id for hit in verdict.hits if hit.kind == "procedure"), None)
    if found is None or found.id in URGENT_CARDS or found.id == card.id or found.id != first:
        return None
    wanted = aspects_of(turn.text, turn.intent, turn.confidence) if asked(turn.text) else ()
    of_it = wished.remember(last_procedure=found.id)
    if details.asks_for_one(turn.text) and (told := details.meant(of_it, know, found, details.OUTSPOKEN)) is not None:
        return told.preceded_by(*cards.safety_line(know))
    return cards.show(wished, know, found, wanted)
