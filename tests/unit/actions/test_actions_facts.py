"""The sentences of a card, ranked for a message, and what is shown of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from actions.dialogue import facts, fitting, ranking
from actions.dialogue.outright import besides, instead, outright
from actions.dialogue.turn import Memory, Pending, Turn, answer
from actions.dialogue.ways import asked_first
from bot.core.procedures import Amount, Procedure, Requirement, ServiceChannel
from bot.core.replies import Ask, Say, ShowProcedure
from tests.unit.actions.conftest import card as make

CARD = make(
    "permiso",
    summary="Para que un menor salga del país. Se pide con tiempo.",
    who="Menores que viajan con otra persona. No hace falta si viajan con su mamá o su papá.",
    requirements=(
        Requirement("Pasaporte del menor", "pasaporte"),
        Requirement("CURP", "CURP", note="Si no la tiene, se tramita ahí."),
        Requirement("Acta", "acta", note="Si la tiene."),
    ),
    notes=("Sin el sello no puede salir. También sirve un permiso ante notario.", "No descuenta semanas."),
    deadline="Antes de 30 días del viaje.",
    duration=None,
    validity="6 meses y un solo uso.",
)


class Words:
    """Sentence vectors by which two texts are as alike as the words they share."""

    def __init__(self) -> None:
        self.known: dict[str, int] = {}

    def encode(self, texts: list[str]) -> Any:
        vectors = np.zeros((len(texts), 2000))
        for row, text in enumerate(texts):
            for word in text.split():
                if len(word) > 3:
                    vectors[row, self.known.setdefault(word, len(self.known))] = 1.0
            vectors[row] /= np.linalg.norm(vectors[row]) or 1.0
        return vectors


class Catalogue:
    """Some cards, and no conditions."""

    def __init__(self, *cards: Procedure) -> None:
        self.procedures = {card.id: card for card in cards}
        self.conditions: dict[str, Any] = {}
        self.life_events: dict[str, Any] = {}

    def condition_words(self, card: Procedure) -> dict[str, dict[str, str]]:
        return {}


class Known:
    """What the ranking reads of all that is known."""

    def __init__(self, *cards: Procedure) -> None:
        self.catalogue, self.search, self.kept = Catalogue(*cards), Words(), {}

    def without_place(self, text: str) -> str:
        from bot.catalogue.text import normalise

        return normalise(text)

    def place_in(self, text: str) -> None:
        return None


@pytest.fixture
def know() -> Any:
    return Known(CARD, make("otro", who="Su mamá o su papá."))


def turn(text: str, *, view: str | None = "permiso", intent: str = "ask_procedure") -> Turn:
    memory = Memory(last_procedure=view, last_aspects=("overview",))
    return Turn(text=text, intent=intent, confidence=0.3, memory=memory, ranking=((intent, 0.3),))


def test_every_sentence_of_a_card_is_a_fact_of_its_part() -> None:
    listed = list(facts.facts(CARD))
    assert [fact.text for fact in listed if fact.kind == "who"] == [
        "Menores que viajan con otra persona.",
        "No hace falta si viajan con su mamá o su papá.",
    ]
    assert [fact.text for fact in listed if fact.kind == "notes"] == [
        "Sin el sello no puede salir.",
        "También sirve un permiso ante notario.",
        "No descuenta semanas.",
        "Se pide con tiempo.",
    ]
    assert "CURP: Si no la tiene, se tramita ahí." in [fact.text for fact in listed if fact.kind == "requirements"]
    assert all("Si la tiene." not in fact.text for fact in listed if fact.needed)


@pytest.mark.parametrize(
    ("text", "kind", "told"),
    [
        ("¿y si viajan con su mamá?", "who", "No hace falta si viajan con su mamá o su papá."),
        ("¿eso me descuenta semanas?", "notes", "No descuenta semanas."),
        ("¿sirve un permiso del notario?", "notes", "También sirve un permiso ante notario."),
    ],
)
def test_the_sentence_that_answers_is_first(know: Any, text: str, kind: str, told: str) -> None:
    first = ranking.ranked(know, CARD, text, ()).facts[0]
    assert (first.fact.kind, first.fact.text) == (kind, told)
    assert 0.0 < first.chance < 1.0


def test_a_label_that_shares_no_word_is_no_answer(know: Any) -> None:
    priced = replace(CARD, cost=replace(CARD.cost, amounts=(Amount(Decimal(100), None, "permanente"),)))
    kinds = {each.fact.kind for each in ranking.ranked(know, priced, "¿y si viajan con su mamá?", ()).facts}
    assert "amount" not in kinds
    assert "amount" in {each.fact.kind for each in ranking.ranked(know, priced, "¿cuánto cuesta?", ()).facts}


def test_examples_of_the_card_speak_for_the_facts_that_answer_them() -> None:
    listed = list(facts.facts(CARD))
    codes = [ranking.code_of(fact) for fact in listed]
    third, nothing = codes[2], len(codes)
    values = np.zeros((len(codes), 3))
    made = ranking.with_examples(values, codes, [(0.9, (third,)), (0.7, (third,)), (0.8, ())])
    plain = ranking.with_examples(values, codes, [])
    gained = made - plain
    assert gained[2, 3] == pytest.approx(0.9)  # the nearest one
    assert gained[2, 4] == pytest.approx(0.4 + 0.2)  # and both together
    assert not gained[[0, 1], 3].any()
    assert gained[nothing].any()  # one that no fact answers speaks for "it is not told"
    assert made.shape == (len(codes) + 1, values.shape[1] + 10)


def test_an_example_of_a_sentence_that_was_changed_says_nothing() -> None:
    codes = [ranking.code_of(fact) for fact in facts.facts(CARD)]
    gone = ranking.code("notes\nNo descuenta días.")
    values = np.zeros((len(codes), 3))
    assert (ranking.with_examples(values, codes, [(0.9, (gone,))]) == ranking.with_examples(values, codes, [])).all()


def test_a_card_without_facts_tells_nothing() -> None:
    bare = replace(CARD, requirements=(), notes=(), channels=(), who=None, output=None, deadline=None, validity=None)
    bare = replace(bare, summary="", cost=replace(bare.cost, free=False, note=None))
    known: Any = Known(bare)
    found = ranking.ranked(known, bare, "¿y el estacionamiento?", ())
    assert found.untold > 0.0
    assert all(not each.fact.text for each in found.facts)


def test_chances_of_all_facts_and_of_none_add_up(know: Any) -> None:
    found = ranking.ranked(know, CARD, "¿eso me descuenta semanas?", ())
    assert sum(each.chance for each in found.facts) + found.untold == pytest.approx(1.0)
    assert [each.chance for each in found.facts] == sorted((each.chance for each in found.facts), reverse=True)


def test_a_fact_of_the_card_takes_the_place_of_the_list_shown_again(know: Any) -> None:
    heard = turn("¿eso me descuenta semanas?")
    found = fitting.better(heard, know, answer(heard, "answer", ShowProcedure(CARD), procedure=CARD.id))
    (shown,) = found.replies
    assert isinstance(shown, ShowProcedure)
    assert (shown.aspects, shown.procedure.notes) == (("notes",), ("No descuenta semanas.",))


def test_not_on_the_card_gives_way_to_what_is_on_it(know: Any) -> None:
    heard = turn("¿descuenta semanas?")
    found = fitting.better(heard, know, fitting.not_on_card(heard, CARD))
    assert not any(isinstance(reply, Say) for reply in found.replies)
    assert found.outcome == "answer"


def test_a_first_answer_is_kept_and_the_fact_told_with_it(know: Any) -> None:
    heard = turn("permiso de salida, ¿descuenta semanas?", view=None)
    found = fitting.better(heard, know, answer(heard, "answer", ShowProcedure(CARD), procedure=CARD.id))
    assert found.replies[0].aspects == ("overview", "notes")  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["¿cuánto cuesta?", "¿dónde es?", "sí", "gracias"])
def test_a_part_that_was_asked_for_stays(know: Any, text: str) -> None:
    heard = turn(text)
    before = answer(heard, "answer", ShowProcedure(CARD, ("cost", "where")), procedure=CARD.id)
    assert fitting.better(heard, know, before) == before


def test_of_a_part_that_is_missing_its_kin_is_told_too(know: Any) -> None:
    heard = turn("¿en cuánto tiempo se tarda?", intent="ask_duration")
    before = answer(heard, "answer", ShowProcedure(CARD, ("duration",)), procedure=CARD.id)
    (shown,) = fitting.better(heard, know, before).replies
    assert shown.aspects == ("duration", "deadline")  # type: ignore[union-attr]


def test_a_list_that_is_not_whole_is_said_to_be_so(know: Any) -> None:
    part = replace(CARD, notes=(*CARD.notes, "No se encontró la lista de documentos. Pregunte antes de ir."))
    known: Any = Known(part)
    heard = turn("¿qué documentos piden?", intent="ask_requirements")
    (shown,) = fitting.better(
        heard, known, answer(heard, "answer", ShowProcedure(part, ("requirements",)), procedure=part.id)
    ).replies
    assert isinstance(shown, ShowProcedure)
    assert shown.procedure.notes == (part.notes[-1],)


def test_of_doubted_cards_the_one_that_says_it_answers() -> None:
    known: Any = Known(CARD, make("otro", summary="Para otra cosa."))
    heard = turn("¿eso me descuenta semanas?", view=None)
    pending = Pending("clarify", ("procedure:permiso", "procedure:otro"), (), heard.text)
    asks = answer(heard, "clarify", Ask("which_procedure"), pending=pending)
    found = fitting.better(heard, known, asks)
    assert (found.procedure, found.outcome, found.memory.pending) == ("permiso", "answer", None)


def test_a_message_about_the_card_is_answered_from_it_or_said_not_to_be_on_it(know: Any) -> None:
    assert fitting.of_card(turn("¿sirve un permiso del notario?"), know, CARD).outcome == "answer"
    nothing = fitting.of_card(turn("xyz"), know, CARD)
    assert any(isinstance(reply, Say) and reply.phrase == "not_on_card" for reply in nothing.replies)


def test_how_long_it_holds_and_what_it_costs_are_both_answered() -> None:
    text = "cuesta y cuánto tiempo vale el permiso?"
    found = outright(CARD, text)
    assert found is not None
    assert besides(CARD, text, found)[1] == ("cost", "output")
    alone = outright(CARD, "¿cuánto tiempo dura?")
    assert alone is not None
    assert besides(CARD, "¿cuánto tiempo dura?", alone)[1] == ("output",)


def test_who_has_nothing_is_told_what_is_done_then() -> None:
    found = instead(CARD, "pero él no trae ni un papel")
    assert found is not None
    assert [each.name for each in found[0].requirements] == ["CURP"]


@pytest.mark.parametrize(
    ("text", "first"),
    [("¿qué número marco desde México?", "México"), ("el número, estoy en Estados Unidos", "EE. UU.")],
)
def test_the_telephone_that_fits_from_where_one_calls(text: str, first: str) -> None:
    ways = (
        ServiceChannel("phone", "Centro, desde EE. UU.", "centro (desde EE. UU.)", phone="520 1"),
        ServiceChannel("phone", "Centro, desde México", "centro (desde México)", phone="001 520 1"),
    )
    shown = asked_first(replace(CARD, channels=ways if first == "México" else ways[::-1]), text)
    assert first in shown.channels[0].name
