"""Signing in and out: password, second factor, OpenID Connect."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from flask import Blueprint, g, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console import passwords
from bot.console.oidc import OidcError, Start
from bot.console.parts import parts
from bot.console.security import clear_cookie, cookie_name, needs, safe_next, set_cookie
from bot.store.agents import AgentRecord
from bot.store.store import utc_now

log = logging.getLogger(__name__)

_HALF_COOKIE = "ventanilla_half"
_TRIES_AT_A_CODE = 5


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/sign-in", "sign_in", sign_in, methods=["GET"])
    console.add_url_rule("/sign-in", "sign_in_by_password", by_password, methods=["POST"])
    console.add_url_rule("/sign-in/code", "sign_in_code", ask_code, methods=["GET"])
    console.add_url_rule("/sign-in/code", "sign_in_by_code", by_code, methods=["POST"])
    console.add_url_rule("/sign-in/oidc", "sign_in_oidc", to_provider, methods=["GET"])
    console.add_url_rule("/sign-in/oidc/callback", "sign_in_oidc_callback", from_provider, methods=["GET"])
    console.add_url_rule("/sign-out", "sign_out", sign_out, methods=["POST"])


@needs("public")
def sign_in() -> str:
    """Show the form."""
    return _form()


def _form(error: str = "", **values: object) -> str:
    return render_template(
        "console/sign_in.html",
        next=request.values.get("next", ""),
        oidc=parts().oidc is not None,
        error=error,
        **values,
    )


@needs("public")
def by_password() -> BaseResponse | tuple[str, int]:
    """Check name and password; a wrong one says nothing of which it was."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    address = request.remote_addr or ""
    wait = parts().throttle.wait(username, address)
    if wait:
        return _form("throttled", minutes=-(-wait // 60)), 429
    found = parts().agents.credentials(username)
    agent, stored, totp = found or (None, None, None)
    if not passwords.matches(stored, password) or agent is None:
        parts().throttle.failed(username, address)
        parts().audit.note("sign_in_failed", username[:64].lower(), utc_now())
        return _form("wrong", username=username), 401
    if totp is not None:
        half = parts().sessions.half_way(agent_id=agent.id, tries=0, next=safe_next(request.form.get("next")))
        response = redirect(url_for("console.sign_in_code"))
        response.set_cookie(
            _HALF_COOKIE, half, max_age=300, httponly=True, samesite="Lax", secure=parts().secure, path="/console"
        )
        return response
    parts().throttle.succeeded(username, address)
    return _begin(agent, request.form.get("next"), "password")


@needs("public")
def ask_code() -> BaseResponse | str:
    """Show the form for the second factor's code."""
    if parts().sessions.peek(request.cookies.get(_HALF_COOKIE, "")) is None:
        return redirect(url_for("console.sign_in"))
    return render_template("console/code.html", error="")


@needs("public")
def by_code() -> BaseResponse | tuple[str, int]:
    """Check the code: each one works once, and only a few may be tried."""
    half = parts().sessions.take(request.cookies.get(_HALF_COOKIE, ""))
    if half is None or "agent_id" not in half:
        return redirect(url_for("console.sign_in"))
    agent = parts().agents.get(int(half["agent_id"]))
    found = parts().agents.credentials(agent.username) if agent else None
    if agent is None or found is None or found[2] is None:
        return redirect(url_for("console.sign_in"))
    address = request.remote_addr or ""
    if wait := parts().throttle.wait(agent.username, address):
        return _form("throttled", minutes=-(-wait // 60)), 429
    step = passwords.totp_step(found[2], request.form.get("code", ""))
    if step is not None and parts().sessions.once(f"totp:{agent.id}:{step}", 120):
        parts().throttle.succeeded(agent.username, address)
        response = _begin(agent, str(half["next"]), "password+totp")
        response.delete_cookie(_HALF_COOKIE, path="/console")
        return response
    tries = int(half["tries"]) + 1
    parts().throttle.failed(agent.username, address)
    parts().audit.note("sign_in_failed", agent.username, utc_now(), agent=agent.id, factor="totp")
    if tries >= _TRIES_AT_A_CODE:
        return redirect(url_for("console.sign_in"))
    again = parts().sessions.half_way(agent_id=agent.id, tries=tries, next=str(half["next"]))
    page = make_response(render_template("console/code.html", error="wrong"), 401)
    page.set_cookie(
        _HALF_COOKIE, again, max_age=300, httponly=True, samesite="Lax", secure=parts().secure, path="/console"
    )
    return page


@needs("public")
def to_provider() -> BaseResponse | tuple[str, int]:
    """Send the browser to the institution's provider."""
    provider = parts().oidc
    if provider is None:
        return redirect(url_for("console.sign_in"))
    try:
        start = provider.start(_callback())
    except OidcError as error:
        log.error("console: the identity provider does not answer: %s", error)
        return _form("provider"), 502
    half = parts().sessions.half_way(
        url="", state=start.state, nonce=start.nonce, verifier=start.verifier, next=safe_next(request.args.get("next"))
    )
    response = redirect(start.url)
    response.set_cookie(
        _HALF_COOKIE, half, max_age=300, httponly=True, samesite="Lax", secure=parts().secure, path="/console"
    )
    return response


@needs("public")
def from_provider() -> BaseResponse | tuple[str, int]:
    """Take the browser back; who the provider vouches for must be an active agent here."""
    provider, half = parts().oidc, parts().sessions.take(request.cookies.get(_HALF_COOKIE, ""))
    if provider is None or half is None or "state" not in half:
        return redirect(url_for("console.sign_in"))
    kept = Start(*(str(half[name]) for name in ("url", "state", "nonce", "verifier")))
    try:
        username = provider.finish(_callback(), f"{_callback()}?{urlencode(request.args)}", kept)
    except OidcError as error:
        log.warning("console: sign-in by the identity provider failed: %s", error)
        return _form("provider"), 401
    found = parts().agents.credentials(username)
    if found is None:
        parts().audit.note("sign_in_failed", username[:64].lower(), utc_now(), factor="oidc")
        return _form("unknown"), 403
    response = _begin(found[0], str(half["next"]), "oidc")
    response.delete_cookie(_HALF_COOKIE, path="/console")
    return response


@needs("public")
def sign_out() -> BaseResponse:
    """End the session, here and in Redis."""
    token = request.cookies.get(cookie_name())
    if token:
        parts().sessions.end(token)
    if g.agent is not None:
        parts().agents.change(g.agent.id, presence="away")
        parts().audit.note("sign_out", g.agent.username, utc_now(), agent=g.agent.id)
    response = redirect(url_for("console.sign_in"))
    clear_cookie(response)
    return response


def _callback() -> str:
    return parts().public_url + url_for("console.sign_in_oidc_callback")


def _begin(agent: AgentRecord, target: str | None, factor: str) -> BaseResponse:
    old = request.cookies.get(cookie_name())
    if old:
        parts().sessions.end(old)
    now = utc_now()
    token = parts().sessions.begin(agent.id, agent.session_epoch, now)
    parts().agents.change(agent.id, presence="here", seen_at=now)
    parts().audit.note("sign_in", agent.username, now, agent=agent.id, factor=factor)
    response = redirect(safe_next(target))
    set_cookie(response, token)
    return response
