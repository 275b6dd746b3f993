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
    Index(
        "ix_inbound_waiting",
        "conversation_id",
        "id",
        sqlite_where=text("processed_at IS NULL"),
        postgresql_where=text("processed_at IS NULL"),
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
    Index(
        "ix_outbound_unsent",
        "conversation_id",
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
