"""What a text tells of the case: "para mi hija de 5 años", "la perdí", "es renovación", "soy extranjera".

Which words mean which answer is data of the conditions (``said``, ``ages``, and the answer's own label). What is here
is grammar: clauses, denials, ages, who speaks of herself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import Case, Condition, ConditionValue
from bot.understanding.words import rest

STABLE = frozenset({"nationality", "senior", "age_75"})
"""Conditions that say something lasting about a person: kept in SQL once she says it of herself."""

_DENIED = re.compile(
    r"(?<!\w)(?:no|ni|nunca|sin|tampoco)(?: (?:me|se|le|la|lo|los|las|es|soy|fue|era|esta|tiene|ha))*$"
)
_CLAUSES = re.compile(r"[.,;:!?¡¿\n]+|\b(?:pero|sino|aunque)\b", re.IGNORECASE)
_PEOPLE = (
    r"(?:hij\w*|nin\w+|bebe\w*|niet\w+|sobrin\w+|ahijad\w+|chamac\w+|chavit\w+|escuincle\w*|muchach\w+|gemel\w+"
    r"|mama\w*|papa\w*|abuel\w+|abue|suegr\w+|espos\w+|herman\w+|tia|tio|senor\w*|persona|menor\w*|viejit\w+"
    r"|jef[ea]s?|jefit[oa]s?|carnal\w*|cunad\w+|prim[oa]s?|novi[oa]s?|marido|mujer|madre|padre|amig[oa]s?|vecin[oa]s?"
    r"|compa|comadre|compadre|morr[oa]s?|chav[oa]s?|viej[oa]s?|pareja|yerno|nuera)"
)
_NUMBER = r"(?P<age>\d{1,3})"
_YEARS = r"(?P<unit>an(?:it)?os?|meses|mes|semanas?|dias?)"
_AGES = (
    re.compile(
        rf"(?<!\w)(?P<self>tengo|cumpli|cumplo|ando en|ando por|voy para) (?:los |ya )*{_NUMBER}(?: {_YEARS})?(?!\w)"
    ),
    re.compile(
        rf"(?<!\w)(?:tiene|cumple|cumplio|cumplir|anda (?:en|por|sobre)|va para|paso de|edad(?: de)?) (?:los |ya )*"
        rf"{_NUMBER}(?: {_YEARS})?(?!\w)"
    ),
    re.compile(rf"(?<!\w)(?!menor|mayor){_PEOPLE} (?:\w+ ){{0,2}}?de {_NUMBER} {_YEARS}(?!\w)"),
    re.compile(
        rf"(?<!\w)(?:mi|su|el|la|un|una) {_PEOPLE} (?:\w+ )?de {_NUMBER}"
        r"(?! (?:pesos|mil|meses|mes|semanas?|dias?|horas?|kilos?|metros?|hij\w+|de|por|\d+)(?!\w))(?!\w)"
    ),
    re.compile(rf"(?<!\w)(?:el|ella|{_PEOPLE}) (?:ya )?{_NUMBER} {_YEARS}(?!\w)"),
    re.compile(rf"(?<!\w)de {_NUMBER} {_YEARS} de edad(?!\w)"),
    re.compile(
        rf"(?<!\w)(?:i m|i am|he s|she s|he is|she is|is|are|aged?|turned) {_NUMBER}(?: years?(?: old)?)?(?!\w)"
    ),
    re.compile(rf"(?<!\w){_NUMBER} years? old(?!\w)"),
)
_NOT_AN_AGE = re.compile(
    r"^ (?:hij\w*|niet\w+|herman\w+|auto\w*|caso\w*|semanas cotizadas|de (?:casad\w+|trabaj\w+|vivir|residencia))"
)
_OLDEST = 115
_OF_AGE = 18
_RELATIVE = (
    rf"(?:{_PEOPLE}|mujer|marido|pareja|novi\w+|prim\w+|cunad\w+|vecin\w+|amig\w+|comadre|compadre|patron\w*"
    r"|conocid\w+|padres|familiar\w*|companer\w+|yern\w+|nuer\w+)"
)
_ANY_PERSON = re.compile(rf"(?<!\w)(?:otra persona|alguien mas|{_RELATIVE})(?!\w)")
_FOR_OTHER = re.compile(
    r"(?<!\w)(?:para|pa|de|el de|la de|por) (?:mis? |un |una |el |la |otr[oa] )*"
    rf"(?:otra persona|alguien mas|{_RELATIVE})(?!\w)"
)
_FOR_SELF = re.compile(r"(?<!\w)(?:para|pa) mi(?: mism[oa])?$|^(?:y )?(?:el|la|lo) mi[oa]$")
_CASE_WORDS = frozenset(
    map(
        stem,
        """
        ahora caso chiquita chiquito cumplio naci nacio perdon persona primera seria tengo vez ya acorde recorde fijese
        mire mira
        """.split(),  # noqa: SIM905
    )
)
_OF_SELF = re.compile(r"(?<!\w)(?:soy|tengo|naci|yo)(?!\w)")
_OF_OTHERS = re.compile(rf"(?<!\w)(?:mi|mis|su|sus|un|una|el|la|los|las) (?:\w+ )?{_PEOPLE}(?!\w)")


def told(text: str, conditions: Iterable[Condition]) -> Case:
    """Return what a text tells of these conditions; of one it tells nothing about, or two things, there is nothing."""
    clauses = tuple(_clauses(text))
    ages = {age for clause in clauses for age in _ages(clause)}
    case: Case = {}
    for condition in conditions:
        value = _by_age(condition, ages) or _by_words(condition, clauses)
        if value:
            case[condition.id] = value
    return case


def leftover(text: str, conditions: Iterable[Condition]) -> list[str]:
    """Return the words that neither tell of these conditions nor name a person, an age or a courtesy."""
    left = " , ".join(_clauses(text))
    for pattern in (p for c in conditions for v in c.values for p in _patterns(v.said)):
        left = pattern.sub(" ", left)
    for pattern in (*_AGES, _ANY_PERSON):
        left = pattern.sub(" ", left)
    named = {stem(word) for c in conditions for v in c.values for word in _stems(v.label) | _stems(v.if_text)}
    return [word for word in rest(" ".join(left.replace(",", " ").split())) if stem(word) not in named | _CASE_WORDS]


def untold(said: str, conditions: Iterable[Condition]) -> str:
    """Return a normalised text without the words that tell of these conditions."""
    for pattern in (p for c in conditions for v in c.values for p in _patterns(v.said)):
        said = pattern.sub(" ", said)
    return " ".join(said.split())


def other_person(text: str) -> bool:
    """Say whether a text says that the matter is somebody else's ("y para mi esposa", "es de mi vecino")."""
    said = normalise(text)
    return bool(_FOR_OTHER.search(said))


