"""Handoffs in SQL: every change is one transaction that follows ``bot.core.handoff.TRANSITIONS`` and tells consoles."""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select, true, update

from bot.core.codec import PayloadError, from_payload
from bot.core.delivery import DeliveryStatus, Outgoing
from bot.core.effects import BringPerson, LeaveQueue
from bot.core.handoff import HandoffEvent, HandoffState, TransitionRefused, after
from bot.core.messages import ChannelName
from bot.core.replies import HandoffReason
from bot.core.turns import Understood
from bot.store.effects import write_effect
from bot.store.live import note_live
from bot.store.outbox import enqueue, note_transition
from bot.store.tables import agent_teams, agents, calls, conversations, handoffs, inbound, outbound, teams

OPEN = (HandoffState.WAITING.value, HandoffState.WITH_AGENT.value)
REOPEN_WITHIN = timedelta(hours=24)
"""Asking for a person again so soon after a close takes up the same handoff, for its agent first."""
_LONGEST_ANSWER = 8  # messages
_PRIORITY: dict[HandoffReason, int] = {"emergency": 3, "upset": 2, "asked": 1, "not_understood": 1, "rule": 1}


@dataclass(frozen=True)
class HandoffRecord:
    """A handoff as it stands. Times are aware; ``agent`` and ``team`` are names, for people to read.

    ``sensitive``: this one or another one of the same conversation, whose thread is one. ``taken_at`` is the first
    take, ``held_since`` the last; ``person_waits_since`` the first message that no agent has answered.
    """

    id: int
    conversation_id: str
    state: HandoffState
    reason: HandoffReason
    channel: ChannelName
    language: str
    topic: str | None
    note: str
    sensitive: bool
    priority: int
    team_id: int | None
    team: str | None
    agent_id: int | None
    agent: str | None
    wanted_agent_id: int | None
    asked_at: datetime
    waiting_since: datetime | None
    taken_at: datetime | None
    person_wrote_at: datetime | None
    agent_wrote_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    person_waits_since: datetime | None
    held_since: datetime | None


@dataclass(frozen=True)
class Place:
    """A waiting handoff's place in the queue (from 1), how long the last ones waited, and how many agents are here."""

    position: int
    recent_waits: tuple[timedelta, ...]
    agents_here: int


@dataclass(frozen=True)
class Said:
    """One message of an agent's answer, as far as it got."""

    delivery_id: str
    channel: ChannelName
    status: str
    at: datetime


class Full(RuntimeError):
    """An agent has as many conversations as she may have at a time: ``capacity``."""

    def __init__(self, capacity: int) -> None:
        """Say how many."""
        super().__init__(f"the agent has {capacity} conversations")
        self.capacity = capacity


class NotYours(RuntimeError):
    """An agent acts on a handoff that another has, or that is over. ``agent`` is the name of who has it, if anybody."""

    def __init__(self, state: HandoffState, agent: str | None) -> None:
        """Say who has it."""
        super().__init__(f"the handoff is {state.value}")
        self.state = state
        self.agent = agent


class NotForThem(NotYours):
    """A sensitive matter is to be given to an agent or a team that may not see such."""


