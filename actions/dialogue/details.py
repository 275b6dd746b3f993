"""What is said or asked of the card in view that is no part of a card: "¿y la multa?", "no tengo comprobante".

The card's own sentences answer where they speak of it; where they do not, that is said, rather than something else
that was not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from actions.dialogue import cards, cases
from actions.dialogue.aspects import BY_INTENT, HEARD, asked, aspects_of, without_question
from actions.dialogue.events import show_event
from actions.dialogue.fitting import LIKELY, not_on_card, told
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import another_kind, called, goes_on, named_elsewhere, things, with_last, words_of
from actions.dialogue.naming import names, root
from actions.dialogue.notes import counted, notes_on
from actions.dialogue.outright import besides, instead, outright
from actions.dialogue.turn import Answer, Turn, answer
from actions.dialogue.unknown import SURE
from actions.dialogue.urgent import URGENT_CARDS
from bot.catalogue.search import Hit
from bot.catalogue.text import normalise, stem
from bot.core.procedures import Procedure, narrow
from bot.core.replies import Aspect, ShowProcedure
from bot.understanding.decision import Decision

_MOST_WORDS = 14
"""A longer message tells a story of its own."""
_ENOUGH = 0.6
"""The share of the words that must be in a sentence for it to speak of the same."""
_MOST_NOTES = 2
_LIKELY = 0.5
OUTSPOKEN = 0.4
"""From this chance on a sentence says just what is asked."""
_LACKS = re.compile(
    r"^(?:(?:y|pero|es que|oiga|pues|bueno|ay|hijole|fijese que|lo que pasa es que) )*(?:si )?"
    r"(?:(?:el|ella|ellos|mi \w+) )?"
    r"(?:(?:no|ya no|solo|nomas|todavia no|aun no|yo no|nunca) (?:\w+ ){0,2}?"
    r"(?:tengo|traigo|cuento|tenemos|hay|encuentro|traemos|tienen?|traen?|consigo|saque|sacamos|dieron|dio|tuve"
    r"|alcanz\w+)"
    r"|me falta|solo|nada mas|nomas|sin)(?!\w)"
    r"|(?<!\w)(?:esta|estan|sale|viene|sigue|es) a nombre de(?!\w)|(?<!\w)a nombre de otr|(?<!\w)a mi nombre(?!\w)"
)
"""Says that something is missing, or is not as asked for: of what the card asks, not of another procedure."""
_WITHOUT = re.compile(r"^(?:(?:y|pero|oiga|entonces) )*(?:si )?(?:voy |se puede |puedo (?:ir )?)?sin ")
_FOR_ONE = re.compile(
    r"(?<!\w)(?:llevar|necesito|necesita|ocupo|piden|hace falta|conseguir|contratar|pagar)"
    r" (?:(?:a|algun\w*|un|una|al|el|la) )+\w+"
)
_BRINGS = re.compile(
    r"(?<!\w)cuant[oa]s (?:copias|juegos|tantos|fotos|fotografias)(?!\w)|"
    r"(?<!\w)(?:llev\w+|traig\w+|pid\w+|piden|present\w+|entreg\w+)(?: \w+){0,4} "
    r"(?:original\w*|copias?|certificad[oa]s?"
    r"|reciente\w*|vigente\w*|actualizad[oa]s?)(?!\w)|(?:tiene|debe|puede) (?:que )?(?:ser|estar) (?:original|copia"
    r"|certificad[oa]|reciente|vigente|actualizad[oa])"
)
"""Asks in what form something is to be brought."""
_SUPPOSES = re.compile(r"^(?:y|pero|entonces|oiga y) si ")
_WISHES = re.compile(r"(?<!\w)(?:quiero|quisiera|necesito|ocupo|busco|ando buscando|me gustaria|tambien|ahora)(?!\w)")
"""Begins something else, where a life event is told."""
_STATES = re.compile(
    r"^(?:(?:y|ya|yo|pero|es que|oiga|pues|bueno|fijese que|lo que pasa es que) )*"
    r"(?:tengo|tenemos|soy|somos|estoy|estamos|naci|nacio|me|nos|trabajo|cobro|gano|estudio|vivo|es|esta|fue|era|mi|el|ella)(?!\w)"
)
_DEED = re.compile(r"\w+[aei]r(?:me|se|nos|les?|l[oa]s?)?")
"""A verb: what is done with a thing that is in view ("¿cuánto tiempo tengo para reclamar?")."""
_MATTERS = re.compile(
    r"(?<!\w)(?:afecta\w*|importa|influye|perjudica|cambia algo|hay (?:algun )?problema|pasa algo"
    r"|cuenta (?:igual|para)|ayuda (?:en )?algo|(?:ayuda|sirve|vale|cuenta) (?:de |en |para )?(?:algo|eso)"
    r"|tengo (?:ventaja|prioridad)|(?:me|nos|le|les|se) l[oa]s? (?:dan|darian|aceptan|reciben|dejan|toman)"
    r"|asi (?:se puede|vale|sirve|procede))"
    r"(?!\w)"
)
_RECEIPT = frozenset(map(stem, ("recibo", "recibos", "luz", "agua", "comprobante", "comprobantes")))
_LEAST, _NEAR = 0.15, 0.3
_YEARS = stem("anos")
_AGED = re.compile(
    r"(?<!\w)(?:tengo|tiene|cumpli\w*|cumple|edad|de) (?:ya |los |de )*\d{1,3}(?! (?:hij|meses|semanas|dias))"
)


def detail(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer from the card in view what a message says of it; None when the message is about something else."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    pending = turn.memory.pending
    if card is None and pending is not None and pending.kind == "step" and pending.candidates:
        told = _pointed_instead(turn, know, pending.candidates)
        if told is not None:
            return told
        in_vain = _asks_in_vain(turn, know, decision)
        return cards.settle(turn, know, pending.candidates, _parts(turn)) if in_vain else None
    if card is None or card.id in URGENT_CARDS or len(turn.text.split()) > _MOST_WORDS:
        return None
    if decision.kind == "emergency" or turn.intent in _DEEDS or know.place_in(turn.text) is not None:
        return None
    short = decision.intent in _SHORT_ANSWERS and (goes_on(turn) or lacks(turn.text))
    if decision.kind == "talk" and not short:
        return None
    if _asks_in_vain(turn, know, decision):
        outspoken = meant(turn, know, card, OUTSPOKEN) if asks_for_one(turn.text) else None
        return outspoken or cards.show(turn, know, card, _parts(turn))
    proof = _proof(turn, know, card)
    if proof is not None:
        return proof
    online = turn.intent == "ask_online"  # "¿y se puede por internet?" asks, though it sounds like an answer
    if not online and _tells_case_only(turn, know) and not _tells_of_else(turn, know, card, decision):
        return _case(turn, know, card)
    said = words_of(turn, know)
    if not said or not _stays(turn, know, card, decision, said):
        return None
    if said <= _short_names(card):
        return _without_it(turn, know, card)
    found = _speaking_of(card, said)
    if found is not None:
        return None if _rest_names_another(know, card, decision, said) else _shown(turn, know, *found)
    missing = lacks(turn.text)
    if "?" in turn.text and _MATTERS.search(normalise(turn.text)):  # whether what she tells counts, here
        return meant(turn, know, card) or not_on_card(turn, card)
    if said <= called(know, card) or (_asks_a_part(turn) and not missing) or _goes_on_elsewhere(turn, know, card, said):
        return None
    if turn.memory.pending_kind == "case" and "?" not in turn.text and decision.kind == "out_of_scope":
        return None  # an answer that was not understood, as far as anybody knows
    if _rest_names_another(know, card, decision, said):
        return None
    return meant(turn, know, card) or not_on_card(turn, card)


_SHORT_ANSWERS = ("affirm", "deny")
"""What "¿y si …?" may be taken for."""
_DEEDS = frozenset({"step_done", "remind", "cancel_reminders", "send_copy", "call_me", "correct"})


def _parts(turn: Turn) -> tuple[Aspect, ...]:
    return aspects_of(turn.text, turn.intent, turn.confidence)


def _asks_a_part(turn: Turn) -> bool:
    """Say whether a part of a card is asked for, by the words or as far as the classifier heard."""
    return bool(asked(turn.text)) or (turn.intent in BY_INTENT and turn.confidence >= HEARD)


def _tells_case_only(turn: Turn, know: Knowledge) -> bool:
    """Say whether a message tells of a case and of nothing else ("tengo 61", "la saca por primera vez")."""
    every = tuple(know.catalogue.conditions.values())
    if not cases.told(turn.text, every):
        return False
    left = cases.leftover(know.without_place(turn.text), every)
    return not set(names(" ".join(left))) - {"sac", "saca"} and not _WISHES.search(normalise(turn.text))


def _asks_in_vain(turn: Turn, know: Knowledge, decision: Decision) -> bool:
    """Say whether a part of a card is asked for, and what else is said leads nowhere: it is of the card in view."""
    hits = decision.verdict.hits
    weak = not hits or hits[0].score < _LIKELY
    if not asked(turn.text) or not weak or turn.memory.pending_kind not in (None, "case", "step"):
        return False
    named = names(without_question(know.without_place(turn.text)))
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is not None and decision.kind == "life_event" and _is_step(know, card, decision):
        return True
    own = _stems(_texts(card)) if card is not None else set()
    return (
        bool(named)
        and not things(turn, know) - own
        and all(_DEED.fullmatch(word) or stem(word) in own for word in named)
    )


def _goes_on_elsewhere(turn: Turn, know: Knowledge, card: Procedure, said: set[str]) -> bool:
    """Say whether the words are the name of another card like this one ("¿y la federal?")."""
    first = next((hit for hit in with_last(turn, know).hits if hit.kind == "procedure"), None)
    return first is not None and first.id != card.id and said <= called(know, know.catalogue.procedures[first.id])


def _tells_of_else(turn: Turn, know: Knowledge, card: Procedure, decision: Decision) -> bool:
    """Say whether what happened is another matter ("se murió mi papá", with a passport in view)."""
    if _AGED.search(normalise(turn.text)):
        return False  # an age is told of the case in view
    first = next((hit for hit in decision.verdict.hits if hit.kind == "procedure"), None)
    other = first is not None and first.score >= _LIKELY and not cards.same_matter(know, first.id, card)
    return other or (decision.kind == "life_event" and not _is_step(know, card, decision))


def _case(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Take what is told of the case; where the card does not ask for it, show whom it is for."""
    if cases.told(turn.text, cards.card_conditions(know, card)):
        return cards.show(turn.remember(pending=None), know, card, _parts(turn) or turn.memory.last_aspects)
    if _is_of_another_kind(turn, know, card):
        return None
    if (turn.memory.pending is not None and turn.memory.pending_kind != "case") or _asks_a_part(turn):
        return None
    aged = bool(_AGED.search(normalise(turn.text)))
    found = _speaking_of(card, {_YEARS} if aged else words_of(turn, know))
    if found is not None:
        return _shown(turn, know, *found)
    return _shown(turn, know, card, ("who",)) if card.who and aged else not_on_card(turn, card)


