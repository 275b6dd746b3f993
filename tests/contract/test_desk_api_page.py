"""The page that shows the API, in a browser: readable for everybody, also on a phone, and without a script."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, sync_playwright
from werkzeug.serving import make_server

from bot.gateway.app import create_app
from bot.settings import Settings
from tests.people import AUTH_TOKEN, SECRET


@pytest.fixture
def app(tmp_path: Path, sqlite_url: str) -> Flask:
    config = Settings(
        twilio_account_sid="AC1", twilio_auth_token=AUTH_TOKEN, public_url="https://v.example", database_url=sqlite_url,
        redis_url=f"unix://{tmp_path}/none.sock", ventanilla_secret=SECRET, var=tmp_path,
    )  # fmt: skip
    return create_app(config)


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1/docs"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page() -> Iterator[Page]:
    refused: list[str] = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        opened = browser.new_page()
        opened.on("console", lambda message: refused.append(message.text) if "Policy" in message.text else None)
        yield opened
        browser.close()
    assert refused == [], "the policy allows what the page needs"


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits_a_phone(address: str, page: Page, scheme: str) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
    page.get_by_role("link", name="POST /handoffs/{handoff}/take").click()
    assert page.locator("#take h2").is_visible()
