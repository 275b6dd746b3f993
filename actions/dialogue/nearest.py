"""Which of a few cards or steps a message is nearest to, as the search scores them: only these compete.

Among all cards "¿lo firmo?" may be a signature for taxes; among the steps of a dismissal, of somebody who was asked to
sign, it is the one that says not to sign what one does not understand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from actions.dialogue.knowledge import Knowledge
from actions.dialogue.outright import sentences
from bot.catalogue.text import normalise
from bot.core.procedures import LifeEvent, LifeEventStep, Procedure

_FITS = 4.0
"""The score from which on a card is found by a message alone."""
_SAYS, _SOME = 0.45, 2.0
"""The likeness of a sentence of a card, and the score with it, from which on the card answers."""
_AHEAD = 1.2
"""By how much the nearest must be the nearest."""
_AS_GOOD = 0.6
"""By how much a card that is no step may be the better one."""
_FAR = 3.0
"""By how much one of two cards of a thing is the better one only because the words say no more."""
_SENTENCE, _STORY = 3.0, 0.5
"""The weight of a sentence's likeness (0 to 1), and of the score with what was told before, beside the score."""


def nearest_card(know: Knowledge, ids: Sequence[str], text: str) -> str | None:
    """Return the one of several cards that a text is about; None where two are as near, or none is."""
    scores = _of_cards(know, text)
    ranked = sorted(((scores[id_], id_) for id_ in ids if id_ in scores), reverse=True)
    if len(ranked) < len(ids) or ranked[0][0] < _SOME:
        return None
    return ranked[0][1] if ranked[0][0] - ranked[1][0] >= _AHEAD else None


def as_near(know: Knowledge, id_: str, other: str, text: str) -> bool:
    """Say whether a text fits a card about as well as another one that it fits best."""
    scores = _of_cards(know, text)
    return id_ in scores and other in scores and scores[other] - scores[id_] < _FAR


def nearest_step(know: Knowledge, event: LifeEvent, text: str) -> int | None:
    """Return the step that a story tells of: its card is found, and clearly before the other steps' cards."""
    scores = _of_cards(know, text) if text else {}
    steps = [_best(step, scores) for step in event.steps]
    first, *others = sorted(range(len(steps)), key=lambda index: -steps[index])
    ahead = not others or steps[first] - steps[others[0]] >= _AHEAD
    return first if steps[first] >= _FITS and ahead else None


def answering_step(know: Knowledge, event: LifeEvent, text: str, story: str = "") -> int | None:
    """Return the step whose card answers a message, by what it is asked for and by its sentences; None in doubt.

    ``story``: the text with what was told before. None too where a card that is no step of the life event fits better.
    """
    alone = _of_cards(know, text)
    if not alone:
        return None
    both = _of_cards(know, story) if story and story != text else {}
    steps = [_best(step, alone) for step in event.steps]
    if max(steps) < max(alone.values()) - _AS_GOOD:
        return None
    said = _said(know, event, text)
    nearness = [
        steps[index] + _SENTENCE * said[index] + _STORY * _best(step, both, 0.0)
        for index, step in enumerate(event.steps)
    ]
    first, *others = sorted(range(len(event.steps)), key=lambda index: -nearness[index])
    if others and nearness[first] - nearness[others[0]] < _AHEAD:
        return None
    return first if steps[first] >= _FITS or (said[first] >= _SAYS and steps[first] >= _SOME) else None


def likeliest_event(know: Knowledge, text: str) -> str | None:
    """Return the life event that a text tells of, where nothing fits it better; None in doubt."""
    scores = know.search.likeness(text)
    ranked = sorted(((score, key) for key, score in scores.items()), reverse=True)
    if not ranked or not ranked[0][1].startswith(_EVENT) or ranked[0][0] < _FITS:
        return None
    rival = next((score for score, _ in ranked[1:]), _NOTHING)
    return ranked[0][1].removeprefix(_EVENT) if ranked[0][0] - rival >= _AS_GOOD else None


def event_of_deed(know: Knowledge, text: str) -> str | None:
    """Return the life event that a text fits best, or that the card is a step of first which it fits best."""
    scores = know.search.likeness(text)
    best = max(scores, key=lambda key: scores[key], default="")
    if not best or scores[best] < _FITS:
        return None
    card = know.catalogue.procedures.get(best.removeprefix(_CARD))
    if card is None:
        return best.removeprefix(_EVENT) if best.startswith(_EVENT) else None
    events = (known for id_ in card.life_events if (known := know.catalogue.life_events.get(id_)) is not None)
    return next((event.id for event in events if any(card.id in step.procedures for step in event.steps)), None)


_CARD, _EVENT = "procedure:", "event:"
_NOTHING = -9.0


def _of_cards(know: Knowledge, text: str) -> dict[str, float]:
    scores = know.search.likeness(text)
    return {key.removeprefix(_CARD): score for key, score in scores.items() if key.startswith(_CARD)}


def _best(step: LifeEventStep, scores: dict[str, float], nothing: float = _NOTHING) -> float:
    return max((scores[id_] for id_ in step.procedures if id_ in scores), default=nothing)


def _said(know: Knowledge, event: LifeEvent, text: str) -> list[float]:
    """Return how near the nearest sentence of each step's cards is to a text."""
    told_ = [[step.title, *_sentences(know, step)] for step in event.steps]
    asked, *vectors = know.search.encode([normalise(each) for each in (text, *(s for step in told_ for s in step))])
    likeness = iter([float(vector @ asked) for vector in vectors])
    return [max(next(likeness) for _ in step) for step in told_]


def _sentences(know: Knowledge, step: LifeEventStep) -> Iterator[str]:
    for id_ in step.procedures:
        card = know.catalogue.procedures.get(id_)
        if card is not None:
            yield from of_card(card)


def of_card(card: Procedure) -> Iterator[str]:
    """Yield what a card says, a sentence or a name at a time."""
    yield from sentences(card)
    yield from (needed.name for needed in card.requirements)
    yield from (text for text in (card.who, card.output, card.validity, card.deadline, card.duration) if text)
