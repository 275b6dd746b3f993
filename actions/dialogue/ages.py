"""Cards that are for people of a certain age: "¿y a mi esposo? él tiene 67" leads from one pension to another.

A card says whom it is for in a sentence (``who``); the ages are read out of it, so that nothing is known here that
is not on a card.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from actions.dialogue.cases import age_told
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import root, roots
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure

_BETWEEN = re.compile(r"(?<!\w)de (?P<least>\d{1,3})(?: anos)? a (?P<most>\d{1,3}) anos(?!\w)")
_FROM = re.compile(
    r"(?<!\w)(?:mayores de |desde los )?(?P<least>\d{1,3}) anos o mas(?!\w)|mayores de (?P<over>\d{1,3}) anos"
)
_UP_TO = re.compile(r"(?<!\w)(?:hasta los |menores de )(?P<most>\d{1,3}) anos(?!\w)")
_OLDEST = 130
_OF_AGE = 18
_MEN = re.compile(
    r"(?<!\w)(?:(?:mi|su|el|un) (?:espos|marid|pap|padre|abuel|hij|herman|ti|suegr|vecin|amig|prim|cunad|niet|sobrin|"
    r"viej|viejit|novi|comp|jef|jefit|carnal)(?:o|e|a|ito|adre)?|soy hombre|senor|varon)(?!\w)"
)
_WOMEN = re.compile(
    r"(?<!\w)(?:mama|mami|esposa|mujer|madre|abuela|abuelita|abue|hija|hermana|carnala|tia|suegra|cunada|nieta|sobrina|nuera"
    r"|vecina|amiga|comadre|prima|novia|senora|ella|vieja|viejita|jefa|jefita)(?!\w)"
)


def ages_of(card: Procedure) -> tuple[int, int] | None:
    """Return the least and the most age of whom a card is for; None where it names none, or only those of age."""
    said = normalise(card.who or "")
    between, least, most = _BETWEEN.search(said), _FROM.search(said), _UP_TO.search(said)
    if between:
        return int(between["least"]), int(between["most"])
    if least:
        return int(least["least"] or least["over"]), _OLDEST
    if most is None and said.startswith("menores de edad"):
        return 0, _OF_AGE - 1
    return (0, int(most["most"])) if most else None


def fits(card: Procedure, text: str) -> bool | None:
    """Say whether a card is for the person that a text tells of, by age and sex; None when that cannot be told."""
    age, ages = age_told(text), ages_of(card)
    said = normalise(text)
    if _is_for_women(card) and _MEN.search(said) and not _WOMEN.search(said):
        return False
    if age is None or ages is None:
        return None
    return ages[0] <= age <= ages[1]


def for_that_sex(cards: Iterable[Procedure], text: str) -> list[Procedure]:
    """Return the cards that are not for women only, where a text tells of a man; else all."""
    every, said = list(cards), normalise(text)
    return [c for c in every if not (_is_for_women(c) and _MEN.search(said) and not _WOMEN.search(said))] or every


def _is_for_women(card: Procedure) -> bool:
    return normalise(card.who or "").startswith("mujeres")


_EVERYBODYS = frozenset(
    {*roots("persona personas mexicana mexicano vive viven anos mayor trabaja trabajan derecho hijos familia"), "no"}
)
_NOT = re.compile(
    r"(?<!\w)(?:no|sin|nunca|ni|tampoco)(?: (?:me|se|he|ha|tengo|tiene|tenemos|soy|es|estoy|esta"
    r"|cuento con))* (?P<what>\w+)"
)
_ELSE = re.compile(
    r"(?<!\w)(?:(?:hay|habra|existe|tienen|dan|tendran) (?:algun\w*|algo|otr\w+)"
    r"|que (?:hago|puedo hacer|me toca)|como le hago"
    r"|que (?:otra )?opcion\w*|me toca algo)(?!\w)"
)


def denied(card: Procedure, text: str) -> bool:
    """Say whether a text asks what there is for who has not what a card is for ("no cotiza, ¿hay algo para ella?")."""
    said = normalise(text)
    without = {root(found["what"]) for found in _NOT.finditer(said)}
    own = (roots(card.who or "") | roots(f"{card.name} {card.short}")) - _EVERYBODYS
    return bool(without & own) and bool(_ELSE.search(said))


def alternatives(know: Knowledge, card: Procedure) -> list[Procedure]:
    """Return the other cards of the whole country that are ways through the same step."""
    steps = [
        step for event in know.catalogue.life_events.values() for step in event.steps if card.id in step.procedures
    ]
    others = dict.fromkeys(id_ for step in steps for id_ in step.procedures if id_ != card.id)
    known = (know.catalogue.procedures[id_] for id_ in others if id_ in know.catalogue.procedures)
    return [other for other in known if other.jurisdiction.state is None and card.jurisdiction.state is None]


def rather_for(know: Knowledge, card: Procedure, text: str) -> Procedure | None:
    """Return the card of the same step that is for whom is told of, where this one is not, by what she has."""
    others = alternatives(know, card)
    if denied(card, text):
        left = [other for other in others if not denied(other, text)]
        return left[0] if len(left) == 1 else None
    said = roots(text) - {root(found["what"]) for found in _NOT.finditer(normalise(text))} - _EVERYBODYS
    fitting = [other for other in others if said & (roots(other.who or "") - roots(card.who or ""))]
    if len(fitting) == 1 and not said & (roots(card.who or "") | roots(card.short)):
        return fitting[0]
    return None


def only_fitting(cards: Iterable[Procedure], text: str) -> Procedure | None:
    """Return the only card that is surely for the person a text tells of; cards for everybody of age do not count."""
    fitting = [card for card in cards if fits(card, text) and (ages_of(card) or (0, 0))[0] != _OF_AGE]
    return fitting[0] if len(fitting) == 1 else None


_HERS = re.compile(
    r"(?<!\w)(?:(?:le|me|les|nos) (?:toca\w*|dan|darian|corresponde\w*)|(?:tiene|tengo|tenemos) derecho"
    r"|(?:ya )?(?:puede|puedo) (?:recibir|cobrar|pedir|sacar|entrar|tener))(?!\w)"
)
"""Asks whether a thing is for somebody."""


def named_rather(card: Procedure, other: Procedure, text: str) -> bool:
    """Say whether a text has a word that is one card's name and not the other's, and does not ask whether it is hers.

    "Tiene 61, ¿le toca la pensión del Bienestar?" names both; "¿desde qué edad dan la de 65?" only one.
    """
    said = set(normalise(text).split())
    own, others = (set(normalise(" ".join((c.name, c.short, *c.aliases))).split()) for c in (card, other))
    stems = {root(word) for word in said}
    apart = stems & ({root(w) for w in own} - {root(w) for w in others} - _EVERYBODYS)
    return bool(apart) and not _HERS.search(normalise(text))


def made_for(know: Knowledge, card: Procedure, text: str) -> Procedure | None:
    """Return the card that is for the told person instead of one that is not: another way through the same step."""
    if fits(card, text) is not False:
        return None
    return only_fitting(alternatives(know, card), text)
