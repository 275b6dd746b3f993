"""Decide what a message is: the classifier's ranking of intents and the search's signals, weighed by one fitted model.

Five kinds of message: it asks for a *procedure*, it tells a *life event*, it is *out of scope*, it is an *emergency*,
or it is *talk* (greetings, menu, a person, privacy, steering). ``weights.json`` holds a multinomial logistic regression
over both judges, fitted by cross-validation on the cards' own questions and the examples of ``data/nlu``
(``ventanilla eval --fit``), and the limits that follow from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bot.catalogue.places import Place
from bot.catalogue.search import SIGNALS, Hit, Look, Search, Verdict
from bot.catalogue.text import normalise, stem
from bot.understanding import told_or_asked
from bot.understanding.courtesy import only_courtesy
from bot.understanding.danger import alarming, cries, kind_of, long_ago, made_up, unmistakable
from bot.understanding.foreign import foreign_words
from bot.understanding.kinds import KINDS, Kind, KindJudge, kind_of_intent
from bot.understanding.matter import matter, without_labels
from bot.understanding.request import asks, first_of_two, is_story, way
from bot.understanding.words import rest, senseless, without_place

Ranking = Sequence[tuple[str, float]]
"""Intents with their confidence, the one decided on first; the classifier gives the likeliest ones."""

WEIGHTS = Path(__file__).with_name("weights.json")
FEATURES = (
    *SIGNALS,
    *(f"{sign}_{kind}" for sign in ("log", "else", "words") for kind in KINDS),
    "foreign",
)
_DANGER = KINDS.index("emergency")
_LENGTH, _LONG = FEATURES.index("words"), 2.0
"""A story has three times the words of the texts that were learned from: its length counts as that of the longest of
those, in standard deviations, or it would be a procedure by its length alone.
"""
_LEAST = 0.005
"""What an intent that is not in the ranking is taken to have."""
_SURELY_AN_EVENT, _TWICE = 0.8, 2.0
"""Where something that happened is surely told ("hubo un temblor y se dañó mi casa"), and nobody's violence, despair or
absence, an emergency needs twice the chance.
"""
_TOLD = {"openly": 1.0, "one thing": 0.0, None: 0.3}
"""How much the classifier's word counts again between what is told and what is asked for, by how a story asks."""
TOLD_RATHER, _ASKED_RATHER = 0.55, 0.25
"""Chance from which on a long message tells something, whatever it may ask for as well, and up to which it asks."""
_KNOWN_AT_ALL = 0.35
"""Chance from which on the first of two questions is about something of ours ("¿me haces el paro?" is not)."""
_SURELY_TOLD = 0.9
"""From this confidence on a life event wins over a question which of several cards was meant."""
_READ = 2400
"""Characters of a text that are looked at; of these the judges read fewer, once it is folded."""
_SURE = 0.5
"""From this confidence on an emergency is one, unless the other judges are sure of something else."""
_SURE_OF_TALK = 0.97
"""Share of talk in the ranking from which on it is talk: of the examples, each read by a classifier that never saw it,
995 in 1,000 are."""
_OF_A_STORY, _PLAIN_OF_DANGER, _OF_A_FILM = 0.45, 0.65, 0.95
"""Chance from which on a message without a named danger is an emergency: a story, which has many words; one that has no
word that danger is told with ("la casa no está a mi nombre" was one); one that tells of a film."""
_BOTH_HEARD = 0.4
"""The same, where the classifier hears an emergency before all else."""
_AT_LENGTH = 12
"""Words from which on a courtesy is told at length, and its words may be those of any card."""
_MERE_TALK = 0.8
"""Share of talk in the ranking from which on it takes a word of danger to make it an emergency."""
_PLAINLY = 0.9
"""Chance of a procedure from which on a mere cry for help ("¡auxilio, no hallo mi acta!") is a manner of speaking."""
_SENSELESS = 0.6
"""Chance that letters without sense are no matter of ours: they are not understood, rather than somebody else's."""
_MORE_LIKELY = 0.5
"""From this chance on what is out of scope stays so, though its words are a card's."""
_HARDLY_OURS, _NOT_AT_ALL_OURS = 0.35, 0.05
"""Share of what asks or tells in the ranking below which a story, and any text, is nobody's question which of several
cards was meant, unless it calls one of them by its name."""
_NOT_OURS: tuple[Kind, ...] = ("out_of_scope", "talk")
_HARDLY = 0.6
"""Below this score a card may have been found by its place alone."""
_LESS_LIKELY, _CLEARLY, _KNOWN = 0.3, 0.8, 0.9
"""Below this chance of being out of scope a text that has a card's name among its words asks for the card, if the
search is as sure: that it is that card, and that it is ours at all."""
_UNLIKELY, _RIVALS = 0.4, 3
"""Score below which a card is not shown outright where the text names another of the next so many."""
_COURTESY = frozenset({"greet", "thanks", "goodbye"})
_PLACE = "inform_place"
ASKING = "ask_procedure"
ABOUT_STATUS = "ask_status"
DEEDS = frozenset({"pick", "share_location", "send_media"})
"""Intents of what is not words."""


