"""Desks of contact centres, and the tokens that open the API to them. Nobody signs in as a desk."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from bot.store.agents import NameTaken
from bot.store.tables import agent_teams, agents, desk_requests, desk_tokens, teams

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_PREFIX = "vnt_"  # so that a token is recognised where it does not belong (secret scanners, logs)
_NOTED_EVERY = timedelta(minutes=1)


class BadTokenName(ValueError):
    """A name of a token or desk has other characters than lower-case letters, digits and hyphens, or is too long."""


class KeyReused(ValueError):
    """A request's key was used before, for something else."""


@dataclass(frozen=True)
class DeskAccount:
    """Who acts through the API. ``token`` is its name in the audit log; ``sees_sensitive`` follows from the teams."""

    agent_id: int
    token: str
    name: str
    teams: frozenset[int]
    sees_sensitive: bool


@dataclass(frozen=True)
class TokenRecord:
    """A token as it is listed: never the token itself. ``desk`` is the account that it acts as."""

    name: str
    desk: str
    teams: tuple[str, ...]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class DeskTokens:
    """Makes, finds and revokes tokens."""

    def __init__(self, engine: Engine) -> None:
        """Work in this database."""
        self._engine = engine

    def add(self, name: str, now: datetime, *, desk: str = "", shown: str = "", in_teams: Collection[str] = ()) -> str:
        """Make a token and return it, the only time that it is shown.

        ``desk``: the account that it acts as, made if there is none yet; by default of the token's name. Tokens of one
        desk share its conversations, so that one token can replace another. ``shown`` is what citizens read; given
        teams replace those that the desk had.

        Raises:
            BadTokenName: a name cannot be used.
            NameTaken: another token has the name.
            LookupError: there is no such team; the text names it.
        """
        desk = desk or name
        for each in (name, desk):
            if not _NAME.fullmatch(each):
                raise BadTokenName(f"{each!r}: use up to 32 lower-case letters, digits and hyphens")
        token = _PREFIX + secrets.token_urlsafe(32)
        try:
            with self._engine.begin() as db:
                account = _account(db, desk, shown, now)
                if in_teams:
                    _set_teams(db, account, in_teams)
                db.execute(
                    desk_tokens.insert().values(name=name, agent_id=account, token_hash=_hash(token), created_at=now)
                )
        except IntegrityError:
            raise NameTaken(f"there is a token {name!r} already") from None
        return token

    def revoke(self, name: str, now: datetime) -> bool:
        """Revoke a token at once; False when there is none of that name in force.

        A desk without a token in force answers nobody: people are not promised to it any more.
        """
        with self._engine.begin() as db:
            agent = db.execute(
                update(desk_tokens)
                .where(desk_tokens.c.name == name, desk_tokens.c.revoked_at.is_(None))
                .values(revoked_at=now)
                .returning(desk_tokens.c.agent_id)
            ).scalar()
            if agent is None:
                return False
            in_force = select(func.count()).where(desk_tokens.c.agent_id == agent, desk_tokens.c.revoked_at.is_(None))
            if not db.execute(in_force).scalar_one():
                db.execute(update(agents).where(agents.c.id == agent).values(active=False))
        return True

    def all(self) -> tuple[TokenRecord, ...]:
        """Return all tokens by name, revoked ones included."""
        with self._engine.connect() as db:
            rows = db.execute(
                select(desk_tokens, agents.c.username)
                .join(agents, agents.c.id == desk_tokens.c.agent_id)
                .order_by(desk_tokens.c.name)
            ).all()
            members = db.execute(
                select(agent_teams.c.agent_id, teams.c.name)
                .join(teams, teams.c.id == agent_teams.c.team_id)
                .order_by(teams.c.name)
            ).all()
        return tuple(
            TokenRecord(
                row.name,
                row.username.removeprefix(_DESK),
                tuple(each.name for each in members if each.agent_id == row.agent_id),
                row.created_at,
                row.last_used_at,
                row.revoked_at,
            )
            for row in rows
        )

    def find(self, token: str, now: datetime) -> DeskAccount | None:
        """Return who a token acts as; None when it is unknown or revoked. That it is in use is noted by the minute."""
        with self._engine.connect() as db:
            row = db.execute(
                select(desk_tokens, agents.c.name.label("shown"))
                .join(agents, agents.c.id == desk_tokens.c.agent_id)
                .where(desk_tokens.c.token_hash == _hash(token), desk_tokens.c.revoked_at.is_(None), agents.c.active)
            ).first()
            if row is None:
                return None
            account = _acting(db, row.agent_id, row.name, row.shown)
        if row.last_used_at is None or row.last_used_at < now - _NOTED_EVERY:
            with self._engine.begin() as db:
                db.execute(update(desk_tokens).where(desk_tokens.c.id == row.id).values(last_used_at=now))
        return account

    def reserve(self, key: str, handoff: int, fingerprint: str, now: datetime, remote: str | None = None) -> None:
        """Keep what a request was, under its key, before it is carried out. ``remote``: what asks calls it so.

        Raises:
            KeyReused: the key is another request's.
        """
        values = {"key": key, "handoff_id": handoff, "fingerprint": fingerprint, "created_at": now, "remote": remote}
        try:
            with self._engine.begin() as db:
                db.execute(desk_requests.insert().values(**values))
        except IntegrityError:
            with self._engine.connect() as db:
                known = db.execute(select(desk_requests).where(desk_requests.c.key == key)).first()
            if known is None:
                raise
            if (known.handoff_id, known.fingerprint) != (handoff, fingerprint):
                raise KeyReused(key) from None

    def reserved(self, key: str) -> bool:
        """Say whether a request with this key was made before, whatever became of it."""
        with self._engine.connect() as db:
            return db.execute(select(desk_requests.c.key).where(desk_requests.c.key == key)).first() is not None

    def remote_of(self, key: str) -> str | None:
        """Return what the program that made a request calls it."""
        with self._engine.connect() as db:
            return db.execute(select(desk_requests.c.remote).where(desk_requests.c.key == key)).scalar()

    # ---- adapters: desks without a token of ours ---------------------------------------------------------------

    def adapter(self, desk: str, shown: str, now: datetime, in_teams: Collection[str] = ()) -> DeskAccount:
        """Return the account that an adapter acts as, made at its first use; it is in exactly these teams.

        Raises:
            LookupError: there is no such team; the text names it.
        """
        with self._engine.begin() as db:
            agent = _account(db, desk, shown, now)
            _set_teams(db, agent, in_teams)
            return _acting(db, agent, desk, shown)

    def retire(self, desk: str) -> None:
        """Let an adapter's account take nothing any more: the adapter is not set up."""
        with self._engine.begin() as db:
            tokens = select(desk_tokens.c.agent_id).where(desk_tokens.c.revoked_at.is_(None))
            db.execute(
                update(agents)
                .where(agents.c.username == _DESK + desk, agents.c.active, agents.c.id.not_in(tokens))
                .values(active=False)
            )


