"""Bold titles of ours, and no formatting by chance."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.whatsapp.markup import MAX_BOLD, bold, neutral, one_line

TEXTS = st.text(st.sampled_from("*_~`ab1 .,(/:\n{}") | st.characters(codec="utf-8"), max_size=120)


def formats(line: str) -> bool:
    """Whether WhatsApp would format a part of a line, said in another way than the code says it."""
    for sign in "*_~":
        places = [index for index, character in enumerate(line) if character == sign]
        opening = [
            i for i in places if not (i and line[i - 1].isalnum()) and i + 1 < len(line) and not line[i + 1].isspace()
        ]
        closing = [
            i for i in places if i and not line[i - 1].isspace() and not (i + 1 < len(line) and line[i + 1].isalnum())
        ]
        if any(first < last for first in opening for last in closing):
            return True
    return "`" in line


@given(TEXTS)
def test_nothing_formats_by_chance(text: str) -> None:
    assert not any(formats(line) for line in neutral(text).splitlines())


@given(TEXTS)
def test_only_signs_change(text: str) -> None:
    changed = neutral(text)
    back = changed.translate({0x2217: "*", 0xFF3F: "_", 0x223C: "~", 0x02CB: "`"})
    for sign in "*_~`":
        back = back.replace(f"%{ord(sign):02X}", sign)
    expected = text.translate({0x2217: "*", 0xFF3F: "_", 0x223C: "~", 0x02CB: "`"})
    for sign in "*_~`":
        expected = expected.replace(f"%{ord(sign):02X}", sign)
    assert back == expected


@given(TEXTS)
def test_a_second_time_changes_nothing(text: str) -> None:
    assert neutral(neutral(text)) == neutral(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Marque *765.", "Marque *765."),
        ("*765 o *0311", "*765 o *0311"),
        ("*importante* ya", "*importante\u2217 ya"),
        ("una _cosa_ y otra", "una _cosa\uff3f y otra"),
        ("~no~", "~no\u223c"),
        ("acta_de_nacimiento y otra_cosa", "acta_de_nacimiento y otra_cosa"),
        ("3*4*5", "3*4*5"),
        ("`codigo`", "\u02cbcodigo\u02cb"),
        ("una *línea\ny otra* más", "una *línea\ny otra* más"),
        ("ver https://x.mx/a_b_c y listo", "ver https://x.mx/a_b_c y listo"),
        ("_a https://x.mx/b_", "_a https://x.mx/b%5F"),
    ],
)
def test_examples(text: str, expected: str) -> None:
    assert neutral(text) == expected


def test_a_title_is_bold() -> None:
    assert bold("Acta de nacimiento") == "*Acta de nacimiento*"


@pytest.mark.parametrize("text", ["", "  ", "SOS *765", "a_b", "x" * (MAX_BOLD + 1), "dos\nlíneas"])
def test_what_could_break_is_not_bold(text: str) -> None:
    assert bold(text) == text


@given(TEXTS)
def test_a_title_is_bold_whole_or_not_at_all(text: str) -> None:
    shown = bold(neutral(text))
    assert shown.count("*") == 2 or shown == neutral(text)


@given(TEXTS)
def test_a_variable_holds_one_line_and_no_placeholder(text: str) -> None:
    value = one_line(text)
    assert not re.search(r"[\n\r\t]| {2}|\{\{|\}\}", value)
    assert value == value.strip()
