"""A kind of paper and what it is of: "licencia para abrir una tortillería" is no licence to drive.

Permits, cards and certificates share their first word with many others, and a place draws to whatever it has. What was
found answers only when it speaks of what stands after that word; else another card that does, or the truth that there
is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from actions.dialogue import cards
from actions.dialogue.cards import every_word
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, of_verdict, sought
from actions.dialogue.naming import names, root, without_persons
from actions.dialogue.options import cards_of
from actions.dialogue.turn import Answer, Turn
from actions.dialogue.unheard import vocabulary
from actions.dialogue.unknown import not_known
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
    if not things:
        return None
    fitting = [card for card in given if any(_fits(know, card, thing) for thing in things)]
    if len(fitting) == len(given) or (fitting and found.outcome != "clarify"):
        return None
    if fitting:
        return _of(turn, know, fitting[0]) if len({card.family or card.id for card in fitting}) == 1 else None
    return _another(turn, know, things[0]) or not_known(turn.remember(pending=None), know, "not_here")


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
    members = [know.catalogue.procedures[id_] for id_ in cards.siblings(know, card)]
    family = know.catalogue.families.get(card.family or "")
    called = [text for each in members for text in (each.name, each.short, *each.aliases)]
    called += (family.name, *family.aliases) if family is not None else ()
    asked = [text for each in members for text in each.questions]
    short = [text for text in asked if len(text.split()) <= _PLAIN]
    named = _roots((*called, *short))
    of_kind = _is_of_kind((*called, *short), thing)
    if of_kind and thing.of in named:
        return True
    spoken = thing.of in _roots((card.summary, card.output or "")) | {root(word) for word in every_word(card)}
    told = thing.of in _roots(card.questions)
    if not (of_kind and (spoken or told)) and any(
        _is_called(other, thing) for other in know.catalogue.procedures.values()
    ):
        return False  # by that name there is another
    return _likeness(know, thing.phrase, (*called, *asked)) >= (_SPOKEN if of_kind and (spoken or told) else _AS_SAID)


def _is_of_kind(texts: Sequence[str], thing: Thing) -> bool:
    return any(thing.kind & set(normalise(text).split()) for text in texts)


def _roots(texts: Sequence[str]) -> set[str]:
    return {root(word) for text in texts for word in names(normalise(text))}


def _likeness(know: Knowledge, phrase: str, texts: Sequence[str]) -> float:
    said, *vectors = know.search.encode([phrase, *(normalise(text) for text in texts)])
    return max((float(vector @ said) for vector in vectors), default=0.0)


def _another(turn: Turn, know: Knowledge, thing: Thing) -> Answer | None:
    """Answer from the best card that is called after the thing, wherever there is one."""
    alone = turn.remember(state=None, municipality=None, last_procedure=None, pending=None)
    seen = sought(replace(alone, text=know.without_place(turn.text), ranking=PLAIN_QUESTION), know)
    for hit in (*seen.hits, *seen.others)[:_LONGEST]:
        card = know.catalogue.procedures.get(hit.id)
        if hit.score >= _LEAST and card is not None and _is_called(card, thing):
            return _of(turn, know, card)
    return None


def _is_called(card: Procedure, thing: Thing) -> bool:
    own = (card.name, card.short, *card.aliases)
    return thing.of in _roots(own) and _is_of_kind(own, thing)


def _of(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    place = know.place_in(turn.text) or turn.place
    here = turn.remember(pending=None)
    if place is not None:
        here = here.remember(state=place.state, municipality=place.municipality)
    return of_verdict(here, know, Verdict("ask_place", (Hit(card.id, 1.0, "procedure"),), place, card.family), ())


_LEAST = 0.05
