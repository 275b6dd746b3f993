"""One conversation: the thread of all channels, and everything an agent does with it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console.call import panel, ring_for, waiting_call, writable
from bot.console.desk import (
    alias,
    answers,
    may_be_given,
    may_open,
    over_for,
    progress,
    row,
    suggested,
    teams_for,
    topic_name,
)
from bot.console.parts import parts
from bot.console.queue import supervises, to_queue
from bot.console.security import current_agent, needs
from bot.console.seen import gone, noted, opened
from bot.core.delivery import Outgoing
from bot.core.handoff import HandoffState
from bot.core.messages import ChannelName
from bot.core.procedures import Case, narrow
from bot.core.redact import redact
from bot.core.replies import Reply, Say, ShowProcedure
from bot.core.turns import TurnContext
from bot.handoff.reach import Reachable, reachable
from bot.store.handoffs import Full, HandoffRecord, NotForThem, NotYours
from bot.store.store import utc_now
from bot.store.thread import Entry, cursor_of, entry_at
from channels.agent_text import agent_messages, segments_of

REASONS = ("solved", "informed", "elsewhere", "no_answer", "abusive", "other")
_LONGEST_TEXT = 1500
_MOST_ENTRIES = 200
_LONGEST_NOTE = 1000
_LONGEST_WHY = 200
_LAST_ID = 2**31 - 1
_KEY = re.compile(r"^[A-Za-z0-9-]{8,64}$")


def register(console: Blueprint) -> None:
    """Add these pages."""
    base = "/handoffs/<int:handoff>"
    console.add_url_rule(base, "conversation", conversation, methods=["GET"])
    console.add_url_rule(f"{base}/thread", "thread", thread, methods=["GET"])
    console.add_url_rule(f"{base}/older", "older", older, methods=["GET"])
    console.add_url_rule(f"{base}/segments", "segments", segments, methods=["POST"])
    console.add_url_rule(f"{base}/cards", "cards", cards, methods=["GET"])
    for name, view in (
        ("take", take),
        ("release", release),
        ("transfer", transfer),
        ("assign", assign),
        ("note", note),
        ("reply", reply),
        ("card", send_card),
        ("back", hand_back),
        ("close", close),
        ("number", number),
    ):
        console.add_url_rule(f"{base}/{name}", name, view, methods=["POST"])


@needs("agent")
def conversation(handoff: int) -> str:
    """Show a conversation; that it was read is noted."""
    record = opened(handoff)
    me = current_agent()
    noted("read" if record.agent_id in (None, me.id) else "listen", record)
    return _page(record)


def _page(record: HandoffRecord, error: str = "", **values: object) -> str:
    me = current_agent()
    here = parts()
    context = here.store.state(record.conversation_id).context
    if over_for(record) is not None:
        context = TurnContext(context.language)
    return render_template(
        "console/conversation.html",
        handoff=record,
        row=row(record, utc_now()),
        alias=alias(record.conversation_id),
        context=context,
        place=_place(context),
        answers=answers(_case(context)),
        plans=progress(context.plans),
        topic=topic_name(record.topic),
        suggested=suggested(record.topic),
        mine=record.agent_id == me.id and record.state is HandoffState.WITH_AGENT,
        earlier=[each for each in here.handoffs.of_conversation(record.conversation_id) if each.id != record.id],
        people=[each for each in may_be_given(record, here.agents.all()) if each.active and each.id != me.id],
        teams=teams_for(record),
        canned=[(each.shortcut, _filled(each.text)) for each in here.agents.canned(me.teams)],
        reasons=REASONS,
        reach=_reach(record),
        longest=_LONGEST_TEXT,
        written_on=_written_on(record),
        error=error,
        **{"typed": "", **values, **_thread(record), **panel(record)},
    )


@needs("agent")
def thread(handoff: int) -> str:
    """Show the thread alone, for a page that is open."""
    record = opened(handoff)
    return render_template("console/thread.html", handoff=record, **_thread(record))


@needs("agent")
def older(handoff: int) -> BaseResponse | str:
    """Show what stands before the page's thread; it does not change while it is read."""
    record, given = opened(handoff), request.args.get("before", "")
    if not given:
        return redirect(url_for("console.conversation", handoff=handoff))
    try:
        before = entry_at(given)
    except ValueError:
        abort(404)
    noted("read" if record.agent_id in (None, current_agent().id) else "listen", record)
    found = _thread(record, before)
    return render_template("console/older.html", handoff=record, alias=alias(record.conversation_id), **found)


def _thread(record: HandoffRecord, before: Entry | None = None) -> dict[str, object]:
    over = over_for(record)
    if over is not None and (before is None or before.at > over):
        before = Entry("note", _LAST_ID, over)
    found = parts().threads.of(record.conversation_id, _MOST_ENTRIES + 1, before)
    entries = found[-_MOST_ENTRIES:]
    if over is not None and not request.args.get("before"):
        entries += _own_notes(record, over)
    first = cursor_of(entries[0]) if len(found) > _MOST_ENTRIES else ""
    return {"entries": entries, "older": first, "last": _last_said(entries)}


