"""Opening one handoff, for those who may; and the audit's line about it."""

from __future__ import annotations

from flask import abort

from bot.console.desk import may_open
from bot.console.parts import parts
from bot.console.security import current_agent
from bot.store.handoffs import HandoffRecord
from bot.store.store import utc_now


def opened(handoff: int) -> HandoffRecord:
    """Return a handoff; the request ends with 404 or 403 for what is not there, or not for who is signed in."""
    record = parts().handoffs.get(handoff)
    if record is None:
        abort(404)
    if not may_open(record):
        abort(403)
    return record


def noted(action: str, record: HandoffRecord, **detail: str) -> None:
    """Write who did what to a handoff into the audit."""
    me = current_agent()
    parts().audit.note(
        action, me.username, utc_now(), agent=me.id, conversation=record.conversation_id, handoff=record.id, **detail
    )
