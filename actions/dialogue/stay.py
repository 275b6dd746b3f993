"""Staying with the card in view, where nothing that was said is surely about anything else.

Somebody who was just told of a scholarship and asks "¿cuánto le darían al mes?" asks about the scholarship, though the
words alone find nothing. Only where the search is not sure, or talk was heard that asks for a part of a card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from actions.dialogue import cards, details
from actions.dialogue.aspects import BY_INTENT, asked, aspects_of, without_question
from actions.dialogue.cases import names_somebody
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import called, decide, fully_named, goes_on, words_of
from actions.dialogue.naming import names, root, roots
from actions.dialogue.notes import cannot_go, notes_on
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import normalise, stem
from bot.core.procedures import Procedure
from bot.core.replies import Aspect
from bot.understanding.danger import kind_of
from bot.understanding.decision import Decision

_SHORT = 10
"""Words of a question that only goes on."""
_THE_OTHER = re.compile(
    r"(?<!\w)(?:el|la|los|las|una?) (?:de )?(?P<which>\w{4,})"
    r"(?=$| (?:donde|cuanto|que|como|es[ae]|no|se|la|cual|cuando))"
)
"""One word that stands for another of the same thing."""
_PURPOSE = re.compile(r"(?<!\w)(?:para|pa|quiero|quisiera|necesito|ocupo) (?!que)\w{3,}[aei]r(?!\w)")
"""Says what for: a matter of its own ("¿y para registrar a mi hijo?")."""
_SUPPOSES = re.compile(r"^(?:y|pero|entonces|oiga y) si ")
_BRIEF = 7
"""Words of a question that only tells one price from another."""
_COUNTS = {
    word: str(number)
    for words in ("two three four five six seven eight nine ten", "dos tres cuatro cinco seis siete ocho nueve diez")
    for number, word in enumerate(words.split(), 2)
}
_UNSURE = frozenset({"clarify", "out_of_scope", "menu"})
_MOST_WORDS = 14
"""A longer message tells a story of its own."""
_WITH = re.compile(
    r"^(?:(?:y|pero|oiga|entonces) )*(?:con|teniendo|si (?:mejor )?"
    r"(?:tengo|traigo|llevo|soy|saco|sacara|quiero|quisiera|pido|fuera|prefiero)) "
)
_ASKS = re.compile(
    r"(?<!\w)(?:cuant[oa]s?|cuando|donde|quien(?:es)?|que|q|cual(?:es)?|como|how|what|when|where|who)(?!\w)"
)
IS_TALK = frozenset(
    {"human", "data_use", "delete_data", "stop", "change_language", "remind", "cancel_reminders", "plan", "step_done"}
)
"""Talk that may well ask and is what it is; other talk that asks was misheard ("¿cuesta poner la queja?")."""
CERTAINLY_TALK = 0.6
"""From this share of the ranking on such talk is what it was heard as, below it what it asks in plain words."""
_GRAVE = 0.8
"""From this chance on danger is danger, whatever is asked with it."""
_FEW = 1
"""Words of nobody's ("poner") that a question about the card in view may have."""
_OUTRIGHT = 2
"""Words of a card's names that name it, however little the search makes of them."""
_LIKELY = 0.25
"""From this score on a card's word is its name; below it may be anybody's."""
_SURELY = 0.7
"""From this score on a card was found, whatever the words of its names."""
_MEANS_IT = 0.35
"""From this chance on a sentence of the card answers what nothing else surely does."""
_SOME = 0.3
"""The least share of all that asks, in the classifier's ranking, for a question without words of its own."""


def calm(turn: Turn, know: Knowledge, decision: Decision) -> Decision:
    """Take back a danger that no word names, where a part of the card in view is asked for.

    "¿Y qué llevo si rento y no está nada a mi nombre?" may sound like despair; in the middle of a list it does not.
    """
    if decision.kind != "emergency" or kind_of(turn.text) is not None or decision.chances["emergency"] >= _GRAVE:
        return decision
    card = _in_view(turn, know)
    if card is None or not (asked(turn.text) or (card.sensitive != "violence" and "?" in turn.text)):
        return decision
    return replace(decision, kind="procedure", intent=turn.intent)


