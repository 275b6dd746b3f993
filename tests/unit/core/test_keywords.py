import pytest

from bot.core.optout import START_WORDS, STOP_WORDS
from channels.keywords import keyword


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("MAS", "more"), ("Más", "more"), ("más.", "more"), (" mas ", "more"), ("¡Más!", "more"), ("“MAS”", "more"),
        ("AYUDA", "help"), ("ayuda!!", "help"), ("HELP", "help"), ("info", "help"),
        ("AVISO", "notice"), ("aviso ", "notice"), ("Aviso 🙏", "notice"),
    ],
)  # fmt: skip
def test_a_whole_message_is_a_keyword(typed, meaning):
    assert keyword(typed) == meaning


@pytest.mark.parametrize(
    "sentence",
    ["", "mas informacion", "necesito ayuda con mi acta", "ayuda escolar", "aviso de privacidad", "masa", "?"],
)
def test_inside_a_sentence_it_is_a_word(sentence):
    assert keyword(sentence) is None


def test_no_opt_out_word_is_a_keyword():
    assert [word for word in STOP_WORDS | START_WORDS if keyword(word)] == []
