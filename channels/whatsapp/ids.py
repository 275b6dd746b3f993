"""What a tap on a button or a list line brings back: an option's id, or words of ours for what has no id of its own."""

from __future__ import annotations

from bot.core.messages import Choice, Text
from channels.whatsapp.markup import one_line
from channels.whatsapp.paginate import size

MAX_ID = 200
"""Characters that WhatsApp takes for an id (https://www.twilio.com/docs/content/twiliolist-picker)."""
_OURS = "ventanilla:"
MORE = f"{_OURS}more"
SAY = f"{_OURS}say:"
"""With a name behind it: a button that stands for its own words (those of a template)."""
_NUMBER = f"{_OURS}number:"
_MORE_WORD = "MAS"


def reply_id(option_id: str, number: int) -> str:
    """Return the id to send for an option: its own, or its number where WhatsApp would not bring its own back whole."""
    whole = option_id.isprintable() and one_line(option_id) == option_id and 0 < size(option_id) <= MAX_ID
    return option_id if whole and not option_id.startswith(_OURS) else f"{_NUMBER}{number}"


def picked(payload: str, words: str) -> Choice | Text:
    """Return what a tap says. ``words`` are the button's or line's own.

    What :data:`MORE`, a number and :data:`SAY` stand for is read as if it had been typed.
    """
    if payload == MORE:
        return Text(_MORE_WORD)
    if payload.startswith(_NUMBER):
        return Text(payload.removeprefix(_NUMBER))
    return Text(words) if payload.startswith(SAY) else Choice(payload, words)