def _is_of_another_kind(turn: Turn, know: Knowledge, card: Procedure) -> bool:
    """Say whether what is told leads to the same thing for others ("¿y de un adulto?")."""
    first = next((hit for hit in with_last(turn, know).hits if hit.kind == "procedure"), None)
    return first is not None and another_kind(know, card, first.id)


def _stays(turn: Turn, know: Knowledge, card: Procedure, decision: Decision, said: set[str]) -> bool:
    """Say whether a message is about the card in view: nothing else is named, or only what this is a step of."""
    missing = lacks(turn.text)
    if said <= _short_names(card):
        return missing and not asked(turn.text)
    if decision.chances["out_of_scope"] >= SURE and not missing and not goes_on(turn):
        return False
    hits = [hit for hit in decision.verdict.hits if hit.kind == "procedure"]
    others = [hit for hit in hits if not cards.same_matter(know, hit.id, card) and _here(turn, know, hit)]
    if decision.kind == "life_event":
        waits = turn.memory.pending_kind == "case"
        matters = bool(_MATTERS.search(normalise(turn.text)))
        same = waits or matters or goes_on(turn) or (bool(hits) and cards.same_matter(know, hits[0].id, card))
        here = _is_step(know, card, decision) and same and not _names_event(know, card, decision, said)
        return not _WISHES.search(normalise(turn.text)) and (here or ((waits or matters) and "?" in turn.text))
    if _WITHOUT.match(normalise(turn.text)) and _speaking_of(card, said) is not None:
        return True
    close = [hit for hit in others if hit.score >= max(_LEAST, _NEAR * hits[0].score)]
    if any(said <= called(know, know.catalogue.procedures[hit.id]) for hit in close):
        return False
    if missing:
        return named_elsewhere(turn, know, others) is None
    if hits and cards.same_matter(know, hits[0].id, card) and hits[0].score >= _LIKELY:
        return True
    if decision.verdict.outcome == "answer" and others and others[0] == hits[0]:
        return bool(_SUPPOSES.match(normalise(turn.text))) and named_elsewhere(turn, know, others) is None
    here = goes_on(turn) or turn.memory.pending_kind == "case" or _is_of_her(turn, decision)
    return here and named_elsewhere(turn, know, others) is None


