"""Steering: put right, go back, hear it again or slower, hear more."""

from __future__ import annotations

from dataclasses import replace

from actions.base import WordsCapability
from actions.dialogue import choice, further
from actions.dialogue.cards import show
from actions.dialogue.events import menu, show_event
from actions.dialogue.history import before_last, last_told
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.long_lists import more_steps
from actions.dialogue.lookup import look_up
from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.catalogue.text import normalise
from bot.core.replies import Ask, Say
from bot.understanding.words import rest


class Correct(WordsCapability):
    """ "No, I meant …" """

    action = "action_correct"
    intents = ("correct",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Look up what was meant, if it was said; else ask."""
        meant = _what_was_meant(turn.text)
        found = look_up(replace(turn, text=meant), know) if rest(normalise(meant)) else None
        if found is not None and found.procedure != turn.memory.last_procedure:
            return found
        place = know.place_in(meant)
        if found is None and place is not None:
            return choice.at_place(turn, know, place)
        return answer(turn, "clarify", Ask("correct_what"), pending=Pending("topic", (), turn.memory.last_aspects))


_MARKS = (
    "me referia a",
    "me referia",
    "quise decir",
    "quise poner",
    "era",
    "sino",
    "yo hablo de",
    "mejor",
    "i meant",
    "it is for",
)


def _what_was_meant(text: str) -> str:
    """Return the part after the last mark of a correction, up to what it denies ("quise decir curp, no acta")."""
    said = f" {normalise(text)} "
    after = max((said.rfind(f" {mark} ") + len(mark) + 2 for mark in _MARKS if f" {mark} " in said), default=0)
    return said[after:].partition(" no ")[0].strip() if after else said.strip()


class GoBack(WordsCapability):
    """Show again what was shown before this."""

    action = "action_go_back"
    intents = ("go_back",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Return to the turn before the one in view, with its memory; at the beginning, to the menu."""
        earlier = before_last(turn.before)
        if earlier is None:
            steps = turn.memory.last_life_event
            if turn.memory.last_procedure is not None and steps in know.catalogue.life_events:
                return show_event(turn.remember(pending=None), know, str(steps))
            return answer(turn, "menu", menu(know))
        memory = earlier.memory
        if memory.state is None:  # a place told since then is not forgotten
            memory = replace(memory, state=turn.memory.state, municipality=turn.memory.municipality)
        return Answer(earlier.replies, memory, "smalltalk")


class Repeat(WordsCapability):
    """Say it again."""

    action = "action_repeat"
    intents = ("repeat",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say the last turn's replies again; what was open stays open."""
        previous = last_told(turn.before)
        if previous is None:
            return answer(turn, "smalltalk", Say("nothing_to_repeat"))
        return Answer(previous.replies, turn.memory, "smalltalk")


class Slower(WordsCapability):
    """Say it again, slower. How slow is the channel's matter."""

    action = "action_slower"
    intents = ("slower",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Announce it and say the last turn's replies again."""
        previous = last_told(turn.before)
        said = tuple(r for r in previous.replies if r != Say("slower")) if previous else ()
        return Answer((Say("slower"), *said), turn.memory, "smalltalk")


class More(WordsCapability):
    """Go on. The parts of a long answer are the channel's; here is what the card has beyond the part asked for."""

    action = "action_more"
    intents = ("more",)

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Show the whole card after a part of it; else there is nothing more."""
        card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
        if card is None or turn.memory.last_aspects in ((), ("overview",)) or further.whole_shown(turn, card):
            found = more_steps(turn, know) or further.what_else(turn, know)
            return found or answer(turn, "smalltalk", Say("nothing_more"))
        return show(turn, know, card, ("overview",))
