"""Opening one handoff, for those who may; and the audit's line about it, also when it is refused."""

from __future__ import annotations

from typing import NoReturn

from flask import abort, make_response, render_template, request

from bot.console.desk import may_open, might_have_taken
from bot.console.parts import parts
from bot.console.security import BY_THEMSELVES, current_agent
from bot.store.handoffs import HandoffRecord, NotYours
from bot.store.store import utc_now

_DEEDS = frozenset(
    f"console.{name}"
    for name in (
        "take", "ring", "stop_ring", "write", "call_back", "reply", "card", "release", "transfer", "back", "close",
    )
)  # fmt: skip


def opened(handoff: int) -> HandoffRecord:
    """Return a handoff; the request ends here for what is not there, or not for who is signed in.

    404, 403; and 409 for what an agent would do with somebody whom a colleague has by now: it says who was faster.
    """
    record = parts().handoffs.get(handoff)
    if record is None:
        abort(404)
    if not may_open(record):
        _refuse(record)
    return record


def _refuse(record: HandoffRecord) -> NoReturn:
    if request.endpoint in BY_THEMSELVES:  # an open page asks again and again: it says once why nothing more comes
        line = render_template("console/gone_line.html", handoff=record, told=might_have_taken(record))
        abort(make_response(line, 403))
    noted("refused", record, what=(request.endpoint or "").removeprefix("console."))
    if request.endpoint in _DEEDS and might_have_taken(record):
        gone(record)
    abort(403)


def gone(record: HandoffRecord) -> NoReturn:
    """End a request with the page that says who has somebody; words that were typed are given back."""
    typed = request.form.get("text", "")
    refused = NotYours(record.state, record.agent)
    abort(make_response(render_template("console/taken.html", handoff=record, refused=refused, typed=typed), 409))


def noted(action: str, record: HandoffRecord, **detail: str) -> None:
    """Write who did what to a handoff into the audit."""
    me = current_agent()
    parts().audit.note(
        action, me.username, utc_now(), agent=me.id, conversation=record.conversation_id, handoff=record.id, **detail
    )
