import time
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from bot.store import Store, open_engine, upgrade
from bot.store import database as database_module
from bot.store.tables import metadata
from tests.builders import leased, turn
from tests.people import SECRET
from tests.processes import in_processes, upgrade_database


@pytest.fixture
def empty(databases):
    return databases.make(migrated=False)


def revision(engine):
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head():
    return ScriptDirectory(str(Path(database_module.__file__).parent / "migrations")).get_current_head()


def test_migrations_make_exactly_the_tables(database):
    with database.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_an_empty_database_comes_up_to_date_and_works(empty):
    engine = open_engine(empty)
    assert revision(engine) is None
    upgrade(engine)
    assert revision(engine) == head()
    store = Store(engine, SECRET)
    turn(store, "hola")
    assert leased(store).text == "hola"
    engine.dispose()


def test_upgrading_again_changes_nothing(database, store):
    turn(store, "hola")
    upgrade(database)
    assert revision(database) == head()
    assert leased(store).text == "hola"


def test_four_processes_upgrade_an_empty_database_at_once(empty):
    assert in_processes(4, upgrade_database, empty) == ["done"] * 4
    engine = open_engine(empty)
    assert revision(engine) == head()
    turn(Store(engine, SECRET), "hola")
    engine.dispose()


def test_every_older_revision_comes_up_to_date(databases):
    from alembic import command
    from alembic.config import Config

    folder = Path(database_module.__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    for script in ScriptDirectory(str(folder)).walk_revisions():
        url = databases.make(migrated=False)
        engine = open_engine(url)
        with engine.begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, script.down_revision or "base")
        upgrade(engine)
        assert revision(engine) == head()
        engine.dispose()


def test_every_migration_can_be_undone(database):
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(database_module.__file__).parent / "migrations"))
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    assert revision(database) is None
    upgrade(database)
    assert revision(database) == head()


def test_a_failed_upgrade_leaves_nothing_half_done(empty, monkeypatch):
    engine = open_engine(empty)

    real = database_module.command.upgrade

    def half(config, target):
        real(config, target)
        raise ConnectionError

    monkeypatch.setattr(database_module.command, "upgrade", half)
    with pytest.raises(ConnectionError):
        upgrade(engine)
    monkeypatch.undo()
    assert revision(engine) is None
    upgrade(engine)
    assert revision(engine) == head()
    engine.dispose()


def test_any_spelling_of_a_postgresql_address_uses_the_same_driver(postgres):
    url = postgres.url("postgres")
    for scheme in ("postgresql", "postgres", "postgresql+psycopg", "postgresql+psycopg2"):
        engine = open_engine(url.replace("postgresql", scheme, 1))
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 1")).scalar_one() == 1
        assert engine.driver == "psycopg"
        engine.dispose()


def test_the_folder_of_a_sqlite_file_is_made(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path}/a/b/c.sqlite")
    upgrade(engine)
    assert (tmp_path / "a/b/c.sqlite").is_file()
    engine.dispose()


def test_sqlite_keeps_what_it_acknowledged(sqlite_url):
    engine = open_engine(sqlite_url)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


def test_a_database_that_is_not_there_fails_soon(tmp_path):
    engine = open_engine(f"postgresql://nobody@/nothing?host={tmp_path}")
    began = time.monotonic()
    with pytest.raises(Exception, match="No such file"):
        Store(engine, SECRET).ping()
    assert time.monotonic() - began < 3
    engine.dispose()
