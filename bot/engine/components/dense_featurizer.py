"""Dense features: a sentence vector of the message, which knows that "fallecer" and "morir" are near."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.featurizers.dense_featurizer.dense_featurizer import DenseFeaturizer
from rasa.shared.nlu.constants import FEATURE_TYPE_SENTENCE, TEXT
from rasa.shared.nlu.training_data.features import Features
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot.engine.components.sentence_vectors import sentence_vectors, spelled


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER, is_trainable=False)
class SentenceVectorFeaturizer(DenseFeaturizer, GraphComponent):
    """Adds the sentence vector of a message. Nothing is learned and nothing is persisted."""

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> SentenceVectorFeaturizer:
        """Make the featurizer; the encoder is loaded with the first message."""
        return cls(execution_context.node_name, config)

    @classmethod
    def validate_config(cls, config: dict[str, Any]) -> None:
        """Accept any: there is nothing to set."""

    def process_training_data(self, training_data: TrainingData) -> TrainingData:
        """Add features to the training examples."""
        self._add(training_data.training_examples, spread=True)
        return training_data

    def process(self, messages: list[Message]) -> list[Message]:
        """Add sentence features to messages that have text."""
        self._add(messages)
        return messages

    def _add(self, messages: list[Message], spread: bool = False) -> None:
        written = [message for message in messages if message.get(TEXT) is not None]
        if not written:
            return
        rows = sentence_vectors().encode([spelled(message.get(TEXT)) for message in written], spread)
        for index, message in enumerate(written):
            message.add_features(Features(rows[index : index + 1], FEATURE_TYPE_SENTENCE, TEXT, self._identifier))
