"""The two kinds of capability, and the road from a Rasa tracker to an answer and back to Rasa's events."""

from __future__ import annotations

import logging
import re
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from rasa_sdk import Action, Tracker
from rasa_sdk.events import SlotSet
from rasa_sdk.executor import CollectingDispatcher

from actions.dialogue import (
    about,
    among,
    asides,
    bound,
    details,
    earlier,
    elsewhere,
    errands,
    heads,
    inview,
    judged,
    options,
    plainly,
    reminders,
    stay,
    topic,
    whereabouts,
)
from actions.dialogue.after_danger import protection
from actions.dialogue.aspects import asked
from actions.dialogue.both import both
from actions.dialogue.compare import compared
from actions.dialogue.correction import corrected, for_that_age, not_for
from actions.dialogue.history import past_turns
from actions.dialogue.knowledge import Knowledge, loader
from actions.dialogue.lookup import asks_only, decide, goes_on, likeliest, look_up, tells_place
from actions.dialogue.marks import without_marks
from actions.dialogue.resume import plainly_answered, resume
from actions.dialogue.turn import Answer, Memory, Turn
from actions.dialogue.two_of_one import both_of_card
from actions.dialogue.unheard import admitted
from actions.dialogue.unknown import not_known, nothing_of_ours
from actions.dialogue.urgent import help_now
from actions.dialogue.whose import of_another
from actions.dialogue.wishes import asked_beside, misheard
from bot.catalogue.text import normalise
from bot.core.codec import from_payload, to_payload
from bot.core.turns import TurnContext
from bot.understanding.danger import kind_of, unmistakable
from bot.understanding.decision import Decision, kind_of_intent
from bot.understanding.words import unreadable

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
        know = loader().current()
        turn = asides.learned(topic.remembered(read_turn(tracker), know), know)
        found = asides.completed(turn, know, self.answer(turn, know))
        pending = turn.memory.pending
        if pending is not None and options.asks_again(turn, found):
            found = likeliest(turn, know, pending, asked(turn.text) or pending.aspects) or found
        if not found.replies:
            raise RuntimeError(f"{self.action} said nothing")
        found = replace(found, context=topic.kept(turn, found))
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
        before, after = Memory.from_slots(tracker.slots or {}).slots(), found.memory.slots()
        return [SlotSet(name, value) for name, value in after.items() if value != before[name]]


_SURELY_A_PERSON = 0.9
"""From this confidence on somebody wants a person, whatever else the words may sound like."""


_NO = re.compile(r"(?:no|nop|nel|perdon|mejor|quise|digo)(?!\w)")
"""What begins so takes back what was in view."""
_SURELY_A_CORRECTION = 0.85
"""From this confidence on what is in view was not meant."""
_HEARD = 0.3
"""From this confidence on even words that nobody knows are what they were heard as ("buensa trades")."""


