"""Chatwoot's Application API, as far as it is needed (https://developers.chatwoot.com/api-reference).

A token of a person in the account is used (header ``api_access_token``). In lists and answers ``message_type`` is a
number, in webhooks a word; a conversation's ``id`` is the one that agents see.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import httpx

from bot.desk.sinks import NotTaken, check

INCOMING, OUTGOING = 0, 1
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True)
class Message:
    """A message of a conversation there. ``source`` is ours, where we wrote it; ``at`` in seconds since 1970."""

    id: int
    kind: int
    private: bool
    content: str
    source: str | None
    sender: str
    at: float
    has_files: bool = False


class Chatwoot:
    """One inbox of one account. Every method raises NotTaken when Chatwoot does not do it."""

    def __init__(self, url: str, account: int, inbox: int, token: str, seconds: float = 5.0, keep: int = 2) -> None:
        """``url``: the address of the installation. ``keep``: how many connections stay open between requests."""
        self.inbox = inbox
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1/accounts/{account}",
            headers={"api_access_token": token, "User-Agent": "Ventanilla-Desk/1"},
            timeout=httpx.Timeout(seconds, connect=min(3.0, seconds), pool=1.0),
            limits=httpx.Limits(max_keepalive_connections=keep),
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def inbox_kind(self) -> str:
        """Return the inbox's channel type: to be used here it must be ``Channel::Api``."""
        return str(_dict(self._ask("GET", f"/inboxes/{self.inbox}")).get("channel_type", ""))

    def find_contact(self, identifier: str) -> str | None:
        """Return the contact with our identifier."""
        found = _dict(self._ask("GET", "/contacts/search", params={"q": identifier})).get("payload")
        return next((str(each["id"]) for each in _dicts(found) if each.get("identifier") == identifier), None)

    def add_contact(self, identifier: str, name: str) -> str:
        """Make a contact."""
        made = _dict(self._ask("POST", "/contacts", json={"name": name, "identifier": identifier})).get("payload")
        return str(_dict(_dict(made).get("contact"))["id"])

    def find_conversation(self, contact: str, handoff: int) -> str | None:
        """Return the contact's conversation that was made for a handoff."""
        found = _dict(self._ask("GET", f"/contacts/{contact}/conversations")).get("payload")
        for each in _dicts(found):
            ours = _dict(each.get("custom_attributes") or {}).get("ventanilla_handoff")
            if each.get("inbox_id") == self.inbox and ours == handoff:
                return str(each["id"])
        return None

    def add_conversation(self, contact: str, source: str, handoff: int) -> str:
        """Make a conversation for a handoff. (An inbox with one conversation for each contact gives that one.)"""
        body = {
            "inbox_id": self.inbox,
            "contact_id": int(contact),
            "source_id": source,
            "status": "open",
            "custom_attributes": {"ventanilla_handoff": handoff},
        }
        return str(_dict(self._ask("POST", "/conversations", json=body))["id"])

    def messages(self, conversation: str) -> tuple[Message, ...]:
        """Return the latest messages, oldest first."""
        found = _dict(self._ask("GET", f"/conversations/{conversation}/messages")).get("payload")
        return tuple(sorted(map(_message, _dicts(found)), key=lambda each: each.id))

    def add_message(self, conversation: str, content: str, source: str, *, note: bool = False) -> None:
        """Write as the person, or an internal note. ``source`` is our name for it."""
        kind = {"message_type": "outgoing", "private": True} if note else {"message_type": "incoming", "private": False}
        body = {"content": content, "source_id": source, **kind}
        self._ask("POST", f"/conversations/{conversation}/messages", json=body)

    def set_status(self, conversation: str, status: str) -> None:
        """Make a conversation ``open`` or ``resolved``."""
        self._ask("POST", f"/conversations/{conversation}/toggle_status", json={"status": status})

    def set_message_status(self, conversation: str, message: str, status: str, error: str | None) -> None:
        """Say how far an agent's message got: ``sent``, ``delivered``, ``read`` or ``failed`` with an error."""
        body = {"status": status, **({"external_error": error} if error else {})}
        self._ask("PATCH", f"/conversations/{conversation}/messages/{message}", json=body)

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TimeoutException:
            raise NotTaken("timeout") from None
        except httpx.HTTPError as error:
            raise NotTaken("no_connection" if isinstance(error, httpx.ConnectError) else type(error).__name__) from None
        check(answer.status_code, answer.headers.get("Retry-After", ""))
        try:
            return answer.json() if answer.content else {}
        except ValueError:
            raise NotTaken("no_json") from None


def _message(given: dict[str, Any]) -> Message:
    kind = given.get("message_type")
    sender = given.get("sender")
    try:
        return Message(
            id=int(given["id"]),
            kind=kind if isinstance(kind, int) else {"incoming": INCOMING, "outgoing": OUTGOING}.get(str(kind), -1),
            private=bool(given.get("private")),
            content=_CONTROL.sub("", str(given.get("content") or "")),
            source=given.get("source_id"),
            sender=person_name(sender),
            at=_seconds(given.get("created_at")),
            has_files=bool(given.get("attachments")),
        )
    except (KeyError, TypeError, ValueError):
        raise NotTaken("odd_answer") from None


def person_name(given: Any) -> str:
    """Return a person's name as citizens may read it; empty where there is none."""
    name = (given.get("available_name") or given.get("name")) if isinstance(given, dict) else None
    return " ".join(_CONTROL.sub("", str(name or "")).split())[:64]


def message_of(webhook: dict[str, Any]) -> Message:
    """Return the message of a webhook ``message_created``; raises NotTaken when it is none."""
    return _message(webhook)


def _seconds(given: Any) -> float:
    # A list has seconds, a webhook ISO 8601; a webhook's own message is never compared by its time.
    return float(given) if isinstance(given, (int, float)) and not isinstance(given, bool) else 0.0


def _dict(given: Any) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise NotTaken("odd_answer")
    return given


def _dicts(given: Any) -> list[dict[str, Any]]:
    return [each for each in given if isinstance(each, dict)] if isinstance(given, list) else []
