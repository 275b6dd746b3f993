""" "Send it to me", "call me": the answer on another channel, and a call back."""

from __future__ import annotations

import re
from dataclasses import replace

from actions.dialogue import topic
from actions.dialogue.dates import plain, when
from actions.dialogue.knowledge import Knowledge
from actions.dialogue.lookup import PLAIN_QUESTION, decide, look_up
from actions.dialogue.turn import Answer, Pending, Turn, answer
from bot.catalogue.text import normalise
from bot.core.effects import CallBack, CancelCall, SendCopy
from bot.core.hours import within_day
from bot.core.messages import ChannelName
from bot.core.replies import Ask, Reply, Say, ShowLifeEvent, ShowProcedure
from bot.understanding.decision import ASKING
from bot.understanding.words import rest

_WHATSAPP = re.compile(r"\b(?:whats?\s?app|wh?ats\w*|guats\w*|wasap\w*|wpp?)\b")
_SENDING = re.compile(
    r"\b(?:me |lo |la |los |las |mel[oa]s? )*(?:mand\w*|envi\w*|pas[aeo](?:me\w*|rme\w*|n|r)?|text\w*|escrib\w*|"
    r"send|sms|mensaje\w*|whats?\s?app|wh?ats\w*|wasap\w*|celular|cel|telefono|numero|puede[ns]?|podria[ns]?|por|favor|texto|escrito|"
    r"mi|un|eso|todo|informacion|lista|datos|respuesta|anterior|mejor|igual|tambien|ahi|aqui|ese|mismo|it|me|to|text)\b"
)


def send_copy(turn: Turn, know: Knowledge) -> Answer:
    """Send the last answer, or what the words ask for, as a message."""
    target: ChannelName = "whatsapp" if _WHATSAPP.search(plain(turn.text)) else "sms"
    pending = turn.memory.pending
    asked = _asked_for(turn, know)
    facts = _facts(asked.replies) if asked else ()
    if not facts:
        facts = next((found for past in reversed(turn.before) if (found := _facts(past.replies))), ())
    if not facts and (shown := topic.go_on(turn, know)) is not None:
        facts = _facts(shown.replies)
    if target == turn.channel or (target == "sms" and turn.channel == "whatsapp" and not _says_sms(turn.text)):
        if asked is not None and asked.replies:
            return asked
        return answer(turn, "smalltalk", Say("copy_is_here" if facts else "copy_of_what"), pending=pending)
    if not facts:
        return answer(turn, "clarify", Ask("copy_of_what"), pending=Pending("topic"))
    memory = asked.memory if asked else turn.memory
    turn = replace(turn, memory=memory)
    procedure = next((each.procedure.id for each in facts if isinstance(each, ShowProcedure)), None)
    return answer(
        turn,
        "answer",
        Say("copy_sent"),
        pending=memory.pending,
        procedure=procedure,
        context=asked.context if asked else None,
        effects=(SendCopy(target, facts),),
    )


def _says_sms(text: str) -> bool:
    return bool(re.search(r"\b(?:sms|mensaje de texto|texto)\b", plain(text)))


def _asked_for(turn: Turn, know: Knowledge) -> Answer | None:
    """Return the answer to what the words name besides sending ("mándeme los requisitos del pasaporte")."""
    words = " ".join(_SENDING.sub(" ", plain(turn.text)).split())
    named = replace(turn, text=words, intent=ASKING, ranking=())
    if not rest(normalise(words)) or not decide(named, know, matter_only=True).looks_up:
        return None
    return look_up(replace(named, ranking=PLAIN_QUESTION), know)


def _facts(replies: tuple[Reply, ...]) -> tuple[Reply, ...]:
    """Return what is worth keeping in writing: cards and steps."""
    return tuple(reply for reply in replies if isinstance(reply, (ShowProcedure, ShowLifeEvent)))


def call_me(turn: Turn, know: Knowledge) -> Answer:
    """Promise a call: at the time that was said, else as soon as the hours allow."""
    now, pending = turn.now, turn.memory.pending
    found = when(turn.text, now)
    wished = found.at or now
    at = within_day(wished)
    if found.at is None and at == now:
        return answer(turn, "answer", Say("call_soon"), pending=pending, effects=(CallBack(),))
    moment = at.isoformat(timespec="seconds")
    return answer(turn, "answer", Say("call_at", {"at": moment}), pending=pending, effects=(CallBack(moment),))


def no_call(turn: Turn, _know: Knowledge) -> Answer:
    """Take a promised call back: who is called against her will may be in danger."""
    return answer(turn, "smalltalk", Say("call_cancelled"), pending=turn.memory.pending, effects=(CancelCall(),))
