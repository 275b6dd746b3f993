"""Two things side by side: "¿cuál es más barato, el pasaporte o la visa?", "¿y cuánto en Jalisco y en Puebla?"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from actions.dialogue import cards
from actions.dialogue.aspects import asked
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import (
    PLAIN_QUESTION,
    asks_only,
    called,
    names_of,
    same_thing,
    sought,
    subject,
    thing_of,
    with_last,
)
from actions.dialogue.naming import names
from actions.dialogue.turn import Answer, Turn, answer
from bot.catalogue.places import Place
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure, narrow
from bot.core.replies import Ask, Aspect, Reply, Say, ShowProcedure
from bot.understanding.words import rest

_COMPARES = re.compile(
    r"(?<!\w)(?:(?:cual|que|cuales|quien|donde)(?: de (?:los|las|esos|esas) (?:dos|2))?"
    r" (?:me )?(?:es|sale|esta|cuesta|tarda|cobra\w*|conviene|seria|piden?|queda|hay)(?: \w+)? ?(?:mas|menos|mejor)?"
    r"(?= |$)|compar\w+|(?:que )?diferencias? (?:hay |de \w+ |en \w+ )?entre|en que se diferencia\w*"
    r"|(?:en |de |con |a )?cual(?:es)? (?:\w+ ){0,3}?(?:dan?|pagan?|deposit\w+|recib\w+|piden?|tarda\w*|cobran?"
    r"|conviene|cuestan?|salen?|sirve\w*|dura\w*) (?:mas|menos|mejor)"
    r"|mas (?:barat\w+|car[oa]s?|rapid\w+|tardad\w+|facil\w*) (?:que|o)|which is (?:cheaper|faster)|compare)(?!\w)"
)
_MORE_OR_LESS = re.compile(r"(?<!\w)(?:mas|menos|mejor|conviene|compar\w+|diferenci\w+|cheaper|faster|compare)(?!\w)")
_ASPECTS: tuple[tuple[Aspect, re.Pattern[str]], ...] = (
    (
        "output",
        re.compile(
            r"(?<!\w)(?:(?:me |nos |le |les )?(?:dan?|darian|deposit\w+|prestan?)|recib\w+|ayudan?|apoyan?)"
            r" (?:a uno |uno )?(?:mas|menos|mejor)|(?:mas|menos|mejor) (?:dinero|apoyo|ayuda)(?!\w)"
        ),
    ),
    ("cost", re.compile(r"barat|car[oa]s?\b|cuesta|precio|cobra|econom|cost|cheap|sale (?:mas|menos)|cuanto")),
    ("duration", re.compile(r"rapid|tard|tiempo|pronto|antes|lent|dias|faster|long")),
    ("requirements", re.compile(r"papel|requisit|document|facil|dificil|pide|sencill")),
    ("where", re.compile(r"cerca|donde|queda")),
)
_LEAD = re.compile(
    r"(?<!\w)(?:mas|menos|mejor|barat\w+|car[oa]s?|rapid\w+|tardad\w+|facil\w*|conviene|sale|cuesta|tarda|es|esta|cual|que|de"
    r"|los|las|dos|l[ao]|una?|es[ao]s?|est[ao]s?|ultim[ao]s|primer[ao]s|anteriores|ambas|ambos|otras?|otros?|tramites?|me|el|la|\d+|an(?:it)?os?|mes|meses|entre|compar\w+|diferencias?|hay|precios?|costos?|sacar|tramitar|cuanto|y"
    r"|dan?|pagan?|deposit\w+|recib\w+|prestan?|dura\w*|sirven?|tardan?|piden?|papeles|dinero|apoyo|ayuda|gana\w*)(?!\w)"
)


_COUNTS = {
    word: str(number)
    for number, word in enumerate("uno dos tres cuatro cinco seis siete ocho nueve diez".split(), start=1)  # noqa: SIM905
}
_TWO, _MOST = 2, 3
_PAIR = re.compile(r"(?<!\w)(?:dos|2|ambas|ambos|ese|esa|este|esta|otr[oa])(?!\w)")
_BETTER = re.compile(r"(?<!\w)(?:conviene\w*|mejor|mas me sirve)(?!\w)")
_SHORT: frozenset[Aspect] = frozenset({"cost", "hours", "duration", "deadline", "who"})
"""Parts of a card that are short enough for two at once."""


@dataclass(frozen=True)
class Side:
    """One of the two things: a card, and the place whose facts count."""

    card: Procedure
    place: Place | None


_HEARD = 0.6
"""Below this confidence it takes a word that compares."""


def compared(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer a comparison; None when the message compares nothing, or what it compares is not known."""
    said = normalise(turn.text)
    offered = _open(turn, know)
    if len(offered) == 2 and asks_only(turn, know) and set(asked(turn.text)) <= _SHORT:
        both = side_by_side(turn, know, [Side(card, turn.place) for card in offered], asked(turn.text))
        return replace(both, memory=replace(both.memory, pending=turn.memory.pending))
    if not (
        turn.intent == "compare" or (_COMPARES.search(said) and _MORE_OR_LESS.search(said)) or _two_places(turn, know)
    ):
        return None
    worded = _COMPARES.search(said) or _MORE_OR_LESS.search(said) or _two_places(turn, know)
    if turn.intent == "compare" and turn.confidence < _HEARD and not worded:
        return None
    sides = _sides(turn, know)
    compares = turn.intent == "compare" or _COMPARES.search(said) or _MORE_OR_LESS.search(said)
    if not compares and len({side.card.id for side in sides}) == 1 and "where" in asked(turn.text):
        return None  # one card holds in both places, and is asked for its own
    if _TWO <= len(sides) <= _MOST:
        return side_by_side(turn, know, sides, aspects_of(turn))
    if turn.intent == "compare" and turn.memory.last_procedure is None and not names_something(turn, know):
        return answer(turn, "clarify", Ask("compare_which"))
    return None


