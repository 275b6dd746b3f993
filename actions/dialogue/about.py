"""Whether a message is about what is in view: the card shown last, or the steps of a life event.

Search and classifier read a message alone. "¿Y de cuánto viene siendo?" after a pension was shown is nearest, alone, to
some other card, and "la casa es de mi hija, no está a mi nombre" to a missing person. A logistic model weighs what both
found against what is in view; it was fitted on turns of conversations that people judged by hand (data/about,
``scripts/fit_about.py``). It only ever takes back a danger that no word names (:func:`calmed`) and an answer that left
what was in view (:mod:`actions.dialogue.judged`).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy.sparse import hstack
from sklearn.feature_extraction.text import HashingVectorizer

from actions.dialogue.aspects import asked, without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import fully_named
from actions.dialogue.naming import names, root
from actions.dialogue.ranking import Model, ranked, surely_told
from actions.dialogue.topics import can_tell, topics_of
from actions.dialogue.turn import Turn
from bot.catalogue.text import normalise
from bot.core.procedures import LifeEvent, Procedure
from bot.understanding.danger import kind_of
from bot.understanding.decision import Decision
from bot.understanding.kinds import kind_of_intent

WEIGHTS = Path(__file__).with_name("about.json")
WORDS = Path(__file__).with_name("about.npz")
"""How much each (hashed) piece of a message counts for going on: ``scripts/fit_about.py`` fits both."""

FEATURES = (
    "only_asks", "procedure", "life_event", "goes_on", "event", "no_card", "found", "shared_with_other",
    "shared_with_view", "words_that_name", "pulled_by_place", "place", "correct", "out_of_scope", "talk", "ahead",
    "best_other", "in_steps", "words", "short", "points", "question", "other_named", "danger", "danger_heard",
    "like_here", "like_elsewhere", "likeness_ahead", "told", "best_fact", "goes_on_by_words",
)  # fmt: skip
"""What the model weighs, in the order of its weights (:func:`features`)."""

_LEAST = 1e-3
_LONGEST, _MOST_NAMES = 25, 10
_SHORT, _GOES_ON_WORDS = 4, 7
_RIVALS = 4
"""Other topics, the best found, of which one may be called by its name."""
_POINTS = re.compile(
    r"(?<!\w)(?:es[oae]s?|est[eoa]s?|ahi|alli|alla|l[oa]s?|les?)(?!\w)|\w+[aei]r(?:me|se|le)?l[oa]s?(?!\w)"
)
_GOES_ON = re.compile(r"^(?:(?:y|pero|entonces|tambien|oiga|ah|ok|bueno|pues|este|and|but|so) )+")


@lru_cache(maxsize=1)
def _weights() -> tuple[float, ...]:
    """Return the bias and a weight for each of :data:`FEATURES`, for features as they are.

    Raises:
        ValueError: they are for other features.
    """
    fitted = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    if tuple(fitted["features"]) != FEATURES:
        raise ValueError("about.json is for other features: run scripts/fit_about.py")
    return (fitted["bias"], *fitted["weights"])


def chance(turn: Turn, know: Knowledge, decision: Decision) -> float | None:
    """Return the chance, 0 to 1, that a message is about what is in view; None where nothing is, or it cannot be told.

    A catalogue too big to be held (:mod:`bot.catalogue.wide`) has no scores of all its cards to compare.
    """
    found = features(turn, know, decision)
    if found is None:
        return None
    bias, *weights = _weights()
    return 1 / (1 + math.exp(-(bias + sum(weight * value for weight, value in zip(weights, found, strict=True)))))


def features(turn: Turn, know: Knowledge, decision: Decision, facts: Model | None = None) -> tuple[float, ...] | None:
    """Return what is weighed of a message, in the order of :data:`FEATURES`; None as for :func:`chance`.

    ``facts``: what ranks the facts of cards, if not the project's own.
    """
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    event = know.catalogue.life_events.get(turn.memory.last_life_event or "")
    if (card is None and event is None) or not can_tell(know):
        return None
    topics = topics_of(know.search)
    ours = ({card.family or card.id} if card else set()) | (_of_steps(know, event) if event else set())
    scores = know.search.look_at(know.search.read(turn.text), state=None, municipality=None, recent=None).scored.scores
    others = sorted((n for n in topics.procedures if topics.names[n] not in ours), key=lambda n: -float(scores[n]))
    other = others[0]
    best = max((float(scores[n]) for n in topics.procedures if topics.names[n] in ours), default=0.0)
    rival = topics.card(know, other)

    said = normalise(turn.text)
    words = said.split()
    telling = {root(word) for word in names(without_question(know.without_place(turn.text)))}
    weighs = topics.weight
    total = weighs(telling)
    steps = {root(word) for step in event.steps for word in normalise(step.title).split()} if event else set()
    heard = dict(turn.ranking)
    place = know.place_in(turn.text) is not None
    goes_on = bool(_GOES_ON.match(said)) and len(words) <= _GOES_ON_WORDS
    first = next((hit.score for hit in decision.verdict.hits if hit.kind == "procedure"), 0.0)
    return (
        float(bool(asked(turn.text)) and not telling),
        _odds(decision.chances["procedure"]),
        _odds(decision.chances["life_event"]),
        float(goes_on),
        float(event is not None),
        float(card is None),
        first,
        weighs(telling & topics.said_on(rival.id)) / total if total else 0.0,
        weighs(telling & topics.said_on(card.id)) / total if total and card else 0.0,
        float(min(len(telling), _MOST_NAMES)),
        float(place and rival.jurisdiction.state is not None),
        float(place),
        heard.get("correct", 0.0),
        heard.get("out_of_scope", 0.0),
        sum(share for name, share in heard.items() if kind_of_intent(name) == "talk"),
        float(scores[other]) - best,
        float(scores[other]),
        weighs(telling & steps),
        float(min(len(words), _LONGEST)),
        float(len(words) <= _SHORT),
        float(bool(_POINTS.search(said))),
        float("?" in turn.text),
        float(any(fully_named(know, topics.card(know, number), turn.text) for number in others[:_RIVALS])),
        _odds(decision.chances["emergency"]),
        heard.get("emergency", 0.0),
        *_of_facts(turn, know, card, facts),
        goes_on_by_words(turn.text) if facts is None else 0.0,
    )


def _of_facts(turn: Turn, know: Knowledge, card: Procedure | None, model: Model | None) -> tuple[float, ...]:
    """Return what the facts of the card in view and the examples tell of a message."""
    if card is None:
        return (0.0,) * 5
    found = ranked(know, card, turn.text, turn.ranking, model)
    best = found.facts[0].chance if found.facts else 0.0
    return (
        found.like_here,
        found.like_elsewhere,
        found.like_here - found.like_elsewhere,
        surely_told(found),
        best,
    )


def goes_on_by_words(text: str) -> float:
    """Return how much the words alone sound like going on with what is in view (above 0) or leaving it (below)."""
    weights, bias = _words()
    return float((hashed([text]) @ weights)[0]) + bias


def hashed(texts: Sequence[str]) -> Any:
    """Return texts as counts of their words, pairs of words and pieces of words, a row of a sparse matrix each."""
    said = [normalise(text) for text in texts]
    return hstack([each.transform(said) for each in _HASHES]).tocsr()


_HASHES = (
    HashingVectorizer(analyzer="char_wb", ngram_range=(2, 4), n_features=2**13, alternate_sign=False),
    HashingVectorizer(
        tokenizer=str.split, token_pattern=None, ngram_range=(1, 2), n_features=2**13, alternate_sign=False
    ),
)


@lru_cache(maxsize=1)
def _words() -> tuple[Any, float]:
    with np.load(WORDS, allow_pickle=False) as kept:
        return kept["weights"].astype(float), float(kept["bias"])


def _odds(share: float) -> float:
    return math.log(max(share, _LEAST) / max(1 - share, _LEAST))


def _of_steps(know: Knowledge, event: LifeEvent) -> set[str]:
    """Return the topics of a life event's steps."""
    found = (know.catalogue.procedures.get(id_) for step in event.steps for id_ in step.procedures)
    return {card.family or card.id for card in found if card is not None}


