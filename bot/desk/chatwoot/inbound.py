"""What Chatwoot's webhooks say: an agent's words go to the person, a resolved conversation back to the assistant.

A webhook is a hint: before it is followed, the conversation's latest messages are read from Chatwoot, so that words
whose webhook is late or lost go out too, and in their order.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

from bot.core.handoff import HandoffState
from bot.desk.chatwoot.client import OUTGOING, Chatwoot, Message, message_of, person_name
from bot.desk.service import CannotWrite, DeskService
from bot.desk.signing import TOLERANCE_SECONDS, chatwoot_signature
from bot.desk.sinks import NotTaken
from bot.store.desk_links import DeskLinks, Link
from bot.store.desk_tokens import DeskAccount
from bot.store.handoffs import HandoffRecord, NotYours

_LONGEST = 6000
_CLOCKS = 120.0  # seconds that Chatwoot's clock may be behind ours


class Ignored(RuntimeError):
    """A webhook that is none of our business; the message says why."""


class Refused(RuntimeError):
    """An agent's words that do not reach the person. Chatwoot shows the message as failed. ``code`` says why."""

    def __init__(self, code: str) -> None:
        """Keep the reason."""
        super().__init__(code)
        self.code = code


def genuine(secret: str, timestamp: str, body: bytes, signature: str, clock: Callable[[], float] = time.time) -> bool:
    """Say whether a webhook was signed by Chatwoot, a short while ago."""
    if not timestamp.isascii() or not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    fresh = abs(clock() - int(timestamp)) <= TOLERANCE_SECONDS
    return fresh and hmac.compare_digest(chatwoot_signature(secret, timestamp, body).encode(), signature.encode())


class ChatwootInbound:
    """Follows webhooks."""

    def __init__(
        self, chatwoot: Chatwoot, links: DeskLinks, service: DeskService, account: Callable[[], DeskAccount]
    ) -> None:
        """``account``: as whom Chatwoot acts here."""
        self._chatwoot = chatwoot
        self._links = links
        self._service = service
        self._account = account

    def follow(self, webhook: dict[str, Any]) -> tuple[str, HandoffRecord]:
        """Do what a webhook asks for; return what was done and to which handoff, for the audit log.

        Raises:
            Ignored: there is nothing to do.
            Refused: what an agent wrote does not reach the person.
        """
        event = webhook.get("event")
        if event == "message_created":
            return "reply", self._message(webhook)
        if event == "conversation_status_changed" and webhook.get("status") == "resolved":
            return "back", self._resolved(webhook)
        raise Ignored("nothing to do")

    def _message(self, webhook: dict[str, Any]) -> HandoffRecord:
        try:
            message = message_of(webhook)
        except NotTaken:
            raise Ignored("no message") from None
        if not _by_agent(message):
            raise Ignored("not an agent's")
        link, record = self._known(_conversation_id(webhook.get("conversation")), webhook)
        if message.has_files and not message.content.strip():
            raise Refused("file")
        if not message.content.strip() or len(message.content) > _LONGEST:
            raise Refused("text")
        for earlier in self._unseen(link, message.id):
            self._pass_on(record, earlier, quietly=True)
        return self._pass_on(record, message)

    def _resolved(self, webhook: dict[str, Any]) -> HandoffRecord:
        link, record = self._known(_conversation_id(webhook), webhook)
        for earlier in self._unseen(link, None):
            self._pass_on(record, earlier, quietly=True)
        account = self._account()
        now = self._service.get(record.id) or record
        if now.state is not HandoffState.WITH_AGENT or now.agent_id != account.agent_id:
            raise Ignored("not Chatwoot's")  # also our own "resolved", which comes back
        try:
            return self._service.hand_back(now, account, _assignee(webhook))
        except NotYours:
            raise Ignored("not Chatwoot's any more") from None

    def _known(self, conversation: str, webhook: dict[str, Any]) -> tuple[Link, HandoffRecord]:
        """Return the handoff of a conversation there.

        Raises:
            Ignored: it is of another inbox.
            Refused: it is none of ours: nobody would get the words.
        """
        inbox = webhook.get("inbox")
        number = inbox.get("id") if isinstance(inbox, dict) else webhook.get("inbox_id")
        if number is not None and number != self._chatwoot.inbox:
            raise Ignored("another inbox")
        link = self._links.by_conversation(conversation)
        record = self._service.get(link.handoff_id) if link else None
        if link is None or record is None:
            raise Refused("unknown_conversation")
        return link, record

    def _unseen(self, link: Link, before: int | None) -> list[Message]:
        """Return the agents' messages of which no webhook told yet, oldest first; none while Chatwoot cannot say."""
        try:
            latest = self._chatwoot.messages(link.conversation)
        except NotTaken:
            return []
        account, since = self._account(), link.created_at.timestamp() - _CLOCKS
        return [
            each
            for each in latest
            if _by_agent(each)
            and (before is None or each.id < before)
            and each.at >= since
            and 0 < len(each.content.strip()) <= _LONGEST
            and not self._service.seen(account, _key(each))
        ]

    def _pass_on(self, record: HandoffRecord, message: Message, *, quietly: bool = False) -> HandoffRecord:
        account = self._account()
        now = self._service.get(record.id) or record
        try:
            if now.state is HandoffState.WAITING and not self._service.seen(account, _key(message)):
                now = self._service.take(now, account, message.sender)
            self._service.reply(now, account, message.content, _key(message), str(message.id))
        except NotYours:
            if not quietly:
                raise Refused("not_yours") from None
        except CannotWrite as refused:
            if not quietly:
                raise Refused(refused.obstacle) from None
        return now


def _by_agent(message: Message) -> bool:
    # What we write ourselves has our names.
    return message.kind == OUTGOING and not message.private and not (message.source or "").startswith("evt_")


def _key(message: Message) -> str:
    return f"chatwoot-{message.id}"


def _conversation_id(given: Any) -> str:
    id_ = given.get("id") if isinstance(given, dict) else None
    if not isinstance(id_, (int, str)) or isinstance(id_, bool):
        raise Ignored("no conversation")
    return str(id_)[:64]


def _assignee(webhook: dict[str, Any]) -> str:
    meta = webhook.get("meta")
    return person_name(meta.get("assignee")) if isinstance(meta, dict) else ""