def asked_of_it(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer talk that asks for a part of the card in view, in words that are the card's own or nobody's."""
    card = _in_view(turn, know)
    certain = decision.intent in IS_TALK and dict(turn.ranking).get(decision.intent, 0.0) >= CERTAINLY_TALK
    if card is None or decision.kind != "talk" or certain or not asks(turn):
        return None
    wanted = asked(turn.text)
    if (
        not wanted and goes_on(turn) and "?" in turn.text and know.place_in(turn.text) is None
    ):  # "¿y el de diez?", "¿y si el juez va al salón?"
        wanted = turn.memory.last_aspects
    new = words_of(turn, know) - called(know, card)
    return _shown(turn, know, card, wanted) if wanted and len(new) <= _FEW else None


def with_that(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer "¿y con credencial del INAPAM?" and "¿y la de seis?" with the price in view that is for just that."""
    card = _in_view(turn, know)
    if card is not None and _has_or_not(turn, know, card):
        return _shown(turn, know, card, ("cost",))
    if card is None or asked(turn.text):
        return None
    labels = [normalise(amount.label or "") for amount in card.cost.amounts]
    if goes_on(turn) and len(turn.text.split()) <= _BRIEF:
        counted = {_COUNTS.get(word, word) for word in normalise(turn.text).split()}
        if counted & {word for label in labels for word in label.split() if word.isdecimal()}:
            return _shown(turn, know, card, ("cost",))
    if not _WITH.match(normalise(turn.text)):
        return None
    said = words_of(turn, know) - called(know, card)
    return (
        _shown(turn, know, card, ("cost",))
        if said & {stem(word) for label in labels for word in label.split()}
        else None
    )


_HAS = re.compile(
    r"(?<!\w)(?:no )?(?:tiene|tengo|tenemos|tienen|trae|traigo|cuent[ao] con|con|sin)"
    r" (?:(?:su|la|el|mi|una?|credencial|tarjeta|del?) )*"
    r"(?P<what>\w+)"
)
"""What somebody has or has not, on which a price may hang ("que no tiene INAPAM")."""


def _has_or_not(turn: Turn, know: Knowledge, card: Procedure) -> bool:
    """Say whether it is asked how much it is for who has, or has not, what a price in view is for."""
    said = normalise(turn.text)
    if not (goes_on(turn) or names_somebody(turn.text)) or set(asked(turn.text)) - {"cost"}:
        return False
    if not asked(turn.text) and "?" not in turn.text:
        return False
    labels = {stem(word) for amount in card.cost.amounts for word in normalise(amount.label or "").split()}
    told = {stem(found["what"]) for found in _HAS.finditer(said)} & labels
    return bool(told) and words_of(turn, know) - called(know, card) <= labels | told


def asked_further(turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
    """Answer a short question that goes on with the card in view, where nothing that it says names anything else.

    "¿Y qué papel del doctor hay que llevar?" is as near to a death certificate as to the pension that is talked about;
    only what was named by a name of its own is another matter.
    """
    card, said = _in_view(turn, know), normalise(turn.text)
    if card is None or decision.kind == "talk" or know.place_in(turn.text) is not None:
        return None
    wanted = asked(turn.text) and aspects_of(turn.text, turn.intent, turn.confidence)
    if len(said.split()) > _SHORT or not (wanted or (goes_on(turn) and "?" in turn.text)):
        return None
    if _PURPOSE.search(said) or names_other(turn, know, card, decision):
        return None
    supposed = _SUPPOSES.match(said) is not None
    if not supposed and "requirements" not in asked(turn.text) and details.other_things(turn, know, card):
        return None
    if wanted:
        told = details.meant(turn, know, card, details.OUTSPOKEN) if details.asks_for_one(turn.text) else None
        return told or _shown(turn, know, card, wanted)
    meant = details.meant(turn, know, card) if supposed else None
    return meant or (_shown(turn, know, card, turn.memory.last_aspects) if supposed else None)


def unable(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer that somebody cannot go herself ("ya no camina") with what the card in view says of that."""
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    if card is None or not cannot_go(turn.text) or kind_of(turn.text) is not None:
        return None
    if names_other(turn, know, card, decide(turn, know)):
        return None
    aspects: tuple[Aspect, ...] = asked(turn.text) or ("who",)
    return _shown(turn, know, card, aspects) if notes_on(know, card, turn.text, aspects) else None


def kindred(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer from another card of the same thing that one word of its name tells apart ("la federal, ¿dónde es?")."""
    card = _in_view(turn, know)
    if card is None or turn.memory.pending_kind in ("place", "cost_place", "confirm_place"):
        return None
    own = {root(word) for word in cards.every_word(card)} | roots(" ".join(card.aliases))
    bare = know.without_place(turn.text)
    said = {root(found["which"]) for found in _THE_OTHER.finditer(bare)}
    if goes_on(turn) and len(bare.split()) <= _SHORT:  # "¿y un documento federal?"
        said |= roots(" ".join(names(without_question(bare))))
    said -= own
    thing, place = normalise(card.short).split()[0], know.place_in(turn.text) or turn.place
    fitting = [
        other
        for other in know.catalogue.procedures.values()
        if other.id != card.id
        and normalise(other.short).split()[0] == thing
        and said & roots(f"{other.name} {other.short}")
        and other.jurisdiction.state in (None, place.state if place else None)
        and not other.jurisdiction.municipality
    ]
    return _shown(turn, know, fitting[0], asked(turn.text) or turn.memory.last_aspects) if len(fitting) == 1 else None


def names_other(turn: Turn, know: Knowledge, card: Procedure, decision: Decision) -> bool:
    """Say whether a text has the whole name of another thing that was found, or a word of the name it is shown by."""
    said = roots(know.without_place(turn.text)) - roots(f"{card.name} {card.short}")
    hits = (hit for hit in decision.verdict.hits[:3] if hit.kind == "procedure")
    others = [
        known for hit in hits if not cards.same_matter(know, (known := know.catalogue.procedures[hit.id]).id, card)
    ]
    if any(fully_named(know, other, turn.text) or said & roots(other.short) for other in others):
        return True
    event = know.catalogue.life_events.get(decision.event.id) if decision.event is not None else None
    return event is not None and bool(said & roots(event.short))


def rather(turn: Turn, know: Knowledge, decision: Decision, found: Answer | None) -> Answer | None:
    """Return the answer of the card in view instead of ``found``, if that only asks or gives up; None to leave it.

    A card of another state than the person's, which she did not name, is as good as none.
    """
    card = _in_view(turn, know)
    if card is None or decision.kind == "emergency" or know.place_in(turn.text) is not None:
        return None
    if found is not None and not _gives_way(turn, know, card, decision, found):
        return None
    wanted = asked(turn.text) or _heard(turn)
    if wanted and not (details.other_things(turn, know, card) or names_another(turn, know, card, decision)):
        return _shown(turn, know, card, wanted)
    if found is None or not (found.outcome in _UNSURE or _lines_again(turn, found)):
        return None
    if names_another(turn, know, card, decision, _OUTRIGHT):
        return None
    spoken = details.spoken_of(turn, know, card)
    return spoken or (None if wanted else details.meant(turn, know, card, _MEANS_IT))


def _gives_way(turn: Turn, know: Knowledge, card: Procedure, decision: Decision, found: Answer) -> bool:
    """Say whether an answer is less likely meant than the card in view."""
    if _lines_again(turn, found):
        return True
    if found.outcome in _UNSURE or _of_elsewhere(turn, know, found.procedure):
        return True
    if not asked(turn.text):
        return False
    if found.outcome == "life_event":
        return goes_on(turn) and decision.chances["life_event"] < _GRAVE
    # A part of a card was asked for. To be another card's, that card must be named, or be surely found.
    other = know.catalogue.procedures.get(found.procedure or "")
    first = next((hit for hit in decision.verdict.hits if hit.kind == "procedure"), None)
    if found.outcome == "ask_place" and first is not None:
        other = know.catalogue.procedures[first.id]
    if other is None or first is None or cards.same_matter(know, other.id, card):
        return False
    said = words_of(turn, know) - called(know, card)
    sure = first.score >= _SURELY and bool(said)
    return not sure and not said & called(know, other)


def _lines_again(turn: Turn, found: Answer) -> bool:
    """Say whether the lines to call would be given again to who did not cry for help."""
    return found.outcome == "emergency" and kind_of(turn.text) is None


def _of_elsewhere(turn: Turn, know: Knowledge, id_: str | None) -> bool:
    card = know.catalogue.procedures.get(id_ or "")
    if card is None or card.jurisdiction.state is None or turn.place is None or know.place_in(turn.text) is not None:
        return False
    return card.jurisdiction.state != turn.place.state


def _in_view(turn: Turn, know: Knowledge) -> Procedure | None:
    if len(turn.text.split()) > _MOST_WORDS:
        return None
    return know.catalogue.procedures.get(turn.memory.last_procedure or "")


def asks(turn: Turn) -> bool:
    """Say whether a message asks, by its sign or by a word."""
    return "?" in turn.text or bool(_ASKS.search(normalise(turn.text)))


def _heard(turn: Turn) -> tuple[Aspect, ...]:
    """Return the part that the classifier hears asked for, among all that asks."""
    asking = [(BY_INTENT[name], share) for name, share in turn.ranking if name in BY_INTENT]
    if not asks(turn) or sum(share for _, share in asking) < _SOME:
        return ()
    return (max(asking, key=lambda item: item[1])[0],)


def names_another(turn: Turn, know: Knowledge, card: Procedure, decision: Decision, least: int = 1) -> bool:
    """Say whether what is said beyond the question are names of another of the cards found: ``least`` words or more."""
    said = words_of(turn, know) - called(know, card)
    hits = [hit for hit in decision.verdict.hits if hit.kind == "procedure"][:3]
    for hit in hits:
        if cards.same_matter(know, hit.id, card) or _of_elsewhere(turn, know, hit.id):
            continue
        common = len(said & called(know, know.catalogue.procedures[hit.id]))
        if common >= _OUTRIGHT or (common >= least and hit.score >= _LIKELY):
            return True
    return False


def _shown(turn: Turn, know: Knowledge, card: Procedure, wanted: Sequence[Aspect]) -> Answer:
    return cards.show(turn.remember(pending=None), know, card, wanted)
