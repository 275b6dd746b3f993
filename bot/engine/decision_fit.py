"""Fit what decides what a message is (:mod:`bot.understanding.decision`): ``ventanilla eval --fit``.

Each card's question and each example of ``data/nlu`` is read by judges that never saw it (three folds), as a citizen's
message would be: as it stands, and misspelled. On these readings a multinomial logistic regression is fitted, and from
them its limits follow. The evaluation set in ``tests/understanding`` is never read here.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from sklearn.linear_model import LogisticRegression

from bot.catalogue.index import Entry, Index, collect
from bot.catalogue.places import default_places
from bot.catalogue.reader import Catalogue
from bot.catalogue.search import Search
from bot.catalogue.spelling import Speller
from bot.catalogue.text import normalise
from bot.engine.components import scope_model
from bot.engine.components.ngrams import ANALYZERS, fewest, normal_words, vectorizer
from bot.engine.components.sentence_vectors import sentence_vectors, spelled
from bot.engine.reading import OUT_OF_SCOPE, Reader, featurize
from bot.engine.typos import misspelled
from bot.understanding.decision import FEATURES, features_of
from bot.understanding.foreign import foreign_words
from bot.understanding.kinds import KINDS, LEARNED, KindJudge, kind_of_intent
from bot.understanding.matter import matter
from bot.understanding.words import rest

_FOLDS = 3
_KEPT = 100_000
"""Sentence vectors that are kept while fitting (200 MB): every text is read in each fold."""
_SEED = 20240229
_LENGTHS = {"word": (1, 2), "char_wb": (2, 5)}
_SHARES = {"procedure": 0.45, "life_event": 0.15, "out_of_scope": 0.17, "emergency": 0.05, "talk": 0.18}
"""What people write, by kind: the fit is weighed to it, whatever number of examples there is."""
_MISSPELLED_EVERY = 3
"""Of how many texts one is read misspelled as well."""
_FOREIGN_ACCEPTED = 0.06
"""Share of out-of-scope examples that may be taken for something of ours."""
_PROCEDURES_AS_EVENTS = 0.08
"""Share of the procedures' questions that may be taken for life events."""
_PROCEDURES_AS_TALK = 0.0225
"""Share of the procedures' questions that may be taken for talk: for a person, help, thanks."""
_EMERGENCIES_MISSED = 0.06
_EMERGENCIES_MISSED_WITH_WORDS = 0.02
"""With a word of danger in the text a much smaller chance is enough."""
_URGENT_TOPICS = frozenset(
    {
        "emergencias-911",
        "linea-mujeres-079",
        "linea-de-la-vida",
        "reporte-persona-desaparecida",
        "sos-mujeres-765-cdmx",
        "apoyo-mujeres-nl-070",
        "denuncia-anonima-089",
        "orden-proteccion",
        "event:victima_violencia",
    }
)
"""Their questions may be cries for help as well as questions: they teach nothing about the difference."""


@dataclass(frozen=True)
class Example:
    """A text of known kind. ``topic``: of a card's question, the topic that it asks for."""

    text: str
    intent: str
    topic: str | None = None

    @property
    def kind(self) -> str:
        """Return the kind of message that it is."""
        return kind_of_intent(self.intent)


def questions(catalogue: Catalogue) -> list[Example]:
    """Return the cards' own questions, but for those of the urgent ones."""
    found = [Example(q, "ask_procedure", c.family or c.id) for c in catalogue.procedures.values() for q in c.questions]
    found += [Example(q, "life_event", f"event:{e.id}") for e in catalogue.life_events.values() for q in e.questions]
    return [each for each in found if each.topic not in _URGENT_TOPICS]


def examples(folder: Path) -> list[Example]:
    """Return the examples of ``data/nlu`` that are words."""
    found = []
    for path in sorted(folder.rglob("*.yml")):
        for block in YAML(typ="safe").load(path.read_text(encoding="utf-8")).get("nlu", ()):
            lines = (line.strip().removeprefix("- ").strip() for line in (block.get("examples") or "").splitlines())
            found += [Example(line, block["intent"]) for line in lines if line and not line.startswith("/")]
    return found