class Handoffs:
    """The queue and what agents do with it. A method that changes something returns the handoff after it."""

    def __init__(self, engine: Engine) -> None:
        """Work in this database."""
        self._engine = engine

    # ---- reading ---------------------------------------------------------------------------------------------

    def get(self, handoff: int) -> HandoffRecord | None:
        """Return one handoff."""
        with self._engine.connect() as db:
            row = db.execute(_records().where(handoffs.c.id == handoff)).first()
        return _record(row) if row else None

    def open_of(self, conversation: str) -> HandoffRecord | None:
        """Return the conversation's handoff that is waiting or with an agent."""
        with self._engine.connect() as db:
            row = db.execute(
                _records().where(handoffs.c.conversation_id == conversation, handoffs.c.state.in_(OPEN))
            ).first()
        return _record(row) if row else None

    def open(self) -> tuple[HandoffRecord, ...]:
        """Return every open handoff: waiting ones first, in the order in which they are to be taken."""
        with self._engine.connect() as db:
            rows = db.execute(
                _records()
                .where(handoffs.c.state.in_(OPEN))
                .order_by(handoffs.c.state.desc(), handoffs.c.priority.desc(), handoffs.c.waiting_since, handoffs.c.id)
            ).all()
        return tuple(_record(row) for row in rows)

    def of_conversation(self, conversation: str) -> tuple[HandoffRecord, ...]:
        """Return all handoffs of a conversation, newest first."""
        with self._engine.connect() as db:
            rows = db.execute(
                _records().where(handoffs.c.conversation_id == conversation).order_by(handoffs.c.id.desc())
            ).all()
        return tuple(_record(row) for row in rows)

    def page(
        self,
        agent: int,
        in_teams: Collection[int],
        sensitive: bool,
        *,
        states: Collection[HandoffState],
        team: str | None = None,
        before: int | None = None,
        limit: int = 50,
    ) -> tuple[HandoffRecord, ...]:
        """Return handoffs that an agent may see, newest first: hers, everybody's, her teams', sensitive ones by right.

        A sensitive one that she had is hers no more once it is over.

        ``team``: only this team's, by name. ``before``: those with a lower id (the next page).
        """
        by_right = and_(
            or_(handoffs.c.team_id.is_(None), handoffs.c.team_id.in_(in_teams)),
            true() if sensitive else ~handoffs.c.sensitive,
        )
        own = and_(
            handoffs.c.agent_id == agent,
            true() if sensitive else or_(~handoffs.c.sensitive, handoffs.c.state == HandoffState.WITH_AGENT.value),
        )
        found = _records().where(or_(own, by_right), handoffs.c.state.in_([state.value for state in states]))
        if team is not None:
            found = found.where(teams.c.name == team)
        if before is not None:
            found = found.where(handoffs.c.id < before)
        with self._engine.connect() as db:
            rows = db.execute(found.order_by(handoffs.c.id.desc()).limit(limit)).all()
        return tuple(_record(row) for row in rows)

    def place(self, handoff: HandoffRecord, now: datetime) -> Place:
        """Return where a waiting handoff stands."""
        return self._place(
            or_(
                handoffs.c.priority > handoff.priority,
                and_(
                    handoffs.c.priority == handoff.priority,
                    or_(
                        handoffs.c.waiting_since < handoff.waiting_since,
                        and_(handoffs.c.waiting_since == handoff.waiting_since, handoffs.c.id < handoff.id),
                    ),
                ),
            ),
            now,
        )

    def next_place(self, reason: HandoffReason, now: datetime) -> Place:
        """Return where somebody would stand who asked now."""
        return self._place(handoffs.c.priority >= _PRIORITY[reason], now)

    def _place(self, ahead: Any, now: datetime) -> Place:
        with self._engine.connect() as db:
            position = db.execute(
                select(func.count()).where(handoffs.c.state == HandoffState.WAITING.value, ahead)
            ).scalar_one()
            taken = db.execute(
                select(handoffs.c.asked_at, handoffs.c.taken_at)
                .where(handoffs.c.taken_at.is_not(None), handoffs.c.taken_at > now - timedelta(hours=4))
                .order_by(handoffs.c.taken_at.desc())
                .limit(20)
            ).all()
            present = db.execute(select(func.count()).select_from(agents).where(here(now))).scalar_one()
        return Place(position + 1, tuple(row.taken_at - row.asked_at for row in taken), present)

    def day(self, since: datetime) -> dict[str, int]:
        """Return how many handoffs were asked for since then, taken, and ended by each reason."""
        with self._engine.connect() as db:
            rows = db.execute(
                select(handoffs.c.taken_at.is_not(None).label("taken"), handoffs.c.end_reason, func.count().label("n"))
                .where(handoffs.c.asked_at > since)
                .group_by(handoffs.c.taken_at.is_not(None), handoffs.c.end_reason)
            ).all()
        found = {"asked": 0, "taken": 0}
        for row in rows:
            found["asked"] += row.n
            found["taken"] += row.n if row.taken else 0
            if row.end_reason:
                found[row.end_reason] = found.get(row.end_reason, 0) + row.n
        return found

    def staffed(self) -> bool:
        """Say whether anybody could ever take a handoff: an active agent exists."""
        with self._engine.connect() as db:
            return db.execute(select(agents.c.id).where(agents.c.active).limit(1)).first() is not None

    def hours(self, sensitive: bool, team: int | None = None) -> frozenset[str]:
        """Return the hours of the teams of everybody who may take a handoff; an empty text: the institution's.

        Who is in no team keeps the institution's hours. Sensitive matters are for teams that may see them: without any
        there are no hours. ``team``: only that team's.
        """
        if team is not None:
            with self._engine.connect() as db:
                return frozenset(
                    (each or "").strip()
                    for each in db.execute(select(teams.c.hours).where(teams.c.id == team)).scalars()
                )
        found = (
            select(teams.c.hours, teams.c.sees_sensitive, agents.c.role)
            .select_from(agents)
            .outerjoin(agent_teams, agent_teams.c.agent_id == agents.c.id)
            .outerjoin(teams, teams.c.id == agent_teams.c.team_id)
            .where(agents.c.active)
            .distinct()
        )
        with self._engine.connect() as db:
            rows = db.execute(found).all()
        may = [row for row in rows if not sensitive or row.sees_sensitive or row.role == "admin"]
        return frozenset((row.hours or "").strip() for row in may)

    def sees_sensitive(self) -> bool:
        """Say whether a team that may see sensitive matters has anybody who answers."""
        found = (
            select(agents.c.id)
            .join(agent_teams, agent_teams.c.agent_id == agents.c.id)
            .join(teams, teams.c.id == agent_teams.c.team_id)
            .where(agents.c.active, teams.c.sees_sensitive)
        )
        with self._engine.connect() as db:
            return db.execute(found.limit(1)).first() is not None

    def reopens(self, conversation: str, now: datetime) -> bool:
        """Say whether asking for a person now would take up a handoff that was closed a short while ago."""
        with self._engine.connect() as db:
            return db.execute(_closed_lately(conversation, now)).first() is not None

    def understood(self, conversation: str) -> tuple[Understood, ...]:
        """Return how the messages of a conversation that are kept were understood, each way once."""
        found = select(inbound.c.understood).where(
            inbound.c.conversation_id == conversation, inbound.c.understood.is_not(None)
        )
        with self._engine.connect() as db:
            rows = db.execute(found.distinct()).scalars().all()
        return tuple(read for row in rows if (read := _understood(row)) is not None)

    def unanswered(self) -> dict[int, int]:
        """Return how many messages each open handoff has that came after the agent's last word (or the asking)."""
        since = func.coalesce(handoffs.c.agent_wrote_at, handoffs.c.asked_at)
        with self._engine.connect() as db:
            rows = db.execute(
                select(handoffs.c.id, func.count())
                .join(inbound, inbound.c.conversation_id == handoffs.c.conversation_id)
                .where(handoffs.c.state.in_(OPEN), inbound.c.received_at > since)
                .group_by(handoffs.c.id)
            ).all()
        return {row[0]: row[1] for row in rows}

    def answered_since(self, conversation: str, outcome: str, since: datetime) -> bool:
        """Say whether a turn of the conversation had this outcome since then (to not say the same thing too often)."""
        with self._engine.connect() as db:
            found = select(inbound.c.id).where(
                inbound.c.conversation_id == conversation, inbound.c.outcome == outcome, inbound.c.processed_at > since
            )
            return db.execute(found.limit(1)).first() is not None

    # ---- an agent's side -------------------------------------------------------------------------------------

    def take(
        self,
        handoff: int,
        agent: int,
        now: datetime,
        announce: Sequence[Outgoing] = (),
        *,
        beyond_capacity: bool = False,
        sees_sensitive: bool = False,
    ) -> HandoffRecord:
        """Give a waiting handoff to an agent. Of two who try at once, one gets it.

        ``announce`` is said to the person; answers of the assistant that were not sent yet never will be.
        ``sees_sensitive``: that the agent may is settled elsewhere than by teams (a desk, by a setting).

        Raises:
            NotYours: somebody else has it, or it is over.
            NotForThem: it is sensitive, and the agent may not see such matters.
            Full: the agent has all that she may have, and ``beyond_capacity`` is not given.
        """
        return self._give(
            handoff,
            agent,
            HandoffEvent.TAKEN,
            now,
            announce,
            by=agent,
            beyond_capacity=beyond_capacity,
            sees_sensitive=sees_sensitive,
        )

    def assign(
        self, handoff: int, agent: int, by: int, now: datetime, announce: Sequence[Outgoing] = ()
    ) -> HandoffRecord:
        """Give an open handoff to an agent by a supervisor's word (or take it over oneself).

        Raises:
            NotYours: it is over.
            NotForThem: it is sensitive, and the agent may not see such matters.
        """
        return self._give(handoff, agent, HandoffEvent.ASSIGNED, now, announce, by=by, beyond_capacity=True)

    def _give(
        self,
        handoff: int,
        agent: int,
        event: HandoffEvent,
        now: datetime,
        announce: Sequence[Outgoing],
        *,
        by: int,
        beyond_capacity: bool,
        sees_sensitive: bool = False,
    ) -> HandoffRecord:
        with self._engine.begin() as db:
            row = locked(db, handoff)
            if not sees_sensitive:
                entitled(db, row, agent)
            if not beyond_capacity and row.state == HandoffState.WAITING.value:
                room(db, agent)
            taken_at = row.taken_at or now
            mute(db, row.conversation_id, now)
            move(db, row, event, now, by=by, agent_id=agent, taken_at=taken_at, wanted_agent_id=None)
            enqueue(db, row.conversation_id, f"handoff:{uuid.uuid4().hex}", announce, now)
            return _read(db, row.id)

    def release(self, handoff: int, agent: int, now: datetime) -> HandoffRecord:
        """Put a handoff back into the queue; raises NotYours if the agent does not have it."""
        return self._end_of_turn(handoff, agent, HandoffEvent.RELEASED, now, agent_id=None, waiting_since=now)

    def transfer(
        self,
        handoff: int,
        agent: int | None,
        now: datetime,
        announce: Sequence[Outgoing] = (),
        *,
        team: int | None = None,
        to: int | None = None,
    ) -> HandoffRecord:
        """Put a handoff into the queue for a team, or for an agent first. ``agent`` None: a supervisor's word.

        Raises:
            NotYours: the agent does not have it, or it is over.
            NotForThem: it is sensitive, and the team or the agent may not see such matters.
        """
        return self._end_of_turn(
            handoff,
            agent,
            HandoffEvent.TRANSFERRED,
            now,
            announce,
            for_whom=(team, to),
            agent_id=None,
            waiting_since=now,
            team_id=team,
            wanted_agent_id=to,
        )

    def hand_back(
        self, handoff: int, agent: int | None, now: datetime, announce: Sequence[Outgoing] = ()
    ) -> HandoffRecord:
        """Give the conversation back to the assistant; raises NotYours if the agent does not have it."""
        return self._end_of_turn(
            handoff, agent, HandoffEvent.HANDED_BACK, now, announce, ended_at=now, end_reason="handed_back"
        )

    def close(
        self, handoff: int, agent: int | None, reason: str, now: datetime, announce: Sequence[Outgoing] = ()
    ) -> HandoffRecord:
        """Close a handoff with a reason (a key); raises NotYours if the agent does not have it."""
        return self._end_of_turn(handoff, agent, HandoffEvent.CLOSED, now, announce, ended_at=now, end_reason=reason)

    def _end_of_turn(
        self,
        handoff: int,
        agent: int | None,
        event: HandoffEvent,
        now: datetime,
        announce: Sequence[Outgoing] = (),
        for_whom: tuple[int | None, int | None] = (None, None),
        **values: Any,
    ) -> HandoffRecord:
        with self._engine.begin() as db:
            row = locked(db, handoff)
            if agent is not None:
                _owned(db, row, agent)
            team, whom = for_whom
            if team is not None and row.sensitive and not db.execute(_seeing_team(team)).first():
                raise NotForThem(HandoffState(row.state), agent_name(db, row.agent_id))
            if whom is not None:
                entitled(db, row, whom)
            move(db, row, event, now, by=agent, **values)
            enqueue(db, row.conversation_id, f"handoff:{uuid.uuid4().hex}", announce, now)
            return _read(db, row.id)

    def say(self, handoff: int, agent: int, messages: Sequence[Outgoing], key: str, now: datetime) -> bool:
        """Put an agent's words into the outbox. The same ``key`` again (a double click) changes nothing: False.

        Raises:
            NotYours: the agent does not have the handoff.
        """
        with self._engine.begin() as db:
            row = locked(db, handoff)
            _owned(db, row, agent)
            exists = select(outbound.c.id).where(outbound.c.idempotency_key == f"agent:{key}:0")
            if db.execute(exists).first() is not None:
                return False
            enqueue(db, row.conversation_id, f"agent:{key}", messages, now)
            db.execute(
                update(handoffs).where(handoffs.c.id == handoff).values(agent_wrote_at=now, person_waits_since=None)
            )
            note_live(db, "agent_said", now, conversation=row.conversation_id, handoff=handoff, agent=agent)
            return True

    def said(self, key: str) -> tuple[Said, ...]:
        """Return what was put into the outbox under a key of :meth:`say`, in order."""
        keys = [f"agent:{key}:{position}" for position in range(_LONGEST_ANSWER)]
        with self._engine.connect() as db:
            rows = db.execute(
                select(outbound.c.delivery_id, outbound.c.channel, outbound.c.status, outbound.c.created_at.label("at"))
                .where(outbound.c.idempotency_key.in_(keys))
                .order_by(outbound.c.id)
            ).all()
        return tuple(Said(**row._mapping) for row in rows)

    # ---- timers ----------------------------------------------------------------------------------------------

    def mark_away(self, before: datetime, now: datetime) -> int:
        """Mark as away who was seen last before a time (no browser of theirs is connected); return how many."""
        with self._engine.begin() as db:
            gone = (
                db.execute(
                    update(agents)
                    .where(agents.c.presence != "away", or_(agents.c.seen_at.is_(None), agents.c.seen_at < before))
                    .values(presence="away")
                    .returning(agents.c.id)
                )
                .scalars()
                .all()
            )
            for agent in gone:
                note_live(db, "presence", now, agent=agent, presence="away")
        return len(gone)

    def overdue(
        self, event: HandoffEvent, before: datetime, after: int = 0, limit: int = 50
    ) -> tuple[HandoffRecord, ...]:
        """Return the open handoffs whose time for a timer's event came: what the event is about lies before then.

        By id, from the one after ``after`` on (the next page).
        """
        waiting, held = (handoffs.c.state == state.value for state in (HandoffState.WAITING, HandoffState.WITH_AGENT))
        held_long = handoffs.c.held_since < before
        # Who talks by telephone neither writes nor looks at a browser.
        talking = select(calls.c.conversation_id).where(calls.c.queue == "talking", calls.c.ended_at.is_(None))
        in_writing = handoffs.c.conversation_id.not_in(talking)
        due = {
            HandoffEvent.WAITED_TOO_LONG: and_(waiting, handoffs.c.waiting_since < before),
            # Counted from the first message without an answer: who asks again and again is not waited for longer.
            HandoffEvent.AGENT_SILENT: and_(held, in_writing, handoffs.c.person_waits_since < before, held_long),
            HandoffEvent.AGENT_GONE: and_(
                held,
                in_writing,
                held_long,
                handoffs.c.agent_id.in_(
                    select(agents.c.id).where(
                        agents.c.kind == "person", or_(agents.c.seen_at.is_(None), agents.c.seen_at < before)
                    )
                ),
            ),
            # Only who was answered can be silent: whoever spoke last is not.
            HandoffEvent.PERSON_SILENT: and_(
                held, in_writing, handoffs.c.person_waits_since.is_(None), handoffs.c.agent_wrote_at < before
            ),
        }[event]
        with self._engine.connect() as db:
            rows = db.execute(_records().where(due, handoffs.c.id > after).order_by(handoffs.c.id).limit(limit)).all()
        return tuple(_record(row) for row in rows)

    def time_out(
        self, handoff: HandoffRecord, event: HandoffEvent, now: datetime, announce: Sequence[Outgoing] = ()
    ) -> bool:
        """Apply a timer's event if nothing has happened to the handoff since it was read; say whether it was applied.

        The event's name is the visible reason.
        """
        with self._engine.begin() as db:
            row = locked(db, handoff.id)
            if _record(_read_row(db, handoff.id)) != handoff:
                return False
            to_queue = event in (HandoffEvent.AGENT_SILENT, HandoffEvent.AGENT_GONE)
            values: dict[str, Any] = (
                {"agent_id": None, "waiting_since": now} if to_queue else {"ended_at": now, "end_reason": event.value}
            )
            move(db, row, event, now, **values)
            enqueue(db, row.conversation_id, f"handoff:{uuid.uuid4().hex}", announce, now)
            return True


