"""What of a text may name a procedure: the rest, when courtesy, questions and places are left out."""

from __future__ import annotations

import re

from bot.catalogue.entries import sane
from bot.catalogue.places import Places
from bot.catalogue.spelling import default_speller
from bot.catalogue.text import keywords, normalise

# Words that a follow-up may hold without naming a procedure ("¿y eso cuánto cuesta en Jalisco?").
_FILLERS = frozenset(
    """
    abren ahi alguien alla alto and anda apunto are atienden barato bien cae can caro cierran cita cobra cobran
    como copia copias correo cosa cosas cost costo costos cuanta cuantas cuanto cuantos cuesta cuestan dan dar
    dato demora descuento despues dia dias dice digame digital dinero direccion do documentacion documento
    documents does donde dura edad efectivo entonces entrega entregan es esa esas ese eso esos fecha for gente
    gratis gratuito hace hacen hacerla hacerlo hacerse hasta hora horario horarios horas how hoy in informes interesado
    internet ir is it limite linea llega llego lleva llevar llevo long lugar manana manda mandan mande mas mero
    mismo modulo much nada necesita necesitan need neta nomas ocupa ocupan ocupo oficina oiga okay open otra otro
    paga pagan pagar pagina pago papel papeleo papeles parte persona pide piden pido plazo poco poder precio
    presentar presento pueda puede pueden queda quedan queremos quien quienes quiere quieren rapido requisito
    requisitos s sabado sabe saca sacan sacar saco saldria sale senor seria sirve sirven take tal tanto tarda
    tardado tardan tarifa tarjeta telefono the they tiempo tipo to trae traer tramitar tramitarla tramitarlo
    tramite tramites urge usted vale ventanilla ver vez vigencia what whatsapp where who
    """.split()  # noqa: SIM905
)


def rest(normalised: str) -> list[str]:
    """Return the words of a normalised text that may name a procedure: what no follow-up needs."""
    return [word for word in keywords(normalised) if word not in _FILLERS]


_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_MASHED = re.compile(
    "|".join(row[at : at + 4] for line in _ROWS for row in (line, line[::-1]) for at in range(len(row) - 3))
    + "|[^aeiou]{5}|^[^aeiou]{4,}$"
)
"""Keys side by side, five consonants in a row ("constr" has four), or no vowel at all."""
_SHORT, _FEW = 2, 3


def senseless(text: str) -> bool:
    """Say whether a text is letters without sense ("asdfgh"): nobody can know whose matter that is."""
    words = [word for word in normalise(text).split() if len(word) > _SHORT and word.isalpha()]
    return bool(words) and all(_MASHED.search(word) for word in words)


def unreadable(text: str) -> bool:
    """Say whether a text has words of letters, and not one that is known here, however misspelled ("kjhh wpp")."""
    speller = default_speller()
    words = [word for word in speller.correct(normalise(sane(text))).split() if word.isalpha()]
    like_words = (speller.knows(word) or (len(word) > _FEW and speller.well_formed(word)) for word in words)
    return len(words) > 1 and not any(like_words)


def without_place(text: str, places: Places) -> str:
    """Return the normalised text with the words of its place left out."""
    normalised = normalise(text)
    mention = places.find(normalised)
    if mention is None:
        return normalised
    words = normalised.split()
    return " ".join(words[: mention.start] + words[mention.end :])
