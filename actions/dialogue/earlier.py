"""Back to what was talked about before, without its name: "lo de antes", "lo primero que le pregunté"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.aspects import asked, without_question
from actions.dialogue.events import show_event
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import names, root, without_persons
from actions.dialogue.turn import Answer, Memory, Turn
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure

_SAID = (
    r"(?:(?:le|les|te|yo) )*(?:pregunt\w+|dije|decia|pedi|consult\w+|comente|queria(?: saber)?|estaba(?:mos)?"
    r"|veia(?:mos)?)"
)
_RETURNS = r"(?:volv\w+|vuelv\w+|regres\w+|retom\w+|sigamos|seguimos|seguir|repit\w+|dig\w+|recuerd\w+|go back)"
_FIRST = re.compile(
    rf"(?<!\w)lo (?:primer[oa]|primerito)(?: de todo)? que {_SAID}"
    rf"|(?<!\w)lo que {_SAID}(?: \w+)? (?:primero|al principio|al inicio)(?!\w)"
    rf"|^(?:\w+ ){{0,3}}?{_RETURNS}(?: \w+)? (?:a |con )?(?:lo primero|la primera (?:pregunta|cosa)|el primer tramite"
    r"|al? primer[oa]?(?: tramite| pregunta)?)$|(?<!\w)(?:my|the) first question(?!\w)"
)
_BEFORE = re.compile(
    rf"(?:^|(?<!\w)(?:a|con|de|y|pero) )lo (?:de antes|anterior|otro|de hace rato)(?: que {_SAID})?$"
    rf"|(?<!\w)lo que {_SAID}(?: \w+)? (?:antes|hace rato|hace ratito)(?!\w)"
    r"|(?<!\w)(?:al?|el|la) (?:otr[oa]|anterior) (?:tramite|tema|asunto|pregunta)$"
    r"|(?<!\w)(?:el|la|al) (?:tramite|tema|asunto|pregunta) (?:de antes|anterior)$"
    r"|^(?:\w+ ){0,3}?(?:en que|donde) (?:ibamos|nos quedamos|estabamos)$"
)
_MOST_WORDS = 14


def back(turn: Turn, know: Knowledge) -> Answer | None:
    """Return to the first matter, or to the one before the one in view; None when no such thing is asked for."""
    said = normalise(turn.text)
    first = _FIRST.search(said)
    if len(said.split()) > _MOST_WORDS or not (first or _BEFORE.search(said)):
        return None
    matters = list(_matters(turn))
    if first:
        return _shown(turn, know, matters[0]) if matters else None
    others = [past for past in matters if not _is_same(know, past, turn.memory)]
    return _shown(turn, know, others[-1]) if others else None


_THE_ONE_OF = re.compile(
    r"^(?:(?:y|pero|ahora|entonces|oiga|bueno|ok|no) )*(?:(?:para|pa|de|con|en|a) )?"
    r"(?:lo del?|(?:el|la|los|las) del?|(?:el|la|los|las))(?: (?:el|la|los|las|mi|su))? (?P<what>\w.*)$"
)
_SHORT = 9


def by_name(turn: Turn, know: Knowledge) -> Answer | None:
    """Return to a matter that was shown before, by words of its name that the one in view has not ("¿y la de viuda?").

    Whatever question is open: it was of the matter in view.
    """
    found = _THE_ONE_OF.match(without_question(turn.text))
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if found is None or card is None or know.place_in(turn.text) is not None or len(turn.text.split()) > _SHORT:
        return None
    said = {root(word) for word in names(without_persons(found["what"]))}
    if not said or said & _names(card):
        return None
    for past in reversed(list(_matters(turn))):
        before = know.catalogue.procedures.get(past.last_procedure or "")
        if before is not None and not _is_same(know, past, turn.memory) and said <= _names(before):
            return _shown(turn, know, past)
    return None


def _names(card: Procedure) -> set[str]:
    return {root(word) for name in (card.name, card.short, *card.aliases) for word in normalise(name).split()}


def _matters(turn: Turn) -> Iterator[Memory]:
    """Yield the memory after each turn that had a card or the steps of a life event in view."""
    for past in turn.before:
        if past.memory.last_procedure or past.memory.last_life_event:
            yield past.memory


def _is_same(know: Knowledge, past: Memory, now: Memory) -> bool:
    card = know.catalogue.procedures.get(past.last_procedure or "")
    if card is not None:
        return cards.same_matter(know, now.last_procedure, card)
    return now.last_procedure is None and past.last_life_event == now.last_life_event


def _shown(turn: Turn, know: Knowledge, then: Memory) -> Answer | None:
    card = know.catalogue.procedures.get(then.last_procedure or "")
    if card is None:
        event = then.last_life_event
        return show_event(turn.remember(pending=None), know, event) if event in know.catalogue.life_events else None
    here = turn.remember(
        last_procedure=card.id,
        last_life_event=then.last_life_event,
        case=then.case,
        asked=then.asked,
        for_other=then.for_other,
        own_case=then.own_case,
        pending=None,
    )
    return cards.show(replace(here, text=""), know, card, asked(turn.text) or then.last_aspects)
