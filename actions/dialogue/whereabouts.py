"""Where: told, put right, or asked of another place ("allá nomás se crió, la registraron en Tabasco").

A message that says where somebody was born, lives or goes, and nothing else, is about the matter in view, there. What
else it tells of the case ("¿y en Guadalajara? de carro, primera vez") is taken with it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards, cases, choice
from actions.dialogue.aspects import asked, without_question
from actions.dialogue.geography import which_place
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import (
    PLAIN_QUESTION,
    decide,
    describes_paper,
    fully_named,
    goes_on,
    is_follow_up,
    look_up_at,
    sought,
)
from actions.dialogue.naming import names, root, without_persons
from actions.dialogue.turn import Answer, Pending, Turn, moved_to
from bot.catalogue.places import Place
from bot.catalogue.text import normalise
from bot.core.procedures import Condition, Procedure
from bot.understanding.danger import kind_of

_PLACES = ("place", "cost_place", "confirm_place")
_IS_THERE = re.compile(
    r"(?<!\w)(?:nac(?:i|io|imos|ieron|id[oa]s?)|registr(?:e|o|aron|amos|ad[oa]s?|arl[oa])|viv\w+|radic\w+|resid\w+|cri(?:o|e|aron)"
    r"|crec\w+|asent\w+|mud\w+|cambi(?:e|o|amos|aron)|vin(?:e|o|imos|ieron)|veng\w+|lleg\w+|est(?:a|an|oy|amos|aba|uvo)"
    r"|trabaj\w+|labor\w+|chambe\w+|estudi\w+|qued\w+|mur(?:io|ieron)|falleci\w+|cas(?:amos|aron|ar\w*)|tramit\w+|sac\w+|hac(?:er\w*|emos|en)|hare|seria|sera"
    r"|va a ser|fue|era|es|son|soy|somos|ir|ire|iria|vamos|voy|va|born|liv(?:e|es|ed|ing)|registered|moved|from)(?!\w)"
)
"""Says that somebody or something is, was or comes somewhere."""
_LIVES = re.compile(r"(?<!\w)(?:viv[eíi]\w*|radica\w*|trabaja(?:ba)?n?|labora\w*|chambe\w+|estudia(?:ba)?n?)(?!\w)")
"""What somebody does where she is, which names no job and no school."""
_FILLERS = frozenset(
    map(
        root,
        """
        no si perdon perdone perdona disculpe disculpa disculpen equivoque equivocado confundi mejor siempre dije digo
        decir quise quiero queria corrijo correccion error realidad verdad cierto hecho alla aca aqui ahi nomas nada
        mas bien sino pero porque entonces bueno ahora ahorita antes despues luego ya tambien mismo misma mero mera
        rancho pueblo ciudad municipio estado lado parte capital cabecera colonia comunidad cerca rumbo region zona
        familia papas papa mama hijo hija esposo esposa ella el ellos nosotros yo
        sorry actually really was is she he they it his her their my in at the i we not mean meant born live lives from
        dice dicen dijo dijeron creo parece resulta asentaron asento
        uy ups espereme esperese espere permitame momento
        wait oh hold oops dejeme deja acordarme pensar pensando este mmm
        oiga oye joven senorita senor fijese mire pues ando anda andamos andan estamos estoy mudamos cambiamos vine
        """.split(),  # noqa: SIM905
    )
)
_DENIES = re.compile(r"(?:^|\s)(?:no|ni)(?!\w)")
_CLAUSES = re.compile(r"[,;.:!?¡¿\n]+|\b(?:pero|sino|aunque|y|but)\b", re.IGNORECASE)
_REGISTERED = re.compile(r"(?<!\w)(?:registr\w+|asent\w+)")
_NOT_THERE = re.compile(r"(?<!\w)(?:no|ni|nomas|nada mas|solo|antes) (?:\w+ ){0,3}$")
_PUTS_RIGHT = re.compile(
    r"^(?:(?:ah|ay|oh|uy|bueno|pero|oiga|oye|y|pues|es que|ups) )*"
    r"(?:no+|nel|perdon\w*|disculp\w+|ups|mas bien|mejor dicho|digo|corrijo|correccion|en realidad|la verdad|de hecho"
    r"|me equivoque|me confundi|quise decir|quiero decir|queria decir|siempre|sorry|actually|i meant"
    r"|(?:no |oh )?wait)(?!\w)"
    r"|(?<!\w)(?:quise decir|me equivoque|me confundi|en realidad|mejor dicho|mas bien|actually|i meant|sino)(?!\w)"
)
_MOST_WORDS = 22
_STRANGE, _CORRECTING = 1, 2
"""Words of nobody's that a message about a place may have, where it goes on with one, or puts it right."""


