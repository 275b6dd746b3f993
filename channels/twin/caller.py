"""What a caller does, from the control API's JSON: presses keys, speaks, keeps silent, makes noise, hangs up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

Deed = Literal["keys", "say", "silence", "noise", "hang_up", "answer", "decline", "agent_leaves"]
"""``answer`` and ``decline`` are for a phone that rings; ``agent_leaves`` ends a talk from the other side."""

KEYS = "0123456789*#"
DEFAULT_CONFIDENCE = 0.9
NOISE = ("mm", 0.1)
"""What a recogniser makes of a bad line: a syllable, of which it is not sure."""
_FIELDS = {"do", "keys", "text", "confidence", "barge_in", "after", "at"}


@dataclass(frozen=True)
class Action:
    """One thing that the caller does.

    ``barge_in``: during the prompt, ``after`` seconds into it, not when it has ended. Of ``hang_up``, ``after`` counts
    from when the call was placed, and ``at`` names a verb: the caller hangs up as soon as one begins.
    """

    do: Deed
    text: str = ""
    confidence: float = DEFAULT_CONFIDENCE
    barge_in: bool = False
    after: float | None = None
    at: str = ""


def read(given: Any) -> tuple[Action, ...]:
    """Read one action, or a list of them.

    Raises:
        ValueError: one has no such form; the message names the field.
    """
    if isinstance(given, Sequence) and not isinstance(given, str):
        return tuple(_action(each) for each in given)
    return (_action(given),)


def _action(given: Any) -> Action:
    if not isinstance(given, Mapping):
        raise ValueError("an action is a JSON object")
    unknown = sorted(set(given) - _FIELDS)
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    do = next((each for each in get_args(Deed) if each == given.get("do")), None)
    if do is None:
        raise ValueError(f"do: one of {', '.join(get_args(Deed))}")
    text = str(given.get("keys" if do == "keys" else "text", ""))
    if do == "keys" and (not text or any(key not in KEYS for key in text)):
        raise ValueError(f"keys: one or more of {KEYS}")
    after = given.get("after")
    return Action(
        do=do,
        text=text,
        confidence=_share(given.get("confidence", DEFAULT_CONFIDENCE)),
        barge_in=bool(given.get("barge_in", False)),
        after=None if after is None else _seconds(after),
        at=str(given.get("at", "")),
    )


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise ValueError("confidence: 0 to 1")
    return float(value)


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ValueError("after: seconds, 0 or more")
    return float(value)
