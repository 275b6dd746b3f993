"""Pages: two segments each, broken between lines, else between words, never inside what belongs together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.gsm7 import BASIC, EXTENSION
from channels.sms.paginate import atoms, fits, paginate
from channels.sms.segments import count

FOOTER = "Responda MAS para seguir."


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cuesta $1,795 (3 años) hoy", ["cuesta", "$1,795 (3 años)", "hoy"]),
        ("SRE 55 8932 4827, cita", ["SRE", "55 8932 4827,", "cita"]),
        ("al (55) 8932 4827", ["al", "(55) 8932 4827"]),
        ("en 24 horas.", ["en", "24 horas."]),
        ("US$ 38 o 38 dolares", ["US$ 38 o", "38 dolares"]),
        ("de 2026. Confirme antes", ["de", "2026.", "Confirme", "antes"]),
        ("1) Si o no", ["1) Si", "o", "no"]),
        ("https://x.mx/a?b=1 y ya", ["https://x.mx/a?b=1 y", "ya"]),
    ],
)
def test_atoms_keep_together_what_belongs_together(line: str, expected: list[str]) -> None:
    assert atoms(line) == expected


def test_one_page_has_no_footer() -> None:
    assert paginate(["hola", "", "adios"], FOOTER) == ["hola\nadios"]


def test_no_lines_make_no_pages() -> None:
    assert paginate(["", "  "], FOOTER) == []


def test_lines_stay_whole_and_all_but_the_last_page_end_with_the_footer() -> None:
    lines = [f"{number}) " + "palabra " * 12 for number in range(1, 9)]
    lines = [line.strip() for line in lines]
    pages = paginate(lines, FOOTER)
    assert len(pages) > 1
    assert all(page.endswith("\n" + FOOTER) for page in pages[:-1])
    assert not pages[-1].endswith(FOOTER)
    assert [line for page in pages for line in page.splitlines() if line != FOOTER] == lines


def test_equal_pages_all_have_their_footer() -> None:
    pages = paginate(["x" * 270] * 3, FOOTER)
    assert [page.endswith(FOOTER) for page in pages] == [True, True, False]


def test_a_heading_stays_with_what_it_heads() -> None:
    pages = paginate(["a" * 250, "Donde:", "- " + "b" * 60, "- c"], FOOTER)
    assert pages[1].startswith("Donde:\n- b")


def test_closing_words_are_on_the_first_page() -> None:
    pages = paginate([f"{n}) " + "x" * 50 for n in range(9)], FOOTER, "Aviso")
    assert pages[0].endswith("\nAviso\n" + FOOTER)
    assert sum("Aviso" in page for page in pages) == 1
    assert all(fits(page) for page in pages)


def test_an_address_is_not_cut() -> None:
    url = "https://www.ejemplo.gob.mx/" + "tramite-" * 20 + "fin"
    pages = paginate(["palabra " * 30 + url + " palabra" * 30], FOOTER)
    assert any(url in page for page in pages)


words = st.text(alphabet=sorted((BASIC | EXTENSION) - set("\n\r\f ")), min_size=1, max_size=40)
lines = st.lists(st.lists(words, max_size=40).map(" ".join), max_size=12)


@given(lines, st.sampled_from([FOOTER, "", "[MAS] €"]), st.sampled_from(["", "Aviso: {x}"]))
def test_every_page_fits_and_nothing_is_lost(given_lines: list[str], footer: str, closing: str) -> None:
    pages = paginate(given_lines, footer, closing)
    assert all(fits(page) and page.strip() for page in pages)
    text = "\n".join(pages)
    for added in (closing, footer):
        text = text.replace("\n" + added, "", len(pages)) if added else text
    expected = "".join("".join(given_lines).split())
    added = [words for words in (footer, closing) if words]
    if not any(words in line for line in given_lines for words in added):
        assert "".join(text.split()) == expected


@given(st.lists(words, min_size=1, max_size=200).map(" ".join))
def test_no_word_is_cut(line: str) -> None:
    pages = paginate([line], FOOTER)
    shown = [word for page in pages for word in page.removesuffix("\n" + FOOTER).split()]
    assert shown == line.split()
    assert all(count(page).segments <= 2 for page in pages)