def names_something(turn: Turn, know: Knowledge) -> bool:
    """Say whether a comparison names anything that could be looked up."""
    return bool(rest(_LEAD.sub(" ", _without_places(turn.text, know))))


def side_by_side(turn: Turn, know: Knowledge, sides: Sequence[Side], aspects: tuple[Aspect, ...]) -> Answer:
    """Show the same parts of two cards, and say which is cheaper where that is certain."""
    if aspects == ("cost",) and all(side.card.cost.free and cards.pays(side.card) for side in sides):
        aspects = ("output",)  # "¿cuál paga más?": neither costs anything, both give money
    if aspects == ("cost",) and _BETTER.search(normalise(turn.text)) and all(side.card.output for side in sides):
        aspects = aspects if any(side.card.cost.amounts for side in sides) else ("output",)
    shown = _only_row(turn, [_shown(turn, know, side, aspects) for side in sides])
    said: tuple[Reply, ...] = ()
    if "cost" in aspects:
        cheaper = _cheaper(shown)
        if cheaper is not None:
            said = (Say("cheaper", {"procedure": _name(cheaper, shown)}),)
    last = sides[-1]
    turn = turn.remember(last_procedure=last.card.id, last_aspects=aspects, asked=(), pending=None)
    return answer(turn, "answer", *said, *shown, procedure=last.card.id)


def aspects_of(turn: Turn) -> tuple[Aspect, ...]:
    """Return the part of the cards that is compared: the price where nothing else is said."""
    said = normalise(turn.text)
    named = tuple(aspect for aspect, pattern in _ASPECTS if pattern.search(said))
    return named[:1] or asked(turn.text)[:1] or ("cost",)


def _sides(turn: Turn, know: Knowledge) -> tuple[Side, ...]:
    """Return the two things: two procedures, one in two places, or one beside what was just talked about."""
    named = _named(turn, know)
    places = _places(turn.text, know)
    if len(named) == 2:
        return tuple(Side(card, places[i] if len(places) == 2 else turn.place) for i, card in enumerate(named))
    card = named[0] if named else know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is not None and _TWO <= len(places) <= _MOST:
        return _in_places(know, card, places)
    last = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if len(named) == 1 and last is not None and last.id != named[0].id:
        return (Side(last, turn.place), Side(named[0], places[0] if places else turn.place))
    if card is not None and len(places) == 1 and turn.place is not None and places[0].state != turn.place.state:
        return _in_places(know, card, (turn.place, places[0]))
    if named or places:
        return ()
    open_ones = _open(turn, know)
    return tuple(Side(each, turn.place) for each in open_ones) if len(open_ones) == 2 else _talked(turn, know)


def _talked(turn: Turn, know: Knowledge) -> tuple[Side, ...]:
    """Return the two things that were shown last, the earlier one first ("¿y cuál sale más barata?")."""
    found: list[Side] = []
    for past in reversed(turn.before):
        for reply in reversed(past.replies):
            if isinstance(reply, ShowProcedure) and (card := know.catalogue.procedures.get(reply.procedure.id)):
                side = Side(card, Place(reply.state) if reply.state else None)
                if side not in found:
                    found.append(side)
    same = [side for side in found if side.card.id == found[0].card.id] if found else []
    if len(same) > _TWO and not _PAIR.search(normalise(turn.text)):  # one thing in several places
        return tuple(reversed(same[:_MOST]))
    return tuple(reversed(found[:_TWO])) if len(found) > 1 else ()


