"""The two kinds of capability, and the road from a Rasa tracker to an answer and back to Rasa's events."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue.history import past_turns
from actions.dialogue.knowledge import Knowledge, loader
from actions.dialogue.lookup import look_up, surer
from actions.dialogue.resume import resume
from actions.dialogue.turn import Answer, Memory, Turn
from actions.dialogue.unknown import not_known
from actions.dialogue.urgent import help_now
from bot.core.codec import from_payload, to_payload
from bot.core.turns import TurnContext
from bot.understanding.danger import unmistakable

logger = logging.getLogger("actions")


class Capability(Action, ABC):
    """One thing the assistant can do. A subclass names its action and answers a turn; the rest is the same for all."""

    action: str

    def name(self) -> str:
        """Return the action's name in domain.yml."""
        return self.action

    @abstractmethod
    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Answer the turn."""

    async def run(
        self, dispatcher: CollectingDispatcher, tracker: Tracker, domain: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        """Read the turn, answer it, and hand replies and changed slots to Rasa."""
        started = time.perf_counter()
        turn = read_turn(tracker)
        found = self.answer(turn, loader().current())
        if not found.replies:
            raise RuntimeError(f"{self.action} said nothing")
        _say(dispatcher, found)
        fields = {
            "action": self.action,
            "intent": turn.intent,
            "confidence": round(turn.confidence, 3),
            "outcome": found.outcome,
            "procedure": found.procedure,
            "life_event": found.life_event,
            "seconds": round(time.perf_counter() - started, 4),
        }
        logger.info("answered", extra={"fields": fields})
        before, after = turn.memory.slots(), found.memory.slots()
        return [SlotSet(name, value) for name, value in after.items() if value != before[name]]


class WordsCapability(Capability, ABC):
    """A capability that words led to. Danger comes first, then what waits for an answer, then the intent's own way.

    The intent alone does not decide: where it is small talk or nothing of ours, a text for which the search has a
    card is answered from the card (``cards_first``: "hola, quiero mi acta").
    """

    cards_first = False

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Answer by the first road that leads somewhere."""
        if unmistakable(turn.text):
            return help_now(turn, know)
        resumed = resume(turn, know)
        if resumed is not None:
            return resumed
        if self.cards_first and surer(turn, know):
            found = look_up(turn, know)
            if found is not None:
                return found
        return self.own(turn, know) or not_known(turn, know)

    @abstractmethod
    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer in the intent's own way, or None when it has no answer."""


def read_turn(tracker: Tracker) -> Turn:
    """Read Rasa's tracker. The context of SQL travels as metadata of the message.

    Raises:
        PayloadError: the context does not fit its contract.
    """
    message = tracker.latest_message or {}
    intent = message.get("intent") or {}
    metadata = message.get("metadata") or _metadata_of_last(tracker)
    context = metadata.get("context")
    entities = {entity["entity"]: entity.get("value") for entity in message.get("entities") or []}
    events = tracker.events or []
    text = str(message.get("text") or "")
    if text.startswith("/"):  # a deed that the input channel wrote down (/pick{…}), with the words that came with it
        text = str(metadata.get("caption") or "")
    return Turn(
        text=text,
        intent=str(intent.get("name") or ""),
        confidence=float(intent.get("confidence") or 0.0),
        entities=entities,
        context=from_payload(TurnContext, context) if context else TurnContext(),
        memory=Memory.from_slots(tracker.slots or {}),
        before=past_turns(events),
    )


def _metadata_of_last(tracker: Tracker) -> Mapping[str, Any]:
    for event in reversed(tracker.events or []):
        if event.get("event") == "user":
            return event.get("metadata") or {}
    return {}


def _say(dispatcher: CollectingDispatcher, found: Answer) -> None:
    """Give each reply as a custom message; what the turn meant rides on the last one."""
    meaning: dict[str, Any] = {"outcome": found.outcome}
    if found.procedure:
        meaning["procedure"] = found.procedure
    if found.life_event:
        meaning["life_event"] = found.life_event
    if found.context:
        meaning["context"] = to_payload(found.context)
    for index, reply in enumerate(found.replies):
        last = index == len(found.replies) - 1
        dispatcher.utter_message(json_message={"reply": to_payload(reply), **(meaning if last else {})})
