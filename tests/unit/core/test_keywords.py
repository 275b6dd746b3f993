import pytest

from bot.core.optout import START_WORDS, STOP_WORDS
from channels.keywords import keyword, plain_word


@pytest.mark.parametrize(
    ("typed", "meaning"),
    [
        ("MAS", "more"), ("Más", "more"), ("más.", "more"), (" mas ", "more"), ("¡Más!", "more"), ("“MAS”", "more"),
        ("AYUDA", "help"), ("ayuda!!", "help"), ("HELP", "help"), ("info", "help"),
        ("AVISO", "notice"), ("aviso ", "notice"), ("Aviso 🙏", "notice"),
        ("MENU", "menu"), ("Menú", "menu"), ("¡menú! 🙏🏽", "menu"), ("ＭＥＮＵ", "menu"), ("*menu*", "menu"),
        ("AGENTE", "agent"), ("Agente.", "agent"), ("…agente…", "agent"), ("«Agente»", "agent"), ("AGENTE ❤️", "agent"),
    ],
)  # fmt: skip
def test_a_whole_message_is_a_keyword(typed, meaning):
    assert keyword(typed) == meaning


@pytest.mark.parametrize(
    "sentence",
    [
        "",
        "mas informacion",
        "necesito ayuda con mi acta",
        "ayuda escolar",
        "aviso de privacidad",
        "masa",
        "?",
        "menu del dia",
        "agente de transito",
        "quiero un agente",
        "mas o menos",
        "avisos",
        "menus",
    ],
)
def test_inside_a_sentence_it_is_a_word(sentence):
    assert keyword(sentence) is None


def test_no_opt_out_word_is_a_keyword():
    assert [word for word in STOP_WORDS | START_WORDS if keyword(word)] == []


def test_the_dialogues_own_keywords_reach_it_bare():
    assert [plain_word(each) for each in ("¡Menú! 🙏", "agente...", "MAS", "hola")] == ["MENU", "AGENTE", None, None]
