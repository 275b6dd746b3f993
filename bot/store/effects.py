"""Effects of a turn, written in its transaction: each kind registers how, in the module of its own table."""

from __future__ import annotations

from datetime import datetime
from functools import singledispatch

from sqlalchemy import Connection

from bot.core.effects import Effect


@singledispatch
def write_effect(effect: Effect, db: Connection, conversation: str, key: str, now: datetime) -> None:
    """Write one effect of a turn; ``key`` is unique to it.

    Raises:
        TypeError: nobody registered this kind: the whole turn is rolled back, and loud.
    """
    raise TypeError(f"{type(effect).__name__} cannot be written")
