"""Read the built catalogue: one SQLite file, opened read-only, standard library alone (both environments)."""

from __future__ import annotations

import json
import sqlite3
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, cast

from bot.core.codec import from_payload
from bot.core.procedures import Condition, Family, LifeEvent, Procedure

T = TypeVar("T")
FORMAT = 1
"""Version of the file's layout; a reader refuses another."""


class CatalogueError(RuntimeError):
    """The catalogue is missing or was built by another version: ``ventanilla catalogue build`` makes it."""


class Catalogue:
    """All cards, by id. A catalogue never changes while it is open; a new build is a new file moved into place."""

    def __init__(self, path: Path) -> None:
        """Open the file.

        Raises:
            CatalogueError: there is no catalogue, or it is of another format.
        """
        if not path.is_file():
            raise CatalogueError(f"no catalogue at {path}: run `ventanilla catalogue build`")
        self.path = path
        self._db = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        try:
            found = self._db.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
        except sqlite3.DatabaseError as error:
            raise CatalogueError(f"{path} is not a catalogue: {error}") from None
        if found is None or int(found[0]) != FORMAT:
            raise CatalogueError(f"{path} has another format: run `ventanilla catalogue build`")

    @property
    def revision(self) -> str:
        """Return the digest of the cards that the file was built from."""
        return cast(str, self._db.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()[0])

    def _all(self, kind: str, cls: type[T]) -> dict[str, T]:
        rows = self._db.execute("SELECT id, payload FROM card WHERE kind = ? ORDER BY id", (kind,))
        return {id_: cast(T, from_payload(cls, json.loads(payload))) for id_, payload in rows}

    @cached_property
    def procedures(self) -> dict[str, Procedure]:
        """All procedures by id."""
        return self._all("procedure", Procedure)

    @cached_property
    def life_events(self) -> dict[str, LifeEvent]:
        """All life events by id."""
        return self._all("life_event", LifeEvent)

    @cached_property
    def conditions(self) -> dict[str, Condition]:
        """All conditions by id."""
        return self._all("condition", Condition)

    @cached_property
    def families(self) -> dict[str, Family]:
        """All families by id."""
        return self._all("family", Family)

    def family_members(self, family: str) -> tuple[Procedure, ...]:
        """Return the procedures of a family, by id."""
        return tuple(p for p in self.procedures.values() if p.family == family)

    def condition_words(self, procedure: Procedure) -> dict[str, dict[str, str]]:
        """Return the words that say each value of each condition a card uses (``ShowProcedure.conditions``)."""
        used = {c for r in procedure.requirements for c in r.when} | {c for a in procedure.cost.amounts for c in a.when}
        return {c: {v.id: v.if_text for v in self.conditions[c].values} for c in sorted(used)}

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a read-only query (the search's own tables)."""
        return self._db.execute(sql, parameters).fetchall()
