"""A kind of paper and what it is of: "licencia para abrir una tortillería" is no licence to drive.

Permits, cards and certificates share their first word with many others, and a place draws to whatever it has. What was
found answers only when it speaks of what stands after that word; else another card that does, or the truth that there
is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from actions.dialogue import cards
from actions.dialogue.cards import every_word
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, of_verdict, sought
from actions.dialogue.naming import names, root, without_persons
from actions.dialogue.options import cards_of
from actions.dialogue.turn import Answer, Turn
from actions.dialogue.unheard import vocabulary
from actions.dialogue.unknown import not_known
from bot.catalogue.places import fold
from bot.catalogue.reader import Catalogue
from bot.catalogue.search import Hit, Verdict
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure
from bot.core.replies import Ask
from bot.understanding.danger import kind_of

_KINDS = (
    frozenset({"licencia", "licencias", "permiso", "permisos", "autorizacion"}),
    frozenset({"credencial", "credenciales", "tarjeta", "tarjetas", "tarjeton", "carnet", "cedula"}),
    frozenset({"constancia", "constancias", "certificado", "certificados", "carta", "cartas"}),
    frozenset({"pension", "pensiones"}),
    frozenset({"beca", "becas"}),
    frozenset({"credito", "creditos", "prestamo"}),
)
"""Words for kinds of papers and benefits, those that stand for each other together."""
_KIND_OF = {word: kind for kind in _KINDS for word in kind}
_HEAD = re.compile(
    rf"(?<!\w)(?P<head>{'|'.join(_KIND_OF)}) (?:(?:\w+ ){{0,2}}?(?P<link>de|del|para|por) )?(?P<rest>.+)$"
)
_ENDS = frozenset("y e o pero donde cuanto cuando como que cual quien se me le les nos en si cuesta aqui".split())  # noqa: SIM905
_AS_SAID = 0.75
"""From this likeness on a name of a card is another word for what was said."""
_SPOKEN = 0.6
"""From this likeness on, where the card speaks of the thing."""
_LONGEST = 6
_PLAIN = 8
"""A longer question tells a story, whose words are anybody's."""


@dataclass(frozen=True)
class Thing:
    """A kind of paper and what it is of, normalised; ``of``: the root of the first word that tells which."""

    kind: frozenset[str]
    of: str
    phrase: str


_THERE = re.compile(
    r"(?<!\w)(?:con|sin|ya|tengo|tiene|traigo|trae|tenemos|presentar|llevar|llevo|saque|que|cual)"
    r"(?: (?:mi|la|el|una?|su|ya))*$"
)
"""What stands before a paper that is there, or is not, for something else."""


def things_of(turn: Turn, know: Knowledge) -> list[Thing]:
    """Return the papers that a message asks for with what they are of; none of which only the kind is named."""
    said = without_persons(know.without_place(turn.text))
    found, begun = [], 0
    while (match := _HEAD.search(said, begun)) is not None:
        begun = match.end("head")
        words: list[str] = []
        for word in match["rest"].split()[:_LONGEST]:
            if word in _ENDS:
                break
            words.append(word)
        telling = [word for word in names(" ".join(words)) if word not in _KIND_OF]
        strange = bool(telling) and root(telling[0]) not in vocabulary(know.catalogue)
        there = _THERE.search(said[: match.start()].rstrip())
        if telling and not there and (match["link"] or (strange and words[0] == telling[0])):
            phrase = " ".join(filter(None, (match["head"], match["link"], *words)))
            found.append(Thing(_KIND_OF[match["head"]], root(telling[0]), phrase))
    return found


def rather(turn: Turn, know: Knowledge, found: Answer | None) -> Answer | None:
    """Return what answers instead of cards that are not of what was named; None to leave the answer."""
    given = _given(know, found)
    if found is None or not given or kind_of(turn.text) is not None:
        return None
    in_view = turn.memory.last_procedure
    if any(cards.same_matter(know, in_view, card) for card in given):
        return None
    things = things_of(turn, know)
    if not things or _called_otherwise(turn, know, given, things):
        return None
    fitting = [card for card in given if any(_fits(know, card, thing) for thing in things)]
    if len(fitting) == len(given) or (fitting and found.outcome != "clarify"):
        return None
    if fitting:
        return _of(turn, know, fitting[0]) if len({card.family or card.id for card in fitting}) == 1 else None
    return _another(turn, know, things[0]) or not_known(turn.remember(pending=None), know, "not_here")


def _called_otherwise(turn: Turn, know: Knowledge, given: Sequence[Procedure], things: Sequence[Thing]) -> bool:
    """Say whether what was found is another kind of paper that is named too ("mi INAPAM … la licencia")."""
    named = {word for word in know.without_place(turn.text).split() if word in _KIND_OF}
    named -= {word for thing in things for word in thing.kind}
    return bool(named) and any(named & _told(know.catalogue, card.id).called for card in given)


