"""Build the catalogue: every card as JSON, and a full-text index, in one SQLite file that is moved into place whole."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from pathlib import Path

from bot.catalogue.check import CardSet
from bot.catalogue.entries import life_event_entries, procedure_entries
from bot.catalogue.reader import FORMAT
from bot.core.codec import to_payload

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE card (kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE VIRTUAL TABLE entry USING fts5 (
    kind UNINDEXED, id UNINDEXED, field UNINDEXED, text, tokenize = "unicode61 remove_diacritics 2", prefix = '3 4'
);
"""


def build(cards: CardSet, path: Path) -> str:
    """Write the catalogue to ``path`` and return its revision. The same cards give the same revision.

    An entry is one phrase by which a card is found: its name, an alias, an example question, or its text.
    """
    rows = [
        (kind, loaded.card.id, json.dumps(to_payload(loaded.card), ensure_ascii=False, sort_keys=True))
        for kind, group in (
            ("procedure", cards.procedures),
            ("life_event", cards.life_events),
            ("condition", cards.conditions),
            ("family", cards.families),
        )
        for loaded in group
    ]
    revision = hashlib.sha256(json.dumps([FORMAT, rows]).encode()).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with sqlite3.connect(draft) as db:
        db.executescript(_SCHEMA)
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("format", str(FORMAT)), ("revision", revision)])
        db.executemany("INSERT INTO card VALUES (?, ?, ?)", rows)
        for procedure in cards.procedures:
            db.executemany("INSERT INTO entry VALUES ('procedure', ?, ?, ?)", procedure_entries(procedure.card))
        for event in cards.life_events:
            db.executemany("INSERT INTO entry VALUES ('life_event', ?, ?, ?)", life_event_entries(event.card))
    db.close()
    draft.replace(path)
    return revision
