"""A message that is nothing but courtesy, and one that has a matter beside it."""

from __future__ import annotations

import pytest

from bot.engine.components.ngrams import normal_words
from bot.understanding.courtesy import MARK, only_courtesy
from bot.understanding.words import senseless

COURTESY = [
    "hola",
    "BUENAS TARDES",
    "hola, muy buenos días tenga usted señorita",
    "Ya con eso me despido, que pase bonita tarde",
    "con permiso, ya me retiro",
    "muchísimas gracias, que Dios la bendiga a usted y a toda su familia",
    "ok gcs",
    "grax compa, ahí nos vemos",
    "saludos a todos, feliz domingo",
    "gracias doña Lupita 🙏",
    "thank you",
]
MORE = [
    "hola, el acta",
    "gracias pero cuánto cuesta",
    "buenas tardes, murió mi papá",
    "ya me voy a casar",
    "me retiro por desempleo",
    "buenos días, ¿a qué hora abren?",
    "gracias a Dios ya nació mi niña",
    "permiso para salir del país",
    "no, gracias",
    "sí gracias",
    "adiós a todos, ya no quiero vivir",
    "hola 2",
    "",
]


@pytest.mark.parametrize("text", COURTESY)
def test_nothing_but_courtesy(text: str) -> None:
    assert only_courtesy(text)
    assert normal_words(text).split()[-1] == MARK


@pytest.mark.parametrize("text", MORE)
def test_there_is_a_matter_beside_it(text: str) -> None:
    assert not only_courtesy(text)
    assert MARK not in normal_words(text).split()


def test_a_long_text_tells_something() -> None:
    assert not only_courtesy("muchas gracias " * 40)


@pytest.mark.parametrize("text", ["asdfgh qwerty", "JKLJKL", "zxcvb!!", "sdkjhf"])
def test_letters_without_sense(text: str) -> None:
    assert senseless(text)


@pytest.mark.parametrize(
    "text", ["acta asdfgh", "construcción", "instrucciones", "puerto", "transporte", "", "12345", "ok"]
)
def test_words_make_sense(text: str) -> None:
    assert not senseless(text)
