"""Agents' phones that ring for callers, what callers said and pressed; and what a console's pages look up."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_OPEN = sa.text("status <> 'over'")
_LIVE = sa.text("ended_at IS NULL")
_KNOWN = sa.text("queue_sid IS NOT NULL")
_HANG_UP = sa.text("hang_up")
_OF_CONVERSATION = {
    "inbound": ["conversation_id", "id"],
    "outbound": ["conversation_id", "id"],
    "live_events": ["conversation_id", "id"],
    "notes": ["conversation_id"],
}


def upgrade() -> None:
    """Apply."""
    op.add_column("calls", sa.Column("queue_sid", sa.String(length=40), nullable=True))
    op.add_column("call_steps", sa.Column("heard", sa.Text(), nullable=True))
    op.create_table(
        "rings",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("caller_sid", sa.String(length=64), nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("handoff_id", sa.Integer(), nullable=False),
        sa.Column("agent_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=24), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("call_sid", sa.String(length=64), nullable=True),
        sa.Column("hang_up", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.Column("talked_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.id"], name=op.f("fk_rings_agent_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["caller_sid"], ["calls.call_sid"], name=op.f("fk_rings_caller_sid"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["conversation_id"], ["conversations.id"], name=op.f("fk_rings_conversation_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["handoff_id"], ["handoffs.id"], name=op.f("fk_rings_handoff_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rings")),
    )
    op.create_index("ix_rings_handoff_id", "rings", ["handoff_id"], unique=False)
    op.create_index("ix_rings_agent_id", "rings", ["agent_id"], unique=False)
    for name, column in (("uq_rings_caller", "caller_sid"), ("uq_rings_agent", "agent_id")):
        op.create_index(name, "rings", [column], unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.create_index("ix_rings_hang_up", "rings", ["id"], sqlite_where=_HANG_UP, postgresql_where=_HANG_UP)
    op.create_index("ix_calls_live", "calls", ["queue"], sqlite_where=_LIVE, postgresql_where=_LIVE)
    op.create_index("ix_calls_queue_sid", "calls", ["queue_sid"], sqlite_where=_KNOWN, postgresql_where=_KNOWN)
    for table, columns in _OF_CONVERSATION.items():
        op.create_index(f"ix_{table}_conversation_id", table, columns)


def downgrade() -> None:
    """Undo."""
    for table in _OF_CONVERSATION:
        op.drop_index(f"ix_{table}_conversation_id", table_name=table)
    op.drop_index("ix_calls_queue_sid", table_name="calls")
    op.drop_index("ix_calls_live", table_name="calls")
    for name in ("ix_rings_hang_up", "uq_rings_agent", "uq_rings_caller", "ix_rings_agent_id", "ix_rings_handoff_id"):
        op.drop_index(name, table_name="rings")
    op.drop_table("rings")
    with op.batch_alter_table("call_steps") as batch:
        batch.drop_column("heard")
    with op.batch_alter_table("calls") as batch:
        batch.drop_column("queue_sid")
