"""The supervisor's wall: how many wait and how long, who has how much, what was given up."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, render_template

from bot.console.desk import may_open, row
from bot.console.parts import parts
from bot.console.security import needs
from bot.core.handoff import HandoffState
from bot.store.store import utc_now

_DAY = timedelta(hours=24)


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/wall", "wall", wall, methods=["GET"])
    console.add_url_rule("/wall/figures", "wall_figures", figures, methods=["GET"])


@needs("supervisor")
def wall() -> str:
    """Show the wall."""
    return render_template("console/wall.html", **_figures())


@needs("supervisor")
def figures() -> str:
    """Show the figures alone, for a page that is open."""
    return render_template("console/wall_figures.html", **_figures())


def _figures() -> dict[str, object]:
    now = utc_now()
    rows = [row(each, now) for each in parts().handoffs.open()]
    waiting = [each for each in rows if each.handoff.state is HandoffState.WAITING]
    held = [each for each in rows if each.handoff.state is HandoffState.WITH_AGENT]
    return {
        # Everybody is counted; what a matter is about is listed only for who may open it.
        "listed": [each for each in waiting + held if may_open(each.handoff)],
        "waiting": waiting,
        "longest": max((each.waited for each in waiting), default=timedelta(0)),
        "held": held,
        "late": [each for each in held if each.sla == "late"],
        "day": parts().handoffs.day(now - _DAY),
        "calls": parts().rings.live(),
        "rings": parts().rings.day(now - _DAY),
        "unseen": not parts().handoffs.sees_sensitive(),
        "people": [each for each in parts().agents.all() if each.active],
        "now": now,
    }
