from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.browser.console_desk import desk, office  # noqa: F401 (fixtures of several modules)
from tests.faults.system import System

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
RUNNING_GATEWAY = "BROWSER_GATEWAY"
"""Address of the gateway of a system that is already running: nothing is started (to write pages with).

``BROWSER_TWIN`` and ``BROWSER_VAR``: its twin's address and its folder.
"""
# These tests are about pages, not about how fast the engine is.
PATIENCE = {"ENGINE_TIMEOUT": "20", "LEASE_SECONDS": "60", "VOICE_CALL_HOURS": "lun-dom 00:00-23:59; fes 00:00-23:59"}

SIZE: ViewportSize = {"width": 1180, "height": 920}


@dataclass(frozen=True)
class Product:
    """The whole product, running: addresses of its gateway and its twin, and the folder with its database."""

    gateway: str
    twin: str
    var: Path


@pytest.fixture(scope="session")
def product() -> Iterator[Product]:
    """Start the whole product once for all pages, or use the one whose addresses the environment gives."""
    address = os.environ.get(RUNNING_GATEWAY)
    if address:
        yield Product(address, os.environ.get("BROWSER_TWIN", ""), Path(os.environ.get("BROWSER_VAR", "var")))
        return
    running = System(**PATIENCE)
    try:
        running.start()
        yield Product(running.gateway, running.twin, running.var)
        running.stop()
    finally:
        running.kill_everything()
        shutil.rmtree(running.var, ignore_errors=True)


@pytest.fixture(scope="session")
def gateway(product: Product) -> str:
    """Return the address of the gateway of the whole product, running."""
    return product.gateway


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
    """A newcomer's page, of a person of her own; any error in its console fails the test.

    Nothing moves: a message that is only half there yet has too little contrast.
    """
    errors: list[str] = []
    with browser.new_context(locale="es-MX", viewport=SIZE, reduced_motion="reduce") as context:
        opened = context.new_page()
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        opened.set_default_timeout(40_000)
        yield opened
    assert errors == []
