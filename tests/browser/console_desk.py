"""People at the console's desk, for tests in a browser: who works there, and the citizens' phones."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from playwright.sync_api import Browser, BrowserContext, Page, expect
from playwright.sync_api import Error as PlaywrightError

from bot.store import open_engine
from bot.store.agents import Agents, Role
from bot.store.handoffs import Handoffs
from channels.twin.client import TwinPhone
from channels.twin.telephone import TwinCall
from tests.people import number
from tests.servers import eventually

PASSWORD = "una frase larga de prueba"
HASH = PasswordHasher(time_cost=1, memory_cost=64).hash(PASSWORD)
PATIENCE = 40_000


@dataclass
class Desk:
    """The product behind the console, and who works at it."""

    gateway: str
    twin: str
    database: Path
    agents: Agents
    handoffs: Handoffs
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def hire(self, name: str, role: Role = "agent", **more: Any) -> str:
        """Add somebody and return the username: a new one, for a system that runs for longer."""
        username = f"{name.lower()}{random.randrange(10**9)}"
        self.agents.add(username, name, role, HASH, datetime.now(timezone.utc), capacity=50, **more)
        return username

    def page(self, **more: Any) -> Page:
        options: dict[str, Any] = {"locale": "es-MX", "viewport": {"width": 1280, "height": 900}, **more}
        context = self.browser.new_context(**options)
        self.contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda told: self.errors.append(told.text) if "Content Security" in told.text else None)
        return page

    def signed_in(self, username: str, **more: Any) -> Page:
        page = self.page(**more)
        page.goto(f"{self.gateway}/console/")
        page.get_by_label("Usuario").fill(username)
        page.get_by_label("Contraseña").fill(PASSWORD)
        page.get_by_role("button", name="Entrar", exact=True).click()
        expect(page.get_by_role("heading", name="Fila", exact=True)).to_be_visible()
        return page

    def phone(self, channel: str = "sms") -> TwinPhone:
        someone = number(random.randrange(1_000, 59_000_000))
        return TwinPhone(self.twin, someone, channel=channel, deadline=PATIENCE / 1000)

    def ask(self, phone: TwinPhone, *messages: str) -> int:
        """Let a person write until she waits for a person; return the handoff."""
        before = self.newest()
        for message in (*messages, "AGENTE"):
            assert phone.send(message).replies
        assert self.newest() > before, "nobody waits"
        return self.newest()

    def caller(self, someone: str | None = None) -> TwinCall:
        """Return a citizen with a telephone in her hand."""
        return TwinCall(self.twin, someone or number(random.randrange(1_000, 59_000_000)), deadline=PATIENCE / 1000)

    def waits(self, caller: TwinCall, *said: str) -> int:
        """Let somebody call, speak, and wait for a person; return the handoff."""
        before = self.newest()
        assert caller.place().settled
        for words in said:
            assert caller.say(words).said
        heard = caller.press("0")
        assert "Le paso con una persona" in " ".join(heard.said)
        assert not heard.over
        assert self.newest() > before, "nobody waits"
        return self.newest()

    def newest(self) -> int:
        return int(self.sql("SELECT coalesce(max(id), 0) FROM handoffs")[0][0])

    def sql(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with contextlib.closing(sqlite3.connect(self.database, timeout=30)) as db, db:
            return db.execute(query, parameters).fetchall()

    def open(self, page: Page, handoff: int) -> None:
        page.goto(f"{self.gateway}/console/handoffs/{handoff}")

    def take(self, page: Page, handoff: int) -> None:
        self.open(page, handoff)
        page.get_by_role("button", name="Tomar").click()
        expect(page.get_by_label("Su respuesta")).to_be_visible()


@pytest.fixture(scope="module")
def office(product, browser: Browser) -> Desk:
    database = product.var / "ventanilla.sqlite"
    engine = open_engine(f"sqlite:///{database}")
    secret = (product.var / "secret" / "ventanilla_secret").read_text(encoding="ascii").strip()
    return Desk(product.gateway, product.twin, database, Agents(engine, secret), Handoffs(engine), browser)


def leave(context: BrowserContext) -> None:
    """Close a browser's window: its pages are left first, for Chromium may never close one that is about to change."""
    for page in context.pages:
        with contextlib.suppress(PlaywrightError):
            page.goto("about:blank")
    context.close()


@pytest.fixture
def desk(office: Desk) -> Iterator[Desk]:
    """Return the desk; a script's error or a refusal by the content security policy fails the test."""
    office.errors.clear()
    yield office
    for context in office.contexts:
        leave(context)
    office.contexts.clear()
    assert office.errors == []


def row(page: Page, handoff: int) -> Any:
    """Return a handoff's line in the queue."""
    return page.locator(f"#row-{handoff}")


class AgentPhone:
    """An agent's own telephone, on the twin."""

    def __init__(self, desk: Desk, username: str, habit: str = "ring") -> None:
        found = desk.agents.credentials(username)
        assert found is not None
        self.number = f"+5281{random.randrange(10_000_000, 99_999_999)}"
        desk.agents.set_phone(found[0].id, self.number)
        self._url = f"{desk.twin}/twin"
        answering = {"habit": habit, "clock": "patient"}
        self._ask("POST", f"/phones/{self.number}/answering", answering).raise_for_status()
        self.sid = ""

    def _ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        return httpx.request(method, f"{self._url}{path}", json=body, trust_env=False, timeout=70)

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", f"/phones/{self.number}/calls").json()["calls"]
        return found

    def rings(self) -> str:
        """Wait until it rings."""

        def ringing() -> str:
            waiting = [call for call in self.calls() if call["status"] == "ringing" and call["idle"]]
            return waiting[-1]["sid"] if waiting else ""

        self.sid = eventually(ringing, 40, "a phone that rings")
        return self.sid

    def does(self, do: str, **more: Any) -> str:
        """Do something with it and return what is heard then."""
        given = {"do": do, "clock": "patient", "wait": 40, **more}
        answer = self._ask("POST", f"/calls/{self.sid}/actions", given)
        answer.raise_for_status()
        return " ".join(line["text"] for line in answer.json()["lines"] if line["kind"] == "said")

    def is_down(self) -> bool:
        return all(call["over"] for call in self.calls())