def _open(turn: Turn, know: Knowledge) -> tuple[Procedure, ...]:
    """Return the procedures that were offered to choose from ("¿cuál es más barato?")."""
    pending = turn.memory.pending
    waits = pending is not None and pending.kind == "clarify" and not pending.tries
    ids = [each.partition(":")[2] for each in pending.candidates] if pending is not None and waits else []
    return tuple(card for id_ in ids if (card := know.catalogue.procedures.get(id_)) is not None)[:2]


def _in_places(know: Knowledge, card: Procedure, places: Sequence[Place]) -> tuple[Side, ...]:
    """Return a card or its siblings in two places; nothing unless both have one, and not the same in the same state."""
    family = [know.catalogue.procedures[id_] for id_ in cards.siblings(know, card)]
    chosen = [(cards.choose(family, place).procedure, place) for place in places]
    if len({(found.id, place.state) for found, place in chosen if found is not None}) == 1:
        return ()  # a town and its state
    return tuple(Side(found, place) for found, place in chosen if found is not None)


def _named(turn: Turn, know: Knowledge) -> list[Procedure]:
    """Return the procedures that the two sides of "o", "y", "que" or a comma name, in order."""
    text = turn.text.lower()
    for seam in (r"\bo\b|\bu\b|\bor\b", r"\by\b|\be\b|\band\b", r"\bque\b|\bcontra\b|\bvs\b", r","):
        parts = [part for part in re.split(seam, text) if _says_something(part, know)]
        if len(parts) < _TWO:
            continue
        found = _sides_named(turn, know, (parts[-2], parts[-1]))
        if found[0] is not None and found[1] is not None and found[0].id != found[1].id:
            return [found[0], found[1]]
    left = _LEAD.sub(" ", _without_places(text, know))
    whole = _card(turn, know, text) if rest(left) else None
    return [whole] if whole is not None and names_of(left) & called(know, whole) else []


def _says_something(part: str, know: Knowledge) -> bool:
    return bool(rest(_LEAD.sub(" ", _without_places(part, know)))) or any(map(str.isdigit, part))


def _sides_named(turn: Turn, know: Knowledge, parts: tuple[str, str]) -> list[Procedure | None]:
    """Return the cards of both sides; one that names no thing is of the other's ("la de 65", "o sacarlo de nuevo")."""
    own = [_card(turn, know, part) if _names_thing(part, know) else None for part in parts]
    in_view = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    found: list[Procedure | None] = []
    for part, card, other in zip(parts, own, reversed(own), strict=True):
        like = other or in_view
        if card is None and like is not None and not _names_thing(part, know):
            card = _numbered(know, like, part) or _kind_of(turn, know, like, part)
        found.append(card)
    return found


def _kind_of(turn: Turn, know: Knowledge, like: Procedure, part: str) -> Procedure | None:
    """Return another card of the same thing that the words mean ("sacarlo por primera vez")."""
    if not _DONE_TO_IT.search(normalise(part)):
        return None
    alone = replace(turn.remember(last_procedure=None), text=f"{thing_of(like)} {part}", ranking=PLAIN_QUESTION)
    kinds = {card.id: card for card in same_thing(know, like)}
    return next((kinds[hit.id] for hit in sought(alone, know).hits if hit.id in kinds), None)


_DONE_TO_IT = re.compile(r"(?<!\w)\w+[aei]rl[oa]s?(?!\w)")


def _numbered(know: Knowledge, like: Procedure, part: str) -> Procedure | None:
    """Return the only card like another one that a number of the part is the name of ("la de 65")."""
    numbers = set(_NUMBER.findall(normalise(part)))
    kinds = (c for c in know.catalogue.procedures.values() if subject(c) & subject(like))
    fitting = [
        c
        for c in kinds
        if numbers & set(normalise(" ".join((c.name, c.short, *c.aliases))).split()) and c.id != like.id
    ]
    return fitting[0] if len(fitting) == 1 else None


_NUMBER = re.compile(r"(?<!\w)\d+(?!\w)")


def _names_thing(part: str, know: Knowledge) -> bool:
    return bool(names(_LEAD.sub(" ", _without_places(part, know))))


