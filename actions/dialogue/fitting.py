"""The right fact of the card that a message is about: what answers it, in place of a part that does not.

That the card is meant is decided elsewhere. Here the card's sentences are ranked (:mod:`actions.dialogue.facts`), and
the likeliest are shown where the message asks for no part by name ("¿y si va conmigo, que soy su mamá?"), or for one
that the card does not have ("No tenemos cuánto tarda", where the deadline says it).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards, cases
from actions.dialogue.aspects import asked, aspects_of
from actions.dialogue.facts import Fact
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import goes_on
from actions.dialogue.notes import counted
from actions.dialogue.outright import outright
from actions.dialogue.ranking import Ranked, ranked
from actions.dialogue.turn import Answer, Turn, answer
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure, narrow
from bot.core.replies import Aspect, Say, ShowProcedure

LIKELY = 0.2
"""From this chance on a fact is shown of a card that is surely meant."""
SURELY = 0.45
"""From this chance on a fact is shown in place of what was found for a message that asks for nothing by name."""
_AS_LIKELY = 0.65
_MOST = 2
_MOST_NEEDED = 3
_MOST_WORDS = 30


def of_card(turn: Turn, know: Knowledge, card: Procedure) -> Answer:
    """Answer a message that is about a card: the parts it names, the facts it means, or that the card tells neither."""
    clean, place = turn.remember(pending=None), know.place_in(turn.text)
    if place is not None and place not in (turn.place, None):
        return cards.show_at(clean, know, card, place, asked(turn.text) or turn.memory.last_aspects)
    mine = narrow(card, turn.case, state_of(turn, card))
    exact = counted(mine, turn.text) or outright(mine, turn.text)
    if exact is not None:
        return _cut(clean, know, *exact)
    if asked(turn.text) or cases.told(turn.text, cards.card_conditions(know, card)):
        wanted = aspects_of(turn.text, turn.intent, turn.confidence) or turn.memory.last_aspects
        return better(turn, know, cards.show(clean, know, card, wanted))
    return told(clean, know, card) or _heard(clean, know, card) or not_on_card(turn, card)


def _heard(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Answer with the part that the classifier heard asked for."""
    wanted = aspects_of(turn.text, turn.intent, turn.confidence)
    return better(turn, know, cards.show(turn, know, card, wanted)) if wanted else None


def not_on_card(turn: Turn, card: Procedure) -> Answer:
    """Say that the card does not tell it, and where to ask; what waited for an answer is asked again."""
    waits = turn.memory.pending_kind == "case"
    shown = (ShowProcedure(card, ("where",), state_of(turn, card)),) if card.channels and not waits else ()
    return answer(turn, "smalltalk", Say(_NOT_THERE, {"procedure": card.short}), *shown, procedure=card.id)


def told(turn: Turn, know: Knowledge, card: Procedure, least: float = LIKELY) -> Answer | None:
    """Show the facts of a card that answer a message best; None where none is likely to."""
    case = cases.told(turn.text, cards.card_conditions(know, card))
    if case and cards.same_matter(know, turn.memory.last_procedure, card):
        turn = turn.remember(case={**turn.memory.case, **case})
    mine = narrow(card, {**turn.case, **case}, state_of(turn, card))
    best = likeliest(ranked(know, mine, turn.text, turn.ranking).facts, least)
    before = cards.safety_line(know) if card.sensitive == "violence" else ()
    return shown_facts(turn, know, mine, best).preceded_by(*before) if best else None


def likeliest(listed: Sequence[Ranked], least: float) -> list[Fact]:
    """Return the facts that answer about as surely as the first one; none where that is not likely."""
    found = [each for each in listed if each.chance >= least]
    return [each.fact for each in found if each.chance >= _AS_LIKELY * found[0].chance][:_MOST_NEEDED] if found else []


def cut_down(card: Procedure, facts: Sequence[Fact]) -> tuple[Procedure, tuple[Aspect, ...]]:
    """Return the card with only the sentences that are of these facts, and the parts that show them."""
    kept = list(facts)[: _MOST_NEEDED if all(fact.needed for fact in facts) else _MOST]
    needed = tuple(dict.fromkeys(fact.needed.name for fact in kept if fact.needed))
    notes = tuple(dict.fromkeys(fact.whole or fact.text for fact in kept if fact.aspect == "notes"))
    aspects = tuple(dict.fromkeys(fact.aspect for fact in kept))
    requirements = tuple(each for each in card.requirements if each.name in needed)
    return replace(card, requirements=requirements or card.requirements, notes=notes), aspects


