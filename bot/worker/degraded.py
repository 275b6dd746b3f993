"""An answer without the engine: plain search over the same cards, a numbered menu, a person's number."""

from __future__ import annotations

from bot.catalogue.plain import PlainSearch
from bot.catalogue.text import normalise
from bot.core.messages import Choice, Content, Media, Text
from bot.core.procedures import narrow
from bot.core.replies import Ask, Handoff, Option, Reply, Say, ShowLifeEvent, ShowProcedure
from bot.core.turns import TurnContext

_MENU_EVENTS = 6
_PERSON = frozenset({"agente", "persona", "una persona", "humano", "asesor", "operador"})
"""Whole messages that ask for a person, who needs no engine to come."""


class Degraded:
    """Answers from the catalogue alone: nothing is remembered, nothing is guessed."""

    def __init__(self, search: PlainSearch, human_number: str = "") -> None:
        """``human_number`` is said when there is one."""
        self._search = search
        self._human_number = human_number

    def answer(self, content: Content, context: TurnContext) -> tuple[Reply, ...]:
        """Return the replies to one message; never none."""
        if isinstance(content, Choice):
            picked = self._picked(content.option_id, context)
            if picked:
                return picked
        if isinstance(content, Media) and content.kind == "reaction":
            return (Say("reaction_seen"),)
        text = content.text if isinstance(content, (Text, Choice, Media)) else ""
        if normalise(text).strip() in _PERSON:
            return (Handoff("asked"),)
        procedures, place = self._search.find(text)
        state = place.state if place else context.state
        if len(procedures) == 1:
            return (Say("degraded_intro"), self._show(procedures[0].id, state, context))
        if procedures:
            options = tuple(Option(f"procedure:{card.id}", card.short) for card in procedures)
            return (Ask("degraded_which", options),)
        return (*self._person(), self._menu())

    def _show(self, procedure: str, state: str | None, context: TurnContext) -> ShowProcedure:
        card = self._search.catalogue.procedures[procedure]
        state = state or card.jurisdiction.state
        return ShowProcedure(
            narrow(card, dict(context.case), state),
            state=state,
            conditions=self._search.catalogue.condition_words(card),
        )

    def _picked(self, option_id: str, context: TurnContext) -> tuple[Reply, ...]:
        kind, _, rest = option_id.partition(":")
        catalogue = self._search.catalogue
        if kind == "procedure" and rest in catalogue.procedures:
            return (self._show(rest, context.state, context),)
        event, _, number = rest.partition(":")
        if kind in ("menu", "event") and event in catalogue.life_events:
            card = catalogue.life_events[event]
            steps = tuple(Option(f"step:{event}:{index}", step.title) for index, step in enumerate(card.steps))
            return (ShowLifeEvent(card, steps),)
        if kind == "step" and event in catalogue.life_events and number.isdigit():
            steps_of = catalogue.life_events[event].steps
            if int(number) < len(steps_of):
                ids = steps_of[int(number)].procedures
                if len(ids) == 1:
                    return (self._show(ids[0], context.state, context),)
                options = tuple(Option(f"procedure:{each}", catalogue.procedures[each].short) for each in ids[:9])
                return (Ask("degraded_which", options),)
        return ()

    def _menu(self) -> Ask:
        events = list(self._search.catalogue.life_events.values())[:_MENU_EVENTS]
        return Ask("degraded_menu", tuple(Option(f"menu:{event.id}", event.short) for event in events))

    def _person(self) -> tuple[Reply, ...]:
        if self._human_number:
            return (Say("degraded_not_found_person", {"phone": self._human_number}),)
        return (Say("degraded_not_found"),)
