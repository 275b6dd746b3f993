"""Put right, or told more: "no, es para mi hijo", "perdón, quise decir la CURP", "la perdí", "es de Jalisco"."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards, cases, choice
from actions.dialogue.ages import denied, fits, made_for, rather_for
from actions.dialogue.aspects import asked, without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import (
    PLAIN_QUESTION,
    another_kind,
    called,
    look_up,
    look_up_at,
    minors_card,
    of_verdict,
    sought,
    things,
    with_last,
    words_of,
)
from actions.dialogue.naming import names
from actions.dialogue.turn import Answer, Turn, moved_to
from bot.catalogue.text import normalise, stem
from bot.core.procedures import Procedure
from bot.core.replies import Aspect
from bot.understanding.danger import kind_of
from bot.understanding.words import rest

_LEAD = re.compile(
    r"^(?:(?:ah|ay|oh|uy|bueno|pero|es que|este|oiga|oye|y|pues)\s+)*"
    r"(?:no+|nel|perdon\w*|disculp\w+|ups|mas bien|mejor dicho|digo|corrijo|correccion|en realidad|mejor|me equivoque"
    r"|me confundi|me referia(?: a)?|me refiero a|quise decir|quiero decir|quise poner|queria decir|queria|yo dije|dije"
    r"|yo hablo de|hablo de|yo quiero|era|es que|sino|i meant|sorry)(?=\s|$)\s*"
)
_SAYS_SO = re.compile(
    r"(?<!\w)(?:quise decir|quiero decir|queria decir|quise poner|me referia|me refiero|me equivoque|me confundi"
    r"|corrijo|mas bien|mejor dicho|sino|i meant)(?!\w)"
)
_DENIES_FIRST = re.compile(
    r"^no (?:es|era|son|quiero|queria|dije|pregunte|me referia a|hablo de) .+?"
    r" (?:es|sino|era|quiero|son) (?P<meant>.+)$"
)
_BARE_NO = re.compile(
    r"^no (?!(?:el|l[ao]s?|los|del?|en|para|pa|es|era|soy|somos|mis?|una?|quise|quiero|queria|busco|me|se|no)\b)"
)
"""A "no" that says what is not so ("no tengo internet") rather than that something else was meant."""
_SURELY_NONE = frozenset({"complaint", "human"})
_SURE = 0.8
"""From this confidence on who is angry ("¡no puede ser, puras vueltas!") corrects nothing."""
_IS_MISSING = re.compile(
    r"^(?:(?:pero|es que|y|ay|fijese que) )*no (?:tengo|traigo|cuento|tenemos|traemos|encuentro|consigo)(?!\w)"
)
"""Says what is missing, whatever is said after it ("no tengo comprobante, rento un cuarto")."""
_PLACES = ("place", "cost_place", "confirm_place")
_MOST_WORDS = 12
"""A longer text without the form of a correction tells a story of its own."""


def corrected(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer what was meant instead, or what is told in addition; None when the message is neither."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if kind_of(turn.text) is not None or (turn.intent in _SURELY_NONE and turn.confidence >= _SURE):
        return None
    meant = _meant(turn.text)
    if meant is None and _asks_online(turn):
        return None
    if meant is None:
        return (_told_more(turn, know, card, turn.text) or _other_kind(turn, know, card)) if card else None
    if not meant or (card is None and turn.memory.pending is None):
        return None
    if card is not None:
        found = (
            _told_more(turn, know, card, meant, corrects=True)
            or _told_more(turn, know, card, turn.text, corrects=True)
            or _told_and_asked(turn, know, card)
            or _another(turn, know, card, meant)
        )
        if found is not None:
            return found
    found = (
        look_up(replace(turn, text=meant, ranking=PLAIN_QUESTION), know) if rest(know.without_place(meant)) else None
    )
    return found if found is not None and found.procedure != turn.memory.last_procedure else None


def _asks_online(turn: Turn) -> bool:
    """Say whether it is asked whether it can be done online, which tells of no case ("¿se puede en línea o voy?")."""
    asks = turn.intent == "ask_online" and turn.confidence >= _SURE
    return asks and ("?" in turn.text or "se puede" in normalise(turn.text))


def for_that_age(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer from the card that is for whom is told of, where the one in view is not ("¿y a mi esposo? tiene 67")."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or len(turn.text.split()) > _MOST_WORDS or turn.memory.pending_kind in _PLACES:
        return None
    other = made_for(know, card, turn.text)
    if other is None and denied(card, turn.text):
        other = rather_for(know, card, turn.text)
    if other is None:
        return None
    return cards.show(turn.remember(pending=None), know, other, asked(turn.text) or turn.memory.last_aspects)


def not_for(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer with whom the card in view is for, where nothing else is told than somebody of another age."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or len(turn.text.split()) > _MOST_WORDS or turn.memory.pending_kind in _PLACES:
        return None
    if fits(card, turn.text) is not False or cases.age_told(turn.text) is None or not card.who:
        return None
    every = tuple(know.catalogue.conditions.values())
    left = names(" ".join(cases.leftover(without_question(know.without_place(turn.text)), every)))
    if len(left) > 1 or not ("?" in turn.text or asked(turn.text) or normalise(turn.text).startswith(("y ", "pero "))):
        return None
    if things(turn, know) & {stem(word) for word in left}:  # "quiere el pasaporte"
        return None
    return cards.show(turn.remember(pending=None), know, card, ("who",))


def _meant(text: str) -> str | None:
    """Return the words that stand after a correction's lead, without what they deny; None when it is no correction."""
    clauses = [clause for part in re.split(r"[,.;:!?¡¿\n]+", text) if (clause := normalise(part))]
    if not clauses:
        return None
    if _IS_MISSING.match(clauses[0]) and not _SAYS_SO.search(" ".join(clauses)):
        return None
    denies = len(clauses) > 1 and any(c.startswith("no ") or c.endswith(" no") for c in clauses[1:])
    if not (_LEAD.match(clauses[0]) or _SAYS_SO.search(" ".join(clauses)) or denies):
        return None
    if len(clauses) == 1 and _BARE_NO.match(clauses[0]) and not _SAYS_SO.search(clauses[0]):
        return None
    kept = [left for clause in clauses if (left := _affirmed(clause, alone=len(clauses) == 1))]
    return " ".join(kept)


