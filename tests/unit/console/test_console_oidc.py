"""Signing in by an identity provider: a real one over HTTP, as far as OpenID Connect asks."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

KEY, OTHER_KEY = (RSAKey.generate_key(2048, {"kid": "k"}, private=True) for _ in range(2))


class Provider(ThreadingHTTPServer):
    """Gives whoever comes the token that a test wants."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server_port}"
        self.claims, self.key, self.header = {}, KEY, {"alg": "RS256", "kid": "k"}
        self.verifier = None
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        issuer = self.server.issuer
        if self.path == "/.well-known/openid-configuration":
            self.answer(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "jwks_uri": f"{issuer}/keys",
                }
            )
        else:
            self.answer({"keys": [KEY.as_dict(private=False)]})

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.verifier = form["code_verifier"][0]
        claims = {"iss": self.server.issuer, "aud": "ventanilla", "exp": int(time.time()) + 60, "sub": "1"}
        token = jwt.encode(self.server.header, {**claims, **self.server.claims}, self.server.key)
        self.answer({"id_token": token, "access_token": "a", "token_type": "Bearer"})

    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    server = Provider()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def console(make_console, provider):
    return make_console(oidc_issuer=provider.issuer, oidc_client_id="ventanilla", oidc_client_secret="secret")


def come_back(browser, provider, state=None, **claims):
    away = browser.get("/console/sign-in/oidc?next=/console/account")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(away.location).query).items()}
    assert asked["code_challenge_method"] == "S256"
    provider.claims = {"nonce": asked["nonce"], "preferred_username": "ana", **claims}
    return browser.get(f"/console/sign-in/oidc/callback?code=c&state={state or asked['state']}")


def test_who_the_provider_vouches_for_is_signed_in(console, provider):
    console.hire("ana")
    browser = console.browser()
    assert "cuenta institucional" in browser.get("/console/sign-in").get_data(as_text=True)
    assert come_back(browser, provider).location == "/console/account"
    assert browser.get("/console/account").status_code == 200
    assert len(provider.verifier) > 40


@pytest.mark.parametrize(
    "wrong",
    [{"aud": "another"}, {"iss": "https://evil.example"}, {"exp": 1}, {"nonce": "old"}, {"preferred_username": None}],
    ids=str,
)
def test_a_token_that_does_not_hold_opens_nothing(console, provider, wrong):
    console.hire("ana")
    browser = console.browser()
    assert come_back(browser, provider, **wrong).status_code == 401
    assert browser.get("/console/account").status_code == 302


def test_a_token_of_another_key_or_state_opens_nothing(console, provider):
    console.hire("ana")
    provider.key = OTHER_KEY
    assert come_back(console.browser(), provider).status_code == 401
    provider.key = KEY
    assert come_back(console.browser(), provider, state="forged").status_code == 401


def test_who_is_not_an_agent_here_is_told_so(console, provider):
    answer = come_back(console.browser(), provider, preferred_username="nadie")
    assert answer.status_code == 403
    assert "no está dada de alta" in answer.get_data(as_text=True)


def test_without_a_start_there_is_no_callback(console):
    assert console.browser().get("/console/sign-in/oidc/callback?code=c&state=s").location == "/console/sign-in"


def test_a_provider_that_is_away_is_said(console, provider):
    provider.shutdown()
    provider.server_close()
    assert console.browser().get("/console/sign-in/oidc").status_code == 502
