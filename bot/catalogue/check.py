"""Check every card: shape first, then what only holds between cards (conditions, places, life events, plain words)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from bot.catalogue.places import Places
from bot.catalogue.schema import CardError, Loaded, load_card, load_list
from bot.core.procedures import Condition, Family, LifeEvent, LifeEventStep, Procedure

T = TypeVar("T")

# What a renderer can rely on: a WhatsApp list item is 24 characters, an SMS of two segments 306.
MAX_LENGTH = {
    "short": 40,
    "summary": 160,
    "authority.short": 24,
    "requirement.short": 48,
    "channel.short": 40,
    "amount.label": 40,
    "if_text": 40,
    "step.title": 60,
    "source.title": 120,
}
MIN_ALIASES = 3
MIN_QUESTIONS = 6

# "usted" only. Second person singular forms that have no other everyday meaning in these texts.
_TUTEO = re.compile(
    r"\b(t[uú]|tus|tuyo|puedes|debes|tienes|necesitas|quieres|lleva tu|acude|solicita tu|presenta tu|haz|ve a|ten|"
    r"recuerda que|consulta tu|ingresa tu|descarga tu)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"^(\*?\d{3,4}|(\+\d{1,3} )?\d{2,3} \d{3,4} \d{4}|(\+\d{1,3} )?\d{3} \d{3} \d{4})$")
_DATE = re.compile(r"^\d{4}(-\d{2}(-\d{2})?)?$")
_URL = re.compile(r"^https?://\S+$")


@dataclass(frozen=True)
class CardSet:
    """Every card of ``data/``, as loaded; what :func:`bot.catalogue.build.build` writes."""

    procedures: tuple[Loaded[Procedure], ...]
    life_events: tuple[Loaded[LifeEvent], ...]
    conditions: tuple[Loaded[Condition], ...]
    families: tuple[Loaded[Family], ...]


def load_cards(data: Path) -> tuple[CardSet, list[CardError]]:
    """Load and check all cards under ``data``. The list of errors is sorted and empty when all is well."""
    errors: list[CardError] = []

    def load_folder(kind: type[T], folder: str) -> tuple[Loaded[T], ...]:
        paths = sorted((data / folder).glob("*.yml"))
        return tuple(card for path in paths if (card := load_card(kind, path, errors)) is not None)

    cards = CardSet(
        procedures=load_folder(Procedure, "procedures"),
        life_events=load_folder(LifeEvent, "life_events"),
        conditions=load_folder(Condition, "conditions"),
        families=tuple(load_list(Family, data / "families.yml", errors)),
    )
    errors.extend(_check_all(cards, Places.load(data / "places")))
    return cards, sorted(errors)


def _check_all(cards: CardSet, places: Places) -> Iterator[CardError]:
    conditions = {c.card.id: {value.id for value in c.card.values} for c in cards.conditions}
    events = {e.card.id for e in cards.life_events}
    families = {f.card.id for f in cards.families}
    procedures = {p.card.id for p in cards.procedures}
    named: tuple[Loaded[Procedure] | Loaded[LifeEvent] | Loaded[Condition], ...]
    named = (*cards.procedures, *cards.life_events, *cards.conditions)
    for loaded in named:
        if loaded.card.id != loaded.path.stem:
            yield loaded.error("id", f"is {loaded.card.id!r}, but the file is named {loaded.path.stem!r}")
        yield from _plain_words(loaded)
    for condition in cards.conditions:
        for index, value in enumerate(condition.card.values):
            yield from _limit(condition, f"values.{index}.if_text", value.if_text, "if_text")
    for procedure in cards.procedures:
        yield from _check_procedure(procedure, conditions, events, families, places)
    for event in cards.life_events:
        yield from _check_life_event(event, conditions, procedures)


def _check_procedure(
    loaded: Loaded[Procedure],
    conditions: dict[str, set[str]],
    events: set[str],
    families: set[str],
    places: Places,
) -> Iterator[CardError]:
    card = loaded.card
    yield from _limit(loaded, "short", card.short, "short")
    yield from _limit(loaded, "summary", card.summary, "summary")
    yield from _limit(loaded, "authority.short", card.authority.short, "authority.short")
    if len(card.aliases) < MIN_ALIASES:
        yield loaded.error("aliases", f"at least {MIN_ALIASES} are needed, {len(card.aliases)} given")
    if len(card.questions) < MIN_QUESTIONS:
        yield loaded.error("questions", f"at least {MIN_QUESTIONS} are needed, {len(card.questions)} given")
    if card.family is not None and card.family not in families:
        yield loaded.error("family", f"{card.family!r} is not in data/families.yml")
    for index, event in enumerate(card.life_events):
        if event not in events:
            yield loaded.error(f"life_events.{index}", f"there is no data/life_events/{event}.yml")
    if card.with_person and not any(channel.phone for channel in card.channels):
        yield loaded.error("with_person", "a telephone under channels is needed, for when no person is there")
    yield from _check_jurisdiction(loaded, places)
    for index, requirement in enumerate(card.requirements):
        yield from _limit(loaded, f"requirements.{index}.short", requirement.short, "requirement.short")
        yield from _check_when(loaded, f"requirements.{index}.when", requirement.when, conditions)
        if requirement.copies is not None and requirement.copies < 0:
            yield loaded.error(f"requirements.{index}.copies", "cannot be negative")
    yield from _check_cost(loaded, conditions, places)
    for index, channel in enumerate(card.channels):
        at = f"channels.{index}"
        yield from _limit(loaded, f"{at}.short", channel.short, "channel.short")
        if channel.phone is not None and not _PHONE.match(channel.phone):
            yield loaded.error(
                f"{at}.phone", f"{channel.phone!r} is not written like 55 1234 5678, 800 123 4567 or 079"
            )
        if channel.url is not None and not _URL.match(channel.url):
            yield loaded.error(f"{at}.url", f"{channel.url!r} is not an http(s) address")
    for field, source in (("source", card.source), *((f"sources.{i}", s) for i, s in enumerate(card.sources))):
        yield from _limit(loaded, f"{field}.title", source.title, "source.title")
        if not _URL.match(source.url):
            yield loaded.error(f"{field}.url", f"{source.url!r} is not an http(s) address")
        if source.date is not None and not _DATE.match(source.date):
            yield loaded.error(f"{field}.date", f"{source.date!r} is not YYYY, YYYY-MM or YYYY-MM-DD")


def _check_jurisdiction(loaded: Loaded[Procedure], places: Places) -> Iterator[CardError]:
    where = loaded.card.jurisdiction
    if where.state is not None and where.state not in places.state_names:
        yield loaded.error("jurisdiction.state", f"{where.state!r} is not one of the 32 states as INEGI writes them")
    elif where.municipality is not None and (where.state, where.municipality) not in places.municipality_names:
        yield loaded.error(
            "jurisdiction.municipality", f"{where.municipality!r} is not a municipality of {where.state}"
        )


def _check_cost(loaded: Loaded[Procedure], conditions: dict[str, set[str]], places: Places) -> Iterator[CardError]:
    cost = loaded.card.cost
    if cost.free and any(amount.amount > 0 and not amount.label for amount in cost.amounts):
        yield loaded.error("cost.free", "is true, yet there is an amount without a label that says what it is for")
    for index, amount in enumerate(cost.amounts):
        at = f"cost.amounts.{index}"
        if amount.amount < 0:
            yield loaded.error(f"{at}.amount", "cannot be negative")
        if amount.as_of is None:
            yield loaded.error(f"{at}.as_of", "a price needs the date of its source (YYYY, YYYY-MM or YYYY-MM-DD)")
        elif not _DATE.match(amount.as_of):
            yield loaded.error(f"{at}.as_of", f"{amount.as_of!r} is not YYYY, YYYY-MM or YYYY-MM-DD")
        if amount.state is not None and amount.state not in places.state_names:
            yield loaded.error(f"{at}.state", f"{amount.state!r} is not one of the 32 states as INEGI writes them")
        if amount.label is not None:
            yield from _limit(loaded, f"{at}.label", amount.label, "amount.label")
        yield from _check_when(loaded, f"{at}.when", amount.when, conditions)


def _check_life_event(
    loaded: Loaded[LifeEvent], conditions: dict[str, set[str]], procedures: set[str]
) -> Iterator[CardError]:
    card = loaded.card
    yield from _limit(loaded, "short", card.short, "short")
    if len(card.questions) < MIN_QUESTIONS:
        yield loaded.error("questions", f"at least {MIN_QUESTIONS} are needed, {len(card.questions)} given")
    if not card.steps:
        yield loaded.error("steps", "at least one step is needed")
    for index, step in enumerate(card.steps):
        yield from _limit(loaded, f"steps.{index}.title", step.title, "step.title")
        yield from _check_step(loaded, f"steps.{index}", step, conditions, procedures)


def _check_step(
    loaded: Loaded[LifeEvent], at: str, step: LifeEventStep, conditions: dict[str, set[str]], procedures: set[str]
) -> Iterator[CardError]:
    if not step.procedures:
        yield loaded.error(f"{at}.procedures", "a step names at least one procedure")
    for number, procedure in enumerate(step.procedures):
        if procedure not in procedures:
            yield loaded.error(f"{at}.procedures.{number}", f"there is no data/procedures/{procedure}.yml")
    yield from _check_when(loaded, f"{at}.when", step.when, conditions)


def _check_when(
    loaded: Loaded[Any], at: str, when: dict[str, tuple[str, ...]], conditions: dict[str, set[str]]
) -> Iterator[CardError]:
    for condition, values in when.items():
        if condition not in conditions:
            yield loaded.error(f"{at}.{condition}", f"there is no data/conditions/{condition}.yml")
            continue
        for value in values:
            if value not in conditions[condition]:
                allowed = ", ".join(sorted(conditions[condition]))
                yield loaded.error(f"{at}.{condition}", f"{value!r} is not one of its values ({allowed})")


def _limit(loaded: Loaded[Any], field: str, text: str, kind: str) -> Iterator[CardError]:
    if len(text) > MAX_LENGTH[kind]:
        yield loaded.error(field, f"is {len(text)} characters long, at most {MAX_LENGTH[kind]} fit")


def _plain_words(loaded: Loaded[Any]) -> Iterator[CardError]:
    """Yield an error for every text that speaks to the citizen as "tú" (questions and aliases are hers, not ours)."""
    for field, text in _texts(loaded.tree, ()):
        found = _TUTEO.search(text)
        if found and field.split(".")[0] not in ("questions", "aliases", "source", "sources", "to_verify"):
            yield loaded.error(field, f"speaks as «tú» ({found.group(0)!r}): write «usted»")


def _texts(tree: object, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from _texts(value, (*path, str(key)))
    elif isinstance(tree, list):
        for index, value in enumerate(tree):
            yield from _texts(value, (*path, str(index)))
    elif isinstance(tree, str):
        yield ".".join(path), tree
