"""Which of the steps in view is meant: "lo de la INE", "¿qué llevamos para registrarla?", "¿cuántos días tengo?".

Who was just shown what to do after a birth and asks for "el acta" asks for that step, whatever else has an "acta".
"""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.aspects import asked, aspects_of, without_question
from actions.dialogue.details import lacks
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import asks_only, called, fully_named, goes_on, same_thing
from actions.dialogue.naming import names, root, roots
from actions.dialogue.nearest import answering_step, as_near
from actions.dialogue.notes import notes_on
from actions.dialogue.steps import is_conditional, named_step
from actions.dialogue.story import fitting, told
from actions.dialogue.turn import Answer, Pending, Turn, moved_to
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import LifeEvent, LifeEventStep, Procedure
from bot.core.replies import Reply, ShowProcedure
from bot.understanding.decision import Decision

_MOST_WORDS = 14
"""A longer message tells a story of its own."""
_TOLD = 0.8
"""From this chance on another life event is told of."""
_DEED = re.compile(r"\w+[aei]r(?:me|se|nos|les?|l[oa]s?)?")
_AHEAD = 2.0
_FAR = 4.0
_WAITS = ("place", "cost_place", "confirm_place", "case", "remind_at")
"""Questions whose answer may sound like a step."""
_WAS = re.compile(
    r"(?<!\w)(?:cobraba|recibia|tenia|estaba|era|cotizaba|trabajaba|le daban|le llegaba|le depositaban)(?!\w)"
)
"""Tells what was the case, as a conditional step has it ("si recibía pensión")."""
_THAT_OF = re.compile(r"(?<!\w)lo de(?:l)?(?!\w)", re.IGNORECASE)