@write_effect.register
def _bring_person(effect: BringPerson, db: Connection, conversation: str, key: str, now: datetime) -> None:
    """Put a conversation into the queue, or raise the urgency of a handoff that is open already.

    Sensitive is what the conversation is: its thread is one, so one sensitive matter makes all its handoffs sensitive,
    those before and those to come.
    """
    priority = _PRIORITY[effect.reason]
    row = locked_open(db, conversation)
    sensitive = effect.sensitive or db.execute(_had_sensitive(conversation)).first() is not None
    if sensitive:
        db.execute(update(handoffs).where(handoffs.c.conversation_id == conversation).values(sensitive=True))
    if row is not None:
        if sensitive and not row.sensitive:
            note_live(db, "narrowed", now)  # names nothing: whose queue it leaves must look again
        if priority > row.priority:
            topic = effect.topic or row.topic
            move(db, row, HandoffEvent.ASKED, now, priority=priority, reason=effect.reason, topic=topic)
        return
    context = db.execute(select(conversations.c.context).where(conversations.c.id == conversation)).scalar_one()
    values: dict[str, Any] = {
        "reason": effect.reason,
        "channel": effect.channel,
        "language": _language(context),
        "topic": effect.topic,
        "sensitive": sensitive,
        "priority": priority,
        "waiting_since": now,
        "person_wrote_at": now,
        "person_waits_since": now,
    }
    closed = db.execute(_closed_lately(conversation, now)).first()
    if closed is not None:
        reopened: dict[str, Any] = {
            "topic": effect.topic or closed.topic,
            "asked_at": now,
            "taken_at": None,
            "agent_id": None,
            "agent_wrote_at": None,
            "wanted_agent_id": closed.agent_id,
        }
        move(db, closed, HandoffEvent.ASKED, now, ended_at=None, end_reason=None, **{**values, **reopened})
        return
    made = db.execute(
        handoffs.insert()
        .values(
            conversation_id=conversation,
            state=HandoffState.WAITING.value,
            note="",
            asked_at=now,
            **values,
        )
        .returning(handoffs.c.id)
    ).scalar_one()
    _set_mode(db, conversation, HandoffState.WAITING)
    note_live(db, HandoffEvent.ASKED.value, now, conversation=conversation, handoff=made)


