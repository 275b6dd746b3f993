"""From procedures to replies: which card fits a place, what to ask when none is settled, how a card is shown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from actions.dialogue.ages import only_fitting
from actions.dialogue.aspects import gives, only_how_much
from actions.dialogue.cases import told
from actions.dialogue.checklist import case_question, next_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.notes import counted, notes_on
from actions.dialogue.outright import besides, outright
from actions.dialogue.periods import last_day
from actions.dialogue.turn import Answer, Outcome, Pending, Turn, answer
from actions.dialogue.ways import asked_first
from bot.catalogue.places import Place, fold
from bot.catalogue.text import normalise, stem
from bot.core.procedures import Case, Condition, Procedure, narrow
from bot.core.replies import Ask, Aspect, Handoff, Option, Reply, Say, ShowProcedure

MAX_OPTIONS = 9
HUMAN = Option("human", phrase="option_human")
NONE_OF_THESE = Option("none", phrase="option_none")
YES = Option("yes", phrase="option_yes")
OTHER_PLACE = Option("place:other", phrase="option_other_place")
NO = Option("no", phrase="option_no")
EMERGENCY_CARD = "emergencias-911"
HELP_CARDS = ("locatel-cdmx",)
"""Cards of lines that tell about any procedure of their place: offered there when a card is missing."""


@dataclass(frozen=True)
class Choice:
    """The card that fits a place; or, without one, those of its municipalities (to ask which)."""

    procedure: Procedure | None = None
    municipal: tuple[Procedure, ...] = ()


def choose(cards: Sequence[Procedure], place: Place) -> Choice:
    """Choose among alternatives for a place: its municipality's card, its state's, then one for the whole country."""
    here = [card for card in cards if card.jurisdiction.state == place.state]
    exact = [c for c in here if place.municipality and c.jurisdiction.municipality == place.municipality]
    of_state = [c for c in here if c.jurisdiction.municipality is None]
    country = [c for c in cards if c.jurisdiction.state is None and not c.jurisdiction.abroad]
    best = exact or of_state or country
    if best:
        return Choice(best[0])
    return Choice(municipal=() if place.municipality else tuple(here))


def settle(turn: Turn, know: Knowledge, ids: Sequence[str], aspects: Sequence[Aspect], topic: str = "") -> Answer:
    """Answer from one of several alternatives, or ask what decides: the place, or which one.

    ``topic`` names them all in a question ("Licencia de conducir"); by default the first one's own name.
    """
    cards = [known for id_ in ids if (known := know.catalogue.procedures.get(id_)) is not None]
    if len(cards) == 1:
        return show(turn, know, cards[0], aspects)
    topic = topic or family_name(know, cards[0])
    if all(card.jurisdiction.state is None for card in cards):
        fitting = only_fitting(cards, turn.text)
        return show(turn, know, fitting, aspects) if fitting else which(turn, cards, aspects)
    if turn.place is None:
        return ask_place(turn, cards, aspects, topic)
    chosen = choose(cards, turn.place)
    if chosen.procedure is not None:
        return show(turn, know, chosen.procedure, aspects)
    if chosen.municipal:
        return ask_place(turn, chosen.municipal, aspects, topic)
    return no_card(turn, know, cards, aspects, topic)


def family_name(know: Knowledge, card: Procedure) -> str:
    """Return the name that covers a card and its siblings elsewhere."""
    family = know.catalogue.families.get(card.family or "")
    return family.name if family else card.name


_LONG_NAME = 5
"""A longer name is no plain one."""


def plain_name(know: Knowledge, card: Procedure) -> str:
    """Return what a card's thing is called anywhere, without its place: its name, or the short one if that is long."""
    if card.family in know.catalogue.families:
        return family_name(know, card)
    where = card.jurisdiction
    own = "|".join(re.escape(place) for place in (where.state, where.municipality) if place)
    name = re.sub(r"\s*\([^)]*\)", "", card.name)
    name = re.sub(rf",? (?:(?:de|del|en|la|el) )*(?:{own})\b.*$", "", name) if own else name
    if len(name.split()) <= _LONG_NAME:
        return name
    words = card.short.split()
    for start in range(1, len(words)):
        if know.places.named(fold(" ".join(words[start:]))) is not None:
            return " ".join(words[:start])
    return name


def siblings(know: Knowledge, card: Procedure) -> tuple[str, ...]:
    """Return the ids of a card's family, itself first."""
    if card.family is None:
        return (card.id,)
    others = (c.id for c in know.catalogue.family_members(card.family) if c.id != card.id)
    return (card.id, *others)


