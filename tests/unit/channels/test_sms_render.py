"""SMS answers from every card: two segments, GSM-7, nothing cut, nothing lost."""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogue.check import CardSet
from bot.core.delivery import Rendered
from bot.core.phrases import Phrases
from bot.core.procedures import (
    Amount,
    Authority,
    Cost,
    Jurisdiction,
    LifeEvent,
    LifeEventStep,
    Procedure,
    Requirement,
    ServiceChannel,
    Source,
    narrow,
)
from bot.core.replies import Ask, Aspect, Handoff, Option, Reply, Say, ShowLifeEvent, ShowProcedure
from channels.sms.gsm7 import fold
from channels.sms.render import render
from channels.sms.segments import MAX_CHARACTERS, count

MORE = "Responda MAS para seguir."
MORE_OR_NUMBER = "Responda un numero, o MAS para seguir."
SHORT_MORE, SHORT_MORE_OR_NUMBER = "MAS: seguir", "Numero, o MAS"
FOOTERS = (MORE, MORE_OR_NUMBER, SHORT_MORE, SHORT_MORE_OR_NUMBER)
ASPECTS: tuple[Aspect, ...] = get_args(Aspect)


def pages(rendered: Rendered) -> list[str]:
    return [message.text for message in (*rendered.messages, *rendered.more)]


def check_pages(rendered: Rendered) -> None:
    texts = pages(rendered)
    assert len(rendered.messages) == 1
    for text in texts:
        counted = count(text)
        assert counted.encoding == "GSM-7"
        assert counted.segments <= 2
        assert len(text) <= MAX_CHARACTERS
        assert text.strip() == text
        assert "\n\n" not in text
        assert text not in FOOTERS
    for text in texts[:-1]:
        assert text.endswith(FOOTERS)
    assert not texts[-1].endswith(FOOTERS)


def words(card: Procedure, cards: CardSet) -> dict[str, dict[str, str]]:
    known = {c.card.id: {value.id: value.if_text for value in c.card.values} for c in cards.conditions}
    used = {c for r in card.requirements for c in r.when} | {c for a in card.cost.amounts for c in a.when}
    return {condition: known[condition] for condition in used}


@pytest.mark.parametrize("aspect", ASPECTS)
def test_every_card_answers_every_aspect_in_pages_of_two_segments(
    aspect: Aspect, cards: CardSet, procedures: dict[str, Procedure], sms_phrases: Phrases
) -> None:
    for card in procedures.values():
        reply = ShowProcedure(card, (aspect,), None, words(card, cards))
        rendered = render((reply,), sms_phrases)
        check_pages(rendered)
        first = rendered.messages[0].text
        assert first.startswith(fold(card.short))
        host = card.source.url.split("/")[2].removeprefix("www.").removeprefix("amp.").lower()
        assert fold(card.source.site or host) in first, (card.id, aspect)
        if card.confirm_first:
            assert "Confirme antes" in first, (card.id, aspect)


def test_every_overview_holds_requirements_cost_place_and_source_in_its_first_message(
    cards: CardSet, procedures: dict[str, Procedure], sms_phrases: Phrases, capsys: pytest.CaptureFixture[str]
) -> None:
    segments, whole_lists = [], 0
    for card in procedures.values():
        first = render((ShowProcedure(card, ("overview",), None, words(card, cards)),), sms_phrases).messages[0].text
        segments.append(count(first).segments)
        by_phone = not card.requirements and fold(card.summary) in first
        shorts = [fold(requirement.short).lower() for requirement in card.requirements]
        named = sum(short in first.lower() for short in shorts)
        assert named or by_phone or "No tenemos la lista" in first, card.id
        assert re.search(r"^(Costo|No tenemos el costo|Se paga)", first, re.MULTILINE), card.id
        assert re.search(r"^(Donde: |No tenemos el lugar)", first, re.MULTILINE), card.id
        assert re.search(r"^Fuente: [^,\n]+, ", first, re.MULTILINE), card.id
        whole_lists += named == len(shorts)
    assert statistics.median(segments) <= 2
    assert max(segments) <= 2, "more than two only after MAS"
    with capsys.disabled():
        print(f"\n{len(segments)} overviews: median {statistics.median(segments)} segments, "
              f"{whole_lists} with every requirement in the first message")  # fmt: skip


def test_all_of_an_overview_is_in_its_pages(
    cards: CardSet, procedures: dict[str, Procedure], sms_phrases: Phrases
) -> None:
    for card in procedures.values():
        rendered = render((ShowProcedure(card, ("overview",), None, words(card, cards)),), sms_phrases)
        said = " ".join(_without_footer(page) for page in pages(rendered)).split()
        text = " ".join(said)
        for fact in _facts(card):
            assert " ".join(fold(fact).split()) in text, (card.id, fact)


