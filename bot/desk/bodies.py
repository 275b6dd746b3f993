"""What a desk reads of a handoff and of a message: one form for webhooks and for the API's answers."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from bot.store.desk_events import DeskEvent
from bot.store.thread import Entry


def event_body(event: DeskEvent) -> bytes:
    """Return the body of a webhook: the same bytes however often the event is sent."""
    return json.dumps(
        {"type": event.type, "timestamp": moment(event.at), "data": event_data(event)},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


def event_data(event: DeskEvent) -> dict[str, Any]:
    """Return what an event tells, JSON-ready.

    The person's number is in no event: ``conversation`` is an opaque id, the same for one person on every channel.
    Texts are as they are stored: redacted.
    """
    told = event.data
    data: dict[str, Any] = {
        "handoff": {
            "id": event.handoff_id,
            "conversation": event.conversation_id,
            **{
                name: told.get(name)
                for name in (
                    "state",
                    "reason",
                    "channel",
                    "language",
                    "topic",
                    "sensitive",
                    "priority",
                    "team",
                    "agent",
                    "end_reason",
                )
            },
            "asked_at": told["asked_at"].replace("+00:00", "Z"),
        }
    }
    if event.type.startswith("handoff."):
        data |= {"what": told.get("what"), "by": told.get("by")}
    if event.type == "message.received":
        data["message"] = message(event.message)
    if event.type == "message.status":
        data["delivery"] = {"id": told.get("delivery"), "status": told.get("status")}
    return data


def message(entry: Entry | None) -> dict[str, Any] | None:
    """Return a person's message; None when its row is gone (purged)."""
    if entry is None:
        return None
    return {
        "id": entry.id,
        "channel": entry.channel,
        "text": entry.text,
        "media": entry.media,
        "at": moment(entry.at),
    }


def moment(at: datetime) -> str:
    """Return a time as RFC 3339 in UTC, to the second's fraction that is stored."""
    return at.isoformat().replace("+00:00", "Z")