_DESK = "desk:"  # no person's username may be taken by a desk, nor the other way round
_CAPACITY = 1_000_000  # how many conversations a desk's agents may have is the desk's business


def _account(db: Connection, desk: str, shown: str, now: datetime) -> int:
    """Return the desk's account, made or woken up."""
    values: dict[str, Any] = {"active": True, **({"name": shown} if shown else {})}
    found = db.execute(
        update(agents).where(agents.c.username == _DESK + desk).values(**values).returning(agents.c.id)
    ).scalar()
    if found is not None:
        return int(found)
    made = agents.insert().values(
        username=_DESK + desk,
        name=shown or desk,
        kind="desk",
        role="agent",
        capacity=_CAPACITY,
        created_at=now,
    )
    return int(db.execute(made.returning(agents.c.id)).scalar_one())


def _set_teams(db: Connection, agent: int, names: Collection[str]) -> None:
    known = {row.name: row.id for row in db.execute(select(teams.c.id, teams.c.name).where(teams.c.name.in_(names)))}
    for name in names:
        if name not in known:
            raise LookupError(f"there is no team {name!r}")
    db.execute(delete(agent_teams).where(agent_teams.c.agent_id == agent))
    for team in known.values():
        db.execute(agent_teams.insert().values(agent_id=agent, team_id=team))


def _acting(db: Connection, agent: int, token: str, shown: str) -> DeskAccount:
    rows = db.execute(
        select(teams.c.id, teams.c.sees_sensitive)
        .join(agent_teams, agent_teams.c.team_id == teams.c.id)
        .where(agent_teams.c.agent_id == agent)
    ).all()
    return DeskAccount(agent, token, shown, frozenset(row.id for row in rows), any(row.sees_sensitive for row in rows))


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