def _without_footer(page: str) -> str:
    return "\n".join(line for line in page.splitlines() if line not in FOOTERS)


def _facts(card: Procedure) -> Iterator[str]:
    """Yield the facts of a card that must be somewhere in an answer, as they are written."""
    for requirement in card.requirements:
        yield requirement.name if requirement.name in _full(card) else requirement.short
        if requirement.note:
            yield requirement.note
    yield from card.notes
    yield from (text for text in (card.who, card.duration, card.output, card.deadline, card.validity) if text)
    yield from (channel.phone for channel in card.channels if channel.phone)
    yield from (channel.hours for channel in card.channels if channel.hours)
    if card.cost.note:
        yield card.cost.note
    for amount in card.cost.amounts:
        yield f"{amount.amount:,}"


def _full(card: Procedure) -> set[str]:
    says_more = any(r.name != r.short or r.accepts or r.note for r in card.requirements)
    return {r.name for r in card.requirements} if says_more else set()


def test_no_address_is_cut(cards: CardSet, procedures: dict[str, Procedure], sms_phrases: Phrases) -> None:
    for card in procedures.values():
        shown = pages(render((ShowProcedure(card, ("source",), None, {}),), sms_phrases))
        assert any(fold(card.source.url) in page.split() for page in shown), card.id
        shown = pages(render((ShowProcedure(card, ("overview",), None, words(card, cards)),), sms_phrases))
        for channel in card.channels:
            if channel.url:
                address = fold(channel.url).split("://")[1].rstrip("/")
                assert any(address in page for page in shown), (card.id, address)


def test_every_life_event_keeps_its_numbers_across_pages(cards: CardSet, sms_phrases: Phrases) -> None:
    for loaded in cards.life_events:
        event = loaded.card
        options = tuple(Option(f"step:{event.id}:{n}", step.title) for n, step in enumerate(event.steps))
        rendered = render((ShowLifeEvent(event, options),), sms_phrases)
        check_pages(rendered)
        text = "\n".join(pages(rendered))
        for number, step in enumerate(event.steps, start=1):
            assert f"{number}) {fold(step.title)}" in text, event.id
        assert fold(event.opening) in rendered.messages[0].text
        assert "1) " in rendered.messages[0].text


def card(**changes: object) -> Procedure:
    values: dict[str, object] = {
        "id": "prueba",
        "name": "Trámite de prueba",
        "short": "Trámite de prueba",
        "level": "federal",
        "authority": Authority("Secretaría de Pruebas", "SP"),
        "jurisdiction": Jurisdiction(),
        "source": Source("Nota", "https://www.informador.mx/nota.html", "2026-03-03"),
        "research_date": "2026-11-22",
        "confidence": "high",
        "aliases": (),
        "questions": (),
        "summary": "Para probar.",
    }
    return Procedure(**{**values, **changes})  # type: ignore[arg-type]


def first(sms_phrases: Phrases, *replies: Reply) -> str:
    return render(replies, sms_phrases).messages[0].text


def test_prices_carry_their_variants_and_year(sms_phrases: Phrases) -> None:
    amounts = tuple(Amount(Decimal(n), "2026-03", label) for n, label in ((1795, "3 años"), (2440, "6 años")))
    text = first(sms_phrases, ShowProcedure(card(cost=Cost(amounts=amounts)), ("cost",)))
    assert text == "Tramite de prueba\nCosto 2026: $1,795 (3 años), $2,440 (6 años)\nFuente: informador.mx, 3 mar 2026."


@pytest.mark.parametrize(
    ("cost", "expected"),
    [
        (Cost(), "No tenemos el costo."),
        (Cost(free=True), "Costo: Gratis"),
        (Cost(free=True, as_of="2026-01"), "Costo 2026: Gratis"),
        (Cost(free=False), "Se paga; no tenemos cuanto."),
        (Cost(amounts=(Amount(Decimal("98.5"), "2025"),)), "Costo 2025: $98.50"),
        (Cost(amounts=(Amount(Decimal("98"), None),)), "Costo: $98"),
        (Cost(amounts=(Amount(Decimal("39"), "2024", currency="USD"),)), "Costo 2024: 39 dolares"),
        (Cost(amounts=(Amount(Decimal("10"), "2024", up_to=Decimal("20")),)), "Costo 2024: $10 a $20"),
        (
            Cost(amounts=(Amount(Decimal(10), "2024", "A"), Amount(Decimal(20), "2026-01", "B"))),
            "Costo 2024-2026: $10 (A, 2024), $20 (B, 2026)",
        ),
        (Cost(free=True, amounts=(Amount(Decimal(9), "2026", "copia"),)), "Costo 2026: gratis, $9 (copia)"),
        (Cost(amounts=(Amount(Decimal(0), "2026", "niños"), Amount(Decimal(9), "2026"))), "gratis (niños), $9"),
    ],
)
def test_costs(cost: Cost, expected: str, sms_phrases: Phrases) -> None:
    assert expected in first(sms_phrases, ShowProcedure(card(cost=cost), ("cost",)))


