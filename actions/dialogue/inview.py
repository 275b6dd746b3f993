"""What is in view is meant, unless something else is named: by its name, not by a word that it shares.

"¿Y de cuánto es la ayuda?" after the support for the repatriated asks for that support, though a funeral's help is
called so; "¿y a domicilio?" asks for the price that is labelled so. Where the search finds another card that is not
named, the sentences of both are compared with what was said, and the nearer one answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from actions.dialogue import cards, details
from actions.dialogue.aspects import asked, aspects_of, without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import fully_named, goes_on
from actions.dialogue.naming import names, root, roots, without_persons
from actions.dialogue.outright import sentences
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import keywords, normalise, stem
from bot.core.procedures import Procedure
from bot.understanding.decision import Decision

_MOST_WORDS = 14
"""A longer message tells a story of its own."""
_BRIEF = 6
_WHATEVER = frozenset("ayuda apoyo programa beneficio dinero tramite documento papel servicio asunto gestion".split())  # noqa: SIM905
"""Nouns for whatever a card is about: alone, after an article, they name no other card."""
_THE = re.compile(
    r"(?<!\w)(?:el|la|los|las|es[ae]|es[ao]s|est[ae]|est[ao]s|su|sus|del|al|dicho|dicha|otr[oa]) (?P<noun>\w+)"
)


def pointed(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer what is asked of "la ayuda" or of the price "a domicilio" from the card in view; None of anything else."""
    card = _in_view(turn, know)
    if card is None or know.place_in(turn.text) is not None:
        return None
    if _labelled(turn, card):
        return cards.show(turn.remember(pending=None), know, card, ("cost",))
    wanted = asked(turn.text)
    left = names(without_persons(without_question(normalise(turn.text))))
    after = {found["noun"] for found in _THE.finditer(normalise(turn.text))}
    if not wanted or not left or not set(left) <= _WHATEVER & after:
        return None
    aspects = aspects_of(turn.text, turn.intent, turn.confidence)
    return cards.show(turn.remember(pending=None), know, card, aspects)


def _labelled(turn: Turn, card: Procedure) -> bool:
    """Say whether a few words are the label of one of the card's prices ("¿y a domicilio?", "¿y la de cinco años?")."""
    said = normalise(turn.text)
    labels = [{stem(word) for word in normalise(amount.label or "").split()} for amount in card.cost.amounts]
    told = {stem(word) for word in keywords(without_question(said))}
    takes_up = goes_on(turn) or "cost" in (*asked(turn.text), *turn.memory.last_aspects)
    if len(said.split()) > _BRIEF or not takes_up or not told or set(asked(turn.text)) - {"cost"}:
        return False
    fitting = [label for label in labels if told <= label]
    return 0 < len(fitting) < max(len(labels), 2)


def _in_view(turn: Turn, know: Knowledge) -> Procedure | None:
    if len(turn.text.split()) > _MOST_WORDS:
        return None
    return know.catalogue.procedures.get(turn.memory.last_procedure or "")


_SPEAKS, _NEARER, _FAR = 0.3, 0.05, 0.15
"""The likeness that a sentence of the card in view needs, by how much the other card's may be the better one, and by
how much where the card in view has more of the words."""
_SURELY, _TOLD = 0.7, 0.8
"""From this score on the search is sure of a card, and from this chance on a life event is told."""
_DOUBT = 0.6
_SHORT = 7
_NUMBERS = frozenset("uno dos tres cuatro cinco seis siete ocho nueve diez once doce quince veinte importa".split())  # noqa: SIM905
_WISHES = re.compile(r"(?<!\w)(?:quiero|quisiera|necesito|ocupo|busco|me gustaria|tambien|ahora|sacar|tramitar)(?!\w)")
"""Begins something else."""


