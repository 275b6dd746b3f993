"""Whether a message is about what is in view, judged with the trained model and the real catalogue."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from actions.dialogue import about, judged
from actions.dialogue.facts import facts
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import decide
from actions.dialogue.steps_meant import steps_meant
from actions.dialogue.turn import Answer, Memory, Turn
from bot.core.effects import CancelReminders
from bot.core.replies import ShowProcedure
from bot.understanding.decision import Decider
from bot.understanding.kinds import kind_of_intent

ABOUT_DATA = Path(__file__).resolve().parents[2] / "data" / "about"
ABOUT = [
    ("pension-bienestar-adultos-mayores", "y eso de cuánto viene siendo al bimestre"),
    ("licencia-conducir-jalisco", "oiga y si voy por la tarde sí atienden"),
    ("pasaporte-menor", "¿y si el papá no puede firmar?"),
    ("retiro-desempleo-afore", "y me lo depositan o cómo"),
    ("linea-de-la-vida", "y les puedo marcar a las tres de la mañana"),
    ("apertura-comercio-jalacingo", "y si mejor vendemos nieves nos piden otra cosa"),
    ("tarjeta-circulacion-cdmx-reposicion", "¿y si luego aparece ya no sirve?"),
    ("orden-proteccion", "is there a fee for that?"),
]
NOT_ABOUT = [
    ("pension-bienestar-adultos-mayores", "ahora quiero saber cómo tramito la cartilla militar de mi hijo"),
    ("licencia-conducir-jalisco", "quiero registrar a mi bebé recién nacido"),
    ("pasaporte-menor", "necesito mi número de seguro social"),
    ("curp-consulta", "muchas gracias, que Dios se lo pague"),
]
DANGERS = [
    ("licencia-conducir-jalisco", "mi esposo me está pegando"),
    ("pasaporte-menor", "se metieron a la casa y traen pistolas"),
    ("curp-consulta", "ya no quiero seguir viviendo"),
    ("predial-descuento", "se está incendiando el cuarto de mis papás"),
]


@pytest.fixture(scope="module")
def know(engine: Any) -> Knowledge:
    """The dialogue's knowledge, made of what the engine reads with."""
    search = engine.decider.search
    return Knowledge(search.catalogue, search, search.places, engine.decider)


def turn_of(engine: Any, card: str | None, text: str) -> Turn:
    ranking = tuple(engine.reader.rank(text))
    return Turn(text, ranking[0][0], ranking[0][1], memory=Memory(last_procedure=card), ranking=ranking)


def chance(engine: Any, know: Knowledge, card: str | None, text: str) -> float | None:
    turn = turn_of(engine, card, text)
    return about.chance(turn, know, decide(turn, know))


def test_what_goes_on_is_about_the_card_in_view(engine: Any, know: Knowledge) -> None:
    """One of eight may be missed: what a chance near the limit means is told by the roads beside it too."""
    chances = [chance(engine, know, card, text) for card, text in ABOUT]
    assert all(found is not None for found in chances)
    assert sum(found >= 0.5 for found in chances if found is not None) >= len(ABOUT) - 1


@pytest.mark.parametrize(("card", "text"), NOT_ABOUT)
def test_what_names_something_else_is_not(engine: Any, know: Knowledge, card: str, text: str) -> None:
    found = chance(engine, know, card, text)
    assert found is not None
    assert found < 0.5


@pytest.mark.parametrize(("card", "text"), DANGERS)
def test_danger_stays_danger_whatever_is_in_view(engine: Any, know: Knowledge, card: str, text: str) -> None:
    turn = turn_of(engine, card, text)
    assert about.calmed(turn, know, decide(turn, know)) is None


def test_a_danger_that_was_only_heard_is_taken_back_with_a_card_in_view(engine: Any, know: Knowledge) -> None:
    turn = turn_of(engine, "apertura-comercio-jalacingo", "y si vendemos nieves nos piden otra cosa")
    heard = replace(turn, intent="emergency", confidence=0.5, ranking=(("emergency", 0.5), *turn.ranking))
    decision = replace(decide(turn, know), kind="emergency")
    calmed = about.calmed(heard, know, decision)
    assert calmed is not None
    assert kind_of_intent(calmed.intent) != "emergency"
    assert "emergency" not in dict(calmed.ranking)
    assert sum(share for _, share in calmed.ranking) == pytest.approx(1.0)


def test_an_answer_that_left_is_taken_back_and_one_that_stayed_is_kept(engine: Any, know: Knowledge) -> None:
    turn = turn_of(engine, "pension-bienestar-adultos-mayores", "y eso de cuánto viene siendo")
    left = Answer((), turn.memory, "answer", procedure="emergencias-911")
    card = know.catalogue.procedures["pension-bienestar-adultos-mayores"]
    stayed = Answer((ShowProcedure(card, ("output",)),), turn.memory, "answer", procedure=card.id)
    assert judged.settled(turn, know, left).procedure == card.id
    kept = judged.settled(turn, know, stayed)
    assert kept.procedure == card.id
    assert "output" in kept.replies[0].aspects  # type: ignore[union-attr]


def test_what_is_called_by_its_name_is_not_taken_back(engine: Any, know: Knowledge) -> None:
    turn = turn_of(engine, "licencia-conducir-jalisco", "otra cosa, ¿cuánto cuesta el acta de nacimiento de Zacatecas?")
    named = Answer((), turn.memory, "answer", procedure="acta-nacimiento-copia")
    assert judged.settled(turn, know, named) is named


