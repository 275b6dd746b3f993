"""What a desk may do with handoffs: the console's own transactions, for an account that has no browser."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from dataclasses import dataclass

from bot.core.delivery import Outgoing
from bot.core.handoff import HandoffState
from bot.core.redact import redact
from bot.core.replies import Reply, Say
from bot.handoff.reach import Obstacle, Reachable, reachable
from bot.handoff.words import Words
from bot.store import Store
from bot.store.desk_tokens import DeskAccount, DeskTokens
from bot.store.handoffs import HandoffRecord, Handoffs, NotYours, Said
from bot.store.store import utc_now
from bot.store.thread import Entry, Threads
from channels.agent_text import agent_messages, segments_of

LONGEST_TEXT = 1500
"""Characters of one answer: what every channel carries as one message."""
LONGEST_NOTE = 1000
CLOSE_REASONS = ("solved", "informed", "elsewhere", "no_answer", "abusive", "other")
"""Why a handoff was closed: the console's own reasons."""


class CannotWrite(RuntimeError):
    """Nothing written now would reach the person; ``obstacle`` says why. No word of it was put into the outbox."""

    def __init__(self, obstacle: Obstacle) -> None:
        """Keep the reason."""
        super().__init__(obstacle)
        self.obstacle = obstacle


@dataclass(frozen=True)
class Answered:
    """An answer in the outbox. ``new`` False: the same request was made before. ``segments``: SMS billed, or 0."""

    messages: tuple[Said, ...]
    new: bool
    segments: int


def may_see(record: HandoffRecord, account: DeskAccount) -> bool:
    """Say whether a desk may see a handoff: its own, or nobody's or its teams', and sensitive ones by right."""
    own = record.agent_id == account.agent_id
    if record.sensitive and not account.sees_sensitive:  # it became so in the desk's own hands, and ends there
        return own and record.state is HandoffState.WITH_AGENT
    return own or record.team_id is None or record.team_id in account.teams


