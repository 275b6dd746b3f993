"""Since when a person waits for an agent's word, and since when the agent who has her has her."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply. What is open goes on with what is known of it: the last word, and the first take."""
    op.add_column("handoffs", sa.Column("person_waits_since", UtcDateTime(), nullable=True))
    op.add_column("handoffs", sa.Column("held_since", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE handoffs SET person_waits_since = coalesce(person_wrote_at, asked_at) "
        "WHERE state IN ('waiting', 'with_agent') AND (agent_wrote_at IS NULL OR person_wrote_at > agent_wrote_at)"
    )
    op.execute("UPDATE handoffs SET held_since = taken_at WHERE state = 'with_agent'")


def downgrade() -> None:
    """Undo."""
    with op.batch_alter_table("handoffs") as batch:
        batch.drop_column("held_since")
        batch.drop_column("person_waits_since")
