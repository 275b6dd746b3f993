"""What was told when a life event began, for all that follows: "va a la secundaria" settles which scholarship."""

from __future__ import annotations

from collections.abc import Sequence

from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import roots
from actions.dialogue.nearest import nearest_card
from actions.dialogue.turn import Turn
from bot.core.procedures import Procedure


def told(turn: Turn) -> str:
    """Return the words that the life event in view was told with, and those of this turn."""
    event = turn.memory.last_life_event
    waiting = [past.memory.pending for past in turn.before if past.memory.last_life_event == event]
    waiting.append(turn.memory.pending)
    texts = [pending.text for pending in waiting if pending is not None and pending.kind == "step" and pending.text]
    return ". ".join(dict.fromkeys((*texts, turn.text)))


def fitting(turn: Turn, know: Knowledge, ids: Sequence[str]) -> tuple[str, ...]:
    """Return the only one of several cards for everybody that the story's words tell apart, else all of them.

    The search tells them apart where it can ("se llevaron mi cartera", then "la INE": the lost one), else the words.
    """
    known = [card for id_ in ids if (card := know.catalogue.procedures.get(id_)) is not None]
    if len(known) < 2 or any(card.jurisdiction.state is not None for card in known):
        return tuple(ids)
    meant = nearest_card(know, [card.id for card in known], told(turn))
    if meant is not None:
        return (meant,)
    own = [_own(card) for card in known]
    common = set.intersection(*own)
    said = roots(told(turn)) - common - _of_event(turn, know, known)
    shared = [len(said & words) for words in own]
    best = max(shared)
    return (known[shared.index(best)].id,) if best and shared.count(best) == 1 else tuple(ids)


def _of_event(turn: Turn, know: Knowledge, known: Sequence[Procedure]) -> set[str]:
    """Return what everybody says who tells of this life event ("comprar casa"), but for words of the cards' titles."""
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    said = roots(" ".join((event.name, event.short, *event.aliases))) if event is not None else set()
    return said - roots(" ".join(card.short for card in known))


def _own(card: Procedure) -> set[str]:
    return roots(" ".join((card.name, card.short, card.who or "", card.summary, *card.aliases)))
