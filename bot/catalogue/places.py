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
class Mention:
    """Where a text names a place: candidates (most people first; several when the name is ambiguous), word span."""

    candidates: tuple[Place, ...]
    start: int
    end: int

    def overlaps(self, other: Mention) -> bool:
        """Say whether two mentions share a word."""
        return self.start < other.end and other.start < self.end


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
            aliases={
                name: tuple(sorted(found, key=lambda p: (-population.get(p, 0), p.state)))
                for name, found in aliases.items()
            },
            population=population,
        )

    def find(self, folded: str) -> Mention | None:
        """Return the place that a folded text names, most specific first, or None.

        A state's name (or everyday name) counts anywhere. A municipality counts when it is said as a place ("en
        Mérida", "soy de Neza"), is the whole message, or is a big one: many share their name with a person or a thing.
        """
        words = folded.split()
        best: Mention | None = None
        for length in range(min(_LONGEST_NAME, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                found = self.aliases.get(" ".join(words[start : start + length]))
                if found is None or not self._said_as_place(words, start, length, found[0]):
                    continue
                mention = Mention(found, start, start + length)
                if best is None or (best.overlaps(mention) is False and best.candidates[0].municipality is None):
                    best = self._merge(best, mention)
        return best

    def _said_as_place(self, words: list[str], start: int, length: int, place: Place) -> bool:
        if length == len(words):
            return True
        before = words[start - 1] if start else ""
        two_before = words[start - 2] if start > 1 else ""
        if place.municipality is None:
            return True
        if before in ("en", "desde", "municipio", "alcaldia", "ciudad") or (before == "de" and two_before in _LIVE):
            return True
        return self.population.get(place, 0) >= _BIG

    def _merge(self, first: Mention | None, second: Mention) -> Mention:
        """Join "Mérida, Yucatán": a municipality and a state in one message are one place when they agree."""
        if first is None:
            return second
        state = first.candidates[0].state
        agreeing = tuple(place for place in second.candidates if place.state == state)
        if not agreeing:
            return first
        return Mention(agreeing, min(first.start, second.start), max(first.end, second.end))


_LONGEST_NAME = 7
_BIG = 150_000
_LIVE = {"soy", "vivo", "somos", "vengo", "municipio", "alcaldia", "vecino", "vecina", "originario", "originaria"}

# INEGI's official names -> the names on our cards and in people's mouths.
STATE_NAMES = {
    "Coahuila de Zaragoza": "Coahuila",
    "Michoacán de Ocampo": "Michoacán",
    "Veracruz de Ignacio de la Llave": "Veracruz",
    "México": "Estado de México",
}