_CALM, _SURELY_CALM = 0.6, 0.85
"""From this chance on what no word calls a danger is a question about what is in view; where it was likely heard."""
_LIKELY_HEARD, _SURELY_HEARD = 0.6, 0.9
"""From this confidence of the classifier on a danger is likely; from the second on it is one, whatever is in view."""


def calmed(turn: Turn, know: Knowledge, decision: Decision) -> Turn | None:
    """Return the turn as heard without a danger that no word names, where it goes on with what is in view; else None.

    "¿Tengo que ir a anotarme a algún lado?" may sound like despair alone; after a flood's list of steps it does not.
    """
    if decision.kind != "emergency" or kind_of(turn.text) is not None:
        return None
    likely = chance(turn, know, decision)
    others = [(name, share) for name, share in turn.ranking if kind_of_intent(name) != "emergency"]
    total = sum(share for _, share in others)
    heard = max((share for name, share in turn.ranking if kind_of_intent(name) == "emergency"), default=0.0)
    least = _CALM if heard < _LIKELY_HEARD else _SURELY_CALM
    if likely is None or likely < least or heard >= _SURELY_HEARD or total <= 0:
        return None
    ranking = tuple((name, share / total) for name, share in others)
    return replace(turn, ranking=ranking, intent=ranking[0][0], confidence=ranking[0][1])
