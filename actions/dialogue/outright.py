"""Questions that one sentence of a card answers outright: for how long, how many percent, whether one thing is needed.

"¿Necesito abogado?" asks for no list of documents, and "¿por cuántos meses es?" for no duration of the errand: the
sentence that says so is shown, whichever field of the card it stands in. Nothing is said but what is on the card.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from actions.dialogue.aspects import asked
from actions.dialogue.naming import names, root, roots
from actions.dialogue.notes import alone
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure, Requirement
from bot.core.replies import Aspect

CutDown = tuple[Procedure, tuple[Aspect, ...]]
"""A card with only the sentences that answer, and the parts of it that they are of."""

_MOST = 2
_SPAN = r"(?:minutos?|horas?|dias?|semanas?|quincenas?|mes(?:es)?|bimestres?|anos?)"
_SPAN_ASKED = re.compile(rf"(?<!\w)(?:por |de |en |como )?cuant[oa]s (?P<unit>{_SPAN})(?!\w)")
_HOLDS = re.compile(
    r"(?<!\w)cuanto (?:tiempo )?(?:(?:me|le|nos|se) )?(?:dura\w*|es valid\w+|esta vigente)(?!\w)"
    r"|(?<!\w)cuanto tiempo (?:(?:me|le|nos|se) )?(?:sirve|vale)(?!\w)"
)
"""Asks how long what one gets is good for, where the card knows that and not how long the errand takes."""
_ERRAND = re.compile(
    r"(?<!\w)(?:tard\w+|demor\w+|entreg\w+|list[oa]s?|esper\w+|lleg\w+|resuelv\w+|contest\w+|respond\w+"
    r"|(?:me|se|le|nos) l[oa]s? (?:dan|van a dar|saca\w*|da)|en cuantos dias"
    r"|abren|atienden|tengo|tenemos|hay|queda\w*|plazo|dispon\w+|tramite|naci\w*|antes|despues)(?!\w)"
)
"""Asks for how long the errand takes, or until when: that has a field of its own."""
_NUMBERED = re.compile(
    rf"(?<!ores de )(?<!\w)(?:\d+|un|una|dos|tres|cuatro|cinco|seis|ocho|diez|doce) {_SPAN}"
    r"(?! (?:o mas|de edad|cumpl))(?!\w)"
)
"""A span of time that is nobody's age."""
_SHARE = re.compile(r"(?<!\w)(?:por ciento|la mitad)(?!\w)")
_HOW_MUCH = re.compile(
    r"(?<!\w)(?:de|a) (?:que tanto|cuanto) (?:es|seria|son)(?!\w)|(?<!\w)(?:que tanto|cuanto)(?: \w+){0,3} descuento"
    r"|(?<!\w)que porcentaje|(?<!\w)cuanto (?:es|seria|me (?:descuentan|rebajan))(?!\w)"
)
_NEEDED = re.compile(
    r"(?<!\w)(?:necesit\w+|ocup[aoe]\w*|hace falta|se requiere|requiero|es (?:necesari[oa]|obligatori[oa]|forzos[oa])"
    r"|(?:tengo|tiene|tenemos|hay|debo) (?:que )?(?:llevar|pagar|conseguir|contratar|tener|ir con|hacer|poner|dar)"
    r"|pid\w+|exig\w+|forzoso|a fuerza)"
    r" (?:(?:a|al|algun\w*|un|una|el|la|los|las|de|por|pagar\w*|llevar\w*|contratar|tener|ir"
    r"|haber|puesto|hecho|poner|presentar|con|mi|que) )*"
    r"(?P<what>\w{4,}(?: \w+)*?)"
    r"(?= (?:para|pa|por|si|y|o|u|cuando|porque|en|ahi|alli|tambien|todavia|entonces)(?!\w)|$)"
)
_SUPPOSES = re.compile(r"(?<!\w)si $")
_WH = re.compile(r"(?<!\w)(?:que|cual(?:es)?|cuant[oa]s?|donde|quien(?:es)?|cuando|como|q)(?!\w)")
_DENIES = re.compile(r"(?<!\w)(?:no|sin|ni|tampoco|nadie|ningun\w*)(?!\w)")


def outright(card: Procedure, text: str) -> CutDown | None:
    """Return the card cut down to the sentences that answer a text outright; None where no sentence does."""
    said = normalise(text)
    asks = "?" in text or said.startswith(("y ", "pero ", "entonces "))
    return _for_how_long(card, said) or _how_much(card, said) or (_whether_needed(card, said) if asks else None)


def besides(card: Procedure, text: str, found: CutDown) -> CutDown:
    """Return what answers outright and the other parts that the same message asks for ("cuesta, ¿y cuánto dura?")."""
    if not _for_how_long(card, normalise(text)):
        return found
    others = [aspect for aspect in asked(text) if aspect not in (*_TIMES, *found[1])]
    return found[0], tuple(dict.fromkeys((*others, *found[1])))


