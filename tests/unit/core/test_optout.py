import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.optout import START_WORDS, STOP_WORDS, opt_out_keyword

# https://help.twilio.com/articles/223134027 plus the words of CHANGEABLE carriers' defaults in Spanish.
TWILIO_STOP = ["STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"]
TWILIO_START = ["START", "YES", "UNSTOP"]


@pytest.mark.parametrize("word", [*TWILIO_STOP, "ALTO", "BAJA", "CANCELAR", "SALIR"])
def test_stop_words(word):
    assert opt_out_keyword(word) == "stop"


@pytest.mark.parametrize("word", [*TWILIO_START, "ALTA"])
def test_start_words(word):
    assert opt_out_keyword(word) == "start"


@given(
    st.sampled_from(sorted(STOP_WORDS | START_WORDS)),
    st.text("\"'.,;:!¡?¿()[]*_ \n\t\u00a0\u200b“”«»…-🙏", max_size=4),
    st.text("\"'.,;:!¡?¿()[]*_ \n\t\u00a0\u200b“”«»…-🙏", max_size=4),
    st.booleans(),
)
def test_case_signs_and_spaces_around_do_not_count(word, before, after, upper):
    typed = before + (word.upper() if upper else word) + after
    assert opt_out_keyword(typed) == ("stop" if word in STOP_WORDS else "start")


@pytest.mark.parametrize("typed", ["Álto", "ALTÓ", "Bája", "sálir"])
def test_accents_do_not_count(typed):
    assert opt_out_keyword(typed) == "stop"


@pytest.mark.parametrize(
    "sentence",
    [
        "", " ", "...", "cómo doy de baja una placa", "baja de placas", "quiero cancelar mi cita", "alta imss",
        "alto nivel", "yes please", "stop it", "no stop", "ALTOS", "finish", "para", "s t o p", "al to",
    ],
)  # fmt: skip
def test_a_word_inside_a_sentence_is_only_a_word(sentence):
    assert opt_out_keyword(sentence) is None


@given(st.text())
def test_any_text_is_read(text):
    assert opt_out_keyword(text) in ("stop", "start", None)


def test_no_word_means_both():
    assert not STOP_WORDS & START_WORDS
