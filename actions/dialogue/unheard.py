"""A thing that no card speaks of ("mi testamento", "un amparo"): said to be missing, not answered with something else.

The words of all cards are a closed vocabulary. Who asks for a thing by a noun that is not in it, and names nothing that
a card is called by, asks for what is not here; three cards that share nothing with it are no help.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from actions.dialogue.aspects import without_question
from actions.dialogue.cases import leftover
from actions.dialogue.clauses import clauses
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import called
from actions.dialogue.naming import names, root, without_persons
from actions.dialogue.turn import Turn
from bot.catalogue.reader import Catalogue
from bot.catalogue.search import Hit
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure
from bot.understanding.decision import Decision

_WANTED = re.compile(
    r"(?<!\w)(?:sac\w+|tramit\w+|hac(?:er|emos|en)\w*|hago|necesit\w+|quier\w+|quisiera|ped(?:ir|imos)\w*|pido|renov\w+"
    r"|renuev\w+|obten\w+|consegu\w+|solicit\w+|pag(?:o|ar|amos)|cuesta|sale|para|de|busco)"
    r"(?= (?:(?:un|una|el|la|los|las|mi|mis|su|sus|del) )*(?P<thing>[a-z]{5,}))"
)
"""The word after what is done to get a thing, or after its article."""
_ASKS_FOR = re.compile(
    r"(?<!\w)(?:(?:como|donde) (?:\w+ ){0,2}?(?:sac|tramit|hag|hac|registr|consig|obten|ped|pid|renuev)\w+"
    r"|que (?:se )?(?:necesit|ocup|pid)\w+|quiero (?:sacar|tramitar|hacer|pedir|renovar|el|la|un|una|mi)"
    r"|necesito (?:sacar|tramitar|hacer|un|una|el|la|mi)|requisitos|permiso|licencia|certificado"
    r"|constancia|tramite)(?!\w)"
)
_MOST_WORDS = 16
"""A longer message tells a story, whose words are anybody's."""
_OF_ALL_KINDS = frozenset(
    map(root, ("permiso", "constancia", "certificado", "carta", "credencial", "licencia", "copia", "hoja", "ficha"))
)
"""Kinds of papers: what they are of tells which is meant."""
_DEED = re.compile(r"\w+[aei]r(?:me|se|nos|les?|l[oa]s?)?")


def unheard_of(turn: Turn, know: Knowledge, hits: Sequence[Hit]) -> bool:
    """Say whether a message asks for a thing that no card speaks of, and names none of the cards found."""
    said = without_persons(without_question(know.without_place(turn.text)))
    wanted = {found["thing"] for found in _WANTED.finditer(said)}
    nouns = {word for word in wanted & set(names(said)) if not _DEED.fullmatch(word)}
    told = set(leftover(said, know.catalogue.conditions.values()))
    strange = {word for word in nouns & told if root(word) not in vocabulary(know.catalogue)}
    others = {root(word) for word in nouns - strange}
    return bool(strange) and not any(others & _called(know, hit) for hit in hits[:3])


_SURELY_TOLD = 0.85
"""From this confidence on something that happened is told, with whatever nouns."""
_SURE = 0.75
"""From this score on a card was found, in whatever words it was asked for."""


def admitted(turn: Turn, know: Knowledge, decision: Decision) -> bool:
    """Say whether it is to be said that what is asked for is not here."""
    if decision.kind in ("emergency", "talk"):
        return False
    if len(turn.text.split()) > _MOST_WORDS:
        wished = [
            clause.text for clause in clauses(turn.text) if clause.stance in ("wish", "question") and clause.named
        ]
        if len(wished) != 1:
            return False
        turn = replace(turn, text=wished[0])
    if any(decision.chances.get(kind, 0.0) >= _SURE for kind in ("life_event", "out_of_scope")):
        return False
    heard = turn.intent == "life_event" and turn.confidence >= _SURELY_TOLD
    if decision.kind == "life_event" and (heard or not asks_for_thing(turn, know)):
        return False  # it tells what happened, whatever to
    hits = decision.verdict.hits
    sure = bool(hits) and hits[0].score >= _SURE
    return not sure and unheard_of(turn, know, hits)


def asks_for_thing(turn: Turn, know: Knowledge) -> bool:
    """Say whether a message plainly asks for some thing, whatever it is ("donde se tramita el permiso de pesca")."""
    said = without_persons(know.without_place(turn.text))
    return bool(_ASKS_FOR.search(said)) and any(word.isalpha() for word in names(without_question(said)))


def names_any(turn: Turn, know: Knowledge, hits: Sequence[Hit]) -> bool:
    """Say whether a message has a word of the names of what was found."""
    said = names(without_persons(without_question(know.without_place(turn.text))))
    stems = {root(word) for word in said if not _DEED.fullmatch(word)} - _OF_ALL_KINDS
    return any(stems & _called(know, hit) for hit in hits[:3])


def _called(know: Knowledge, hit: Hit) -> set[str]:
    if hit.kind == "life_event":
        event = know.catalogue.life_events[hit.id]
        texts = (event.name, event.short, *event.aliases)
        return {root(word) for text in texts for word in normalise(text).split()}
    card = know.catalogue.procedures[hit.id]
    return called(know, card) | {root(word) for name in (card.name, *card.aliases) for word in normalise(name).split()}


@lru_cache(maxsize=2)
def vocabulary(catalogue: Catalogue) -> frozenset[str]:
    """Return the roots of all the words that the cards of a catalogue say, or are asked for by."""
    texts: list[str] = []
    for card in catalogue.procedures.values():
        texts += _texts(card)
    for event in catalogue.life_events.values():
        texts += (event.name, event.short, event.opening, *event.aliases, *event.questions, *event.notes)
        texts += (step.title for step in event.steps)
    for family in catalogue.families.values():
        texts += (family.name, family.short, *family.aliases)
    return frozenset(root(word) for text in texts for word in normalise(text).split())


def _texts(card: Procedure) -> Iterable[str]:
    yield from (card.name, card.short, card.summary, *card.aliases, *card.questions, *card.notes)
    yield from (text for text in (card.who, card.output, card.deadline, card.cost.note) if text)
    yield from (channel.name for channel in card.channels)
    for needed in card.requirements:
        yield from (needed.name, needed.short, needed.note or "", *needed.accepts)
