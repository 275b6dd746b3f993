"""Places of Mexico: 32 states and all municipalities (INEGI's catalogue), with the names that people use for them.

Standard library only: read by the checks (gateway environment) and by the search (both environments).
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path

_FOLDER = Path(__file__).resolve().parents[2] / "data" / "places"


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
        """Read ``municipalities.csv`` and ``localities.csv`` (INEGI) and ``aliases.csv`` (ours) of ``folder``.

        A municipality is also known by its seat, by its bigger towns, and by the short form of its name when nobody
        else has that form ("Acapulco", "Santiago Tulantepec", "Texmelucan"). An alias of ours replaces all of these.
        """
        municipalities: dict[str, Place] = {}
        population: dict[Place, int] = {}
        aliases: dict[str, set[Place]] = {}
        short: dict[str, set[Place]] = {}
        for row in _rows(folder / "municipalities.csv"):
            state, people = STATE_NAMES.get(row["state"], row["state"]), int(row["population"] or 0)
            place = municipalities[row["code"]] = Place(state, row["municipality"])
            population[place] = people
            population[Place(state)] = population.get(Place(state), 0) + people
            aliases.setdefault(fold(state), set()).add(Place(state))
            for name in (row["municipality"], row["seat"]):
                aliases.setdefault(fold(name), set()).add(place)
                for form in _short_forms(fold(name)):
                    short.setdefault(form, set()).add(place)
        for row in _rows(folder / "localities.csv"):
            if int(row["population"] or 0) >= _TOWN:
                short.setdefault(fold(row["locality"]), set()).add(municipalities[row["municipality_code"]])
        for form, found in short.items():
            if form not in aliases and form not in _NOT_A_PLACE:
                aliases[form] = found
        ours: dict[str, set[Place]] = {}
        for row in _rows(folder / "aliases.csv"):
            ours.setdefault(fold(row["alias"]), set()).add(Place(row["state"], row["municipality"] or None))
        aliases |= ours
        return Places(
            state_names=frozenset(place.state for place in population),
            municipality_names=frozenset((place.state, place.municipality or "") for place in municipalities.values()),
            aliases={
                name: tuple(sorted(found, key=lambda p: (p.municipality is not None, -population.get(p, 0), p.state)))
                for name, found in aliases.items()
            },
            population=population,
        )

    @cached_property
    def well_known(self) -> tuple[str, ...]:
        """The names of states and of big municipalities: only these are recognised misspelled."""
        return tuple(name for name, found in self.aliases.items() if self._is_big(found[0], _WELL_KNOWN))

    def _is_big(self, place: Place, people: int) -> bool:
        return place.municipality is None or self.population.get(place, 0) >= people

    def find(self, folded: str) -> Mention | None:
        """Return the place that a folded text names, most specific first, or None.

        A postal code counts when it is said to be one ("cp 44100") or is the whole message.

        A state's name (or everyday name) counts anywhere. A municipality counts when it is said as a place ("en
        Mérida", "soy de Neza"), is the whole message, or is a big one: many share their name with a person or a thing.
        "Mérida, Yucatán" is one place: the state settles which of several namesakes is meant.
        """
        words = folded.split()
        kept = self._kept(words)
        if not kept:
            return self._by_postal_code(words)
        for mention in kept:
            for state in kept:
                agreeing = tuple(
                    p for p in mention.candidates if p.municipality and p.state == state.candidates[0].state
                )
                if state is not mention and state.candidates[0].municipality is None and agreeing:
                    apart = max(mention.start, state.start) - min(mention.end, state.end)
                    if apart > _APART:  # "me voy a Guadalajara, ¿cuánto cuesta la licencia en Jalisco?"
                        return Mention(agreeing, mention.start, mention.end)
                    return Mention(agreeing, min(mention.start, state.start), max(mention.end, state.end))
        # Where somebody lives now, or acts, is said with "en" more often than where she comes from.
        return max(kept, key=lambda m: (self._strength(words, m), -m.start))

    def every(self, folded: str) -> list[Mention]:
        """Return all the places that a folded text names, in its order ("en Jalisco y en Puebla")."""
        words, found, start = folded.split(), [], 0
        while (mention := self.find(" ".join(words[start:]))) is not None:
            found.append(Mention(mention.candidates, mention.start + start, mention.end + start))
            # what comes before the one that was found is named less clearly, but it is named
            for earlier in self._kept(words[start : start + mention.start]):
                found.append(Mention(earlier.candidates, earlier.start + start, earlier.end + start))
            start += mention.end
        return sorted(found, key=lambda each: each.start)

    def named(self, name: str) -> Mention | None:
        """Return the place that is called so, everyday words included: for an answer to "where?" ("Progreso")."""
        candidates = self.aliases.get(name)
        return Mention(candidates, 0, len(name.split())) if candidates else None

    def rivals(self, mention: Mention) -> tuple[Place, ...]:
        """Return the places that a name may as well mean, one a state, most people first; one when it is settled.

        A state is meant before its namesakes, and a big city before villages: "Hidalgo" is the state, "León" the city;
        "Benito Juárez" and "San Pedro" are nobody's alone.
        """
        first, *others = mention.candidates
        if first.municipality is None:
            return (first,)
        people = self.population.get(first, 0)
        if people >= _METROPOLIS * max((self.population.get(place, 0) for place in others), default=0):
            return (first,)
        near = [place for place in others if place.municipality and self.population.get(place, 0) >= _RIVAL * people]
        by_state: dict[str, Place] = {}
        for place in (first, *near):
            by_state.setdefault(place.state, place)
        return tuple(by_state.values())[:_MOST_RIVALS]

    def _by_postal_code(self, words: list[str]) -> Mention | None:
        for at, word in enumerate(words):
            if len(word) == 5 and word.isdecimal() and word.isascii():
                start = at
                while start and words[start - 1] in _POSTAL:
                    start -= 1
                state = state_of_postal_code(word)
                if state and (start < at or (at == 0 and len(words) == 1)):
                    return Mention((Place(state),), start, at + 1)
        return None

    def _kept(self, words: list[str]) -> list[Mention]:
        """Return the longest mentions that share no word, in order."""
        kept: list[Mention] = []
        for mention in sorted(self._mentions(words), key=lambda m: (-(m.end - m.start), m.start)):
            if not any(mention.overlaps(other) for other in kept):
                kept.append(mention)
        return sorted(kept, key=lambda m: m.start)

    def _mentions(self, words: list[str]) -> list[Mention]:
        found = []
        for length in range(min(_LONGEST_NAME, len(words)), 0, -1):
            for start in range(len(words) - length + 1):
                candidates = self.aliases.get(" ".join(words[start : start + length]))
                if candidates and self._said_as_place(words, start, length, candidates[0]):
                    found.append(Mention(candidates, start, start + length))
        return found

    def _said_as_place(self, words: list[str], start: int, length: int, place: Place) -> bool:
        before = words[start - 1] if start else ""
        if self._before_its_state(words, start + length, place):
            return True
        if length == 1 and words[start] in _NOT_A_PLACE:
            return start > 1 and before in ("en", "de", "in", "from") and words[start - 2] in _RESIDENT
        if length == len(words):
            return True
        if place.municipality is None:
            return length > 1 or len(words[start]) > 3 or before in _AT or start + 1 == len(words)
        if before in _AT or (before == "de" and start > 1 and words[start - 2] in _LIVE):
            return True
        big = self.population.get(place, 0) >= _BIG
        return big or length > 1 or len(words[start]) >= _DISTINCT

    def _before_its_state(self, words: list[str], end: int, place: Place) -> bool:
        """Say whether the state comes right after the name: "Progreso, Yucatán", "Peto de Yucatán"."""
        if place.municipality is None:
            return False
        rest = words[end + 1 :] if words[end : end + 1] in (["de"], ["en"]) else words[end:]
        return any(
            Place(place.state) in self.aliases.get(" ".join(rest[:length]), ())
            for length in range(1, min(4, len(rest)) + 1)
        )

    def _strength(self, words: list[str], mention: Mention) -> int:
        before = words[mention.start - 1] if mention.start else ""
        said = 2 if before in ("en", "a", "in") else 1 if before in ("de", "from") else 0
        return said + (2 if mention.candidates[0].municipality else 0)


def default_places() -> Places:
    """Return the project's own gazetteer."""
    return Places.load(_FOLDER)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _short_forms(name: str) -> Iterator[str]:
    """Yield what people say for a long official name: without its title, its patron saint, or whom it honours."""
    words = name.split()
    while words and words[0] in ("heroica", "ciudad", "villa", "h"):
        words = words[1:]
        if words and words[0] == "de":
            words = words[1:]
    for cut in ("de", "del"):
        if cut in words[1:]:
            head = words[: words.index(cut, 1)]
            if len(head) > 1 or (head and len(head[0]) > 4 and head[0] not in _SAINTLY):
                yield " ".join(head)
    if len(words) > 1 and words[0] in _SAINTLY:
        body = words[1:]
        if body and len(body[-1]) >= _DISTINCT and "de" not in body and "del" not in body:
            yield body[-1]
    if " ".join(words) != name:
        yield " ".join(words)


