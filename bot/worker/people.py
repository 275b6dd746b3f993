"""A turn's part about people: who asks for one, who waits for one, and who has one already."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_datetime

from bot.core.effects import BringPerson, CallBack, Effect, LeaveQueue
from bot.core.handoff import HandoffState
from bot.core.messages import Choice, Content
from bot.core.procedures import LifeEvent, Procedure
from bot.core.replies import Ask, HandoffReason, Option, Reply, Say
from bot.core.turns import Topic, Understood
from bot.handoff.desk import Desk, expected_wait
from bot.handoff.matter import sensitive_card, sensitive_talk
from bot.store import StoredMessage

KEEP = "handoff:keep"
_KEEP_UPSET = f"{KEEP}:upset"
LEAVE = "handoff:leave"
CALL = "handoff:call"
_TOLD_EVERY = timedelta(minutes=2)


@dataclass(frozen=True)
class Aside:
    """What is said and set off without the engine. ``outcome`` is the turn's.

    ``waits``: it answers somebody who waits, in whatever she wrote: danger in it is still to be listened for.
    """

    outcome: str
    replies: tuple[Reply, ...] = ()
    effects: tuple[Effect, ...] = ()
    waits: bool = False


class People:
    """Knows the desk, and what to say without one."""

    def __init__(
        self,
        desk: Desk | None = None,
        human_number: str = "",
        zone: str = "America/Mexico_City",
        procedures: Mapping[str, Procedure] | None = None,
        life_events: Mapping[str, LifeEvent] | None = None,
        can_call: bool = False,
    ) -> None:
        """``desk`` None: nobody answers by message. The cards say which matters are sensitive."""
        self._can_call = can_call
        self._desk = desk
        self._number = human_number
        self._zone = ZoneInfo(zone)
        self._procedures = procedures or {}
        self._life_events = life_events or {}

    def aside(
        self,
        message: StoredMessage,
        content: Content,
        mode: HandoffState,
        now: datetime,
        talked_about: Topic | None = None,
    ) -> Aside | None:
        """Return what a message means for the handoff, or None when it is the assistant's.

        Nothing is said while an agent has the conversation: the message itself is in the agent's console.
        ``talked_about``: the dialogue before this message.
        """
        if mode is HandoffState.WITH_AGENT:
            return Aside("with_agent")
        picked = content.option_id if isinstance(content, Choice) else ""
        if picked.startswith(KEEP):
            reason: HandoffReason = "upset" if picked == _KEEP_UPSET else "asked"
            topic, sensitive = self._topic(reason, None, talked_about, message.conversation_id)
            bring = BringPerson(reason, message.channel, topic, sensitive)
            return Aside("handoff", (Say("handoff_kept"),), (bring,))
        if picked == LEAVE or (mode is HandoffState.WAITING and picked.startswith(("menu", "procedure:"))):
            return Aside("handoff_left", (Say("handoff_left"),), (LeaveQueue(),))
        if picked == CALL and self._can_call:
            return self._call(mode, now)
        if mode is HandoffState.WAITING and self._desk is not None:
            if self._desk.handoffs.answered_since(message.conversation_id, "waiting", now - _TOLD_EVERY):
                return Aside("waiting_silent", waits=True)
            return Aside("waiting", self._in_line(message.conversation_id, now), waits=True)
        return None

    def _call(self, mode: HandoffState, now: datetime) -> Aside:
        """Promise a call: who waits in the queue gets it soon, who was told that it is closed when it opens."""
        status = self._desk.status(now.astimezone(self._zone)) if self._desk and mode is HandoffState.BOT else None
        if status is None or status.opens is None:
            return Aside("handoff_call", (Say("call_soon"),), (LeaveQueue(), CallBack()))
        at = status.opens.isoformat(timespec="seconds")
        return Aside("handoff_call", (Say("call_at", {"at": at}),), (CallBack(at),))

    def bring(
        self,
        reason: HandoffReason,
        message: StoredMessage,
        understood: Understood | None,
        now: datetime,
        talked_about: Topic | None = None,
    ) -> tuple[tuple[Reply, ...], tuple[Effect, ...]]:
        """Return what to say where a person is needed, and what puts the conversation into the queue.

        ``talked_about``: the dialogue before this message. "AGENTE" alone names no matter, but is about one.
        """
        local = now.astimezone(self._zone)
        topic, sensitive = self._topic(reason, understood, talked_about, message.conversation_id)
        status = self._desk.status(local, sensitive=sensitive) if self._desk is not None else None
        if self._desk is None or status is None or status.kind == "nobody":
            return self._nobody(reason), ()
        bring = BringPerson(reason, message.channel, topic, sensitive)
        if status.kind == "closed":
            opens = self._moment(status.opens) if status.opens else ""
            told = Say("handoff_closed", {"opens": opens}) if opens else Say("handoff_nobody")
            line = (Say("handoff_line", {"line": self._number}),) if self._number else ()
            if reason == "emergency":
                return (told, *line), (bring,)
            keep = _KEEP_UPSET if reason == "upset" else KEEP
            options = (Option(keep, phrase="option_handoff_keep"), Option(LEAVE, phrase="option_handoff_leave"))
            call = self._call_option if opens else ()
            return (told, *line, Ask("handoff_closed_what", (*options, *call))), ()
        asked = "handoff_reopened" if self._desk.handoffs.reopens(message.conversation_id, now) else "handoff_asked"
        return (Say(asked), *self._expected(reason, now)), (bring,)

    def more_of(self, message: StoredMessage, understood: Understood, talked_about: Topic | None) -> tuple[Effect, ...]:
        """Return what follows for the queue from what somebody wrote who waits: a sensitive matter is its team's."""
        if not sensitive_card(understood.procedure, understood.life_event, self._procedures, self._life_events):
            return ()
        topic, _ = self._topic("asked", understood, talked_about, message.conversation_id)
        return (BringPerson("asked", message.channel, topic, True),)

    def _expected(self, reason: HandoffReason, now: datetime) -> tuple[Reply, ...]:
        assert self._desk is not None
        place = self._desk.handoffs.next_place(reason, now)
        minutes, position = expected_wait(place), str(place.position)
        said = Say("handoff_first_place", {"position": position})
        if minutes is not None:
            said = Say("handoff_first_place_wait", {"position": position, "minutes": str(minutes)})
        # Who is in danger chooses nothing: she is answered first.
        # Who asked for nobody is told at once how to go on without.
        chooses = reason == "rule" or (self._can_call and reason != "emergency")
        return (said, self._meanwhile) if chooses else (said,)

    @property
    def _call_option(self) -> tuple[Option, ...]:
        return (Option(CALL, phrase="option_handoff_call"),) if self._can_call else ()

    @property
    def _meanwhile(self) -> Ask:
        return Ask("handoff_waiting_what", (Option(LEAVE, phrase="option_handoff_leave"), *self._call_option))

    def _in_line(self, conversation: str, now: datetime) -> tuple[Reply, ...]:
        assert self._desk is not None
        waiting = self._desk.waiting(conversation, now)
        leave = self._meanwhile
        if waiting is None:
            return (Say("handoff_asked"), leave)
        _, place = waiting
        minutes = expected_wait(place)
        if minutes is None:
            return (Say("handoff_place", {"position": str(place.position)}), leave)
        return (Say("handoff_place_wait", {"position": str(place.position), "minutes": str(minutes)}), leave)

    def _nobody(self, reason: HandoffReason) -> tuple[Reply, ...]:
        if self._number:
            return (Say("handoff_line", {"line": self._number}),)
        # In an emergency the line to call is said before; that nobody is here would only discourage. By a card's rule
        # nobody was asked for.
        return () if reason in ("emergency", "rule") else (Say("handoff_nobody"),)

    def _topic(
        self, reason: HandoffReason, understood: Understood | None, talked_about: Topic | None, conversation: str
    ) -> tuple[str | None, bool]:
        memory = talked_about.memory if talked_about else {}
        procedure, event = (understood.procedure, understood.life_event) if understood else (None, None)
        if not procedure and not event:
            procedure, event = memory.get("last_procedure"), memory.get("last_life_event")
        told = self._desk.handoffs.understood(conversation) if self._desk is not None else ()
        sensitive = (
            reason == "emergency"
            or sensitive_card(procedure, event, self._procedures, self._life_events)
            or sensitive_talk(told, self._procedures, self._life_events)
        )
        if procedure:
            return f"procedure:{procedure}", sensitive
        return (f"life_event:{event}" if event else None), sensitive

    @staticmethod
    def _moment(opens: datetime) -> str:
        return format_datetime(opens, "EEEE d 'de' MMMM, H:mm", locale="es_MX")
