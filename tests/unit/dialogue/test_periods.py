"""A card's period counted from the day that a person tells."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from actions.dialogue.periods import happened, last_day
from bot.core.procedures import Authority, Cost, Jurisdiction, Procedure, Source

TODAY = date(2026, 11, 22)


def card(deadline: str | None, name: str = "Registro de nacimiento") -> Procedure:
    fields: dict[str, Any] = {
        "id": "uno",
        "name": name,
        "short": name,
        "level": "federal",
        "authority": Authority("Oficina", "OF"),
        "jurisdiction": Jurisdiction(),
        "summary": "Algo.",
        "cost": Cost(),
        "source": Source("Fuente", "https://example.org", "2026"),
        "aliases": (),
        "questions": (),
        "life_events": (),
        "requirements": (),
        "channels": (),
        "deadline": deadline,
        "research_date": "2026-01-01",
        "confidence": "high",
    }
    known = set(Procedure.__dataclass_fields__)
    return Procedure(**{key: value for key, value in fields.items() if key in known})


@pytest.mark.parametrize(
    ("deadline", "text", "until"),
    [
        ("Dentro de los primeros 6 meses de vida.", "nació el 3 de noviembre", date(2027, 5, 3)),
        ("Dentro de los primeros 6 meses de vida.", "mi niña nació el 31 de agosto", date(2027, 2, 28)),
        ("Dentro de los 180 días.", "nació ayer", date(2027, 5, 20)),
        ("Dentro de los 180 días.", "nació hace 2 semanas", date(2027, 5, 7)),
        ("Dentro de los primeros 6 meses de vida.", "nació el 3 de diciembre", date(2026, 6, 3)),
        ("Dentro de los primeros 6 meses de vida.", "quiero registrarlo mañana", None),
        ("Dentro de los primeros 6 meses de vida.", "tengo cita el 3 de noviembre", None),
        ("En 60 días hábiles del nacimiento.", "nació ayer", None),
        ("De 30 a 60 días del nacimiento, o 6 meses.", "nació ayer", None),
        (None, "nació ayer", None),
    ],
)
def test_the_last_day(deadline: str | None, text: str, until: date | None) -> None:
    assert last_day(card(deadline), text, TODAY) == until


def test_two_days_are_no_day() -> None:
    assert happened("nacio ayer o hace 3 dias", TODAY) is None
    assert happened("nacio el 31 de febrero", TODAY) is None