def _own_notes(record: HandoffRecord, since: datetime) -> tuple[Entry, ...]:
    """Return what an agent noted after her part was over: of all that came then, it is hers."""
    me = current_agent().name
    later = parts().threads.of(record.conversation_id)
    return tuple(each for each in later if each.kind == "note" and each.who == me and each.at > since)


def _last_said(entries: tuple[Entry, ...]) -> str:
    """Return the person's last words that say more than that she wants a person."""
    said = [each for each in entries if each.kind == "in" and each.text]
    telling = [each for each in said if each.understood is None or each.understood.outcome != "handoff"]
    return (telling or said)[-1].text if said else ""


@needs("agent")
def segments(handoff: int) -> str:
    """Count what a text would cost, while it is typed."""
    record = opened(handoff)
    text = request.form.get("text", "")
    return render_template(
        "console/segments.html", handoff=record, used=len(text), count=segments_of(_written_on(record), text)
    )


@needs("agent")
def cards(handoff: int) -> str:
    """Find cards to send."""
    record = opened(handoff)
    search, query = parts().search(), request.args.get("q", "").strip()
    found = search.find(query)[0] if search and query else ()
    return render_template("console/cards.html", handoff=record, found=found, query=query)


@needs("agent")
def take(handoff: int) -> BaseResponse | tuple[str, int]:
    """Take who waits. Of two who try at once one gets it; the other is told who did.

    Who waits on the telephone is taken by telephone: the agent's own phone rings.
    """
    record, me = opened(handoff), current_agent()
    if waiting_call(record) is not None:
        return ring_for(record, me.id)
    try:
        parts().handoffs.take(
            record.id,
            me.id,
            utc_now(),
            _told(record, Say("handoff_taken", {"agent": me.name})),
            beyond_capacity=supervises(),
        )
    except NotYours as refused:
        return render_template("console/taken.html", handoff=record, refused=refused), 409
    except Full as full:
        return render_template("console/full.html", capacity=full.capacity), 409
    parts().wake.send()
    noted("take", record)
    return redirect(url_for("console.conversation", handoff=handoff))


@needs("agent")
def release(handoff: int) -> BaseResponse | tuple[str, int]:
    """Put it back into the queue."""
    return _change(handoff, "release", lambda r: parts().handoffs.release(r.id, current_agent().id, utc_now()))


@needs("agent")
def transfer(handoff: int) -> BaseResponse | tuple[str, int]:
    """Send it to a team, or to an agent first."""
    record = opened(handoff)
    kind, _, id_ = request.form.get("to", "").partition(":")
    if kind not in ("team", "agent") or not id_.isdecimal():
        return _page(record, error="to"), 400
    team, agent = (int(id_), None) if kind == "team" else (None, int(id_))
    people = may_be_given(record, [each for each in parts().agents.all() if each.active])
    if (team or agent) not in {each.id for each in (teams_for(record) if team else people)}:
        return _page(record, error="to"), 400
    told = (Say("handoff_queue_again"),)
    return _change(
        handoff,
        "transfer",
        lambda r: parts().handoffs.transfer(
            r.id, None if supervises() else current_agent().id, utc_now(), _told(r, *told), team=team, to=agent
        ),
        to=request.form["to"],
    )


@needs("supervisor")
def assign(handoff: int) -> BaseResponse | tuple[str, int]:
    """Give it to an agent, or take it over oneself."""
    record, given = opened(handoff), request.form.get("agent", "")
    people = may_be_given(record, parts().agents.all())
    agent = next((a for a in people if str(a.id) == given and a.active), None)
    if agent is None:
        return _page(record, error="to"), 400
    told = Say("handoff_taken", {"agent": agent.name})
    if record.state is HandoffState.WAITING and waiting_call(record) is not None:
        return ring_for(record, agent.id)
    return _change(
        handoff,
        "assign",
        lambda r: parts().handoffs.assign(r.id, agent.id, current_agent().id, utc_now(), _told(r, told)),
        stay=True,
        to=agent.username,
    )


@needs("agent")
def note(handoff: int) -> BaseResponse | tuple[str, int]:
    """Add an internal note."""
    record, text = opened(handoff), request.form.get("text", "").strip()
    if not text or len(text) > _LONGEST_NOTE:
        return _page(record, error="note"), 400
    parts().threads.note(record.conversation_id, record.id, current_agent().id, redact(text), utc_now())
    noted("note", record)
    return redirect(url_for("console.conversation", handoff=handoff))


@needs("agent")
def reply(handoff: int) -> BaseResponse | tuple[str, int]:
    """Send the agent's words on the person's channel."""
    record, text = opened(handoff), request.form.get("text", "").strip()
    key = request.form.get("key", "")
    if not text or len(text) > _LONGEST_TEXT or not _KEY.match(key):
        return _page(record, error="text", typed=text), 400
    return _say(record, agent_messages(_written_on(record), _filled(text)), key, text)


