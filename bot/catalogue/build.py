"""Build the catalogue: every card as JSON, and an index of terms, in one SQLite file that is moved into place whole."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bot.catalogue import postings
from bot.catalogue.check import CardSet
from bot.catalogue.entries import life_event_entries, procedure_entries
from bot.catalogue.reader import FORMAT, TOPIC
from bot.catalogue.schema import Loaded
from bot.core.codec import to_payload
from bot.core.procedures import Procedure

_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE card (kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (kind, id));
CREATE INDEX card_topic ON card (kind, {TOPIC}, id);
{postings.SCHEMA}
"""


def build(cards: CardSet, path: Path) -> str:
    """Write the catalogue to ``path`` and return its revision. The same cards give the same revision."""
    groups: dict[str, tuple[Loaded[Any], ...]] = {
        "procedure": cards.procedures,
        "life_event": cards.life_events,
        "condition": cards.conditions,
        "family": cards.families,
    }
    rows = [
        (kind, loaded.card.id, json.dumps(to_payload(loaded.card), ensure_ascii=False, sort_keys=True))
        for kind, group in groups.items()
        for loaded in sorted(group, key=lambda each: str(each.card.id))
    ]
    revision = hashlib.sha256(json.dumps([FORMAT, rows]).encode()).hexdigest()[:16]
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    db = sqlite3.connect(draft)
    try:
        # Nobody reads the draft, and a build that is cut short is made again: no journal, one sync at the end.
        db.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        db.executemany("INSERT INTO meta VALUES (?, ?)", [("format", str(FORMAT)), ("revision", revision)])
        db.executemany("INSERT INTO card VALUES (?, ?, ?)", rows)
        postings.write(db, _topics(cards))
        db.commit()
    finally:
        db.close()
    with draft.open("rb+") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    return revision


def _topics(cards: CardSet) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each topic with the phrases of its cards."""
    groups: dict[str, list[Procedure]] = defaultdict(list)
    for loaded in cards.procedures:
        groups[loaded.card.family or loaded.card.id].append(loaded.card)
    for topic in sorted(groups):
        phrases = (procedure_entries(card) for card in sorted(groups[topic], key=lambda card: card.id))
        yield topic, [(field, text) for group in phrases for _, field, text in group]
    for event in sorted(cards.life_events, key=lambda each: each.card.id):
        yield f"event:{event.card.id}", [(field, text) for _, field, text in life_event_entries(event.card)]
