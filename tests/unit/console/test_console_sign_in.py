from __future__ import annotations

import time

import pyotp
import pytest
import redis

from bot.console import passwords
from bot.console.security import CONTENT_SECURITY_POLICY
from bot.console.throttle import PER_ACCOUNT_AND_ADDRESS
from tests.unit.console.conftest import PASSWORD, PUBLIC

ACCOUNT = "/console/account"


def test_nobody_sees_a_page_without_signing_in(console):
    answer = console.browser().get(ACCOUNT)
    assert answer.status_code == 302
    assert answer.location == "/console/sign-in?next=/console/account"


def test_what_a_script_asks_for_is_told_where_to_sign_in(console):
    answer = console.browser().get(ACCOUNT, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, "/console/sign-in")


def test_signing_in_by_password(console):
    console.hire("ana")
    browser = console.browser()
    answer = browser.sign_in(" ANA ", next="/console/account")
    assert (answer.status_code, answer.location) == (302, ACCOUNT)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-ventanilla=")
    assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/"))
    assert "Ana" in browser.get(ACCOUNT).get_data(as_text=True)
    assert [entry.action for entry in console.audit.entries()] == ["sign_in"]


@pytest.mark.parametrize("who", ["ana", "nadie", ""])
def test_a_wrong_password_says_nothing_of_which_was_wrong(console, who):
    console.hire("ana")
    answer = console.browser().sign_in(who, "otra cosa muy larga")
    assert answer.status_code == 401
    assert "El usuario o la contraseña no son correctos." in answer.get_data(as_text=True)
    assert "Set-Cookie" not in answer.headers


def test_guessing_is_slowed_down_and_the_right_password_too(console):
    console.hire("ana")
    browser = console.browser()
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        assert browser.sign_in("ana", "no es esta").status_code == 401
    blocked = browser.sign_in("ana")
    assert blocked.status_code == 429
    assert "15 minutos" in blocked.get_data(as_text=True)
    assert console.signed_in("beto")


def test_signing_out_ends_the_session_everywhere(console):
    browser = console.signed_in("ana")
    cookie = browser.client.get_cookie("__Host-ventanilla", domain="ventanilla.example.gob.mx")
    assert browser.post("/console/sign-out").status_code == 302
    browser.client.set_cookie(
        "__Host-ventanilla", cookie.value, domain="ventanilla.example.gob.mx", secure=True, path="/"
    )
    assert browser.get(ACCOUNT).status_code == 302


def test_a_session_that_a_browser_brings_is_never_taken_over(console):
    console.hire("ana")
    browser = console.browser()
    browser.client.set_cookie("__Host-ventanilla", "planted", domain="ventanilla.example.gob.mx", secure=True, path="/")
    answer = browser.sign_in("ana")
    assert "planted" not in answer.headers["Set-Cookie"]
    intruder = console.browser()
    intruder.client.set_cookie(
        "__Host-ventanilla", "planted", domain="ventanilla.example.gob.mx", secure=True, path="/"
    )
    assert intruder.get(ACCOUNT).status_code == 302


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/console/",
        "/\\evil.example",
        "/console/\\evil",
        "javascript:alert(1)",
        "/other",
        "/console/\r\nX: y",
    ],
)
def test_after_signing_in_nobody_is_sent_elsewhere(console, target):
    console.hire("ana")
    assert console.browser().sign_in("ana", next=target).location == "/console/"


@pytest.mark.parametrize("token", ["", "wrong"])
def test_a_form_without_its_token_is_refused(console, token):
    browser = console.signed_in("ana")
    assert browser.post("/console/presence", csrf=token, presence="busy").status_code == 403
    assert console.agents.all()[0].presence == "here"
    assert browser.post("/console/presence", presence="busy").status_code == 302
    assert console.agents.all()[0].presence == "busy"


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}]
)
def test_another_sites_form_is_refused_even_to_sign_in(console, headers):
    console.hire("ana")
    answer = console.browser().post("/console/sign-in", headers=headers, username="ana", password=PASSWORD)
    assert answer.status_code == 403


def test_a_changed_role_or_a_dismissal_ends_sessions_at_once(console):
    browser = console.signed_in("ana")
    console.agents.change(console.agents.credentials("ana")[0].id, active=False)
    assert browser.get(ACCOUNT).status_code == 302


def test_the_second_factor_is_asked_for_and_a_code_works_once(console):
    browser = console.signed_in("ana")
    page = browser.post("/console/account/factor").get_data(as_text=True)
    secret = page.split('class="secret">')[1].split("<")[0]
    pending = page.split('name="pending" value="')[1].split('"')[0]
    code = pyotp.TOTP(secret).now()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    answer = browser.post("/console/account/factor/confirm", pending=pending, code=code)
    assert answer.status_code == 302

    other = console.browser()
    answer = other.sign_in("ana")
    assert answer.location == "/console/sign-in/code"
    assert other.get(ACCOUNT).status_code == 302
    assert other.post("/console/sign-in/code", code=wrong).status_code == 401
    assert other.post("/console/sign-in/code", code=code).location == "/console/"
    assert other.get(ACCOUNT).status_code == 200

    third = console.browser()
    third.sign_in("ana")
    assert third.post("/console/sign-in/code", code=code).status_code == 401