def of_steps(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer from the step that the words name or that was pointed at; None when no step is meant."""
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    if event is None or len(turn.text.split()) > _MOST_WORDS or turn.memory.pending_kind in _WAITS:
        return None
    if decision.kind == "emergency" or (decision.kind == "talk" and not _asks(turn)):
        return None
    first = _in_time(turn, know, event)
    if first is not None:
        return first
    was = named_step(know, event, turn.text, titles_only=True)
    if was is not None and _WAS.search(normalise(turn.text)) and is_conditional(event.steps[was]) and not _asks(turn):
        return settled_on(turn, know, event.steps[was].procedures, event, event.steps[was].title)
    if _is_elsewhere(turn, know, event, decision) and not _only_in_title(turn, know, event):
        return None
    surely = _found(turn, know, event, decision)
    if surely is not None and turn.memory.last_procedure is None:
        return settled_on(turn, know, surely.procedures, event, surely.title)
    only_titles = turn.memory.last_procedure is not None
    answering = None
    if not only_titles and _asks_or_tells(turn, decision) and not (_only_deeds(turn, know) and _points(turn)):
        answering = answering_step(know, event, turn.text, told(turn))
    if answering is not None:
        step = event.steps[answering]
        return _with_notes(turn, know, settled_on(turn, know, step.procedures, event, step.title))
    index = named_step(know, event, turn.text, titles_only=only_titles)
    if index is None:
        index = named_step(know, event, _question(turn.text), titles_only=only_titles)
    if index is not None and not _stays_with_card(turn, know, event.steps[index]):
        ids = _meant_most(decision, know, fitting(turn, know, event.steps[index].procedures))
        return settled_on(turn, know, ids, event, event.steps[index].title) if _holds(turn, know, ids) else None
    pending = turn.memory.pending
    if index is None and pending is not None and pending.kind == "step" and _is_of_pointed(turn, know, pending):
        return settled_on(turn, know, pending.candidates, event)
    if index is None and (step := _having(turn, know, event)) is not None:
        return settled_on(turn, know, step.procedures, event, step.title)
    return None


def beside(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer from another step of what the card in view is a step of, where the search alone would ask which card."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    in_doubt = decision.kind == "procedure" and decision.verdict.outcome == "clarify"
    if card is None or not in_doubt or len(turn.text.split()) > _MOST_WORDS or know.place_in(turn.text) is not None:
        return None
    if asks_only(turn, know):  # "¿y a qué número marco?"
        return None
    events = dict.fromkeys((turn.memory.last_life_event, *card.life_events[:1]))
    for event in (known for id_ in events if (known := know.catalogue.life_events.get(id_ or "")) is not None):
        of_card = [index for index, step in enumerate(event.steps) if card.id in step.procedures]
        index = answering_step(know, event, turn.text) if of_card else None
        if index is not None and index not in of_card:
            step = event.steps[index]
            return _with_notes(turn, know, settled_on(turn, know, step.procedures, event, step.title))
    return None


def of_same_thing(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer from the step's card where another of the same thing was found ("las credenciales": lost in a flood).

    Only where the words fit the step's card about as well: they do not tell the one from the other.
    """
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    first = next((hit for hit in decision.verdict.hits if hit.kind == "procedure"), None)
    if first is None or decision.kind != "procedure" or decision.verdict.outcome == "unknown":
        return None
    of_event = {id_ for step in event.steps for id_ in step.procedures} if event is not None else set()
    card = know.catalogue.procedures[first.id]
    if card.jurisdiction.state is not None or len(turn.text.split()) > _MOST_WORDS:
        return None
    kin = [other for other in same_thing(know, card) if other.id == turn.memory.last_procedure]
    kin = kin or [other for other in same_thing(know, card) if other.id in of_event and card.id not in of_event]
    if len(kin) != 1 or _tells_apart(know, turn.text, card, kin[0]):
        return None
    if kin[0].id == turn.memory.last_procedure:
        return cards.show(
            turn.remember(pending=None), know, kin[0], aspects_of(turn.text, turn.intent, turn.confidence)
        )
    return settled_on(turn, know, (kin[0].id,), event) if event is not None else None


def _tells_apart(know: Knowledge, text: str, card: Procedure, kin: Procedure) -> bool:
    """Say whether a text has a word that only the one of two cards of a thing is called by, or fits it far better."""
    said = {stem(word) for word in keywords(without_question(normalise(text)))}
    return bool(said & (called(know, card) - called(know, kin))) or not as_near(know, kin.id, card.id, text)


def _asks_or_tells(turn: Turn, decision: Decision) -> bool:
    """Say whether a message is of a matter, rather than a short word of talk."""
    return decision.kind in ("procedure", "life_event") or "?" in turn.text or bool(asked(turn.text))


def _only_deeds(turn: Turn, know: Knowledge) -> bool:
    """Say whether a message names no thing but papers and steps as such ("¿qué papel tengo que enseñar?")."""
    named = names(without_question(know.without_place(turn.text)))
    return not roots(" ".join(word for word in named if not _DEED.fullmatch(word)))


def _points(turn: Turn) -> bool:
    pending = turn.memory.pending
    return pending is not None and pending.kind == "step" and bool(pending.candidates)


def _with_notes(turn: Turn, know: Knowledge, found: Answer) -> Answer:
    """Return an answer with the sentences of its card that speak of what was said, beside what is first to know."""
    return replace(found, replies=tuple(_noted(turn, know, reply) for reply in found.replies))


def _noted(turn: Turn, know: Knowledge, reply: Reply) -> Reply:
    if not isinstance(reply, ShowProcedure) or reply.aspects != ("overview",):
        return reply
    notes = notes_on(know, reply.procedure, turn.text, ())
    own = tuple(note for note in notes if note in reply.procedure.notes)
    return (
        replace(reply, procedure=replace(reply.procedure, notes=own), aspects=("overview", "notes")) if own else reply
    )


def _found(turn: Turn, know: Knowledge, event: LifeEvent, decision: Decision) -> LifeEventStep | None:
    """Return the step whose only card the search finds far ahead of all others, by a name of it that was said."""
    hits = [hit for hit in decision.verdict.hits if hit.kind == "procedure"]
    if not hits or decision.verdict.outcome != "answer" or (len(hits) > 1 and hits[0].score < _FAR * hits[1].score):
        return None
    called = roots(know.catalogue.procedures[hits[0].id].short)
    steps = [step for step in event.steps if step.procedures == (hits[0].id,)]
    said = roots(without_question(know.without_place(turn.text)))
    return steps[0] if len(steps) == 1 and said & called else None


def _having(turn: Turn, know: Knowledge, event: LifeEvent) -> LifeEventStep | None:
    """Return the only step whose card, where the person is, has all that a question names ("¿y en la oficina?")."""
    told = without_question(know.without_place(turn.text))
    said = {root(word) for word in keywords(told)} | {word for word in told.split() if word.isdigit()}
    pending = turn.memory.pending
    if turn.memory.last_procedure is not None or not said or not asked(turn.text) or (pending and pending.candidates):
        return None
    here = [(step, _cards_here(turn, know, step)) for step in event.steps]
    labelled = [
        step
        for step, known in here
        if any(said <= label or label <= said for card in known for label in _labels(card) if label)
    ]
    having = labelled or [step for step, known in here if any(said <= _own(card) for card in known)]
    return having[0] if len(having) == 1 else None


def _labels(card: Procedure) -> list[set[str]]:
    labels = [normalise(amount.label or "") for amount in card.cost.amounts]
    return [{root(word) for word in (*keywords(label), *filter(str.isdigit, label.split()))} for label in labels]


def _cards_here(turn: Turn, know: Knowledge, step: LifeEventStep) -> list[Procedure]:
    known = [card for id_ in step.procedures if (card := know.catalogue.procedures.get(id_)) is not None]
    here = cards.choose(known, turn.place).procedure if turn.place else None
    return [here] if here is not None else [card for card in known if card.jurisdiction.state is None]


def _question(text: str) -> str:
    """Return the clause that asks, where others only tell ("¿hay beca para ella? va a escuela pública")."""
    asking = re.findall(r"[^.;,!?¿\n]+(?=\?)", text)
    return asking[0] if len(asking) == 1 else ""


def _in_time(turn: Turn, know: Knowledge, event: LifeEvent) -> Answer | None:
    """Answer "how long have I got?" about no thing in particular with the first step, where that is urgent."""
    if (
        turn.memory.last_procedure is not None
        or not {"deadline"} & set(asked(turn.text))
        or not event.steps[0].deadline
    ):
        return None
    named = names(without_question(know.without_place(turn.text)))
    if not all(_DEED.fullmatch(word) for word in named) or named_step(know, event, turn.text) not in (None, 0):
        return None
    return settled_on(turn, know, event.steps[0].procedures, event, event.steps[0].title)


def _meant_most(decision: Decision, know: Knowledge, ids: tuple[str, ...]) -> tuple[str, ...]:
    """Return the only one of a step's cards that the search finds well ahead of the others, else all."""
    hits = (*decision.verdict.hits, *decision.verdict.others)
    scores = sorted(((hit.score, hit.id) for hit in hits if hit.id in ids), reverse=True)
    if not scores or know.catalogue.procedures[scores[0][1]].family is not None:
        return ids
    rival = scores[1][0] if len(scores) > 1 else 0.0
    return (scores[0][1],) if scores[0][0] >= _AHEAD * rival else ids


def _holds(turn: Turn, know: Knowledge, ids: tuple[str, ...]) -> bool:
    """Say whether any of a step's cards holds where the person is, as far as that is known."""
    place = know.place_in(turn.text) or turn.place
    known = (card.jurisdiction.state for id_ in ids if (card := know.catalogue.procedures.get(id_)) is not None)
    return place is None or any(state in (None, place.state) for state in known)


def _asks(turn: Turn) -> bool:
    return bool(asked(turn.text)) or bool(_THAT_OF.search(turn.text))


def _only_in_title(turn: Turn, know: Knowledge, event: LifeEvent) -> bool:
    """Say whether all that is named stands in the title of one step ("lo de la INE": the one to be replaced)."""
    index = named_step(know, event, turn.text, titles_only=True)
    said = {root(word) for word in names(without_question(know.without_place(turn.text)))}
    return index is not None and bool(said) and said <= roots(event.steps[index].title)


def _is_elsewhere(turn: Turn, know: Knowledge, event: LifeEvent, decision: Decision) -> bool:
    """Say whether a message names another card in full, or tells of something else that happened."""
    of_event = {id_ for step in event.steps for id_ in step.procedures}
    hits = [hit for hit in decision.verdict.hits if hit.kind == "procedure"]
    if hits and hits[0].id not in of_event and fully_named(know, know.catalogue.procedures[hits[0].id], turn.text):
        return True
    told = decision.event is not None and decision.event.id != event.id
    told = told and decision.kind == "life_event" and decision.chances["life_event"] >= _TOLD
    return told and not asked(turn.text) and not lacks(turn.text) and not goes_on(turn)


def _stays_with_card(turn: Turn, know: Knowledge, step: LifeEventStep) -> bool:
    """Say whether a message is rather about the card in view: one of the step's own, or one that has the words.

    Words of the step's title that the card has not lead to the step, whatever else is said ("¿hay beca? es pública").
    """
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None:
        return False
    if set(cards.siblings(know, card)) & set(step.procedures):
        return True
    said, own = roots(without_question(know.without_place(turn.text))), _own(card)
    naming = said & roots(step.title)
    return bool(said & own) and (not naming or bool(naming & own))


def _own(card: Procedure) -> set[str]:
    return {root(word) for word in cards.every_word(card)}


def _is_of_pointed(turn: Turn, know: Knowledge, pending: Pending) -> bool:
    """Say whether a question names only deeds, and things that the card of the pointed step speaks of."""
    known = [card for id_ in pending.candidates if (card := know.catalogue.procedures.get(id_)) is not None]
    named = names(without_question(know.without_place(turn.text)))
    if not known or not named or not asked(turn.text):
        return False
    own = {word for card in known for word in _own(card)}
    return all(_DEED.fullmatch(word) or root(word) in own for word in named)


def settled_on(turn: Turn, know: Knowledge, ids: tuple[str, ...], event: LifeEvent, title: str = "") -> Answer:
    """Answer from the cards of a step of an event, called by its title where the place has to be asked for."""
    pending, place = turn.memory.pending, know.place_in(turn.text)
    wanted = aspects_of(turn.text, turn.intent, turn.confidence)
    here, context = moved_to(turn, place) if place is not None else (turn, None)
    if pending is not None and pending.kind == "step" and pending.text:
        here = replace(here, text=f"{pending.text}. {turn.text}")
    found = cards.settle(here.remember(pending=None), know, fitting(turn, know, ids), wanted, title)
    return replace(
        found,
        life_event=event.id,
        memory=replace(found.memory, last_life_event=event.id),
        context=context or found.context,
    )
