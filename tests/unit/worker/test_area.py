"""A guess of the state by the area code: kept without the number, and never over what the person said."""

from __future__ import annotations

import pytest

from bot.core.turns import TurnContext
from bot.store import ConversationState
from bot.store.cipher import WrongSecret
from bot.worker.area import with_guess


class Known:
    def __init__(self, number: str | None) -> None:
        self._number = number
        self.asked: list[str] = []

    def number_of(self, conversation: str) -> str | None:
        self.asked.append(conversation)
        return self._number


class Locked:
    def number_of(self, conversation: str) -> str | None:
        raise WrongSecret(conversation)


def state(**known: str) -> ConversationState:
    return ConversationState(context=TurnContext(**known))


@pytest.mark.parametrize(
    ("number", "guess"),
    [("+523312345678", "Jalisco"), ("+528112345678", "Nuevo León"), ("+15551234567", None), (None, None)],
)
def test_the_area_code_gives_a_guess(number: str | None, guess: str | None) -> None:
    found = with_guess(state(), Known(number), "c1")
    assert found.context == TurnContext(guessed_state=guess)
    assert "12345678" not in repr(found)


@pytest.mark.parametrize("known", [{"state": "Oaxaca"}, {"guessed_state": "Oaxaca"}])
def test_what_is_known_is_not_guessed_again(known: dict[str, str]) -> None:
    numbers = Known("+523312345678")
    before = state(**known)
    assert with_guess(before, numbers, "c1") == before
    assert numbers.asked == []


def test_a_number_that_cannot_be_read_stops_no_turn() -> None:
    assert with_guess(state(), Locked(), "c1") == state()
