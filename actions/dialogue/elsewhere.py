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

_OFFERED = "other_places_have_card"
_MOST_WORDS = 10
_STRANGE = 1
_SURELY = 0.7


def asked_of_it(turn: Turn, know: Knowledge) -> Answer | None:
    """Offer the other places again for a question that goes on with what is not had here; None for another matter."""
    pending, previous = turn.memory.pending, last(turn.before)
    if pending is None or pending.kind != "place" or turn.place is None or previous is None:
        return None
    offered = [reply for reply in previous.replies if isinstance(reply, Ask) and reply.phrase == _OFFERED]
    if not offered or not asked(turn.text) or len(turn.text.split()) > _MOST_WORDS or kind_of(turn.text) is not None:
        return None
    family = [card for id_ in pending.candidates if (card := know.catalogue.procedures.get(id_)) is not None]
    if know.place_in(turn.text) is not None or not family or _names_another(turn, know, family):
        return None
    wanted = aspects_of(turn.text, turn.intent, turn.confidence)
    topic = str(offered[-1].params.get("procedure") or cards.plain_name(know, family[0]))
    again = replace(turn, text=pending.text).remember(pending=None)
    return cards.no_card(again, know, family, wanted, topic)


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