def test_a_price_by_state_is_a_range_until_the_state_is_known(sms_phrases: Phrases) -> None:
    states = {"Jalisco": 98, "Colima": 102, "Sonora": 104, "Yucatán": 229}
    whole = card(cost=Cost(amounts=tuple(Amount(Decimal(n), "2026-01", state=s) for s, n in states.items())))
    unknown = render((ShowProcedure(whole, ("cost",)),), sms_phrases)
    assert "Costo 2026: depende del estado, de $98 a $229" in unknown.messages[0].text
    assert "Colima" not in unknown.messages[0].text
    assert "Colima $102" in unknown.more[0].text
    known = narrow(whole, {}, "Colima")
    assert "Costo 2026: $102 (Colima)" in first(sms_phrases, ShowProcedure(known, ("cost",), "Colima"))
    lacking = first(sms_phrases, ShowProcedure(whole, ("cost",), "Oaxaca"))
    assert "no tenemos el de Oaxaca; en otros estados, de $98 a $229" in lacking


def test_requirements_say_original_copies_and_case(sms_phrases: Phrases) -> None:
    requirements = (
        Requirement("Acta", "acta", original=True, copies=2),
        Requirement("INE", "INE", original=True),
        Requirement("CURP", "CURP", copies=1),
        Requirement("Poder", "poder", original=True, when={"applicant": ("other",)}),
        Requirement("Foto", "foto", optional=True),
        Requirement("Pago", "pago"),
    )
    conditions = {"applicant": {"other": "si va otra persona", "self": "si va usted"}}
    text = first(sms_phrases, ShowProcedure(card(requirements=requirements), ("overview",), None, conditions))
    assert text.splitlines()[1:7] == [
        "Piden: pago",
        "Copia de: CURP",
        "Original de: INE",
        "Original y 2 copias de: acta",
        "Si va otra persona: poder (original)",
        "Si lo tiene: foto",
    ]
    settled = first(sms_phrases, ShowProcedure(card(requirements=requirements[3:4]), ("overview",), None, {}))
    assert "Piden original de: poder" in settled


def test_a_condition_is_never_dropped_for_room(sms_phrases: Phrases) -> None:
    requirements = tuple(
        Requirement(f"documento numero {n} " + "x" * 40, f"documento numero {n} " + "x" * 25, when={"c": ("v",)})
        for n in range(9)
    )
    conditions = {"c": {"v": "si es menor de edad"}}
    rendered = render((ShowProcedure(card(requirements=requirements), ("overview",), None, conditions),), sms_phrases)
    line = next(line for line in rendered.messages[0].text.splitlines() if "documento" in line)
    assert line.count("menor de edad") >= 1
    assert re.search(r"\+\d mas$", line) or line.startswith("Si es menor de edad:")


def test_unknown_facts_are_said_to_be_unknown(sms_phrases: Phrases) -> None:
    text = first(sms_phrases, ShowProcedure(card(), ("overview", "hours", "duration", "who", "output", "deadline")))
    assert text.count("No tenemos") >= 7


def test_an_undated_source_says_so(sms_phrases: Phrases) -> None:
    undated = card(source=Source("Página", "https://m.sre.gob.mx/x"), to_verify=("algo",))
    assert "Fuente: sre.gob.mx, sin fecha. Confirme antes de ir." in first(sms_phrases, ShowProcedure(undated))


def test_a_verified_card_names_who_verified_it(sms_phrases: Phrases) -> None:
    verified = card(verified=True, to_verify=("algo",))
    text = first(sms_phrases, ShowProcedure(verified))
    assert "Revisado por SP." in text
    assert "Confirme" not in text


def test_places_that_are_not_shown_are_counted_and_follow(sms_phrases: Phrases) -> None:
    offices = [ServiceChannel("in_person", f"Oficina {n} {'x' * 40}", f"oficina {n} " + "y" * 28) for n in range(7)]
    line = ServiceChannel("phone", "Línea", "línea", phone="55 1234 5678")
    rendered = render((ShowProcedure(card(channels=(*offices, line))),), sms_phrases)
    check_pages(rendered)
    assert re.search(r"Donde: .*\+\d mas", rendered.messages[0].text)
    assert "- Linea: 55 1234 5678" in "\n".join(pages(rendered))