def _is_of_her(turn: Turn, decision: Decision) -> bool:
    """Say whether a message only tells something of the person, or asks whether it matters ("me casé dos veces")."""
    said = normalise(turn.text)
    weak = not decision.verdict.hits or decision.verdict.hits[0].score < _LIKELY
    return weak and bool(_MATTERS.search(said) or (_STATES.match(said) and not _WISHES.search(said)))


def _here(turn: Turn, know: Knowledge, hit: Hit) -> bool:
    """Say whether a card holds where the person is, as far as that is known."""
    where = know.catalogue.procedures[hit.id].jurisdiction
    if where.municipality is None or know.catalogue.procedures[hit.id].family is not None:
        return True
    return turn.place is not None and turn.place.municipality == where.municipality


def _names_event(know: Knowledge, card: Procedure, decision: Decision, said: set[str]) -> bool:
    """Say whether the words are the name of the life event ("¿y trabajo?"), and not only the card's."""
    event = know.catalogue.life_events.get(decision.event.id if decision.event else "")
    new = said - _short_names(card)
    return event is not None and bool(new) and new <= _stems((event.name, event.short))


def _is_step(know: Knowledge, card: Procedure, decision: Decision) -> bool:
    event = know.catalogue.life_events.get(decision.event.id if decision.event else "")
    family = set(cards.siblings(know, card))
    return event is not None and any(family & set(step.procedures) for step in event.steps)


