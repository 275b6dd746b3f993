"""What a handoff is about, as far as it decides who may see it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.core.procedures import LifeEvent, Procedure
from bot.core.turns import Understood

SENSITIVE = ("violence", "health")
"""What cards say of themselves that only some agents may see."""


def sensitive_card(
    procedure: str | None,
    life_event: str | None,
    procedures: Mapping[str, Procedure],
    life_events: Mapping[str, LifeEvent],
) -> bool:
    """Say whether one of two cards, by their ids, is about such a matter."""
    cards = (procedures.get(procedure or ""), life_events.get(life_event or ""))
    return any(card is not None and card.sensitive in SENSITIVE for card in cards)


def sensitive_talk(
    told: Iterable[Understood], procedures: Mapping[str, Procedure], life_events: Mapping[str, LifeEvent]
) -> bool:
    """Say whether anything that was understood in a conversation is: whoever takes it reads all of its thread."""
    return any(
        each.outcome == "emergency" or sensitive_card(each.procedure, each.life_event, procedures, life_events)
        for each in told
    )
