"""Search over more topics than a classifier can have: candidates from the inverted index, then the usual decision.

Above :data:`LIMIT` topics or :data:`PHRASES` phrases nothing is learned. The catalogue's own postings name some dozens
of topics, the likeness of the text to their phrases puts them in order, and :class:`bot.catalogue.search.Search` then
decides over the few that are left as it does over a small catalogue. Nothing is kept in memory but the vocabulary and
the cards that were met lately.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from rapidfuzz import fuzz, process

from bot.catalogue.index import Encoder, Entry, Kind, Ready, Scored, standard
from bot.catalogue.places import Place, Places
from bot.catalogue.plain import Ranker
from bot.catalogue.reader import Catalogue
from bot.catalogue.search import Calibration, Look, Search, Verdict
from bot.catalogue.text import keywords, normalise
from bot.core.procedures import LifeEvent, Procedure

LIMIT = 2_000
PHRASES = 60_000
"""Above, learning would take more than a minute and a gigabyte."""
_POOL = 48
"""Topics that are compared phrase by phrase."""
_KEPT = 5
"""Topics over which the decision is made."""
_ENCODED = 1
"""Topics, the best ones, whose sentence vector is compared with the text's. A vector takes 1.5 ms, and 100,000 of them
two and a half minutes: they decide nothing here but how sure the result is."""
_OTHERS = 96
"""Topics that stand for all others when scores are put on the scale that the calibration knows."""
_MEMBERS = 12
"""Cards of a family that are looked at: those for the place, then the first ones."""


def open_search(
    catalogue: Catalogue,
    places: Places | None = None,
    encoder: Encoder | None = None,
    calibration: Calibration | None = None,
) -> Search:
    """Return the search that fits the size of the catalogue (arguments as of :class:`Search`)."""
    kind = WideSearch if is_wide(catalogue) else Search
    return kind(catalogue, places, encoder, calibration)


def is_wide(catalogue: Catalogue) -> bool:
    """Say whether a catalogue has too many topics or phrases to learn."""
    sql = "SELECT count(*), coalesce(sum(length(phrases) - length(replace(phrases, char(10), '')) + 1), 0) FROM topic"
    topics, phrases = catalogue.query(sql)[0]
    return bool(topics > LIMIT or phrases > PHRASES)


@dataclass(frozen=True)
class WideLook(Look):
    """A look with the few topics that it was taken at."""

    narrow: Search


class WideSearch(Search):
    """Search over a catalogue of any size; the same answers as :class:`Search` gives for the topics in question."""

    def _prepare(self) -> None:
        self._ranker = Ranker(self.catalogue)
        self._known = Vocabulary(self._ranker)

    def look_at(self, normalised: str, *, state: str | None, municipality: str | None, recent: str | None) -> WideLook:
        """Score a text against the topics that it may mean."""
        mention = self.places.find(normalised)
        place = mention.candidates[0] if mention else (Place(state, municipality) if state else None)
        narrow = self._narrow(normalised, place, recent)
        look = narrow.look_at(normalised, state=state, municipality=municipality, recent=recent)
        return WideLook(look.scored, look.scores, look.named, look.place, narrow)

    def verdict(self, look: Look, kind: Kind | None = None) -> Verdict:
        """Decide (:meth:`Search.verdict`)."""
        if not isinstance(look, WideLook):
            raise TypeError("a look of another search")
        return look.narrow.verdict(look, kind) if look.narrow.index.topics else Verdict("unknown", (), look.named)

    def told(self, look: Look, text: str) -> str | None:
        """Return None: parts of a message would each have other candidates."""
        del look, text
        return None

    def signals(self, look: Look) -> Any:
        """Return :meth:`Search.signals` over the topics in question."""
        if not isinstance(look, WideLook):
            raise TypeError("a look of another search")
        return look.narrow.signals(look)

    def _narrow(self, text: str, place: Place | None, recent: str | None) -> Search:
        best, most = self._ranker.best(text, _POOL)
        scores = dict(best)
        talked: list[int] = []
        if recent and recent in self.catalogue.procedures:
            card = self.catalogue.procedures[recent]
            talked = [self._ranker.number(card.family or card.id)]
            scores.setdefault(talked[0], 0.0)
        pool = list(scores)
        said = self._ranker.phrases(pool)
        names = self._ranker.names(pool)
        likeness = {number: _likeness(text, said[number]) for number in pool}
        highest = max(scores.values(), default=0.0) or 1.0
        pool.sort(key=lambda number: (-(scores[number] / highest + likeness[number] / 100), number))
        kept = pool[:_KEPT] + [number for number in talked if number in pool[_KEPT:]]
        members = {names[number]: self._members_of(names[number], place, recent) for number in kept}
        ranked = [Candidate(names[n], scores[n], scores[n] / most if most else 0.0, tuple(said[n])) for n in kept]
        events = [topic.removeprefix("event:") for topic in members if topic.startswith("event:")]
        narrow = NarrowCatalogue(
            path=self.catalogue.path,
            procedures={card.id: card for cards in members.values() for card in cards},
            life_events={id_: self.catalogue.life_events[id_] for id_ in events},
            ready=Ready(NarrowIndex(ranked, members, self._encode)),
        )
        return Search(cast(Catalogue, narrow), self.places, self._encode, self._calibration)

    def _members_of(self, topic: str, place: Place | None, recent: str | None) -> list[Procedure]:
        if topic.startswith("event:"):
            return []
        state = place.state if place else None
        ids = self.catalogue.members(topic, state, _MEMBERS)
        if recent and recent not in ids and recent in self.catalogue.procedures:
            card = self.catalogue.procedures[recent]
            ids += [recent] if (card.family or card.id) == topic else []
        return [self.catalogue.procedures[id_] for id_ in ids]


@dataclass(frozen=True)
class Candidate:
    """A topic that a text may mean: its BM25 score, that score as a share of the most there was, and its phrases."""

    topic: str
    score: float
    share: float
    phrases: tuple[str, ...]


class NarrowIndex:
    """What :class:`Search` needs of an index, over candidates only."""

    def __init__(self, candidates: Sequence[Candidate], members: dict[str, list[Procedure]], encode: Encoder) -> None:
        """``members``: the cards of each candidate."""
        self._candidates = candidates
        self.topics = [each.topic for each in candidates]
        self.is_event = np.array([topic.startswith("event:") for topic in self.topics], dtype=bool)
        self.entries = [
            Entry("procedure", card.id, topic, "name", normalise(card.name))
            for topic, cards in members.items()
            for card in cards
        ]
        self._encode = encode

    def score(self, texts: Sequence[str], counted: Sequence[str] | None = None) -> list[Scored]:
        """Score normalised texts against the candidates, on the scale of :meth:`bot.catalogue.index.Index.score`."""
        return [self._one(text, words) for text, words in zip(texts, counted or texts, strict=True)]

    def _one(self, text: str, counted: str) -> Scored:
        alike = np.array([_likeness(text, each.phrases) / 100 for each in self._candidates])
        # The first phrase is the topic's name.
        vectors = self._encode([text, *(each.phrases[0] for each in self._candidates[:_ENCODED])])
        dense = vectors[1:] @ vectors[0]
        terms = np.array([each.score for each in self._candidates])
        padding = np.zeros(_OTHERS)
        scores = standard(np.concatenate([terms, padding])) + 0.5 * standard(np.concatenate([alike, padding]))
        scores = scores[: len(terms)]
        top = np.sort(scores)[-2:]
        share = max((each.share for each in self._candidates), default=0.0)
        words = len(set(keywords(counted)))
        features = np.array(
            [
                top[-1] if len(top) else 0.0,
                top[-1] - top[0] if len(top) else 0.0,
                2 * share - 1,
                share,
                alike.max(initial=0.0),
                dense.max(initial=0.0),
                min(share * 1.5, 1.0),
                min(round(words * share), 6),
                min(words, 12),
            ]
        )
        similarity = np.array([fuzz.token_set_ratio(text, entry.text) / 100 for entry in self.entries])
        return Scored(scores, similarity, features)


@dataclass(frozen=True)
class NarrowCatalogue:
    """What :class:`Search` reads of a catalogue, of the candidates only."""

    path: Path
    procedures: dict[str, Procedure]
    life_events: dict[str, LifeEvent]
    ready: Ready


class Vocabulary:
    """The words that a catalogue has in its index, without holding them."""

    def __init__(self, ranker: Ranker) -> None:
        """``ranker``: reads the index."""
        self._ranker = ranker

    def __contains__(self, word: object) -> bool:
        return isinstance(word, str) and self._ranker.knows(word)


def _likeness(text: str, phrases: Sequence[str]) -> float:
    """Return how like the nearest phrase is, 0 to 100, whatever the order of the words."""
    best = process.extractOne(text, phrases, scorer=fuzz.token_sort_ratio)
    return float(best[1]) if best else 0.0