def _given(know: Knowledge, found: Answer | None) -> list[Procedure]:
    """Return the cards that an answer shows, offers, or asks the place of."""
    if found is None or found.outcome not in ("answer", "clarify", "ask_place", "out_of_scope"):
        return []
    card = know.catalogue.procedures.get(found.procedure or "")
    if card is not None:
        return [card]
    pending = found.memory.pending
    if pending is None or not any(isinstance(reply, Ask) for reply in found.replies):
        return []
    if pending.kind == "clarify":
        return [each for option in pending.candidates for each in cards_of(know, option)]
    known = (know.catalogue.procedures.get(id_) for id_ in pending.candidates)
    return [each for each in known if each is not None] if pending.kind in ("place", "cost_place") else []


def _fits(know: Knowledge, card: Procedure, thing: Thing) -> bool:
    """Say whether a card, or one of its family elsewhere, is called after a thing, or speaks of it much like that."""
    members = [_told(know.catalogue, id_) for id_ in cards.siblings(know, card)]
    of_kind = any(thing.kind & (each.called | each.asked_briefly) for each in members)
    if of_kind and any(thing.of in each.called_roots | each.asked_roots for each in members):
        return True
    near = of_kind and thing.of in _spoken(know.catalogue, card.id)
    if not near and any(_is_called(know.catalogue, other, thing) for other in know.catalogue.procedures.values()):
        return False  # by that name there is another
    return _likeness(know, thing.phrase, card) >= (_SPOKEN if near else _AS_SAID)


@dataclass(frozen=True)
class _Told:
    """The words of a card's names and of short questions for it, and the roots of both."""

    called: frozenset[str]
    asked_briefly: frozenset[str]
    called_roots: frozenset[str]
    asked_roots: frozenset[str]


@lru_cache(maxsize=1024)
def _told(catalogue: Catalogue, id_: str) -> _Told:
    card = catalogue.procedures[id_]
    family = catalogue.families.get(card.family or "")
    called = (card.name, card.short, *card.aliases, *((family.name, *family.aliases) if family is not None else ()))
    short = tuple(text for text in card.questions if len(text.split()) <= _PLAIN)
    return _Told(_words(called), _words(short), _roots(called), _roots(short))


@lru_cache(maxsize=1024)
def _spoken(catalogue: Catalogue, id_: str) -> frozenset[str]:
    """Return the roots of all that a card says, or is asked for by."""
    card = catalogue.procedures[id_]
    return _roots((card.summary, card.output or "", *card.questions)) | {root(word) for word in every_word(card)}


def _words(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(word for text in texts for word in normalise(text).split())


def _roots(texts: Sequence[str]) -> frozenset[str]:
    return frozenset(root(word) for text in texts for word in names(normalise(text)))


def _likeness(know: Knowledge, phrase: str, card: Procedure) -> float:
    family = know.catalogue.families.get(card.family or "")
    short = (text for text in card.questions if len(text.split()) <= _PLAIN)
    texts = (card.name, card.short, *card.aliases, *((family.name, *family.aliases) if family else ()), *short)
    said, *vectors = know.search.encode([phrase, *map(normalise, texts)])
    return max(float(vector @ said) for vector in vectors)


def _another(turn: Turn, know: Knowledge, thing: Thing) -> Answer | None:
    """Answer from the best card that is called after the thing, wherever there is one."""
    alone = turn.remember(state=None, municipality=None, last_procedure=None, pending=None)
    seen = sought(replace(alone, text=know.without_place(turn.text), ranking=PLAIN_QUESTION), know)
    for hit in (*seen.hits, *seen.others)[:_LONGEST]:
        card = know.catalogue.procedures.get(hit.id)
        if hit.score >= _LEAST and card is not None and _is_called(know.catalogue, card, thing):
            return _of(turn, know, card)
    return None


def _is_called(catalogue: Catalogue, card: Procedure, thing: Thing) -> bool:
    if not any(thing.of in fold(text) for text in (card.name, card.short, *card.aliases)):
        return False  # most cards, at no cost
    told = _told(catalogue, card.id)
    return thing.of in told.called_roots and bool(thing.kind & told.called)


def _of(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    place = know.place_in(turn.text) or turn.place
    here = turn.remember(pending=None)
    if place is not None:
        here = here.remember(state=place.state, municipality=place.municipality)
    return of_verdict(here, know, Verdict("ask_place", (Hit(card.id, 1.0, "procedure"),), place, card.family), ())


_LEAST = 0.05