def waits(turn: Turn) -> bool:
    """Say whether it was asked where."""
    return turn.memory.pending_kind in _PLACES


def put_right(turn: Turn, know: Knowledge) -> Answer | None:
    """Take a place that is told, or told instead, for the matter in view; None when a message tells more than that."""
    pending = turn.memory.pending
    asked_where = pending is not None and waits(turn)
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if not _may_tell(turn) or (not asked_where and (card is None or not depends(card))):
        return None
    place = told(turn, know, _conditions(know, card))
    if place is None or (place == turn.place and not asked_where):
        return None
    corrects = bool(_PUTS_RIGHT.search(normalise(turn.text)))
    if asked_where and pending is not None:
        return None if is_follow_up(turn, know) else _answered(turn, know, pending, place)
    if (goes_on(turn) and not corrects) or (card is not None and _names_another(turn, know, card)):
        return None
    return _there(turn, know, place)


def _answered(turn: Turn, know: Knowledge, pending: Pending, place: Place) -> Answer:
    """Take the answer to "where?"; of several namesakes the one that has a card, else it is asked which."""
    here = turn.remember(pending=pending.then if pending.kind == "confirm_place" else pending)
    near = frozenset(
        card.jurisdiction.state
        for id_ in pending.candidates
        if (card := know.catalogue.procedures.get(id_)) is not None and card.jurisdiction.state
    )
    rivals = know.places_meant(turn.text, near) if len(know.places_in(turn.text)) == 1 else ()
    return which_place(here, rivals) if len(rivals) > 1 else choice.at_place(here, know, (*rivals, place)[0])


