"""A conversation played on a channel, up to its end or to the first turn that is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass

from bot.core.messages import ChannelName
from channels.keywords import keyword
from tests.conversations.expect import problems
from tests.conversations.facts import Facts
from tests.conversations.players import PLAYERS, Player
from tests.conversations.script import Citizen, Conversation, Expected, Turn


@dataclass(frozen=True)
class Performance:
    """A conversation on a channel."""

    conversation: Conversation
    channel: ChannelName

    @property
    def id(self) -> str:
        """Return the test's name."""
        return f"{self.conversation.id} ({self.channel})"


def perform(performance: Performance, twin: str, number: str, facts: Facts) -> str:
    """Play it from ``number``. Return an empty text when all was right, else the dialogue and what is wrong."""
    script = performance.conversation
    dialogue: list[str] = []
    with ExitStack() as phones:
        players: dict[ChannelName, Player] = {}
        answer: list[str] = []  # what was said since she last asked for something else than more
        for turn in script.turns:
            channel = turn.on or performance.channel
            if channel not in players:
                players[channel] = phones.enter_context(closing(PLAYERS[channel](twin, number)))
            player = players[channel]
            for tries_left in reversed(range(turn.up_to)):
                said = player.send(turn.citizen, silent=turn.bot.silent)
                dialogue += _written(turn.citizen, said)
                goes_on = channel != "sms" and keyword(turn.citizen.text) == "more"
                answer = [*answer, *said] if goes_on else list(said)
                wrong = list(problems(channel, said, turn.bot, facts, answer))
                budget = list(problems(channel, said, Expected(), facts)) if tries_left else wrong
                if not wrong or budget:
                    break
            if wrong:
                return _report(script, turn, dialogue, budget or wrong)
    return ""


def _written(citizen: Citizen, said: Sequence[str]) -> list[str]:
    along = [each for each in (citizen.photo, citizen.location and f"{citizen.location}") if each]
    lines = [f"  citizen: {citizen.text[:300]}{f'  [{along[0]}]' if along else ''}"]
    for message in said:
        lines += ["  bot:     " + message.replace("\n", "\n           ")]
    return lines if said else [*lines, "  bot:     (silent)"]


def _report(script: Conversation, turn: Turn, dialogue: Sequence[str], wrong: Sequence[str]) -> str:
    heading = f"{script.file.parent.name}/{script.file.name}:{turn.line}: «{script.name}» goes wrong: the bot"
    return "\n".join([heading, *(f"  - {each}" for each in wrong), "", "The dialogue so far:", *dialogue])
