"""Which of the carrier's ids the contents of WhatsApp have: one table, read by every worker."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from bot.store.clock import utc_now
from bot.store.tables import contents


class ContentStore:
    """The contents of one account. What was found is kept in memory too: an id never changes, it is only dropped."""

    def __init__(self, engine: Engine, account_sid: str) -> None:
        """``account_sid``: a database that served the twin knows nothing of Twilio's account, and the reverse."""
        self._engine = engine
        self._account = account_sid
        self._known: dict[str, str] = {}
        self._insert: Any = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert

    def find(self, name: str) -> str | None:
        """Return the id of the content of this name; None when nobody made it."""
        if name not in self._known:
            with self._engine.connect() as db:
                sid = db.execute(select(contents.c.sid).where(*self._named(name))).scalar()
            if sid is None:
                return None
            self._known[name] = sid
        return self._known[name]

    def keep(self, name: str, sid: str) -> None:
        """Note a content; the first one noted stays."""
        row = {"account_sid": self._account, "name": name, "sid": sid, "created_at": utc_now()}
        with self._engine.begin() as db:
            db.execute(self._insert(contents).values(row).on_conflict_do_nothing())

    def forget(self, name: str) -> None:
        """Drop a content that the carrier does not have any more."""
        self._known.pop(name, None)
        with self._engine.begin() as db:
            db.execute(delete(contents).where(*self._named(name)))

    def all(self) -> dict[str, str]:
        """Return every content's id by its name, as the database has them now."""
        with self._engine.connect() as db:
            rows = db.execute(select(contents.c.name, contents.c.sid).where(contents.c.account_sid == self._account))
            return {row.name: row.sid for row in rows}

    def _named(self, name: str) -> tuple[Any, ...]:
        return contents.c.account_sid == self._account, contents.c.name == name