def same_there(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer the matter in view for another place, with what is told of the case ("¿y en Chiapas? nueva, de carro")."""
    pending = turn.memory.pending
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    waiting = pending.candidates[0] if pending is not None and pending.kind in _PLACES and pending.candidates else ""
    card = know.catalogue.procedures.get(waiting) or card
    if card is not None and not waiting and not depends(card):
        return _asked_there(turn, know, card)
    if card is None or not depends(card) or len(turn.text.split()) > _MOST_WORDS or kind_of(turn.text) is not None:
        return None
    place = _meant(turn.text, know)
    if waiting and is_follow_up(turn, know):  # tells nothing but the place
        return None
    if place is None or not (waiting or goes_on(turn) or _begins(turn.text, know)):
        return None
    if _left(turn, know, _conditions(know, card)) > _STRANGE or _names_another(turn, know, card):
        return None
    wanted = asked(turn.text) or (pending.aspects if waiting and pending else turn.memory.last_aspects)
    here, context = moved_to(turn.remember(pending=None), place)
    if waiting and pending is not None and pending.kind == "place":
        return replace(cards.settle(here, know, pending.candidates, wanted), context=context)
    return cards.show_at(here, know, card, place, wanted)


_SURELY = 0.6
"""From this score on another card was asked for."""


def _asked_there(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Answer a part of a card that holds everywhere, asked by somebody who says where she is."""
    place = _meant(turn.text, know) if know.is_at(turn.text) else None
    if place is None or not asked(turn.text) or len(turn.text.split()) > _MOST_WORDS or kind_of(turn.text) is not None:
        return None
    if _left(turn, know, _conditions(know, card)) > _STRANGE or _names_another(turn, know, card):
        return None
    first = next((hit for hit in decide(turn, know).verdict.hits if hit.kind == "procedure"), None)
    if first is not None and first.score >= _SURELY and not cards.same_matter(know, first.id, card):
        return None
    here, context = moved_to(turn.remember(pending=None), place)
    return replace(cards.show(here, know, card, asked(turn.text)), context=context)


def told(turn: Turn, know: Knowledge, conditions: tuple[Condition, ...] = ()) -> Place | None:
    """Return where a message says that somebody is, was born or goes, if that is all that it says."""
    place = _meant(turn.text, know)
    if place is None:
        return None
    corrects = bool(_PUTS_RIGHT.search(normalise(turn.text)))
    return place if _left(turn, know, conditions) <= (_CORRECTING if corrects else 0) else None


def depends(card: Procedure) -> bool:
    """Say whether what a card says depends on the place."""
    return bool(card.family or card.jurisdiction.state or any(amount.state for amount in card.cost.amounts))


def _there(turn: Turn, know: Knowledge, place: Place) -> Answer | None:
    pending = turn.memory.pending
    waited = pending.candidates[1] if pending is not None and pending.kind == "case" else None
    unasked = tuple(each for each in turn.memory.asked if each != waited)
    here, context = moved_to(turn.remember(pending=None, asked=unasked), place)
    found = look_up_at(here, know, place, turn.memory.last_aspects)
    # of a price by state the place is where an act was registered, not where the person lives
    return found if found is None or turn.context.state is None else replace(found, context=context)


def _may_tell(turn: Turn) -> bool:
    said = normalise(turn.text)
    few = 0 < len(said.split()) <= _MOST_WORDS
    return few and "?" not in turn.text and not asked(turn.text) and kind_of(turn.text) is None


def _conditions(know: Knowledge, card: Procedure | None) -> tuple[Condition, ...]:
    """Return the conditions of a card and of its family elsewhere."""
    if card is None:
        return ()
    family = (know.catalogue.procedures[id_] for id_ in cards.siblings(know, card))
    every = {each.id: each for member in family for each in cards.card_conditions(know, member)}
    return tuple(every.values())


def _left(turn: Turn, know: Knowledge, conditions: tuple[Condition, ...]) -> int:
    """Return how many words of a message tell neither where nor of the case."""
    said = " ".join(without_persons(know.without_place(clause)) for clause in _clauses(turn.text))
    said = _IS_THERE.sub(" ", cases.untold(without_question(" ".join(said.split())), conditions))
    left = cases.leftover(said, conditions) if conditions else said.split()
    return len({root(word) for word in names(" ".join(left))} - _FILLERS)


def _clauses(text: str) -> list[str]:
    return [clause.strip() for clause in re.split(r"[;.:!?¡¿\n]+", text) if clause.strip()]


def _meant(text: str, know: Knowledge) -> Place | None:
    """Return the place that is meant: where it was registered before where somebody lives, the last one affirmed."""
    whole = know.place_in(text)
    every = know.places_in(text)
    if whole is None or len({place.state for place in every}) <= 1:
        return whole
    parts = [part for part in _CLAUSES.split(text) if part and know.place_in(part) is not None]
    affirmed = [part for part in parts if not _DENIES.search(f" {normalise(part)}")] or parts
    registered = [part for part in affirmed if _REGISTERED.search(normalise(part))]
    chosen = (registered or affirmed)[-1:]
    return know.place_in(chosen[0]) if chosen else whole


def _begins(text: str, know: Knowledge) -> bool:
    """Say whether a message begins with a place ("en Guadalajara, de carro")."""
    first = _CLAUSES.split(text.strip(" ¿¡"))[0]
    return know.place_in(first) is not None and not names(know.without_place(first))


def _names_another(turn: Turn, know: Knowledge, card: Procedure) -> bool:
    """Say whether a message has the whole name of a card of another thing."""
    said = " ".join(_LIVES.sub(" ", know.without_place(turn.text)).split())
    if describes_paper(turn.text):
        return True
    if not names(without_question(said)):
        return False
    hits = (hit for hit in sought(replace(turn, text=said, ranking=PLAIN_QUESTION), know).hits[:3])
    others = (known for hit in hits if (known := know.catalogue.procedures.get(hit.id)) is not None)
    return any(fully_named(know, other, said) for other in others if not cards.same_matter(know, other.id, card))
