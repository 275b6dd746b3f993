"""Find the card that a text asks for, with a calibrated score that decides between answering, asking and admitting.

Engine environment (scikit-learn, numpy, the sentence encoder); degraded mode uses :mod:`bot.catalogue.plain`.
A procedure is not an intent (docs/decisions/0004-search-instead-of-intents.md): the index is made from the cards when
the process starts, so a new card is found at once.

Two judges look at every topic (a procedure, a family of procedures, or a life event):

* a linear classifier over word, character and dense features of the cards' phrases, fitted when the index is made;
* the similarity of the text to the topic's nearest phrases, which needs few examples.

Both are put on one scale and added; a place that the text names moves the topics that have a card there. How sure the
result is, is what :data:`CALIBRATION` says: two logistic models fitted offline (``bot.catalogue.calibrate``).
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bot.catalogue.entries import sane
from bot.catalogue.index import FEATURES, Encoder, Index, Kind, Scored, collect, default_encoder, learned
from bot.catalogue.places import Place, Places, fold
from bot.catalogue.reader import Catalogue
from bot.catalogue.spelling import Speller, default_speller
from bot.catalogue.text import keywords, normalise, stem
from bot.catalogue.told import Clause, Heard, clauses, default_model
from bot.core.procedures import Procedure

__all__ = [
    "CALIBRATION",
    "FEATURES",
    "SIGNALS",
    "Calibration",
    "Hit",
    "Index",
    "Look",
    "Outcome",
    "Search",
    "Verdict",
    "collect",
    "default_encoder",
]

Outcome = Literal["answer", "clarify", "ask_place", "life_event", "unknown"]

SIGNALS = (*FEATURES, "procedure_before_event", "procedure", "event")
CALIBRATION = Path(__file__).with_name("calibration.json")

# What a named place does to a topic, in standard deviations of the scores.
_SAME_STATE, _SAME_MUNICIPALITY, _ELSEWHERE = 0.8, 1.5, -0.8
_RECENT = 0.5
_CLOSE_CALL = 2.0
# What the best of its steps' procedures adds to a life event: chosen on the events' own questions, held out.
_OF_STEPS = 0.5
_RIVALS = 5
"""Topics among which two may have been asked for at once."""
_ASKED_AS_WELL = 4.5
"""Distance of the scores up to which the topic that was named first comes first."""
_AND = frozenset(("y", "tambien", "ademas", "aparte", "and", "also"))
_NO_STEP = -1.0
"""The decision for the steps of a life event that has none."""
_TOLD = frozenset(
    ("perdi", "tengo", "tiene", "traigo", "sin", "vencio", "falta", "perdio", "cambie", "cumpli", "jamas")
)
"""Words with which a paper is told of, not asked for."""


@dataclass(frozen=True)
class Hit:
    """A card with its score: the calibrated chance that it is the one, 0 to 1."""

    id: str
    score: float
    kind: Kind


@dataclass(frozen=True)
class Verdict:
    """What to do with a text. Outcome "unknown" with a ``family`` and a ``place``: known elsewhere, but not there.

    ``known`` is the calibrated chance that the text asks for anything of ours at all; ``others`` are the hits that the
    outcome leaves out, best first.
    """

    outcome: Outcome
    hits: tuple[Hit, ...]
    place: Place | None = None
    family: str | None = None
    known: float = 0.0
    others: tuple[Hit, ...] = ()


@dataclass(frozen=True)
class Look:
    """A text against every topic: as scored, with the place weighed in, the place it names, the place that counts."""

    scored: Scored
    scores: Any
    named: Place | None
    place: Place | None


class Calibration:
    """Two logistic models over :data:`FEATURES`: is it ours at all, and is the first topic the right one."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """``parameters`` as in ``calibration.json``."""
        if tuple(parameters["features"]) != FEATURES:
            raise ValueError("calibration.json is for other features: run `python -m bot.catalogue.calibrate`")
        self._models = parameters["models"]
        self.thresholds: dict[str, float] = parameters["thresholds"]

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Calibration:
        """Read the fitted parameters."""
        return cls(json.loads(CALIBRATION.read_text(encoding="utf-8")))

    def chance(self, model: str, features: Any) -> float:
        """Return a model's probability for one text."""
        fitted = self._models[model]
        scaled = (features - np.array(fitted["mean"])) / np.array(fitted["scale"])
        return float(1 / (1 + np.exp(-(scaled @ np.array(fitted["weights"]) + fitted["bias"]))))


