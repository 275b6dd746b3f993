"""Open the database and bring it up to date: one code for SQLite and PostgreSQL."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, make_url

_MIGRATIONS = Path(__file__).parent / "migrations"
_READS = "ventanilla_reads"
_BUSY_SECONDS = 15.0


def open_engine(url: str, patience: float = _BUSY_SECONDS) -> Engine:
    """Return an engine for ``sqlite:///path`` or ``postgresql://…`` (psycopg 3 is used whatever the address says).

    ``patience``: seconds to wait for what another writer holds, before an error.

    Errors never carry parameters: they are texts of people, and errors are logged.
    On SQLite every transaction begins IMMEDIATE: readers that turn writers would otherwise fail at once with
    "database is locked", which no timeout cures (https://www.sqlite.org/isolation.html). What only reads says so
    (:func:`reading`) and never waits for a writer.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_pre_ping=True,
            pool_size=10,
            hide_parameters=True,
            connect_args={"connect_timeout": min(5, int(patience)), "options": _lock_timeout(patience)},
        )
    if parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": patience}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's
        cursor = connection.cursor()
        # synchronous=FULL: an acknowledged message survives a power cut (WAL's default NORMAL may lose it).
        busy = f"busy_timeout={int(patience * 1000)}"
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", busy):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get(_READS):
            connection.exec_driver_sql("BEGIN")
        else:
            _begin_writing(connection, patience)

    return engine


def _lock_timeout(patience: float) -> str:
    """Return PostgreSQL's option; none for who is patient: a migration is waited for."""
    return f"-c lock_timeout={int(patience * 1000)}" if patience < _BUSY_SECONDS else ""


def _begin_writing(connection: Connection, patience: float) -> None:
    """Take the writers' turn, asking every millisecond or so.

    SQLite's own waiting asks ever more rarely, up to ten times a second: under load a webhook would wait for longer
    than the turns of everybody before it take (https://www.sqlite.org/src/file/src/main.c, sqliteDefaultBusyCallback).
    """
    cursor = connection.connection.cursor()
    deadline = time.monotonic() + patience
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                cursor.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0.0005, 0.0015))  # noqa: S311 (a pause, not a secret)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={int(patience * 1000)}")
        cursor.close()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: on SQLite it neither waits for writers nor holds them up."""
    with engine.connect().execution_options(**{_READS: True}) as connection:
        yield connection


def upgrade(engine: Engine) -> None:
    """Apply every migration that the database lacks; safe to run at each start, also by several processes at once."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7265776)")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
