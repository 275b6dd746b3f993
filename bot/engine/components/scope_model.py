"""The arithmetic of the intent classifier: linear scores, calibrated probabilities, and whether a message is for us.

Training uses scikit-learn; reading a message is numpy alone. All that is learned is in :class:`LinearModel`, a plain
set of arrays.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.svm import LinearSVC

from bot.engine.components.side_by_side import side_by_side

Floats = NDArray[np.float32]
_Linear = tuple[Floats, Floats]
"""Weights (intents x features) and bias."""
_Learned: TypeAlias = "_Linear | list[tuple[tuple[NDArray[np.int_], NDArray[np.int_]], _Linear]]"
"""What was learned from all examples, or for each fold what was learned without it."""
HEAD = "model.json"
ARRAYS = "model.npz"
_FOLDS = 3
_COST = 0.5
"""LinearSVC's C."""
_SEED = 20240229
_PRINCIPAL = 128
"""Directions of the sentence vectors that are learned from: nothing is lost, and learning takes a third of the time."""
_COMPARED = 48
"""Examples whose whole vectors are compared with a message's."""
_SAMPLED, _PART = 1500, 4096
_TOLERANCE = 1e-2
_ROUGHLY = 5e-2
"""Tolerance where only the calibration, half a dozen numbers, is learned from the scores."""
_ABSENT = -1.5
"""The score of an intent that a fold did not see: what LinearSVC gives an intent that is clearly another one."""


@dataclass(frozen=True)
class LinearModel:
    """A trained classifier.

    ``weights`` (features x intents, its rows contiguous: SciPy would copy anything else at each message) and ``bias``
    give one-vs-rest scores; ``temperature`` turns the scores of the intents in scope into probabilities; ``scope``
    (best score, out-of-scope score, nearness to the examples in scope and to those outside, bias) is a logistic
    regression on whether the message is for us at all, rejected below ``threshold``; ``known`` and ``foreign`` hold the
    sentence vectors of the examples in scope and outside (examples x 512; no columns when the pipeline has no dense
    features).
    """

    intents: tuple[str, ...]
    out_of_scope: int
    weights: Floats
    bias: Floats
    temperature: float
    scope: Floats
    threshold: float
    known: NDArray[Any]
    foreign: NDArray[Any]

    def probabilities(self, features: csr_matrix, vectors: Floats) -> tuple[Floats, Floats]:
        """Return (rows x intents) probabilities of the intents in scope, and (rows) the chance that a row is in scope.

        The column of the out-of-scope intent, if there is one, is zero.
        """
        return self.probabilities_of(features @ self.weights, vectors)

    def probabilities_of(self, weighed: Floats, vectors: Floats) -> tuple[Floats, Floats]:
        """Return :meth:`probabilities` of rows whose features were multiplied with the weights already."""
        scores = np.asarray(weighed + self.bias, dtype=np.float32)
        inside = _inside(len(self.intents), self.out_of_scope)
        shares = np.zeros_like(scores)
        shares[:, inside] = softmax(self.temperature * scores[:, inside])
        near, far = self._known.nearness(vectors), self._foreign.nearness(vectors)
        signals = _signals(scores, self.out_of_scope, near, far)
        return shares, _sigmoid(signals @ self.scope)

    def ranking(self, shares: Floats, chance: float, outside: str) -> list[tuple[str, float]]:
        """Return the intents by confidence; the one decided on comes first even where ``outside`` is likelier."""
        confidences = {
            name: float(chance * share)
            for index, (name, share) in enumerate(zip(self.intents, shares, strict=True))
            if index != self.out_of_scope
        }
        confidences[outside] = float(1.0 - chance)
        ranked = sorted(confidences.items(), key=lambda item: (-item[1], item[0]))
        best = outside if chance < self.threshold else next((name for name, _ in ranked if name != outside), outside)
        return sorted(ranked, key=lambda item: item[0] != best)

    @cached_property
    def _known(self) -> Neighbours:
        return Neighbours(self.known)

    @cached_property
    def _foreign(self) -> Neighbours:
        return Neighbours(self.foreign)

    @staticmethod
    def load(folder: Path) -> LinearModel | None:
        """Read what the classifier persisted (:data:`HEAD`, :data:`ARRAYS`); None when it had learned nothing."""
        head = json.loads((folder / HEAD).read_text(encoding="utf-8"))
        if head is None:
            return None
        head["intents"] = tuple(head["intents"])
        with np.load(folder / ARRAYS, allow_pickle=False) as arrays:
            examples = {name: arrays[name] for name in ("known", "foreign")}  # as they are kept: half the memory
            rest = {name: arrays[name].astype(np.float32) for name in arrays.files if name not in examples}
            return LinearModel(**head, **rest, **examples)


