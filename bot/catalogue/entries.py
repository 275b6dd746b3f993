"""The phrases by which a card is found: what every search indexes. Standard library only."""

from __future__ import annotations

from bot.catalogue.places import fold
from bot.core.procedures import LifeEvent, Procedure


def procedure_entries(card: Procedure) -> list[tuple[str, str, str]]:
    """Return (id, field, folded text) for each phrase that finds a procedure."""
    entries = [("name", card.name), ("alias", card.short)]
    entries += [("alias", alias) for alias in card.aliases]
    entries += [("question", question) for question in card.questions]
    entries.append(("text", " ".join((card.summary, card.who or "", card.output or ""))))
    return [(card.id, field, fold(text)) for field, text in entries]


def life_event_entries(card: LifeEvent) -> list[tuple[str, str, str]]:
    """Return (id, field, folded text) for each phrase that finds a life event."""
    entries = [("name", card.name), ("alias", card.short)]
    entries += [("alias", alias) for alias in card.aliases]
    entries += [("question", question) for question in card.questions]
    return [(card.id, field, fold(text)) for field, text in entries]


LONGEST = 600
"""Characters of a message that are understood, by every reader the same: a minute of speech, four SMS."""


def sane(text: str) -> str:
    """Return a text cut to :data:`LONGEST`: its beginning and its end, because the need often comes last."""
    if len(text) <= LONGEST:
        return text
    return f"{text[: LONGEST // 2]} {text[-(LONGEST // 2 - 1) :]}"
