"""Read the built catalogue: one SQLite file, opened read-only, standard library alone (both environments)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

from bot.core.codec import from_payload
from bot.core.procedures import Condition, Family, LifeEvent, Procedure

T = TypeVar("T")
FORMAT = 2
"""Version of the file's layout; a reader refuses another."""


# Cards decoded at a time: all of a national catalogue's, a part of a very big one's (a card takes some 20 KB).
_KEPT = 8192
# The topic that a card belongs to: its family, or itself (build.py has an index on it).
TOPIC = "coalesce(json_extract(payload, '$.family'), id)"


class CatalogueError(RuntimeError):
    """The catalogue is missing or was built by another version: ``ventanilla catalogue build`` makes it."""


class Cards(Mapping[str, T], Generic[T]):
    """The cards of one kind by id, in the order of their ids; each is read when it is first asked for."""

    def __init__(self, db: sqlite3.Connection, kind: str, cls: type[T]) -> None:
        """``db``: the open catalogue; ``cls``: what a payload of ``kind`` is."""
        self._db = db
        self._kind = kind

        @lru_cache(maxsize=_KEPT)
        def decode(payload: str) -> T:
            return cast(T, from_payload(cls, json.loads(payload)))

        self._decode = decode

    def __getitem__(self, id_: str) -> T:
        try:
            row = self._db.execute("SELECT payload FROM card WHERE kind = ? AND id = ?", (self._kind, id_)).fetchone()
        except UnicodeEncodeError:  # half of a surrogate pair: SQLite takes UTF-8 only, so no card has such an id
            row = None
        if row is None:
            raise KeyError(id_)
        return self._decode(row[0])

    def __iter__(self) -> Iterator[str]:
        return (id_ for (id_,) in self._db.execute("SELECT id FROM card WHERE kind = ? ORDER BY id", (self._kind,)))

    def __len__(self) -> int:
        return cast(int, self._db.execute("SELECT count(*) FROM card WHERE kind = ?", (self._kind,)).fetchone()[0])

    def of_topic(self, topic: str) -> tuple[T, ...]:
        """Return the cards of a family, or the one card that is a topic by itself, by id."""
        sql = f"SELECT payload FROM card WHERE kind = ? AND {TOPIC} = ? ORDER BY id"  # noqa: S608 (a constant)
        return tuple(self._decode(payload) for (payload,) in self._db.execute(sql, (self._kind, topic)))


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

    @cached_property
    def procedures(self) -> Cards[Procedure]:
        """All procedures by id."""
        return Cards(self._db, "procedure", Procedure)

    @cached_property
    def life_events(self) -> Cards[LifeEvent]:
        """All life events by id."""
        return Cards(self._db, "life_event", LifeEvent)

    @cached_property
    def conditions(self) -> Cards[Condition]:
        """All conditions by id."""
        return Cards(self._db, "condition", Condition)

    @cached_property
    def families(self) -> Cards[Family]:
        """All families by id."""
        return Cards(self._db, "family", Family)

    def family_members(self, family: str) -> tuple[Procedure, ...]:
        """Return the procedures of a family, by id."""
        return tuple(card for card in self.procedures.of_topic(family) if card.family == family)

    def members(self, topic: str, state: str | None, limit: int) -> list[str]:
        """Return the ids of at most ``limit`` procedures of a topic: a state's and the general ones come first."""
        where = "json_extract(payload, '$.jurisdiction.state')"
        sql = (
            f"SELECT id FROM card WHERE kind = 'procedure' AND {TOPIC} = ? "  # noqa: S608 (constants)
            f"ORDER BY {where} IS NOT NULL AND {where} IS NOT ?, id LIMIT ?"
        )
        return [id_ for (id_,) in self.query(sql, (topic, state, limit))]

    def condition_words(self, procedure: Procedure) -> dict[str, dict[str, str]]:
        """Return the words that say each value of each condition a card uses (``ShowProcedure.conditions``)."""
        used = {c for r in procedure.requirements for c in r.when} | {c for a in procedure.cost.amounts for c in a.when}
        return {c: {v.id: v.if_text for v in self.conditions[c].values} for c in sorted(used)}

    def query(self, sql: str, parameters: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Run a read-only query (the search's own tables)."""
        return self._db.execute(sql, parameters).fetchall()