@needs("agent")
def send_card(handoff: int) -> BaseResponse | tuple[str, int]:
    """Send a card's checklist as the assistant would show it."""
    record, search = opened(handoff), parts().search()
    card = search.catalogue.procedures.get(request.form.get("card", "")) if search else None
    key = request.form.get("key", "")
    if card is None or not _KEY.match(key):
        return _page(record, error="card"), 400
    context = parts().store.state(record.conversation_id).context
    state = context.state or (context.topic.memory.get("state") if context.topic else None)
    shown = ShowProcedure(narrow(card, _case(context), state), ("requirements", "cost", "where"), state)
    messages = parts().agent_words(_written_on(record), record.language, (shown,))
    return _say(record, messages, key, "", card=card.id)


def _say(
    record: HandoffRecord, messages: tuple[Outgoing, ...], key: str, typed: str, **detail: str
) -> BaseResponse | tuple[str, int]:
    me = current_agent()
    if not writable(record):
        return _page(record, error="hidden", typed=typed), 409
    held = record.state is HandoffState.WITH_AGENT and record.agent_id == me.id
    # What was said already (a double click) stays said, whatever has come in between.
    if held and (obstacle := _reach(record).obstacle) is not None and not parts().handoffs.said(key):
        return _page(record, error=obstacle, typed=typed), 409
    try:
        said = parts().handoffs.say(record.id, me.id, messages, key, utc_now())
    except NotYours:
        return _lost(record.id, typed)
    if said:
        parts().wake.send()
        noted("reply", record, **detail)
    return redirect(url_for("console.conversation", handoff=record.id))


@needs("agent")
def hand_back(handoff: int) -> BaseResponse | tuple[str, int]:
    """Give the conversation back to the assistant."""
    told = Say("handoff_back", {"agent": current_agent().name})
    return _change(
        handoff, "hand_back", lambda r: parts().handoffs.hand_back(r.id, current_agent().id, utc_now(), _told(r, told))
    )


@needs("agent")
def close(handoff: int) -> BaseResponse | tuple[str, int]:
    """Close it, with a reason."""
    reason = request.form.get("reason", "")
    if reason not in REASONS:
        return _page(opened(handoff), error="reason"), 400
    told = Say("handoff_ended", {"agent": current_agent().name})
    return _change(
        handoff,
        "close",
        lambda r: parts().handoffs.close(
            r.id, None if supervises() else current_agent().id, reason, utc_now(), _told(r, told)
        ),
        reason=reason,
    )


@needs("agent")
def number(handoff: int) -> str | tuple[str, int] | Response:
    """Show the person's number, once somebody has said what for; it is noted."""
    record, why = opened(handoff), request.form.get("why", "").strip()
    if not why or len(why) > _LONGEST_WHY:
        return _page(record, error="why"), 400
    noted("number", record, why=redact(why))
    return _page(record, number=parts().store.number_of(record.conversation_id) or "")


def _change(
    handoff: int, action: str, change: Callable[[HandoffRecord], HandoffRecord], *, stay: bool = False, **detail: str
) -> BaseResponse | tuple[str, int]:
    record = opened(handoff)
    try:
        change(record)
    except NotForThem:  # it became sensitive a moment ago
        return _page(opened(handoff), error="to"), 400
    except NotYours:
        return _lost(handoff)
    parts().rings.put_down(record.id)  # an agent who lets go of a caller has put the phone down
    parts().wake.send()
    noted(action, record, **detail)
    return redirect(url_for("console.conversation", handoff=handoff)) if stay else to_queue()


def _lost(handoff: int, typed: str = "") -> tuple[str, int]:
    """Say that a conversation is somebody else's by now, or over; who may read it all the same sees it."""
    record = parts().handoffs.get(handoff)
    assert record is not None
    if not may_open(record):
        gone(record)
    return _page(record, error="not_yours", typed=typed), 409


def _written_on(record: HandoffRecord) -> ChannelName:
    """Return the channel that an agent writes on: who called is written to by SMS."""
    return "sms" if record.channel == "voice" else record.channel


def _told(record: HandoffRecord, *replies: Reply) -> tuple[Outgoing, ...]:
    return parts().words(record.channel, record.language, replies)


def _filled(text: str) -> str:
    return text.replace("{agente}", current_agent().name).replace("{institucion}", parts().institution)


def _case(context: TurnContext) -> Case:
    """Return what was answered: in the dialogue that goes on, and before it, unless this one is for somebody else."""
    memory = context.topic.memory if context.topic else {}
    known = {} if memory.get("for_other") else context.case
    return {**known, **memory.get("case", {})}


def _place(context: TurnContext) -> str:
    """Return where the person is or asks about: what she told for good, else what the dialogue holds."""
    memory = context.topic.memory if context.topic else {}
    found = (
        (context.municipality, context.state) if context.state else (memory.get("municipality"), memory.get("state"))
    )
    return ", ".join(str(each) for each in found if each)


def _reach(record: HandoffRecord) -> Reachable:
    return reachable(parts().store, record.conversation_id, _written_on(record))
