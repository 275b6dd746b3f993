"""Neutral text: the options as shown, the forms that fit, dates, amounts and sites in words."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.choices import OpenOption, pick
from bot.core.phrases import MissingPhrase, Phrases
from bot.core.procedures import Amount, Cost, LifeEvent, LifeEventStep
from bot.core.replies import Ask, Option, Say, ShowLifeEvent, ShowPlan, StepFacts
from channels.compose import compose, shown_options
from channels.lines import Form, Line, choose, plain, shown
from channels.wording import date_text, moment_text, number_text, series, site_name

EVENT = LifeEvent("x", "X", "X", "Hola.", (), (LifeEventStep("Avise", ("p",)), LifeEventStep("Pague", ("q",))))


def test_shown_options_are_what_the_person_reads(sms_phrases: Phrases) -> None:
    ask = Ask("menu", (Option("a", "Acta"), Option("human", phrase="option_human")))
    assert shown_options((Say("thanks"), ask, Say("privacy_first")), sms_phrases) == (
        OpenOption("a", "Acta"),
        OpenOption("human", "Hablar con una persona"),
    )
    steps = ShowLifeEvent(EVENT, (Option("step:x:0", "otro nombre"), Option("step:x:1", "Pague")))
    assert shown_options((steps,), sms_phrases) == (OpenOption("step:x:0", "Avise"), OpenOption("step:x:1", "Pague"))
    assert shown_options((Say("thanks"),), sms_phrases) == ()


def test_steps_say_what_needs_no_going_what_is_free_and_later_what_costs(sms_phrases: Phrases) -> None:
    priced = Cost(False, (Amount(Decimal(98), "2026"),))
    facts = (StepFacts(Cost(True), from_home=True), StepFacts(priced))
    lines = compose((ShowLifeEvent(EVENT, (), facts),), sms_phrases)
    text = shown(lines, [0] * len(lines))
    assert "Sin salir de casa: 1." in text
    assert "Son gratis: 1." in text
    assert "98" not in text
    assert [rest for line in lines for rest in line.rest(0)] == ["2) Costo: $98"]
    short = shown(lines, [len(line.forms) - 1 for line in lines])
    assert "gratis" not in short


def test_a_plan_says_what_is_done_and_what_is_next(sms_phrases: Phrases) -> None:
    plan = ShowPlan(
        EVENT, (Option("step:x:0", "Avise"), Option("step:x:1", "Pague")), (), ("Registre.", "Saque copias")
    )
    lines = compose((plan,), sms_phrases)
    assert "Ya hizo: Registre, Saque copias." in shown(lines, [0] * len(lines))
    shortest = [len(line.forms) - 1 for line in lines]
    assert "Pasos hechos: 2." in shown(lines, shortest)
    assert [option.label for option in shown_options((plan,), sms_phrases)] == ["Avise", "Pague"]


def test_a_moment_is_said_without_its_year(sms_phrases: Phrases) -> None:
    assert moment_text("2026-11-23T10:00:00-06:00", sms_phrases) == "lunes 23 de noviembre, 10:00 de la mañana"


def test_a_shown_option_is_picked_by_number_and_by_its_words(sms_phrases: Phrases) -> None:
    options = shown_options((Ask("menu", (Option("a", "Acta"), Option("y", phrase="option_yes"))),), sms_phrases)
    assert pick("2", options) == pick("si", options) == OpenOption("y", "Sí")


def test_a_missing_phrase_or_parameter_is_a_defect_of_ours(sms_phrases: Phrases) -> None:
    for reply in (Say("no_such_phrase"), Say("degraded_not_found_person")):
        with pytest.raises(MissingPhrase):
            compose((reply,), sms_phrases)


def test_room_is_granted_by_rank() -> None:
    lines = [
        Line((Form("aaaaaaaa", 1), Form("a")), if_shortened=("A",), later=("B",)),
        Line((Form("bbbbbbbb", 0), Form("bbbb", 0), Form(""))),
        plain("c"),
    ]
    assert choose(lines, lambda text: len(text) <= 30) == (0, 0, 0)
    assert choose(lines, lambda text: len(text) <= 12) == (1, 0, 0)
    assert choose(lines, lambda text: len(text) <= 8) == (1, 1, 0)
    assert choose(lines, lambda text: len(text) <= 2) == (1, 2, 0)
    assert shown(lines, (1, 2, 0)) == "a\nc"
    assert (lines[0].rest(0), lines[0].rest(1)) == (("B",), ("A", "B"))


forms = st.lists(st.builds(Form, st.text("ab ", min_size=1, max_size=30), st.integers(0, 3)), min_size=1, max_size=4)


@given(st.lists(forms.map(lambda each: Line(tuple(each))), max_size=6), st.integers(0, 120))
def test_what_is_chosen_fits_whenever_the_shortest_does(lines: list[Line], room: int) -> None:
    shortest = shown(lines, [len(line.forms) - 1 for line in lines])
    chosen = shown(lines, choose(lines, lambda text: len(text) <= room))
    assert len(chosen) <= room or len(shortest) > room


@pytest.mark.parametrize(
    ("date", "month_only", "expected"),
    [
        ("2026", False, "2026"),
        ("2026-03", False, "mar 2026"),
        ("2026-09-30", False, "30 sep 2026"),
        ("2026-09-30", True, "sep 2026"),
    ],
)
def test_dates_are_as_precise_as_they_are_known(date: str, month_only: bool, expected: str) -> None:
    assert date_text(date, month_only) == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("1795", "1,795"), ("98.5", "98.50"), ("1000000", "1,000,000"), ("74.00", "74")]
)
def test_amounts(value: str, expected: str) -> None:
    assert number_text(Decimal(value)) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.informador.mx/a/b.html?x=1", "informador.mx"),
        ("http://amp.milenio.com:80/x", "milenio.com"),
        ("https://m.mx/x", "m.mx"),
        ("https://consulmex.sre.gob.mx/washington", "consulmex.sre.gob.mx"),
        ("HTTPS://WWW.GOB.MX", "gob.mx"),
    ],
)
def test_site_names(url: str, expected: str) -> None:
    assert site_name(url) == expected


def test_a_series_with_commas_inside_is_parted_by_semicolons() -> None:
    assert series(["a", "b"]) == "a, b"
    assert series(["a, con cita", "b"]) == "a, con cita; b"
