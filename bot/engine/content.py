"""A turn's request as Rasa takes it: content becomes message text, the context becomes metadata."""

from __future__ import annotations

import json
import math
from typing import Any

from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.messages import Choice, Content, Location, Media, Text
from bot.core.turns import TurnRequest

_ID_LIMIT = 200


def read_request(payload: Any) -> TurnRequest:
    """Read and check the body of ``POST /turns``.

    Raises:
        PayloadError: the payload is not a turn's request; the message names the path at fault.
    """
    request: TurnRequest = from_payload(TurnRequest, payload)
    for name in ("message_id", "conversation_id"):
        value = getattr(request, name)
        if not value or len(value) > _ID_LIMIT or not value.isprintable() or " " in value:
            raise PayloadError(f"$.{name}: an id of 1 to {_ID_LIMIT} printable characters without spaces is expected")
    if isinstance(request.content, Location):
        _check_degrees("latitude", request.content.latitude, 90)
        _check_degrees("longitude", request.content.longitude, 180)
    if isinstance(request.content, Choice) and not request.content.option_id:
        raise PayloadError("$.content.option_id: is empty")
    return request


def _check_degrees(name: str, value: float, limit: int) -> None:
    if not (math.isfinite(value) and abs(value) <= limit):
        raise PayloadError(f"$.content.{name}: degrees from -{limit} to {limit} are expected")


def message_text(content: Content) -> str:
    """Return the text that Rasa's pipeline reads: a person's words, or a structured message of ours.

    Rasa takes text that starts with ``/`` for an intent (``/restart``), so a person's leading slashes are dropped.
    """
    if isinstance(content, Text):
        return _plain(content.text)
    if isinstance(content, Choice):
        return _structured("pick", {"option_id": content.option_id})
    if isinstance(content, Location):
        return _structured("share_location", {"latitude": content.latitude, "longitude": content.longitude})
    return _structured("send_media", {"kind": content.kind})


def metadata(request: TurnRequest) -> dict[str, Any]:
    """Return what actions read from ``tracker.latest_message["metadata"]``: context, channel and a file's caption."""
    values: dict[str, Any] = {"context": to_payload(request.context), "channel": request.channel}
    if isinstance(request.content, Media) and request.content.text:
        values["caption"] = _plain(request.content.text)
    return values


def _structured(intent: str, entities: dict[str, Any]) -> str:
    return f"/{intent}{json.dumps(entities)}"


def _plain(text: str) -> str:
    # Half of a surrogate pair (a cut emoji) is valid in JSON and breaks every encoder after it.
    text = text.encode("utf-8", "replace").decode("utf-8").replace("\0", " ").strip()
    while text.startswith("/"):
        text = text.lstrip("/").strip()
    return text