@write_effect.register
def _leave_queue(effect: LeaveQueue, db: Connection, conversation: str, key: str, now: datetime) -> None:
    """End a waiting handoff; nothing happens to one that an agent took meanwhile."""
    row = locked_open(db, conversation)
    if row is not None and row.state == HandoffState.WAITING.value:
        move(db, row, HandoffEvent.CANCELLED, now, ended_at=now, end_reason=HandoffEvent.CANCELLED.value)


def person_wrote(db: Connection, conversation: str, now: datetime, inbound_id: int) -> None:
    """Note on the conversation's open handoff that the person wrote, and tell consoles. Nothing without one."""
    handoff = db.execute(
        update(handoffs)
        .where(handoffs.c.conversation_id == conversation, handoffs.c.state.in_(OPEN))
        .values(person_wrote_at=now, person_waits_since=func.coalesce(handoffs.c.person_waits_since, now))
        .returning(handoffs.c.id)
    ).scalar()
    if handoff is not None:
        note_live(db, "person_said", now, conversation=conversation, handoff=handoff, inbound=inbound_id)


def move(
    db: Connection, row: Row[Any], event: HandoffEvent, now: datetime, *, by: int | None = None, **values: Any
) -> None:
    """Apply an event to a locked row.

    Raises:
        NotYours: it is not possible in this state.
    """
    state = HandoffState(row.state)
    try:
        new = after(state, event)
    except TransitionRefused:
        raise NotYours(state, agent_name(db, row.agent_id)) from None
    clocks: dict[str, Any] = {}
    if event in (HandoffEvent.TAKEN, HandoffEvent.ASSIGNED):
        clocks = {"held_since": now}
    elif new is HandoffState.WAITING and state is HandoffState.WITH_AGENT:
        # She was told that somebody else will answer: from now on she waits for that, whatever was said before.
        clocks = {"held_since": None, "person_waits_since": row.person_waits_since or now}
    db.execute(update(handoffs).where(handoffs.c.id == row.id).values(state=new.value, **{**clocks, **values}))
    _set_mode(db, row.conversation_id, new if new.open else HandoffState.BOT)
    note_live(
        db,
        event.value,
        now,
        conversation=row.conversation_id,
        handoff=row.id,
        agent=by,
        before=state.value,
        after=new.value,
        had=row.agent_id,
    )


