"""One turn, from a stored message to what is written: read ``handle_turn`` top to bottom."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from bot.core.choices import OpenOption, pick
from bot.core.delivery import Outgoing, Rendered
from bot.core.effects import CallBack, Effect, SendCopy
from bot.core.handoff import HandoffState
from bot.core.hours import OpeningHours
from bot.core.messages import ChannelName, Choice, Content, Media, OptOutType, Text
from bot.core.optout import opt_out_keyword
from bot.core.phrases import MissingPhrase, Phrases
from bot.core.replies import Handoff, Reply, Say
from bot.core.turns import TurnContext, TurnRequest, TurnResult
from bot.store import ConversationState, StoredMessage, TurnOutcome
from bot.worker.calls import telephone
from bot.worker.degraded import Degraded
from bot.worker.engine_client import EngineUnavailable
from bot.worker.people import Aside, People
from channels.channel import Channel
from channels.compose import shown_options
from channels.keywords import keyword, plain_word
from channels.moving import moved
from channels.wording import with_moments

log = logging.getLogger(__name__)


class Engine(Protocol):
    """What a turn needs of the engine (bot.worker.engine_client.EngineClient)."""

    def turn(self, request: TurnRequest) -> TurnResult:
        """Run the turn, or raise EngineUnavailable."""


class TurnHandler:
    """Everything a turn needs that is not in the message or the conversation."""

    def __init__(
        self,
        engine: Engine,
        degraded: Degraded,
        channels: Mapping[ChannelName, Channel],
        phrases: PhraseBook,
        institution: str,
        people: People | None = None,
        line: str = "",
        can_call: bool = False,
        call_hours: OpeningHours | None = None,
        zone: str = "America/Mexico_City",
    ) -> None:
        """``institution`` is named in the privacy notice; ``line`` to who wants a call where none is made.

        ``call_hours``, local to ``zone``: outside them nobody is called, and so nobody is promised it. None: at any.
        """
        self._engine = engine
        self._degraded = degraded
        self._channels = channels
        self._phrases = phrases
        self._institution = institution
        self._people = people or People()
        self._line = line
        self._can_call = can_call
        self._call_hours = call_hours or OpeningHours()
        self._zone = ZoneInfo(zone)

    def handle_turn(self, message: StoredMessage, state: ConversationState, now: datetime) -> TurnOutcome:
        """Return what the turn changes. Pure but for the engine's call; silence only where a person asked for it."""
        channel = self._channels[message.channel]
        phrases = self._phrases.of(state.context.language, message.channel)
        # 1. Opt-out and opt-in come before anything else. They are about messages: who calls is answered.
        outcome = self._consent(message, state, channel, phrases) if not channel.capabilities.spoken else None
        if outcome is not None:
            return outcome
        # 2. Who waits for a person is told where she stands, unless she is in danger; who has one is that one's alone.
        #    A call waits by itself.
        content = self._resolve_pick(message.content, state)
        if not channel.capabilities.spoken:
            outcome = self._with_people(message, content, state, channel, phrases, now)
        elif (told := telephone(message.content, state, now)) is not None:
            outcome = TurnOutcome("call", (), told)  # what is said then is the telephone's own
        if outcome is not None:
            return outcome
        # 3. Keywords that the channel itself answers: the next part, help, the privacy notice.
        outcome = self._keyword(message, state, channel, phrases)
        if outcome is not None:
            return outcome
        # 4. What happens next in the dialogue: the engine, or the catalogue when there is none.
        context = replace(state.context, now=now.isoformat())
        name, replies, result = self._answer(message, content, context)
        replies, effects = self._bring_person(message, context, replies, result, channel, now)
        replies, effects = self._calls(replies, effects, now)
        copies, effects = self._copies(effects, state)
        # 5. In the channel's own form, with the privacy sentence the first time; what has no words is no answer.
        try:
            rendered, options = self._in_words(replies, state, channel, phrases)
        except (MissingPhrase, Wordless):
            log.exception("answer without words", extra={"inbound_id": message.inbound_id})
            name, replies, effects, copies = "degraded", self._degraded.answer(content, context), (), Rendered(())
            rendered, options = self._in_words(replies, state, channel, phrases)
        # 6. All of it in one outcome: the caller writes it in one transaction.
        return TurnOutcome(
            outcome=name,
            outgoing=(*rendered.messages, *copies.messages),
            state=replace(
                state,
                context=self._remembered(state.context, result),
                # A picture in the middle of a question does not answer it: its options stay open.
                options=options or (state.options if isinstance(message.content, Media) else ()),
                more=_behind_mas(rendered.more or copies.more, state, message),
                privacy_shown=state.privacy_shown or not channel.capabilities.spoken,
            ),
            understood=result.understood if result else None,
            effects=effects,
        )

    def give_up(self, message: StoredMessage, state: ConversationState) -> TurnOutcome:
        """Close a message whose turn keeps failing: say so if that can be said, and let the conversation go on.

        A "stop" is obeyed even so.
        """
        log.error("turn given up", extra={"inbound_id": message.inbound_id})
        outgoing: tuple[Outgoing, ...] = ()
        stop = self._consent_asked(message) == "stop"
        if not state.opted_out and not stop:
            try:
                phrases = self._phrases.of(state.context.language, message.channel)
                outgoing = self._channels[message.channel].render((Say("turn_failed"),), phrases).messages
            except Exception:  # whatever made the turn fail may be in the way here too
                log.exception("not even an apology", extra={"inbound_id": message.inbound_id})
        return TurnOutcome("failed", outgoing, replace(state, options=(), more=()), opted_out=True if stop else None)

    @staticmethod
    def _consent_asked(message: StoredMessage) -> OptOutType | None:
        text = message.content.text if isinstance(message.content, (Text, Media)) else ""
        return message.opt_out or opt_out_keyword(text)

    def _consent(
        self, message: StoredMessage, state: ConversationState, channel: Channel, phrases: Phrases
    ) -> TurnOutcome | None:
        asked = self._consent_asked(message)
        carrier_answers = message.opt_out is not None  # it sends its own confirmation, and blocks ours
        if asked == "stop":
            say = () if carrier_answers or state.opted_out else (Say("opted_out_confirmation"),)
            outgoing = self._confirmations(channel, phrases, say)
            return TurnOutcome("opted_out", outgoing, replace(state, options=(), more=()), opted_out=True)
        # START and YES mean opt-in only for somebody who had opted out: else they are an ordinary word.
        if asked == "start" and (state.opted_out or carrier_answers):
            say = () if carrier_answers else (Say("opted_in_confirmation"),)
            return TurnOutcome("opted_in", self._confirmations(channel, phrases, say), state, opted_out=False)
        if state.opted_out:
            return TurnOutcome("silent_opted_out", (), state)
        return None

    def _confirmations(self, channel: Channel, phrases: Phrases, say: tuple[Reply, ...]) -> tuple[Outgoing, ...]:
        messages = channel.render(say, phrases).messages if say else ()
        return tuple(replace(each, kind="confirmation") for each in messages)

    def _keyword(
        self, message: StoredMessage, state: ConversationState, channel: Channel, phrases: Phrases
    ) -> TurnOutcome | None:
        found = keyword(message.content.text) if isinstance(message.content, Text) else None
        if found == "more" and channel.capabilities.spoken:
            found = None  # what MÁS brings is for reading
        if message.opt_out == "help":
            return TurnOutcome("help_by_carrier", (), state)
        if found == "more" and state.more:
            own = tuple(page for page in state.more if page.channel == message.channel)
            pages = own or moved(state.more, message.channel, phrases, choices=bool(state.options))
            left = _behind_mas(pages[1:], state, message) if own else pages[1:]
            return TurnOutcome("more", pages[:1], replace(state, more=left))
        if found == "help":
            return self._said("help", (Say("help"),), state, channel, phrases, message)
        if found == "notice":
            notice = Say("privacy_notice", {"institution": self._institution})
            return self._said("privacy_notice", (notice,), state, channel, phrases, message)
        return None

    def _said(
        self,
        name: str,
        replies: tuple[Reply, ...],
        state: ConversationState,
        channel: Channel,
        phrases: Phrases,
        message: StoredMessage,
    ) -> TurnOutcome:
        """Answer aside: open options stay open, and so does what MAS would bring unless this has more itself."""
        rendered: Rendered = channel.render(replies, phrases)
        more = _behind_mas(rendered.more, state, message) if rendered.more else state.more
        return TurnOutcome(name, rendered.messages, replace(state, more=more))

    def _resolve_pick(self, content: Content, state: ConversationState) -> Content:
        if isinstance(content, Text):
            picked = pick(content.text, state.options)
            if picked is not None:
                return Choice(picked.id, content.text)
            return Text(plain_word(content.text) or content.text)
        return content

    def _answer(
        self, message: StoredMessage, content: Content, context: TurnContext
    ) -> tuple[str, tuple[Reply, ...], TurnResult | None]:
        request = TurnRequest(
            message_id=f"{message.channel}:{message.provider_id}",
            conversation_id=message.conversation_id,
            channel=message.channel,
            content=content,
            context=context,
        )
        try:
            result = self._engine.turn(request)
        except EngineUnavailable:
            log.error("degraded answer", extra={"inbound_id": message.inbound_id})
            return "degraded", self._degraded.answer(content, context), None
        return result.understood.outcome or "answered", result.replies, result

    def _in_words(
        self, replies: tuple[Reply, ...], state: ConversationState, channel: Channel, phrases: Phrases
    ) -> tuple[Rendered, tuple[OpenOption, ...]]:
        if not replies:
            raise Wordless("the answer has no words")
        # A call begins with its own privacy sentence, which who writes later has not read.
        told = state.privacy_shown or channel.capabilities.spoken
        replies = tuple(with_moments(reply, phrases) for reply in replies)
        rendered = channel.render(replies if told else (*replies, Say("privacy_first")), phrases)
        return rendered, shown_options(replies, phrases)

    def _with_people(
        self,
        message: StoredMessage,
        content: Content,
        state: ConversationState,
        channel: Channel,
        phrases: Phrases,
        now: datetime,
    ) -> TurnOutcome | None:
        word = keyword(content.text) if isinstance(content, Text) else None
        if state.mode is HandoffState.WAITING and (word == "notice" or (word == "more" and state.more)):
            return None  # what was promised before she waited: the rest of an answer, the privacy notice
        aside = self._people.aside(message, content, state.mode, now, state.context.topic)
        if aside is None:
            return None
        heard = self._listen(message, content, state.context, now) if aside.waits else None
        if heard is not None and Handoff("emergency") in heard.replies:
            return self._help_at_once(message, heard, aside, state, channel, phrases, now)
        understood = heard.understood if heard else None
        more = self._people.more_of(message, understood, state.context.topic) if understood else ()
        replies, effects = self._calls(aside.replies, aside.effects, now)
        # An answer like any other: what was to be said while she waited is not said any more once an agent has her.
        rendered = self._aside_words(replies, channel, phrases)
        state = replace(state, options=shown_options(aside.replies, phrases) or state.options)
        return TurnOutcome(aside.outcome, rendered.messages, state, understood, effects=(*effects, *more))

    @staticmethod
    def _aside_words(replies: tuple[Reply, ...], channel: Channel, phrases: Phrases) -> Rendered:
        replies = tuple(with_moments(reply, phrases) for reply in replies)
        return channel.render(replies, phrases) if replies else Rendered(())

    def _listen(
        self, message: StoredMessage, content: Content, context: TurnContext, now: datetime
    ) -> TurnResult | None:
        """Return what the engine makes of words that it is not to answer; None without one, or without words.

        They are read beside the dialogue, under an id of their own: what the person and the assistant were at stays.
        """
        words = content.text if isinstance(content, (Text, Media)) else ""
        if not words:
            return None
        request = TurnRequest(
            message_id=f"{message.channel}:{message.provider_id}",
            conversation_id=f"{message.conversation_id}:waiting",
            channel=message.channel,
            content=Text(words),
            context=replace(context, now=now.isoformat(), topic=None),
        )
        try:
            return self._engine.turn(request)
        except EngineUnavailable:
            log.error("nobody listens to who waits", extra={"inbound_id": message.inbound_id})
            return None

    def _help_at_once(
        self,
        message: StoredMessage,
        heard: TurnResult,
        aside: Aside,
        state: ConversationState,
        channel: Channel,
        phrases: Phrases,
        now: datetime,
    ) -> TurnOutcome:
        """Answer danger that was told while waiting: the lines to call, and a person before all others."""
        asked = replace(heard, effects=())
        replies, effects = self._bring_person(message, state.context, heard.replies, asked, channel, now)
        try:
            rendered, _ = self._in_words(replies, state, channel, phrases)
        except (MissingPhrase, Wordless):
            log.exception("help without words", extra={"inbound_id": message.inbound_id})
            rendered = self._aside_words(aside.replies, channel, phrases)
        name = heard.understood.outcome or "emergency"
        return TurnOutcome(name, rendered.messages, state, heard.understood, effects=effects)

    def _bring_person(
        self,
        message: StoredMessage,
        context: TurnContext,
        replies: tuple[Reply, ...],
        result: TurnResult | None,
        channel: Channel,
        now: datetime,
    ) -> tuple[tuple[Reply, ...], tuple[Effect, ...]]:
        """Say and do what follows from a ``Handoff`` in the answer; a call is put through by its own channel."""
        effects = result.effects if result else ()
        wanted = next((reply for reply in replies if isinstance(reply, Handoff)), None)
        if wanted is None or channel.capabilities.spoken:
            return replies, effects
        understood = result.understood if result else None
        said, more = self._people.bring(wanted.reason, message, understood, now, context.topic)
        kept = tuple(reply for reply in replies if not isinstance(reply, Handoff))
        return (*kept, *said), (*effects, *more)

    def _calls(
        self, replies: tuple[Reply, ...], effects: tuple[Effect, ...], now: datetime
    ) -> tuple[tuple[Reply, ...], tuple[Effect, ...]]:
        """Say honestly when somebody will call, and that nobody will where no calls are made."""
        wanted = next((effect for effect in effects if isinstance(effect, CallBack)), None)
        if wanted is None:
            return replies, effects
        if self._can_call:
            asked = datetime.fromisoformat(wanted.at) if wanted.at else now
            opens = self._call_hours.next_opening(asked.astimezone(self._zone))
            if opens is None or opens == asked:
                return replies, effects
            at = opens.isoformat(timespec="seconds")
            promised = Say("call_at", {"at": at})
            said = (promised if isinstance(r, Say) and r.phrase in ("call_soon", "call_at") else r for r in replies)
            return tuple(said), tuple(CallBack(at) if effect is wanted else effect for effect in effects)
        kept = tuple(effect for effect in effects if not isinstance(effect, CallBack))
        line = Say("cannot_call_line", {"line": self._line}) if self._line else Say("cannot_call")
        return (line,), kept

    def _copies(self, effects: tuple[Effect, ...], state: ConversationState) -> tuple[Rendered, tuple[Effect, ...]]:
        """Return what is sent on another channel, in that channel's own form, and the effects that are left."""
        messages: list[Outgoing] = []
        more: tuple[Outgoing, ...] = ()
        for effect in effects:
            if isinstance(effect, SendCopy):
                name: ChannelName = effect.channel if effect.channel in self._channels else "sms"
                phrases = self._phrases.of(state.context.language, name)
                rendered = self._channels[name].render(effect.replies, phrases)
                messages += rendered.messages
                more = rendered.more
        return Rendered(tuple(messages), more), tuple(each for each in effects if not isinstance(each, SendCopy))

    @staticmethod
    def _remembered(context: TurnContext, result: TurnResult | None) -> TurnContext:
        return replace(result.context, now=None) if result and result.context else context


def _behind_mas(pages: tuple[Outgoing, ...], state: ConversationState, message: StoredMessage) -> tuple[Outgoing, ...]:
    """Return what MÁS brings from now on: ``pages``, and what an answer on another channel has promised there."""
    closed = {message.channel, *(page.channel for page in pages)}
    return (*pages, *(page for page in state.more if page.channel not in closed))


class Wordless(RuntimeError):
    """An answer of which nothing can be said."""


class PhraseBook:
    """The phrases of each language and channel, opened once."""

    def __init__(self, load: PhraseLoader) -> None:
        """``load(language, channel)`` opens a catalogue."""
        self._load = load
        self._open: dict[tuple[str, str], Phrases] = {}

    def of(self, language: str, channel: str) -> Phrases:
        """Return the phrases to use; a language without a catalogue falls back to es_MX."""
        key = (language, channel)
        if key not in self._open:
            try:
                self._open[key] = self._load(language, channel)
            except FileNotFoundError:
                self._open[key] = self._load("es_MX", channel)
        return self._open[key]


class PhraseLoader(Protocol):
    """Opens the phrases of a language for a channel."""

    def __call__(self, language: str, channel: str) -> Phrases:
        """Return them, or raise FileNotFoundError."""
