"""Reminders that people asked for: written with the turn, put into the outbox once when they are due."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from sqlalchemy import Connection, Engine, select, update

from bot.core.delivery import Outgoing
from bot.core.effects import CancelReminders, Remind
from bot.core.hours import within_day
from bot.core.messages import ChannelName
from bot.core.turns import TurnContext
from bot.store.clock import utc_now
from bot.store.effects import write_effect
from bot.store.outbox import enqueue
from bot.store.people import root
from bot.store.tables import contacts, conversations, inbound, reminders


@dataclass(frozen=True)
class DueReminder:
    """A reminder to be said now. ``channel`` is the one it was asked on; ``due_at`` is local."""

    channel: ChannelName
    due_at: datetime
    language: str
    procedure: str | None
    life_event: str | None
    step: int | None


class Reminders:
    """Puts due reminders into the outbox. Two workers at once put each there once."""

    def __init__(self, engine: Engine) -> None:
        """``engine``: the store's database."""
        self._engine = engine

    def send_next(self, say: Callable[[DueReminder], Iterable[Outgoing]]) -> bool:
        """Put the next due reminder into the outbox in the words of ``say``; False when none is due.

        Who said stop gets none. One that comes due outside the allowed hours (no worker was running) waits for them.
        """
        now = utc_now()
        with self._engine.begin() as db:
            row = db.execute(
                select(reminders)
                .where(reminders.c.closed_at.is_(None), reminders.c.due_at <= now)
                .order_by(reminders.c.due_at, reminders.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:
                return False
            zone = timezone(timedelta(minutes=row.utc_offset))
            allowed = within_day(now.astimezone(zone))
            if allowed > now:
                db.execute(update(reminders).where(reminders.c.id == row.id).values(due_at=allowed))
                return True
            stopped = db.execute(
                select(contacts.c.opted_out_at).where(contacts.c.conversation_id == root(db, row.conversation_id))
            ).scalar_one()
            _close(db, row.id, "sent" if stopped is None else "opted_out", now)
            if stopped is None:
                due = DueReminder(
                    row.channel,
                    row.due_at.astimezone(zone),
                    _language(db, row.conversation_id),
                    row.procedure,
                    row.life_event,
                    row.step,
                )
                enqueue(db, row.conversation_id, f"reminder:{row.id}", say(due), now)
        return True


def _close(db: Connection, reminder: int, how: str, now: datetime) -> None:
    db.execute(update(reminders).where(reminders.c.id == reminder).values(closed_at=now, closed_as=how))


def _language(db: Connection, conversation: str) -> str:
    stored = db.execute(select(conversations.c.context).where(conversations.c.id == conversation)).scalar_one()
    return str(json.loads(stored).get("language") or TurnContext().language)


@write_effect.register
def _remind(effect: Remind, db: Connection, conversation: str, key: str, now: datetime) -> None:
    """Keep a reminder for the channel that the turn came by; the same moment and matter twice is one."""
    at = datetime.fromisoformat(effect.at)
    offset = at.utcoffset()
    if offset is None:
        raise ValueError("a reminder's time has no offset")
    about = (
        reminders.c.procedure.is_not_distinct_from(effect.procedure),
        reminders.c.life_event.is_not_distinct_from(effect.life_event),
        reminders.c.step.is_not_distinct_from(effect.step),
    )
    waiting = (reminders.c.conversation_id == conversation, reminders.c.closed_at.is_(None))
    if db.execute(select(reminders.c.id).where(*waiting, reminders.c.due_at == at, *about)).first() is not None:
        return
    channel = db.execute(select(inbound.c.channel).where(inbound.c.id == int(key.partition(":")[0]))).scalar_one()
    db.execute(
        reminders.insert().values(
            key=key,
            conversation_id=conversation,
            channel=channel,
            due_at=at,
            utc_offset=int(offset.total_seconds() // 60),
            procedure=effect.procedure,
            life_event=effect.life_event,
            step=effect.step,
            created_at=now,
        )
    )


@write_effect.register
def _cancel(effect: CancelReminders, db: Connection, conversation: str, _key: str, now: datetime) -> None:
    """Close what was not sent yet."""
    waiting = [reminders.c.conversation_id == conversation, reminders.c.closed_at.is_(None)]
    if effect.at is not None:
        waiting.append(reminders.c.due_at == datetime.fromisoformat(effect.at))
    db.execute(update(reminders).where(*waiting).values(closed_at=now, closed_as="cancelled"))
