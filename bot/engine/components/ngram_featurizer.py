"""Sparse features: TF-IDF of words (one and two) and of the characters inside them (two to five).

Characters carry misspelled words, words carry meaning. Each half is scaled to unit length on its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.sparse_featurizer.sparse_featurizer import SparseFeaturizer
from rasa.nlu.tokenizers.tokenizer import Tokenizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.engine.components.ngrams import ANALYZERS, VOCABULARY, WEIGHTS, fewest, vectorizer
from bot.engine.components.spanish_tokenizer import has_words, normal_text


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=True)
class NgramTfidfFeaturizer(SparseFeaturizer, GraphComponent):
    """Learns the n-grams of the training examples and weighs them by rarity."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must come before this in the pipeline."""
        return [Tokenizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages this needs."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: the lengths of n-grams of each kind."""
        return {**SparseFeaturizer.get_default_config(), "word": [1, 2], "char_wb": [2, 5]}

    def __init__(
        self, config: dict[str, Any], name: str, model_storage: ModelStorage | None, resource: Resource | None
    ) -> None:
        """Make an untrained featurizer; without storage it cannot be persisted."""
        super().__init__(name, config)
        self._storage = model_storage
        self._resource = resource
        self._vectorizers: list[TfidfVectorizer] = []

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> NgramTfidfFeaturizer:
        """Make an untrained featurizer."""
        return cls(config, execution_context.node_name, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> NgramTfidfFeaturizer:
        """Return the trained featurizer that :meth:`persist` wrote."""
        component = cls.create(config, model_storage, resource, execution_context)
        with model_storage.read_from(resource) as folder:
            vocabularies = json.loads((folder / VOCABULARY).read_text(encoding="utf-8"))
            with np.load(folder / WEIGHTS, allow_pickle=False) as weights:
                for analyzer, terms in zip(ANALYZERS, vocabularies, strict=True):
                    learned = component._new(analyzer, terms)
                    learned.idf_ = weights[analyzer]
                    component._vectorizers.append(learned)
        return component

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Check that each length range is two ascending numbers.

        Raises:
            ValueError: a range is not.
        """
        for analyzer in ANALYZERS:
            low_high = config.get(analyzer, [1, 1])
            if len(low_high) != 2 or not 1 <= low_high[0] <= low_high[1]:
                raise ValueError(f"{cls.__name__}: {analyzer} must be [shortest, longest]")

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples that are words, and persist."""
        texts = [normal_text(message) for message in training_data.training_examples if has_words(message)]
        self.fit(texts)
        self.persist()
        assert self._resource is not None
        return self._resource

    def fit(self, texts: Sequence[str]) -> None:
        """Learn the n-grams of normal texts."""
        self._vectorizers = [
            self._new(analyzer, None, fewest(analyzer, len(texts))).fit(texts) for analyzer in ANALYZERS
        ]

    def transform(self, texts: Sequence[str]) -> csr_matrix:
        """Return one row for each normal text."""
        return hstack([each.transform(texts) for each in self._vectorizers], format="csr")

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to the training examples."""
        self.process(training_data.training_examples)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add sentence features to messages that have text."""
        written = [message for message in messages if message.get(TEXT) is not None]
        if not written:
            return messages
        rows = self.transform([normal_text(message) for message in written])
        for index, message in enumerate(written):
            message.add_features(Features(rows[index].tocoo(), FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
        return messages

    def persist(self) -> None:
        """Write the n-grams in column order as JSON and their weights as npz."""
        assert self._storage is not None
        assert self._resource is not None
        with self._storage.write_to(self._resource) as folder:
            terms = [sorted(v.vocabulary_, key=v.vocabulary_.__getitem__) for v in self._vectorizers]
            (folder / VOCABULARY).write_text(json.dumps(terms, ensure_ascii=False), encoding="utf-8")
            weights = {a: v.idf_ for a, v in zip(ANALYZERS, self._vectorizers, strict=True)}
            np.savez_compressed(folder / WEIGHTS, **weights)

    def _new(self, analyzer: str, terms: list[str] | None, least: int = 1) -> TfidfVectorizer:
        return vectorizer(analyzer, self._config[analyzer], terms, least)
