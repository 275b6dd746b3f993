"""Who is who: addresses, whose they are, and how a person is reached on each channel."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.ids import Address, BadNumber, address_key, parse_address
from bot.core.messages import ChannelName, InboundMessage
from bot.store.cipher import Cipher, WrongSecret
from bot.store.tables import addresses, contacts, conversations

SESSION = timedelta(hours=24)
"""How long after a person's last message WhatsApp takes free text."""
_LONGEST_JOIN = 8  # a chain of joins longer than this is a loop in the data


@dataclass(frozen=True)
class Reach:
    """How a person is reached on a channel. ``address`` is "" when there is a ``problem``:

    "no_address", "wrong_secret" (an operator's mistake: it may pass), or "unreachable" (until the person writes again).
    """

    conversation_id: str
    opted_out: bool
    address: str = ""
    sender: str | None = None
    window_open: bool = True
    problem: str | None = None


class People:
    """Finds the conversation of an address and the addresses of a conversation, within a caller's transaction."""

    def __init__(self, dialect: str, secret: str, *old_secrets: str) -> None:
        """``old_secrets`` still find people and read their numbers; what is written is written under ``secret``."""
        self._secrets = (secret, *old_secrets)
        self._cipher = Cipher(secret, *old_secrets)
        self._insert: Any = postgresql.insert if dialect == "postgresql" else sqlite.insert

    # ---- whose message is it ---------------------------------------------------------------------------------

    def conversation_of(self, db: Connection, message: InboundMessage) -> str:
        """Return the conversation of whoever wrote, made if she is new, and note where she can be reached.

        An address known already decides. A WhatsApp user id that comes with a number is the number's person: what was
        her own conversation until then is joined to it.

        Raises:
            BadNumber: the sender is an address of nobody.
        """
        named = _addresses(message)
        keys = {address_key(secret, each): each for each in named for secret in self._secrets}
        rows = db.execute(_FIND, {"keys": list(keys)}).all()
        known = {keys[row.key]: row.conversation_id for row in rows}
        main = next((known[address] for address in named if address in known), None)
        if main is None:
            main = address_key(self._secrets[0], named[0])
            self._create(db, main, named[0], message.received_at)
        for address in named:
            other = known.get(address)
            if other is not None and other != main:
                self._join(db, other, main)
            mine = [row for row in rows if keys[row.key] == address and row.channel == message.channel]
            self._note(db, main, address, message, mine[0] if mine else None)
        return main

    def _create(self, db: Connection, conversation: str, address: Address, now: datetime) -> None:
        number = self._cipher.encrypt(address.value) if address.kind == "number" else b""
        db.execute(
            self._insert(contacts)
            .values(conversation_id=conversation, number_encrypted=number, created_at=now, last_inbound_at=now)
            .on_conflict_do_nothing()
        )
        db.execute(self._insert(conversations).values(id=conversation).on_conflict_do_nothing())

    def _note(
        self, db: Connection, conversation: str, address: Address, message: InboundMessage, row: Row[Any] | None
    ) -> None:
        """Write where the person can be reached; a message that comes late does not turn the clock back."""
        key = address_key(self._secrets[0], address)
        wrote_from = address == parse_address(message.sender)
        if row is None:
            wrote = {"sender": message.recipient, "last_inbound_at": message.received_at} if wrote_from else {}
            db.execute(
                self._insert(addresses)
                .values(
                    conversation_id=conversation,
                    channel=message.channel,
                    kind=address.kind,
                    key=key,
                    address_encrypted=self._cipher.encrypt(_written(address, message)),
                    **wrote,
                )
                .on_conflict_do_nothing()
            )
            if address.kind == "number":  # perhaps the first of a person who until now was a user id only
                number = self._cipher.encrypt(address.value)
                db.execute(_FIRST_NUMBER, {"conversation": conversation, "number": number})
            return
        moved = row.key != key or message.channel == "whatsapp"  # there one number has two spellings
        if moved and wrote_from:
            token = self._cipher.encrypt(_written(address, message))
            db.execute(_REWRITE, {"row": row.id, "new_key": key, "token": token})
        if wrote_from and (row.last_inbound_at is None or row.last_inbound_at <= message.received_at):
            db.execute(_TOUCH, {"row": row.id, "ours": message.recipient, "at": message.received_at})

    def _join(self, db: Connection, other: str, main: str) -> None:
        """Make ``other`` a part of ``main``. Who stopped one of them stopped both."""
        db.execute(update(addresses).where(addresses.c.conversation_id == other).values(conversation_id=main))
        db.execute(update(contacts).where(contacts.c.conversation_id == other).values(joined_to=main))
        stopped = db.execute(
            select(contacts.c.opted_out_at, contacts.c.opted_out_by).where(
                contacts.c.conversation_id == other, contacts.c.opted_out_at.is_not(None)
            )
        ).first()
        if stopped is not None:
            db.execute(
                update(contacts)
                .where(contacts.c.conversation_id == main, contacts.c.opted_out_at.is_(None))
                .values(opted_out_at=stopped.opted_out_at, opted_out_by=stopped.opted_out_by)
            )

    # ---- where is she reached --------------------------------------------------------------------------------

    def reach(self, db: Connection, conversation: str, channel: str, now: datetime) -> Reach:
        """Return how to reach a person on a channel: where she wrote last, else the number that she has elsewhere."""
        person = root(db, conversation)
        contact = db.execute(select(contacts).where(contacts.c.conversation_id == person)).one()
        row = _address_row(db, person, channel)
        stopped = contact.opted_out_at is not None
        if row is None and not contact.number_encrypted:
            return Reach(person, stopped, problem="no_address", window_open=False)
        try:
            if row is None:
                number = self._cipher.decrypt(contact.number_encrypted)
                address = f"whatsapp:{number}" if channel == "whatsapp" else number
                return Reach(person, stopped, address, window_open=channel != "whatsapp")
            address = self._cipher.decrypt(row.address_encrypted)
        except WrongSecret:
            return Reach(person, stopped, problem="wrong_secret")
        if row.unreachable_at is not None:
            return Reach(person, stopped, "", row.sender, problem="unreachable")
        return Reach(person, stopped, address, row.sender, channel != "whatsapp" or _window_open(row, now))

    def number_of(self, db: Connection, conversation: str) -> str | None:
        """Return a person's number, or None when she has none that we know.

        Raises:
            WrongSecret: VENTANILLA_SECRET is not the one it was encrypted with.
        """
        token = db.execute(
            select(contacts.c.number_encrypted).where(contacts.c.conversation_id == root(db, conversation))
        ).scalar_one()
        return self._cipher.decrypt(token) if token else None

    def close_window(self, db: Connection, conversation: str, since: datetime, now: datetime) -> None:
        """Note that WhatsApp takes no free text, unless the person wrote after ``since``."""
        db.execute(
            update(addresses)
            .where(
                addresses.c.conversation_id == root(db, conversation),
                addresses.c.channel == "whatsapp",
                (addresses.c.last_inbound_at.is_(None)) | (addresses.c.last_inbound_at <= since),
            )
            .values(window_closed_at=now)
        )

    def unreachable(
        self, db: Connection, conversation: str, channel: ChannelName, code: str, since: datetime, now: datetime
    ) -> None:
        """Note that a channel does not reach a person, unless she wrote on it after ``since``."""
        person = root(db, conversation)
        row = _address_row(db, person, channel)
        if row is None:
            contact = db.execute(select(contacts.c.number_encrypted).where(contacts.c.conversation_id == person)).one()
            if not contact.number_encrypted:
                return
            number = self._cipher.decrypt(contact.number_encrypted)
            key = address_key(self._secrets[0], Address("number", number))
            db.execute(
                self._insert(addresses)
                .values(
                    conversation_id=person,
                    channel=channel,
                    kind="number",
                    key=key,
                    address_encrypted=self._cipher.encrypt(f"whatsapp:{number}" if channel == "whatsapp" else number),
                    unreachable_at=now,
                    unreachable_code=code,
                )
                .on_conflict_do_nothing()
            )
        elif row.last_inbound_at is None or row.last_inbound_at <= since:
            db.execute(
                update(addresses).where(addresses.c.id == row.id).values(unreachable_at=now, unreachable_code=code)
            )

    # ---- another secret --------------------------------------------------------------------------------------

    def rekey(self, db: Connection) -> tuple[int, int]:
        """Write every address and number under the newest secret; return how many were read, and how many could not.

        Conversation ids stay what they are: from then on an address's key, not the id, finds its conversation.
        """
        done = failed = 0
        for contact in db.execute(select(contacts.c.conversation_id, contacts.c.number_encrypted)).all():
            if not contact.number_encrypted:
                continue
            try:
                number = self._cipher.decrypt(contact.number_encrypted)
            except WrongSecret:
                failed += 1
                continue
            mine = contacts.c.conversation_id == contact.conversation_id
            db.execute(update(contacts).where(mine).values(number_encrypted=self._cipher.encrypt(number)))
        for row in db.execute(select(addresses)).all():
            try:
                written = self._cipher.decrypt(row.address_encrypted)
                key = address_key(self._secrets[0], parse_address(written))
            except (WrongSecret, BadNumber):
                failed += 1
                continue
            db.execute(
                update(addresses)
                .where(addresses.c.id == row.id)
                .values(key=key, address_encrypted=self._cipher.encrypt(written))
            )
            done += 1
        return done, failed