# The first two digits of a postal code and the state: the table of SEPOMEX's catalogue of postal codes
# (https://en.wikipedia.org/wiki/Postal_codes_in_Mexico). 00 and 17 to 19 are not in use.
_POSTAL_RANGES = (
    (1, 16, "Ciudad de México"), (20, 20, "Aguascalientes"), (21, 22, "Baja California"),
    (23, 23, "Baja California Sur"), (24, 24, "Campeche"), (25, 27, "Coahuila"), (28, 28, "Colima"),
    (29, 30, "Chiapas"), (31, 33, "Chihuahua"), (34, 35, "Durango"), (36, 38, "Guanajuato"), (39, 41, "Guerrero"),
    (42, 43, "Hidalgo"), (44, 49, "Jalisco"), (50, 57, "Estado de México"), (58, 61, "Michoacán"),
    (62, 62, "Morelos"), (63, 63, "Nayarit"), (64, 67, "Nuevo León"), (68, 71, "Oaxaca"), (72, 75, "Puebla"),
    (76, 76, "Querétaro"), (77, 77, "Quintana Roo"), (78, 79, "San Luis Potosí"), (80, 82, "Sinaloa"),
    (83, 85, "Sonora"), (86, 86, "Tabasco"), (87, 89, "Tamaulipas"), (90, 90, "Tlaxcala"), (91, 96, "Veracruz"),
    (97, 97, "Yucatán"), (98, 99, "Zacatecas"),
)  # fmt: skip