@pytest.mark.parametrize(
    "changed",
    [
        {"outcome": "emergency"},
        {"effects": (CancelReminders(),)},
        {"memory": Memory(last_procedure="linea-de-la-vida", state="Jalisco")},
    ],
)
def test_dangers_deeds_and_places_are_never_taken_back(engine: Any, know: Knowledge, changed: dict[str, Any]) -> None:
    turn = turn_of(engine, "linea-de-la-vida", "y les puedo marcar a las tres de la mañana")
    found = replace(Answer((), turn.memory, "smalltalk"), **changed)
    assert judged.settled(turn, know, found) is found


@pytest.mark.parametrize(
    ("card", "text", "told"),
    [
        ("linea-de-la-vida", "y si le marco a las 3 de la mañana quién me va a contestar", "24 horas"),
        ("acta-nacimiento-copia", "es que ya tiene muchos años la mía, así vieja la agarran?", "no caduca"),
        ("orden-proteccion", "no tengo con qué pagarle a un licenciado", "no necesita abogado"),
    ],
)
def test_the_fact_that_answers_is_told_in_place_of_another_card(
    engine: Any, know: Knowledge, card: str, text: str, told: str
) -> None:
    turn = turn_of(engine, card, text)
    found = judged.settled(turn, know, Answer((), turn.memory, "out_of_scope"))
    shown = [reply for reply in found.replies if isinstance(reply, ShowProcedure)]
    assert [each.procedure.id for each in shown] == [card]
    said = " ".join((*shown[0].procedure.notes, *(way.hours or "" for way in shown[0].procedure.channels)))
    assert told in said
    assert {"notes", "hours"} & set(shown[0].aspects)


@pytest.mark.parametrize(
    ("event", "text", "card"),
    [
        ("fallecimiento", "y lo que gastamos en la caja quién me lo regresa", "ayuda-funeral-imss"),
        ("migrar_viajar", "me echaron del otro lado y no traigo ni un peso", "repatriacion-mexico-te-abraza"),
        ("estudiar", "¿y ahí dan algo de lana para la prepa?", "beca-benito-juarez-ems"),
        ("busqueda_empleo", "me corrieron sin darme nada, con quién me quejo", "profedet-asesoria"),
    ],
)
def test_a_step_is_meant_without_its_words(know: Knowledge, event: str, text: str, card: str) -> None:
    any_step, steps = steps_meant(know, know.catalogue.life_events[event], text)
    assert card in steps[0].cards
    assert any_step >= 0.3
    assert sum(step.chance for step in steps) == pytest.approx(1.0)


def test_chatter_means_no_step(know: Knowledge) -> None:
    any_step, _ = steps_meant(know, know.catalogue.life_events["matrimonio"], "híjole, está lloviendo bien feo")
    assert any_step < 0.5


def test_a_question_about_a_step_is_answered_from_it_in_place_of_not_understood(engine: Any, know: Knowledge) -> None:
    turn = turn_of(engine, None, "y lo que gastamos en la caja quién me lo regresa")
    turn = turn.remember(last_life_event="fallecimiento")
    found = judged.settled(turn, know, Answer((), turn.memory, "out_of_scope"))
    assert (found.procedure, found.life_event) == ("ayuda-funeral-imss", "fallecimiento")


def test_a_first_answer_tells_the_fact_that_was_asked_beside_it(engine: Any, know: Knowledge) -> None:
    turn = turn_of(engine, None, "¿a fuerza tengo que sacar la curp con huellas?")
    card = know.catalogue.procedures["curp-biometrica"]
    first = Answer((ShowProcedure(card),), turn.memory, "answer", procedure=card.id)
    (shown,) = judged.with_asked(turn, know, first).replies
    assert isinstance(shown, ShowProcedure)
    assert shown.aspects[:1] == ("overview",)
    assert "notes" in shown.aspects
    assert shown.procedure.notes
    plain = replace(turn, text="curp con huellas")
    assert judged.with_asked(plain, know, first) is first


def test_every_step_of_the_lessons_is_one(know: Knowledge) -> None:
    events = know.catalogue.life_events
    for line in (ABOUT_DATA / "steps.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        there = {id_ for step in events[row["event"]].steps for id_ in step.procedures}
        assert row["about"] in ("step", "list", "other")
        assert (row["about"] == "step") == bool(set(row["cards"]) & there), row


def test_every_doubt_names_sentences_that_its_card_has(know: Knowledge) -> None:
    wrong = []
    for line in (ABOUT_DATA / "doubts.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        card = know.catalogue.procedures.get(row["card"])
        there = [fact.text for fact in facts(card)] if card else []
        missing = [each for each in row["says"] if each != "$" and not any(text.startswith(each) for text in there)]
        if card is None or missing:
            wrong.append((row["card"], missing))
    assert wrong == []


def test_every_card_that_is_left_is_one(know: Knowledge) -> None:
    rows = [json.loads(line) for line in (ABOUT_DATA / "leaving.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {row["card"] for row in rows} <= set(know.catalogue.procedures)
    assert all(row["text"].strip() and row["hand"] for row in rows)


def test_nothing_in_view_is_nothing_to_stay_with(engine: Any, know: Knowledge) -> None:
    assert chance(engine, know, None, "y eso de cuánto viene siendo") is None


def test_a_catalogue_too_big_to_be_held_is_not_judged(engine: Any, know: Knowledge) -> None:
    class Wide:
        catalogue = know.catalogue

    wide = replace(know, search=Wide())  # type: ignore[arg-type]
    turn = turn_of(engine, "curp-consulta", "y cuánto cuesta")
    assert about.chance(turn, wide, Decider(know.search).decide(turn.text, turn.ranking)) is None
