"""The truth: contacts, conversations, inbox and outbox in SQL (SQLite by default, PostgreSQL by DATABASE_URL)."""

from bot.store.database import open_engine, upgrade
from bot.store.model import (
    ConversationState,
    Delivery,
    Lease,
    LeaseLost,
    QueueFigures,
    Recorded,
    StoredMessage,
    TurnOutcome,
)
from bot.store.store import Store

__all__ = [
    "ConversationState",
    "Delivery",
    "Lease",
    "LeaseLost",
    "QueueFigures",
    "Recorded",
    "Store",
    "StoredMessage",
    "TurnOutcome",
    "open_engine",
    "upgrade",
]
