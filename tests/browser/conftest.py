from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.faults.system import System

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RUNNING_GATEWAY = "BROWSER_GATEWAY"
"""Address of the gateway of a system that is already running: nothing is started (to write pages with)."""
# These tests are about pages, not about how fast the engine is.
PATIENCE = {"ENGINE_TIMEOUT": "20", "LEASE_SECONDS": "60"}


@pytest.fixture(scope="session")
def gateway() -> Iterator[str]:
    """Return the address of the gateway of the whole product, running."""
    address = os.environ.get(RUNNING_GATEWAY)
    if address:
        yield address
        return
    running = System(**PATIENCE)
    try:
        running.start()
        yield running.gateway
        running.stop()
    finally:
        running.kill_everything()
        shutil.rmtree(running.var, ignore_errors=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, without a window."""
    if CHROMIUM is None:
        pytest.fail("Chromium is not installed: `apt-get install chromium` (scripts/test_packages.sh)", pytrace=False)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A newcomer's page, of a person of her own; any error in its console fails the test."""
    errors: list[str] = []
    with browser.new_context(locale="es-MX", viewport={"width": 1180, "height": 920}) as context:
        opened = context.new_page()
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        opened.set_default_timeout(40_000)
        yield opened
    assert errors == []
