"""Where somebody probably is who has not said so: by the area code of her number, to be confirmed before it is used."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from bot.catalogue.area_codes import state_of_number
from bot.store import ConversationState
from bot.store.cipher import WrongSecret


class Numbers(Protocol):
    """Who knows the numbers (bot.store.Store)."""

    def number_of(self, conversation: str) -> str | None:
        """Return a person's number, None when it is not known."""


def with_guess(state: ConversationState, numbers: Numbers, conversation: str) -> ConversationState:
    """Return what is remembered with a guess of the state, unless the person told hers or it was guessed before.

    The number is read, and forgotten: what is kept is the state alone.
    """
    if state.context.state or state.context.guessed_state:
        return state
    try:
        number = numbers.number_of(conversation)
    except WrongSecret:  # an operator's mistake, which delivery reports: no reason to leave a question unanswered
        return state
    guess = state_of_number(number) if number else None
    return replace(state, context=replace(state.context, guessed_state=guess)) if guess else state