def read_held_out(catalogue: Catalogue, texts: Sequence[Example], trained: Reader | None = None) -> Any:
    """Return the features (texts x :data:`FEATURES`) of each text as judges that never saw it give them.

    ``trained``: the classifier trained on all, for its calibration (:func:`train_reader`).
    The rows of the texts as they stand are followed by those of every third text misspelled (:func:`_ways`).
    """
    entries = collect(catalogue)
    fold = np.random.RandomState(_SEED).randint(0, _FOLDS, len(texts))
    written = _ways(texts)
    rows = np.zeros((len(written), len(FEATURES)))
    for number in range(_FOLDS):
        held = np.flatnonzero(fold == number)
        kept = [text for text, own in zip(texts, fold, strict=True) if own != number]
        index = Index(_without(entries, [texts[i] for i in held]), sentence_vectors().encode)
        reader = train_reader([text for text in kept if text.topic is None], trained)
        judge = train_judge(kept)
        search = _search_of(index)
        mine = [row for row, (source, _) in enumerate(written) if fold[source] == number]
        asked = [written[row][1] for row in mine]
        scores = judge.scores(asked, sentence_vectors().encode)
        judged = zip(mine, asked, reader.rank_all(asked), scores, strict=True)
        for row, text, ranking, words in judged:
            rows[row] = features_of(search.signals(search.look(matter(text))), ranking, words, foreign_words(text))
        sys.stderr.write(f"fold {number + 1} of {_FOLDS} read\n")
    return rows


def _ways(texts: Sequence[Example]) -> list[tuple[int, str]]:
    """Return what is read: each text, by its number, as it stands; then every third one misspelled."""
    rng = random.Random(_SEED)  # noqa: S311 (nothing is secret)
    copies = [(number, misspelled(texts[number].text, rng)) for number in range(0, len(texts), _MISSPELLED_EVERY)]
    return [*((number, text.text) for number, text in enumerate(texts)), *copies]


def train_judge(texts: Sequence[Example]) -> KindJudge:
    """Train the judge of kinds."""
    kinds = [text.kind for text in texts]
    return KindJudge.learn([text.text for text in texts], kinds, sentence_vectors().encode)


def train_reader(texts: Sequence[Example], trained: Reader | None = None) -> Reader:
    """Train the pipeline's featurizers and classifier on examples, as Rasa does.

    With ``trained``, one trained on all, its calibration is taken over.
    """
    normal = [normal_words(example.text) for example in texts]
    vectorizers = [
        vectorizer(analyzer, _LENGTHS[analyzer], fewest=fewest(analyzer, len(normal))).fit(normal)
        for analyzer in ANALYZERS
    ]
    vectors = sentence_vectors().encode([spelled(example.text) for example in texts])
    labels = [example.intent for example in texts]
    features = featurize(vectorizers, normal, vectors)
    if trained is not None:
        return Reader(vectorizers, scope_model.fit_like(trained.model, features, vectors, labels))
    return Reader(vectorizers, scope_model.fit(features, vectors, labels, out_of_scope=OUT_OF_SCOPE))


def _without(entries: Iterable[Entry], held: Iterable[Example]) -> list[Entry]:
    gone = Counter((text.topic, normalise(text.text)) for text in held)
    return [e for e in entries if e.field != "question" or not gone[(e.topic, e.text)]]


def _search_of(index: Index) -> Search:
    """Return a search over an index alone, for its signals: no cards."""
    search = Search.__new__(Search)
    search.index = index
    search._members = {}
    search._names = {}
    search._speller = Speller(entry.text for entry in index.entries)
    search.places = default_places()
    return search


