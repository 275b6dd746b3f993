"""Rasa's message processor made strict: a turn either answers and is saved, or fails and leaves nothing behind."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import Any

from rasa.core.actions.action import Action, ActionExecutionRejection
from rasa.core.channels.channel import CollectingOutputChannel, OutputChannel, UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.policies.policy import PolicyPrediction
from rasa.core.processor import MessageProcessor
from rasa.core.tracker_store import FailSafeTrackerStore, TrackerStore
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import Event
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY

from bot.core.turns import TurnRequest, TurnResult
from bot.engine.action_endpoint import ActionEndpoint, install_action_check
from bot.engine.content import message_text, metadata
from bot.engine.errors import ActionFailed, EngineError, NoModel, NoReply, TurnStuck
from bot.engine.reading import RANKED, as_read
from bot.engine.result import last_turn, read_result
from bot.engine.turn_locks import TurnLocks
from bot.understanding.request import first_heard, first_of_two, pooled, request


class TurnProcessor(MessageProcessor):
    """Takes over a processor that Rasa loaded, so that stock and lean starts serve turns alike."""

    def __init__(self, loaded: MessageProcessor, actions: ActionEndpoint) -> None:
        """Share ``loaded``'s model; call actions at ``actions``; let the tracker store's errors through.

        Raises:
            NoModel: the model has no dialogue part.
        """
        self.__dict__.update(vars(loaded))
        if not self.model_metadata.core_target:
            raise NoModel("the model has no dialogue part: train it with data/stories")
        self.tracker_store = unwrapped(loaded.tracker_store)
        self.action_endpoint = actions
        self.on_circuit_break = _refuse_endless_turn
        self.locks = TurnLocks()
        install_action_check()

    async def handle_turn(self, request: TurnRequest) -> TurnResult:
        """Run one turn, or repeat its answer when this message was answered last.

        The tracker is saved once, at the end: the events in it are the memory of what was answered, so a turn that
        failed, or whose process died, runs again from where the one before it ended.

        Raises:
            EngineError: the turn failed; nothing was saved.
        """
        async with self.locks.turn(request.conversation_id):
            tracker = await self.get_tracker(request.conversation_id)
            before = last_turn(tracker.events)
            if before is not None and before.message.message_id == request.message_id:
                return replace(read_result(before), replayed=True)
            output = CollectingOutputChannel()
            await self._update_tracker_session(tracker, output)
            await self._handle_message_with_tracker(_user_message(request, output), tracker)
            tracker = await self.run_action_extract_slots(output, tracker)
            await self._run_prediction_loop(output, tracker)
            turn = last_turn(tracker.events)
            if turn is None:
                raise NoReply("the turn's actions dropped its message")
            result = read_result(turn)
            await self.save_tracker(tracker)
            return result

    async def parse_message(
        self, message: UserMessage, tracker: DialogueStateTracker | None = None, only_output_properties: bool = True
    ) -> dict[str, Any]:
        """Understand a message as ``ventanilla understand`` does: spelling corrected, what it asks read once more.

        The words stay the person's.
        """
        if not message.text or message.text.startswith("/"):
            return dict(await super().parse_message(message, tracker, only_output_properties))
        parsed = await self._parsed(message, message.text, tracker, only_output_properties)
        first, asked = first_of_two(message.text), request(message.text)
        if first is not None:
            part = await self._parsed(message, first, tracker, only_output_properties)
            whole = _ranking(parsed)
            if first_heard(message.text, whole, _ranking(part)) is not whole:
                return {**part, "text": message.text}
        if asked is not None:
            part = await self._parsed(message, asked, tracker, only_output_properties)
            ranking = [
                {INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: share}
                for name, share in pooled(message.text, _ranking(parsed), _ranking(part))[:RANKED]
            ]
            parsed = {**parsed, INTENT: ranking[0], INTENT_RANKING_KEY: ranking} if ranking else parsed
        return {**parsed, "text": message.text}

    async def _parsed(
        self, message: UserMessage, text: str, tracker: DialogueStateTracker | None, only_output_properties: bool
    ) -> dict[str, Any]:
        read = copy(message)
        read.text = as_read(text)
        return dict(await super().parse_message(read, tracker, only_output_properties))

    async def _run_action(
        self,
        action: Action,
        tracker: DialogueStateTracker,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        prediction: PolicyPrediction,
    ) -> bool:
        """Run an action; unlike Rasa, which logs an action's exception and goes on without its events, fail."""
        watched = _Watched(action)
        goes_on = await super()._run_action(watched, tracker, output_channel, nlg, prediction)
        if isinstance(watched.failure, EngineError):
            raise watched.failure
        if watched.failure is not None:
            raise ActionFailed(f"{action.name()} failed ({type(watched.failure).__name__})") from watched.failure
        return bool(goes_on)


class _Watched(Action):
    """An action that remembers the exception it ended with."""

    def __init__(self, action: Action) -> None:
        self._action = action
        self.failure: Exception | None = None

    def name(self) -> str:
        return str(self._action.name())

    async def run(
        self,
        output_channel: OutputChannel,
        nlg: NaturalLanguageGenerator,
        tracker: DialogueStateTracker,
        domain: Domain,
    ) -> list[Event]:
        try:
            events: list[Event] = await self._action.run(output_channel, nlg, tracker, domain)
        except ActionExecutionRejection:
            raise
        except Exception as failure:
            self.failure = failure
            return []
        return events

    def event_for_successful_execution(self, prediction: PolicyPrediction) -> Event:
        return self._action.event_for_successful_execution(prediction)


def _ranking(parsed: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
    return tuple(
        (each[INTENT_NAME_KEY], float(each[PREDICTED_CONFIDENCE_KEY])) for each in parsed.get(INTENT_RANKING_KEY) or ()
    )


def unwrapped(store: TrackerStore) -> TrackerStore:
    """Return the store inside Rasa's fail-safe wrapper, which turns a database error into an empty conversation."""
    return store._tracker_store if isinstance(store, FailSafeTrackerStore) else store


def _user_message(request: TurnRequest, output: OutputChannel) -> UserMessage:
    return UserMessage(
        message_text(request.content),
        output,
        request.conversation_id,
        input_channel=request.channel,
        message_id=request.message_id,
        metadata=metadata(request),
    )


def _refuse_endless_turn(*_: Any) -> None:
    raise TurnStuck("the policies never came to listen")
