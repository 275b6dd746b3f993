"""Who may open what: every view names its role; sessions, CSRF and headers are checked in one place."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

from flask import Response, abort, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console.parts import parts
from bot.console.sessions import Session
from bot.store.agents import ROLES, AgentRecord, Role
from bot.store.store import utc_now

log = logging.getLogger(__name__)

Access = Role | Literal["public"]
View = TypeVar("View", bound=Callable[..., Any])
_MARK = "_console_access"

# What an open page asks for without anybody at it: it must not keep a session alive.
BY_THEMSELVES = frozenset(f"console.{name}" for name in ("events", "queue_list", "thread", "call", "wall_figures"))

# No inline script or style anywhere; htmx is told to add none (templates/console/base.html).
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "media-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


def needs(access: Access) -> Callable[[View], View]:
    """Mark a view with the least role that may open it. A view without a mark is refused to everybody."""

    def mark(view: View) -> View:
        setattr(view, _MARK, access)
        return view

    return mark


def access_of(view: Callable[..., Any]) -> Access | None:
    """Return a view's mark."""
    return getattr(view, _MARK, None)


def may(agent: AgentRecord, role: Role) -> bool:
    """Say whether an agent's role includes another."""
    return ROLES.index(agent.role) >= ROLES.index(role)


def cookie_name() -> str:
    """Return the session cookie's name; by https one that no subdomain can set."""
    return "__Host-ventanilla" if parts().secure else "ventanilla_console"


def set_cookie(response: BaseResponse, token: str) -> None:
    """Give a browser its session. Lax, not Strict: a sign-in by OIDC comes back from another site."""
    response.set_cookie(cookie_name(), token, httponly=True, samesite="Lax", secure=parts().secure, path="/")


def clear_cookie(response: BaseResponse) -> None:
    """Take the session from a browser."""
    response.delete_cookie(cookie_name(), httponly=True, samesite="Lax", secure=parts().secure, path="/")


def current_agent() -> AgentRecord:
    """Return who is signed in (in a view that needs a role)."""
    agent: AgentRecord = g.agent
    return agent


def sees_sensitive() -> bool:
    """Say whether who is signed in may see sensitive matters: by team, or as an administrator."""
    return current_agent().role == "admin" or parts().agents.may_see_sensitive(current_agent().id)


def guard() -> BaseResponse | None:
    """Let a request through, or answer it: refused, or sent to sign in. Runs before every view of the console."""
    if request.endpoint is None or request.endpoint == "console.static":
        return None
    access = access_of(current_app.view_functions[request.endpoint])
    if access is None:
        abort(403)
    found = _signed_in(request.endpoint not in BY_THEMSELVES)
    g.agent, g.csrf = (found[0], found[1].csrf) if found else (None, "")
    # Read before anything that the page shows: its stream goes on from here, and misses nothing in between.
    g.last_event = parts().live.last_id() if found and request.endpoint not in BY_THEMSELVES else 0
    if request.method not in ("GET", "HEAD", "OPTIONS"):
        _same_site()
        if found is not None or access != "public":
            _csrf()
    if access == "public":
        return None
    if found is None:
        return _to_sign_in()
    if not may(found[0], access):
        what = request.endpoint.removeprefix("console.")
        parts().audit.note("refused", found[0].username, utc_now(), agent=found[0].id, what=what)
        abort(403)
    return None


def headers(response: Response) -> Response:
    """Set the headers of every answer of the console."""
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
    if request.endpoint != "console.static":
        response.headers["Cache-Control"] = "no-store"
    if parts().secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000"
    return response


def safe_next(target: str | None) -> str:
    """Return a path of the console to go to after signing in; anything else becomes the first page."""
    home = url_for("console.home")
    if not target or not target.startswith("/console/") or "\\" in target or any(ord(c) < 33 for c in target):
        return home
    return target


def _signed_in(touch: bool) -> tuple[AgentRecord, Session] | None:
    token = request.cookies.get(cookie_name())
    if not token:
        return None
    now: datetime = utc_now()
    session = parts().sessions.find(token, now, touch=touch)
    if session is None:
        return None
    agent = parts().agents.get(session.agent_id)
    if agent is None or not agent.active or agent.session_epoch != session.epoch:
        parts().sessions.end(token)
        return None
    return agent, session


def _same_site() -> None:
    """Refuse what another site's page sends, by what browsers say of it themselves."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site != "same-origin":
        abort(403)
    origin = request.headers.get("Origin")
    ours = {_origin(parts().public_url), _origin(request.host_url)}
    if origin is not None and _origin(origin) not in ours:
        abort(403)


def _origin(url: str) -> str:
    split = urlsplit(url)
    return f"{split.scheme}://{split.netloc}".lower()


def _csrf() -> None:
    given = request.headers.get("X-CSRF-Token") or request.form.get("csrf_token") or ""
    if not g.csrf or not hmac.compare_digest(given.encode(), g.csrf.encode()):
        log.warning("console: request without its CSRF token refused")
        abort(403)


def _to_sign_in() -> BaseResponse:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else None
    target = url_for("console.sign_in", next=wanted)
    if request.headers.get("HX-Request") or request.endpoint == "console.events":
        response = Response(status=401)
        response.headers["HX-Redirect"] = url_for("console.sign_in")
        return response
    return redirect(target)
