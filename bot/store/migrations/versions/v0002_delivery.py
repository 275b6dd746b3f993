"""What a message offers besides its text, where people can be reached, and what deliveries need."""

import sqlalchemy as sa
from alembic import op

from bot.store.tables import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_WAITING = sa.text("processed_at IS NULL")
_GIVEN_UP = sa.text("outcome IN ('failed', 'unreadable')")
_UNSENT = sa.text("status IN ('pending', 'sending')")


def upgrade() -> None:
    """Apply. Until now a contact was a number that wrote by SMS, and its id the number's own key."""
    op.add_column("outbound", sa.Column("interactive", sa.Text(), nullable=True))
    op.add_column("outbound", sa.Column("sender", sa.String(length=64), nullable=True))
    op.add_column("contacts", sa.Column("joined_to", sa.String(length=32), nullable=True))
    op.create_table(
        "addresses",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("address_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("sender", sa.String(length=64), nullable=True),
        sa.Column("last_inbound_at", UtcDateTime(), nullable=True),
        sa.Column("window_closed_at", UtcDateTime(), nullable=True),
        sa.Column("unreachable_at", UtcDateTime(), nullable=True),
        sa.Column("unreachable_code", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["contacts.conversation_id"],
            name=op.f("fk_addresses_conversation_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addresses")),
        sa.UniqueConstraint("channel", "key", name=op.f("uq_addresses_channel_key")),
    )
    op.create_index(op.f("ix_addresses_conversation_id"), "addresses", ["conversation_id"])
    op.create_index(op.f("ix_addresses_key"), "addresses", ["key"])
    op.execute(
        "INSERT INTO addresses (conversation_id, channel, kind, key, address_encrypted, last_inbound_at) "
        "SELECT conversation_id, 'sms', 'number', conversation_id, number_encrypted, last_inbound_at FROM contacts"
    )
    op.create_index("ix_inbound_queue", "inbound", ["id"], sqlite_where=_WAITING, postgresql_where=_WAITING)
    op.create_index("ix_inbound_given_up", "inbound", ["outcome"], sqlite_where=_GIVEN_UP, postgresql_where=_GIVEN_UP)
    op.create_index(
        "ix_outbound_due", "outbound", ["next_attempt_at", "id"], sqlite_where=_UNSENT, postgresql_where=_UNSENT
    )
    op.create_table(
        "contents",
        sa.Column("account_sid", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("sid", sa.String(length=40), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("account_sid", "name", name=op.f("pk_contents")),
    )


def downgrade() -> None:
    """Undo."""
    op.drop_table("contents")
    op.drop_index("ix_outbound_due", "outbound")
    op.drop_index("ix_inbound_given_up", "inbound")
    op.drop_index("ix_inbound_queue", "inbound")
    op.drop_table("addresses")
    op.drop_column("contacts", "joined_to")
    op.drop_column("outbound", "sender")
    op.drop_column("outbound", "interactive")
