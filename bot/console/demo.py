"""Something to look at in the console: agents, teams, ready answers, and people of the twin's who wait."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from bot.console import passwords
from bot.store.agents import Agents, NameTaken
from channels.twin.client import TwinPhone, TwinUnavailable

_FILE = Path(__file__).with_name("demo.yml")
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Account:
    """Who may sign in, and with what."""

    username: str
    role: str
    password: str


def demo() -> dict[str, Any]:
    """Return what is to be made."""
    found: dict[str, Any] = YAML(typ="safe").load(_FILE)
    return found


def hire(agents: Agents, now: datetime) -> list[Account]:
    """Make the agents, or give those that exist new passwords; teams and ready answers as well."""
    data = demo()
    teams = {team.name: team.id for team in agents.teams()}
    for team in data["teams"]:
        if team["name"] not in teams:
            teams[team["name"]] = agents.save_team(team["name"], team["hours"], team["sensitive"])
    known = {each.username: each.id for each in agents.all()}
    accounts = []
    for each in data["agents"]:
        password = secrets.token_urlsafe(12)
        stored, inside = passwords.hashed(password), [teams[name] for name in each["teams"]]
        if each["username"] in known:
            agents.change(known[each["username"]], password_hash=stored, active=True)
        else:
            agents.add(each["username"], each["name"], each["role"], stored, now, in_teams=inside)
        accounts.append(Account(each["username"], each["role"], password))
    for reply in data["replies"]:
        try:
            agents.save_canned(reply["shortcut"], reply["text"], None)
        except NameTaken:
            continue  # made before, and perhaps changed since
    return accounts


def let_people_ask(twin: str) -> Iterator[str]:
    """Let the people of the demonstration write, each until she waits for a person; yield their channels.

    Raises:
        TwinUnavailable: nothing runs.
    """
    for person in demo()["people"]:
        with TwinPhone(twin, person["number"], channel=person["channel"], deadline=_ANSWER_SECONDS) as phone:
            for message in person["messages"]:
                if not phone.send(message).replies:
                    raise TwinUnavailable("nobody answers the phones of the demonstration")
        yield person["channel"]
