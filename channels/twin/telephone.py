"""A telephone in someone's hand: calls, speaks, presses keys and hears, through the twin's control API."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bot.core.ids import canonical_number
from channels.twin.client import TwinUnavailable

DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Heard:
    """What was said since the caller last did something. ``doing``: what the line does now (calls.Doing).

    ``said`` are the prompts whole; ``lines`` is the transcript as the twin keeps it. ``settled``: the line waits for
    the caller; else the deadline has passed.
    """

    said: tuple[str, ...]
    choices: tuple[str, ...]
    doing: str
    over: bool
    settled: bool
    seconds: float
    lines: tuple[Mapping[str, Any], ...] = ()
    status: str = ""
    errors: tuple[Mapping[str, Any], ...] = ()


class TwinCall:
    """One call, from placing it to its end. The line waits for the caller as long as she takes (``clock: patient``)."""

    def __init__(self, base_url: str, number: str, *, hidden: bool = False, deadline: float = DEADLINE_SECONDS) -> None:
        """``hidden``: the number is withheld; ``deadline``: the longest wait for what is said, in seconds.

        Raises:
            bot.core.ids.BadNumber: ``number`` is not a phone number.
        """
        self._path = f"/twin/phones/{canonical_number(number)}/calls"
        self._hidden = hidden
        self._deadline = deadline
        self._http = httpx.Client(base_url=base_url, trust_env=False, timeout=httpx.Timeout(10.0 + deadline))
        self.sid = ""
        self._lines = 0
        for noisy in ("httpx", "httpcore"):  # they write addresses, and so the number
            logging.getLogger(noisy).setLevel(logging.WARNING)

    def place(self, *script: Mapping[str, Any], **more: Any) -> Heard:
        """Call, and do ``script`` (actions of channels.twin.caller); return when nothing of it is left.

        Raises:
            TwinUnavailable: the twin does not answer.
        """
        given = {"clock": "patient", "hidden": self._hidden, "script": list(script), "wait": self._deadline, **more}
        return self._heard("POST", self._path, given)

    def act(self, *actions: Mapping[str, Any]) -> Heard:
        """Do something and return what is said to it; raises TwinUnavailable."""
        given = {"actions": list(actions), "wait": self._deadline, "lines_after": self._lines}
        return self._heard("POST", f"/twin/calls/{self.sid}/actions", given)

    def say(self, text: str, confidence: float = 0.9) -> Heard:
        """Speak; the recogniser is so sure of it."""
        return self.act({"do": "say", "text": text, "confidence": confidence})

    def press(self, keys: str) -> Heard:
        """Press keys."""
        return self.act({"do": "keys", "keys": keys})

    def keep_silent(self) -> Heard:
        """Say nothing until the line goes on."""
        return self.act({"do": "silence"})

    def hang_up(self) -> Heard:
        """Hang up."""
        return self.act({"do": "hang_up"})

    def take_up(self, sid: str) -> Heard:
        """Go on with a call that is there already: one that came in."""
        self.sid = sid
        return self._heard("GET", f"/twin/calls/{sid}", {})

    def close(self) -> None:
        """Close the connection; the call is as it is."""
        self._http.close()

    def __enter__(self) -> TwinCall:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _heard(self, method: str, path: str, given: Mapping[str, Any]) -> Heard:
        begun = time.monotonic()
        try:
            response = self._http.request(method, path, json=given if method == "POST" else None)
            response.raise_for_status()
            told: dict[str, Any] = response.json()
        except httpx.HTTPStatusError as error:
            raise TwinUnavailable(f"the twin refused the request ({error.response.status_code})") from None
        except (httpx.HTTPError, ValueError):
            raise TwinUnavailable(
                f"no twin answers at {self._http.base_url}: start everything with `ventanilla run`"
            ) from None
        self.sid = told["sid"]
        lines = tuple(told["lines"])
        self._lines = max(self._lines, *(line["seq"] for line in lines)) if lines else self._lines
        return Heard(
            said=tuple(line["text"] for line in lines if line["kind"] == "said"),
            choices=tuple(told["choices"]),
            doing=told["doing"],
            over=bool(told["over"]),
            settled=bool(told.get("settled", True)),
            seconds=time.monotonic() - begun,
            lines=lines,
            status=told["status"],
            errors=tuple(told["errors"]),
        )
