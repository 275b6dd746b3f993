"""``ventanilla understand --jsonl``: the contract of its lines, and that no text is too odd for it."""

from __future__ import annotations

import json
from typing import Any

import pytest

FIELDS = ["text", "intent", "confidence", "procedures", "life_event", "place", "outcome"]
OUTCOMES = {
    "answer",
    "clarify",
    "ask_place",
    "life_event",
    "menu",
    "smalltalk",
    "handoff",
    "privacy",
    "emergency",
    "out_of_scope",
}


def read(engine: Any, *lines: str) -> list[dict[str, Any]]:
    from bot.engine.understand import answers

    return [json.loads(line) for line in answers(lines, engine)]


def test_a_line_gives_exactly_the_fields_of_the_contract(engine: Any) -> None:
    (found,) = read(engine, json.dumps({"text": "cuánto cuesta el acta de nacimiento en Oaxaca"}))
    assert list(found) == FIELDS
    assert found["procedures"][0]["id"] == "acta-nacimiento-copia"
    assert list(found["procedures"][0]) == ["id", "score"]
    assert len(found["procedures"]) <= 5
    assert found["place"] == {"state": "Oaxaca", "municipality": None}
    assert (found["intent"], found["outcome"], found["life_event"]) == ("ask_cost", "answer", None)


def test_the_context_tells_the_place(engine: Any) -> None:
    text = "requisitos para la licencia de conducir"
    without, within = read(
        engine, json.dumps({"text": text}), json.dumps({"text": text, "context": {"state": "Jalisco"}})
    )
    assert without["outcome"] == "ask_place"
    assert within["procedures"][0]["id"] == "licencia-conducir-jalisco"
    assert within["outcome"] == "answer"


@pytest.mark.parametrize(
    "line", ["acta", "[1]", "{}", '{"text": 5}', '{"text": null}', '{"text": "a", "context": []}', "[" * 100_000, '"']
)
def test_a_line_that_cannot_be_read_is_told_and_the_next_is_answered(engine: Any, line: str) -> None:
    bad, good = read(engine, line, json.dumps({"text": "hola"}))
    assert list(bad) == ["error"]
    assert good["outcome"] == "smalltalk"


def test_blank_lines_are_passed_over(engine: Any) -> None:
    assert read(engine, "", "  \n") == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "....",
        "¿?¡!",
        "\0",
        "acta\0de\0nacimiento",
        "😂" * 500,
        "👨‍👩‍👧‍👦🏳️‍🌈",
        "أريد شهادة ميلاد",
        "‮acta de nacimiento‬",
        "\ud800",
        "a" * 5000,
        "quiero mi acta de nacimiento " * 170,
        "\u0301" * 5000,
        "ﷺ" * 600,
        "12 34",
        "\n\t\r",
        "x" * 1_000_000,
        "ñandú ß ı İ ŉ",
    ],
    ids=lambda text: ascii(text[:12]),
)
def test_no_text_is_too_odd_or_too_long(engine: Any, text: str) -> None:
    (found,) = read(engine, json.dumps({"text": text}))
    assert list(found) == FIELDS
    assert found["outcome"] in OUTCOMES
    assert 0 <= found["confidence"] <= 1


PLAIN = [
    "cuanto cuesta el acta de nacimiento en oaxaca",
    "requisitos para la licencia de conducir en jalisco",
    "se murio mi papa y no se que hacer",
    "quiero hablar con una persona",
    "mi hija no aparece",
    "cuentame un chiste",
    "buenas tardes",
    "que hacen con mis datos",
]


@pytest.mark.parametrize("text", PLAIN)
def test_the_way_of_writing_changes_nothing(engine: Any, text: str) -> None:
    """Capitals, signs, smileys around the words and letters held down: the same answer to the last digit."""
    ways = [text.upper(), text.capitalize(), f"¡{text}!", f"{text}...", f"{text[:-1]}{text[-1] * 4}"]
    plain, *others = read(engine, *(json.dumps({"text": way}) for way in (text, *ways)))
    for other in others:
        assert {**other, "text": ""} == {**plain, "text": ""}


@pytest.mark.parametrize("text", PLAIN)
def test_smileys_do_not_change_what_is_done(engine: Any, text: str) -> None:
    plain, other = read(engine, json.dumps({"text": text}), json.dumps({"text": f"😢 {text} 🙏"}))
    assert other["outcome"] == plain["outcome"]


@pytest.mark.parametrize("label", ["[CURP]", "GOMR850312MDFNRS06"])
def test_a_personal_number_does_not_decide(engine: Any, label: str) -> None:
    text = f"mi curp es {label} y quiero mi acta de nacimiento de jalisco"
    (found,) = read(engine, json.dumps({"text": text}))
    assert found["procedures"][0]["id"] == "acta-nacimiento-copia"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("dónde saco la curp y el número de seguro social", "curp-consulta"),
        ("dónde saco el número de seguro social y la curp", "nss-imss"),
    ],
)
def test_what_is_asked_first_comes_first(engine: Any, text: str, first: str) -> None:
    (found,) = read(engine, json.dumps({"text": text}))
    assert found["procedures"][0]["id"] == first


@pytest.mark.parametrize(
    "text", ["Con eso me despido, que pase bonito día señorita", "gracias y con permiso, ya me retiro"]
)
def test_a_courtesy_with_a_cards_words_is_a_courtesy(engine: Any, text: str) -> None:
    (found,) = read(engine, json.dumps({"text": text}))
    assert found["outcome"] == "smalltalk"


def test_letters_without_sense_are_not_surely_somebody_elses(engine: Any) -> None:
    (found,) = read(engine, json.dumps({"text": "dfghj uiop"}))
    assert found["outcome"] == "out_of_scope"
    assert found["confidence"] <= 0.6
