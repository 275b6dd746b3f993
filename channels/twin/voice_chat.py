"""A call from the terminal: for people, or one JSON line a step for programs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from channels.twin.caller import KEYS
from channels.twin.telephone import Heard, TwinCall

HELP = "Type what you say. Keys: 1, 2, * … A blank line is silence, `hangup` hangs up; then the next line calls again."


def voice_chat(number: str, lines: Iterable[str], write: Callable[[str], None], base_url: str, json_mode: bool) -> None:
    """Call the service from ``number`` and do what each line says: ``say:…``, ``dtmf:…``, ``silence``, ``hangup``.

    The call is placed before the first line, and placed again before a line that follows its end. What is said on
    answering belongs to the line before which the call was placed. A line of none of these forms is said.

    Raises:
        bot.core.ids.BadNumber: ``number`` is not a phone number.
        channels.twin.client.TwinUnavailable: the twin does not answer.
    """
    call: TwinCall | None = None
    try:
        if not json_mode:
            write(HELP)
            call = TwinCall(base_url, number)
            _write_all(write, for_people(call.place()))
        for line in lines:
            text = line.rstrip("\r\n")
            told: list[Heard] = []
            if call is None:
                call = TwinCall(base_url, number)
                told.append(call.place())
            if not told or not told[-1].over:
                told.append(call.act(step(text)))
            if json_mode:
                write(as_json(text, told))
            else:
                _write_all(write, (shown for each in told for shown in for_people(each)))
            if told[-1].over:
                call.close()
                call = None
    finally:
        if call is not None:
            if call.sid:
                call.hang_up()
            call.close()


def step(text: str) -> Mapping[str, Any]:
    """Return the action that a line stands for."""
    kind, separator, rest = text.partition(":")
    kind = kind.strip().lower() if separator else ""
    bare = text.strip().lower()
    keys = re.sub(r"[\s,]", "", rest if kind == "dtmf" else text)
    if bare in ("", "silence"):
        return {"do": "silence"}
    if bare == "hangup":
        return {"do": "hang_up"}
    if bare == "noise":
        return {"do": "noise"}
    if keys and all(key in KEYS for key in keys) and kind != "say":
        return {"do": "keys", "keys": keys}
    said = rest.strip() if kind in ("say", "dtmf") else text.strip()
    return {"do": "say", "text": said} if said else {"do": "silence"}


def as_json(text: str, told: Iterable[Heard]) -> str:
    """Return a step as the JSON line of the command's contract."""
    parts = list(told)
    out = [said for each in parts for said in each.said]
    seconds = round(sum(each.seconds for each in parts), 3)
    return json.dumps(
        {"in": text, "out": out, "choices": list(parts[-1].choices), "seconds": seconds}, ensure_ascii=False
    )


def for_people(heard: Heard) -> Iterator[str]:
    """Yield what was said, line by line, and where the call stands when it is not the caller's turn."""
    for line in heard.lines:
        if line["kind"] == "said":
            yield str(line["text"])
        elif line["kind"] in ("played", "event", "lost"):
            yield f"  ({line['kind']}: {line['text']})"
    if heard.over:
        yield f"  (the call has ended: {heard.status})"
    elif heard.doing in ("dialling", "talking"):
        yield f"  ({heard.doing})"


def _write_all(write: Callable[[str], None], shown: Iterable[str]) -> None:
    for each in shown:
        write(each)