_FIND = select(addresses).where(addresses.c.key.in_(bindparam("keys", expanding=True)))
_TOUCH = (
    update(addresses)
    .where(addresses.c.id == bindparam("row"))
    .values(
        sender=bindparam("ours"),
        last_inbound_at=bindparam("at"),
        window_closed_at=None,
        unreachable_at=None,
        unreachable_code=None,
    )
)
_REWRITE = (
    update(addresses)
    .where(addresses.c.id == bindparam("row"))
    .values(key=bindparam("new_key"), address_encrypted=bindparam("token"))
)
_FIRST_NUMBER = (
    update(contacts)
    .where(contacts.c.conversation_id == bindparam("conversation"), contacts.c.number_encrypted == b"")
    .values(number_encrypted=bindparam("number"))
)


def _written(address: Address, message: InboundMessage) -> str:
    """Return an address as the message's channel writes it."""
    if message.channel == "whatsapp":
        written = message.sender if address == parse_address(message.sender) else address.value
        return written if written.lower().startswith("whatsapp:") else f"whatsapp:{written}"
    return address.value if address.kind in ("number", "bsuid") else message.sender


def root(db: Connection, conversation: str) -> str:
    """Return the conversation that this one was joined to, or itself."""
    for _ in range(_LONGEST_JOIN):
        joined = db.execute(select(contacts.c.joined_to).where(contacts.c.conversation_id == conversation)).scalar()
        if joined is None:
            return conversation
        conversation = joined
    raise RuntimeError("conversations are joined in a circle")