def show(turn: Turn, know: Knowledge, card: Procedure, aspects: Sequence[Aspect]) -> Answer:
    """Answer from one card, then ask what would make the answer this person's own.

    Where only prices by state exist, the state is asked for first (or after an overview); else the condition that
    settles most of what was shown, unless a question of the kind waits for an answer already.
    """
    aspects = tuple(aspects) or ("overview",)
    in_view = turn.memory.last_procedure == card.id
    if card.cost.free and pays(card) and (only_how_much(turn.text) or (aspects == ("cost",) and gives(turn.text))):
        aspects = ("output", "cost")
    turn = _about(turn, know, card, aspects)
    how_many = counted(card, turn.text) if {"overview", "requirements", "who"} & set(aspects) else None
    if how_many is not None:
        return answer(turn, "answer", *_before(turn, know, card), _shown(turn, know, *how_many), procedure=card.id)
    said_so = outright(card, turn.text) if aspects != ("simple",) else None
    if said_so is not None:
        said_so = besides(card, turn.text, said_so)
        return answer(turn, "answer", *_before(turn, know, card), _shown(turn, know, *said_so), procedure=card.id)
    state = turn.place.state if turn.place else None
    needs_state = _needs_state(card, state) and bool({"cost", "overview"} & set(aspects))
    if needs_state and aspects == ("cost",):
        return _ask_price_state(turn, card, aspects)
    replies = [*_before(turn, know, card), _shown(turn, know, card, aspects), *_until(turn, card, aspects)]
    if card.with_person and not in_view:  # the card's rule; what else is asked about it is answered
        return answer(turn, "answer", *replies, Handoff("rule"), procedure=card.id)
    if needs_state:
        asked = _ask_price_state(turn, card, ("cost",))
        return answer(turn, "answer", *replies, *asked.replies, pending=asked.memory.pending, procedure=card.id)
    return _with_case_question(turn, know, card, aspects, *replies)


def pays(card: Procedure) -> bool:
    """Say whether a card tells of money that the person gets."""
    return any("$" in text for text in (card.output or "", *card.notes))


def _until(turn: Turn, card: Procedure, aspects: Sequence[Aspect]) -> Iterable[Reply]:
    """Yield the last day, when the words say since when and the card how long."""
    day = (
        last_day(card, turn.text, turn.now.date()) if {"overview", "requirements", "deadline"} & set(aspects) else None
    )
    if day is not None:
        until = day.isoformat()
        yield Say("deadline_until" if day >= turn.now.date() else "deadline_over", {"on": until})


def show_at(turn: Turn, know: Knowledge, card: Procedure, place: Place, aspects: Sequence[Aspect]) -> Answer:
    """Answer the matter of a card for a place: from the card, from the place's own, or honestly from none."""
    turn = turn.remember(state=place.state, municipality=place.municipality)
    family = [know.catalogue.procedures[id_] for id_ in siblings(know, card)]
    if all(member.jurisdiction.state is None for member in family):
        return show(turn, know, card, aspects)
    if len(family) == 1 and not _holds(card, place):
        return no_card(turn, know, family, aspects, plain_name(know, card))
    return settle(turn, know, [member.id for member in family], aspects)


def _holds(card: Procedure, place: Place) -> bool:
    where = card.jurisdiction
    same = where.municipality is None or place.municipality in (None, where.municipality)
    return where.state in (None, place.state) and same


def for_other(turn: Turn, know: Knowledge, place: Place | None = None) -> Answer:
    """Begin a clean case for somebody else: of the card in view, or of what is asked next; for ``place``, if told."""
    case = turn.memory.case if not turn.memory.for_other else turn.memory.own_case
    clean = turn.remember(case={}, own_case=case, asked=(), for_other=True, pending=None)
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None:
        return answer(clean, "clarify", Say("other_person"), Ask("what_else"))
    aspects = turn.memory.last_aspects
    shown = show(clean, know, card, aspects) if place is None else show_at(clean, know, card, place, aspects)
    return shown.preceded_by(Say("other_person"))


def own_list(turn: Turn, know: Knowledge, card: Procedure, aspects: Sequence[Aspect]) -> Answer:
    """Ask the next question of a row, or give the answer that the row was for."""
    aspects = tuple(aspects) or ("overview",)
    turn = _about(turn, know, card, aspects)
    asked = _with_case_question(turn, know, card, aspects)
    if asked.replies:
        return asked
    return answer(turn, "answer", _shown(turn, know, card, aspects), procedure=card.id)


