"""Bringing a person: what a citizen is told, when somebody answers, and what timers do with handoffs."""