_TIMES: tuple[Aspect, ...] = ("duration", "output", "deadline", "hours")
"""Parts that are asked for in the words of "for how long"."""


def sentences(card: Procedure) -> Iterator[str]:
    """Yield the free sentences of a card, those that tell most first; the parts with a line of their own are left."""
    yield from card.notes
    yield from (needed.note for needed in card.requirements if needed.note)
    yield from (text for text in (card.cost.note, card.summary) if text)


def _for_how_long(card: Procedure, said: str) -> CutDown | None:
    """Answer "¿por cuántos meses es?" and "¿cuánto dura el permiso?" from what has such a span of time."""
    counted = _SPAN_ASKED.search(said)
    if _ERRAND.search(said) or not (counted or _HOLDS.search(said)):
        return None
    if counted and counted["unit"] in _SHORT_SPANS and not _HOLDS.search(said):
        return None
    unit = counted["unit"][:3] if counted else ""

    def tells(text: str | None) -> bool:
        return bool(text) and any(unit in found[0] for found in _NUMBERED.finditer(normalise(text or "")))

    if card.validity and (tells(card.validity) or not counted):
        return replace(card, output=None), ("output",)
    if tells(card.output):
        return card, ("output",)
    if card.duration and (tells(card.duration) or not counted):
        return None
    return _noted(card, [text for text in sentences(card) if tells(text) and text != card.summary])


_SHORT_SPANS = frozenset({"dia", "dias", "hora", "horas", "minuto", "minutos"})
"""What an errand takes, rather than what one gets."""


def _how_much(card: Procedure, said: str) -> CutDown | None:
    """Answer "¿de cuánto es el descuento?" with the sentences that have a share of the price, where no sum is told."""
    if not _HOW_MUCH.search(said) or "$" in (card.output or "") or card.cost.amounts:
        return None
    return _noted(card, [text for text in sentences(card) if "%" in text or _SHARE.search(normalise(text))])


def _whether_needed(card: Procedure, said: str) -> CutDown | None:
    """Answer "¿necesito abogado?" with the sentences that speak of just that: first those that say it is not."""
    found = _NEEDED.search(said)
    if found is None or _WH.search(said[: found.start()]) or _SUPPOSES.search(said[: found.start()]):
        return None
    thing = {root(word) for word in names(found["what"])}
    if not thing or thing <= roots(f"{card.name} {card.short}"):
        return None
    told = [text for text in sentences(card) if thing <= roots(text)]
    told.sort(key=lambda text: not _DENIES.search(normalise(text)))
    needed = tuple(r for r in card.requirements if thing <= roots(" ".join((r.name, r.short, *r.accepts))))
    if needed:
        return replace(card, requirements=needed, notes=_others(told, needed)), ("requirements", "notes")
    return _noted(card, told)


def _others(told: list[str], needed: tuple[Requirement, ...]) -> tuple[str, ...]:
    """Return the sentences that the requirements shown do not bring with them."""
    return tuple(text for text in told if text not in {each.note for each in needed})[:_MOST]


def _noted(card: Procedure, told: list[str]) -> CutDown | None:
    return (replace(card, notes=tuple(dict.fromkeys(told))[:_MOST]), ("notes",)) if told else None


_IF_MISSING = re.compile(
    r"(?<!\w)(?:(?:si|cuando|quien(?:es)?) (?:\w+ )?(?:(?:le|les|no|se|lo|la) )*"
    r"(?:falt\w+|tien\w+|teng\w+|cuent\w+|perdi\w+)"
    r"|en (?:su|vez|lugar)(?: lugar)?|a falta de|tambien (?:sirve|vale|puede)|sin (?:el|la|ese|esa))(?!\w)"
)
"""Begins what a card says for those who have not what it asks for."""


_NOTHING = re.compile(
    r"(?<!\w)(?:no|sin|ni) (?:\w+ ){0,2}?(?:nada|(?:ni un|ningun) (?:solo )?(?:papel\w*|document\w+)|papeles)(?!\w)"
)
"""Says that none of what is asked for is there."""


def instead(card: Procedure, text: str) -> CutDown | None:
    """Return the card cut down to what it says for who lacks a thing that it asks for, and to that thing."""
    said = roots(text)
    lacked = [r for r in card.requirements if said & roots(" ".join((r.name, r.short, *r.accepts)))]
    if not lacked and _NOTHING.search(normalise(text)):
        lacked = list(card.requirements)
    own = {word for needed in lacked for word in roots(f"{needed.name} {needed.short}")}
    told = [
        each
        for each in sentences(card)
        if _IF_MISSING.search(normalise(each)) and roots(each) & (own | said) and each != card.summary
    ]
    of_their_own = [r for r in lacked if r.note and alone(r.note) and _IF_MISSING.search(normalise(r.note))]
    if not told and of_their_own:
        return replace(card, requirements=tuple(of_their_own)), ("requirements",)
    if not told:
        return None
    return replace(card, requirements=tuple(lacked), notes=tuple(told)[:_MOST]), ("notes", "requirements")
