"""The same thing for somebody else, or in another case: after a child's passport "¿y para mi esposo? lo perdió".

Of one thing there are cards for minors and for adults, for the first time and for what was lost or has run out. Who is
told of, and what happened to hers, lead from one to the other; where that does not settle it, which one is asked.
"""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards, cases
from actions.dialogue.ages import ages_of
from actions.dialogue.aspects import asked, aspects_of, without_question
from actions.dialogue.clauses import clauses
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import (
    PLAIN_QUESTION,
    another_kind,
    asked_before,
    called,
    minors_card,
    named_by_town,
    same_thing,
    sought,
    subject,
    words_of,
)
from actions.dialogue.naming import without_persons
from actions.dialogue.options import KINDS_OF_CASE
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import normalise, stem
from bot.core.procedures import Procedure
from bot.core.replies import Aspect
from bot.understanding.danger import kind_of

_MOST_WORDS = 20
_OF_AGE = 18
_PLACES = ("place", "cost_place", "confirm_place", "remind_at")
_AGE = "age"
_MINE = re.compile(r"(?<!\w)(?:(?:el|la) mi[oa]|para mi|yo tambien|yo quiero|y yo)(?!\w)")
_AHEAD = 1.5
_FEW = 2
_OF_IT = re.compile(r"^(?:el|la|los|las|lo) (?:de(?:l)?(?: (?:el|la|los|las))? )?\w+$")


def of_another(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer from the card of the same thing that is for the told person or case; None where the one in view is."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or len(turn.text.split()) > _MOST_WORDS or turn.memory.pending_kind in _PLACES:
        return None
    by_town = named_by_town(turn, know)
    if by_town is not None:
        return _shown(turn, know, by_town)
    if kind_of(turn.text) is not None or know.place_in(turn.text) is not None:
        return None
    if _asks_of_the_thing(turn, know, card):
        return _shown(turn, know, card)
    if _OF_IT.match(normalise(turn.text)) and words_of(turn, know) and words_of(turn, know) <= _thing_words(card):
        return _shown(turn, know, card)  # "la de la INE": it is in view
    like_it = _named_for_somebody(turn, know, card)
    if like_it is not None:
        return _shown(turn, know, like_it)
    told = _kind_told(turn, know)
    if told and told <= {condition.id for condition in cards.card_conditions(know, card)}:
        return None
    adult = _is_for_minors(card) and _tells_adult(turn, know)
    minor = minors_card(turn, know) if told or asked(turn.text) else None
    if minor is not None:
        return _shown(turn, know, minor)
    if not adult and not (told and _goes_on(turn, know, card)):
        return None
    rivals = [c for c in same_thing(know, card) if not (_is_for_minors(c) and not _is_for_minors(card))]
    if adult:
        rivals = [c for c in rivals if not _is_for_minors(c)]
    return _best_of(turn, know, card, rivals, adult) if rivals else None


_TO_DO = re.compile(
    r"(?<!\w)(?:que|como) (?:\w+ ){0,3}?(?:hag\w*|hac\w+|sigue|toca|proced\w+)(?: \w+)* (?:con|de) (?:la|el|mi|eso)"
)


def _asks_of_the_thing(turn: Turn, know: Knowledge, card: Procedure) -> bool:
    """Say whether it is asked what to do with the thing of the card in view ("¿qué hago con la INE?")."""
    said = words_of(turn, know)
    return bool(said) and said <= subject(card) and bool(_TO_DO.search(normalise(turn.text)))


def _named_for_somebody(turn: Turn, know: Knowledge, card: Procedure) -> Procedure | None:
    """Return the only card like the one in view that a word names, said of somebody ("y mi nieta va en secundaria")."""
    if not cases.names_somebody(turn.text) or any(clause.stance == "owned" for clause in clauses(turn.text)):
        return None
    said = words_of(turn, know) - cards.every_word(card) - called(know, card)
    rivals = [c for c in know.catalogue.procedures.values() if c.id != card.id and another_kind(know, card, c.id)]
    fitting = [c for c in rivals if said & called(know, c)]
    return fitting[0] if len(fitting) == 1 and len(said) <= _FEW else None


def _best_of(turn: Turn, know: Knowledge, card: Procedure, rivals: list[Procedure], adult: bool) -> Answer | None:
    thing = " ".join(word for word in normalise(card.short).split() if _stem_in(word, card, rivals))
    text = f"{thing} {without_persons(normalise(turn.text))}"
    verdict = sought(replace(turn.remember(last_procedure=None), text=text, ranking=PLAIN_QUESTION), know)
    tell = [each for each in rivals if _kind_told(turn, know) & _conditions(know, each)]
    if len(tell) == 1:  # "lo perdió": only one of the cards asks whether it was lost
        return _shown(turn, know, tell[0])
    scores = {hit.id: hit.score for hit in (*verdict.hits, *verdict.others) if hit.kind == "procedure"}
    among = rivals if adult else [card, *rivals]
    ranked = sorted(among, key=lambda each: -scores.get(each.id, 0.0))
    best = scores.get(ranked[0].id, 0.0)
    rival = scores.get(ranked[1].id, 0.0) if len(ranked) > 1 else 0.0
    if best and best >= _AHEAD * rival:
        return None if ranked[0].id == card.id else _shown(turn, know, ranked[0])
    if not adult:
        return None
    return cards.which(turn.remember(pending=None), ranked, _wanted(turn))


def _stem_in(word: str, card: Procedure, rivals: list[Procedure]) -> bool:
    common = subject(card).intersection(*(subject(rival) for rival in rivals))
    return bool(subject(replace(card, short=word)) & common)


def _conditions(know: Knowledge, card: Procedure) -> set[str]:
    return {condition.id for condition in cards.card_conditions(know, card)}


def _thing_words(card: Procedure) -> set[str]:
    return {stem(word) for word in normalise(f"{card.name} {card.short}").split()}


def _kind_told(turn: Turn, know: Knowledge) -> set[str]:
    known = [each for id_ in KINDS_OF_CASE if (each := know.catalogue.conditions.get(id_)) is not None]
    return set(cases.told(turn.text, known))


def _tells_adult(turn: Turn, know: Knowledge) -> bool:
    """Say whether the text tells of an adult: by age, by kinship, or the writer herself."""
    condition = know.catalogue.conditions.get(_AGE)
    if condition is None:
        return False
    told = cases.told(turn.text, (condition,)).get(_AGE)
    return told == "adult" or (told is None and bool(_MINE.search(normalise(turn.text))))


def _goes_on(turn: Turn, know: Knowledge, card: Procedure) -> bool:
    """Say whether nothing else is named than what happened to the thing in view."""
    every = tuple(know.catalogue.conditions.values())
    left = cases.leftover(know.without_place(without_question(turn.text)), every)
    own = subject(card)
    return len([word for word in left if not subject(replace(card, short=word)) & own]) <= 1


def _is_for_minors(card: Procedure) -> bool:
    ages = ages_of(card)
    return ages is not None and ages[1] < _OF_AGE


def _wanted(turn: Turn) -> tuple[Aspect, ...]:
    wanted = tuple(aspect for aspect in asked(turn.text) if aspect != "deadline")  # "ya se me venció" asks for none
    return aspects_of(turn.text, turn.intent, turn.confidence) if wanted else asked_before(turn)


def _shown(turn: Turn, know: Knowledge, card: Procedure) -> Answer:
    return cards.show(turn.remember(pending=None), know, card, _wanted(turn))