def sender_of(db: Connection, conversation: str, channel: str) -> str | None:
    """Return the one of our numbers that a person writes to on a channel."""
    row = _address_row(db, root(db, conversation), channel)
    return row.sender if row is not None else None


def _address_row(db: Connection, person: str, channel: str) -> Row[Any] | None:
    latest = case((addresses.c.last_inbound_at.is_(None), 1), else_=0)
    return db.execute(
        select(addresses)
        .where(addresses.c.conversation_id == person, addresses.c.channel == channel)
        .order_by(latest, addresses.c.last_inbound_at.desc(), addresses.c.kind.desc())
        .limit(1)
    ).first()


def _window_open(row: Row[Any], now: datetime) -> bool:
    return row.window_closed_at is None and row.last_inbound_at is not None and now - row.last_inbound_at < SESSION


def _addresses(message: InboundMessage) -> tuple[Address, ...]:
    """Return who wrote, her number first.

    Raises:
        BadNumber: the sender names nobody.
    """
    sender = parse_address(message.sender)
    if not sender.value:
        raise BadNumber("the number is withheld: it names nobody")
    others = [parse_address(message.also)] if message.also else []
    found = {each: None for each in (sender, *others) if each.value}
    return tuple(sorted(found, key=lambda each: each.kind != "number"))
