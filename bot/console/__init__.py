"""The console: agents, supervisors and administrators in a browser. Server-rendered; nothing is kept in the process."""

from bot.console.blueprint import console

__all__ = ["console"]
