"""Administration: people, teams and their hours, ready answers."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from bot.console import passwords
from bot.console.parts import parts
from bot.console.phone import BadPhone, agent_phone
from bot.console.security import current_agent, needs
from bot.core.hours import BadHours, parse_hours
from bot.store.agents import ROLES, AgentRecord, NameTaken
from bot.store.store import utc_now

_LONGEST_NAME = 64
_LONGEST_CANNED = 1000


def register(console: Blueprint) -> None:
    """Add these pages."""
    console.add_url_rule("/admin/people", "people", people, methods=["GET"])
    console.add_url_rule("/admin/people", "add_person", add_person, methods=["POST"])
    console.add_url_rule("/admin/people/<int:agent>", "person", person, methods=["GET"])
    console.add_url_rule("/admin/people/<int:agent>", "change_person", change_person, methods=["POST"])
    console.add_url_rule("/admin/people/<int:agent>/password", "reset_password", reset_password, methods=["POST"])
    console.add_url_rule("/admin/people/<int:agent>/phone", "change_phone_of", change_phone_of, methods=["POST"])
    console.add_url_rule("/admin/teams", "teams", teams, methods=["GET"])
    console.add_url_rule("/admin/teams", "save_team", save_team, methods=["POST"])
    console.add_url_rule("/admin/replies", "replies", replies, methods=["GET"])
    console.add_url_rule("/admin/replies", "save_reply", save_reply, methods=["POST"])
    console.add_url_rule("/admin/replies/<int:canned>/drop", "drop_reply", drop_reply, methods=["POST"])


class Wrong(ValueError):
    """A field of a form cannot be used; ``args[0]`` is its name."""


@needs("admin")
def people() -> str:
    """Show everybody."""
    return _people()


def _people(error: str = "", **values: object) -> str:
    return render_template(
        "console/people.html",
        people=parts().agents.all(),
        teams=parts().agents.teams(),
        roles=ROLES,
        error=error,
        **values,
    )


@needs("admin")
def add_person() -> str | tuple[str, int]:
    """Add somebody with a first password, shown once."""
    password = secrets.token_urlsafe(12)
    given = request.form.get("phone", "").strip()
    try:
        phone = agent_phone(given) if given else None
        agent = parts().agents.add(
            _text("username"),
            _text("name"),
            _role(),  # type: ignore[arg-type]
            passwords.hashed(password),
            utc_now(),
            capacity=_number("capacity", 1, 50),
            in_teams=_teams(),
        )
    except BadPhone:
        return _people(error="phone"), 400
    except NameTaken:
        return _people(error="taken"), 409
    except Wrong as wrong:
        return _people(error=str(wrong)), 400
    if phone:
        parts().agents.set_phone(agent.id, phone)
    _note("agent_added", agent)
    return _people(added=agent, password=password)


@needs("admin")
def person(agent: int) -> str:
    """Show one."""
    return _person(_found(agent))


def _person(record: AgentRecord, error: str = "", **values: object) -> str:
    return render_template(
        "console/person.html", person=record, teams=parts().agents.teams(), roles=ROLES, error=error, **values
    )


@needs("admin")
def change_person(agent: int) -> BaseResponse | tuple[str, int]:
    """Change name, role, capacity, teams, or let nobody sign in as this agent any more."""
    record = _found(agent)
    active = request.form.get("active") == "yes"
    try:
        role = _role()
        changed: dict[str, object] = {"name": _text("name"), "capacity": _number("capacity", 1, 50)}
    except Wrong as wrong:
        return _person(record, error=str(wrong)), 400
    if record.id == current_agent().id and (role != "admin" or not active):
        return _person(record, error="yourself"), 409
    if role != record.role:
        changed["role"] = role
    if active != record.active:
        changed["active"] = active
    parts().agents.change(record.id, in_teams=_teams(), **changed)
    _note("agent_changed", record, role=role, active=active)
    return redirect(url_for("console.people"))


@needs("admin")
def reset_password(agent: int) -> str:
    """Give somebody a new first password, shown once, and take the second factor away."""
    record = _found(agent)
    password = secrets.token_urlsafe(12)
    parts().agents.change(record.id, password_hash=passwords.hashed(password), totp_encrypted=None)
    _note("password_reset", record)
    return _person(_found(agent), password=password)


@needs("admin")
def change_phone_of(agent: int) -> BaseResponse | tuple[str, int]:
    """Set the number or SIP address that rings for somebody's calls; nothing: remove it."""
    record = _found(agent)
    given = request.form.get("phone", "").strip()
    try:
        parts().agents.set_phone(record.id, agent_phone(given) if given else None)
    except BadPhone:
        return _person(record, error="phone"), 400
    _note("phone_changed", record)
    return redirect(url_for("console.person", agent=record.id))


