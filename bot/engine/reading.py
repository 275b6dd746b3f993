"""Read a message with the trained pipeline, without Rasa: the same arithmetic over the same files of the model.

For ``ventanilla understand``, which is to be ready in seconds and small: importing Rasa alone takes longer than that.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.catalogue.entries import sane
from bot.catalogue.spelling import corrected
from bot.catalogue.terms import TermWeights, weighed
from bot.engine.components.ngrams import ANALYZERS, VOCABULARY, WEIGHTS, normal_words, vectorizer
from bot.engine.components.scope_model import Floats, LinearModel
from bot.engine.components.sentence_vectors import SIZE, sentence_vectors, spelled
from bot.understanding.request import first_heard, first_of_two, pooled, request

OUT_OF_SCOPE = "out_of_scope"
RANKED = 10
"""Intents in a ranking, as in the classifier's ``ranking_length``: the actions see no more of them either."""
Ranking = tuple[tuple[str, float], ...]


class NoModel(RuntimeError):
    """There is no trained model, or it is of another pipeline: ``ventanilla train`` makes it."""


class Reader:
    """The trained featurizers and classifier."""

    def __init__(self, vectorizers: Sequence[TfidfVectorizer | TermWeights], model: LinearModel) -> None:
        """``vectorizers``: of words and of characters."""
        self._vectorizers = tuple(vectorizers)
        self._model = model

    @property
    def model(self) -> LinearModel:
        """Return the classifier's arrays."""
        return self._model

    @classmethod
    def load(cls, path: Path) -> Reader:
        """Read the model's archive.

        Raises:
            NoModel: it is missing or cannot be read.
        """
        try:
            with tarfile.open(path) as archive, tempfile.TemporaryDirectory() as folder:
                ngrams = _unpack(archive, "NgramTfidfFeaturizer", Path(folder) / "ngrams")
                classifier = _unpack(archive, "CalibratedLinearClassifier", Path(folder) / "classifier")
                model = LinearModel.load(classifier)
                vocabularies = json.loads((ngrams / VOCABULARY).read_text(encoding="utf-8"))
                vectorizers = []
                with np.load(ngrams / WEIGHTS, allow_pickle=False) as weights:
                    for analyzer, terms in zip(ANALYZERS, vocabularies, strict=True):
                        # the lengths of the n-grams are those that occur
                        analyse = vectorizer(analyzer, _lengths(analyzer, terms)).build_analyzer()
                        vectorizers.append(TermWeights(analyse, terms, weights[analyzer]))
        except (OSError, tarfile.TarError, KeyError, TypeError, ValueError) as error:
            raise NoModel(f"no model can be read at {path}: run `ventanilla train`") from error
        if model is None:
            raise NoModel(f"{path} has learned nothing: run `ventanilla train`")
        columns = sum(map(len, vocabularies)) + SIZE
        if model.weights.shape != (columns, len(model.intents)):
            raise NoModel(f"{path} is of another version: run `ventanilla train`")
        return cls(vectorizers, model)

    def rank(self, text: str) -> Ranking:
        """Return the likeliest intents of a text with their confidence, the one decided on first."""
        asked, first = request(text), first_of_two(text)
        if asked is None and first is None:
            return self.rank_all([text])[0]
        whole, *parts = self.rank_all([each for each in (text, first, asked) if each is not None])
        if first is not None and (heard := first_heard(text, whole, parts[0])) is not whole:
            return tuple(heard)
        return whole if asked is None else tuple(pooled(text, whole, parts[-1])[:RANKED])

    def rank_all(self, texts: Sequence[str]) -> list[Ranking]:
        """Rank many texts."""
        texts = [as_read(text) for text in texts]
        vectors = sentence_vectors().encode([spelled(text) for text in texts])
        normal = [normal_words(text) for text in texts]
        weights = self._model.weights
        found = weighed(self._vectorizers, normal, weights) + vectors @ weights[len(weights) - vectors.shape[1] :]
        shares, chances = self._model.probabilities_of(found, vectors)
        said = np.array([bool(text) for text in normal]) | vectors.any(axis=1)
        chances = np.where(said, chances, 0.0)
        return [
            tuple((name, round(value, 4)) for name, value in self._model.ranking(row, chance, OUT_OF_SCOPE)[:RANKED])
            for row, chance in zip(shares, chances, strict=True)
        ]


def as_read(text: str) -> str:
    """Return a message as the classifier reads it, here and in the engine: cut to size, spelled right."""
    return corrected(sane(text))


def featurize(
    vectorizers: Iterable[TfidfVectorizer | TermWeights], normal: Sequence[str], vectors: Floats
) -> csr_matrix:
    """Return word, character and dense features side by side (texts x all), in the pipeline's order."""
    parts = [each.transform(normal) for each in vectorizers]
    return hstack([*parts, csr_matrix(vectors)], format="csr", dtype=np.float32)


def _unpack(archive: tarfile.TarFile, component: str, folder: Path) -> Path:
    folder.mkdir()
    for member in archive.getmembers():
        path = Path(member.name)
        if member.isfile() and path.parent.name.split(".")[-1].startswith(component):
            source = archive.extractfile(member)
            assert source is not None
            (folder / path.name).write_bytes(source.read())
    return folder


def _lengths(analyzer: str, terms: Sequence[str]) -> tuple[int, int]:
    lengths = [len(term.split()) if analyzer == "word" else len(term) for term in terms]
    return min(lengths), max(lengths)