def _set_mode(db: Connection, conversation: str, state: HandoffState) -> None:
    db.execute(update(conversations).where(conversations.c.id == conversation).values(mode=state.value))


def mute(db: Connection, conversation: str, now: datetime) -> None:
    """Drop the assistant's answers that no carrier has yet: from now on the agent speaks."""
    held = (
        db.execute(
            update(outbound)
            .where(
                outbound.c.conversation_id == conversation,
                outbound.c.status == DeliveryStatus.PENDING.value,
                outbound.c.kind == "answer",
            )
            .values(status=DeliveryStatus.DEAD.value, error_code="muted", updated_at=now)
            .returning(outbound.c.delivery_id)
        )
        .scalars()
        .all()
    )
    for delivery_id in held:
        note_transition(db, delivery_id, DeliveryStatus.DEAD, now, "muted")


def locked(db: Connection, handoff: int) -> Row[Any]:
    """Lock the conversation first, then the handoff: the order in which a turn locks them.

    All locks here are FOR NO KEY UPDATE: what others write about the same conversation (an event) only needs that its
    key stays, and may hold the lock of events (bot.store.live) meanwhile.

    Raises:
        NotYours: there is no such handoff.
    """
    conversation = db.execute(select(handoffs.c.conversation_id).where(handoffs.c.id == handoff)).scalar()
    if conversation is None:
        raise NotYours(HandoffState.CLOSED, None)
    db.execute(select(conversations.c.id).where(conversations.c.id == conversation).with_for_update(key_share=True))
    return db.execute(select(handoffs).where(handoffs.c.id == handoff).with_for_update(key_share=True)).one()