class Search:
    """Search over one catalogue."""

    _known: Container[str] = frozenset()
    """The catalogue's own words, which no spelling corrects."""
    _speller: Speller | None = None
    """Another speller than the project's."""

    def __init__(
        self,
        catalogue: Catalogue,
        places: Places | None = None,
        encoder: Encoder | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        """``places``, ``encoder`` and ``calibration`` default to the project's own."""
        self.catalogue = catalogue
        self.places = places or Places.load(Path(__file__).resolve().parents[2] / "data" / "places")
        self._encode = encoder or default_encoder()
        self._calibration = calibration or Calibration.load()
        self._prepare()

    def _prepare(self) -> None:
        """Make ready what is asked of the catalogue."""
        catalogue = self.catalogue
        self.index = learned(collect(catalogue), catalogue.path.parent, self._encode)
        self._known = frozenset(word for entry in self.index.entries for word in entry.text.split())
        self._members: dict[str, list[Procedure]] = {}
        for card in catalogue.procedures.values():
            self._members.setdefault(card.family or card.id, []).append(card)
        column = {topic: number for number, topic in enumerate(self.index.topics)}
        topic_of = {card.id: card.family or card.id for members in self._members.values() for card in members}
        self._steps: dict[int, list[int]] = {}
        for event in catalogue.life_events.values():
            ids = {topic_of[id_] for step in event.steps for id_ in step.procedures if id_ in topic_of}
            self._steps[column[f"event:{event.id}"]] = [column[topic] for topic in sorted(ids)]
        self._phrases: dict[str, list[int]] = {}
        for number, entry in enumerate(self.index.entries):
            self._phrases.setdefault(entry.topic, []).append(number)
        self._names: dict[str, set[frozenset[str]]] = {}
        for entry in self.index.entries:
            if entry.field in ("name", "alias") and (name := frozenset(map(stem, keywords(entry.text)))):
                self._names.setdefault(entry.topic, set()).add(name)

    def find(
        self, text: str, *, state: str | None = None, municipality: str | None = None, recent: str | None = None
    ) -> Verdict:
        """Decide what a text asks for, by the search alone.

        ``state`` and ``municipality`` are the person's, used when the text names no place; ``recent`` is the procedure
        that was just talked about.
        """
        normalised = self.read(text)
        if not keywords(normalised):
            mention = self.places.find(normalised)
            return Verdict("unknown", (), mention.candidates[0] if mention else None)
        return self.verdict(self.look_at(normalised, state=state, municipality=municipality, recent=recent))

    def look(
        self, text: str, *, state: str | None = None, municipality: str | None = None, recent: str | None = None
    ) -> Look:
        """Score a text against every topic; :meth:`verdict` then decides (arguments as of :meth:`find`)."""
        return self.look_at(self.read(text), state=state, municipality=municipality, recent=recent)

    def likeness(self, text: str) -> dict[str, float]:
        """Return how well each procedure and life event fits a text, wherever its cards hold; by ``kind:id``."""
        scores = zip(self.index.topics, self.look(text).scored.scores, strict=True)
        return {
            key: float(score)
            for topic, score in scores
            for key in ([f"procedure:{card.id}" for card in self._members.get(topic, ())] or [topic])
        }

    def encode(self, texts: Sequence[str]) -> Any:
        """Return the sentence vectors of normalised texts, a row each."""
        return self._encode(list(texts))

    def read(self, text: str) -> str:
        """Return a text as it is searched for: in everyday spelling, corrected."""
        return (self._speller or default_speller()).correct(normalise(sane(text)), self._known)

    def look_at(self, normalised: str, *, state: str | None, municipality: str | None, recent: str | None) -> Look:
        """Score what :meth:`read` made of a text."""
        mention = self.places.find(normalised)
        named = mention.candidates[0] if mention else None
        place = named or (Place(state, municipality) if state else None)
        words = normalised.split()
        rest = " ".join(words[: mention.start] + words[mention.end :]) if mention else normalised
        scored = self.index.score([normalised], [rest])[0]
        bonus = np.array([self._bonus(topic, named, recent) for topic in self.index.topics])
        scores = scored.scores + bonus
        if mention and _close_call(scores):
            scores = (scored.scores + self.index.score([rest])[0].scores) / 2 + bonus
        return Look(scored, self._asked_first(words, scores), named, place)

    def _asked_first(self, words: Sequence[str], scores: Any) -> Any:
        """Return the scores, that of what was asked first in front ("¿… el pasaporte y cuánto cuesta la licencia?").

        Both must be called by one of their names, one on each side of an "and"; what was only told of ("perdí mi INE y
        …") is not asked.
        """
        breaks = [at for at, word in enumerate(words) if word in _AND and 0 < at < len(words) - 1]
        if not breaks:
            return scores
        first, *others = [n for n in np.argsort(-scores)[:_RIVALS] if not self.index.is_event[n]] or [0]
        stems = [stem(word) for word in words]
        for other in others:
            if scores[first] - scores[other] > _ASKED_AS_WELL:
                break
            for at in breaks:
                before, after = frozenset(stems[:at]), frozenset(stems[at:])
                told = not _TOLD.isdisjoint(words[:at])
                if (
                    not told
                    and self._says(other, before) > self._says(first, before)
                    and self._says(first, after) > self._says(other, after)
                ):
                    swapped = scores.copy()
                    swapped[[first, other]] = scores[[other, first]]
                    return swapped
        return scores

    def _says(self, topic: int, stems: frozenset[str]) -> bool:
        """Say whether words have one of a topic's names whole."""
        return any(name <= stems for name in self._names.get(self.index.topics[topic], ()))

    def names_any(self, text: str, ids: Iterable[str]) -> bool:
        """Say whether a text has all the words of a name of one of these procedures, or of their families."""
        stems = frozenset(map(stem, keywords(self.read(text))))
        cards = [self.catalogue.procedures[id_] for id_ in ids if id_ in self.catalogue.procedures]
        found = (self.catalogue.families.get(card.family or "") for card in cards)
        names = [name for card in cards for name in (card.name, card.short, *card.aliases)]
        names += [name for family in found if family for name in (family.name, family.short)]
        words = (frozenset(map(stem, keywords(fold(name)))) for name in names)
        return any(name and name <= stems for name in words)

    def _bonus(self, topic: str, named: Place | None, recent: str | None) -> float:
        members = self._members.get(topic)
        if not members:
            return 0.0
        bonus = _RECENT if recent and any(card.id == recent for card in members) else 0.0
        return bonus + (max(_placed(card, named) for card in members) if named else 0.0)

    def signals(self, look: Look) -> Any:
        """Return what tells of a text whether it asks for anything of ours (:data:`SIGNALS`); places left out."""
        scores, is_event = look.scored.scores, self.index.is_event
        event = scores[is_event].max() if is_event.any() else 0.0
        procedure = scores[~is_event].max() if not is_event.all() else 0.0
        return np.concatenate([look.scored.features, [procedure - event, procedure, event]])

    def verdict(self, look: Look, kind: Kind | None = None) -> Verdict:
        """Decide. ``kind``: what the text asks for, when that was settled otherwise; it is then never unknown."""
        scores = look.scores
        order = np.argsort(-scores)
        procedures = [number for number in order if not self.index.is_event[number]]
        events = self._events(scores)
        ranked = procedures if kind == "procedure" and procedures else list(order)
        features = look.scored.features.copy()
        features[0], features[1] = scores[ranked[0]], scores[ranked[0]] - scores[ranked[1]] if len(ranked) > 1 else 9.0
        known = self._calibration.chance("known", features)
        first = self._calibration.chance("first", features)
        limits = self._calibration.thresholds
        hits = self._hits(procedures[:5], scores, first, look.scored, look.place) if procedures else ()
        if kind is None and known < limits["known"]:
            return Verdict("unknown", hits, look.named, known=known)
        if events and (kind == "life_event" or self.index.is_event[ranked[0]]):
            event = Hit(self.index.topics[events[0]].removeprefix("event:"), round(first, 4), "life_event")
            return Verdict("life_event", (event, *hits), look.place, known=known)
        if first < limits["answer"]:
            close = self._close(procedures, scores, look.scored, look.place, first)
            if len(close) > 1:
                rest = tuple(hit for hit in hits if hit not in close)
                return Verdict("clarify", close, look.place, known=known, others=rest)
        return self._in_topic(self.index.topics[ranked[0]], hits, look.named, look.place, look.scored, known)

    def _events(self, scores: Any) -> list[int]:
        """Return the life events, best first."""
        values = self.event_values(scores)
        return sorted(values, key=lambda number: -values[number])

    def event_values(self, scores: Any) -> dict[int, float]:
        """Return what speaks for each life event: what its steps' procedures score does too."""
        values = {number: float(scores[number]) for number in np.flatnonzero(self.index.is_event).tolist()}
        for number, steps in self._steps.items():
            values[number] += _OF_STEPS * max((float(scores[step]) for step in steps), default=0.0)
        return values

    def told(self, look: Look, text: str) -> str | None:
        """Return the id of the life event that a message tells of, its clauses heard apart; None of a single clause.

        ``text``: the message that was looked at, as it was written.
        """
        model = default_model()
        parts = clauses(text)
        heard = self.heard(parts) if len(parts) > 1 and len(self._steps) > 1 else None
        if heard is None or not model.fits(heard.vectors):
            return None
        whole = self.event_values(look.scores)
        ids = [self.index.topics[number].removeprefix("event:") for number in whole]
        return ids[int(np.argmax(model.values(heard, np.array(list(whole.values())), ids)))]

    def heard(self, parts: Sequence[Clause]) -> Heard:
        """Return what the search hears in each clause of a message, for each life event in the order of the topics."""
        texts = [self.read(part.text) for part in parts]
        events = np.flatnonzero(self.index.is_event).tolist()
        vectors, decisions, nearness = self.index.apart(texts, events)
        of_steps = [decisions[:, self._steps[number]].max(axis=1, initial=_NO_STEP) for number in events]
        opened = [part.opening for part in parts]
        return Heard(opened, texts, vectors, decisions[:, events], np.stack(of_steps, axis=1), nearness)

    def _hits(
        self, numbers: Iterable[int], scores: Any, first: float, scored: Scored, place: Place | None
    ) -> tuple[Hit, ...]:
        """One card a topic: the one for the place, else the nearest; scores are shares of the first one's chance."""
        numbers = list(numbers)
        best = scores[numbers[0]]
        return tuple(
            Hit(
                self._card(self.index.topics[number], scored, place).id,
                round(first * float(np.exp(scores[number] - best)), 4),
                "procedure",
            )
            for number in numbers
        )

    def _close(
        self, procedures: Sequence[int], scores: Any, scored: Scored, place: Place | None, first: float
    ) -> tuple[Hit, ...]:
        """Return the two or three topics that the text may as well mean."""
        best = scores[procedures[0]]
        near = [number for number in procedures[:3] if best - scores[number] < self._calibration.thresholds["close"]]
        return self._hits(near, scores, first, scored, place)

    def _card(self, topic: str, scored: Scored, place: Place | None) -> Procedure:
        members = self._members[topic]
        nearest = {card.id: 0.0 for card in members}
        if len(members) > 1:
            for number in self._phrases[topic]:
                id_ = self.index.entries[number].id
                nearest[id_] = max(nearest[id_], float(scored.similarity[number]))
        return max(members, key=lambda card: (_placed(card, place) if place else 0.0, nearest[card.id]))

    def _in_topic(
        self, topic: str, hits: tuple[Hit, ...], named: Place | None, place: Place | None, scored: Scored, known: float
    ) -> Verdict:
        members = self._members[topic]
        family = members[0].family
        if family is None:
            return Verdict("answer", hits, place, known=known)
        card = self._card(topic, scored, place)
        general = next((each for each in members if each.jurisdiction.state is None), None)
        first = hits[0].score
        if place is None:
            # A general card answers when it is the one that was meant; siblings of a place need the place.
            if card.jurisdiction.state is None or len(members) == 1:
                return Verdict("answer", (Hit(card.id, first, "procedure"), *hits[1:]), None, family, known)
            siblings = sorted(members, key=lambda each: (each.id != card.id, each.id))
            asked = tuple(Hit(each.id, first, "procedure") for each in siblings)
            return Verdict("ask_place", asked, None, family, known, hits[1:])
        fitting = [each for each in members if _fits(each, place)]
        if fitting:
            fitting.sort(key=lambda each: (-_specific(each), each.id != card.id, each.id))
            return Verdict(
                "answer", (*(Hit(each.id, first, "procedure") for each in fitting[:1]), *hits[1:]), place, family, known
            )
        if general is not None:
            return Verdict("answer", (Hit(general.id, first, "procedure"), *hits[1:]), place, family, known)
        return Verdict("unknown", hits, place, family, known)


def _close_call(scores: Any) -> bool:
    """Say whether the place's name may have decided between the first two: it is then read without it as well."""
    first = np.sort(scores)[-2:]
    return len(first) > 1 and bool(first[1] - first[0] < _CLOSE_CALL)


def _placed(card: Procedure, place: Place | None) -> float:
    """Return what a place adds to a card: it is there, it is elsewhere, or it holds everywhere."""
    where = card.jurisdiction
    if place is None:
        return 0.0
    if where.state is None:  # a price of the place makes the card as good as the place's own
        return _SAME_STATE if any(amount.state == place.state for amount in card.cost.amounts) else 0.0
    if where.state != place.state:
        return _ELSEWHERE
    if where.municipality is None:
        return _SAME_STATE
    if place.municipality is None:
        return _SAME_STATE / 2
    return _SAME_MUNICIPALITY if where.municipality == place.municipality else _ELSEWHERE


def _fits(card: Procedure, place: Place) -> bool:
    where = card.jurisdiction
    if where.state is None:
        return not where.abroad
    return where.state == place.state and where.municipality in (None, place.municipality)


def _specific(card: Procedure) -> int:
    return int(card.jurisdiction.state is not None) + int(card.jurisdiction.municipality is not None)