class DeskService:
    """Every deed of a desk. A deed done before by the same desk (a request repeated) is not done again."""

    def __init__(self, handoffs: Handoffs, threads: Threads, store: Store, tokens: DeskTokens, words: Words) -> None:
        """``words`` renders what the person is told when hands change."""
        self._handoffs = handoffs
        self._tokens = tokens
        self._threads = threads
        self._store = store
        self._words = words

    def get(self, handoff: int) -> HandoffRecord | None:
        """Return a handoff."""
        return self._handoffs.get(handoff)

    def page(
        self,
        account: DeskAccount,
        states: Collection[HandoffState],
        *,
        team: str | None,
        before: int | None,
        limit: int,
    ) -> tuple[HandoffRecord, ...]:
        """Return the handoffs that a desk may see, newest first."""
        return self._handoffs.page(
            account.agent_id,
            account.teams,
            account.sees_sensitive,
            states=states,
            team=team,
            before=before,
            limit=limit,
        )

    def take(self, record: HandoffRecord, account: DeskAccount, name: str = "") -> HandoffRecord:
        """Take a handoff; the person is told ``name``, or the desk's own.

        Raises:
            NotYours: somebody else has it, or it is over.
            CannotWrite: the person is on a call: whoever takes it must be able to speak with her.
        """
        if _has(record, account):
            return record
        if record.channel == "voice" and record.state is HandoffState.WAITING:
            raise CannotWrite("on_a_call")
        told = self._told(record, Say("handoff_taken", {"agent": name or account.name}))
        try:
            # How many conversations its agents may have is the desk's own business.
            return self._handoffs.take(
                record.id,
                account.agent_id,
                utc_now(),
                told,
                beyond_capacity=True,
                sees_sensitive=account.sees_sensitive,
            )
        except NotYours as refused:
            return self._unless(refused, record, lambda now: _has(now, account))

    def reply(
        self, record: HandoffRecord, account: DeskAccount, text: str, key: str, remote: str | None = None
    ) -> Answered:
        """Put an answer into the outbox. The same ``key`` again brings the same answer and changes nothing.

        ``remote``: what the desk's own program calls it, kept so that its status can be told there.

        Raises:
            NotYours: the desk does not have the handoff.
            CannotWrite: it would reach nobody.
            KeyReused: the key belongs to another answer.
        """
        own_key = self._reserve(record, account, key, text, remote)
        known = self._handoffs.said(own_key)
        if known:
            return Answered(known, False, 0)
        messages = agent_messages(record.channel, text)
        if not messages:
            raise CannotWrite("nothing_to_say")
        obstacle = self.reachable(record).obstacle
        if obstacle is not None and _has(record, account):
            raise CannotWrite(obstacle)
        new = self._handoffs.say(record.id, account.agent_id, messages, own_key, utc_now())
        return Answered(self._handoffs.said(own_key), new, segments_of(record.channel, text))

    def seen(self, account: DeskAccount, key: str) -> bool:
        """Say whether a request with this key was made before, whatever became of it."""
        return self._tokens.reserved(_scoped(account, key))

    def _reserve(
        self, record: HandoffRecord, account: DeskAccount, key: str, what: str, remote: str | None = None
    ) -> str:
        """Return the key that is unique among all desks; keep what it stands for."""
        own_key = _scoped(account, key)
        self._tokens.reserve(own_key, record.id, hashlib.sha256(what.encode()).hexdigest(), utc_now(), remote)
        return own_key

    def reachable(self, record: HandoffRecord) -> Reachable:
        """Say how an answer would reach the person now."""
        if record.channel == "voice":
            return Reachable(False, "on_a_call")
        return reachable(self._store, record.conversation_id, record.channel)

    def release(self, record: HandoffRecord, account: DeskAccount) -> HandoffRecord:
        """Put a handoff back into the queue.

        Raises:
            NotYours: the desk does not have it.
        """
        return self._handoffs.release(record.id, account.agent_id, utc_now())

    def hand_back(self, record: HandoffRecord, account: DeskAccount, name: str = "") -> HandoffRecord:
        """Give the conversation back to the assistant; raises NotYours if the desk does not have it."""
        told = self._told(record, Say("handoff_back", {"agent": name or account.name}))
        try:
            return self._handoffs.hand_back(record.id, account.agent_id, utc_now(), told)
        except NotYours as refused:
            return self._unless(refused, record, lambda now: _ended_by(now, account, HandoffState.BOT, "handed_back"))

    def close(self, record: HandoffRecord, account: DeskAccount, reason: str, name: str = "") -> HandoffRecord:
        """Close a handoff with a reason of ``CLOSE_REASONS``; raises NotYours if the desk does not have it."""
        told = self._told(record, Say("handoff_ended", {"agent": name or account.name}))
        try:
            return self._handoffs.close(record.id, account.agent_id, reason, utc_now(), told)
        except NotYours as refused:
            return self._unless(refused, record, lambda now: _ended_by(now, account, HandoffState.CLOSED, reason))

    def note(self, record: HandoffRecord, account: DeskAccount, text: str, key: str | None = None) -> int:
        """Add an internal note and return its id.

        Raises:
            KeyReused: the key belongs to another note.
        """
        own_key = self._reserve(record, account, f"note:{key}", text) if key else None
        return self._threads.note(record.conversation_id, record.id, account.agent_id, redact(text), utc_now(), own_key)

    def thread(self, record: HandoffRecord, limit: int, before: Entry | None) -> tuple[Entry, ...]:
        """Return the last entries of the conversation, or those that stand before one."""
        return self._threads.of(record.conversation_id, limit, before)

    def _told(self, record: HandoffRecord, reply: Reply) -> tuple[Outgoing, ...]:
        return self._words(record.channel, record.language, (reply,))

    def _unless(
        self, refused: NotYours, record: HandoffRecord, wanted: Callable[[HandoffRecord], bool]
    ) -> HandoffRecord:
        """Return the handoff if it is as it was to be made: the request was repeated. Else it stays refused."""
        now = self._handoffs.get(record.id)
        if now is None or not wanted(now):
            raise refused
        return now


def _has(record: HandoffRecord, account: DeskAccount) -> bool:
    return record.state is HandoffState.WITH_AGENT and record.agent_id == account.agent_id


def _ended_by(record: HandoffRecord, account: DeskAccount, state: HandoffState, reason: str) -> bool:
    return (record.state, record.agent_id, record.end_reason) == (state, account.agent_id, reason)


def _scoped(account: DeskAccount, key: str) -> str:
    return hashlib.sha256(f"{account.agent_id}:{key}".encode()).hexdigest()[:40]
