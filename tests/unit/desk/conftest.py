from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import redis

from bot import languages
from bot.gateway.app import create_app
from bot.settings import ROOT, Settings
from bot.store import Store, open_engine
from bot.store.agents import Agents
from bot.store.audit import Audit
from bot.store.desk_events import DeskEvents
from bot.store.desk_tokens import DeskTokens
from bot.store.handoffs import Handoffs
from bot.worker.desk import DeskDelivery
from tests.builders import now
from tests.handoffs import PERSON, writes
from tests.people import AUTH_TOKEN, ROSA, SECRET
from tests.servers import free_port


class People:
    """Citizens who write, each message with its turn, as the worker gives it."""

    def __init__(self, store):
        self.store = store
        self.handoffs = Handoffs(store._engine)

    def writes(self, text="hola", sender=ROSA, effects=(), channel="sms"):
        return writes(self.store, text, sender, effects=effects, channel=channel)

    def asks(self, sender=ROSA, effect=PERSON, channel="sms"):
        return self.handoffs.open_of(self.writes("AGENTE", sender, (replace(effect, channel=channel),), channel))


class Heard:
    """A receiver that remembers, and refuses while ``refusal`` is set."""

    name = "webhook"
    lease_seconds = 20.0

    def __init__(self):
        self.events = []
        self.refusal = None

    def send(self, event):
        if self.refusal is not None:
            raise self.refusal
        self.events.append(event)

    def told(self):
        return [(event.type, event.data["what"]) for event in self.events]


@pytest.fixture
def people(store):
    return People(store)


@pytest.fixture
def handoffs(database):
    return Handoffs(database)


@pytest.fixture
def events(database):
    return DeskEvents(database)


@pytest.fixture
def tokens(database):
    return DeskTokens(database)


@pytest.fixture
def desk(tokens):
    """A desk with a token: its account."""
    return tokens.find(tokens.add("crm", now(), shown="Mesa"), now())


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def telling(events, heard):
    """A receiver's loop, which hears of everything from here on."""
    delivery = DeskDelivery(events, heard, sensitive=False, give_up_after=timedelta(hours=24))
    delivery.step("w")
    return delivery


def run(delivery, steps=40):
    """Let a receiver's loop work until there is nothing to do."""
    for _ in range(steps):
        if not delivery.step("w"):
            return
    raise AssertionError("it never ends")


class Api:
    """The gateway's own application, and what is behind it."""

    def __init__(self, config):
        self.config = config
        self.app = create_app(config)
        self.engine = open_engine(config.database)
        self.store = Store(self.engine, SECRET)
        self.people = People(self.store)
        self.handoffs = Handoffs(self.engine)
        self.tokens = DeskTokens(self.engine)
        self.agents = Agents(self.engine, SECRET)
        self.audit = Audit(self.engine)
        self.token = self.tokens.add("crm", now(), shown="Mesa")

    def call(self, method, path, *, token=None, key=None, headers=None, **more):
        given = {"Authorization": f"Bearer {token or self.token}"} if token != "" else {}
        given |= {"Idempotency-Key": key} if key else {}
        return self.app.test_client().open(
            f"/api/v1{path}", method=method, headers={**given, **(headers or {})}, **more
        )

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, body=None, **more):
        return self.call("POST", path, json=body if body is not None else {}, **more)


@pytest.fixture
def make_api(tmp_path, sqlite_url, redis_server):
    redis.Redis.from_url(redis_server.url).flushdb()
    made = []

    def make(**settings):
        config = Settings(
            twilio_account_sid="AC" + "1" * 32,
            twilio_auth_token=AUTH_TOKEN,
            ventanilla_secret=SECRET,
            database_url=sqlite_url,
            redis_url=redis_server.url,
            engine_urls=f"http://127.0.0.1:{free_port()}",
            var=tmp_path,
            public_url="https://ventanilla.example.gob.mx",
            **{"desk_requests_per_second": 1000, **settings},
        )
        languages.build(ROOT / "locale", config.locale_folder)
        made.append(Api(config))
        return made[-1]

    yield make
    for each in made:
        each.engine.dispose()


@pytest.fixture
def api(make_api):
    return make_api()
