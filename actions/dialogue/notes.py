"""The sentences of a card that answer a question better than the part that it asks for by name.

"¿A qué oficina voy para que me censen?" asks where; that nobody has to go is in a note. Sentences are compared by
meaning (vectors) and by words; nothing is said but what is on the card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue.aspects import without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import names, root, roots
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure
from bot.core.replies import Aspect

_WHOLE: frozenset[Aspect] = frozenset({"overview", "simple", "notes", "source"})
"""Parts that come with the notes, or are to be short."""
_MEANS = 0.3
_BY_WORD = 0.15
"""The likeness that a sentence needs, and the one that is enough where it shares a word with the question."""
_AS_NEAR = 0.08
_MOST = 2
_FEW_WORDS = 3
_CANNOT_GO = re.compile(
    r"(?<!\w)(?:(?:ya )?no (?:se )?(?:puede|puedo|podemos|pueden) (?:ni )?(?:ir|caminar|salir|mover\w*|levantar\w*"
    r"|venir|acudir|presentar\w*)|ya no (?:camina|sale|anda|se levanta|se mueve)|(?:casi )?no camin(?:a|o|an|amos)"
    r"|esta (?:postrad\w+|enferm\w+"
    r"|encamad\w+|en cama|hospitalizad\w+|internad\w+|en el hospital|en silla de ruedas|muy (?:grande|mal|enferm\w+))"
    r"|puedo ir yo por)(?!\w)"
)
_INSTEAD = "la persona no puede ir, está enferma: visita en su casa, servicio a domicilio, un familiar o auxiliar"
"""What is looked for on a card when somebody cannot go herself. Never shown."""
_TOO_LATE = re.compile(
    r"(?<!\w)(?:ya se (?:me|nos|le) (?:paso|fue|vencio)|(?:todavia|aun) (?:se puede|puedo|podemos|alcanz\w+))"
)
_AFTER = "después del periodo o del plazo, si ya pasó la fecha"
_COUNTED = re.compile(r"(?<!\w)cuant[oa]s (?P<what>\w{4,})")
_SPAN = frozenset({"dias", "meses", "anos", "horas", "semanas", "minutos", "pesos"})
_AMOUNT = re.compile(r"\d|(?<!\w)(?:un|una|dos|tres|cuatro|cinco|seis)(?!\w)")


def alone(note: str) -> bool:
    """Say whether a requirement's note says something without it ("Si la tiene." does not)."""
    return len(note.split()) > _FEW_WORDS


def cannot_go(text: str) -> bool:
    """Say whether a text says that the person cannot go herself."""
    return bool(_CANNOT_GO.search(normalise(text)))


def notes_on(know: Knowledge, card: Procedure, text: str, aspects: Sequence[Aspect]) -> tuple[str, ...]:
    """Return the notes of a card that speak of what a text asks, the nearest first; none for a bare question."""
    if not text or _WHOLE & set(aspects):
        return ()
    told = (
        *card.notes,
        *(r.note for r in card.requirements if r.note and alone(r.note) and "requirements" not in aspects),
    )
    if not told:
        return ()
    ill = cannot_go(text)
    sought = _INSTEAD if ill else _AFTER if _TOO_LATE.search(normalise(text)) else text
    said = {root(word) for word in names(without_question(know.without_place(text)))} - roots(
        " ".join((card.name, card.short, *card.aliases))
    )
    if not said and sought == text:
        return ()
    asked, *vectors = know.search.encode([normalise(sought), *map(normalise, told)])
    ranked = sorted(
        ((float(vector @ asked), bool(said & roots(note)), note) for vector, note in zip(vectors, told, strict=True)),
        reverse=True,
    )
    near = [each for each in ranked if each[0] >= (_BY_WORD if each[1] else _MEANS)]
    best = max((likeness + _MEANS * shares for likeness, shares, _ in near), default=0.0)
    return tuple(note for likeness, shares, note in near if likeness + _MEANS * shares >= best - _AS_NEAR)[:_MOST]


def counted(card: Procedure, text: str) -> tuple[Procedure, tuple[Aspect, ...]] | None:
    """Return the card cut down to the sentences that say how many ("¿cuántos puntos se necesitan?"); None of others."""
    found = _COUNTED.search(normalise(text))
    if found is None:
        return None
    of_span = found["what"] in _SPAN
    needs = re.search(r"piden|exigen|necesit|debo|debe|debia|hay que|tengo que", normalise(text))
    if of_span and not needs and (card.duration or card.deadline):
        return None
    what = roots(found["what"]) or {found["what"]}

    def counts(*texts: str | None) -> bool:
        return any(
            _AMOUNT.search(normalise(each)) and what & {*roots(each), *normalise(each).split()}
            for each in texts
            if each
        )

    needed = tuple(r for r in card.requirements if counts(r.name, r.short, r.note))
    notes = tuple(note for note in card.notes if counts(note))[:_MOST]
    parts: tuple[tuple[Aspect, bool], ...] = (
        ("requirements", bool(needed)),
        ("who", counts(card.who)),
        ("output", counts(card.output)),
        ("notes", bool(notes)),
    )
    aspects = tuple(aspect for aspect, known in parts if known)
    return (replace(card, requirements=needed, notes=notes), aspects) if aspects else None