def lacks(text: str) -> bool:
    """Say whether a text says that something is missing, or is not as asked for."""
    return bool(_LACKS.search(normalise(text)))


def asks_for_one(text: str) -> bool:
    """Say whether a text asks whether one thing is needed ("¿tengo que llevar un abogado?")."""
    return bool(_FOR_ONE.search(normalise(text)))


def _pointed_instead(turn: Turn, know: Knowledge, ids: Iterable[str]) -> Answer | None:
    """Answer what is lacked for the step that was pointed at, where its only card tells what to do then."""
    known = [card for id_ in ids if (card := know.catalogue.procedures.get(id_)) is not None]
    if len(known) != 1 or not lacks(turn.text):
        return None
    told = instead(narrow(known[0], turn.case, _state(turn, known[0])), turn.text)
    here = turn.remember(last_procedure=known[0].id, last_aspects=("requirements",))
    return _shown(here, know, *told) if told is not None else None


def _proof(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Answer "no tengo recibo de luz a mi nombre" with what else proves an address."""
    if not lacks(turn.text):
        return None
    known = instead(narrow(card, turn.case, _state(turn, card)), turn.text)
    if known is not None:
        return _shown(turn, know, *known)
    if not {stem(word) for word in normalise(turn.text).split()} & _RECEIPT:
        return None
    found = _speaking_of(card, {stem("comprobante")})
    return _shown(turn, know, *found) if found is not None else None


def how_many(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer "¿cuántas semanas le piden?" with the sentences of the card in view that say how many."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or len(turn.text.split()) > _MOST_WORDS:
        return None
    mine = narrow(card, turn.case, _state(turn, card))
    found = counted(mine, turn.text)
    if found is None and {root(word) for word in words_of(turn, know)} <= {root(w) for w in cards.every_word(card)}:
        found = outright(mine, turn.text)
        found = besides(mine, turn.text, found) if found is not None else None
    return _shown(turn, know, *found) if found is not None else None


def to_bring(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer whether what the card in view asks for is to be brought so or so ("¿llevo original o copia del acta?")."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or len(turn.text.split()) > _MOST_WORDS or not _BRINGS.search(normalise(turn.text)):
        return None
    needed = tuple(
        r for r in card.requirements if words_of(turn, know) & _stems(text for text in (r.name, *r.accepts) if text)
    )
    return _shown(turn, know, replace(card, requirements=needed), ("requirements",)) if needed else None


def spoken_of(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Show the sentences of a card that have all the words of a message ("¿cuántas copias del acta?")."""
    said = words_of(turn, know)
    found = _speaking_of(card, said) if said and said <= cards.every_word(card) else None
    return _shown(turn, know, *found) if found is not None else None


def meant(turn: Turn, know: Knowledge, card: Procedure, least: float = LIKELY) -> Answer | None:
    """Show the sentences of a card that mean what was asked, in whatever words ("¿y el recibo de luz?").

    ``least``: the chance from which a sentence is shown.
    """
    return told(turn, know, card, least)


def _rest_names_another(know: Knowledge, card: Procedure, decision: Decision, said: set[str]) -> bool:
    """Say whether words that the card does not have are the names of another that was found ("¿y hay beca?")."""
    rest = said - cards.every_word(card)
    others = [h.id for h in decision.verdict.hits if h.kind == "procedure" and not cards.same_matter(know, h.id, card)]
    return any(rest & called(know, know.catalogue.procedures[id_]) for id_ in others[:2])


def _without_it(turn: Turn, know: Knowledge, card: Procedure) -> Answer | None:
    """Answer "¿y si no tengo Infonavit?": what else there is for what happened."""
    steps = [s for e in know.catalogue.life_events.values() for s in e.steps if card.id in s.procedures]
    instead = [id_ for step in steps for id_ in step.procedures if not cards.same_matter(know, id_, card)]
    if instead:
        return cards.settle(turn.remember(pending=None), know, list(dict.fromkeys(instead)), ())
    events = [e for e in know.catalogue.life_events.values() if any(card.id in step.procedures for step in e.steps)]
    fitting = [e for e in events if e.id in card.life_events[:1]] or events[:1]
    return show_event(turn.remember(pending=None), know, fitting[0].id) if fitting else None


def _short_names(card: Procedure) -> set[str]:
    return _stems((card.name, card.short))


def other_things(turn: Turn, know: Knowledge, card: Procedure) -> set[str]:
    """Return the nouns that a message names and the card does not ("¿cuánto cuesta un elefante?")."""
    return things(turn, know) - called(know, card) - _stems(_texts(card))


def _texts(card: Procedure) -> Iterator[str]:
    """Yield what a card says."""
    yield from (card.name, card.short, card.summary, card.who or "", card.output or "", card.deadline or "")
    yield from (card.cost.note or "", *card.notes, *card.aliases)
    for needed in card.requirements:
        yield from (needed.name, needed.note or "", *needed.accepts)


def _stems(texts: Iterable[str]) -> set[str]:
    return {stem(word) for text in texts for word in normalise(text).split()}


def _speaking_of(card: Procedure, said: set[str]) -> tuple[Procedure, tuple[Aspect, ...]] | None:
    """Return the card cut down to the sentences that speak of what was said, and the parts that they are of."""
    new = said - _short_names(card)
    if not new:
        return None

    def speaks(*texts: str | None) -> bool:
        return len(new & _stems(text for text in texts if text)) >= _ENOUGH * len(new)

    needed = tuple(r for r in card.requirements if speaks(r.name, r.short, r.note, *r.accepts))
    notes = tuple(note for note in card.notes if speaks(note))[:_MOST_NOTES]
    facts: tuple[tuple[Aspect, bool], ...] = (
        ("requirements", bool(needed)),
        ("cost", speaks(card.cost.note, *(amount.label for amount in card.cost.amounts))),
        ("who", speaks(card.who)),
        ("output", speaks(card.output)),
        ("deadline", speaks(card.deadline)),
        ("notes", bool(notes)),
    )
    parts = tuple(aspect for aspect, found in facts if found)
    return (replace(card, requirements=needed, notes=notes), parts) if parts else None


def _shown(turn: Turn, know: Knowledge, card: Procedure, parts: tuple[Aspect, ...]) -> Answer:
    narrowed = narrow(card, turn.case, _state(turn, card))
    if "notes" not in parts:
        whole = know.catalogue.procedures[card.id]
        notes = notes_on(know, replace(whole, requirements=()), turn.text, parts)
        narrowed, parts = replace(narrowed, notes=notes), (*parts, "notes") if notes else parts
    words = cards.open_conditions(know, narrowed, turn.case)
    return answer(turn, "answer", ShowProcedure(narrowed, parts, _state(turn, card), words), procedure=card.id)


def _state(turn: Turn, card: Procedure) -> str | None:
    return card.jurisdiction.state or (turn.place.state if turn.place else None)