def _about(turn: Turn, know: Knowledge, card: Procedure, aspects: tuple[Aspect, ...]) -> Turn:
    """Return the turn with a card in view, and with what its words tell of the case."""
    memory = turn.memory
    case = told(turn.text, card_conditions(know, card))
    if same_matter(know, memory.last_procedure, card):
        changes: dict[str, object] = {"case": {**memory.case, **case}}
    else:
        other = memory.for_other and memory.last_procedure is None
        changes = {"case": case, "asked": (), "for_other": other, "own_case": memory.own_case if other else {}}
    return turn.remember(last_procedure=card.id, last_aspects=aspects, **changes)


def same_matter(know: Knowledge, before: str | None, card: Procedure) -> bool:
    """Say whether a card goes on with the one before: itself, or another of its family."""
    last = know.catalogue.procedures.get(before or "")
    return last is not None and (last.id == card.id or (last.family is not None and last.family == card.family))


def _shown(turn: Turn, know: Knowledge, card: Procedure, aspects: tuple[Aspect, ...]) -> ShowProcedure:
    state = turn.place.state if turn.place else None
    narrowed = narrow(card, turn.case, state)
    shown_state = state if card.jurisdiction.state is None else card.jurisdiction.state
    if "output" in aspects and "$" not in (card.output or ""):  # how much is given may stand in a note
        notes = tuple(note for note in card.notes if "$" in note)
        narrowed, aspects = replace(narrowed, notes=notes), (*aspects, "notes") if notes else aspects
    if "where" in aspects:
        narrowed = asked_first(narrowed, turn.text)
    spoken = notes_on(know, narrowed, turn.text, aspects)
    if spoken:
        narrowed, aspects = replace(narrowed, notes=spoken), (*aspects, "notes")
    return ShowProcedure(narrowed, aspects, shown_state, open_conditions(know, narrowed, turn.case))


def _with_case_question(
    turn: Turn, know: Knowledge, card: Procedure, aspects: tuple[Aspect, ...], *replies: Reply
) -> Answer:
    """Say the replies and ask what decides the list; a question that still waits is not joined by another."""
    pending = turn.memory.pending
    waits = pending is not None and pending.kind == "case" and pending.candidates[0] == card.id
    state = turn.place.state if turn.place else None
    asked = turn.memory.asked
    condition = next_question(card, know.catalogue.conditions, turn.case, aspects, state, asked)
    if waits or condition is None:
        return answer(turn, "answer", *replies, procedure=card.id)
    turn = turn.remember(asked=(*asked, condition.id))
    replies = tuple(replace(r, before_question=True) if isinstance(r, ShowProcedure) else r for r in replies)
    pending = Pending("case", (card.id, condition.id), aspects)
    outcome: Outcome = "answer" if replies else "clarify"
    return answer(turn, outcome, *replies, case_question(condition), pending=pending, procedure=card.id)


def _before(turn: Turn, know: Knowledge, card: Procedure) -> Iterable[Reply]:
    """Yield what must be said before a card: the emergency line, or that the card is for another place."""
    if card.sensitive == "violence" and card.id != EMERGENCY_CARD:
        yield from safety_line(know)
    where = card.jurisdiction
    unsure = turn.place is None and card.family is None and card.sensitive == "none" and card.id not in HELP_CARDS
    new = unsure and not where.municipality and not same_card_before(turn, card)
    if where.state and (new or (turn.place is not None and turn.place.state != where.state)):
        yield Say("card_is_for_place", {"place": where.municipality or where.state})


def same_card_before(turn: Turn, card: Procedure) -> bool:
    """Say whether a card was shown before."""
    return any(past.memory.last_procedure == card.id for past in turn.before)


def safety_line(know: Knowledge) -> tuple[Say, ...]:
    """Return "if you are in danger now, call …", or nothing when the catalogue has no number."""
    number = line_number(know.catalogue.procedures.get(EMERGENCY_CARD))
    return (Say("safety_first", {"emergency": number}),) if number else ()


def line_number(card: Procedure | None) -> str | None:
    """Return a help line's number as its card gives it, "079, opción 1" included."""
    for channel in card.channels if card else ():
        if channel.phone:
            return channel.short if fold(channel.phone) in fold(channel.short) else channel.phone
    return None


def every_word(card: Procedure) -> set[str]:
    """Return the stems of all that a card says."""
    needed = (text for r in card.requirements for text in (r.name, r.short, r.note, *r.accepts))
    said = (card.name, card.short, card.who, card.output, card.deadline, card.cost.note, *card.notes, *needed)
    texts = (text for text in (*said, *(amount.label for amount in card.cost.amounts)) if text)
    return {stem(word) for text in texts for word in normalise(text).split()}