def held(turn: Turn, know: Knowledge, decision: Decision, found: Answer | None) -> Answer | None:
    """Answer from the card in view a question that brought another card which nothing in it names; else None."""
    card = _in_view(turn, know)
    if card is not None and found is not None and found.outcome == "life_event":
        return _no_event(turn, know, card, decision)
    other = know.catalogue.procedures.get(found.procedure or "") if found is not None else None
    if card is None or other is None or cards.same_matter(know, other.id, card) or decision.kind == "emergency":
        return None
    if know.place_in(turn.text) is not None or _WISHES.search(normalise(turn.text)):
        return None
    if not ("?" in turn.text or goes_on(turn) or asked(turn.text)) or fully_named(know, other, turn.text):
        return None
    if any(hit.id == other.id and hit.score >= _SURELY for hit in decision.verdict.hits):
        return None
    said = _said(turn, know)
    of_ours, of_theirs = (said & _words(card), said & _words(other))
    as_likely = _as_likely(decision, card, other)
    if not as_likely and (len(of_ours) < len(of_theirs) or len(said & _names(card)) < len(said & _names(other))):
        return None
    ours, theirs = _likeness(turn, know, (card, other))
    nearer = ours >= _SPEAKS and ours >= theirs - _NEARER
    if said and not nearer and not as_likely and not (of_ours and ours >= theirs - _FAR):
        return None
    wanted = asked(turn.text) and aspects_of(turn.text, turn.intent, turn.confidence)
    meant = None if wanted else details.meant(turn, know, card, 0.0)
    return meant or cards.show(turn.remember(pending=None), know, card, wanted or turn.memory.last_aspects)


def _as_likely(decision: Decision, card: Procedure, other: Procedure) -> bool:
    """Say whether the search itself is in doubt between the card in view and the other."""
    scores = {hit.id: hit.score for hit in decision.verdict.hits}
    return decision.verdict.outcome == "clarify" and scores.get(card.id, 0.0) >= _DOUBT * scores.get(other.id, 1.0)


def _no_event(turn: Turn, know: Knowledge, card: Procedure, decision: Decision) -> Answer | None:
    """Answer from the card in view a short question that only sounds like a life event ("¿pueden ser mis papás?")."""
    hits = decision.verdict.hits
    unsure = not hits or hits[0].score < _SPEAKS or card.id in {hit.id for hit in hits}
    if "?" not in turn.text or len(turn.text.split()) > _SHORT or _WISHES.search(_affirmative(turn.text)):
        return None
    if not unsure or decision.chances.get("life_event", 0.0) >= _TOLD or know.place_in(turn.text) is not None:
        return None
    wanted = aspects_of(turn.text, turn.intent, turn.confidence)
    if asked(turn.text):
        return cards.show(turn.remember(pending=None), know, card, wanted)
    return details.meant(turn, know, card) or details.not_on_card(turn, card)


def _affirmative(text: str) -> str:
    """Return a text without the verb that a question of need begins with ("¿necesito saber manejar?")."""
    return re.sub(r"^(?:(?:y|pero|oiga) )*(?:necesit\w+|ocup\w+) ", "", normalise(text))


def _said(turn: Turn, know: Knowledge) -> set[str]:
    """Return the roots of the words that may name something; numbers and what only asks name nothing."""
    told = names(without_persons(without_question(know.without_place(turn.text))))
    return {root(word) for word in told if word not in _NUMBERS}


def _names(card: Procedure) -> set[str]:
    return roots(" ".join((card.name, card.short, *card.aliases)))


def _words(card: Procedure) -> set[str]:
    return {root(word) for word in cards.every_word(card)} | roots(" ".join(card.aliases))


def _likeness(turn: Turn, know: Knowledge, both: tuple[Procedure, Procedure]) -> tuple[float, float]:
    """Return how near the nearest sentence of each card is to what was said."""
    told = [[text for text in _texts(card) if text] for card in both]
    asked_, *vectors = know.search.encode([normalise(text) for text in (turn.text, *told[0], *told[1])])
    likeness = [float(vector @ asked_) for vector in vectors]
    return max(likeness[: len(told[0])]), max(likeness[len(told[0]) :])


def _texts(card: Procedure) -> Iterator[str | None]:
    yield from sentences(card)
    yield from (needed.name for needed in card.requirements)
    yield from (card.who, card.output, card.validity, card.deadline, card.duration)
