"""A phone in someone's hand: sends and waits for what comes back, through the twin's control API."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bot.core.ids import canonical_number

QUIET_SECONDS = 0.7
DEADLINE_SECONDS = 15.0


class TwinUnavailable(RuntimeError):
    """The twin does not answer; the message says what to do."""


@dataclass(frozen=True)
class Received:
    """A message that reached the phone. ``choices`` are the titles of its buttons, or of its list's lines."""

    seq: int
    body: str
    segments: int
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Exchange:
    """One message sent and what came back, after what had come too late for the message before.

    ``seconds`` until the last reply; the whole wait when there was none.
    """

    sent: str
    replies: tuple[Received, ...]
    seconds: float


class TwinPhone:
    """One phone. Messages from before it was picked up are not shown; one that comes late is shown with the next."""

    def __init__(
        self,
        base_url: str,
        number: str,
        *,
        channel: str = "sms",
        quiet: float = QUIET_SECONDS,
        deadline: float = DEADLINE_SECONDS,
    ) -> None:
        """``quiet``: seconds without another message after which a reply is complete; ``deadline``: the longest wait.

        Only what comes on ``channel`` is shown.

        Raises:
            bot.core.ids.BadNumber: ``number`` is not a phone number.
        """
        self.number = canonical_number(number)
        self.channel = channel
        self._choices: tuple[str, ...] = ()
        self._quiet = quiet
        self._deadline = deadline
        self._path = f"/twin/phones/{self.number}/messages"
        self._http = httpx.Client(base_url=base_url, trust_env=False, timeout=httpx.Timeout(10.0))
        self._seen: int | None = None
        for noisy in ("httpx", "httpcore"):  # they write addresses, and so the number
            logging.getLogger(noisy).setLevel(logging.WARNING)

    def send(self, text: str, *, deadline: float | None = None, **more: Any) -> Exchange:
        """Send ``text``; return when the assistant has answered and is quiet, or when the deadline has passed.

        ``deadline`` is for this message only; ``more`` goes to the control API as it is (``sid``, ``fields`` …).

        Raises:
            TwinUnavailable: the twin does not answer.
        """
        late = self.receive()  # what an earlier message brought must not pass for this one's answer
        begun = ended = time.monotonic()
        self._choices = next((each.choices for each in reversed(late) if each.choices), self._choices)
        self._call("POST", json={"channel": self.channel, "body": text, **more})
        replies: list[Received] = []
        while True:
            left = begun + (self._deadline if deadline is None else deadline) - time.monotonic()
            got = self.receive(min(self._quiet, left) if replies else left) if left > 0 else ()
            if not got:
                break
            replies.extend(got)
            ended = time.monotonic()
        if replies:  # what was open before is closed by any answer
            self._choices = next((each.choices for each in reversed(replies) if each.choices), ())
        return Exchange(text, (*late, *replies), (ended if replies else time.monotonic()) - begun)

    def say(self, text: str, *, deadline: float | None = None) -> Exchange:
        """Send ``text``, or tap what the last message with choices shows under exactly these words.

        Raises:
            TwinUnavailable: the twin does not answer.
        """
        wanted = text.strip()
        if wanted in self._choices:
            return self.send(text, deadline=deadline, tap=wanted)
        return self.send(text, deadline=deadline)

    def receive(self, wait: float = 0.0) -> tuple[Received, ...]:
        """Return what has reached the phone since the last look; waits up to ``wait`` seconds for the first.

        Raises:
            TwinUnavailable: the twin does not answer.
        """
        params = {"after": self._place(), "wait": f"{max(wait, 0):.3f}", "channel": self.channel}
        page = self._call("GET", params=params, wait=wait)
        self._seen = int(page["last"])
        return tuple(_received(item) for item in page["messages"])

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def __enter__(self) -> TwinPhone:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _place(self) -> int:
        if self._seen is None:
            self._seen = int(self._call("GET", params={"after": 2**62})["seq"])
        return self._seen

    def _call(self, method: str, wait: float = 0.0, **request: Any) -> dict[str, Any]:
        try:
            response = self._http.request(method, self._path, timeout=10.0 + max(wait, 0), **request)
            response.raise_for_status()
            answer: dict[str, Any] = response.json()
        except httpx.HTTPStatusError as error:
            raise TwinUnavailable(f"the twin refused the request ({error.response.status_code})") from None
        except (httpx.HTTPError, ValueError):
            raise TwinUnavailable(
                f"no twin answers at {self._http.base_url}: start everything with `ventanilla run`"
            ) from None
        return answer


def _received(item: Mapping[str, Any]) -> Received:
    shown = item["shown"] or {"options": ()}
    return Received(item["seq"], item["body"], item["segments"], tuple(each["title"] for each in shown["options"]))