class Neighbours:
    """The vectors of examples, asked for the nearest one.

    All are compared along their principal directions, and the likeliest of them whole: reading every vector of 13,500
    from memory takes four times as long as all else that is done with a message's scores.
    """

    def __init__(self, vectors: NDArray[Any]) -> None:
        """``vectors``: examples x 512, of unit length."""
        self._vectors = vectors
        sample = np.asarray(vectors[:: max(1, len(vectors) // _SAMPLED)], dtype=np.float32)
        _, directions = np.linalg.eigh(sample.T @ sample)
        self._directions = np.asarray(directions[:, -_PRINCIPAL:], dtype=np.float32)
        self._turned = np.concatenate(
            [
                np.asarray(part, np.float32) @ self._directions
                for part in np.array_split(vectors, 1 + len(vectors) // _PART)
            ]
        )

    def nearness(self, vectors: Floats) -> Floats:
        """Return for each row the cosine to the nearest example (0 without examples)."""
        count = len(self._vectors)
        if count <= _COMPARED or vectors.shape[1] == 0:
            return nearness(vectors, np.asarray(self._vectors, dtype=np.float32))
        rough = (vectors @ self._directions) @ self._turned.T
        likely = np.argpartition(rough, count - _COMPARED, axis=1)[:, -_COMPARED:]
        found = [
            (np.asarray(self._vectors[own], dtype=np.float32) @ row).max()
            for row, own in zip(vectors, likely, strict=True)
        ]
        return np.array(found, dtype=np.float32)


def fit(
    features: csr_matrix,
    vectors: Floats,
    labels: Sequence[str],
    *,
    out_of_scope: str,
    cost: float = _COST,
    rejected: float = 0.03,
) -> LinearModel:
    """Train on labelled examples; the same input gives the same model.

    Calibration sees only scores of examples that the scoring model was not trained on (cross-validation). At most
    about ``rejected`` of the examples in scope are turned away, however loudly the others ask for it.
    """
    intents = tuple(sorted(set(labels)))
    index = np.array([intents.index(label) for label in labels])
    outside = intents.index(out_of_scope) if out_of_scope in intents else -1
    sparse, directions = _split(features, vectors)
    reduced = hstack([sparse, csr_matrix(vectors @ directions)], format="csr", dtype=np.float32)
    parts = _folds(reduced, index)
    learning = [partial(_one_vs_rest, reduced, index, len(intents), cost)]
    for learned, _ in parts:
        learning.append(partial(_one_vs_rest, reduced[learned], index[learned], len(intents), cost, _ROUGHLY))
    whole, *rough = side_by_side(learning)
    scores, near, far = _held_out(reduced, vectors, index, outside, list(zip(parts, rough, strict=True)) or whole)
    inside = _inside(len(intents), outside)
    known = index != outside
    columns = {intent: column for column, intent in enumerate(inside)}
    temperature = _temperature(scores[known][:, inside], np.array([columns[i] for i in index[known]]))
    signals = _signals(scores, outside, near, far)
    scope = _fit_scope(signals, known)
    chance = _sigmoid(signals[known] @ scope)
    threshold = min(0.5, float(np.quantile(chance, rejected))) if known.any() else 0.5
    weights, bias = _turned_back(*whole, directions)
    examples = _half(vectors[known]), _half(vectors[~known])
    return LinearModel(intents, outside, weights, bias, temperature, scope, threshold, *examples)


def fit_like(model: LinearModel, features: csr_matrix, vectors: Floats, labels: Sequence[str]) -> LinearModel:
    """Train on other examples of the same intents; the calibration, half a dozen numbers, is taken from ``model``.

    A sixth of the time of :func:`fit`, which is what cross-validation needs.
    """
    index = np.array([model.intents.index(label) for label in labels])
    sparse, directions = _split(features, vectors)
    reduced = hstack([sparse, csr_matrix(vectors @ directions)], format="csr", dtype=np.float32)
    weights, bias = _turned_back(*_one_vs_rest(reduced, index, len(model.intents), _COST), directions)
    known = index != model.out_of_scope
    return replace(model, weights=weights, bias=bias, known=_half(vectors[known]), foreign=_half(vectors[~known]))


def _turned_back(learned: Floats, bias: Floats, directions: Floats) -> tuple[Floats, Floats]:
    """Return weights (features x intents) and bias, the weights of the directions turned back to whole vectors."""
    words = learned.shape[1] - directions.shape[1]
    weights = np.concatenate([learned[:, :words].T, directions @ learned[:, words:].T])
    return np.ascontiguousarray(weights, dtype=np.float32), bias


def _split(features: csr_matrix, vectors: Floats) -> tuple[csr_matrix, Floats]:
    """Return the sparse columns of the features, and the principal directions of the dense ones, which come last."""
    width = vectors.shape[1]
    sparse = features[:, : features.shape[1] - width]
    if not width:
        return sparse, np.zeros((0, 0), dtype=np.float32)
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    return sparse, np.asarray(directions[:, -_PRINCIPAL:], dtype=np.float32)


def softmax(scores: Floats) -> Floats:
    """Return each row as probabilities."""
    if scores.shape[1] == 0:
        return scores
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def nearness(vectors: Floats, known: Floats) -> Floats:
    """Return for each row the cosine to the nearest known example (0 without examples)."""
    if known.shape[0] == 0 or vectors.shape[1] == 0:
        return np.zeros(vectors.shape[0], dtype=np.float32)
    return np.asarray((vectors @ known.T).max(axis=1), dtype=np.float32)


def _sigmoid(values: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -30, 30))), dtype=np.float32)


def _inside(count: int, outside: int) -> list[int]:
    return [intent for intent in range(count) if intent != outside]


def _signals(scores: Floats, outside: int, near: Floats, far: Floats) -> Floats:
    inside = _inside(scores.shape[1], outside)
    rows = scores.shape[0]
    best = scores[:, inside].max(axis=1) if inside else np.full(rows, _ABSENT, np.float32)
    other = scores[:, outside] if outside >= 0 else np.zeros(rows, np.float32)
    return np.asarray(np.stack([best, other, near, far, np.ones(rows)], axis=1), dtype=np.float32)


def _one_vs_rest(
    features: csr_matrix, index: NDArray[np.int_], count: int, cost: float, tolerance: float = _TOLERANCE
) -> tuple[Floats, Floats]:
    """Return weights and bias with a row for each of ``count`` intents, seen or not."""
    weights = np.zeros((count, features.shape[1]), dtype=np.float32)
    bias = np.full(count, _ABSENT, dtype=np.float32)
    seen = np.unique(index)
    if len(seen) == 1:
        bias[seen] = 1.0
        return weights, bias
    model = LinearSVC(C=cost, class_weight="balanced", random_state=_SEED, max_iter=5000, tol=tolerance)
    model.fit(features, index)
    # with two intents scikit-learn learns one score, for the second
    two = len(seen) == 2
    weights[seen] = np.vstack([-model.coef_, model.coef_]) if two else model.coef_
    bias[seen] = np.concatenate([-model.intercept_, model.intercept_]) if two else model.intercept_
    return weights, bias


def _folds(features: csr_matrix, index: NDArray[np.int_]) -> list[tuple[NDArray[np.int_], NDArray[np.int_]]]:
    """Return pairs of examples to learn from and examples held out; none where no intent has two examples."""
    folds = min(_FOLDS, int(np.bincount(index).max()))
    if folds < 2:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # intents with fewer examples than folds are fine here
        return list(StratifiedKFold(folds, shuffle=True, random_state=_SEED).split(features, index))


def _held_out(
    features: csr_matrix, vectors: Floats, index: NDArray[np.int_], outside: int, learned_of: _Learned
) -> tuple[Floats, Floats, Floats]:
    """Return each example's scores, and its nearness to others in scope and outside, by a model that never saw it."""
    known = index != outside
    if isinstance(learned_of, tuple):
        weights, bias = learned_of
        own = nearness(vectors, vectors[known]), nearness(vectors, vectors[~known])
        return np.asarray(features @ weights.T + bias, np.float32), *own
    scores = np.full((len(index), learned_of[0][1][1].shape[0]), _ABSENT, dtype=np.float32)
    near, far = np.zeros((2, len(index)), dtype=np.float32)
    for (learned, held), (weights, bias) in learned_of:
        scores[held] = features[held] @ weights.T + bias
        near[held] = nearness(vectors[held], vectors[learned][known[learned]])
        far[held] = nearness(vectors[held], vectors[learned][~known[learned]])
    return scores, near, far


def _temperature(scores: Floats, index: NDArray[np.int_]) -> float:
    """Return the factor of the scores under which held-out examples are likeliest (temperature scaling)."""
    if scores.shape[0] == 0 or scores.shape[1] < 2:
        return 1.0
    rows = np.arange(len(index))

    def loss(log_factor: float) -> float:
        shares = softmax(np.asarray(np.exp(log_factor) * scores, np.float32))
        return float(-np.log(shares[rows, index] + 1e-9).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.0, 3.5), method="bounded").x))


def _fit_scope(signals: Floats, known: NDArray[np.bool_]) -> Floats:
    """Return the logistic regression of "is for us" on the signals; without examples outside, everything is for us."""
    if known.all() or not known.any():
        return np.array([0.0, 0.0, 0.0, 0.0, 6.0 if known.any() else -6.0], dtype=np.float32)
    model = LogisticRegression(C=1.0, class_weight="balanced", fit_intercept=False, random_state=_SEED)
    model.fit(signals, known)
    return np.asarray(model.coef_[0], dtype=np.float32)


def _half(vectors: Floats) -> Floats:
    """Round to what is persisted (float16), so that a model reads the same before and after it was stored."""
    return vectors.astype(np.float16).astype(np.float32)
