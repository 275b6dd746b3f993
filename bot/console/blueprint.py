"""The console's blueprint: every page, and the checks before and after each."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, redirect, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from bot.console import account, admin, audit, call, conversation, queue, sign_in, wall
from bot.console.desk import topic_name
from bot.console.parts import parts
from bot.console.security import guard, headers, may, needs
from bot.console.sessions import SessionsUnavailable
from bot.console.words import shown
from bot.store.store import utc_now

console = Blueprint("console", __name__, url_prefix="/console", template_folder="templates", static_folder="static")
console.before_request(guard)
console.after_request(headers)
for module in (sign_in, account, queue, conversation, call, wall, admin, audit):
    module.register(console)


@console.get("/")
@needs("agent")
def home() -> BaseResponse:
    """Go where work is."""
    return redirect(url_for("console.queue"))


@console.app_template_filter("when")
def when(value: object) -> str:
    """Show a time in the institution's zone."""
    return shown(value, parts().zone)


@console.app_template_filter("moment")
def moment(value: object) -> str:
    """Show a time in short: today's without its day."""
    return shown(value, parts().zone, today=utc_now())


@console.context_processor
def _in_every_page() -> dict[str, object]:
    return {
        "institution": parts().institution,
        "may": may,
        "new_key": lambda: uuid.uuid4().hex,
        "idle_seconds": int(parts().idle.total_seconds()),
        "topic_name": topic_name,
    }


@console.errorhandler(SessionsUnavailable)
def no_sessions(error: Exception) -> tuple[str, int]:
    """Say that the console cannot work now; messages of people are not in danger."""
    return render_template("console/error.html", code=503), 503


@console.errorhandler(HTTPException)
def refused(error: HTTPException) -> tuple[str, int] | Response:
    """Answer an error in the console's own words."""
    code = error.code or 500
    if request.headers.get("HX-Request"):
        return Response(render_template("console/error_line.html", code=code), status=code)
    return render_template("console/error.html", code=code), code
