"""Which conversation of another program a handoff is there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from bot.store.desk_events import Sink
from bot.store.tables import desk_links


@dataclass(frozen=True)
class Link:
    """A handoff in another program: ``contact`` and ``conversation`` are that program's ids."""

    handoff_id: int
    contact: str
    conversation: str
    created_at: datetime


class DeskLinks:
    """The ids of one program."""

    def __init__(self, engine: Engine, sink: Sink) -> None:
        """``sink``: which program."""
        self._engine = engine
        self._sink = sink

    def of(self, handoff: int) -> Link | None:
        """Return a handoff's ids there."""
        return self._one(desk_links.c.handoff_id == handoff)

    def by_conversation(self, conversation: str) -> Link | None:
        """Return the newest handoff that is this conversation there."""
        return self._one(desk_links.c.conversation == conversation)

    def keep(self, handoff: int, contact: str, conversation: str, now: datetime) -> Link:
        """Keep a handoff's ids there, and return those that are kept: the first ones stay."""
        try:
            with self._engine.begin() as db:
                db.execute(
                    desk_links.insert().values(
                        sink=self._sink, handoff_id=handoff, contact=contact, conversation=conversation, created_at=now
                    )
                )
        except IntegrityError:
            found = self.of(handoff)
            if found is None:
                raise
            return found
        return Link(handoff, contact, conversation, now)

    def _one(self, condition: object) -> Link | None:
        columns = [desk_links.c[name] for name in Link.__dataclass_fields__]
        found = (
            select(*columns)
            .where(desk_links.c.sink == self._sink, condition)  # type: ignore[arg-type]
            .order_by(desk_links.c.handoff_id.desc())
            .limit(1)
        )
        with self._engine.connect() as db:
            row = db.execute(found).first()
        return Link(**row._mapping) if row else None
