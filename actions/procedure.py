"""Answer from procedure cards: what a citizen needs, what it costs, where, when, how long, who, what for."""

from __future__ import annotations

import re

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Turn
from bot.catalogue.text import normalise
from bot.core.replies import Reply, Say, ShowProcedure

_ONLINE = ("web", "app")
_HOW = re.compile(
    r"(?<!\w)(?:como (?:l[ao]s? |me |se |le hago )?(?!es)\w+"
    r"|que (?:se )?(?:neces|ocup|piden|papeles|documentos|requisitos)\w*)"
)
"""Asks how, and not only whether: what to have at hand is told as well."""


class ShowCard(WordsCapability):
    """Find the procedure and show the parts of its card that were asked for."""

    action = "action_procedure"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Look the text up."""
        return look_up(turn, know)


class OnlineWays(WordsCapability):
    """Say whether a procedure can be done online, as far as its card knows."""

    action = "action_online"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Look the text up and put what the card says about going online before its channels."""
        found = look_up(turn, know, ("overview",) if _HOW.search(normalise(turn.text)) else None)
        if found is None:
            return None
        shown = next((reply for reply in found.replies if isinstance(reply, ShowProcedure)), None)
        return found if shown is None else found.preceded_by(_online(shown))


def _online(shown: ShowProcedure) -> Reply:
    ways = [channel for channel in shown.procedure.channels if channel.type in _ONLINE]
    if ways:
        return Say("online_yes", {"procedure": shown.procedure.short})
    phrase = "online_not_on_card" if shown.procedure.channels else "online_unknown"
    return Say(phrase, {"procedure": shown.procedure.short})
