"""The people who answer: accounts, teams, presence, ready answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from bot.core.handoff import HandoffState
from bot.store.cipher import Cipher
from bot.store.clock import utc_now
from bot.store.live import note_live
from bot.store.tables import agent_teams, agents, canned_replies, handoffs, teams

Role = Literal["agent", "supervisor", "admin"]
Presence = Literal["here", "busy", "away"]
ROLES: tuple[Role, ...] = get_args(Role)
PRESENCES: tuple[Presence, ...] = get_args(Presence)


class NameTaken(ValueError):
    """Another agent, team or ready answer has that name."""


@dataclass(frozen=True)
class AgentRecord:
    """An agent. ``load``: open handoffs in hand. Whether there is a second factor or a phone, not which."""

    id: int
    username: str
    name: str
    role: Role
    capacity: int
    active: bool
    presence: Presence
    seen_at: datetime | None
    session_epoch: int
    has_password: bool
    has_totp: bool
    has_phone: bool
    load: int
    teams: tuple[int, ...]


@dataclass(frozen=True)
class TeamRecord:
    """A team. ``hours`` as ``bot.core.hours.parse_hours`` reads them; empty: the institution's."""

    id: int
    name: str
    hours: str
    sees_sensitive: bool


@dataclass(frozen=True)
class CannedReply:
    """A ready answer. ``shortcut`` is what is typed after ``/``."""

    id: int
    shortcut: str
    text: str
    team_id: int | None


