"""An agent's own account: password, second factor, phone, presence."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console import passwords
from bot.console.parts import parts
from bot.console.phone import BadPhone, agent_phone
from bot.console.security import current_agent, needs, safe_next, set_cookie
from bot.store.agents import PRESENCES
from bot.store.store import utc_now


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/account", "account", account, methods=["GET"])
    console.add_url_rule("/account/password", "change_password", change_password, methods=["POST"])
    console.add_url_rule("/account/factor", "begin_factor", begin_factor, methods=["POST"])
    console.add_url_rule("/account/factor/confirm", "confirm_factor", confirm_factor, methods=["POST"])
    console.add_url_rule("/account/factor/remove", "remove_factor", remove_factor, methods=["POST"])
    console.add_url_rule("/account/phone", "change_phone", change_phone, methods=["POST"])
    console.add_url_rule("/presence", "presence", presence, methods=["POST"])


@needs("agent")
def account() -> str:
    """Show the account."""
    return _page()


def _page(message: str = "", error: str = "", **values: object) -> str:
    return render_template(
        "console/account.html",
        agent=current_agent(),
        message=message,
        error=error,
        shortest=passwords.SHORTEST,
        **values,
    )


@needs("agent")
def change_password() -> BaseResponse | tuple[str, int]:
    """Change the password: the present one is asked for, and every other session ends."""
    agent = current_agent()
    if (refused := _wrong_password()) is not None:
        return refused
    try:
        stored = passwords.hashed(request.form.get("password", ""))
    except passwords.WeakPassword:
        return _page(error="weak"), 400
    parts().agents.change(agent.id, password_hash=stored)
    return _go_on("password_changed")


def _wrong_password() -> tuple[str, int] | None:
    """Return the answer to a wrong present password. A session may be stolen: guessing is as slow as at the door."""
    username, address = current_agent().username, request.remote_addr or ""
    wait = parts().throttle.wait(username, address)
    if wait:
        return _page(error="throttled", minutes=-(-wait // 60)), 429
    found = parts().agents.credentials(username)
    if found is None or not passwords.matches(found[1], request.form.get("present", "")):
        parts().throttle.failed(username, address)
        return _page(error="present"), 400
    parts().throttle.succeeded(username, address)
    return None


@needs("agent")
def begin_factor() -> str:
    """Show a new second factor's secret; it holds once a code of it was given."""
    secret = passwords.new_totp()
    uri = passwords.totp_uri(secret, current_agent().username, parts().institution)
    return _page(secret=secret, uri=uri, pending=parts().sessions.half_way(agent_id=current_agent().id, secret=secret))


@needs("agent")
def confirm_factor() -> BaseResponse | tuple[str, int]:
    """Keep the second factor if the code fits."""
    half = parts().sessions.take(request.form.get("pending", ""))
    if half is None or half.get("agent_id") != current_agent().id:
        return _page(error="factor"), 400
    if passwords.totp_step(str(half["secret"]), request.form.get("code", "")) is None:
        return _page(error="factor"), 400
    parts().agents.set_totp(current_agent().id, str(half["secret"]))
    return _go_on("factor_added")


@needs("agent")
def remove_factor() -> BaseResponse | tuple[str, int]:
    """Remove the second factor; the password is asked for."""
    if (refused := _wrong_password()) is not None:
        return refused
    parts().agents.set_totp(current_agent().id, None)
    return _go_on("factor_removed")


@needs("agent")
def change_phone() -> BaseResponse | tuple[str, int]:
    """Set the number or SIP address that rings for calls; nothing: remove it."""
    given = request.form.get("phone", "").strip()
    try:
        parts().agents.set_phone(current_agent().id, agent_phone(given) if given else None)
    except BadPhone:
        return _page(error="phone"), 400
    me = current_agent()
    parts().audit.note("phone_changed", me.username, utc_now(), agent=me.id, whom=me.id)
    return redirect(url_for("console.account"))


@needs("agent")
def presence() -> BaseResponse:
    """Say whether conversations may come."""
    chosen = request.form.get("presence", "")
    if chosen in PRESENCES:
        parts().agents.change(current_agent().id, presence=chosen, seen_at=utc_now())
    return redirect(safe_next(request.form.get("back")))


def _go_on(action: str) -> BaseResponse:
    """Note it, and give this browser a new session: the change ended every one."""
    agent = parts().agents.get(current_agent().id)
    assert agent is not None
    now = utc_now()
    parts().audit.note(action, agent.username, now, agent=agent.id)
    response = redirect(url_for("console.account"))
    set_cookie(response, parts().sessions.begin(agent.id, agent.session_epoch, now))
    return response
