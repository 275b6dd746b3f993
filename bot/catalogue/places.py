"""Places of Mexico: 32 states and all municipalities (INEGI's catalogue), with the names that people use for them.

Standard library only: read by the checks (gateway environment) and by the search (both environments).
"""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path


def fold(text: str) -> str:
    """Return ``text`` in lower case, without accents (ñ becomes n), other signs as spaces, single spaces."""
    decomposed = unicodedata.normalize("NFKD", text.lower())
    kept = (c if c.isalnum() else " " for c in decomposed if not unicodedata.combining(c))
    return " ".join("".join(kept).split())


@dataclass(frozen=True)
class Place:
    """A state, or a municipality in it; ``municipality`` is None for a whole state."""

    state: str
    municipality: str | None = None


@dataclass(frozen=True)
class Places:
    """The gazetteer. Names are INEGI's, except that the two long official state names are the everyday ones."""

    state_names: frozenset[str]
    municipality_names: frozenset[tuple[str, str]]
    aliases: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    population: dict[Place, int] = field(default_factory=dict)

    @staticmethod
    @lru_cache(maxsize=4)
    def load(folder: Path) -> Places:
        """Read ``municipalities.csv`` (INEGI) and ``aliases.csv`` (ours: alias, state, municipality) of ``folder``."""
        states: set[str] = set()
        municipalities: set[tuple[str, str]] = set()
        aliases: dict[str, set[Place]] = {}
        population: dict[Place, int] = {}
        with (folder / "municipalities.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                state, municipality = STATE_NAMES.get(row["state"], row["state"]), row["municipality"]
                states.add(state)
                municipalities.add((state, municipality))
                people = int(row["population"] or 0)
                population[Place(state, municipality)] = people
                population[Place(state)] = population.get(Place(state), 0) + people
                aliases.setdefault(fold(municipality), set()).add(Place(state, municipality))
        for state in states:
            aliases.setdefault(fold(state), set()).add(Place(state))
        with (folder / "aliases.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                aliases[fold(row["alias"])] = {Place(row["state"], row["municipality"] or None)}
        return Places(
            state_names=frozenset(states),
            municipality_names=frozenset(municipalities),
            aliases={name: tuple(sorted(found, key=lambda p: (-population.get(p, 0), p.state)))
                     for name, found in aliases.items()},
            population=population,
        )


# INEGI's official names -> the names on our cards and in people's mouths.
STATE_NAMES = {
    "Coahuila de Zaragoza": "Coahuila",
    "Michoacán de Ocampo": "Michoacán",
    "Veracruz de Ignacio de la Llave": "Veracruz",
    "México": "Estado de México",
}
