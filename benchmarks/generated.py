"""A catalogue of any number of generated cards, the same for the same number, and questions about them."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from bot.catalogue.check import CardSet
from bot.catalogue.places import STATE_NAMES
from bot.catalogue.schema import Loaded
from bot.core.procedures import Authority, Family, Jurisdiction, Procedure, Requirement, ServiceChannel, Source

_MUNICIPALITIES = Path(__file__).resolve().parents[1] / "data" / "places" / "municipalities.csv"
_ACTS = (
    "licencia", "permiso", "constancia", "acta", "certificado", "registro", "dictamen", "autorización", "concesión",
    "credencial", "beca", "apoyo", "pensión", "devolución", "corrección", "renovación", "reposición", "cancelación",
    "inscripción", "verificación", "alta", "baja", "cambio", "aviso", "visto bueno", "subsidio", "cédula", "copia",
)  # fmt: skip
_THINGS = (
    "conducir", "construcción", "residencia", "nacimiento", "matrimonio", "defunción", "propiedad", "uso de suelo",
    "alineamiento", "número oficial", "no adeudo", "agua potable", "drenaje", "panteón", "mercado", "vía pública",
    "anuncio", "alcoholes", "espectáculo", "taxi", "mototaxi", "transporte escolar", "placas", "tenencia", "predial",
    "traslado de dominio", "antecedentes penales", "identidad", "ingresos", "dependencia económica", "estudios",
    "título profesional", "cartilla", "pasaporte", "discapacidad", "adulto mayor", "madre soltera", "guardería",
    "vivienda", "lote", "fosa", "poda de árbol", "mascota", "fierro de herrar", "guía de ganado", "pesca", "leña",
    "pozo", "riego", "fertilizante", "semilla", "apicultura", "taller mecánico", "estética", "tortillería", "farmacia",
    "consultorio", "laboratorio", "escuela particular", "club deportivo", "biblioteca", "incubadora",
)  # fmt: skip
_FOR = (
    "persona física", "empresa", "menor de edad", "extranjero", "migrante", "ejidatario", "artesana", "comerciante",
    "estudiante", "jubilado", "persona con discapacidad", "comunidad indígena", "pequeño productor", "vecino",
)  # fmt: skip
_HOW = ("por primera vez", "por extravío", "por robo", "por vencimiento", "por cambio de domicilio", "urgente")
_ASKED = (
    "qué necesito para {}", "cuánto cuesta {}", "dónde saco {}", "quiero tramitar {}", "ocupo {} qué papeles llevo",
    "me pidieron {} y no sé dónde se saca", "cuánto tarda {}", "se puede hacer en línea {}",
)  # fmt: skip
_SOURCE = Source("Catálogo generado", "https://example.org/", "2026-01")


@dataclass(frozen=True)
class Question:
    """A text, and the topic (a family's or a card's id) that it asks for."""

    text: str
    topic: str


def procedures(count: int) -> Iterator[Procedure]:
    """Yield ``count`` cards; one in five belongs to a family that has a card in up to 32 states."""
    chance = random.Random(7)
    combinations = [" ".join(parts) for parts in _subjects()]
    chance.shuffle(combinations)
    places = list(_places())
    states = sorted({state for state, _ in places})
    made = 0
    for number, subject in enumerate(combinations):
        in_family = number % 100 == 0  # about a fifth of the cards, as a family has 32
        where: list[tuple[str | None, str | None]] = [(None, None)]
        if in_family:
            where = [(state, None) for state in states]
        elif number % 2:
            where = [chance.choice(places)]
        for state, municipality in where:
            if made == count:
                return
            yield _card(made, number, subject, state, municipality, in_family)
            made += 1
    raise ValueError(f"at most {made} cards can be generated")


def cards(count: int) -> CardSet:
    """Return the catalogue, ready for :func:`bot.catalogue.build.build`."""
    path = Path("generated.yml")
    made = [Loaded(path, card, {}) for card in procedures(count)]
    families = sorted({loaded.card.family for loaded in made if loaded.card.family})
    names = {loaded.card.family: loaded.card.name for loaded in made}
    return CardSet(
        procedures=tuple(made),
        life_events=(),
        conditions=(),
        families=tuple(Loaded(path, Family(each, names[each], names[each][:40]), {}) for each in families),
    )


def questions(count: int, of: CardSet, noise: bool = True) -> list[Question]:
    """Return questions about random cards; half of them have a letter too few, as fingers make them."""
    chance = random.Random(11)
    found = []
    for _ in range(count):
        card = chance.choice(of.procedures).card
        text = chance.choice(_ASKED).format(card.aliases[0])
        if noise and chance.random() < 0.5:
            at = chance.randrange(len(text) - 3) + 2
            text = text[:at] + text[at + 1 :]
        found.append(Question(text, card.family or card.id))
    return found


def _subjects() -> Iterator[tuple[str, str, str, str]]:
    for act, thing, who, how in product(_ACTS, _THINGS, _FOR, _HOW):
        yield f"{act} de {thing}", "para", who, how


def _places() -> Iterator[tuple[str, str]]:
    with _MUNICIPALITIES.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield STATE_NAMES.get(row["state"], row["state"]), row["municipality"]


def _card(
    made: int, number: int, subject: str, state: str | None, municipality: str | None, in_family: bool
) -> Procedure:
    office = f"Ventanilla {made % 97}"
    return Procedure(
        id=f"generado-{made:06d}",
        name=subject.capitalize(),
        short=subject[:40],
        level="municipal" if municipality else "state" if state else "federal",
        authority=Authority(office, office),
        jurisdiction=Jurisdiction(state=state, municipality=municipality),
        source=_SOURCE,
        research_date="2026-11-22",
        confidence="medium",
        aliases=(subject, subject.split(" para ")[0], subject.replace("para ", "")),
        questions=tuple(asked.format(subject) for asked in _ASKED[:6]),
        summary=f"Para obtener {subject}.",
        family=f"familia-{number:06d}" if in_family else None,
        requirements=(
            Requirement("Identificación oficial vigente", "identificación", original=True, copies=1),
            Requirement("Comprobante de domicilio", "comprobante de domicilio", copies=1),
        ),
        channels=(ServiceChannel("in_person", office, office),),
    )
