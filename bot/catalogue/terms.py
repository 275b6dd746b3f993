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

    def transform(self, texts: Iterable[Any]) -> csr_matrix:
        """Return texts x terms."""
        columns: list[Any] = []
        weights: list[Any] = []
        for text in texts:
            counts = Counter(map(self._columns.get, self._analyse(text)))
            counts.pop(None, None)
            found = np.array(sorted(counts), dtype=np.int32)  # type: ignore[type-var]
            often = np.array([counts[column] for column in found.tolist()], dtype=np.float32)
            values = (np.log(often) + 1.0) * self._idf[found]
            length = np.sqrt(np.dot(values, values))
            columns.append(found)
            weights.append(values / length if length else values)
        ends = np.cumsum([0, *map(len, columns)], dtype=np.int32)
        if not columns:
            return csr_matrix((0, len(self._columns)), dtype=np.float32)
        parts = np.concatenate(weights).astype(np.float32), np.concatenate(columns), ends
        return csr_matrix(parts, shape=(len(columns), len(self._columns)))
