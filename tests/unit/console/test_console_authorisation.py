"""Every route of the console, for every role."""

from __future__ import annotations

import re

import pytest

from bot.console.security import access_of
from bot.store.agents import ROLES


def routes(app):
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("console.")]


def path(rule):
    return re.sub(r"<int:\w+>|<\w+>", "999999", rule.rule)


def test_every_route_says_who_may_open_it(console):
    for rule in routes(console.app):
        if rule.endpoint != "console.static":
            assert access_of(console.app.view_functions[rule.endpoint]) in (*ROLES, "public"), rule.endpoint


@pytest.mark.parametrize("role", [None, *ROLES])
def test_the_matrix_of_routes_and_roles(console, role):
    browser = console.signed_in("ana", role) if role else console.browser()
    checked = 0
    for rule in routes(console.app):
        access = access_of(console.app.view_functions[rule.endpoint])
        if rule.endpoint == "console.static" or access == "public":
            continue
        allowed = role is not None and ROLES.index(role) >= ROLES.index(access)
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            if rule.endpoint == "console.events" and allowed:
                continue  # a stream without an end
            answer = browser.client.open(
                path(rule),
                method=method,
                base_url="https://ventanilla.example.gob.mx",
                headers={"X-CSRF-Token": browser.token},
            )
            refused = answer.status_code in (401, 403) or "/console/sign-in" in (answer.location or "")
            assert refused is not allowed, (method, rule.rule, answer.status_code)
            checked += 1
    assert checked > 10


@pytest.mark.parametrize("role", ROLES)
def test_no_form_works_without_its_token(console, role):
    browser = console.signed_in("ana", role)
    for rule in routes(console.app):
        if "POST" in rule.methods and access_of(console.app.view_functions[rule.endpoint]) != "public":
            answer = browser.client.post(path(rule), base_url="https://ventanilla.example.gob.mx")
            assert answer.status_code == 403, rule.rule
