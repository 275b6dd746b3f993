"""What plans rely on: a step of a life event is known by its first procedure."""

from __future__ import annotations

from pathlib import Path

from bot.catalogue.check import load_cards

ROOT = Path(__file__).resolve().parents[3]


def test_no_two_steps_of_a_life_event_begin_with_the_same_procedure() -> None:
    cards, errors = load_cards(ROOT / "data")
    assert errors == []
    assert len(cards.life_events) == 17
    for loaded in cards.life_events:
        event = loaded.card
        firsts = [step.procedures[0] for step in event.steps]
        assert len(set(firsts)) == len(firsts), event.id
