"""What of a story is its request, how it asks, and what is made of both rankings."""

from __future__ import annotations

import pytest

from bot.understanding.request import asks, is_story, pooled, request, way

STORY = (
    "Soy de un ranchito de la sierra, tengo setenta y ocho años, mi hija me puso el teléfono en la mano y se fue al "
    "mandado desde temprano con mis nietos"
)


@pytest.mark.parametrize(
    ("end", "asked"),
    [
        (". ¿Cuánto cuesta ese divorcio?", "cuanto cuesta ese divorcio"),
        (". Si no es mucha molestia mándeme a alguien", "si no es mucha molestia mandeme a alguien"),
        (", así que dígame para qué usan mis datos", "asi que digame para que usan mis datos"),
        ("; queremos saber por dónde empezar.", "queremos saber por donde empezar"),
        (", pero no sé ni a quién preguntarle.", "no se ni a quien preguntarle"),
        (" y yo lo que quiero es que me atiendan", "lo que quiero es que me atiendan"),
        (" a dónde voy para que me asesoren", "a donde voy para que me asesoren"),
        (" qué papeles llevo", "que papeles llevo"),
        (". ¿Me pasa con alguien? Ahí le encargo", "me pasa con alguien"),
    ],
)
def test_the_request_is_found_by_its_form(end: str, asked: str) -> None:
    assert request(STORY + end) == asked


@pytest.mark.parametrize("text", ["", "¿cuánto cuesta el acta?", "quiero hablar con una persona", STORY])
def test_a_short_text_or_one_that_only_tells_has_none(text: str) -> None:
    assert request(text) is None
    assert way(text) is None


def test_the_last_request_counts() -> None:
    assert request(f"¿Me puede ayudar? {STORY}. ¿Dónde saco mi acta?") == "donde saco mi acta"


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (". ¿Cuánto cuesta ese divorcio?", "one thing"),
        (". ¿Qué más llevo?", "one thing"),
        (". Queremos saber por dónde empezar.", "openly"),
        (". No sabemos con cuánto tiempo se arregla ni qué sigue.", "openly"),
        (". Queremos saber con qué nos pueden apoyar.", "openly"),
        (". Comuníqueme con la señorita de antes.", None),
    ],
)
def test_how_a_request_asks(end: str, how: str | None) -> None:
    assert way(STORY + end) == how


@pytest.mark.parametrize("text", ["¿" * 6000, "a. " * 6000, "y que quiero " * 3000, "\n" * 100_000, "x" * 1_000_000])
def test_endless_texts_are_read_in_part(text: str) -> None:
    assert is_story(text) in (True, False)
    assert len((request(text) or "").split()) <= 40


def first(text: str, story: list[tuple[str, float]], asked: list[tuple[str, float]]) -> str:
    return pooled(text, story, asked)[0][0]


def test_what_is_asked_for_counts_more_than_what_is_told() -> None:
    assert first(STORY, [("life_event", 0.7), ("human", 0.2)], [("human", 0.95)]) == "human"
    assert first(STORY, [("life_event", 0.5), ("ask_procedure", 0.4)], [("ask_cost", 0.95)]) == "ask_cost"


def test_what_a_request_alone_is_easily_mistaken_for_needs_the_story() -> None:
    told = [("life_event", 0.9), ("ask_procedure", 0.1)]
    assert first(STORY, told, [("menu", 0.95)]) == "life_event"
    assert first(STORY, told, [("plan", 0.9)]) == "life_event"
    assert first(STORY, told, [("out_of_scope", 0.95)]) == "life_event"
    assert first(STORY, told, [("human", 0.7)]) == "life_event"
    assert first(STORY, [("ask_procedure", 0.4), ("menu", 0.6)], [("menu", 0.95)]) == "menu"
    assert first(STORY, [("ask_procedure", 0.6), ("out_of_scope", 0.3)], [("out_of_scope", 0.95)]) == "out_of_scope"


def test_a_danger_that_is_told_is_not_outweighed() -> None:
    told = [("emergency", 0.9), ("human", 0.1)]
    assert first(STORY, told, [("ask_where", 0.95)]) == "emergency"
    assert first(f"mi esposo me está pegando {STORY}", told, [("human", 0.99)]) == "emergency"
    assert first(STORY, [("emergency", 0.6), ("human", 0.3)], [("human", 0.99)]) == "human"


def test_a_pooled_ranking_is_shares_in_order() -> None:
    found = pooled(STORY, [("life_event", 0.6), ("human", 0.4)], [("human", 0.9), ("menu", 0.1)])
    shares = [share for _, share in found]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1, abs=0.001)


def test_a_short_text_asks_by_its_form() -> None:
    assert asks("gracias. ¿Dónde saco el acta?")
    assert asks("ya quedó. Mándeme el acta por favor")
    assert not asks("qué pena darle tanta lata, qué bien explica")
    assert not asks("ya le entendí todo, que Dios se lo pague")