def _affirmed(clause: str, alone: bool) -> str:
    """Return what a clause says once leads and denials are cut ("no acta sino curp" -> "curp")."""
    instead = _DENIES_FIRST.match(clause)
    if instead:
        return instead["meant"]
    if clause.endswith(" no") or (clause.startswith("no ") and not alone):
        return ""
    marked = _SAYS_SO.split(clause)[-1].strip() if _SAYS_SO.search(clause) else clause
    while lead := _LEAD.match(marked):
        marked = marked[lead.end() :]
    return marked.partition(" no ")[0].removesuffix(" por favor").removeprefix("a ").strip()


def _told_more(turn: Turn, know: Knowledge, card: Procedure, text: str, corrects: bool = False) -> Answer | None:
    """Take what is told of the case of the card in view, and show its list again."""
    conditions = cards.card_conditions(know, card)
    words = text.split()
    if len(words) > _MOST_WORDS or asked(text):
        return None
    told = cases.told(text, conditions)
    goes_on = normalise(turn.text).startswith(("y ", "ahora ", "tambien "))
    if cases.own_again(text) and (turn.memory.for_other or turn.memory.case):
        own = turn.remember(case=turn.memory.own_case, own_case={}, for_other=False, asked=())
        return cards.show(_silent(own), know, card, turn.memory.last_aspects)
    left = cases.leftover(know.without_place(text), conditions)
    if len(names(" ".join(left)) if told or corrects else left) > bool(corrects and told):
        return None
    place, pending = know.place_in(text), turn.memory.pending
    if place is not None and corrects and pending is not None and pending.kind in _PLACES:
        then = pending.then if pending.kind == "confirm_place" else pending
        return choice.at_place(turn.remember(pending=then), know, place)
    if place is not None and (pending is None or pending.kind == "case") and (corrects or told):
        moved, context = moved_to(turn, place)
        context = context if turn.context.state else turn.context
        here = moved.remember(case={**turn.memory.case, **told})
        found = look_up_at(_silent(here), know, place, turn.memory.last_aspects)
        return replace(found, context=context if context != turn.context else None) if found else None
    if not told and cases.other_person(text) and not corrects:
        return _for_somebody(turn, know, card)
    if not told or (not corrects and turn.memory.pending is not None):
        return None
    if cases.other_person(text) and (minors_card(turn, know) or _like_it(turn, know, card)) is not None:
        return _for_somebody(turn, know, card)
    case = told if goes_on and cases.other_person(text) else {**turn.memory.case, **told}
    return cards.show(_silent(turn.remember(case=case, pending=None)), know, card, _that_change(turn))