def _card(turn: Turn, know: Knowledge, part: str) -> Procedure | None:
    words = " ".join(_LEAD.sub(" ", normalise(part)).split())
    alone = replace(turn.remember(last_procedure=None), text=words, ranking=PLAIN_QUESTION)
    verdict = sought(alone, know)
    if verdict.outcome not in ("answer", "ask_place", "clarify") and turn.memory.last_procedure:
        verdict = with_last(replace(turn, text=words), know)
    first = next((hit.id for hit in verdict.hits if hit.kind == "procedure"), None)
    if verdict.outcome not in ("answer", "ask_place", "clarify") or first is None:
        return None
    card = know.catalogue.procedures[first]
    place = know.place_in(part) or turn.place
    if card.family and place is not None:
        family = [know.catalogue.procedures[id_] for id_ in cards.siblings(know, card)]
        return cards.choose(family, place).procedure or card
    return card


def _without_places(text: str, know: Knowledge) -> str:
    left, before = know.without_place(text), ""
    while left != before:
        left, before = know.without_place(left), left
    return left


def _places(text: str, know: Knowledge) -> list[Place]:
    """Return the different states or municipalities that a text names, in order, three at most."""
    found: list[Place] = []
    for part in re.split(r"\b(?:y|o|e|u|que|contra|vs|and|or)\b|,", text.lower()):
        place = know.place_in(part)
        if place is not None and place not in found:
            found.append(place)
    return found[:_MOST]


def _two_places(turn: Turn, know: Knowledge) -> bool:
    """Say whether one question names two places ("¿cuánto cuesta el acta en Jalisco y en Puebla?")."""
    return bool(asked(turn.text)) and len(_places(turn.text, know)) > 1 and len(_named(turn, know)) <= 1


def _shown(turn: Turn, know: Knowledge, side: Side, aspects: tuple[Aspect, ...]) -> ShowProcedure:
    state = side.place.state if side.place else None
    case = turn.case if side.card.id == turn.memory.last_procedure else turn.known
    narrowed = narrow(side.card, case, state)
    if "output" in aspects and "$" not in (narrowed.output or ""):  # how much is given may stand in a note
        notes = tuple(note for note in narrowed.notes if "$" in note)
        narrowed, aspects = replace(narrowed, notes=notes), (*aspects, "notes") if notes else aspects
    shown_state = state if side.card.jurisdiction.state is None else side.card.jurisdiction.state
    return ShowProcedure(narrowed, aspects, shown_state, cards.open_conditions(know, narrowed, case))


_SPAN = re.compile(rf"(?<!\w)(?P<count>\d+|{'|'.join(_COUNTS)}) (?P<unit>ano|mes|dia)(?:s|es)?(?!\w)")


def _only_row(turn: Turn, shown: list[ShowProcedure]) -> list[ShowProcedure]:
    """Return the sides with only the prices of the row that is compared ("la de tres años"), if all have one."""
    row = _spans(turn.text)
    kept = [tuple(a for a in each.procedure.cost.amounts if row & _spans(a.label or "")) for each in shown]
    if not row or not all(kept):
        return shown
    return [
        replace(each, procedure=replace(each.procedure, cost=replace(each.procedure.cost, amounts=amounts)))
        for each, amounts in zip(shown, kept, strict=True)
    ]


def _spans(text: str) -> set[tuple[str, str]]:
    found = _SPAN.finditer(normalise(text))
    return {(_COUNTS.get(each["count"], each["count"]), each["unit"]) for each in found}


def _cheaper(shown: Sequence[ShowProcedure]) -> ShowProcedure | None:
    """Return the one that costs less than any other whatever the case, or None when that is not certain."""
    ranges = [_range(each.procedure) for each in shown]
    known = [each for each in ranges if each is not None]
    if len(known) < len(ranges):
        return None
    least = min(range(len(known)), key=lambda index: known[index][1])
    others = [known[index] for index in range(len(known)) if index != least]
    return shown[least] if all(known[least][1] < other[0] for other in others) else None


def _range(card: Procedure) -> tuple[Decimal, Decimal] | None:
    """Return the least and the most a card's procedure costs, in pesos; None when that is not known."""
    cost = card.cost
    if any(amount.currency != "MXN" for amount in cost.amounts) or (not cost.amounts and not cost.free):
        return None
    values = [value for amount in cost.amounts for value in (amount.amount, amount.up_to) if value is not None]
    values += [Decimal(0)] if cost.free else []
    return min(values), max(values)


def _name(shown: ShowProcedure, both: Sequence[ShowProcedure]) -> str:
    """Return what tells one side from the other: its name, or its place."""
    same = both[0].procedure.id == both[1].procedure.id
    return shown.state if same and shown.state else shown.procedure.short