def names_somebody(text: str) -> bool:
    """Say whether a text tells of a person other than the writer ("mi nieta …")."""
    return bool(_OF_OTHERS.search(normalise(text)))


def of_minor(text: str) -> bool:
    """Say whether a text tells of somebody under eighteen, by age."""
    ages = {age for clause in _clauses(text) for age in _ages(clause)}
    return bool(ages) and max(ages) < _OF_AGE


def age_told(text: str) -> int | None:
    """Return the age that a text tells; None of none or several."""
    ages = {age for clause in _clauses(text) for age in _ages(clause)}
    return next(iter(ages)) if len(ages) == 1 else None


_ONLY_AGE = re.compile(
    rf"(?:(?:pues|bueno|si|no|mire|ya|casi|como|apenas|tengo|tiene|tienen|cumpli|cumplio|cumple|cumplira|va a cumplir"
    rf"|va para|anda en|ando en|voy para|son|es|de|los|unos|mi|el|ella|yo|su edad es|edad|{_PEOPLE}) )*"
    rf"{_NUMBER}(?: {_YEARS})?"
    r"(?: (?:cumplid[oa]s?|de edad|y medio|apenas|ya|mas o menos|senor\w*|joven))*"
)
"""Nothing but an age, as it answers a question about one ("57", "ya casi 60", "de 67 años")."""


