"""Deciding on replies: from a turn and the catalogue to an answer. Pure functions; no Rasa, no input or output."""
