"""Pages that end where a reader would pause."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from channels.whatsapp.paginate import paginate, shortened, size

LINES = st.lists(st.text(st.sampled_from("ab .:;!?¿é🙂1") | st.characters(codec="utf-8"), max_size=90), max_size=12)


def words(text: str) -> str:
    return "".join(text.split())


@given(LINES, st.integers(10, 120), st.integers(10, 120))
def test_no_page_is_too_long_and_nothing_is_lost(lines: list[str], room: int, first_room: int) -> None:
    pages = paginate(lines, room, first_room)
    assert all(0 < size(page) <= (room if number else first_room) for number, page in enumerate(pages))
    assert words("".join(pages)) == words("".join(lines))


@given(st.text(max_size=60), st.integers(2, 40))
def test_a_shortened_text_fits_and_says_that_it_is_cut(text: str, room: int) -> None:
    whole = " ".join(text.split())
    short = shortened(text, room)
    assert size(short) <= room
    assert short == whole if size(whole) <= room else short.endswith("…")


def test_a_page_ends_after_a_sentence() -> None:
    assert paginate(["Una frase corta. Otra frase. Y la última."], 30) == [
        "Una frase corta. Otra frase.",
        "Y la última.",
    ]


def test_a_page_ends_between_lines_before_it_ends_between_sentences() -> None:
    assert paginate(["Primera. Línea.", "Segunda. Línea."], 25) == ["Primera. Línea.", "Segunda. Línea."]


def test_a_sentence_longer_than_a_page_is_broken_between_words() -> None:
    assert paginate(["una frase sin pausa alguna"], 12) == ["una frase", "sin pausa", "alguna"]


def test_a_heading_stays_with_the_line_below() -> None:
    assert paginate(["Primera línea", "Requisitos:", "- Acta"], 26) == ["Primera línea", "Requisitos:\n- Acta"]


def test_a_bold_heading_is_a_heading() -> None:
    assert paginate(["Primera línea", "*Requisitos:*", "- Acta"], 28) == ["Primera línea", "*Requisitos:*\n- Acta"]


def test_emoji_count_as_whatsapp_counts_them() -> None:
    assert size("👍a") == 3
    assert shortened("👍👍👍", 5) == "👍👍…"


def test_words_are_kept_whole_where_that_keeps_half() -> None:
    assert shortened("Constancia de residencia", 20) == "Constancia de…"
    assert shortened("Electroencefalografista titulado", 12) == "Electroence…"
