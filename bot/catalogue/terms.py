"""TF-IDF by terms that were learned before: the numbers of scikit-learn's TfidfVectorizer, for one text at a time.

Learning stays scikit-learn's. Reading one message through its class costs more in checks and in products of whole
matrices than in counting (docs/performance.md), and its vocabulary is held twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix


class TermWeights:
    """Weighs the terms of texts: one plus the logarithm of how often, times how rare, each text of unit length."""

    def __init__(self, analyse: Callable[[Any], Iterable[str]], terms: Sequence[str], idf: Any) -> None:
        """``analyse``: a text's terms; ``terms`` and ``idf``: the columns and how rare each term is."""
        self._analyse = analyse
        self._columns = {term: column for column, term in enumerate(terms)}
        self._idf = np.asarray(idf, dtype=np.float32)

    def __len__(self) -> int:
        """Return how many columns there are."""
        return len(self._columns)

    def row(self, text: Any) -> tuple[Any, Any]:
        """Return the columns of a text's terms, ascending, and their weights."""
        counts = Counter(map(self._columns.get, self._analyse(text)))
        counts.pop(None, None)
        found = np.array(sorted(counts), dtype=np.int32)  # type: ignore[type-var]
        often = np.array([counts[column] for column in found.tolist()], dtype=np.float32)
        values = (np.log(often) + 1.0) * self._idf[found]
        length = np.sqrt(np.dot(values, values))
        return found, values / length if length else values

    def transform(self, texts: Iterable[Any]) -> csr_matrix:
        """Return texts x terms."""
        rows = [self.row(text) for text in texts]
        ends = np.cumsum([0, *(len(columns) for columns, _ in rows)], dtype=np.int32)
        if not rows:
            return csr_matrix((0, len(self._columns)), dtype=np.float32)
        columns, weights = (np.concatenate(each) for each in zip(*rows, strict=True))
        return csr_matrix((weights.astype(np.float32), columns, ends), shape=(len(rows), len(self._columns)))


def weighed(vectorizers: Iterable[Any], texts: Sequence[Any], weights: Any) -> Any:
    """Return the sums of the rows of ``weights`` that the terms of each text have, each times its own weight.

    ``vectorizers`` (:class:`TermWeights`, or scikit-learn's) have the rows one after another. Texts x columns of
    ``weights``; what :meth:`TermWeights.transform` and SciPy would give, without a matrix between.
    """
    total = np.zeros((len(texts), weights.shape[1]), dtype=np.float32)
    start = 0
    for each in vectorizers:
        if isinstance(each, TermWeights):
            end = start + len(each)
            for number, text in enumerate(texts):
                columns, values = each.row(text)
                total[number] += values @ weights[columns + start]
        else:
            rows = each.transform(texts)
            end = start + rows.shape[1]
            total += rows @ weights[start:end]
        start = end
    return total