@dataclass(frozen=True)
class Decision:
    """What a message is. ``verdict`` says what the cards have for it, whatever the kind.

    ``confidence`` is the chance that it was taken for what it is: that of its kind; of talk, times the share of the
    intents that lead to the same outcome as ``intent``.
    ``event`` is the life event that the text tells of, if it may well tell of one; ``bare`` says that it names nothing
    that could be looked up ("¿y cuánto cuesta?").
    """

    kind: Kind
    intent: str
    confidence: float
    chances: dict[str, float]
    verdict: Verdict
    event: Hit | None = None
    bare: bool = False

    @property
    def looks_up(self) -> bool:
        """Say whether the cards are to answer."""
        return self.kind in ("procedure", "life_event")


class Weights:
    """The fitted model and its limits."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        """``parameters`` as in ``weights.json``.

        Raises:
            ValueError: they are for other features.
        """
        if tuple(parameters["features"]) != FEATURES or tuple(parameters["kinds"]) != KINDS:
            raise ValueError("weights.json is for other features: run `ventanilla eval --fit`")
        self._mean, self._scale = np.array(parameters["mean"]), np.array(parameters["scale"])
        self._weights, self._bias = np.array(parameters["weights"]), np.array(parameters["bias"])
        self.limits: dict[str, float] = parameters["limits"]

    @classmethod
    @lru_cache(maxsize=1)
    def load(cls) -> Weights:
        """Read the fitted parameters."""
        return cls(json.loads(WEIGHTS.read_text(encoding="utf-8")))

    def chances(self, features: Any) -> Any:
        """Return the chance of each kind, in the order of :data:`KINDS`."""
        scaled = (features - self._mean) / self._scale
        scaled[_LENGTH] = min(scaled[_LENGTH], _LONG)
        scores = self._weights @ scaled + self._bias
        raised = np.exp(scores - scores.max())
        return raised / raised.sum()


def _heard_again(values: Any, ranking: Ranking, told: float) -> Any:
    """Return a story's chances of the kinds with the classifier's shares weighed in once more.

    ``told``: how much it counts that it was heard as a life event rather than a procedure, or the other way round.
    """
    shares = dict.fromkeys(KINDS, _LEAST)
    for intent, confidence in ranking:
        shares[kind_of_intent(intent)] += confidence
    asked, told_of = shares["procedure"], shares["life_event"]
    shares["procedure"] = (asked + told_of) / (1 + (told_of / asked) ** told)
    shares["life_event"] = asked + told_of - shares["procedure"]
    weighed = values * np.array([shares[kind] for kind in KINDS])
    return weighed / weighed.sum()


def features_of(signals: Any, ranking: Ranking, words: Any, foreign: int = 0) -> Any:
    """Return the model's input: the search's signals, logs of the kinds' shares and of what they leave, the judge's
    scores, foreign words.
    """
    shares = dict.fromkeys(KINDS, 0.0)
    for intent, confidence in ranking:
        shares[kind_of_intent(intent)] += confidence
    share = np.array([shares[kind] for kind in KINDS])
    logs, others = np.log(np.clip(share, _LEAST, 1.0)), np.log(np.clip(1.0 - share, _LEAST, 1.0))
    return np.concatenate([signals, logs, others, words, [foreign]])


class Decider:
    """Decides with one search and the fitted weights."""

    def __init__(self, search: Search, weights: Weights | None = None, judge: KindJudge | None = None) -> None:
        """``weights`` and ``judge`` default to the project's own."""
        self.search = search
        self._weights = weights or Weights.load()
        self._judge = judge or KindJudge.load()
        self._seen: tuple[tuple[str | None, ...], Look, Any, Any] | None = None

    def decide(
        self,
        text: str,
        ranking: Ranking,
        *,
        state: str | None = None,
        municipality: str | None = None,
        recent: str | None = None,
        matter_only: bool = False,
    ) -> Decision:
        """Decide on one message; ``state``, ``municipality`` and ``recent`` as of :meth:`Search.find`.

        ``matter_only``: that it is talk is already taken into account; what else does it say?
        """
        text = without_labels(text[:_READ])
        first = first_of_two(text) if recent is None and not matter_only and kind_of(text) is None else None
        if first is not None and ranking and kind_of_intent(ranking[0][0]) in ("procedure", "life_event"):
            alone = self.decide(first, ranking, state=state, municipality=municipality)
            known = self.search.verdict(self._look(first, state, municipality, None)[0]).known
            if alone.looks_up and alone.verdict.outcome != "unknown" and known >= _KNOWN_AT_ALL:
                return alone  # "¿qué papeles pide el pasaporte? ¿y la CURP?"
        look, signals, words = self._look(text, state, municipality, recent)
        ranking = [item for item in ranking if item[0] not in DEEDS]
        in_view = recent is not None
        if matter_only:
            others = _shares(i for i in ranking if kind_of_intent(i[0]) != "talk")
            return self._decide(text, look, (signals, words), others, in_view=in_view)
        decision = self._decide(text, look, (signals, words), ranking, in_view=in_view)
        if decision.kind == "talk" and _may_say_more(text, decision, ranking, in_view=in_view):
            # "hola, quiero mi acta": what goes beyond courtesy is what the message is about
            aside = _COURTESY if decision.intent in _COURTESY else {decision.intent}
            others = _shares(i for i in ranking if i[0] not in aside)
            heard = (signals, words)
            beyond = self._decide(text, look, heard, others, whole=False, in_view=in_view) if others else decision
            if beyond.looks_up and beyond.chances[beyond.kind] >= self._weights.limits["beyond_courtesy"]:
                return beyond
        return decision

    def looked(self, text: str, ranking: Ranking) -> tuple[Decision, Look]:
        """Decide on a message by itself, and return how it was looked up too."""
        decision = self.decide(text, ranking)
        return decision, self._look(without_labels(text[:_READ]), None, None, None)[0]

    def _look(self, *asked: Any) -> tuple[Look, Any, Any]:
        """Look a text up, or return what was found for it just now: a turn may be decided on more than once."""
        seen = self._seen
        if seen is None or seen[0] != asked:
            text, state, municipality, recent = asked
            look = self.search.look(matter(text), state=state, municipality=municipality, recent=recent)
            seen = self._seen = (
                asked,
                look,
                self.search.signals(look),
                self._judge.scores([text], self.search.encode)[0],
            )
        return seen[1:]

    def _decide(
        self,
        text: str,
        look: Look,
        heard: tuple[Any, Any],
        ranking: Ranking,
        *,
        whole: bool = True,
        in_view: bool = False,
    ) -> Decision:
        signals, words = heard
        values = self._weights.chances(features_of(signals, ranking, words, foreign_words(text)))
        if is_story(text):
            danger = values[_DANGER] if kind_of(text) else 0.0
            values = _heard_again(values, ranking, _TOLD[way(text)])
            values[_DANGER] = max(values[_DANGER], danger)
        chances = {kind: float(value) for kind, value in zip(KINDS, values, strict=True)}
        said = rest(without_place(text, self.search.places))
        bare = not said
        kind = self._kind(text, chances, bare, ranking, whole)
        verdict = self.search.verdict(look, "life_event" if kind == "life_event" else "procedure")
        if kind == "out_of_scope" and (
            (chances[kind] < _MORE_LIKELY and self._named_outright(said, verdict))
            or (chances[kind] < _LESS_LIKELY and self._named(text, verdict))
        ):
            kind = "procedure"
        if kind == "procedure" and verdict.outcome == "clarify" and self._unheard_of(text, verdict, ranking):
            kind = max(_NOT_OURS, key=lambda each: chances[each])
        told_openly = verdict.outcome == "clarify" and (_tells(ranking) or way(text) == "openly")
        if kind == "procedure" and (told_openly or (_tells(ranking) and self._by_place_alone(text, look, verdict))):
            told = self.search.verdict(look, "life_event")
            if any(hit.kind == "life_event" for hit in told.hits[:1]) and (told_openly or not self._is_step(told)):
                kind, verdict = "life_event", told
        at_length = len(text.split()) >= told_or_asked.FEWEST and len(text) <= told_or_asked.LONGEST
        if kind in ("procedure", "life_event") and not bare and at_length:
            kind, verdict = self._told_or_asked(text, look, ranking, chances) or (kind, verdict)
        if kind == "out_of_scope" and senseless(text):
            chances[kind] = min(chances[kind], _SENSELESS)
        if bare and kind == "procedure":
            verdict = Verdict("unknown", (), look.named)
        elif kind == "procedure" and not in_view:
            verdict = self._or_named(text, verdict)
        event = None
        if chances["life_event"] >= self._weights.limits["event_named"] or kind in ("life_event", "emergency"):
            found = verdict if kind == "life_event" else self.search.verdict(look, "life_event")
            found = self._told(text, look, found)
            verdict = found if kind == "life_event" else verdict
            event = next((hit for hit in found.hits if hit.kind == "life_event"), None)
        intent = _intent(kind, ranking)
        share = _same_outcome(intent, ranking) if kind == "talk" else 1.0
        return Decision(kind, intent, round(chances[kind] * share, 4), chances, verdict, event, bare)

    def _named_outright(self, said: Sequence[str], verdict: Verdict) -> bool:
        """Say whether a text's words, its place left out, are those of one name of the card that was found.

        "¿Cuánto cuesta el acta de nacimiento en Tlaxcala?": no model needs to have seen the place to know it is ours.
        """
        first = next((hit for hit in verdict.hits if hit.kind == "procedure"), None)
        if first is None:
            return False
        card = self.search.catalogue.procedures[first.id]
        family = self.search.catalogue.families.get(card.family or "")
        stems = {stem(word) for word in said}
        for name in (card.short, card.name, *card.aliases, *((family.name, family.short) if family else ())):
            words = {stem(word) for word in rest(normalise(name))}
            if stems <= words and (len(stems) > 1 or len(words) == 1):
                return True
        return False

    def _named(self, text: str, verdict: Verdict) -> bool:
        """Say whether a text that says more calls the card that was found by its name, and nothing of somebody else."""
        ids = [hit.id for hit in verdict.hits if hit.kind == "procedure" and hit.score >= _CLEARLY][:1]
        return (
            verdict.outcome == "answer"
            and verdict.known >= _KNOWN
            and not foreign_words(text)
            and self.search.names_any(text, ids)
        )

    def _by_place_alone(self, text: str, look: Look, verdict: Verdict) -> bool:
        """Say whether the card that was found is one of the place that the text names, and is not named itself.

        "Tuve una nena, vivo en la CDMX": a place never chooses a matter where something that happened is told.
        """
        first = next((hit for hit in verdict.hits if hit.kind == "procedure"), None)
        card = self.search.catalogue.procedures.get(first.id) if first else None
        if first is None or card is None or look.named is None or card.jurisdiction.state is None:
            return False
        return first.score < _HARDLY and not self.search.names_any(text, [first.id])

    def _is_step(self, told: Verdict) -> bool:
        """Say whether the likeliest card is a step of the event that is told."""
        event, *hits = told.hits
        steps = self.search.catalogue.life_events[event.id].steps
        return any(hits[0].id in step.procedures for step in steps) if hits else False

    def _or_named(self, text: str, verdict: Verdict) -> Verdict:
        """Return the verdict, or the question which is meant: an unlikely card, or another that the text names.

        "Mi papá está en cama y perdió su INE": whatever a bed is near to, the INE may be what is asked for.
        """
        first, *others = verdict.hits or (None,)
        if first is None or verdict.outcome != "answer" or first.score >= _UNLIKELY:
            return verdict
        named = [hit for hit in others[:_RIVALS] if hit.kind == "procedure" and self.search.names_any(text, [hit.id])]
        if not named or self.search.names_any(text, [first.id]):
            return verdict
        rest = tuple(hit for hit in others if hit is not named[0])
        return replace(verdict, outcome="clarify", hits=(first, named[0]), others=rest)

    def _told_or_asked(
        self, text: str, look: Look, ranking: Ranking, chances: dict[str, float]
    ) -> tuple[Kind, Verdict] | None:
        """Return what a long message is, that is about something of ours, and what the cards have for it, if sure."""
        told, asked = self.search.verdict(look, "life_event"), self.search.verdict(look, "procedure")
        if not any(hit.kind == "life_event" for hit in told.hits[:1]):
            return None
        chance = told_or_asked.told(self.story(text, ranking, chances, told, asked))
        if chance >= TOLD_RATHER:
            return "life_event", told
        return ("procedure", asked) if chance <= _ASKED_RATHER else None

    def story(
        self, text: str, ranking: Ranking, chances: dict[str, float], told: Verdict, asked: Verdict
    ) -> list[float]:
        """Return what tells whether a long message tells of a life event or asks (:mod:`told_or_asked`)."""
        first = next(iter(asked.hits), None)
        steps = self.search.catalogue.life_events[told.hits[0].id].steps
        return told_or_asked.features(
            text,
            chances,
            ranking,
            asked,
            named=first is not None and self.search.names_any(text, [first.id]),
            any_named=self.search.names_any(text, [hit.id for hit in (*asked.hits, *asked.others)]),
            step=first is not None and any(first.id in step.procedures for step in steps),
        )

    def _told(self, text: str, look: Look, verdict: Verdict) -> Verdict:
        """Return a life event's verdict, of the event that the message's clauses tell of."""
        if not verdict.hits or verdict.hits[0].kind != "life_event":
            return verdict
        told = self.search.told(look, text[: told_or_asked.LONGEST])
        if told is None:
            return verdict
        event, *others = verdict.hits
        return replace(verdict, hits=(replace(event, id=told), *others))

    def _unheard_of(self, text: str, verdict: Verdict, ranking: Ranking) -> bool:
        """Say whether cards were found that the text does not name, of a text that was hardly heard to ask for any."""
        share = sum(confidence for name, confidence in ranking if kind_of_intent(name) in ("procedure", "life_event"))
        if not ranking or share >= (_HARDLY_OURS if is_story(text) else _NOT_AT_ALL_OURS):
            return False
        return not self.search.names_any(text, [hit.id for hit in verdict.hits])

    def _kind(self, text: str, chances: dict[str, float], bare: bool, ranking: Ranking, whole: bool) -> Kind:
        limits = self._weights.limits
        named = kind_of(text) is not None and not long_ago(text)
        talk = sum(confidence for name, confidence in ranking if kind_of_intent(name) == "talk")
        chance = chances["emergency"]
        told = chances["life_event"] >= _SURELY_AN_EVENT and kind_of(text) in (None, "danger")
        if unmistakable(text) or (chance >= limits["emergency_named"] and named and not told):
            return "emergency"
        heard_so = bool(ranking) and ranking[0][0] == "emergency" and ranking[0][1] >= _SURE and not long_ago(text)
        least = 0.0 if named else _least_alarming(text)
        if heard_so and not made_up(text):  # two judges that agree need no word that danger is told with
            least = min(least, _BOTH_HEARD)
        enough = max(least, limits["emergency"] * (_TWICE if told else 1))
        if chance >= enough and not (whole and talk >= _MERE_TALK):
            return "emergency"
        if cries(text) and chances["procedure"] < _PLAINLY:
            return "emergency"
        if heard_so and not told and chance >= max(least, limits["emergency"] / 2):
            return "emergency"
        rivals = {kind: chances[kind] for kind in KINDS if kind != "emergency"}
        best = max(rivals, key=lambda kind: rivals[kind])
        if whole and talk >= _SURE_OF_TALK:
            return "talk"
        led = _intent("talk", ranking)
        against = rivals["procedure"] + rivals["life_event"] if led == "complaint" else rivals[best]
        if best == "talk" or (rivals["talk"] * limits["talk"] >= against and led in _OUTCOMES):
            return "talk"  # a complaint about a shop is a matter, in the shares of two kinds
        if bare:  # nothing that the search could judge: the classifier alone says what it is
            heard = kind_of_intent(ranking[0][0]) if ranking else "out_of_scope"
            return heard if heard != "emergency" else "out_of_scope"
        if chances["out_of_scope"] >= limits["out_of_scope"]:
            return "out_of_scope"
        return "life_event" if chances["life_event"] * limits["life_event"] >= chances["procedure"] else "procedure"


