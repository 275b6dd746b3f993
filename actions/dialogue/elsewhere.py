"""What is asked after "I have none of your place, but of others": still of that thing, from a place that is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.aspects import asked, aspects_of
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, called, fully_named, sought, words_of
from actions.dialogue.turn import Answer, Turn
from bot.core.procedures import Procedure
from bot.core.replies import Ask
from bot.understanding.danger import kind_of
from bot.understanding.decision import Decision

_OFFERED = "other_places_have_card"
_MOST_WORDS = 10
_STRANGE = 1
_SURELY = 0.7
_FOUND = 0.3
"""Below this score nothing was found."""


def asked_of_it(turn: Turn, know: Knowledge) -> Answer | None:
    """Offer the other places again for a question that goes on with what is not had here; None for another matter."""
    pending, offered = turn.memory.pending, _offered(turn)
    if pending is None or pending.kind != "place" or turn.place is None:
        return None
    if not offered or not asked(turn.text) or len(turn.text.split()) > _MOST_WORDS or kind_of(turn.text) is not None:
        return None
    family = [card for id_ in pending.candidates if (card := know.catalogue.procedures.get(id_)) is not None]
    if know.place_in(turn.text) is not None or not family or _names_another(turn, know, family):
        return None
    wanted = aspects_of(turn.text, turn.intent, turn.confidence)
    topic = str(offered[-1].params.get("procedure") or cards.plain_name(know, family[0]))
    again = replace(turn, text=pending.text).remember(pending=None)
    return cards.no_card(again, know, family, wanted, topic)


def still(turn: Turn, know: Knowledge, decision: Decision, found: Answer | None) -> Answer | None:
    """Offer the same again, a person too, where what follows leads nowhere else ("¿será cierto?"); else None."""
    pending = turn.memory.pending
    hits = decision.verdict.hits
    if pending is None or pending.kind != "place" or turn.place is None or not _offered(turn):
        return None
    lost = found is None or found.outcome == "clarify" or (found.outcome == "out_of_scope" and found.procedure is None)
    if not lost or decision.kind in ("emergency", "talk") or (hits and hits[0].score >= _FOUND):
        return None
    family = [card for id_ in pending.candidates if (card := know.catalogue.procedures.get(id_)) is not None]
    if not family or know.place_in(turn.text) is not None:
        return None
    again = replace(turn, text=pending.text).remember(pending=None)
    return cards.no_card(again, know, family, pending.aspects, cards.plain_name(know, family[0]))


def _offered(turn: Turn) -> list[Ask]:
    previous = last(turn.before)
    replies = previous.replies if previous is not None else ()
    return [reply for reply in replies if isinstance(reply, Ask) and reply.phrase == _OFFERED]


def _names_another(turn: Turn, know: Knowledge, family: Sequence[Procedure]) -> bool:
    said = words_of(turn, know) - set().union(*(called(know, card) | cards.every_word(card) for card in family))
    if not said:
        return False
    verdict = sought(replace(turn.remember(last_procedure=None), ranking=PLAIN_QUESTION), know)
    for hit in verdict.hits[:2]:
        other = know.catalogue.procedures.get(hit.id)
        if other is None or cards.same_matter(know, other.id, family[0]):
            continue
        if fully_named(know, other, turn.text) or (hit.score >= _SURELY and said & called(know, other)):
            return True
    return len(said) > _STRANGE
