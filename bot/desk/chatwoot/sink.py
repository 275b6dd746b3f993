"""Events to Chatwoot: who asks becomes a conversation there, what she writes a message, what happens here a note."""

from __future__ import annotations

from collections.abc import Callable

from bot.core.delivery import DeliveryStatus
from bot.core.handoff import HandoffState
from bot.core.phrases import Phrases
from bot.desk.chatwoot.client import Chatwoot
from bot.desk.sinks import NotTaken
from bot.store.desk_events import DeskEvent
from bot.store.desk_events import Sink as SinkName
from bot.store.desk_links import DeskLinks, Link
from bot.store.desk_tokens import DeskTokens
from bot.store.store import utc_now
from bot.store.thread import Entry, Threads

_TRANSCRIPT = 12
"""How many of the last messages an agent reads when a conversation comes to Chatwoot."""
_STATUS = {
    DeliveryStatus.SENT.value: "sent",
    DeliveryStatus.DELIVERED.value: "delivered",
    DeliveryStatus.READ.value: "read",
    DeliveryStatus.UNDELIVERED.value: "failed",
    DeliveryStatus.FAILED.value: "failed",
    DeliveryStatus.DEAD.value: "failed",
}


class ChatwootSink:
    """See :class:`bot.desk.sinks.EventSink`. What is sent twice is found by its ``source_id`` and not written again."""

    name: SinkName = "chatwoot"
    lease_seconds = 90.0

    def __init__(
        self,
        chatwoot: Chatwoot,
        links: DeskLinks,
        threads: Threads,
        tokens: DeskTokens,
        account: Callable[[], int],
        phrases: Callable[[], Phrases],
    ) -> None:
        """``account``: the agent as whom Chatwoot acts here. ``phrases``: what agents read there."""
        self._chatwoot = chatwoot
        self._links = links
        self._threads = threads
        self._tokens = tokens
        self._account = account
        self._phrases = phrases

    def send(self, event: DeskEvent) -> None:
        """See :meth:`bot.desk.sinks.EventSink.send`."""
        if event.type == "handoff.asked":
            self._asked(event)
        elif event.type == "message.received":
            self._received(event)
        elif event.type == "message.status":
            self._status(event)
        else:
            self._changed(event)

    def close(self) -> None:
        """See :meth:`bot.desk.sinks.EventSink.close`."""
        self._chatwoot.close()

    def _asked(self, event: DeskEvent) -> None:
        link = self._link(event)
        if event.data["state"] != HandoffState.WAITING.value:
            return  # more urgent than before, and somebody has it already
        entries = self._threads.of(event.conversation_id, limit=50)
        before = [each for each in entries if each.kind in ("in", "out") and each.text and each.at <= event.at]
        self._say(event, link, "note", self._transcript(event, before[-_TRANSCRIPT:]), note=True)
        asked = [each for each in before if each.kind == "in"]
        if asked:  # what the person said is what Chatwoot's own queue and alerts go by
            self._say(event, link, "said", asked[-1].text)
        self._chatwoot.set_status(link.conversation, "open")

    def _received(self, event: DeskEvent) -> None:
        with_another = event.data["state"] == HandoffState.WITH_AGENT.value and not self._ours(event, "agent_id")
        if with_another or event.message is None:
            return
        words = self._phrases()
        text = event.message.text or words("desk_file", {"kind": event.message.media or ""})
        self._say(event, self._link(event), "said", text)

    def _status(self, event: DeskEvent) -> None:
        status = _STATUS.get(str(event.data.get("status")))
        key = (event.reply_key or "").removeprefix("agent:").rpartition(":")[0]
        message = self._tokens.remote_of(key) if key else None
        link = self._links.of(event.handoff_id)
        if status is None or message is None or link is None:
            return
        error = self._phrases()("desk_not_delivered") if status == "failed" else None
        try:
            self._chatwoot.set_message_status(link.conversation, message, status, error)
        except NotTaken as refused:
            # Chatwoot before 4.0 has no such address, and a message may be deleted: nobody is worse off.
            if not refused.refused and refused.code not in ("http_403", "http_404"):
                raise

    def _changed(self, event: DeskEvent) -> None:
        link = self._links.of(event.handoff_id)
        if link is None or self._ours(event, "by_id"):
            return
        state = event.data["state"]
        words = self._phrases()
        if state == HandoffState.WITH_AGENT.value:
            if self._ours(event, "agent_id"):
                return
            note = words("desk_taken", {"agent": event.data.get("agent") or words("desk_somebody")})
        elif state == HandoffState.WAITING.value:
            note = words("desk_waiting_again")
        else:
            note = words("desk_over")
        self._say(event, link, "note", note, note=True)
        self._chatwoot.set_status(link.conversation, "open" if state == HandoffState.WAITING.value else "resolved")

    def _ours(self, event: DeskEvent, name: str) -> bool:
        return event.data.get(name) == self._account()

    def _link(self, event: DeskEvent) -> Link:
        """Return the handoff's conversation there, made if there is none: looked for first, so that it is one."""
        link = self._links.of(event.handoff_id)
        if link is not None:
            return link
        identifier = event.conversation_id
        contact = self._chatwoot.find_contact(identifier)
        if contact is None:
            alias = self._phrases()("desk_alias", {"id": identifier[:4].upper()})
            contact = self._chatwoot.add_contact(identifier, alias)
        conversation = self._chatwoot.find_conversation(contact, event.handoff_id)
        if conversation is None:
            conversation = self._chatwoot.add_conversation(contact, identifier, event.handoff_id)
        return self._links.keep(event.handoff_id, contact, conversation, utc_now())

    def _say(self, event: DeskEvent, link: Link, part: str, text: str, *, note: bool = False) -> None:
        source = f"{event.event_id}-{part}"
        if event.attempts > 1 and any(each.source == source for each in self._chatwoot.messages(link.conversation)):
            return
        self._chatwoot.add_message(link.conversation, text, source, note=note)

    def _transcript(self, event: DeskEvent, entries: list[Entry]) -> str:
        words, told = self._phrases(), event.data
        topic = str(told.get("topic") or "").partition(":")[2]
        head = words("desk_asked", {"channel": told["channel"], "reason": told["reason"], "topic": topic or "-"})
        who = {"in": words("desk_person"), "out": words("desk_assistant")}
        return "\n\n".join([head, *(f"{who[each.kind]}: {each.text}" for each in entries)])