def locked_open(db: Connection, conversation: str) -> Row[Any] | None:
    """Lock a conversation and its open handoff, and return that."""
    db.execute(select(conversations.c.id).where(conversations.c.id == conversation).with_for_update(key_share=True))
    return db.execute(
        select(handoffs)
        .where(handoffs.c.conversation_id == conversation, handoffs.c.state.in_(OPEN))
        .with_for_update(key_share=True)
    ).first()


def _closed_lately(conversation: str, now: datetime) -> Any:
    return (
        select(handoffs)
        .where(
            handoffs.c.conversation_id == conversation,
            handoffs.c.state == HandoffState.CLOSED.value,
            handoffs.c.ended_at > now - REOPEN_WITHIN,
        )
        .order_by(handoffs.c.id.desc())
        .limit(1)
    )


def _had_sensitive(conversation: str) -> Any:
    return select(handoffs.c.id).where(handoffs.c.conversation_id == conversation, handoffs.c.sensitive).limit(1)


def _seeing_team(team: int) -> Any:
    return select(teams.c.id).where(teams.c.id == team, teams.c.sees_sensitive)


def entitled(db: Connection, row: Row[Any], agent: int) -> None:
    """Let an agent be given a handoff: anybody an ordinary one, a sensitive one who may see it, or has it already.

    Raises:
        NotForThem: the agent may not see it.
    """
    if not row.sensitive or row.agent_id == agent:
        return
    by_team = (
        select(agent_teams.c.agent_id)
        .join(teams, teams.c.id == agent_teams.c.team_id)
        .where(agent_teams.c.agent_id == agent, teams.c.sees_sensitive)
    )
    may = select(agents.c.id).where(agents.c.id == agent, or_(agents.c.role == "admin", agents.c.id.in_(by_team)))
    if db.execute(may).first() is None:
        raise NotForThem(HandoffState(row.state), agent_name(db, row.agent_id))


