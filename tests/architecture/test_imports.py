"""Who may import what: the contracts of pyproject.toml, and libraries that belong to one place only."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("bot", "channels", "ivr", "actions")
# Library -> the only places that may import it.
ONLY_IN = {
    "rasa": ("bot/engine/",),
    "rasa_sdk": ("actions/",),
    "twilio": ("channels/twilio.py", "channels/voice/twiml.py"),
    "flask": ("bot/gateway/", "bot/console/", "channels/twin/"),
    "sqlalchemy": ("bot/store/",),
    "alembic": ("bot/store/",),
    "psycopg": ("bot/store/",),
    "cryptography": ("bot/store/", "bot/run/"),
    "prometheus_client": ("bot/gateway/", "bot/worker/", "bot/run/"),
}


def sources():
    return sorted(path for folder in PRODUCT for path in (ROOT / folder).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Return the top-level names of what a file imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


def test_the_import_contracts_hold():
    run = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("library", ONLY_IN)
def test_a_library_stays_in_its_place(library):
    allowed = ONLY_IN[library]
    wrong = [
        str(path.relative_to(ROOT))
        for path in sources()
        if library in imported(path) and not path.relative_to(ROOT).as_posix().startswith(allowed)
    ]
    assert wrong == []


def test_the_core_is_standard_library_only():
    known = sys.stdlib_module_names | {"bot"}
    wrong = {path.name: foreign for path in (ROOT / "bot/core").glob("*.py") if (foreign := imported(path) - known)}
    assert wrong == {}


def test_every_package_is_known_to_the_contracts():
    """A new folder of the product must take its place among the layers."""
    contracts = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.importlinter]")[1]
    for folder in (*(ROOT / "bot").iterdir(), *(ROOT / name for name in PRODUCT)):
        if (folder / "__init__.py").is_file():
            name = folder.relative_to(ROOT).as_posix().replace("/", ".")
            assert f'"{name}' in contracts or f" {name}" in contracts, name


def test_what_both_environments_load_is_written_for_the_older_python():
    """bot.core and bot.catalogue run on 3.10 too: the grammar is checked here, the imports by the engine's tests."""
    for folder in ("bot/core", "bot/catalogue", "bot/engine", "actions"):
        for path in (ROOT / folder).rglob("*.py"):
            ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 10))