def state_of_postal_code(code: str) -> str | None:
    """Return the state of a postal code of five digits, None when no state has its first two."""
    number = int(code[:2])
    return next((state for first, last, state in _POSTAL_RANGES if first <= number <= last), None)


_POSTAL = frozenset({"cp", "c", "p", "codigo", "postal", "es", "el", "mi", "numero", "para"})
_APART = 4
"""Words between a city and its state up to which they are one mention, with what stands between."""
_METROPOLIS = 10
"""Times as many people as any namesake: nobody asks which one is meant."""
_RIVAL = 0.1
"""Share of the biggest namesake's people from which a place is offered beside it."""
_MOST_RIVALS = 6
_LONGEST_NAME = 7
_BIG = 150_000
_WELL_KNOWN = 100_000
_TOWN = 15_000
_DISTINCT = 9
_AT = {"en", "in", "desde", "municipio", "alcaldia", "ciudad", "vivo", "radico"}
_LIVE = {
    "soy", "vivo", "somos", "vengo", "venimos", "municipio", "alcaldia", "vecino", "vecina", "originario", "originaria",
    "ayuntamiento", "presidencia", "gobierno", "estado", "civil", "cerca", "ciudad", "sierra", "pueblo", "puerto",
}  # fmt: skip
_RESIDENT = {"soy", "vivo", "vivimos", "somos", "radico", "municipio", "alcaldia", "ayuntamiento"}
_SAINTLY = {"san", "santa", "santo", "santiago", "asuncion", "magdalena", "concepcion", "villa", "ciudad"}
# Names of municipalities or towns that are everyday words first: never a place by themselves.
_NOT_A_PLACE = {
    "abasolo", "aca", "aldama", "amor", "asuncion", "baja", "barrio", "benito", "boca", "bravo", "cabo", "camino",
    "camp", "carmen", "casas", "castillo", "centro", "cerro", "cinco", "col", "colon", "colonia", "concepcion",
    "constancia", "constitucion", "coyo", "cruz", "dolores", "el carmen", "el centro", "el mirador", "el oro",
    "el rosario", "el salto", "emiliano zapata", "general", "gomez", "gonzalez", "gro", "guada", "guadalupe",
    "guerrero de", "hidalgo de", "honduras", "independencia", "jesus maria", "jimenez", "la cruz", "la paz", "la perla",
    "la reforma", "la union", "las casas", "las flores", "libertad", "madero", "magdalena", "maiz", "mar", "marcos",
    "mata", "maza", "mich", "mina", "minas", "mineral", "mor", "morales", "nombre", "nuevo", "perez", "pesqueria",
    "piedras", "playa", "progreso", "puente", "ramos", "rayon", "reforma", "romita", "rosario", "salto", "san", "santa",
    "santiago", "santos", "satelite", "seguro", "sin", "sitio", "soledad", "son", "soto", "tab", "tierra blanca",
    "trabajo", "tula de", "union", "valle", "ver", "victoria",
}  # fmt: skip

# INEGI's official names -> the names on our cards and in people's mouths.
STATE_NAMES = {
    "Coahuila de Zaragoza": "Coahuila",
    "Michoacán de Ocampo": "Michoacán",
    "Veracruz de Ignacio de la Llave": "Veracruz",
    "México": "Estado de México",
}
