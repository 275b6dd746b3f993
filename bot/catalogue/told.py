"""Which life event a message tells of, clause by clause.

People tell at length, and what happened stands in one clause of many: "Buenas tardes, me jubilé de maestra el año
pasado y con mi hermana pensamos poner una fondita …, no sabemos qué nos hace falta." Each clause speaks for life
events by what the search finds for it; how much each clause counts is learned from where it stands, how it is opened
("desde que murió mi papá …" is the past) and what it is about, and so is which words speak for which event
(``data/about/told.jsonl``, ``scripts/fit_told.py``, docs/decisions/0025-the-clause-that-tells.md). Of two matters the
one told first counts more. An event that is new has nothing learned of its own and goes by what the search finds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

WEIGHTS = Path(__file__).with_name("told.npz")
"""What ``scripts/fit_told.py`` fitted."""
MOST = 12
"""Clauses of a message that are read."""
_FEWEST = 4
"""Words of a clause; a shorter one belongs to the one before."""

_OPENERS = {
    "y": "y", "e": "y", "and": "y", "pero": "pero", "but": "pero", "so": "pero", "porque": "porque",
    "because": "porque", "desde que": "desde que", "since": "desde que", "ahora que": "ahora", "ahora": "ahora",
    "now": "ahora", "cuando": "cuando", "aunque": "aunque", "apenas": "apenas", "y ademas": "ademas",
    "y aparte": "ademas", "y de paso": "ademas", "y tambien": "ademas", "y además": "ademas", "y también": "ademas",
    "ademas": "ademas", "además": "ademas", "aparte": "ademas", "tambien": "ademas", "también": "ademas",
    "de paso": "ademas", "lo otro es que": "ademas", "also": "ademas",
}  # fmt: skip
_SIGNS = (r"[.;:!…\n]", r"[?¿]", r",")
_OPENED = ("y", "pero", "ademas", "desde que", "ahora", "cuando", "porque", "aunque", "apenas")
_BEGINS = (
    "apenas", "desde", "cuando", "ya", "no", "me", "mi", "se", "quiero", "queremos", "necesito", "que", "como",
    "donde", "cuanto", "soy", "vivo", "tengo", "hace", "ando", "porque", "si", "ahora", "para", "quisiera",
)  # fmt: skip
"""Words with which a clause begins that tell what it is for: the matter, the past, who writes, a request."""
PLACE = 4 + 1 + len(_SIGNS) + len(_OPENED) + len(_BEGINS)
"""Numbers by which the place of a clause in its message is described."""
_ANY = "|".join(sorted(_OPENERS, key=len, reverse=True))
_PARTS = re.compile(rf"(\s*[.;:!?¿¡…,\n]+\s*(?:(?:{_ANY})\s+)?|\s+(?:{_ANY})\s+)", re.IGNORECASE)
_MARKS = " .,;:!?¿¡…\n"


@dataclass(frozen=True)
class Clause:
    """A part of a message: the words and signs that open it, and the rest."""

    opening: str
    text: str


@dataclass(frozen=True)
class Heard:
    """The clauses of one message as the search heard them, a row a clause.

    ``texts``: as it read them; ``openings``: with what each is opened; ``vectors``; and, clauses x life events,
    ``decisions`` of its classifier, the best of those for the ``steps``' procedures, ``nearness`` of their phrases.
    """

    openings: Sequence[str]
    texts: Sequence[str]
    vectors: Any
    decisions: Any
    steps: Any
    nearness: Any


def clauses(text: str) -> list[Clause]:
    """Part a message at its signs and at the words that join; the first ones."""
    found: list[Clause] = []
    opening = ""
    for number, part in enumerate(_PARTS.split(text)):
        if number % 2:
            opening = part
        elif part.strip():
            if found and len(found[-1].text.split()) < _FEWEST:
                found[-1] = _joined(found[-1], opening, part)
            else:
                found.append(Clause(opening if found else "", part))
    if len(found) > 1 and len(found[-1].text.split()) < _FEWEST:
        last = found.pop()
        found[-1] = _joined(found[-1], last.opening, last.text)
    return found[:MOST]


def _joined(clause: Clause, opening: str, text: str) -> Clause:
    return Clause(clause.opening, " ".join(each for each in (clause.text, opening.strip(_MARKS), text) if each))


def place(openings: Sequence[str], texts: Sequence[str]) -> Any:
    """Describe where each clause stands and how it begins: clauses x :data:`PLACE`."""
    last = len(texts) - 1
    rows = []
    for number, (opening, text) in enumerate(zip(openings, texts, strict=True)):
        words = text.split()
        joined = _OPENERS.get(opening.strip(_MARKS).lower(), "")
        first = number == 0
        rows.append(
            [
                first,
                number == last,
                number / max(last, 1),
                min(len(words), 15) / 10,
                first,
                *(bool(re.search(sign, opening)) for sign in _SIGNS),
                *(joined == each for each in _OPENED),
                *(each in words[:3] for each in _BEGINS),
            ]
        )
    return np.array(rows, dtype=float)


@dataclass(frozen=True)
class Model:
    """The fitted arrays.

    ``basis`` makes a vector short; ``attends`` (a short vector), ``places`` and ``margins`` say how much a clause
    counts; ``shares``: what the whole message, and a clause's decisions, steps and nearness count;
    ``events``: whose columns ``of_clause`` (short vectors x events) and ``bias`` have.
    """

    basis: Any
    attends: Any
    places: Any
    margins: Any
    shares: Any
    of_clause: Any
    bias: Any
    events: tuple[str, ...]

    @classmethod
    def of(cls, arrays: Mapping[str, Any]) -> Model:
        """Return the model of the arrays that ``scripts/fit_told.py`` writes."""
        kept = {name: np.asarray(arrays[name], dtype=np.float32) for name in arrays if name != "events"}
        return cls(**kept, events=tuple(bytes(arrays["events"]).decode().split("\n")))

    def fits(self, vectors: Any) -> bool:
        """Say whether vectors are of the encoder that it was fitted with."""
        return bool(vectors.shape[1:] == self.basis.shape[:1])

    def values(self, heard: Heard, whole: Any, events: Sequence[str]) -> Any:
        """Return what speaks for each event; ``whole``: what does so in the message as a whole."""
        own = [self.events.index(id_) if id_ in self.events else -1 for id_ in events]
        short = heard.vectors @ self.basis
        sorted_ = np.sort(heard.decisions, axis=1)
        margins = np.stack([sorted_[:, -1], sorted_[:, -1] - sorted_[:, -2]], axis=1)
        counts = short @ self.attends + place(heard.openings, heard.texts) @ self.places + margins @ self.margins
        counts = np.exp(counts - counts.max())
        counts /= counts.sum()
        learned = np.append(counts @ short @ self.of_clause + self.bias, 0.0)
        of_clauses = (
            self.shares[1] * heard.decisions + self.shares[2] * heard.steps + self.shares[3] * NEAR * heard.nearness
        )
        return self.shares[0] * whole + counts @ of_clauses + learned[own]


NEAR = 10.0
"""Nearness is multiplied so that one step of learning moves it as it moves the others."""


@lru_cache(maxsize=1)
def default_model() -> Model:
    """Return the project's model."""
    with np.load(WEIGHTS, allow_pickle=False) as kept:
        return Model.of({name: kept[name] for name in kept.files})


__all__ = ["MOST", "NEAR", "PLACE", "Clause", "Heard", "Model", "clauses", "default_model", "place"]