def bare_age(text: str) -> int | None:
    """Return the age that a few words are, in full years; None where they tell more, or no age of a person."""
    found = _ONLY_AGE.fullmatch(" ".join(re.findall(r"\w+", normalise(text))))
    if found is None or int(found["age"]) > _OLDEST:
        return None
    return int(found["age"]) if (found["unit"] or "a").startswith("a") else 0


def by_age(condition: Condition, age: int) -> str | None:
    """Return the answer of a condition that an age falls in."""
    return _by_age(condition, {age})


def own_again(text: str) -> bool:
    """Say whether a text says that the matter is the person's own ("ahora para mí")."""
    return bool(_FOR_SELF.search(normalise(text)))


def lasting(text: str, case: Case) -> Case:
    """Return the part of a told case that says something lasting about the person who writes."""
    said = normalise(text)
    if not _OF_SELF.search(said) or _OF_OTHERS.search(said):
        return {}
    return {condition: value for condition, value in case.items() if condition in STABLE}


def answered(text: str, condition: Condition) -> str | None:
    """Return the answer that a text gives to the condition's own question: the words of one answer and no other's.

    Here a denial is an answer of its own ("no" to a yes-or-no question), so that less is needed than of :func:`told`.
    """
    value = told(text, (condition,)).get(condition.id)
    if value:
        return value
    said = {stem(word) for word in normalise(text).split()}
    fitting = [v.id for v in condition.values if (needed := _stems(v.label)) and needed <= said]
    if len(fitting) == 1:
        return fitting[0]
    heard = {stem(word) for word in keywords(normalise(text))}
    near = [v.id for v in condition.values if heard and heard <= _stems(v.label) | _stems(v.if_text)]
    return near[0] if len(near) == 1 else None


def _clauses(text: str) -> Iterator[str]:
    """Yield the normalised clauses; a "no" that stands alone in front denies what was said before, not what follows."""
    for part in _CLAUSES.split(text):
        clause = normalise(part)
        if clause:
            yield clause


def _ages(clause: str) -> Iterator[int]:
    for pattern in _AGES:
        for found in pattern.finditer(clause):
            age = int(found["age"])
            unit = found.groupdict().get("unit") or ""
            if _NOT_AN_AGE.match(clause[found.end() :]) or age > _OLDEST:
                continue
            yield age if not unit or unit.startswith("a") else 0


def _by_age(condition: Condition, ages: set[int]) -> str | None:
    if len(ages) != 1:
        return None
    age = next(iter(ages))
    return next((v.id for v in condition.values if v.ages and v.ages[0] <= age <= v.ages[1]), None)


def _by_words(condition: Condition, clauses: tuple[str, ...]) -> str | None:
    strength: dict[str, int] = {}
    denied: set[str] = set()
    for value in condition.values:
        for clause in clauses:
            strength[value.id] = max(strength.get(value.id, 0), _told_in(value, clause, denied))
    best = max(strength.values(), default=0)
    fitting = [id_ for id_, found in strength.items() if found == best and found]
    if len(fitting) == 1:
        return fitting[0]
    others = [value.id for value in condition.values if value.id not in denied]
    return others[0] if not fitting and denied and len(others) == 1 else None


def _told_in(value: ConditionValue, clause: str, denied: set[str]) -> int:
    """Return how many letters of a clause tell the value; 0 when none do, or when they are denied (noted)."""
    best = 0
    for pattern in _patterns(value.said):
        for found in pattern.finditer(clause):
            if _DENIED.search(clause[: found.start()].rstrip()) and not found.group().startswith("no "):
                denied.add(value.id)
            else:
                best = max(best, len(found.group()))
    if best or {"no", "ni"} & set(clause.split()):
        return best
    stems = {stem(word) for word in clause.split()}
    for wording in (value.label, value.if_text):
        needed = _stems(wording)
        if needed and needed <= stems:
            best = max(best, sum(map(len, needed)))
    return best


@lru_cache(maxsize=4096)
def _patterns(said: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(rf"(?<!\w)(?:{words})(?!\w)") for words in said)


@lru_cache(maxsize=4096)
def _stems(wording: str) -> frozenset[str]:
    return frozenset(stem(word) for word in keywords(normalise(wording)))
