"""The tables. A change here comes with a migration in ``migrations/versions`` (a test compares both)."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC time in Python, a plain UTC timestamp in SQL: SQLite keeps no time zone."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store as UTC without zone; a naive time is a defect of the caller."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(timezone.utc).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return an aware UTC time."""
        return None if value is None else value.replace(tzinfo=timezone.utc)


# The only place of phone numbers, encrypted (bot.store.cipher).
contacts = Table(
    "contacts",
    metadata,
    Column("conversation_id", String(32), primary_key=True),
    Column("number_encrypted", LargeBinary, nullable=False),
    Column("opted_out_at", UtcDateTime),
    Column("opted_out_by", String(16)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_inbound_at", UtcDateTime, nullable=False),
    Column("joined_to", String(32)),  # another conversation that turned out to be the same person's
)

# Where a person can be reached, by channel. One address belongs to one conversation.
addresses = Table(
    "addresses",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "conversation_id",
        String(32),
        ForeignKey("contacts.conversation_id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("channel", String(16), nullable=False),
    Column("kind", String(12), nullable=False),  # bot.core.ids.AddressKind
    Column("key", String(32), nullable=False, index=True),  # bot.core.ids.address_key
    Column("address_encrypted", LargeBinary, nullable=False),  # as the channel writes it: "whatsapp:+521…"
    Column("sender", String(64)),  # which of our own numbers the person writes to, and is answered from
    Column("last_inbound_at", UtcDateTime),
    Column("window_closed_at", UtcDateTime),  # WhatsApp refused free text since then (63016)
    Column("unreachable_at", UtcDateTime),
    Column("unreachable_code", String(32)),
    UniqueConstraint("channel", "key"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", String(32), ForeignKey("contacts.conversation_id", ondelete="CASCADE"), primary_key=True),
    Column("lease_owner", String(64)),
    Column("lease_until", UtcDateTime),
    Column("context", Text, nullable=False, server_default="{}"),  # bot.core.turns.TurnContext as JSON
    Column("options", Text, nullable=False, server_default="[]"),  # what can be picked now
    Column("more", Text, nullable=False, server_default="[]"),  # what MAS brings, part by part
    Column("privacy_shown_at", UtcDateTime),
    Column("mode", String(16), nullable=False, server_default="bot"),  # bot.core.handoff.HandoffState
)

inbound = Table(
    "inbound",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("channel", String(16), nullable=False),
    Column("provider_id", String(64), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("content", Text, nullable=False),  # bot.core.messages.Content as JSON, redacted
    Column("opt_out", String(8)),
    Column("received_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("processed_at", UtcDateTime),
    Column("outcome", String(32)),
    Column("understood", Text),
    UniqueConstraint("channel", "provider_id"),
    Index("ix_inbound_conversation_id", "conversation_id", "id"),
    Index(
        "ix_inbound_waiting",
        "conversation_id",
        "id",
        sqlite_where=text("processed_at IS NULL"),
        postgresql_where=text("processed_at IS NULL"),
    ),
    Index(
        "ix_inbound_queue",
        "id",
        sqlite_where=text("processed_at IS NULL"),
        postgresql_where=text("processed_at IS NULL"),
    ),
    Index(
        "ix_inbound_given_up",
        "outcome",
        sqlite_where=text("outcome IN ('failed', 'unreadable')"),
        postgresql_where=text("outcome IN ('failed', 'unreadable')"),
    ),
)

outbound = Table(
    "outbound",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("delivery_id", String(32), nullable=False, unique=True),
    Column("idempotency_key", String(64), nullable=False, unique=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("interactive", Text),  # bot.core.interactive.Interactive as JSON
    Column("sender", String(64)),  # our own number that it goes out from; empty: the channel's only one
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("sending_owner", String(64)),
    Column("sending_since", UtcDateTime),
    Column("sending_until", UtcDateTime),
    Column("provider_id", String(64), index=True),
    Column("error_code", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index("ix_outbound_conversation_id", "conversation_id", "id"),
    Index(
        "ix_outbound_unsent",
        "conversation_id",
        "id",
        sqlite_where=text("status IN ('pending', 'sending')"),
        postgresql_where=text("status IN ('pending', 'sending')"),
    ),
    Index(
        "ix_outbound_due",
        "next_attempt_at",
        "id",
        sqlite_where=text("status IN ('pending', 'sending')"),
        postgresql_where=text("status IN ('pending', 'sending')"),
    ),
)

delivery_events = Table(
    "delivery_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column(
        "delivery_id", String(32), ForeignKey("outbound.delivery_id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("status", String(16), nullable=False),
    Column("error_code", String(64)),
    Column("applied", Boolean, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# ---- people who answer ---------------------------------------------------------------------------------------

teams = Table(
    "teams",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("hours", Text, nullable=False),  # bot.core.hours.parse_hours; empty: HUMAN_HOURS
    Column("sees_sensitive", Boolean, nullable=False, server_default=text("false")),
)

agents = Table(
    "agents",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("username", String(64), nullable=False, unique=True),
    Column("name", String(64), nullable=False),  # what a citizen reads
    Column("password_hash", Text),  # argon2id; None: signs in by OIDC only
    Column("totp_encrypted", LargeBinary),
    Column("role", String(16), nullable=False),  # agent, supervisor, admin
    Column("capacity", Integer, nullable=False, server_default="5"),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("presence", String(16), nullable=False, server_default="away"),  # here, busy, away
    Column("seen_at", UtcDateTime),  # a browser of this agent's was connected
    Column("phone_encrypted", LargeBinary),  # number or SIP address that rings for calls
    Column("session_epoch", Integer, nullable=False, server_default="0"),  # raised: every session ends
    Column("created_at", UtcDateTime, nullable=False),
    Column("kind", String(8), nullable=False, server_default="person"),  # person; desk: a contact centre's own desk
)

agent_teams = Table(
    "agent_teams",
    metadata,
    Column("agent_id", Integer, ForeignKey("agents.id", ondelete="CASCADE"), primary_key=True),
    Column("team_id", Integer, ForeignKey("teams.id", ondelete="CASCADE"), primary_key=True),
)

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),  # bot.core.handoff.HandoffState
    Column("reason", String(24), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("language", String(16), nullable=False),
    Column("topic", String(96)),  # procedure:<id> or life_event:<id>
    Column("note", Text, nullable=False),
    Column("sensitive", Boolean, nullable=False, server_default=text("false")),
    Column("priority", Integer, nullable=False, server_default="0"),
    Column("team_id", Integer, ForeignKey("teams.id", ondelete="SET NULL")),
    Column("agent_id", Integer, ForeignKey("agents.id", ondelete="SET NULL")),
    Column("wanted_agent_id", Integer, ForeignKey("agents.id", ondelete="SET NULL")),  # transferred to
    Column("asked_at", UtcDateTime, nullable=False),
    Column("waiting_since", UtcDateTime),
    Column("taken_at", UtcDateTime),
    Column("person_wrote_at", UtcDateTime),
    Column("agent_wrote_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("end_reason", String(24)),
    Column("person_waits_since", UtcDateTime),  # for an agent's word: the first message without an answer
    Column("held_since", UtcDateTime),  # by the agent who has it now; taken_at is the first take
    Index("ix_handoffs_conversation_id", "conversation_id"),
    Index(
        "uq_handoffs_open",
        "conversation_id",
        unique=True,
        sqlite_where=text("state IN ('waiting', 'with_agent')"),
        postgresql_where=text("state IN ('waiting', 'with_agent')"),
    ),
)

# What consoles must hear of, in the order of commits: the id is the Last-Event-ID of their streams.
live_events = Table(
    "live_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("kind", String(24), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE")),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE")),
    Column("agent_id", Integer, ForeignKey("agents.id", ondelete="SET NULL")),
    Column("data", Text, nullable=False, server_default="{}"),  # ids and keys; never a number or a text
    Index("ix_live_events_handoff_id", "handoff_id"),
    Index("ix_live_events_conversation_id", "conversation_id", "id"),
)

# Ready answers of agents; ``team_id`` None: everybody's. Variables stand in braces: {nombre_agente}.
canned_replies = Table(
    "canned_replies",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("shortcut", String(32), nullable=False, unique=True),
    Column("text", Text, nullable=False),
    Column("team_id", Integer, ForeignKey("teams.id", ondelete="CASCADE")),
)

# What agents note for each other; never sent to anybody.
notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id", ondelete="SET NULL")),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("idempotency_key", String(64)),  # of a desk's request; the console has none
    Index("ix_notes_handoff_id", "handoff_id"),
    Index("ix_notes_conversation_id", "conversation_id"),
    Index("uq_notes_idempotency_key", "idempotency_key", unique=True),
)

# Who read and did what. Rows are only added; each holds the hash of the one before (bot.store.audit). No foreign keys:
# what was done stays known when its agent or conversation is gone.
audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False),
    Column("agent_id", Integer),
    Column("username", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("conversation_id", String(32)),
    Column("detail", Text, nullable=False),  # JSON; ids, keys and reasons, never a number or a message
    Column("previous", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
    Index("ix_audit_conversation_id", "conversation_id"),
)

# What WhatsApp shows besides text, by its name with a hash of its definition (channels.whatsapp.contents).
contents = Table(
    "contents",
    metadata,
    Column("account_sid", String(40), primary_key=True),
    Column("name", String(80), primary_key=True),
    Column("sid", String(40), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# ---- calls ---------------------------------------------------------------------------------------------------

calls = Table(
    "calls",
    metadata,
    Column("call_sid", String(64), primary_key=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("direction", String(8), nullable=False),  # in, out
    Column("state", Text, nullable=False),  # ivr.model.Call as JSON, redacted
    Column("step", Integer, nullable=False, server_default="0"),  # the last step that was answered
    Column("queue", String(16)),  # waiting, ringing, talking, left; or why the queue is about to be left
    Column("queued_at", UtcDateTime),
    Column("queue_sid", String(40)),  # the carrier's own queue of this caller, to be removed once the call is over
    Column("started_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("end_reason", String(24)),
    Index("ix_calls_conversation_id", "conversation_id", "started_at"),
    Index(
        "ix_calls_live",
        "queue",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index(
        "ix_calls_queue_sid",
        "queue_sid",
        sqlite_where=text("queue_sid IS NOT NULL"),
        postgresql_where=text("queue_sid IS NOT NULL"),
    ),
)

# What each step of a call was answered, so that the same request again gets the same answer.
call_steps = Table(
    "call_steps",
    metadata,
    Column("call_sid", String(64), ForeignKey("calls.call_sid", ondelete="CASCADE"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("answer", Text, nullable=False),  # TwiML
    Column("heard", Text),  # what the caller pressed or said, redacted; empty: nothing
    Column("at", UtcDateTime, nullable=False),
)

callbacks = Table(
    "callbacks",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(12), nullable=False),  # waiting, calling, done, given_up, cancelled
    Column("reason", String(16), nullable=False),  # asked, missed, queue
    Column("due_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("call_sid", String(64)),
    Column("last_result", String(24)),
    Column("held_until", UtcDateTime),  # a worker is placing the call
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Index(
        "uq_callbacks_open",
        "conversation_id",
        unique=True,
        sqlite_where=text("status IN ('waiting', 'calling')"),
        postgresql_where=text("status IN ('waiting', 'calling')"),
    ),
    Index(
        "ix_callbacks_due",
        "due_at",
        "id",
        sqlite_where=text("status = 'waiting'"),
        postgresql_where=text("status = 'waiting'"),
    ),
)

# Agents' phones that ring for callers who wait. One caller rings one agent at a time, and the other way about.
rings = Table(
    "rings",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("caller_sid", String(64), ForeignKey("calls.call_sid", ondelete="CASCADE"), nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False),
    Column("agent_id", Integer, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),
    Column("status", String(12), nullable=False),  # bot.store.rings.RingStatus
    Column("result", String(24)),  # of what is over: bot.store.rings.RingResult
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("call_sid", String(64)),  # the agent's own call
    Column("hang_up", Boolean, nullable=False, server_default=text("false")),  # the agent's call is to be ended
    Column("due_at", UtcDateTime, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("talked_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Index("ix_rings_handoff_id", "handoff_id"),
    Index("ix_rings_agent_id", "agent_id"),
    Index("ix_rings_hang_up", "id", sqlite_where=text("hang_up"), postgresql_where=text("hang_up")),
    Index(
        "uq_rings_caller",
        "caller_sid",
        unique=True,
        sqlite_where=text("status <> 'over'"),
        postgresql_where=text("status <> 'over'"),
    ),
    Index(
        "uq_rings_agent",
        "agent_id",
        unique=True,
        sqlite_where=text("status <> 'over'"),
        postgresql_where=text("status <> 'over'"),
    ),
)

reminders = Table(
    "reminders",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("key", String(64), nullable=False, unique=True),  # of the effect that asked for it
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(16), nullable=False),  # that it was asked on
    Column("due_at", UtcDateTime, nullable=False),
    Column("utc_offset", Integer, nullable=False),  # minutes, where the person was when she asked
    Column("procedure", String(96)),
    Column("life_event", String(96)),
    Column("step", Integer),
    Column("created_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("closed_as", String(16)),  # sent, cancelled, opted_out
    Index("ix_reminders_conversation_id", "conversation_id"),
    Index(
        "ix_reminders_due",
        "due_at",
        sqlite_where=text("closed_at IS NULL"),
        postgresql_where=text("closed_at IS NULL"),
    ),
)

# ---- desks of contact centres ---------------------------------------------------------------------------------

# What opens the API. Only the hash of a token is kept; tokens are random, so a plain hash is enough.
desk_tokens = Table(
    "desk_tokens",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("agent_id", Integer, ForeignKey("agents.id", ondelete="CASCADE"), nullable=False),  # an account of kind desk
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("last_used_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
)

# How far the live events are read for each receiver (webhook, chatwoot).
desk_cursors = Table(
    "desk_cursors",
    metadata,
    Column("sink", String(16), primary_key=True),
    Column("last_live_id", Integer, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# What a desk is told, one row for each receiver. ``data`` holds ids and keys; texts stay where they are.
desk_events = Table(
    "desk_events",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("sink", String(16), nullable=False),
    Column("event_id", String(40), nullable=False, unique=True),
    Column("live_event_id", Integer, nullable=False),
    Column("conversation_id", String(32), ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False),
    Column("type", String(32), nullable=False),
    Column("data", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("status", String(12), nullable=False),  # pending, sending, delivered, dead
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", UtcDateTime, nullable=False),
    Column("sending_owner", String(64)),
    Column("sending_until", UtcDateTime),
    Column("error_code", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("sink", "live_event_id"),
    Index(
        "ix_desk_events_unsent",
        "sink",
        "conversation_id",
        "id",
        sqlite_where=text("status IN ('pending', 'sending')"),
        postgresql_where=text("status IN ('pending', 'sending')"),
    ),
    Index(
        "ix_desk_events_dead",
        "id",
        sqlite_where=text("status = 'dead'"),
        postgresql_where=text("status = 'dead'"),
    ),
)

# Keys that desks gave to their requests: the same key again must be the same request.
desk_requests = Table(
    "desk_requests",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("remote", String(64)),  # what it is called in the program that asked
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_desk_requests_handoff_id", "handoff_id"),
)

# Which conversation of another program a handoff is there.
desk_links = Table(
    "desk_links",
    metadata,
    Column("sink", String(16), primary_key=True),
    Column("handoff_id", Integer, ForeignKey("handoffs.id", ondelete="CASCADE"), primary_key=True),
    Column("contact", String(64), nullable=False),
    Column("conversation", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index("ix_desk_links_conversation", "sink", "conversation"),
)
