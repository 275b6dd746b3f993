"""The queue: who waits, who is mine; and the stream that keeps it live."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, abort, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console.desk import alias, row, visible
from bot.console.parts import parts
from bot.console.security import cookie_name, current_agent, may, needs, sees_sensitive
from bot.console.stream import TooManyStreams
from bot.core.handoff import HandoffState
from bot.store.agents import AgentRecord
from bot.store.live import LiveEvent
from bot.store.store import utc_now

_SEEN_EVERY = timedelta(seconds=20)
"""How often it is written that a browser is connected: who was seen minutes ago counts as here (bot.store.handoffs)."""

_FOR_THE_HOLDER = frozenset({"person_said", "assigned"})
_FOR_WHO_MAY_TAKE = frozenset({"asked", "call_waiting", "released", "transferred", "agent_silent", "agent_gone"})


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/queue", "queue", queue, methods=["GET"])
    console.add_url_rule("/queue/list", "queue_list", queue_list, methods=["GET"])
    console.add_url_rule("/events", "events", events, methods=["GET"])
    console.add_url_rule("/alive", "alive", alive, methods=["POST"])


@needs("agent")
def queue() -> str:
    """Show the queue."""
    return render_template("console/queue.html", **_lists())


@needs("agent")
def queue_list() -> str:
    """Show the queue's lists alone, for a page that is open."""
    return render_template("console/queue_list.html", **_lists())


def _lists() -> dict[str, object]:
    agent, now = current_agent(), utc_now()
    unanswered, found, lines = parts().handoffs.unanswered(), parts().handoffs.open(), parts().rings.live()
    with_handoff = {each.conversation_id for each in found}
    rows = [row(each, now, unanswered.get(each.id, 0)) for each in visible(found, agent)]
    chosen = {name: request.args.get(name, "") for name in ("channel", "language", "topic")}
    queued = [each for each in rows if each.handoff.state is HandoffState.WAITING]
    waiting = [
        each
        for each in queued
        if chosen["channel"] in ("", each.handoff.channel)
        and chosen["language"] in ("", each.handoff.language)
        and chosen["topic"] in ("", each.handoff.topic or "none")
    ]
    # Who was transferred to me comes first: she was told that I would answer.
    waiting.sort(key=lambda each: each.handoff.wanted_agent_id != agent.id)
    mine = [each for each in rows if each.handoff.agent_id == agent.id]
    return {
        "waiting": waiting,
        "mine": mine,
        "others": [each for each in rows if each.handoff.agent_id not in (None, agent.id)],
        "full": len(mine) >= agent.capacity,
        "chosen": chosen,
        "hidden": len(queued) - len(waiting),
        "languages": sorted({each.handoff.language for each in rows}),
        "topics": sorted({(each.topic, each.handoff.topic or "none") for each in queued}),
        "lines": {each.conversation_id: each for each in reversed(lines)},
        # Those that HUMAN_NUMBER answers are nobody's here: they are only seen.
        "elsewhere": [(each, now - each.since) for each in lines if each.conversation_id not in with_handoff],
        "alias": alias,
    }


@needs("agent")
def events() -> Response:
    """Stream what happens; ``Last-Event-ID`` (or ``?last=``) says where a cut stream goes on."""
    brought = request.headers.get("Last-Event-ID") or request.args.get("last", "")
    agent, everything = current_agent(), sees_sensitive()
    here, token, store = parts(), request.cookies.get(cookie_name(), ""), parts().agents

    def may_see(event: LiveEvent) -> bool:
        return everything or not event.sensitive or event.agent_id == agent.id

    written = agent.seen_at

    def still_here() -> bool:
        nonlocal written
        now = utc_now()
        if here.sessions.find(token, now, touch=False) is None:
            return False
        if written is None or now - written >= _SEEN_EVERY:
            store.seen(agent.id, now)
            written = now
        return True

    still_here()
    try:
        stream = here.hub.stream(
            int(brought) if brought.isdecimal() else None, may_see, still_here, alerts=lambda event: calls(event, agent)
        )
    except TooManyStreams:
        abort(503)
    response = Response(stream_with_context(stream), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # a proxy must not hold events back
    return response


def calls(event: LiveEvent, agent: AgentRecord) -> bool:
    """Say whether an agent is called by sound and title: one's own are spoken to, or somebody waits whom one may take.

    What others' people say calls nobody else: among twenty agents nobody would listen to it.
    """
    if event.agent_id == agent.id:
        return False
    if event.kind in _FOR_THE_HOLDER:
        return event.holder_id == agent.id
    if event.kind not in _FOR_WHO_MAY_TAKE:
        return False
    if event.wanted_agent_id is not None:
        return event.wanted_agent_id == agent.id
    return event.team_id is None or event.team_id in agent.teams


@needs("agent")
def alive() -> tuple[str, int]:
    """Let the session go on: who is about to be signed out is still here."""
    return "", 204


def to_queue() -> BaseResponse:
    """Go back to the queue."""
    return redirect(url_for("console.queue"))


def supervises() -> bool:
    """Say whether who is signed in may see and move what others have."""
    return may(current_agent(), "supervisor")
