"""Greetings, thanks, goodbyes and languages: short, and back to the matter."""

from __future__ import annotations

from dataclasses import replace

from actions.base import WordsCapability
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import HEARD, look_up
from actions.dialogue.turn import Answer, Turn, answer
from bot.catalogue.text import normalise
from bot.core.replies import Say
from bot.understanding.words import rest

_COURTESY = frozenset(
    """
    hola holis buenas buenos buen dia dias tarde tardes noche noches saludos oiga oye disculpe disculpa perdon senorita
    senor senora joven amigo amiga licenciada licenciado gracias muchas muchisimas mil muy amable favor porfa porfavor
    bueno ok okey ah hi hello thanks thank you please good morning afternoon
    """.split()  # noqa: SIM905
)


def beyond_courtesy(turn: Turn, know: Knowledge) -> Answer | None:
    """Answer what a greeting or a thank-you leads up to ("hola, quiero mi acta"); None when it is only that."""
    core = " ".join(word for word in normalise(turn.text).split() if word not in _COURTESY)
    if not rest(core):
        return None
    return look_up(replace(turn, text=core, intent="ask_procedure", confidence=HEARD), know)


class Greet(WordsCapability):
    """Hello."""

    action = "action_greet"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Greet and say how to go on, or answer what was asked along with the greeting."""
        return beyond_courtesy(turn, know) or answer(turn, "smalltalk", Say("greet"), Say("menu_hint"))


class Thanks(WordsCapability):
    """Thank you."""

    action = "action_thanks"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer in kind, or what was asked along with the thanks."""
        return beyond_courtesy(turn, know) or answer(turn, "smalltalk", Say("thanks"))


class Goodbye(WordsCapability):
    """Goodbye."""

    action = "action_goodbye"
    cards_first = True

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say goodbye."""
        return answer(turn, "smalltalk", Say("goodbye"))


class Languages(WordsCapability):
    """Another language."""

    action = "action_languages"

    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Say which languages there are."""
        return answer(turn, "smalltalk", Say("languages_available"))
