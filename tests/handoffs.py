"""People who ask for a person, for tests: what a worker writes, made through the store's own methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from bot.core.delivery import Outgoing
from bot.core.effects import BringPerson, Effect
from bot.core.messages import Content
from bot.core.turns import TurnContext, Understood
from bot.store import Store, TurnOutcome
from tests.builders import inbound
from tests.people import ROSA

PERSON = BringPerson("asked", "sms", "procedure:curp-primera-vez")


def turn_of(
    store: Store,
    outgoing: Sequence[Outgoing] = (),
    effects: Sequence[Effect] = (),
    *,
    context: TurnContext | None = None,
    understood: Understood | None = None,
    before_commit: Callable[[], object] | None = None,
) -> str:
    """Give the message that waits its turn, and return its conversation's id."""
    lease = store.lease_conversation("w", 30)
    assert lease is not None
    message = store.next_message(lease)
    assert message is not None
    state = store.state(lease.conversation_id)
    state = replace(state, options=(), context=context or state.context)
    if before_commit:
        before_commit()
    store.commit_turn(lease, message, TurnOutcome("answer", tuple(outgoing), state, understood, effects=tuple(effects)))
    store.release(lease)
    return lease.conversation_id


def writes(
    store: Store,
    content: str | Content = "hola",
    sender: str = ROSA,
    outgoing: Sequence[Outgoing] = (),
    effects: Sequence[Effect] = (),
    *,
    channel: str = "sms",
    context: TurnContext | None = None,
    understood: Understood | None = None,
    before_commit: Callable[[], object] | None = None,
) -> str:
    """Let somebody write, with the turn that follows; return the conversation's id."""
    message = inbound(content, sender, channel=channel)
    store.record(message, message.content)
    return turn_of(store, outgoing, effects, context=context, understood=understood, before_commit=before_commit)


def sent(store: Store) -> list[str]:
    """Hand everything that is due to a carrier that takes all, and return the texts."""
    found: list[str] = []
    while (delivery := store.lease_delivery("w", 10)) is not None:
        found.append(delivery.text)
        store.delivery_accepted(delivery, f"SM{len(found):032d}")
    return found