def test_codes_cannot_be_guessed_for_long(console):
    ana = console.hire("ana")
    console.agents.set_totp(ana.id, "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")
    browser = console.browser()
    browser.sign_in("ana")
    right = {pyotp.TOTP("JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP").at(int(time.time()) + 30 * step) for step in range(-3, 4)}
    wrong = next(code for code in map("{:06}".format, range(20)) if code not in right)
    answers = [browser.post("/console/sign-in/code", code=wrong) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [302]
    assert browser.post("/console/sign-in/code", code=wrong).location == "/console/sign-in"


def test_a_new_password_needs_the_present_one_and_ends_other_sessions(console):
    browser, other = console.signed_in("ana"), console.signed_in("ana")
    assert browser.post("/console/account/password", present="no", password="otra frase muy larga").status_code == 400
    assert browser.post("/console/account/password", present=PASSWORD, password="corta").status_code == 400
    assert (
        browser.post("/console/account/password", present=PASSWORD, password="otra frase muy larga").location == ACCOUNT
    )
    assert browser.get(ACCOUNT).status_code == 200
    assert other.get(ACCOUNT).status_code == 302


def test_every_page_has_a_strict_policy_and_is_not_stored(console):
    for answer in (console.browser().get("/console/sign-in"), console.signed_in("ana").get(ACCOUNT)):
        assert answer.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
        assert "unsafe" not in CONTENT_SECURITY_POLICY
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Frame-Options"] == "DENY"
        text = answer.get_data(as_text=True)
        assert "<script>" not in text
        assert "style=" not in text
        assert " onclick" not in text


def test_by_http_on_this_machine_the_cookie_has_an_ordinary_name(make_console):
    console = make_console(public_url="http://127.0.0.1:8000")
    console.hire("ana")
    answer = console.app.test_client().post(
        "/console/sign-in", data={"username": "ana", "password": PASSWORD}, base_url="http://127.0.0.1:8000"
    )
    assert answer.headers["Set-Cookie"].startswith("ventanilla_console=")


def test_without_redis_it_says_so_in_its_own_words(make_console, redis_server):
    console = make_console(redis_url="redis://127.0.0.1:1/0")
    answer = console.browser().sign_in("ana")
    assert answer.status_code == 503
    assert "se siguen guardando" in answer.get_data(as_text=True)


def test_a_password_takes_as_long_for_nobody():
    assert not passwords.matches(None, PASSWORD)
    assert not passwords.matches("no hash at all", PASSWORD)
    assert PUBLIC.startswith("https")


def test_signing_in_is_being_here_and_signing_out_is_being_away(console):
    browser = console.signed_in("ana")
    assert console.agents.all()[0].presence == "here"
    browser.post("/console/sign-out")
    assert console.agents.all()[0].presence == "away"
    assert console.audit.entries()[0].action == "sign_out"


@pytest.mark.parametrize(
    ("path", "kept"), [("queue/list", False), ("queue", True), ("alive", True)], ids=["by itself", "page", "asked for"]
)
def test_what_an_open_page_asks_by_itself_keeps_no_session_alive(console, path, kept):
    browser = console.signed_in("ana")
    server = redis.Redis.from_url(console.config.redis)
    (session,) = server.keys("ventanilla:console:session:*")
    server.expire(session, 100)
    answer = browser.post("/console/alive") if path == "alive" else browser.get(f"/console/{path}")
    assert answer.status_code in (200, 204)
    assert (server.ttl(session) > 100) is kept


def tries(browser, times, address, password="no es esta"):
    """Return how the last of some tries to sign in as Ana from an address was answered, as her proxy passes it on."""
    for _ in range(times):
        form = {"username": "ana", "password": password}
        answer = browser.client.post(
            "/console/sign-in", data=form, base_url=PUBLIC, headers={"X-Forwarded-For": address}
        )
    return answer.status_code


def test_behind_a_proxy_each_browser_has_its_own_address(make_console):
    console = make_console(trusted_proxies=1)
    console.hire("ana")
    browser = console.browser()
    assert tries(browser, PER_ACCOUNT_AND_ADDRESS, "203.0.113.6") == 401
    assert tries(browser, 1, "203.0.113.6", PASSWORD) == 429
    # What a stranger writes into the header himself stands before what the proxy adds.
    assert tries(browser, 1, "198.51.100.9, 203.0.113.6", PASSWORD) == 429
    assert tries(console.browser(), 1, "198.51.100.9", PASSWORD) == 302


def test_without_a_proxy_nobody_names_her_own_address(console):
    console.hire("ana")
    for number in range(PER_ACCOUNT_AND_ADDRESS):
        assert tries(console.browser(), 1, f"203.0.113.{number}") == 401
    assert tries(console.browser(), 1, "203.0.113.99", PASSWORD) == 429


@pytest.mark.parametrize("path", ["password", "factor/remove"])
def test_the_present_password_cannot_be_guessed_in_a_stolen_session(console, path):
    browser = console.signed_in("ana")
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        assert browser.post(f"{ACCOUNT}/{path}", present="no es esta", password="x" * 20).status_code == 400
    blocked = browser.post(f"{ACCOUNT}/{path}", present=PASSWORD, password="x" * 20)
    assert blocked.status_code == 429
    assert "Demasiados intentos" in blocked.get_data(as_text=True)
    assert passwords.matches(console.agents.credentials("ana")[1], PASSWORD)


def test_wrong_codes_count_whatever_right_passwords_stand_between(console):
    ana = console.hire("ana")
    console.agents.set_totp(ana.id, passwords.new_totp())
    for _ in range(PER_ACCOUNT_AND_ADDRESS):
        browser = console.browser()
        assert browser.sign_in("ana").status_code == 302
        assert browser.post("/console/sign-in/code", code="abc").status_code == 401
    assert browser.post("/console/sign-in/code", code="abc").status_code == 429
    assert console.browser().sign_in("ana").status_code == 429