def test_options_stand_one_a_line_with_their_numbers(sms_phrases: Phrases) -> None:
    options = (Option("a", "Acta"), Option("b", phrase="option_human"), Option("c", "Tonalá", description="Jalisco"))
    assert (
        first(sms_phrases, Ask("menu", options))
        == "¿Con qué le ayudo?\n1) Acta\n2) Hablar con una persona\n3) Tonala: Jalisco"
    )


def test_only_the_open_options_have_numbers(sms_phrases: Phrases) -> None:
    text = first(sms_phrases, Ask("which_procedure", (Option("a", "Acta"),)), Ask("menu", (Option("b", "Tema"),)))
    assert "- Acta" in text
    assert "1) Tema" in text


def test_more_than_a_page_of_options_keeps_its_numbers(sms_phrases: Phrases) -> None:
    options = tuple(Option(str(n), f"Opcion larga numero {n} " + "z" * 25) for n in range(1, 15))
    rendered = render((Ask("menu", options), Say("privacy_first")), sms_phrases)
    check_pages(rendered)
    text = "\n".join(pages(rendered))
    assert all(f"{n}) Opcion larga numero {n} " in text for n in range(1, 15))
    assert "AVISO" in rendered.messages[0].text


def test_a_question_after_an_answer_is_on_the_first_page_with_the_privacy_sentence(
    cards: CardSet, procedures: dict[str, Procedure], sms_phrases: Phrases
) -> None:
    hidden = []
    for each in procedures.values():
        question = Ask("ask_state_for_cost", (), {"procedure": each.short})
        shown = ShowProcedure(each, ("overview",), None, words(each, cards))
        rendered = render((shown, question, Say("privacy_first")), sms_phrases)
        check_pages(rendered)
        text = rendered.messages[0].text
        assert "AVISO" in text, each.id
        if "¿En qué estado es?" not in text:
            hidden.append(each)
    # Where the question is really asked (prices by state only), it is always seen.
    assert [each.id for each in hidden if any(amount.state for amount in each.cost.amounts)] == []
    assert len(hidden) <= len(procedures) // 20, [each.id for each in hidden]


def test_a_life_event_says_how_to_pick_a_step(sms_phrases: Phrases) -> None:
    event = LifeEvent(
        "x", "X", "X", "Lo sentimos.", (), (LifeEventStep("Avise", ("p",), "Hoy."), LifeEventStep("Pague", ("q",)))
    )
    reply = ShowLifeEvent(event, (Option("step:x:0", "Avise"), Option("step:x:1", "Pague")))
    assert first(sms_phrases, reply) == (
        "Lo sentimos.\n1) Avise. Hoy.\n2) Pague\nResponda un numero para ver qué necesita."
    )


def test_a_handoff_alone_has_no_words_of_its_own(sms_phrases: Phrases) -> None:
    assert render((Handoff("asked"),), sms_phrases) == Rendered(())


def test_short_phrases_stay_short(sms_phrases: Phrases) -> None:
    assert len(sms_phrases("privacy_first")) <= 100
    notice = Say("privacy_notice", {"institution": "Gobierno del Estado de Hidalgo"})
    assert not render((notice,), sms_phrases).more
    assert not render((Say("help"),), sms_phrases).more


texts = st.text(alphabet="abcdefg áéíñÑ¿{}[]€0123456789$.,()😀\n-", max_size=400)


@given(texts, texts, st.lists(texts, max_size=12))
@settings(max_examples=60, deadline=None)
def test_any_words_of_a_card_fit_into_pages(sms_phrases: Phrases, name: str, text: str, shorts: list[str]) -> None:
    shown = card(
        short="x" + name,
        notes=(text,),
        requirements=tuple(Requirement("y" + each, "z" + each) for each in shorts),
        channels=(ServiceChannel("web", "w" + text, "v" + text, hours=text or None),),
    )
    event = LifeEvent("e", "E", "E", "u" + text, (), tuple(LifeEventStep("t" + each, ("p",), text) for each in shorts))
    options = tuple(Option(str(n), each) for n, each in enumerate(shorts))
    for reply in (ShowProcedure(shown), ShowLifeEvent(event, options), Ask("menu", options)):
        for page in pages(render((reply,), sms_phrases)):
            counted = count(page)
            assert counted.encoding == "GSM-7"
            assert counted.segments <= 2
            assert page.strip()