@needs("admin")
def teams() -> str:
    """Show the teams."""
    return _team_page()


def _team_page(error: str = "") -> str:
    return render_template("console/teams.html", teams=parts().agents.teams(), error=error)


@needs("admin")
def save_team() -> BaseResponse | tuple[str, int]:
    """Add or change a team."""
    hours = request.form.get("hours", "").strip()
    try:
        parse_hours(hours)
        team = parts().agents.save_team(_text("name"), hours, request.form.get("sensitive") == "yes", _id("team"))
    except BadHours:
        return _team_page(error="hours"), 400
    except NameTaken:
        return _team_page(error="taken"), 409
    except Wrong as wrong:
        return _team_page(error=str(wrong)), 400
    parts().audit.note("team_saved", current_agent().username, utc_now(), agent=current_agent().id, team=team)
    return redirect(url_for("console.teams"))


@needs("admin")
def replies() -> str:
    """Show the ready answers."""
    return _reply_page()


def _reply_page(error: str = "") -> str:
    return render_template(
        "console/replies.html", replies=parts().agents.canned(), teams=parts().agents.teams(), error=error
    )


@needs("admin")
def save_reply() -> BaseResponse | tuple[str, int]:
    """Add or change a ready answer."""
    text = request.form.get("text", "").strip()
    try:
        if not text or len(text) > _LONGEST_CANNED:
            raise Wrong("text")
        saved = parts().agents.save_canned(_text("shortcut", 32), text, _id("team"), _id("reply"))
    except NameTaken:
        return _reply_page(error="taken"), 409
    except Wrong as wrong:
        return _reply_page(error=str(wrong)), 400
    parts().audit.note("reply_saved", current_agent().username, utc_now(), agent=current_agent().id, reply=saved)
    return redirect(url_for("console.replies"))


@needs("admin")
def drop_reply(canned: int) -> BaseResponse:
    """Remove a ready answer."""
    parts().agents.drop_canned(canned)
    parts().audit.note("reply_dropped", current_agent().username, utc_now(), agent=current_agent().id, reply=canned)
    return redirect(url_for("console.replies"))


def _found(agent: int) -> AgentRecord:
    record = parts().agents.get(agent)
    if record is None:
        abort(404)
    return record


def _note(action: str, agent: AgentRecord, **detail: Any) -> None:
    me = current_agent()
    parts().audit.note(action, me.username, utc_now(), agent=me.id, whom=agent.id, **detail)


def _text(field: str, longest: int = _LONGEST_NAME) -> str:
    value = request.form.get(field, "").strip()
    if not value or len(value) > longest:
        raise Wrong(field)
    return value


def _number(field: str, least: int, most: int) -> int:
    value = request.form.get(field, "")
    if not value.isdecimal() or not least <= int(value) <= most:
        raise Wrong(field)
    return int(value)


def _id(field: str) -> int | None:
    value = request.form.get(field, "")
    if value and not value.isdecimal():
        raise Wrong(field)
    return int(value) if value else None


def _role() -> str:
    role = request.form.get("role", "")
    if role not in ROLES:
        raise Wrong("role")
    return role


def _teams() -> set[int]:
    known = {team.id for team in parts().agents.teams()}
    return {int(each) for each in request.form.getlist("teams") if each.isdecimal() and int(each) in known}