def fit(rows: Any, texts: Sequence[Example]) -> dict[str, Any]:
    """Return the parameters, as they stand in ``weights.json``; ``rows`` as of :func:`read_held_out`."""
    sources = np.array([source for source, _ in _ways(texts)])
    kinds = np.array([KINDS.index(text.kind) for text in texts])[sources]  # type: ignore[arg-type]
    fold = np.random.RandomState(_SEED + 1).randint(0, _FOLDS, len(texts))[sources]
    chances = np.zeros((len(rows), len(KINDS)))
    for number in range(_FOLDS):
        held, kept = fold == number, fold != number
        model = _logistic(rows[kept], kinds[kept])
        chances[held] = _chances(model, rows[held])
    model = _logistic(rows, kinds)
    says = np.array([bool(rest(normalise(text.text))) for text in texts])
    clean, misread = slice(0, len(texts)), slice(len(texts), None)
    return {
        "features": list(FEATURES),
        "kinds": list(KINDS),
        **{name: np.round(values, 5).tolist() for name, values in model.items()},
        "limits": _limits(chances[clean], kinds[clean], says),
        "cross_validation": _summary(chances[clean], kinds[clean]),
        "cross_validation_misspelled": _summary(chances[misread], kinds[misread]),
        "fitted_on": dict(Counter(text.kind for text in texts)),
    }


def _limits(chances: Any, kinds: Any, says: Any) -> dict[str, float]:
    procedure, event, outside, urgent = (kinds == KINDS.index(kind) for kind in KINDS[:4])
    foreign = chances[outside & says][:, 2]
    ratio = chances[:, 1] / chances[:, 0]
    talk = chances[:, 4] / chances[:, :3].max(axis=1)
    return {
        "out_of_scope": round(float(np.quantile(foreign, _FOREIGN_ACCEPTED)), 4),
        "life_event": round(float(1 / np.quantile(ratio[procedure], 1 - _PROCEDURES_AS_EVENTS)), 4),
        "talk": round(float(max(1.0, 1 / np.quantile(talk[procedure], 1 - _PROCEDURES_AS_TALK))), 4),
        "event_named": round(float(np.quantile(chances[event][:, 1], 0.05)), 4),
        "emergency": round(float(np.quantile(chances[urgent][:, 3], _EMERGENCIES_MISSED)), 4),
        "emergency_named": round(float(np.quantile(chances[urgent][:, 3], _EMERGENCIES_MISSED_WITH_WORDS)), 4),
        "beyond_courtesy": 0.6,
    }


def _logistic(rows: Any, kinds: Any) -> dict[str, Any]:
    mean, scale = rows.mean(0), rows.std(0) + 1e-9
    share = np.array([_SHARES[kind] for kind in KINDS])
    weight = (share / np.bincount(kinds, minlength=len(KINDS)))[kinds] * len(kinds)
    model = LogisticRegression(C=1.0, max_iter=2000).fit((rows - mean) / scale, kinds, sample_weight=weight)
    return {"mean": mean, "scale": scale, "weights": model.coef_, "bias": model.intercept_}


def _chances(model: dict[str, Any], rows: Any) -> Any:
    scores = (rows - model["mean"]) / model["scale"] @ model["weights"].T + model["bias"]
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def _summary(chances: Any, kinds: Any) -> dict[str, float]:
    """Return the share of each kind whose own chance is the greatest."""
    best = chances.argmax(axis=1)
    return {kind: round(float((best[kinds == i] == i).mean()), 4) for i, kind in enumerate(KINDS)}


def run(catalogue: Catalogue, nlu: Path, target: Path, trained: Reader | None = None) -> dict[str, Any]:
    """Read, fit, and write the weights and what the judge of kinds learns from all."""
    sentence_vectors().keep(_KEPT)
    texts = [*questions(catalogue), *examples(nlu)]
    fitted = fit(read_held_out(catalogue, texts, trained), texts)
    train_judge(texts).save(LEARNED)
    target.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    return fitted
