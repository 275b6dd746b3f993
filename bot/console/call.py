"""The telephone in a conversation: who waits on the line, whose phone rings, what was said; how an agent takes it."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console.desk import over_for
from bot.console.parts import parts
from bot.console.queue import supervises
from bot.console.security import current_agent, needs
from bot.console.seen import noted, opened
from bot.core.handoff import HandoffState
from bot.store.handoffs import Full, HandoffRecord, NotYours
from bot.store.rings import LiveCall, NoCall, NoPhone, Ringing
from bot.store.store import utc_now
from channels.voice import twiml


def register(console: Blueprint) -> None:
    """Add these pages."""
    base = "/handoffs/<int:handoff>"
    console.add_url_rule(f"{base}/call", "call", call, methods=["GET"])
    console.add_url_rule(f"{base}/ring", "ring", ring, methods=["POST"])
    console.add_url_rule(f"{base}/ring/stop", "stop_ring", stop_ring, methods=["POST"])
    console.add_url_rule(f"{base}/write", "write", write, methods=["POST"])
    console.add_url_rule(f"{base}/call-back", "call_back", call_back, methods=["POST"])


def panel(record: HandoffRecord) -> dict[str, object]:
    """Return what a page shows of a conversation's telephone: the live call, the rings, what was said last."""
    here, me = parts(), current_agent()
    calls = here.rings.live(record.conversation_id) if over_for(record) is None else ()
    live = next(iter(calls), None)
    rings = here.rings.of_handoff(record.id)
    waits = live is not None and live.queue == "waiting"
    mine = record.state is HandoffState.WITH_AGENT and record.agent_id == me.id
    return {
        "live": live,
        "rings": rings,
        "may_ring": waits and (record.state is HandoffState.WAITING or mine),
        "writable": writable(record),
        "spoken": _spoken(record) if live is not None or rings or record.channel == "voice" else (),
    }


def writable(record: HandoffRecord) -> bool:
    """Say whether the person can be written to: who calls with a hidden number cannot."""
    return record.channel != "voice" or parts().store.number_of(record.conversation_id) is not None


def waiting_call(record: HandoffRecord) -> LiveCall | None:
    """Return the call of a conversation that waits for a person on the line."""
    return next((each for each in parts().rings.live(record.conversation_id) if each.queue == "waiting"), None)


def _spoken(record: HandoffRecord) -> tuple[tuple[datetime, str, str], ...]:
    """Return the last call step by step: when, what the caller said or pressed, what she was told."""
    steps = parts().calls.transcript(record.conversation_id)
    over = over_for(record)
    return tuple((s.at, s.heard, twiml.said(s.answer)) for s in steps if over is None or s.at <= over)


@needs("agent")
def call(handoff: int) -> Response:
    """Show the telephone alone, for a page that is open; a page that shows too little by now is loaded anew."""
    record = opened(handoff)
    answer = make_response(render_template("console/call.html", handoff=record, **panel(record)))
    mine = record.state is HandoffState.WITH_AGENT and record.agent_id == current_agent().id
    if mine and request.args.get("mine") == "no":
        answer.headers["HX-Refresh"] = "true"
    return answer


@needs("agent")
def ring(handoff: int) -> BaseResponse | tuple[str, int]:
    """Let the agent's own phone ring for who waits on the line."""
    return ring_for(opened(handoff), current_agent().id)


def ring_for(record: HandoffRecord, agent: int) -> BaseResponse | tuple[str, int]:
    """Let an agent's phone ring; who cannot have the call is told why."""
    try:
        asked = parts().rings.ask(record.id, agent, utc_now(), beyond_capacity=supervises())
    except NotYours as refused:
        return render_template("console/taken.html", handoff=record, refused=refused), 409
    except Full as full:
        return render_template("console/full.html", capacity=full.capacity), 409
    except Ringing as ringing:
        return render_template("console/no_ring.html", handoff=record, why="ringing", agent=ringing.agent), 409
    except NoPhone:
        why = "no_phone" if agent == current_agent().id else "no_phone_there"
        return render_template("console/no_ring.html", handoff=record, why=why), 409
    except NoCall:
        return render_template("console/no_ring.html", handoff=record, why="no_call"), 409
    parts().wake.send()
    noted("ring", record, ring=str(asked.id), to=str(agent))
    return redirect(url_for("console.conversation", handoff=record.id))


@needs("agent")
def stop_ring(handoff: int) -> BaseResponse:
    """Stop the agent's phone; the caller stays in the queue."""
    record = opened(handoff)
    parts().rings.give_up(record.id, current_agent().id, utc_now())
    parts().wake.send()
    noted("stop_ring", record)
    return redirect(url_for("console.conversation", handoff=record.id))


@needs("agent")
def write(handoff: int) -> BaseResponse | tuple[str, int]:
    """Take who waits on the line in writing: she is told that somebody will write, and the agent does."""
    record = opened(handoff)
    if not writable(record):
        return render_template("console/no_ring.html", handoff=record, why="hidden"), 409
    try:
        parts().handoffs.take(record.id, current_agent().id, utc_now(), beyond_capacity=supervises())
    except NotYours as refused:
        return render_template("console/taken.html", handoff=record, refused=refused), 409
    except Full as full:
        return render_template("console/full.html", capacity=full.capacity), 409
    parts().calls.leave_queue(record.conversation_id, "in_writing")
    parts().wake.send()
    noted("take", record, how="in_writing")
    return redirect(url_for("console.conversation", handoff=record.id))


@needs("agent")
def call_back(handoff: int) -> BaseResponse | tuple[str, int]:
    """Let who waits on the line be called back: she is told so, and need not wait."""
    record = opened(handoff)
    if not writable(record):
        return render_template("console/no_ring.html", handoff=record, why="hidden"), 409
    if not parts().calls.leave_queue(record.conversation_id, "call_me"):
        return render_template("console/no_ring.html", handoff=record, why="no_call"), 409
    noted("call_back", record)
    return redirect(url_for("console.conversation", handoff=record.id))
