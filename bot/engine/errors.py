"""What can go wrong in a turn. Each error carries the HTTP status that the worker sees: always a 5xx, never silence.

Messages are ours: they name parts, states and exception types, never what a person wrote.
"""

from __future__ import annotations


class EngineError(Exception):
    """A turn that could not be run to its end. Nothing of it was saved; the same request may be sent again."""

    status = 500


class NoModel(EngineError):
    """There is no trained model, or it has no dialogue part: ``python -m bot.engine train`` makes one."""

    status = 503


class ActionFailed(EngineError):
    """An action raised, is not known to the action server, or answered something that is not an action's answer."""

    status = 502


class ActionServerUnreachable(ActionFailed):
    """Nothing answers at the action server's address."""

    status = 503


class ActionTimedOut(ActionFailed):
    """The action server did not answer in time."""

    status = 504


class TurnStuck(EngineError):
    """The policies kept predicting actions and never listened: a defect in rules or stories."""


class NoReply(EngineError):
    """The turn's actions said nothing. Silence is never an answer."""


class BadReply(EngineError):
    """An action said something that is not a reply of :mod:`bot.core.replies`."""


class TrackerStoreError(EngineError):
    """The dialogue state could not be read or written."""

    status = 503


class TrackerConflict(TrackerStoreError):
    """Another process saved the same conversation in between; this turn was not saved."""
