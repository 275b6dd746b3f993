"""Who read and did what: rows that are only added, each sealed with the hash of the one before.

A row changed or taken out breaks the chain at that place; :meth:`Audit.verify` says where. Cutting off the end cannot
be seen from inside: an export that is kept elsewhere shows it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, select, text

from bot.store.tables import audit

_LOCK = 7265778
GENESIS = "0" * 64


@dataclass(frozen=True)
class AuditEntry:
    """One thing done. ``detail`` holds ids, keys and reasons; never a number or a message."""

    id: int
    at: datetime
    agent_id: int | None
    username: str
    action: str
    conversation_id: str | None
    detail: dict[str, Any]
    previous: str
    hash: str


class Audit:
    """The log. One writer at a time: each row needs the one before."""

    def __init__(self, engine: Engine) -> None:
        """Write and read in this database."""
        self._engine = engine

    def note(
        self,
        action: str,
        username: str,
        now: datetime,
        *,
        agent: int | None = None,
        conversation: str | None = None,
        **detail: Any,
    ) -> None:
        """Add a row in a transaction of its own."""
        with self._engine.begin() as db:
            if db.dialect.name == "postgresql":
                db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            previous = db.execute(select(audit.c.hash).order_by(audit.c.id.desc()).limit(1)).scalar() or GENESIS
            values: dict[str, Any] = {
                "at": now,
                "agent_id": agent,
                "username": username,
                "action": action,
                "conversation_id": conversation,
                "detail": json.dumps(detail, ensure_ascii=False, sort_keys=True),
                "previous": previous,
            }
            db.execute(audit.insert().values(**values, hash=_seal(**values)))

    def entries(
        self,
        *,
        before: int | None = None,
        limit: int = 100,
        conversation: str | None = None,
        username: str | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Return rows, newest first; ``before``: those with a lower id (the next page)."""
        found = select(audit).order_by(audit.c.id.desc()).limit(limit)
        if before is not None:
            found = found.where(audit.c.id < before)
        if conversation is not None:
            found = found.where(audit.c.conversation_id == conversation)
        if username is not None:
            found = found.where(audit.c.username == username)
        with self._engine.connect() as db:
            return tuple(_entry(row) for row in db.execute(found))

    def all(self) -> Iterator[AuditEntry]:
        """Yield every row, oldest first, a thousand at a time."""
        last = 0
        while True:
            with self._engine.connect() as db:
                rows = db.execute(select(audit).where(audit.c.id > last).order_by(audit.c.id).limit(1000)).all()
            if not rows:
                return
            for row in rows:
                last = row.id
                yield _entry(row)

    def verify(self) -> int | None:
        """Return the id of the first row that does not fit the chain, or None when all do."""
        previous = GENESIS
        for entry in self.all():
            sealed = _seal(
                entry.at,
                entry.agent_id,
                entry.username,
                entry.action,
                entry.conversation_id,
                json.dumps(entry.detail, ensure_ascii=False, sort_keys=True),
                entry.previous,
            )
            if entry.previous != previous or entry.hash != sealed:
                return entry.id
            previous = entry.hash
        return None


def _seal(
    at: datetime,
    agent_id: int | None,
    username: str,
    action: str,
    conversation_id: str | None,
    detail: str,
    previous: str,
) -> str:
    sealed = json.dumps(
        [previous, at.isoformat(), agent_id, username, action, conversation_id, detail], ensure_ascii=False
    )
    return hashlib.sha256(sealed.encode()).hexdigest()


def _entry(row: Any) -> AuditEntry:
    values = dict(row._mapping)
    return AuditEntry(**{**values, "detail": json.loads(values["detail"])})
