"""The sentences of one card, ranked for one message: which of them answers it, whatever part they stand in.

"¿Tengo que ir con un juez?" is answered by what the card is for, "¿y si va conmigo, que soy su mamá?" by whom it is
for, "¿me quitan semanas?" by a note: neither asks for a part of the card by name. Every sentence is weighed by its
meaning (sentence vectors), by the rare words that it shares with the message, and by the part that was heard asked
for; the weights are fitted on turns of dialogues that people judged by hand.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from actions.dialogue.aspects import BY_INTENT, asked, without_question
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.naming import names, root
from actions.dialogue.notes import alone
from bot.catalogue.text import keywords, normalise
from bot.core.procedures import Procedure, Requirement
from bot.core.replies import Aspect

Kind = Literal[
    "requirements", "amount", "cost", "who", "output", "deadline", "duration", "where", "hours", "notes", "summary"
]
PRICE = "costo, gratis, cobran"
"""What a price is compared by where no sentence tells of it. Never shown."""
_SENTENCE = re.compile(r"(?<=[.;!?]) +(?=[A-ZÁÉÍÓÚÑ¿])")


@dataclass(frozen=True)
class Fact:
    """One thing that a card says.

    ``needed``: the requirement that it is of; ``whole``: the text that it is a sentence of.
    """

    kind: Kind
    text: str
    needed: Requirement | None = None
    whole: str | None = None

    @property
    def aspect(self) -> Aspect:
        """The part of the card that shows it."""
        if self.kind == "amount":
            return "cost"
        return "notes" if self.kind == "summary" else self.kind


def facts(card: Procedure) -> Iterator[Fact]:
    """Yield what a card says, sentence by sentence; a way is one, its hours another."""
    for needed in card.requirements:
        yield Fact("requirements", ". ".join((needed.name, *needed.accepts)), needed)
        if needed.note and alone(needed.note):
            yield Fact("requirements", f"{needed.short}: {needed.note}", needed)
    yield from (Fact("amount", amount.label) for amount in card.cost.amounts if amount.label)
    if card.cost.free or (card.cost.amounts and not card.cost.note):
        yield Fact("cost", PRICE)
    first, *more = _SENTENCE.split(card.summary)
    told: tuple[tuple[Kind, str | None], ...] = (
        ("cost", card.cost.note),
        ("who", card.who),
        ("output", card.output),
        ("output", card.validity),
        ("deadline", card.deadline),
        ("duration", card.duration),
        *(("notes", note) for note in (*card.notes, *more)),
    )
    for kind, text in told:
        yield from (Fact(kind, each, whole=text) for each in (_SENTENCE.split(text) if text else ()))
    yield Fact("summary", first)
    for way in card.channels:
        yield Fact("where", f"{way.name}. {way.short}")
        if way.hours:
            yield Fact("hours", way.hours)


_FORCED = re.compile(r"(?<!\w)(?:(?:a|por) (?:la )?fuerzas?|forzos[oa]s?|forzosamente)(?!\w)")
"""Said for what cards call compulsory."""
_DENIES = re.compile(r"(?<!\w)(?:no|sin|ni|tampoco|nadie|ningun\w*|voluntari\w*)(?!\w)")
_WH = re.compile(r"(?<!\w)(?:que|cual(?:es)?|cuant[oa]s?|donde|quien(?:es)?|cuando|como)(?!\w)")
_IN_CASE = re.compile(r"(?<!\w)(?:si|aunque|cuando|sin|no|tambien|puede\w*)(?!\w)")
_SUPPOSES = re.compile(r"(?<!\w)(?:si|pero|aunque|no|sin|nomas|solo)(?!\w)")
_AGED = re.compile(
    r"(?<!\w)(?:edad|de|tengo|tiene|cumpl\w+) (?:ya |los |de |como )*"
    r"(?:\d{1,3}(?! (?:meses|dias|semanas|hij))(?!\w)|edad)"
)
_COUNTED = re.compile(r"(?<!\w)cuant[oa]s (?:\w{1,3} )?(\w{4,})")
_NUMBER = re.compile(
    r"\d|(?<!\w)(?:un[oa]?|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|diez|doce|quince|veinte|treinta|cien)(?!\w)"
)
"""What is counted ("¿cuántos testigos?"), and that a sentence has a number."""
_YEARS = re.compile(r"(?<!\w)(?:anos|edad|mayores|menores)(?!\w)")
KINDS: tuple[Kind, ...] = (
    "requirements", "amount", "cost", "who", "output", "deadline", "duration", "where", "hours", "notes",
    "summary",
)  # fmt: skip


@dataclass(frozen=True)
class Weighed:
    """The facts of a card, what was weighed of each against a message (a list a fact), and the sentence vectors."""

    facts: list[Fact]
    values: list[list[float]]
    message: Any
    vectors: list[Any]


def weighed(know: Knowledge, card: Procedure, text: str, ranking: Sequence[tuple[str, float]]) -> Weighed:
    """Return the facts of a card and, of each, what tells whether it answers a text."""
    listed = list(facts(card))
    said = _FORCED.sub("obligatorio", know.without_place(text))
    told = [normalise(fact.text) for fact in listed]
    whole, rest, *made_of = vectors(know, [said, without_question(said) or said, *told])
    near = [(float(vector @ whole), float(vector @ rest)) for vector in made_of]
    best = max((max(pair) for pair in near), default=0.0)
    rarity = _rarity(know)
    unheard = math.log(len(know.catalogue.procedures) + 1)
    own = _roots(f"{card.name} {card.short}")
    mine = {root(w) for w in names(without_question(said))} - own
    weight = sum(rarity.get(word, unheard) for word in mine)
    there = {fact.aspect for fact in listed}
    named = set(asked(text)) & there
    heard = {BY_INTENT[name]: share for name, share in ranking if BY_INTENT.get(name) in there}
    plain = not named and not _WH.search(said)
    aged = bool(_AGED.search(said))
    counted = {root(word) for word in _COUNTED.findall(said)} - own
    supposes = plain and bool(_SUPPOSES.search(said))
    made = []
    for fact, sentence, (cosine, of_rest) in zip(listed, told, near, strict=True):
        shared = sum(rarity.get(word, unheard) for word in mine & _roots(sentence))
        made.append(
            [
                cosine,
                of_rest,
                max(cosine, of_rest) - best,
                shared / weight if weight else 0.0,
                shared,
                float(fact.aspect in named),
                float(bool(named) and fact.aspect not in named),
                heard.get(fact.aspect, 0.0),
                float(plain and bool(_DENIES.search(sentence))),
                float(supposes and bool(_IN_CASE.search(sentence))),
                cosine if supposes and _IN_CASE.search(sentence) else 0.0,
                cosine if fact.kind == "amount" else 0.0,
                float(fact.kind == "amount" and not shared),
                float(aged and bool(_YEARS.search(sentence))),
                float(bool(counted) and bool(counted & _roots(sentence)) and bool(_NUMBER.search(sentence))),
                *(float(fact.kind == kind) for kind in KINDS),
            ]
        )
    return Weighed(listed, made, whole, made_of)


def shares(fact: Fact, text: str) -> bool:
    """Say whether a fact and a text have a telling word in common."""
    return bool(_roots(fact.text) & _roots(text))


def _roots(text: str) -> set[str]:
    return {root(word) for word in keywords(normalise(text))}


def vectors(know: Knowledge, texts: Sequence[str]) -> list[Any]:
    """Return the sentence vectors of texts; those of cards are worked out once."""
    kept: dict[str, Any] = know.kept.setdefault("vectors", {})
    new = [text for text in dict.fromkeys(texts) if text not in kept]
    if new:
        if len(kept) > _MOST_KEPT:
            kept.clear()
            new = list(dict.fromkeys(texts))
        kept.update(zip(new, know.search.encode(new), strict=True))
    return [kept[text] for text in texts]


_MOST_KEPT = 10_000


def _rarity(know: Knowledge) -> dict[str, float]:
    """Return how rare the words of all cards are: the logarithm of the share of cards that do not have one."""
    if "rarity" not in know.kept:
        cards = list(know.catalogue.procedures.values())
        found = Counter(word for card in cards for word in {w for fact in facts(card) for w in _roots(fact.text)})
        know.kept["rarity"] = {word: math.log((len(cards) + 1) / (count + 1)) for word, count in found.items()}
    rarity: dict[str, float] = know.kept["rarity"]
    return rarity