def room(db: Connection, agent: int) -> None:
    """Lock the agent's row, so that two takes at once are counted one after the other.

    Raises:
        Full: there is no room.
    """
    capacity = db.execute(
        select(agents.c.capacity).where(agents.c.id == agent).with_for_update(key_share=True)
    ).scalar_one()
    held = select(func.count()).where(handoffs.c.agent_id == agent, handoffs.c.state == HandoffState.WITH_AGENT.value)
    if db.execute(held).scalar_one() >= capacity:
        raise Full(capacity)


def _owned(db: Connection, row: Row[Any], agent: int) -> None:
    if row.state != HandoffState.WITH_AGENT.value or row.agent_id != agent:
        raise NotYours(HandoffState(row.state), agent_name(db, row.agent_id))


def agent_name(db: Connection, agent: int | None) -> str | None:
    """Return an agent's name, for people to read."""
    return db.execute(select(agents.c.name).where(agents.c.id == agent)).scalar()


def here(now: datetime) -> Any:
    """An agent who may be given work: active, present, and seen within the last minutes."""
    return and_(agents.c.active, agents.c.presence == "here", agents.c.seen_at > now - timedelta(minutes=5))


def _records() -> Any:
    return (
        select(handoffs, agents.c.name.label("agent"), teams.c.name.label("team"))
        .outerjoin(agents, agents.c.id == handoffs.c.agent_id)
        .outerjoin(teams, teams.c.id == handoffs.c.team_id)
    )


def _read_row(db: Connection, handoff: int) -> Row[Any]:
    return db.execute(_records().where(handoffs.c.id == handoff)).one()


def _read(db: Connection, handoff: int) -> HandoffRecord:
    return _record(_read_row(db, handoff))


def _record(row: Row[Any]) -> HandoffRecord:
    values = dict(row._mapping)
    return HandoffRecord(**{**values, "state": HandoffState(values["state"])})


def _understood(payload: str) -> Understood | None:
    try:
        return cast(Understood, from_payload(Understood, json.loads(payload)))
    except (PayloadError, ValueError):  # of an earlier release
        return None


def _language(context: str) -> str:
    return str(json.loads(context).get("language") or "es_MX")
