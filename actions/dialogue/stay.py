"""Staying with the card in view, where nothing that was said is surely about anything else.

Somebody who was just told of a scholarship and asks "¿cuánto le darían al mes?" asks about the scholarship, though the
words alone find nothing. Only where the search is not sure, or talk was heard that asks for a part of a card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards
from actions.dialogue.aspects import BY_INTENT, asked
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import called, things, words_of
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import normalise
from bot.core.procedures import Procedure
from bot.core.replies import Aspect
from bot.understanding.danger import kind_of
from bot.understanding.decision import Decision

_UNSURE = frozenset({"clarify", "out_of_scope", "menu"})
_MOST_WORDS = 14
"""A longer message tells a story of its own."""
_ASKS = re.compile(
    r"(?<!\w)(?:cuant[oa]s?|cuando|donde|quien(?:es)?|que|q|cual(?:es)?|como|how|what|when|where|who)(?!\w)"
)
_IS_TALK = frozenset(
    {"human", "data_use", "delete_data", "stop", "change_language", "remind", "cancel_reminders", "plan", "step_done"}
)
"""Talk that may well ask and is what it is; other talk that asks was misheard ("¿cuesta poner la queja?")."""
_GRAVE = 0.8
"""From this chance on danger is danger, whatever is asked with it."""
_FEW = 1
"""Words of nobody's ("poner") that a question about the card in view may have."""
_LIKELY = 0.25
"""From this score on a card's word is its name; below it may be anybody's."""
_SOME = 0.3
"""The least share of all that asks, in the classifier's ranking, for a question without words of its own."""


def calm(turn: Turn, know: Knowledge, decision: Decision) -> Decision:
    """Take back a danger that no word names, where a part of the card in view is asked for.

    "¿Y qué llevo si rento y no está nada a mi nombre?" may sound like despair; in the middle of a list it does not.
    """
    if decision.kind != "emergency" or kind_of(turn.text) is not None or decision.chances["emergency"] >= _GRAVE:
        return decision
    if _in_view(turn, know) is None or not asked(turn.text):
        return decision
    return replace(decision, kind="procedure", intent=turn.intent)


def asked_of_it(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer talk that asks for a part of the card in view, in words that are the card's own or nobody's."""
    card = _in_view(turn, know)
    if card is None or decision.kind != "talk" or decision.intent in _IS_TALK or not _asks(turn):
        return None
    wanted = asked(turn.text)
    new = words_of(turn, know) - called(know, card)
    return _shown(turn, know, card, wanted) if wanted and len(new) <= _FEW else None


def rather(turn: Turn, know: Knowledge, decision: Decision, found: Answer | None) -> Answer | None:
    """Return the answer of the card in view instead of ``found``, if that only asks or gives up; None to leave it."""
    card = _in_view(turn, know)
    if card is None or (found is not None and found.outcome not in _UNSURE) or decision.kind == "emergency":
        return None
    wanted = asked(turn.text) or _heard(turn)
    if not wanted or things(turn, know) - called(know, card) or _names_another(turn, know, card, decision):
        return None
    return _shown(turn, know, card, wanted)


def _in_view(turn: Turn, know: Knowledge) -> Procedure | None:
    if len(turn.text.split()) > _MOST_WORDS:
        return None
    return know.catalogue.procedures.get(turn.memory.last_procedure or "")


def _asks(turn: Turn) -> bool:
    return "?" in turn.text or bool(_ASKS.search(normalise(turn.text)))


def _heard(turn: Turn) -> tuple[Aspect, ...]:
    """Return the part that the classifier hears asked for, among all that asks."""
    asking = [(BY_INTENT[name], share) for name, share in turn.ranking if name in BY_INTENT]
    if not _asks(turn) or sum(share for _, share in asking) < _SOME:
        return ()
    return (max(asking, key=lambda item: item[1])[0],)


def _names_another(turn: Turn, know: Knowledge, card: Procedure, decision: Decision) -> bool:
    """Say whether what is said beyond the question are the names of another of the cards that were found."""
    said = words_of(turn, know) - called(know, card)
    hits = [hit.id for hit in decision.verdict.hits if hit.kind == "procedure" and hit.score >= _LIKELY]
    others = [id_ for id_ in hits[:3] if not cards.same_matter(know, id_, card)]
    return bool(said) and any(said & called(know, know.catalogue.procedures[id_]) for id_ in others)


def _shown(turn: Turn, know: Knowledge, card: Procedure, wanted: Sequence[Aspect]) -> Answer:
    return cards.show(turn.remember(pending=None), know, card, wanted)
