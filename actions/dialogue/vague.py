"""Messages that point at something and name nothing ("lo del coso ese de allá", "eso mero que dijimos").

Nobody can be asked in which state a thing is that was not named. Such a message counts as not understood, whatever it
was heard as and whatever it led to: the second in a row brings the menu, the third a person.
"""

from __future__ import annotations

import re
from functools import lru_cache

from actions.dialogue.aspects import asked, without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import names, root, without_persons
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.reader import Catalogue
from bot.catalogue.text import normalise
from bot.core.replies import Ask

_POINTS = re.compile(
    r"(?<!\w)(?:cos(?:as?|os?|it[ao]s?)|es[oa]|ese|est[oa]|aquell?[oa]?|lo (?:de|del|otro|mismo|que)|otr[oa])(?!\w)"
)
_WHO_SAID = re.compile(
    r"(?<!\w)(?:el|la|los|las|un|una) (?:lic|licenciad[oa]s?|senorit[oa]s?|doctora?|dr|dra|inge|ingenier[oa]|maestr[oa]"
    r"|profe|profesora?|secretari[oa]|muchach[oa]s?|joven|encargad[oa]|tele|radio)(?!\w)"
)
"""Somebody who told of it, in a word that may sound like a paper's ("la licenciada")."""
_POINTING = frozenset(
    map(
        root,
        """
        aquello aquel aquella cosa coso cosita cosito mero mera mismo misma otro otra otros otras alla alli aca ahi dijo
        dije dijeron dijimos dicen platique platicamos platico comento comente explico conto decia deciamos andele orale
        asunto tema ay
        """.split(),  # noqa: SIM905
    )
)
_SENTENCE = 4
_SURELY = 0.75
_LEADS_NOWHERE = ("clarify", "ask_place", "menu", "smalltalk", "out_of_scope")


def names_nothing(turn: Turn, know: Knowledge) -> bool:
    """Say whether a sentence only points: no word of it is in the names of anything that is here."""
    said = _WHO_SAID.sub(" ", normalise(turn.text))
    if len(said.split()) < _SENTENCE or not _POINTS.search(said) or know.place_in(turn.text) is not None:
        return False
    named = {root(word) for word in names(without_persons(without_question(said)))} - _POINTING
    return not asked(turn.text) and not named & _names(know.catalogue)


def led_nowhere(turn: Turn, know: Knowledge, found: Answer) -> bool:
    """Say whether a message that only points was answered with a question that it cannot have called for."""
    if (
        found.outcome not in _LEADS_NOWHERE
        or turn.intent == "pick"
        or turn.memory.pending_kind in ("case", "remind_at")
    ):
        return False
    if found.outcome == "menu" and turn.intent == "menu" and turn.confidence >= _SURELY:
        return False  # that was asked for
    if found.outcome == "smalltalk" and not any(isinstance(reply, Ask) for reply in found.replies):
        return False
    return found.procedure is None and names_nothing(turn, know)


@lru_cache(maxsize=2)
def _names(catalogue: Catalogue) -> frozenset[str]:
    """Return the roots of the words that anything of a catalogue is called by."""
    texts = [text for card in catalogue.procedures.values() for text in (card.name, card.short, *card.aliases)]
    texts += [text for event in catalogue.life_events.values() for text in (event.name, event.short, *event.aliases)]
    texts += [text for family in catalogue.families.values() for text in (family.name, family.short, *family.aliases)]
    return frozenset(root(word) for text in texts for word in names(normalise(text)))