def _may_say_more(text: str, decision: Decision, ranking: Ranking, *, in_view: bool) -> bool:
    """Say whether a greeting or a place may be told beside a matter ("soy de León, ¿cuánto cuesta la licencia?").

    ``in_view``: there is a card already, and a place is told for it.
    """
    if decision.intent == _PLACE:
        return not in_view and not decision.bare and asks(text)
    beside = decision.intent in _COURTESY and not only_courtesy(text) and not _long_courtesy(text, ranking)
    return beside and bool(rest(normalise(text)))


def _least_alarming(text: str) -> float:
    """Return the chance from which on a text that names no danger is an emergency."""
    if made_up(text):
        return _OF_A_FILM
    if not alarming(text):
        return _PLAIN_OF_DANGER
    return _OF_A_STORY if is_story(text) else 0.0


def _long_courtesy(text: str, ranking: Ranking) -> bool:
    """Say whether a long text is surely a courtesy that asks for nothing: all its words are wishes and thanks."""
    share = sum(confidence for name, confidence in ranking if name in _COURTESY)
    return len(text.split()) >= _AT_LENGTH and not asks(text) and share >= _SURE_OF_TALK


def _tells(ranking: Ranking) -> bool:
    """Say whether the classifier is sure that something that happened is told: no card is asked for by its name."""
    return bool(ranking) and ranking[0][0] == "life_event" and ranking[0][1] >= _SURELY_TOLD