class Agents:
    """Accounts, teams and ready answers."""

    def __init__(self, engine: Engine, secret: str, *old_secrets: str) -> None:
        """``secret`` is VENTANILLA_SECRET: second factors and phones are kept encrypted under it."""
        self._engine = engine
        self._cipher = Cipher(secret, *old_secrets)

    # ---- agents ----------------------------------------------------------------------------------------------

    def add(
        self,
        username: str,
        name: str,
        role: Role,
        password_hash: str | None,
        now: datetime,
        *,
        capacity: int = 5,
        in_teams: Collection[int] = (),
    ) -> AgentRecord:
        """Add an agent; ``username`` is compared in lower case.

        Raises:
            NameTaken: the username is in use.
        """
        values = {
            "username": username.strip().lower(),
            "name": name.strip(),
            "role": role,
            "password_hash": password_hash,
            "capacity": capacity,
            "created_at": now,
        }
        try:
            with self._engine.begin() as db:
                made = db.execute(insert(agents).values(**values).returning(agents.c.id)).scalar_one()
                _set_teams(db, made, in_teams)
        except IntegrityError:
            raise NameTaken(f"the username {values['username']!r} is in use") from None
        found = self.get(made)
        assert found is not None
        return found

    def change(self, agent: int, *, in_teams: Collection[int] | None = None, **values: Any) -> None:
        """Change columns of an agent's row (name, role, capacity, active, presence, password_hash, seen_at).

        A changed role, password or activity ends every session of the agent.
        """
        if {"role", "password_hash", "active", "totp_encrypted"} & set(values):
            values["session_epoch"] = agents.c.session_epoch + 1
        with self._engine.begin() as db:
            if values:
                db.execute(update(agents).where(agents.c.id == agent).values(**values))
            if in_teams is not None:
                db.execute(delete(agent_teams).where(agent_teams.c.agent_id == agent))
                _set_teams(db, agent, in_teams)
            if "presence" in values:
                note_live(db, "presence", utc_now(), agent=agent, presence=values["presence"])
            elif in_teams is not None or set(values) - {"seen_at"}:
                note_live(db, "people", utc_now(), agent=agent)

    def set_totp(self, agent: int, secret: str | None) -> None:
        """Set or remove the second factor; every session ends."""
        self.change(agent, totp_encrypted=self._cipher.encrypt(secret) if secret else None)

    def set_phone(self, agent: int, number: str | None) -> None:
        """Set or remove the number or SIP address that rings for calls."""
        self.change(agent, phone_encrypted=self._cipher.encrypt(number) if number else None)

    def seen(self, agent: int, now: datetime) -> None:
        """Note that a browser of the agent's is connected."""
        self.change(agent, seen_at=now)

    def get(self, agent: int) -> AgentRecord | None:
        """Return an agent."""
        return next(iter(self._find(agents.c.id == agent)), None)

    def all(self) -> tuple[AgentRecord, ...]:
        """Return all agents by name; desks of contact centres are no people and are not among them."""
        return self._find(agents.c.kind == "person")

    def credentials(self, username: str) -> tuple[AgentRecord, str | None, str | None] | None:
        """Return an active agent with password hash and TOTP secret."""
        found = self._find(agents.c.username == username.strip().lower(), agents.c.active, agents.c.kind == "person")
        if not found:
            return None
        with self._engine.connect() as db:
            row = db.execute(
                select(agents.c.password_hash, agents.c.totp_encrypted).where(agents.c.id == found[0].id)
            ).one()
        totp = self._cipher.decrypt(row.totp_encrypted) if row.totp_encrypted else None
        return found[0], row.password_hash, totp

    def phone(self, agent: int) -> str | None:
        """Return the number or SIP address that rings for calls."""
        with self._engine.connect() as db:
            token = db.execute(select(agents.c.phone_encrypted).where(agents.c.id == agent)).scalar()
        return self._cipher.decrypt(token) if token else None

    def may_see_sensitive(self, agent: int) -> bool:
        """Say whether an agent is in a team that may see sensitive matters."""
        with self._engine.connect() as db:
            return (
                db.execute(
                    select(teams.c.id)
                    .join(agent_teams, agent_teams.c.team_id == teams.c.id)
                    .where(agent_teams.c.agent_id == agent, teams.c.sees_sensitive)
                    .limit(1)
                ).first()
                is not None
            )

    def _find(self, *where: Any) -> tuple[AgentRecord, ...]:
        load = (
            select(func.count())
            .where(handoffs.c.agent_id == agents.c.id, handoffs.c.state == HandoffState.WITH_AGENT.value)
            .scalar_subquery()
        )
        with self._engine.connect() as db:
            rows = db.execute(select(agents, load.label("load")).where(*where).order_by(agents.c.name)).all()
            members = db.execute(select(agent_teams)).all()
        return tuple(_agent(row, tuple(m.team_id for m in members if m.agent_id == row.id)) for row in rows)

    # ---- teams -----------------------------------------------------------------------------------------------

    def teams(self) -> tuple[TeamRecord, ...]:
        """Return all teams by name."""
        with self._engine.connect() as db:
            return tuple(TeamRecord(**row._mapping) for row in db.execute(select(teams).order_by(teams.c.name)))

    def save_team(self, name: str, hours: str, sees_sensitive: bool, team: int | None = None) -> int:
        """Add or change a team and return its id.

        Raises:
            NameTaken: another team has the name.
        """
        values = {"name": name.strip(), "hours": hours.strip(), "sees_sensitive": sees_sensitive}
        return self._save(teams, values, team)

    # ---- ready answers ---------------------------------------------------------------------------------------

    def canned(self, of_teams: Collection[int] | None = None) -> tuple[CannedReply, ...]:
        """Return ready answers by shortcut: all, or everybody's and those of some teams."""
        found = select(canned_replies).order_by(canned_replies.c.shortcut)
        if of_teams is not None:
            found = found.where(canned_replies.c.team_id.is_(None) | canned_replies.c.team_id.in_(of_teams))
        with self._engine.connect() as db:
            return tuple(CannedReply(**row._mapping) for row in db.execute(found))

    def save_canned(self, shortcut: str, text: str, team: int | None, canned: int | None = None) -> int:
        """Add or change a ready answer and return its id.

        Raises:
            NameTaken: another one has the shortcut.
        """
        values = {"shortcut": shortcut.strip().lower(), "text": text.strip(), "team_id": team}
        return self._save(canned_replies, values, canned)

    def drop_canned(self, canned: int) -> None:
        """Remove a ready answer."""
        with self._engine.begin() as db:
            db.execute(delete(canned_replies).where(canned_replies.c.id == canned))

    def _save(self, table: Any, values: dict[str, Any], id_: int | None) -> int:
        try:
            with self._engine.begin() as db:
                if id_ is None:
                    made = int(db.execute(insert(table).values(**values).returning(table.c.id)).scalar_one())
                else:
                    made = id_
                    db.execute(update(table).where(table.c.id == id_).values(**values))
                note_live(db, table.name, utc_now(), id=made)
                return made
        except IntegrityError:
            raise NameTaken("the name is in use") from None


def _set_teams(db: Any, agent: int, in_teams: Collection[int]) -> None:
    for team in in_teams:
        db.execute(insert(agent_teams).values(agent_id=agent, team_id=team))


def _agent(row: Row[Any], in_teams: tuple[int, ...]) -> AgentRecord:
    return AgentRecord(
        id=row.id,
        username=row.username,
        name=row.name,
        role=row.role,
        capacity=row.capacity,
        active=row.active,
        presence=row.presence,
        seen_at=row.seen_at,
        session_epoch=row.session_epoch,
        has_password=row.password_hash is not None,
        has_totp=row.totp_encrypted is not None,
        has_phone=row.phone_encrypted is not None,
        load=row.load,
        teams=in_teams,
    )
