"""What a message offers besides its text, and what deliveries need."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column("outbound", sa.Column("interactive", sa.Text(), nullable=True))


def downgrade() -> None:
    """Undo."""
    op.drop_column("outbound", "interactive")
