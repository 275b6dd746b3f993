"""Tokens of Mexican Spanish as it is typed: spaCy's rules for the language, and one spelling for each token."""

from __future__ import annotations

from typing import Any

import spacy
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.tokenizers.tokenizer import Token, Tokenizer
from rasa.shared.constants import INTENT_MESSAGE_PREFIX
from rasa.shared.nlu.constants import TEXT
from rasa.shared.nlu.training_data.message import Message

from bot.engine.components.ngrams import normal_words
from bot.engine.components.text import LIMIT, normal_form


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.MESSAGE_TOKENIZER, is_trainable=False)
class SpanishTokenizer(Tokenizer):
    """Splits a message; a token's ``text`` is as typed, its ``lemma`` is its normal form."""

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """Return the defaults that Rasa's tokenizers share."""
        return {"intent_tokenization_flag": False, "intent_split_symbol": "_", "token_pattern": None}

    @staticmethod
    def required_packages() -> list[str]:
        """Return the packages this needs."""
        return ["spacy"]

    def __init__(self, config: dict[str, Any]) -> None:
        """Load spaCy's Spanish rules (no model: nothing is downloaded)."""
        super().__init__(config)
        self._split = spacy.blank("es").tokenizer

    def tokenize(self, message: Message, attribute: str) -> list[Token]:
        """Return the tokens of the text's first characters; at least one for a text that is not empty."""
        text = str(message.get(attribute))[:LIMIT]
        tokens = [
            Token(word.text, word.idx, lemma=normal_form(word.text) or word.text)
            for word in self._split(text)
            if not word.is_space and normal_form(word.text)
        ]
        return tokens or ([Token(text, 0)] if text else [])


def has_words(message: Message) -> bool:
    """Say whether the message is words to learn from: not empty, and not a structured one (``/pick{…}``).

    Structured messages are in the training data so that their intents are known; Rasa reads them by itself.
    """
    text = message.get(TEXT)
    return bool(text) and not str(text).startswith(INTENT_MESSAGE_PREFIX)


def normal_text(message: Message) -> str:
    """Return the message in its one spelling, words parted by single spaces ("" for a message without words)."""
    return normal_words(str(message.get(TEXT) or ""))
