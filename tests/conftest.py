"""Fixtures of the whole tree: real servers, migrated databases, and a closed network.

Loaded in both environments: at import this file needs the standard library and pytest only.
"""

from __future__ import annotations

import io
import ipaddress
import logging
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.people import SECRET
from tests.servers import NotInstalled, Postgres, Redis, redis_program, valkey_program

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.store import Store


class NetworkClosed(OSError):
    """A test tried to reach something else than this machine."""


def _is_local(host: Any) -> bool:
    if host in (None, "", b"", "localhost", b"localhost", socket.gethostname()):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.split("%")[0]).is_loopback or text in ("0.0.0.0", "::")
    except ValueError:
        return False


@pytest.fixture(autouse=True, scope="session")
def closed_network() -> Iterator[None]:
    """Let tests connect to loopback and Unix sockets only; a name is not even looked up."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    real_lookup = socket.getaddrinfo

    def guarded(name: str) -> Callable[..., Any]:
        def call(self: socket.socket, *arguments: Any) -> Any:
            address = arguments[-1]
            if self.family != socket.AF_UNIX and not _is_local(address[0]):
                raise NetworkClosed(f"tests may not reach {address[0]}")
            return real[name](self, *arguments)

        return call

    def lookup(host: Any, *arguments: Any, **options: Any) -> Any:
        if not _is_local(host):
            raise NetworkClosed(f"tests may not look up {host}")
        return real_lookup(host, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", lookup)
        yield


@pytest.fixture(autouse=True, scope="session")
def every_request_is_one_that_twilio_describes() -> Iterator[None]:
    """Fail at the end when any system of this run sent a request that breaks Twilio's OpenAPI description.

    The twin has looked at each; where npm has brought Prism, it is the second judge: some of each shape are sent again.
    """
    yield
    systems = sys.modules.get("tests.faults.system")
    if systems is None:
        return
    assert systems.BROKEN_REQUESTS == []
    from tests.contract import prism

    if systems.SENT and prism.installed():
        with prism.serving() as url:
            assert prism.replayed(url, prism.shapes(systems.SENT)) == []


def _started(make: Callable[[], Any]) -> Any:
    try:
        server = make()
    except NotInstalled as error:
        pytest.fail(str(error), pytrace=False)
    server.start()
    return server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL of Debian's package, one per test process."""
    server = _started(Postgres)
    yield server
    server.remove()


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Redis]:
    """A Redis of Debian's package, one per test process."""
    server = _started(lambda: Redis(redis_program()))
    yield server
    server.remove()


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Redis]:
    """The Valkey that is bundled with the product, one per test process."""
    server = _started(lambda: Redis(valkey_program()))
    yield server
    server.remove()


@pytest.fixture(params=["redis", "valkey"])
def any_redis(request: pytest.FixtureRequest) -> Redis:
    """Both servers that the product may meet, one after the other."""
    server: Redis = request.getfixturevalue(f"{request.param}_server")
    return server


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    """A Redis for one test, on a TCP port of its own: may be stopped, killed and started again."""
    from tests.servers import free_port

    server = _started(lambda: Redis(redis_program(), free_port()))
    yield server
    server.remove()


@pytest.fixture(scope="session")
def _migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from bot.store import open_engine, upgrade

    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite"
    engine = open_engine(f"sqlite:///{path}")
    upgrade(engine)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def _migrated_postgres(postgres: Postgres) -> str:
    from bot.store import open_engine, upgrade

    postgres.sql("CREATE DATABASE template_ventanilla")
    engine = open_engine(postgres.url("template_ventanilla"))
    upgrade(engine)
    engine.dispose()
    return "template_ventanilla"


class Databases:
    """Makes databases of one kind, empty or up to date, and reads everything in them back as text."""

    def __init__(self, kind: str, folder: Path, request: pytest.FixtureRequest) -> None:
        self.kind = kind
        self._folder = folder
        self._request = request
        self._made: list[str] = []

    def make(self, *, migrated: bool = True) -> str:
        """Return the address of a new database."""
        name = f"t{len(self._made)}_{self._folder.name.lower()}"[:60].replace("-", "_")
        self._made.append(name)
        if self.kind == "sqlite":
            path = self._folder / f"{name}.sqlite"
            if migrated:
                shutil.copy(self._request.getfixturevalue("_migrated_sqlite"), path)
            return f"sqlite:///{path}"
        server: Postgres = self._request.getfixturevalue("postgres")
        template = self._request.getfixturevalue("_migrated_postgres") if migrated else "template0"
        server.sql(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        return server.url(name)

    def dump(self, url: str) -> bytes:
        """Return all that a database holds."""
        if self.kind == "postgresql":
            server: Postgres = self._request.getfixturevalue("postgres")
            return server.dump(_name(url)).encode()
        path = Path(url.removeprefix("sqlite:///"))
        return b"".join(each.read_bytes() for each in path.parent.glob(f"{path.name}*"))

    def drop(self) -> None:
        """Remove what was made."""
        if self.kind == "postgresql":
            server: Postgres = self._request.getfixturevalue("postgres")
            for name in self._made:
                server.sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _name(url: str) -> str:
    return url.split("?")[0].rsplit("/", 1)[-1]


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Both databases that the product runs on, one after the other."""
    made = Databases(request.param, tmp_path, request)
    yield made
    made.drop()


@pytest.fixture
def database_url(databases: Databases) -> str:
    """The address of an empty, migrated database."""
    return databases.make()


@pytest.fixture
def database(database_url: str) -> Iterator[Engine]:
    """An engine on an empty, migrated database."""
    from bot.store import open_engine

    engine = open_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def store(database: Engine) -> Store:
    """A store on an empty database."""
    from bot.store import Store

    return Store(database, SECRET)


@pytest.fixture
def sqlite_url(tmp_path: Path, _migrated_sqlite: Path) -> str:
    """The address of an empty, migrated SQLite database, for tests that are not about databases."""
    path = tmp_path / "ventanilla.sqlite"
    shutil.copy(_migrated_sqlite, path)
    return f"sqlite:///{path}"


@pytest.fixture
def json_logs() -> Iterator[Callable[[], str]]:
    """Log as a process of the product does; call the value for everything that was written so far."""
    from bot.logs import configure

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    with pytest.MonkeyPatch.context() as patch:
        written = io.StringIO()
        patch.setattr(sys, "stdout", written)
        root.handlers[:] = []  # pytest's own would be closed
        configure("tests", "DEBUG")
    yield written.getvalue
    root.handlers[:] = handlers
    root.setLevel(level)