def open_conditions(know: Knowledge, card: Procedure, case: Case) -> dict[str, dict[str, str]]:
    """Return the words of the conditions that the case does not settle."""
    words = know.catalogue.condition_words(card)
    return {condition: values for condition, values in words.items() if condition not in case}


def card_conditions(know: Knowledge, card: Procedure) -> tuple[Condition, ...]:
    """Return the conditions that a card's requirements and prices hang on."""
    return tuple(know.catalogue.conditions[id_] for id_ in know.catalogue.condition_words(card))


def _needs_state(card: Procedure, state: str | None) -> bool:
    amounts = card.cost.amounts
    return bool(amounts) and all(a.state is not None for a in amounts) and state not in {a.state for a in amounts}


def _ask_price_state(turn: Turn, card: Procedure, aspects: tuple[Aspect, ...]) -> Answer:
    pending = Pending("cost_place", (card.id,), aspects, turn.text)
    guessed = turn.context.guessed_state
    if guessed and guessed in {a.state for a in card.cost.amounts}:
        options = (Option(f"state:{guessed}", guessed), Option("state:", phrase="option_other_state"))
        ask = Ask("confirm_state_for", options, {"procedure": card.short, "state": guessed})
    else:
        ask = Ask("ask_state_for_cost", (), {"procedure": card.short})
    return answer(turn, "ask_place", ask, pending=pending, procedure=card.id)


def ask_place(turn: Turn, cards: Sequence[Procedure], aspects: Sequence[Aspect], topic: str) -> Answer:
    """Ask where: the places that have a card, and free text for any other."""
    pending = Pending("place", tuple(card.id for card in cards), tuple(aspects), turn.text)
    options = place_options(cards, turn.context.guessed_state)
    if turn.place is not None and len(options) < MAX_OPTIONS:  # within a state that has only municipal cards
        options = (*options, OTHER_PLACE)
    return answer(turn, "ask_place", Ask("ask_state_for", options, {"procedure": topic}), pending=pending)


def place_options(cards: Sequence[Procedure], guessed: str | None = None) -> tuple[Option, ...]:
    """Return one option a place: a state whose card is for all of it, else the municipality's own card."""
    options: dict[str, Option] = {}
    for card in cards:
        where = card.jurisdiction
        if where.state is None:
            continue
        if where.municipality is None:
            options.setdefault(where.state, Option(f"state:{where.state}", where.state))
        else:
            label = where.municipality
            options.setdefault(f"{where.state}/{label}", Option(f"procedure:{card.id}", label, description=where.state))
    ordered = sorted(options.items(), key=lambda item: (item[0].split("/")[0] != guessed, item[1].label))
    return tuple(option for _, option in ordered[:MAX_OPTIONS])


def which(turn: Turn, cards: Sequence[Procedure], aspects: Sequence[Aspect]) -> Answer:
    """Ask which of two or three procedures was meant."""
    cards = cards[: MAX_OPTIONS - 1]
    options = tuple(Option(f"procedure:{card.id}", card.short) for card in cards)
    pending = Pending("clarify", tuple(option.id for option in options), tuple(aspects), turn.text)
    return answer(turn, "clarify", Ask("which_procedure", (*options, NONE_OF_THESE)), pending=pending)


def no_card(turn: Turn, know: Knowledge, cards: Sequence[Procedure], aspects: Sequence[Aspect], topic: str) -> Answer:
    """Say honestly that there is no card for the place, and offer what there is: other places, a line, a person."""
    place = turn.place
    assert place is not None
    named = f"{place.municipality}, {place.state}" if place.municipality else place.state
    here = [c for c in cards if c.jurisdiction.state == place.state]
    elsewhere = [c for c in cards if c.jurisdiction.state != place.state]
    help_lines = [
        Option(f"procedure:{line.id}", line.short)
        for id_ in HELP_CARDS
        if (line := know.catalogue.procedures.get(id_)) is not None and line.jurisdiction.state == place.state
    ]
    offered = (*place_options(here), *place_options(elsewhere))[: MAX_OPTIONS - 1 - len(help_lines)]
    pending = Pending("place", tuple(card.id for card in cards), tuple(aspects), turn.text)
    said = Say("no_card_for_place", {"procedure": topic, "place": named})
    ask = Ask("other_places_have_card", (*help_lines, *offered, HUMAN), {"procedure": topic})
    return answer(turn, "out_of_scope", said, ask, pending=pending)