def _told_and_asked(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Take what is put right of the case and answer what is asked in the same message ("la perdí, ¿cuánto es?")."""
    conditions = cards.card_conditions(know, card)
    told, wanted = cases.told(turn.text, conditions), asked(turn.text)
    said = _SAYS_SO.sub(" ", without_question(know.without_place(turn.text)))
    left = names(" ".join(cases.leftover(said, conditions)))
    if not told or not wanted or len(turn.text.split()) > 2 * _MOST_WORDS or len(left) > 1:
        return None
    here = turn.remember(case={**turn.memory.case, **told}, pending=None)
    return cards.show(_silent(here), know, card, wanted)


def _that_change(turn: Turn) -> tuple[Aspect, ...]:
    """Return the parts that were shown last, or the whole card where no case changes them."""
    last = turn.memory.last_aspects
    return last if {"overview", "requirements", "cost"} & set(last) else ("overview",)


def _another(turn: Turn, know: Knowledge, card: Procedure, meant: str) -> Answer | None:
    """Find the card that the words mean together with the one in view ("el de mi hija": a child's passport)."""
    if not cases.other_person(meant) and rest(know.without_place(meant)):
        alone = sought(replace(turn, text=meant, ranking=PLAIN_QUESTION), know)
        if alone.outcome in ("answer", "ask_place", "clarify"):
            return None
    verdict = with_last(replace(turn, text=meant), know)
    if verdict.outcome not in ("answer", "ask_place"):
        return None
    return of_verdict(replace(turn, text=meant).remember(pending=None), know, verdict, turn.memory.last_aspects)


def _for_somebody(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Answer for somebody else: the card that is made for such a person, else the same with a clean case."""
    if turn.memory.pending_kind in _PLACES:
        return None
    younger = minors_card(turn, know)
    if younger is not None:
        return cards.show(turn.remember(pending=None), know, younger, turn.memory.last_aspects)
    like_it = _like_it(turn, know, card)
    if like_it is not None:
        return cards.show(turn.remember(pending=None), know, like_it, asked(turn.text) or turn.memory.last_aspects)
    verdict = with_last(turn, know)
    first = next((hit.id for hit in verdict.hits if hit.kind == "procedure"), card.id)
    if verdict.outcome in ("answer", "ask_place") and not cards.same_matter(know, first, card):
        return of_verdict(turn.remember(pending=None), know, verdict, turn.memory.last_aspects)
    other = cards.for_other(_silent(turn), know, know.place_in(turn.text))
    if card.who and cases.of_minor(turn.text) and "age" not in know.catalogue.condition_words(card):
        # whom it is for comes before what to bring: a minor may not be
        shown = cards.show(_silent(replace(turn, memory=other.memory).remember(pending=None)), know, card, ("who",))
        return shown.preceded_by(other.replies[0])
    return other


def _like_it(turn: Turn, know: Knowledge, card: Procedure) -> Procedure | None:
    """Return the same thing's card for others that the words name: a scholarship, "para el que va en la secundaria"."""
    alone = sought(replace(turn, ranking=PLAIN_QUESTION), know)
    first = next((hit for hit in alone.hits if hit.kind == "procedure"), None)
    if alone.outcome != "answer" or first is None or not another_kind(know, card, first.id):
        return None
    other = know.catalogue.procedures[first.id]
    return other if (words_of(turn, know) - called(know, card)) & called(know, other) else None


def _other_kind(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Find the card of the same name for a case that the one in view does not know ("es renovación": of passports)."""
    every = tuple(know.catalogue.conditions.values())
    if len(turn.text.split()) > _MOST_WORDS or asked(turn.text) or turn.memory.pending_kind in _PLACES:
        return None
    if not cases.told(turn.text, every) or cases.leftover(know.without_place(turn.text), every):
        return None
    if cases.told(turn.text, cards.card_conditions(know, card)) or know.place_in(turn.text) is not None:
        return None
    verdict = with_last(turn, know)
    first = next((hit.id for hit in verdict.hits if hit.kind == "procedure"), card.id)
    if verdict.outcome != "answer" or first == card.id:
        return None
    return of_verdict(turn.remember(pending=None), know, verdict, turn.memory.last_aspects)


def _silent(turn: Turn) -> Turn:
    """Return the turn without its words: what they tell is taken already."""
    return replace(turn, text="")
