"""What was talked about, kept in SQL after every turn: the dialogue goes on from there on any channel.

The engine's tracker holds the same for the running session; SQL decides, since what it does not know the person was
never told. What is about violence, health or a death is never brought up by the assistant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from actions.dialogue import cards
from actions.dialogue.history import last
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.steps import facts_of, key_of, step_options
from actions.dialogue.turn import Answer, Memory, PastTurn, Pending, Turn, answer
from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.procedures import narrow
from bot.core.replies import Ask, Option, Reply, ShowLifeEvent, ShowPlan, ShowProcedure
from bot.core.turns import Topic, TurnContext

AWAY = timedelta(hours=3)
"""After this long without a message a person comes back rather than goes on."""
_OFFERED = frozenset({"come_back_today", "come_back_yesterday", "come_back_before", "come_back_unnamed"})
_ASIDES = _OFFERED | {"menu", "plan_drop_sure"}


def kept(turn: Turn, found: Answer) -> TurnContext:
    """Return the context to keep in SQL after a turn."""
    context = found.context or turn.context
    memory = {name: value for name, value in found.memory.slots().items() if value is not None}
    topic = Topic(
        at=turn.now.isoformat(timespec="seconds"),
        channel=turn.channel,
        memory=memory,
        said=_said(turn, found),
    )
    reminders = tuple(each for each in context.reminders if datetime.fromisoformat(each.at) > turn.now)
    return replace(context, now=None, topic=topic, reminders=reminders)


def _said(turn: Turn, found: Answer) -> dict[str, Any]:
    """Return the last answer of substance in short: thanks and errands in between do not hide it."""
    if not _has_substance(found.replies) and turn.context.topic is not None:
        return turn.context.topic.said
    return {"intent": turn.intent, "replies": [_in_short(reply, turn, found) for reply in found.replies]}


def remembered(turn: Turn, know: Knowledge) -> Turn:
    """Return the turn with the memory that SQL kept; with what was said last, where the session has lost it."""
    topic = turn.context.topic
    if topic is None:
        return turn
    memory = Memory.from_slots(topic.memory)
    if away(turn):  # what was not understood yesterday does not count against today
        memory = replace(memory, misunderstandings=0)
    before = turn.before
    if not before:
        replies = [_in_full(each, know) for each in topic.said.get("replies", ())]
        said = tuple(reply for reply in replies if reply is not None)
        before = (PastTurn(str(topic.said.get("intent", "")), said, memory),) if said else ()
    turn = replace(turn, memory=memory, before=before)
    return _without_violence(turn, know) if came_back(turn) else turn


def away(turn: Turn) -> bool:
    """Say whether the last message is hours ago."""
    topic = turn.context.topic
    return topic is not None and turn.now - datetime.fromisoformat(topic.at) >= AWAY


def came_back(turn: Turn) -> bool:
    """Say whether the person comes back: after hours, or on another channel."""
    topic = turn.context.topic
    return topic is not None and (topic.channel != turn.channel or away(turn))


def private(know: Knowledge, memory: Memory) -> bool:
    """Say whether what was talked about is not to be named unasked."""
    return any(each != "none" for each in _sensitivities(know, memory))


def _sensitivities(know: Knowledge, memory: Memory) -> list[str]:
    card = know.catalogue.procedures.get(memory.last_procedure or "")
    event = know.catalogue.life_events.get(memory.last_life_event or "")
    return [each.sensitive for each in (card, event) if each is not None]


def _without_violence(turn: Turn, know: Knowledge) -> Turn:
    """Forget a talk about violence when somebody comes back: it may be somebody else who holds the phone."""
    if "violence" not in _sensitivities(know, turn.memory):
        return turn
    place = {"state": turn.memory.state, "municipality": turn.memory.municipality}
    return replace(turn, memory=Memory(**place), before=())


# ---- "ayer preguntó por …, ¿seguimos?" ---------------------------------------------------------------------------


def offer(turn: Turn, know: Knowledge) -> Answer | None:
    """Offer to go on with what was talked about; None when nobody comes back, or it is better not brought up."""
    topic, past = turn.context.topic, last(turn.before)
    if topic is None or past is None or not came_back(turn) or private(know, turn.memory):
        return None
    name = name_of(know, turn.memory)
    if name is None or any(isinstance(reply, Ask) and reply.phrase in _OFFERED for reply in past.replies):
        return None
    pending = Pending("continue", then=turn.memory.pending)
    phrase = _phrase(turn, topic)
    asked = Ask(phrase, (cards.YES, cards.NO), {} if phrase == "come_back_unnamed" else {"topic": name})
    return answer(turn, "clarify", asked, pending=pending)


def _phrase(turn: Turn, topic: Topic) -> str:
    if turn.channel == "voice":  # whoever picked up hears it
        return "come_back_unnamed"
    days = (turn.now.date() - datetime.fromisoformat(topic.at).astimezone(turn.now.tzinfo).date()).days
    return ("come_back_today", "come_back_yesterday")[days] if days in (0, 1) else "come_back_before"


def name_of(know: Knowledge, memory: Memory) -> str | None:
    """Return the short name of what was talked about."""
    card = know.catalogue.procedures.get(memory.last_procedure or "")
    event = know.catalogue.life_events.get(memory.last_life_event or "")
    return card.short if card else event.short if event else None


def go_on(turn: Turn, know: Knowledge) -> Answer | None:
    """Say again what was said last, with its question open; None when nothing is known of it."""
    pending = turn.memory.pending
    waiting = pending.then if pending is not None and pending.kind == "continue" else pending
    card = know.catalogue.procedures.get(turn.memory.last_procedure or "")
    past = _last_worth_it(turn.before)
    if past is not None:
        return answer(turn, "answer", *past, pending=waiting, procedure=card.id if card else None)
    if card is not None:
        return cards.show(turn, know, card, turn.memory.last_aspects)
    return None


def _last_worth_it(before: Sequence[PastTurn]) -> tuple[Reply, ...] | None:
    return next((past.replies for past in reversed(before) if _has_substance(past.replies)), None)


def _has_substance(replies: Sequence[Reply]) -> bool:
    """Say whether an answer is worth coming back to: a card, steps, a choice; no greeting and no offer to go on."""
    asked = any(isinstance(each, Ask) and each.options and each.phrase not in _ASIDES for each in replies)
    return asked or any(isinstance(each, (ShowProcedure, ShowLifeEvent)) for each in replies)


def leave(turn: Turn) -> Answer:
    """Put aside what was talked about and ask what is wanted instead."""
    turn = turn.remember(last_procedure=None, last_life_event=None, last_aspects=())
    return answer(turn, "smalltalk", Ask("what_else"))


# ---- The last answer, in short -----------------------------------------------------------------------------------


def _in_short(reply: Reply, turn: Turn, found: Answer) -> dict[str, Any]:
    """Return a reply as JSON without what its card says."""
    if isinstance(reply, ShowProcedure):
        case = {**turn.context.case, **found.memory.case}
        short = {"aspects": list(reply.aspects), "state": reply.state, "case": case, "asks": reply.before_question}
        return {"type": "ShowProcedure", "id": reply.procedure.id, **short}
    if isinstance(reply, ShowLifeEvent):
        steps = [key_of(step) for step in reply.life_event.steps]
        extra = [to_payload(option) for option in reply.options[len(steps) :]]
        done = list(reply.done) if isinstance(reply, ShowPlan) else []
        return {"type": type(reply).__name__, "id": reply.life_event.id, "steps": steps, "more": extra, "done": done}
    payload: dict[str, Any] = to_payload(reply)
    return payload


def _in_full(short: Any, know: Knowledge) -> Reply | None:
    """Return the reply again, from the cards of today; None where one is gone or the short form is another's."""
    try:
        if short["type"] == "ShowProcedure":
            card, case, state = know.catalogue.procedures[short["id"]], dict(short["case"]), short["state"]
            narrowed = narrow(card, case, state)
            aspects = tuple(short["aspects"])
            words = cards.open_conditions(know, narrowed, case)
            return ShowProcedure(narrowed, aspects, state, words, before_question=bool(short.get("asks")))
        if short["type"] in ("ShowLifeEvent", "ShowPlan"):
            return _steps_in_full(short, know)
        reply: Reply = from_payload(Reply, short)
    except (KeyError, TypeError, ValueError, PayloadError):
        return None
    return reply


def _steps_in_full(short: dict[str, Any], know: Knowledge) -> Reply:
    event = know.catalogue.life_events[short["id"]]
    options = step_options(event)
    keys = [key_of(step) for step in event.steps]
    indexes = [keys.index(key) for key in short["steps"] if key in keys]  # in the order of their numbers
    picked = tuple(options[index] for index in indexes)
    more = tuple(from_payload(Option, each) for each in short["more"])
    facts = facts_of(Turn(text=""), know, event, indexes)
    steps = tuple(event.steps[index] for index in indexes)
    if short["type"] == "ShowPlan":
        narrowed = replace(event, opening="", steps=steps, notes=())
        return ShowPlan(narrowed, (*picked, *more), facts, tuple(short["done"]))
    return ShowLifeEvent(replace(event, steps=steps), (*picked, *more), facts)
