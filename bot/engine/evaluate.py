"""``ventanilla eval``: how well messages are understood, on phrases that nothing was trained on.

Reads ``tests/understanding/*/phrases.jsonl``, prints the scores, and writes ``var/eval/report.json`` and
``var/eval/reliability.png``. docs/understanding.md tells how to read them.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bot.catalogue.reader import CatalogueError
from bot.catalogue.search import Search, Verdict
from bot.catalogue.text import normalise
from bot.catalogue.wide import WideSearch
from bot.engine import understand
from bot.engine.components.sentence_vectors import sentence_vectors
from bot.engine.reading import NoModel, Ranking, Reader
from bot.understanding.decision import KINDS, WEIGHTS, Decision, Weights, described, kind_of_intent, outcome_of

ROOT = understand.ROOT
PHRASES = ROOT / "tests" / "understanding"
OURS = ("answer", "ask_place", "clarify", "life_event")
"""Outcomes that take a message for something of ours."""
_GROUPS = {
    "person": ("human", "complaint"),
    "privacy": ("data_use", "delete_data", "stop"),
    "courtesy": ("greet", "thanks", "goodbye"),
    "help": ("menu", "change_language"),
    "emergency": ("emergency",),
}
_BINS = 10


@dataclass(frozen=True)
class Case:
    """A phrase, what is expected (a line of ``phrases.jsonl``), and what was understood."""

    expected: Mapping[str, Any]
    understood: Mapping[str, Any]

    @property
    def ids(self) -> list[str]:
        """Return the procedures found, best first."""
        return [each["id"] for each in self.understood["procedures"]]

    @property
    def fitting(self) -> set[str]:
        """Return the procedures that are right."""
        return {self.expected["procedure"], *self.expected["also"]} - {None}

    @property
    def settled(self) -> bool:
        """Say whether the phrase asks for one procedure."""
        return self.expected["outcome"] == "answer" and self.expected["procedure"] is not None

    @property
    def taken_rightly(self) -> bool:
        """Say whether it was taken for what it is: of talk, whether it leads where it should."""
        same = self.understood["outcome"] == self.expected["outcome"]
        return self.kind_is_right and (same or kind_of_intent(self.expected["intent"]) != "talk")

    @property
    def kind_is_right(self) -> bool:
        """Say whether it was taken for the kind of message that it is."""
        return kind_of_intent(self.understood["intent"]) == kind_of_intent(self.expected["intent"])


def phrases(folder: Path = PHRASES) -> list[dict[str, Any]]:
    """Return the evaluation set (each language's ``phrases.jsonl``), or the phrases of one file."""
    if folder.is_file():
        return [json.loads(line) for line in folder.read_text("utf-8").splitlines() if line.strip()]
    lines = (line for path in sorted(folder.glob("*/phrases.jsonl")) for line in path.read_text("utf-8").splitlines())
    return [json.loads(line) for line in lines if line.strip()]


def scores(cases: Sequence[Case]) -> dict[str, Any]:
    """Return the figures that the goals are about, as shares; None where no phrase is of that kind."""
    settled = [case for case in cases if case.settled]
    events = [case for case in cases if case.expected["outcome"] == "life_event"]
    foreign = [case for case in cases if case.expected["outcome"] == "out_of_scope"]
    placed = [case for case in cases if case.expected["place"]]
    urgent = [case.expected["outcome"] == "emergency" for case in cases]
    alarm = [case.understood["outcome"] == "emergency" for case in cases]
    return {
        "phrases": len(cases),
        "procedure_first": _share(case.ids[:1] == [case.expected["procedure"]] for case in settled),
        "procedure_first_or_also_right": _share(bool(set(case.ids[:1]) & case.fitting) for case in settled),
        "procedure_among_three": _share(case.expected["procedure"] in case.ids[:3] for case in settled),
        "answered_or_asked_about": _share(case.understood["outcome"] in OURS for case in settled),
        "life_event": _share(case.understood["life_event"] == case.expected["life_event"] for case in events),
        "life_event_outcome": _share(case.understood["outcome"] == "life_event" for case in events),
        "out_of_scope_accepted": _share(case.understood["outcome"] in OURS for case in foreign),
        "kind": _share(case.kind_is_right for case in cases),
        "intent": _share(case.understood["intent"] == case.expected["intent"] for case in cases),
        "outcome": _share(case.understood["outcome"] == case.expected["outcome"] for case in cases),
        "place": _share(case.understood["place"] == case.expected["place"] for case in placed),
        "emergency_recall": _share(said for said, is_one in zip(alarm, urgent, strict=True) if is_one),
        "false_alarms": _share(said for said, is_one in zip(alarm, urgent, strict=True) if not is_one),
        **{name: _of_group(cases, intents) for name, intents in _GROUPS.items()},
    }


def _of_group(cases: Iterable[Case], intents: Sequence[str]) -> float | None:
    """Return the share of the group's phrases that lead where they should."""
    own = [case for case in cases if case.expected["intent"] in intents]
    return _share(case.understood["outcome"] == case.expected["outcome"] for case in own)


def _share(hits: Iterable[bool]) -> float | None:
    found = [bool(hit) for hit in hits]
    return round(sum(found) / len(found), 4) if found else None


def calibration(cases: Sequence[Case]) -> list[dict[str, float]]:
    """Return for each tenth of confidence: how many, how sure on average, how often it was taken for what it is."""
    sure = np.array([case.understood["confidence"] for case in cases])
    right = np.array([case.taken_rightly for case in cases])
    number = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    return [
        {
            "count": int((number == each).sum()),
            "confidence": round(float(sure[number == each].mean()), 4),
            "right": round(float(right[number == each].mean()), 4),
        }
        for each in range(_BINS)
        if (number == each).any()
    ]


def calibration_error(bins: Sequence[Mapping[str, float]]) -> float:
    """Return the mean distance between how sure and how right, weighed by how many."""
    total = sum(each["count"] for each in bins)
    return round(sum(each["count"] * abs(each["confidence"] - each["right"]) for each in bins) / total, 4)


def report(engine: understand.Understanding, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Understand every phrase and return all the figures."""
    rankings = [engine.reader.rank(row["text"]) for row in rows]
    cases, seconds = [], []
    for row in rows:
        started = time.perf_counter()
        cases.append(Case(row, described(row["text"], engine.decide(row["text"]))))
        seconds.append(time.perf_counter() - started)
    bins = calibration(cases)
    noises = [noise for noise, _ in Counter(row["noise"] for row in rows).most_common()]
    return {
        "scores": scores(cases),
        "by_noise": {noise: scores([case for case in cases if case.expected["noise"] == noise]) for noise in noises},
        "confusions": _confusions(cases),
        "calibration": bins,
        "calibration_error": calibration_error(bins),
        "ablation": ablation(engine, rows, rankings, cases),
        "milliseconds": {name: round(1000 * float(np.percentile(seconds, p)), 2) for name, p in _PERCENTILES.items()},
    }


_PERCENTILES = {"median": 50, "p95": 95}


def _confusions(cases: Iterable[Case]) -> dict[str, dict[str, int]]:
    """Return how often each expected outcome led to each outcome."""
    table: dict[str, dict[str, int]] = {}
    for case in cases:
        row = table.setdefault(case.expected["outcome"], {})
        row[case.understood["outcome"]] = row.get(case.understood["outcome"], 0) + 1
    return table


def ablation(
    engine: understand.Understanding,
    rows: Sequence[Mapping[str, Any]],
    rankings: Sequence[Ranking],
    cases: Sequence[Case],
) -> dict[str, dict[str, float | None]]:
    """Return what each part adds: first to finding the topic, then to deciding what a message is."""
    search = engine.decider.search
    steps: dict[str, dict[str, float | None]] = {} if isinstance(search, WideSearch) else _finding(search, rows)
    alone = [Case(row, _by_search(search, row["text"])) for row in rows]
    heard = [Case(row, _by_ranking(case, ranking)) for row, ranking, case in zip(rows, rankings, cases, strict=True)]
    decided = {"decision: search alone": alone, "decision: classifier alone": heard, "decision: both, fitted": cases}
    for name, variant in decided.items():
        found = scores(variant)
        steps[name] = {key: found[key] for key in _DECISION_FIGURES}
    return steps


_DECISION_FIGURES = ("answered_or_asked_about", "life_event_outcome", "out_of_scope_accepted", "emergency_recall")


def _finding(search: Search, rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float | None]]:
    """Return how often the right topic comes first and among three, as parts are added."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    index = search.index
    settled = [row for row in rows if row["outcome"] == "answer" and row["procedure"]]
    topic_of = {entry.id: entry.topic for entry in index.entries if entry.kind == "procedure"}
    wanted = [topic_of.get(row["procedure"], "") for row in settled]
    entries = [entry for entry in index.entries if entry.kind == "procedure"]
    texts, asked = [entry.text for entry in entries], [normalise(row["text"]) for row in settled]
    word, char = (
        _cosine(TfidfVectorizer(analyzer=analyzer, ngram_range=lengths, sublinear_tf=True), texts, asked)
        for analyzer, lengths in (("word", (1, 2)), ("char_wb", (2, 4)))
    )
    dense = sentence_vectors().encode(asked) @ sentence_vectors().encode(texts).T
    topics = [entry.topic for entry in entries]
    looks = [search.look(row["text"]) for row in settled]
    kept = np.flatnonzero(~index.is_event)
    names = [index.topics[number] for number in kept]
    variants = {
        "finding: words": (word, topics),
        "finding: + characters": (0.5 * word + 0.5 * char, topics),
        "finding: + sentence vectors": (0.3 * word + 0.3 * char + 0.4 * dense, topics),
        "finding: + linear judge": (np.array([scored.scores[kept] for scored in index.score(asked)]), names),
        "finding: + spelling": (np.array([look.scored.scores[kept] for look in looks]), names),
        "finding: + place": (np.array([look.scores[kept] for look in looks]), names),
    }
    return {name: _ranked(values, labels, wanted) for name, (values, labels) in variants.items()}


def _cosine(vectorizer: Any, texts: Sequence[str], asked: Sequence[str]) -> Any:
    return (vectorizer.fit_transform(texts) @ vectorizer.transform(asked).T).T.toarray()


def _ranked(values: Any, labels: Sequence[str], wanted: Sequence[str]) -> dict[str, float | None]:
    first, three = [], []
    for row, topic in zip(values, wanted, strict=True):
        best = list(dict.fromkeys(labels[number] for number in np.argsort(-row)[:200]))
        first.append(best[:1] == [topic])
        three.append(topic in best[:3])
    return {"topic_first": _share(first), "topic_among_three": _share(three)}


def _by_search(search: Search, text: str) -> dict[str, Any]:
    """Return what the search makes of a text without the classifier."""
    verdict = search.find(text)
    outcome = "out_of_scope" if verdict.outcome == "unknown" else verdict.outcome
    event = next((hit.id for hit in verdict.hits if hit.kind == "life_event"), None)
    intent = {"life_event": "life_event", "out_of_scope": "out_of_scope"}.get(outcome, "ask_procedure")
    return _plain(intent, verdict.known, outcome, event, [hit.id for hit in verdict.hits if hit.kind == "procedure"])


def _by_ranking(case: Case, ranking: Ranking) -> dict[str, Any]:
    """Return what the classifier's first intent alone would lead to, with the cards as found."""
    intent, confidence = ranking[0]
    kind = kind_of_intent(intent)
    taken = Decision(kind, intent, confidence, dict.fromkeys(KINDS, 0.0), _NOTHING)
    outcome = "answer" if kind == "procedure" else outcome_of(taken)
    return _plain(intent, confidence, outcome, case.understood["life_event"], case.ids)


def _plain(intent: str, confidence: float, outcome: str, event: str | None, ids: Sequence[str]) -> dict[str, Any]:
    found = [{"id": id_, "score": 0.0} for id_ in ids]
    return {
        "intent": intent, "confidence": confidence, "outcome": outcome, "life_event": event, "procedures": found,
        "place": None,
    }  # fmt: skip


_NOTHING = Verdict("unknown", ())


def draw(bins: Sequence[Mapping[str, float]], path: Path) -> None:
    """Draw the reliability diagram: on the line, a confidence of 0.8 is right eight times of ten."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5, 5), dpi=120)
    axes.plot([0, 1], [0, 1], color="0.7", linestyle="--", label="perfect")
    most = max(each["count"] for each in bins)
    sizes = [20 + 180 * each["count"] / most for each in bins]
    xs, ys = [each["confidence"] for each in bins], [each["right"] for each in bins]
    axes.plot(xs, ys, color="tab:blue")
    axes.scatter(xs, ys, s=sizes, color="tab:blue", label="phrases (size: how many)")
    axes.set(xlabel="confidence", ylabel="share that is right", xlim=(0, 1), ylim=(0, 1.02), title="Reliability")
    axes.legend(loc="upper left")
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path)
    pyplot.close(figure)


def lines(found: Mapping[str, Any]) -> Iterable[str]:
    """Yield the report for people."""
    yield "All phrases"
    for name, value in found["scores"].items():
        yield f"  {name:<32} {_shown(value)}"
    yield "By noise               n   first  three  event  foreign  kind"
    for noise, own in found["by_noise"].items():
        figures = ("procedure_first", "procedure_among_three", "life_event", "out_of_scope_accepted", "kind")
        yield f"  {noise:<16} {own['phrases']:>6}  " + "  ".join(_shown(own[name]) for name in figures)
    yield "Confusions (expected: understood)"
    for expected, row in found["confusions"].items():
        counts = sorted(row.items(), key=lambda item: -item[1])
        yield f"  {expected:<14} " + ", ".join(f"{outcome} {count}" for outcome, count in counts)
    yield "Ablation"
    for name, figures in found["ablation"].items():
        yield f"  {name:<30} " + "  ".join(f"{key} {_shown(value)}" for key, value in figures.items())
    yield f"Calibration error {found['calibration_error']:.3f}"
    yield f"Milliseconds a phrase: median {found['milliseconds']['median']}, p95 {found['milliseconds']['p95']}"


def _shown(value: float | None) -> str:
    if value is None:
        return "    –"
    return f"{value:5d}" if isinstance(value, int) else f"{value:.3f}"


class _NoPhrases(ValueError):
    """There is nothing to measure on."""


def _lines(given: str) -> slice:
    """Read ``A:B``, ``A:`` or ``:B``.

    Raises:
        ValueError: it is none of these (argparse says so).
    """
    first, colon, last = given.partition(":")
    if not colon:
        raise ValueError(given)
    return slice(int(first) if first else None, int(last) if last else None)


def main(arguments: Sequence[str] | None = None) -> int:
    """Evaluate (or fit) and return the exit code."""
    parser = argparse.ArgumentParser(prog="ventanilla eval", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    parser.add_argument("--fit", action="store_true", help="fit the decision's weights on the training data first")
    parser.add_argument("--lines", type=_lines, default=slice(None), metavar="A:B", help="only these, counted from 0")
    parser.add_argument("file", nargs="?", type=Path, default=PHRASES, help="phrases of another file")
    given = parser.parse_args(arguments)
    try:
        rows = phrases(given.file)[given.lines]
        if not rows:
            raise _NoPhrases(f"no phrases in {given.file} at {given.lines.start}:{given.lines.stop}")
        if given.fit:
            _fit()
        engine = understand.load()
    except (NoModel, CatalogueError, _NoPhrases, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    found = report(engine, rows)
    folder = ROOT / "var" / "eval"
    draw(found["calibration"], folder / "reliability.png")
    text = json.dumps(found, ensure_ascii=False, indent=1)
    (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    write: Callable[[str], Any] = sys.stdout.write
    write(text + "\n" if given.json else "".join(f"{line}\n" for line in lines(found)))
    if not given.json:
        write(f"Written: {folder / 'report.json'}, {folder / 'reliability.png'}\n")
    return 0


def _fit() -> None:
    from bot.catalogue.reader import Catalogue
    from bot.engine import decision_fit

    catalogue = Catalogue(understand.catalogue_path())
    trained = Reader.load(understand.MODEL)
    fitted = decision_fit.run(catalogue, ROOT / "data" / "nlu", WEIGHTS, trained)
    sys.stderr.write(json.dumps({name: fitted[name] for name in ("limits", "cross_validation", "fitted_on")}) + "\n")
    Weights.load.cache_clear()