def better(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Return the answer with the fact that was asked for, where what was found of the card says another."""
    outspoken = _of_another_step(turn, know, found) or _of_the_doubted(turn, know, found)
    if outspoken is not None:
        return outspoken
    card = know.catalogue.procedures.get(found.procedure or "")
    shown = [reply for reply in found.replies if isinstance(reply, ShowProcedure)]
    if card is not None and not shown and found.outcome != "answer":  # said not to be on it, and no more
        shown = [ShowProcedure(card, ("where",))]
    if card is None or len(shown) != 1 or not _may_miss(turn, know, card, found):
        return found
    case = cases.told(turn.text, cards.card_conditions(know, card))
    mine = narrow(card, {**turn.case, **found.memory.case, **case}, state_of(turn, card))
    listed = [each for each in ranked(know, mine, turn.text, turn.ranking).facts if each.fact.kind != "summary"]
    wanted = set(asked(turn.text))
    if "requirements" in wanted:
        return _honest(found, mine, shown[0])
    if wanted and not wanted <= {aspect for aspect in wanted if lacks(mine, aspect)}:
        return found
    again = "overview" in shown[0].aspects and bool(turn.memory.last_aspects)
    of_no_use = turn.memory.last_procedure == card.id and (again or found.outcome != "answer")
    kin = any(aspect in _KIN and not lacks(mine, _KIN[aspect]) for aspect in wanted)
    best = likeliest(listed, (OUTSPOKEN if kin else INSTEAD) if wanted else LIKELY if of_no_use else SURELY)
    new = [fact for fact in best if not says(shown[0], fact)]
    if not best or best[0] not in new:
        return _with_kin(found, mine, shown[0], wanted)
    if turn.memory.last_procedure != card.id:
        told_too = [fact for fact in new if fact.kind in ("notes", "who")]
        sure = "?" in turn.text or bool(_OR_NOT.search(normalise(turn.text)))
        return _added(found, mine, shown[0], told_too) if told_too and sure else found
    before = [reply for reply in found.replies if isinstance(reply, Say) and reply.phrase in _BEFORE]
    return shown_facts(turn, know, mine, best).preceded_by(*before)


OUTSPOKEN = 0.6
"""From this chance on a sentence says just what is asked."""
INSTEAD = 0.3
"""From this chance on a fact is shown in place of "we do not have that"."""
_BEFORE = ("safety_first", "card_is_for_place")
_NOT_THERE = "not_on_card"
_KIN: dict[Aspect, Aspect] = {"duration": "deadline", "deadline": "duration"}
"""Parts that are asked for in the same words ("¿en cuánto tiempo tiene que ir?")."""


def _of_another_step(turn: Turn, know: Knowledge, found: Answer) -> Answer | None:
    """Answer from another step of the life event in view, where one of its sentences says just what is asked.

    "¿Lo firmo?" after a dismissal is what the legal advice speaks of, and not the electronic signature.
    """
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    first = know.catalogue.procedures.get(found.procedure or "")
    if event is None or turn.memory.last_procedure is not None or first is None or asked(turn.text):
        return None
    if not _may_miss(turn, know, first, found):
        return None
    ids = dict.fromkeys(id_ for step in event.steps for id_ in step.procedures)
    here = [card for id_ in ids if _holds(turn, card := know.catalogue.procedures[id_])]
    best = {card.id: ranked(know, card, turn.text, turn.ranking).facts[0] for card in (first, *here)}
    card = max(here, key=lambda each: best[each.id].chance, default=first)
    sure = best[card.id].chance >= OUTSPOKEN and best[card.id].fact.kind != "summary"
    return told(turn, know, card, OUTSPOKEN) if sure and best[card.id].chance > 2 * best[first.id].chance else None


def _of_the_doubted(turn: Turn, know: Knowledge, found: Answer) -> Answer | None:
    """Answer from the one of several doubted cards that says just what is asked; None where none does, or two do."""
    pending = found.memory.pending
    if found.outcome != "clarify" or pending is None or pending.kind != "clarify" or asked(turn.text)[:1] == ("cost",):
        return None
    ids = [each.partition("procedure:")[2] for each in pending.candidates]
    doubted = [card for id_ in ids if (card := know.catalogue.procedures.get(id_)) is not None]
    best = sorted(((ranked(know, card, turn.text, turn.ranking).facts[0], card.id) for card in doubted), key=_chance)
    if not best or best[-1][0].chance < OUTSPOKEN or best[-1][0].fact.kind == "summary":
        return None
    if len(best) > 1 and best[-1][0].chance < 2 * best[-2][0].chance:
        return None
    return told(turn.remember(pending=None), know, know.catalogue.procedures[best[-1][1]], OUTSPOKEN)


def _chance(item: tuple[Ranked, str]) -> float:
    return item[0].chance


def _honest(found: Answer, card: Procedure, shown: ShowProcedure) -> Answer:
    """Return a list of documents with the sentence of the card that says that the list is not whole."""
    doubts = tuple(note for note in card.notes if _NOT_WHOLE.search(normalise(note)))[:1]
    if not doubts or not {"overview", "requirements"} & set(shown.aspects):
        return found
    aspects = tuple(dict.fromkeys((*shown.aspects, "notes")))
    notes = tuple(dict.fromkeys((*doubts, *(shown.procedure.notes if "notes" in shown.aspects else ()))))
    return _with(found, shown, replace(shown, procedure=replace(shown.procedure, notes=notes), aspects=aspects))


_NOT_WHOLE = re.compile(r"no se (?:encontr|conoc)\w+ (?:\w+ )*?(?:lista|documentos)|lista (?:\w+ )*?incompleta")
_OR_NOT = re.compile(r" o no$")


def _holds(turn: Turn, card: Procedure) -> bool:
    where = card.jurisdiction
    state = turn.place.state if turn.place else None
    return where.municipality is None and where.state in (None, state)


def lacks(card: Procedure, aspect: Aspect) -> bool:
    """Say whether a card has nothing of a part."""
    cost = card.cost
    there: dict[Aspect, object] = {
        "duration": card.duration,
        "deadline": card.deadline,
        "who": card.who,
        "output": card.output or card.validity,
        "cost": cost.free or cost.amounts or cost.note,
        "hours": any(way.hours for way in card.channels),
    }
    return aspect in there and not there[aspect]


def _may_miss(turn: Turn, know: Knowledge, card: Procedure, found: Answer) -> bool:
    """Say whether an answer is one of the card's that might as well be another: no answer to a question of ours."""
    said = {reply.phrase for reply in found.replies if isinstance(reply, Say)}
    if not turn.text.strip() or turn.intent == "pick" or len(turn.text.split()) > _MOST_WORDS:
        return False
    if found.outcome != "answer" and _NOT_THERE not in said:
        return False
    if said - {_NOT_THERE, *_BEFORE} or turn.intent in _OTHER_DEEDS:
        return False
    if turn.memory.pending is not None and not ("?" in turn.text or goes_on(turn) or asked(turn.text)):
        return False
    if counted(card, turn.text) is not None and found.memory.last_aspects not in ((), ("overview",)):
        return False  # "¿cuántos puntos?" has its number
    tells = bool(cases.told(turn.text, cards.card_conditions(know, card))) and _NOT_THERE not in said
    return not tells and know.place_in(turn.text) is None


_OTHER_DEEDS = frozenset({"compare", "simpler", "repeat", "more", "go_back", "correct", "other_person", "plan"})


def says(shown: ShowProcedure, fact: Fact) -> bool:
    """Say whether an answer shows a fact. An overview names what is needed, and no more of it."""
    aspects = set(shown.aspects or ("overview",))
    if fact.aspect == "notes":
        return "notes" in aspects and (fact.whole or fact.text) in shown.procedure.notes
    if fact.needed is not None:
        there = fact.needed.name in {each.name for each in shown.procedure.requirements}
        return there and ("requirements" in aspects or ("overview" in aspects and fact.text == fact.needed.name))
    return fact.aspect in aspects or ("overview" in aspects and fact.aspect in ("cost", "where", "deadline"))


def shown_facts(turn: Turn, know: Knowledge, card: Procedure, facts: Sequence[Fact]) -> Answer:
    """Answer with facts of a card."""
    return _cut(turn, know, *cut_down(card, facts))


def _cut(turn: Turn, know: Knowledge, card: Procedure, aspects: tuple[Aspect, ...]) -> Answer:
    words = cards.open_conditions(know, card, turn.case)
    here = turn.remember(last_procedure=card.id, last_aspects=aspects)
    return answer(here, "answer", ShowProcedure(card, aspects, state_of(turn, card), words), procedure=card.id)


def _added(found: Answer, card: Procedure, shown: ShowProcedure, facts: Sequence[Fact]) -> Answer:
    """Return an answer with facts told beside the first overview."""
    cut, aspects = cut_down(card, facts)
    both = replace(shown.procedure, notes=cut.notes or shown.procedure.notes)
    return _with(found, shown, replace(shown, procedure=both, aspects=tuple(dict.fromkeys((*shown.aspects, *aspects)))))


def _with_kin(found: Answer, card: Procedure, shown: ShowProcedure, wanted: set[Aspect]) -> Answer:
    """Return an answer with the part that is asked for in the same words as one that the card does not have."""
    kin = [_KIN[aspect] for aspect in wanted if aspect in _KIN and not lacks(card, _KIN[aspect])]
    if not kin or _NOT_THERE in {reply.phrase for reply in found.replies if isinstance(reply, Say)}:
        return found
    return _with(found, shown, replace(shown, aspects=tuple(dict.fromkeys((*shown.aspects, *kin)))))


def _with(found: Answer, before: ShowProcedure, now: ShowProcedure) -> Answer:
    return replace(found, replies=tuple(now if reply is before else reply for reply in found.replies))


def state_of(turn: Turn, card: Procedure) -> str | None:
    """Return the state that a card is shown for."""
    return card.jurisdiction.state or (turn.place.state if turn.place else None)
