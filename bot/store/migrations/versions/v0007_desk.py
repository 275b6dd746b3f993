"""A contact centre's own desk: its accounts and tokens, and what it is told."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_UNSENT = sa.text("status IN ('pending', 'sending')")
_DEAD = sa.text("status = 'dead'")


def upgrade() -> None:
    """Apply."""
    op.add_column("agents", sa.Column("kind", sa.String(length=8), server_default="person", nullable=False))
    op.add_column("notes", sa.Column("idempotency_key", sa.String(length=64), nullable=True))
    op.create_index("uq_notes_idempotency_key", "notes", ["idempotency_key"], unique=True)
    op.create_table(
        "desk_tokens",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_desk_tokens_agent_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_tokens")),
        sa.UniqueConstraint("name", name=op.f("uq_desk_tokens_name")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_desk_tokens_token_hash")),
    )
    op.create_table(
        "desk_cursors",
        sa.Column("sink", sa.String(length=16), nullable=False),
        sa.Column("last_live_id", sa.Integer(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sink", name=op.f("pk_desk_cursors")),
    )
    op.create_table(
        "desk_events",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("sink", sa.String(length=16), nullable=False),
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("live_event_id", sa.Integer(), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", UtcDateTime(), nullable=False),
        sa.Column("sending_owner", sa.String(length=64), nullable=True),
        sa.Column("sending_until", UtcDateTime(), nullable=True),
        sa.Column("error_code", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_desk_events_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_desk_events_handoff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_events")),
        sa.UniqueConstraint("event_id", name=op.f("uq_desk_events_event_id")),
        sa.UniqueConstraint("sink", "live_event_id", name=op.f("uq_desk_events_sink_live_event_id")),
    )
    op.create_index(
        "ix_desk_events_unsent",
        "desk_events",
        ["sink", "conversation_id", "id"],
        sqlite_where=_UNSENT,
        postgresql_where=_UNSENT,
    )
    op.create_index("ix_desk_events_dead", "desk_events", ["id"], sqlite_where=_DEAD, postgresql_where=_DEAD)
    op.create_table(
        "desk_requests",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("remote", sa.String(length=64), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_desk_requests_handoff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_desk_requests")),
    )
    op.create_index("ix_desk_requests_handoff_id", "desk_requests", ["handoff_id"])
    op.create_table(
        "desk_links",
        sa.Column("sink", sa.String(length=16), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("conversation", sa.String(length=64), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["handoff_id"], ["handoffs.id"], name=op.f("fk_desk_links_handoff_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("sink", "handoff_id", name=op.f("pk_desk_links")),
    )
    op.create_index("ix_desk_links_conversation", "desk_links", ["sink", "conversation"])


def downgrade() -> None:
    """Undo."""
    op.drop_table("desk_links")
    op.drop_table("desk_requests")
    op.drop_table("desk_events")
    op.drop_table("desk_cursors")
    op.drop_table("desk_tokens")
    op.drop_index("uq_notes_idempotency_key", "notes")
    op.drop_column("notes", "idempotency_key")
    op.drop_column("agents", "kind")
