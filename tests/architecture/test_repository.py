"""Rules of the repository that no linter knows."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from bot.catalogue.check import CardSet, load_cards
from bot.core.optout import START_WORDS, STOP_WORDS, opt_out_keyword
from bot.gateway import app as app_module
from bot.settings import Settings
from channels.keywords import keyword
from channels.registry import CHANNELS
from tests.people import AUTH_TOKEN, SECRET

ROOT = Path(__file__).resolve().parents[2]
# Routes that take a POST without a carrier's signature, each with its reason.
UNSIGNED: dict[str, str] = {}
# Routes of the console that take a POST from a browser without a session: those by which one begins and ends.
WITHOUT_SESSION = {"/console/sign-in", "/console/sign-in/code", "/console/sign-out"}


def test_locale_holds_no_python():
    assert list((ROOT / "locale").rglob("*.py")) == []


@pytest.fixture
def app(tmp_path, sqlite_url):
    config = Settings(
        twilio_account_sid="AC1", twilio_auth_token=AUTH_TOKEN, public_url="https://v.example", database_url=sqlite_url,
        redis_url=f"unix://{tmp_path}/none.sock", ventanilla_secret=SECRET, var=tmp_path,
    )  # fmt: skip
    return app_module.create_app(config)


def writing_methods(rule) -> set[str]:
    return (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}


def of_console(rule) -> bool:
    return rule.endpoint.startswith("console.")


def of_desk(rule) -> bool:
    return rule.endpoint.startswith("desk.")


def test_every_route_of_the_desk_api_asks_for_a_token(app):
    """Programs of contact centres sign nothing: a token of ours stands for them (docs/desk-api.md)."""
    client = app.test_client()
    open_to_all = {"desk.openapi", "desk.docs", "desk.static"}
    tried = 0
    for rule in app.url_map.iter_rules():
        if not of_desk(rule) or rule.endpoint in open_to_all:
            continue
        assert rule.rule.startswith("/api/v1/"), f"{rule.rule}: only the API's routes are spared the signature"
        path = re.sub(r"<\w+>", "1", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            for headers in ({}, {"Authorization": "Bearer forged"}, {"Authorization": "Basic YTpi"}):
                answer = client.open(path, method=method, json={}, headers=headers)
                assert answer.status_code == 401, f"{method} {path} {headers}"
                tried += 1
    assert tried >= 9


def test_every_webhook_verifies_its_signature(app):
    client = app.test_client()
    tried = 0
    for rule in app.url_map.iter_rules():
        writing = writing_methods(rule)
        if not writing or rule.rule in UNSIGNED or of_console(rule) or of_desk(rule):
            continue
        for name in CHANNELS:
            path = re.sub(r"<(?:\w+:)?name>", name, rule.rule)
            assert "<" not in path, f"{rule.rule}: say here how to fill in this route"
            for method in writing:
                for signature in ({}, {"X-Twilio-Signature": "forged"}):
                    answer = client.open(path, method=method, data={"From": "+525512345678"}, headers=signature)
                    assert answer.status_code == 403, f"{method} {path}"
                    tried += 1
    assert tried >= 4 * len(CHANNELS)


def test_every_route_of_the_console_that_changes_something_refuses_strangers_and_other_sites(app):
    """Browsers sign nothing: a session with its CSRF token is asked for, or the page must at least be our own."""
    client = app.test_client()
    tried = set()
    for rule in app.url_map.iter_rules():
        if not (of_console(rule) and (writing := writing_methods(rule))):
            continue
        assert rule.rule.startswith("/console/"), f"{rule.rule}: only the console's pages are spared the signature"
        path = re.sub(r"<int:\w+>", "1", rule.rule)
        strangers = [{"Origin": "https://elsewhere.example"}, {"Sec-Fetch-Site": "cross-site"}]
        if rule.rule not in WITHOUT_SESSION:
            strangers += [{}, {"X-CSRF-Token": "forged"}, {"Cookie": "ventanilla_console=forged", "X-CSRF-Token": ""}]
        for method in writing:
            for headers in strangers:
                answer = client.open(path, method=method, data={"username": "ana"}, headers=headers)
                assert answer.status_code == 403, f"{method} {path} {headers}"
        tried.add(rule.rule)
    assert tried > WITHOUT_SESSION


def test_every_channel_is_registered_under_its_name():
    folders = {path.parent.name for path in (ROOT / "channels").glob("*/__init__.py")} - {"twin"}
    assert set(CHANNELS) == folders
    for name, channel in CHANNELS.items():
        assert channel.name == name


# ---- words


@cache
def words_of_menus() -> list[tuple[str, str]]:
    """Return every word that a person may be told to write, or may pick, with where it stands."""
    return list(_words_of_cards(load_cards(ROOT / "data")[0]))


def _words_of_cards(cards: CardSet) -> Iterator[tuple[str, str]]:
    for condition in cards.conditions:
        for value in condition.card.values:
            yield value.label, f"condition {condition.card.id}"
    for event in cards.life_events:
        yield event.card.short, f"life event {event.card.id}"
        for step in event.card.steps:
            yield step.title, f"life event {event.card.id}"
    for procedure in cards.procedures:
        yield procedure.card.short, f"procedure {procedure.card.id}"
    for family in cards.families:
        yield family.card.short, f"family {family.card.id}"


def test_no_opt_out_word_is_something_to_pick():
    wrong = [(word, place) for word, place in words_of_menus() if opt_out_keyword(word) is not None]
    assert wrong == []


def test_no_keyword_is_something_to_pick():
    assert [(word, place) for word, place in words_of_menus() if keyword(word) is not None] == []


def test_no_opt_out_word_is_a_keyword():
    assert [word for word in STOP_WORDS | START_WORDS if keyword(word) is not None] == []


# Inverted signs are Spanish sentences; the words speak to a person.
_SENTENCE = re.compile(
    r"[¿¡]\w+[ ,]|\b(usted|ustedes|responda|escriba|oprima|marque|llame|acuda|disculpe)\b", re.IGNORECASE
)
# A regular expression matches what people write; it is not written to them.
_PATTERN = re.compile(r"\(\?|\\[bs]")
# What the checks tell authors about "usted" is not said to citizens either.
_FOR_AUTHORS = "«usted»"
# A list of folded words that people use has neither.
_SIGN_OR_CAPITAL = re.compile(r"[.,;:!?¡¿A-ZÁÉÍÓÚÑ]")


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the string literals of a file that are not docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            documentation |= {
                id(each.value) for each in body if isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant)
            }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def test_no_sentence_for_citizens_is_written_in_python():
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {text!r}"
        for folder in ("bot", "channels", "actions", "ivr")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in literals(path)
        if _SENTENCE.search(text)
        and _SIGN_OR_CAPITAL.search(text)
        and " " in text.strip()
        and not _PATTERN.search(text)
        and _FOR_AUTHORS not in text
    ]
    assert wrong == []


# ---- documents


@pytest.fixture(scope="module")
def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def settings_table(text: str) -> dict[str, str]:
    """Return variable -> default of the table under ``| Variable |``."""
    lines = text.split("| Variable |", 1)[1].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in _while_table(lines)]
    return {cells[0].strip("`"): cells[1] for cells in rows}


def _while_table(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield line


def test_the_readme_lists_exactly_the_settings(readme):
    assert sorted(settings_table(readme)) == sorted(name.upper() for name in Settings.model_fields)


def test_the_readme_tells_the_defaults(readme):
    table = settings_table(readme)
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, Path):
            continue
        told = table[name.upper()]
        assert told.startswith("empty") if default == "" else f"`{default}`" == told, name.upper()


def test_every_setting_says_what_it_is():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_no_file_of_the_product_names_this_machine():
    wrong = []
    for folder in ("bot", "channels", "actions", "ivr", "docs", "scripts", "data", "locale"):
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in {".py", ".md", ".yml", ".sh", ".po", ".toml"}:
                text = path.read_text(encoding="utf-8")
                wrong += [f"{path.relative_to(ROOT)}: {found}" for found in ("/root/", str(ROOT)) if found in text]
    assert wrong == []
