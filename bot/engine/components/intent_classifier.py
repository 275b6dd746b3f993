"""The intent of a message: calibrated linear scores, with "this is not for us" as a decision of its own."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.nlu.featurizers.featurizer import Featurizer
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData
from scipy.sparse import csr_matrix, hstack, vstack

from bot.engine.components.scope_model import ARRAYS, HEAD, Floats, LinearModel, fit
from bot.engine.components.spanish_tokenizer import has_words


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class CalibratedLinearClassifier(IntentClassifier, GraphComponent):
    """Linear support vectors, one intent against the rest, over all sentence features of the pipeline."""

    @classmethod
    def required_components(cls) -> list[type]:
        """Return what must come before this in the pipeline."""
        return [Featurizer]

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages this needs."""
        return ["sklearn"]

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults: ``cost`` is LinearSVC's C; see :func:`bot.engine.components.scope_model.fit`."""
        return {"cost": 0.5, "rejected": 0.03, "out_of_scope": "out_of_scope", "ranking_length": 10}

    def __init__(
        self, config: dict[str, Any], model_storage: ModelStorage, resource: Resource, model: LinearModel | None = None
    ) -> None:
        """Make a classifier; without a model it is untrained and gives every message no intent."""
        self._config = {**self.get_default_config(), **config}
        self._storage = model_storage
        self._resource = resource
        self._model = model

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> CalibratedLinearClassifier:
        """Make an untrained classifier."""
        return cls(config, model_storage, resource)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
        **_: Any,
    ) -> CalibratedLinearClassifier:
        """Return the trained classifier that :meth:`train` wrote."""
        with model_storage.read_from(resource) as folder:
            model = LinearModel.load(folder)
        return cls(config, model_storage, resource, model)

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples that are words and have an intent, and persist."""
        examples = [e for e in training_data.intent_examples if has_words(e) and e.get(INTENT)]
        if examples:
            features, vectors = _features(examples)
            self._model = fit(
                features,
                vectors,
                [str(e.get(INTENT)) for e in examples],
                out_of_scope=self._config["out_of_scope"],
                cost=float(self._config["cost"]),
                rejected=float(self._config["rejected"]),
            )
        self._persist()
        return self._resource

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Leave training data as it is: no component after this learns from predictions."""
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Set intent and ranking of each message."""
        written = [message for message in messages if message.get(TEXT) is not None]
        if not written:
            return messages
        features, vectors = _features(written)
        if self._model is None:
            rankings: list[list[dict[str, Any]]] = [[] for _ in written]
        else:
            shares, chances = self._model.probabilities(features, vectors)
            empty = np.diff(features.indptr) == 0
            chances = np.where(empty, 0.0, chances)
            rankings = [self._ranking(*row) for row in zip(shares, chances, strict=True)]
        for message, ranking in zip(written, rankings, strict=True):
            first = ranking[0] if ranking else {INTENT_NAME_KEY: None, PREDICTED_CONFIDENCE_KEY: 0.0}
            message.set(INTENT, first, add_to_output=True)
            message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
        return messages

    def _ranking(self, shares: Floats, chance: float) -> list[dict[str, Any]]:
        """Return the intents by confidence; the one decided on comes first even where out of scope is likelier."""
        model = self._model
        assert model is not None
        ranked = model.ranking(shares, chance, str(self._config["out_of_scope"]))
        return [
            {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: round(confidence, 4)}
            for name, confidence in ranked[: int(self._config["ranking_length"])]
        ]

    def _persist(self) -> None:
        with self._storage.write_to(self._resource) as folder:
            model = self._model
            if model is None:
                (folder / HEAD).write_text("null", encoding="utf-8")
                return
            head = {name: getattr(model, name) for name in ("intents", "out_of_scope", "temperature", "threshold")}
            (folder / HEAD).write_text(json.dumps(head, ensure_ascii=False), encoding="utf-8")
            np.savez_compressed(
                folder / ARRAYS,
                weights=model.weights,
                bias=model.bias,
                scope=model.scope,
                known=model.known.astype(np.float16),
                foreign=model.foreign.astype(np.float16),
            )


def _features(messages: list[Message]) -> tuple[csr_matrix, Floats]:
    """Return all sentence features side by side (rows x all), and the dense ones alone (rows x dense)."""
    found = [(message.get_sparse_features(TEXT)[1], message.get_dense_features(TEXT)[1]) for message in messages]
    none = np.zeros((1, 0), np.float32)
    sparse = vstack([csr_matrix(none if words is None else words.features) for words, _ in found], format="csr")
    vectors = np.concatenate([none if dense is None else np.asarray(dense.features, np.float32) for _, dense in found])
    return hstack([sparse, csr_matrix(vectors)], format="csr", dtype=np.float32), vectors
