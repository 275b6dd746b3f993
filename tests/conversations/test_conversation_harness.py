"""The harness itself: what it refuses to read, and what it finds wrong."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bot.core.procedures import Amount
from tests.conversations.expect import options_of, problems, says
from tests.conversations.facts import Facts, NoSuchFact
from tests.conversations.performance import Performance, perform
from tests.conversations.players import PLAYERS
from tests.conversations.script import Citizen, Expected, ScriptError, read


def wrong(expected: Expected, *said: str, facts: Facts | None = None) -> list[str]:
    return list(problems("sms", said, expected, facts or Facts.__new__(Facts)))


def test_a_number_is_found_only_whole():
    assert says("Costo 2026: $98 (Jalisco)", "$98")
    assert not any(says(text, "$98") for text in ("$980", "$98.50", "$98,000"))
    assert not says("1800 911 2000", "800 911 2000")
    assert says("Llame al 911.", "911")


def test_accents_and_capitals_do_not_count():
    assert says("¿Qué tramite\nnecesita?", "QUÉ TRÁMITE necesita")


def test_options_are_the_numbered_lines():
    assert options_of("Elija:\n1) Chiapas\n10) Otro lugar\nPaso 1: nada") == ["Chiapas", "Otro lugar"]


@pytest.mark.parametrize(
    ("expected", "said", "what"),
    [
        (Expected(has=("Costo",)), ["Hola"], "lacks «Costo»"),
        (Expected(any=("uno", "dos")), ["tres"], "has none of «uno», «dos»"),
        (Expected(never=("hola",)), ["Hola"], "has «hola»"),
        (Expected(options=2), ["1) uno"], "offers 1 options, not 2"),
        (Expected(options=("uno", "dos")), ["1) dos\n2) uno"], "offers ['dos', 'uno'], not ['uno', 'dos']"),
        (Expected(silent=True), ["Hola"], "answers, where silence was asked for"),
        (Expected(), [], "does not answer"),
        (Expected(), ["uno", "dos"], "sends 2 messages, not 1"),
        (Expected(), ["Vale {amount}"], "lets slip «{»"),
        (Expected(), ["Cuesta None"], "lets slip «None»"),
        (Expected(), ["Elija step:salud:1"], "lets slip «step:s»"),
        (Expected(), ["Diga which_procedure"], "lets slip «which_procedure»"),
        (Expected(), ["¿Qué necesitas?"], "says «necesitas», as to a friend"),
        (Expected(), ["Tenemos una falla y no"], "answers without the engine"),
        (Expected(), ["Aquí"], "leaves the SMS alphabet with ['í']"),
        (Expected(), ["a" * 307], "takes 3 segments, not 2"),
        (Expected(segments=1), ["a" * 161], "takes 2 segments, not 1"),
    ],
)
def test_what_is_wrong_with_a_turn_is_said(expected: Expected, said: list[str], what: str):
    assert what in wrong(expected, *said)


@pytest.mark.parametrize(
    "said", ["Donde: www.gob.mx/acta_nacimiento", "Escriba a orientacion_a@x.gob.mx", "México te abraza"]
)
def test_what_is_right_is_left_alone(said: str):
    assert [each for each in wrong(Expected(), said) if "alphabet" not in each] == []


class Cards:
    """A procedure and an event, as a catalogue gives them."""

    def __init__(self) -> None:
        amount = Amount(Decimal(98), "2026-01", state="Jalisco")
        source = {"url": "https://www.a.mx/b", "date": "2026-03-03"}
        self.procedures = {"acta": {"cost": {"amounts": (amount,)}, "who": None}}
        self.life_events = {"boda": {"opening": "Felicidades.", "source": source}}


def test_a_fact_is_shown_as_answers_show_it():
    facts = Facts(Cards())  # type: ignore[arg-type]
    assert facts.text("acta.cost.amounts[state=Jalisco].amount") == "$98"
    assert facts.text("acta.cost.amounts.0.as_of") == "2026"
    assert facts.text("boda.opening") == "Felicidades."
    assert facts.text("boda.source.url") == "a.mx"
    assert facts.text("boda.source.date") == "mar 2026"


@pytest.mark.parametrize("reference", ["nada.cost", "acta.nada", "acta.who", "acta.cost", "acta.cost.amounts.7.amount"])
def test_a_fact_that_is_on_no_card_is_named(reference: str):
    facts = Facts(Cards())  # type: ignore[arg-type]
    with pytest.raises(NoSuchFact, match=reference):
        facts.text(reference)
    assert wrong(Expected(facts=(reference,)), "Hola", facts=facts) == [f"{reference}: is on no card"]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("nada", "a.yml:1: holds no list"),
        ("- name: uno", "a.yml:1: talk: is missing"),
        ("- name: uno\n  talk:\n    - citizen: 5\n      bot: {has: a}", "a.yml:3: citizen: 5 is no text; put it in"),
        ("- name: uno\n  talk:\n    - citizen: a\n      bot: {hass: a}", "a.yml:3: hass: is not one of"),
        ("- name: uno\n  talk:\n    - citizen: a\n      bot: {}", "a.yml:3: bot: says nothing"),
        ("- name: uno\n  talk:\n    - citizen: a\n      bot: {silent: true, has: b}", "a.yml:3: silent: nothing else"),
        ("- name: uno\n  talk:\n    - citizen: a\n      bot: {segments: two}", "a.yml:3: segments: is no number"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, what: str):
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptError, match=what):
        read(path)


def test_no_is_a_word(tmp_path: Path):
    path = tmp_path / "a.yml"
    path.write_text("- name: uno\n  talk:\n    - citizen: no\n      bot: {has: yes}", encoding="utf-8")
    turn = read(path)[0].turns[0]
    assert (turn.citizen, turn.bot.has) == (Citizen("no"), ("yes",))


class Parrot:
    """Answers with what was sent, and the third MAS with the end."""

    def __init__(self, *_: str) -> None:
        self._sent = 0

    def send(self, citizen: Citizen, silent: bool = False) -> tuple[str, ...]:
        self._sent += 1
        return () if silent else ("Es todo." if self._sent == 4 else citizen.text,)

    def close(self) -> None:
        pass


def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> str:
    path = tmp_path / "a.yml"
    path.write_text(text, encoding="utf-8")
    monkeypatch.setitem(PLAYERS, "sms", Parrot)
    return perform(Performance(read(path)[0], "sms"), "", "", Facts(Cards()))  # type: ignore[arg-type]


TALK = """
- name: uno
  talk:
    - citizen: hola
      bot: {has: hola}
    - citizen: MAS
      up_to: 5
      bot: {has: "Es todo"}
    - citizen: adios
      bot: {has: luego}
"""


def test_a_conversation_is_played_to_the_first_turn_that_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    report = played(tmp_path, monkeypatch, TALK)
    assert "a.yml:9: «uno» goes wrong" in report
    assert "lacks «luego»" in report
    assert report.count("citizen: MAS") == 3
    assert "citizen: hola" in report


def test_a_conversation_that_is_right_has_nothing_to_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert played(tmp_path, monkeypatch, TALK.replace("luego", "adios")) == ""


def test_what_never_comes_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    assert "lacks «Es todo»" in played(tmp_path, monkeypatch, TALK.replace("up_to: 5", "up_to: 2"))