class WordsCapability(Capability, ABC):
    """A capability that words led to. Danger comes first, then what waits for an answer, then what the message is.

    The classifier's first intent led here, but it does not decide alone: :mod:`bot.understanding.decision` weighs it
    with what the search found ("hola, quiero mi acta" is no greeting, whoever heard one).
    """

    intents: ClassVar[tuple[str, ...]] = ()
    """The intents of talk that this answers: another capability gives way to it when the decision is one of these."""

    def answer(self, turn: Turn, know: Knowledge) -> Answer:
        """Answer by the first road that leads somewhere, weighed against the card in view where it is not sure."""
        told = self._surely(turn, know)
        if told is None:
            turn = bound.without_answer(turn, know)
            found, sure = self._likely(turn, know)
            told = found if sure else judged.settled(turn, know, found)
        return judged.with_asked(turn, know, told)

    def _surely(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer what is not to be weighed: danger, an answer, a deed, a return, somebody else's matter."""
        if unmistakable(turn.text):
            told = plainly_answered(turn, know)
            return told or help_now(turn, know)
        if not turn.text.strip():
            return asides.silence(turn, know)
        further = both_of_card(turn, know) or protection(turn, know)
        if further is not None:
            return further
        if asides.starts_over(turn):
            return asides.start_over(turn, know)
        if (talk := plainly.heard(turn, know)) is not None:
            return _capability(talk, self).own(turn, know) or not_known(turn, know)
        answered = bound.answered(turn, know)
        if answered is not None:
            return answered
        turn = bound.without_answer(turn, know)
        if unreadable(turn.text) and (turn.intent == "out_of_scope" or turn.confidence < _HEARD):
            return not_known(turn, know)
        aside = asides.said(turn, know) or asides.back_to(turn, know) or earlier.back(turn, know)
        aside = aside or earlier.by_name(turn, know)
        if aside is not None:
            return aside
        if asides.is_angry(turn):
            return _capability("complaint", self).own(turn, know) or not_known(turn, know)
        surely_person = turn.intent == "human" and turn.confidence >= _SURELY_A_PERSON
        if surely_person and kind_of(turn.text) is None and errands.named(turn) is None:
            return _capability("human", self).own(turn, know) or not_known(turn, know)
        begun = asides.begun_with(turn)
        if begun is not None:
            found = among.of_steps(begun, know, decide(begun, know)) or look_up(begun, know)
            if found is not None:
                return found
        return for_that_age(turn, know) or of_another(turn, know) or not_for(turn, know)

    def _likely(self, turn: Turn, know: Knowledge) -> tuple[Answer, bool]:
        """Return the answer of the likeliest road, and whether that road knows of the card in view and is sure."""
        waits = errands.asked_for(turn)
        moved = stay.unable(turn, know) or reminders.moved(turn, know)
        moved = moved or (None if waits and not whereabouts.waits(turn) else whereabouts.put_right(turn, know))
        if moved is not None:
            return moved, True
        put_right = None if waits else corrected(turn, know)
        if put_right is not None:
            left = put_right.procedure != turn.memory.last_procedure
            return put_right, left and (bool(_NO.match(normalise(turn.text))) or not judged.surely(turn, know))
        beside = None if waits else elsewhere.asked_of_it(turn, know) or asked_beside(turn, know)
        if beside is not None:
            return beside, True
        answered = resume(turn, know) if turn.memory.pending_kind == "case" else None
        if answered is not None and kind_of(turn.text) is None:
            return answered, True
        decision = stay.calm(turn, know, decide(turn, know))
        calmed = about.calmed(turn, know, decision)
        if calmed is not None:
            turn, decision = calmed, replace(decision, kind="procedure", intent=calmed.intent)
        if decision.kind == "emergency" and not decision.bare:
            return help_now(turn, know), True
        early = errands.early(turn, know, decision)
        if early is not None:
            return early, True
        several = compared(turn, know)
        if several is not None:
            return several, False
        several = whereabouts.same_there(turn, know) or both(turn, know) or resume(turn, know)
        step = several or among.of_steps(turn, know, decision) or among.of_same_thing(turn, know, decision)
        if step is not None:
            return step, True
        number = details.how_many(turn, know)
        if number is not None:
            return number, True
        stays = inview.pointed(turn, know) or details.to_bring(turn, know)
        if stays is not None:
            return stays, False
        kindred = stay.with_that(turn, know) or stay.kindred(turn, know)
        if kindred is not None:
            return kindred, True
        stays = (
            details.detail(turn, know, decision)
            or stay.asked_of_it(turn, know, decision)
            or stay.asked_further(turn, know, decision)
        )
        if stays is not None:
            return stays, False
        beside = among.beside(turn, know, decision)
        if beside is not None:
            return beside, True
        if bound.unclear(turn, know, decision):
            return not_known(turn, know), False
        if admitted(turn, know, decision):
            return not_known(turn, know, "not_here"), False
        found = misheard(turn, know, decision) or (
            self._decided(turn, know, decision) if calmed is None else look_up(turn, know)
        )
        found = elsewhere.still(turn, know, decision, found) or heads.rather(turn, know, found) or found
        found = inview.held(turn, know, decision, found) or found
        if turn.intent != "correct" or turn.confidence < _SURELY_A_CORRECTION:  # "no era eso"
            found = stay.rather(turn, know, decision, found) or found
        return found or topic.offer(turn, know) or not_known(turn, know), False

    def _decided(self, turn: Turn, know: Knowledge, decision: Decision) -> Answer | None:
        if asks_only(turn, know):
            return look_up(turn, know) or self.own(turn, know)
        if tells_place(turn, know):
            return _capability("inform_place", self).own(turn, know)
        heard = kind_of_intent(turn.intent)
        if decision.kind == "talk" and _calls_herself(turn, decision):
            return look_up(turn, know) or self.own(turn, know)
        if decision.looks_up and heard not in ("procedure", "life_event"):
            return look_up(turn, know) or self.own(turn, know)
        if decision.kind == "talk" and heard != "talk":
            return _capability(decision.intent, self).own(turn, know)
        if decision.kind == "out_of_scope" and heard != "out_of_scope" and not goes_on(turn):
            return nothing_of_ours(turn, know, decision)
        return self.own(turn, know)

    @abstractmethod
    def own(self, turn: Turn, know: Knowledge) -> Answer | None:
        """Answer in the intent's own way, or None when it has no answer."""


def _calls_herself(turn: Turn, decision: Decision) -> bool:
    """Say whether what sounds like the wish for a call asks who may call ("¿puedo llamar yo por él?")."""
    return decision.intent == "call_me" and turn.intent != "call_me" and bool(_I_CALL.search(normalise(turn.text)))


_I_CALL = re.compile(
    r"(?<!\w)(?:puedo|podemos|puede|pueden|tengo que|tenemos que|debo|hay que) (?:\w+ )?(?:llamar|marcar|hablar)(?!\w)"
)


def _capability(intent: str, otherwise: WordsCapability) -> WordsCapability:
    """Return the capability that an intent of talk belongs to."""
    found = next((each for each in WordsCapability.__subclasses__() if intent in each.intents), None)
    return found() if found else otherwise


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
        text=without_marks(text),
        intent=str(intent.get("name") or ""),
        confidence=float(intent.get("confidence") or 0.0),
        entities=entities,
        context=from_payload(TurnContext, context) if context else TurnContext(),
        memory=Memory.from_slots(tracker.slots or {}),
        before=past_turns(events),
        ranking=_ranking(message),
        channel=metadata.get("channel") or "sms",
    )


def _ranking(message: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    ranked = message.get("intent_ranking") or [message.get("intent") or {}]
    return tuple((str(each["name"]), float(each.get("confidence") or 0.0)) for each in ranked if each.get("name"))


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
    if found.effects:
        meaning["effects"] = to_payload(found.effects)
    for index, reply in enumerate(found.replies):
        last = index == len(found.replies) - 1
        dispatcher.utter_message(json_message={"reply": to_payload(reply), **(meaning if last else {})})