def _shares(ranking: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
    """Return a part of a ranking, scaled to make up the whole."""
    part = list(ranking)
    total = sum(confidence for _, confidence in part)
    return [(name, confidence / total) for name, confidence in part] if total > 0 else []


def _intent(kind: Kind, ranking: Ranking) -> str:
    """Return the kind's likeliest intent."""
    own = [(name, confidence) for name, confidence in ranking if kind_of_intent(name) == kind]
    if not own:
        return {"procedure": ASKING, "talk": "menu"}.get(kind, kind)
    return max(own, key=lambda item: item[1])[0]


def _same_outcome(intent: str, ranking: Ranking) -> float:
    """Return the share of the intents of talk that lead where ``intent`` leads."""
    own = [(name, confidence) for name, confidence in ranking if kind_of_intent(name) == "talk"]
    total = sum(confidence for _, confidence in own)
    same = sum(confidence for name, confidence in own if _OUTCOMES.get(name) == _OUTCOMES.get(intent))
    return same / total if total else 1.0


Outcome = Literal[
    "answer", "clarify", "ask_place", "life_event", "menu", "smalltalk", "handoff", "privacy", "emergency",
    "out_of_scope",
]  # fmt: skip
_OUTCOMES: dict[str, Outcome] = {
    "human": "handoff", "complaint": "handoff", "data_use": "privacy", "delete_data": "privacy", "stop": "privacy",
    "menu": "menu", "change_language": "menu", "greet": "smalltalk", "thanks": "smalltalk", "goodbye": "smalltalk",
    "remind": "answer", "call_me": "answer", "cancel_reminders": "smalltalk",
}  # fmt: skip


def outcome_of(decision: Decision) -> Outcome:
    """Return what a first message of a conversation leads to."""
    if decision.kind == "emergency":
        return "emergency"
    if decision.kind == "out_of_scope":
        return "out_of_scope"
    if decision.kind == "talk":  # yes, no, back, again: of what? that is asked
        return _OUTCOMES.get(decision.intent, "clarify")
    if decision.kind == "life_event":
        return "life_event"
    found = decision.verdict.outcome
    if found == "unknown":  # of a family, but not for that place: others are offered; or nothing is named
        return "clarify"
    return "life_event" if found == "life_event" else found


def described(text: str, decision: Decision) -> dict[str, Any]:
    """Return one message as ``ventanilla understand`` writes it (docs/understanding.md has the fields)."""
    hits = _procedures(decision.verdict)
    return {
        "text": text,
        "intent": decision.intent,
        "confidence": decision.confidence,
        "procedures": [{"id": hit.id, "score": hit.score} for hit in hits[:5]],
        "life_event": decision.event.id if decision.event else None,
        "place": _place(decision.verdict.place),
        "outcome": outcome_of(decision),
    }


def _procedures(verdict: Verdict) -> list[Hit]:
    return [hit for hit in (*verdict.hits, *verdict.others) if hit.kind == "procedure"]


def _place(place: Place | None) -> dict[str, str | None] | None:
    return {"state": place.state, "municipality": place.municipality} if place else None


__all__ = ["FEATURES", "KINDS", "Decider", "Decision", "Weights", "described", "features_of", "outcome_of"]
