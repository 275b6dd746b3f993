from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timezone

import pytest
import redis
from argon2 import PasswordHasher
from flask import Flask

from bot import languages
from bot.console.parts import Parts, parts
from bot.gateway.app import create_app
from bot.settings import ROOT, Settings
from tests.handoffs import PERSON, writes
from tests.people import AUTH_TOKEN, ROSA, SECRET
from tests.servers import free_port

PASSWORD = "una frase larga de prueba"
HASH = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)  # cheap: these tests are about other things
PUBLIC = "https://ventanilla.example.gob.mx"
NOW = datetime(2026, 11, 22, 18, 30, tzinfo=timezone.utc)


class Browser:
    """A browser of the test client's, with the CSRF token of the last page that it saw."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.token = ""

    def get(self, path, **more):
        return self._seen(self.client.get(path, base_url=PUBLIC, **more))

    def post(self, path, *, csrf=None, headers=None, **form):
        token = self.token if csrf is None else csrf
        data = {**form, **({"csrf_token": token} if token else {})}
        return self._seen(self.client.post(path, data=data, base_url=PUBLIC, headers=headers or {}))

    def sign_in(self, username, password=PASSWORD, **form):
        return self.post("/console/sign-in", username=username, password=password, **form)

    def _seen(self, answer):
        found = re.search(r'X-CSRF-Token": "([^"]+)"', answer.get_data(as_text=True))
        if found:
            self.token = found[1]
        return answer


@dataclass
class Console:
    app: Flask
    parts: Parts
    config: Settings

    def __getattr__(self, name):
        return getattr(self.parts, name)

    def hire(self, username, role="agent", **more):
        return self.agents.add(username, username.title(), role, HASH, NOW, **more)

    def browser(self):
        return Browser(self.app)

    def signed_in(self, username, role="agent"):
        if self.agents.credentials(username) is None:
            self.hire(username, role)
        browser = self.browser()
        assert browser.sign_in(username).status_code == 302
        browser.get("/console/account")
        return browser


@pytest.fixture
def make_console(tmp_path, sqlite_url, redis_server):
    redis.Redis.from_url(redis_server.url).flushdb()  # sign-ins that failed in other tests

    def make(**settings):
        config = Settings(
            twilio_account_sid="AC" + "1" * 32,
            twilio_auth_token=AUTH_TOKEN,
            ventanilla_secret=SECRET,
            database_url=sqlite_url,
            engine_urls=f"http://127.0.0.1:{free_port()}",
            var=tmp_path,
            **{"public_url": PUBLIC, "redis_url": redis_server.url, **settings},
        )
        app = create_app(config)
        with app.app_context():
            found = parts()
        return Console(app, found, config)

    return make


@pytest.fixture
def console(make_console):
    return make_console()


@pytest.fixture
def compiled_console(console):
    """Compile the phrases where this console looks for them."""
    languages.build(ROOT / "locale", console.config.locale_folder)


@pytest.fixture
def desk(console, compiled_console):
    """Return the console with phrases compiled, and a way for people to ask for a person."""

    def ask(text="Quiero <b>hablar</b> con alguien", sender=ROSA, effect=PERSON, channel="sms", context=None):
        effects = (effect,) if effect else ()
        conversation = writes(console.store, text, sender, effects=effects, channel=channel, context=context)
        return console.handoffs.open_of(conversation)

    console.ask = ask
    return console


def key(page):
    """Return the key of the answer that a page would send."""
    return re.search(r'name="key" value="([0-9a-f]+)"', page.get_data(as_text=True))[1]


def page_of(browser, handoff):
    return browser.get(f"/console/handoffs/{handoff.id}")
