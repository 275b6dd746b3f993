"""Options on a keypad: five a page on keys 1 to 5, and 6 for the others. 0, 7, 8, 9, * and # are never options."""

from __future__ import annotations

from collections.abc import Sequence

from bot.core.choices import OpenOption

PAGE = 5
OTHERS = "6"
"""The key for the next page."""


def pages(options: Sequence[OpenOption]) -> int:
    """Return how many pages the options take; six stand on two, for the sixth key means the others."""
    return max(1, -(-len(options) // PAGE))


def page(options: Sequence[OpenOption], number: int) -> tuple[OpenOption, ...]:
    """Return the options of a page, counted from 0; past the end it begins again."""
    start = (number % pages(options)) * PAGE
    return tuple(options[start : start + PAGE])


def by_key(options: Sequence[OpenOption], number: int, key: str) -> OpenOption | None:
    """Return the option that a key picks on a page, or None."""
    shown = page(options, number)
    index = int(key) - 1 if len(key) == 1 and key in "123456789" else -1
    return shown[index] if 0 <= index < len(shown) else None
