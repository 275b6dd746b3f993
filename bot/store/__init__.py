"""The truth: contacts, conversations, inbox and outbox in SQL (SQLite by default, PostgreSQL by DATABASE_URL)."""

from sqlalchemy import Engine

from bot.store.calls import Calls
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
from bot.store.reminders import DueReminder, Reminders
from bot.store.store import Store

__all__ = [
    "Calls",
    "ConversationState",
    "Delivery",
    "DueReminder",
    "Engine",
    "Lease",
    "LeaseLost",
    "QueueFigures",
    "Recorded",
    "Reminders",
    "Store",
    "StoredMessage",
    "TurnOutcome",
    "open_engine",
    "upgrade",
]
