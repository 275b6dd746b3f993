"""The queue: who waits, who is mine; and the stream that keeps it live."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console.desk import row, visible
from bot.console.parts import parts
from bot.console.security import cookie_name, current_agent, may, needs, sees_sensitive
from bot.core.handoff import HandoffState
from bot.store.live import LiveEvent
from bot.store.store import utc_now


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/queue", "queue", queue, methods=["GET"])
    console.add_url_rule("/queue/list", "queue_list", queue_list, methods=["GET"])
    console.add_url_rule("/events", "events", events, methods=["GET"])


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
    rows = [row(each, now) for each in visible(parts().handoffs.open(), agent)]
    channel, language = request.args.get("channel", ""), request.args.get("language", "")
    waiting = [
        each
        for each in rows
        if each.handoff.state is HandoffState.WAITING
        and channel in ("", each.handoff.channel)
        and language in ("", each.handoff.language)
    ]
    # Who was transferred to me comes first: she was told that I would answer.
    waiting.sort(key=lambda each: each.handoff.wanted_agent_id != agent.id)
    mine = [each for each in rows if each.handoff.agent_id == agent.id]
    return {
        "waiting": waiting,
        "mine": mine,
        "others": [each for each in rows if each.handoff.agent_id not in (None, agent.id)],
        "full": len(mine) >= agent.capacity,
        "channel": channel,
        "language": language,
        "languages": sorted({each.handoff.language for each in rows}),
    }


@needs("agent")
def events() -> Response:
    """Stream what happens; ``Last-Event-ID`` (or ``?last=``) says where a cut stream goes on."""
    brought = request.headers.get("Last-Event-ID") or request.args.get("last", "")
    agent, everything = current_agent(), sees_sensitive()
    here, token, store = parts(), request.cookies.get(cookie_name(), ""), parts().agents

    def may_see(event: LiveEvent) -> bool:
        return everything or not event.sensitive or event.agent_id == agent.id

    def still_here() -> bool:
        now = utc_now()
        if here.sessions.find(token, now, touch=False) is None:
            return False
        store.seen(agent.id, now)
        return True

    still_here()
    stream = here.hub.stream(int(brought) if brought.isdecimal() else None, may_see, still_here)
    response = Response(stream_with_context(stream), mimetype="text/event-stream")
    response.headers["X-Accel-Buffering"] = "no"  # a proxy must not hold events back
    return response


def to_queue() -> BaseResponse:
    """Go back to the queue."""
    return redirect(url_for("console.queue"))


def supervises() -> bool:
    """Say whether who is signed in may see and move what others have."""
    return may(current_agent(), "supervisor")
