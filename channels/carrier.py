"""What takes messages out to phones. Twilio is the carrier; the twin speaks Twilio's API, so it is not another one."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

from bot.core.delivery import DeliveryError, Outgoing


class CarrierMisconfigured(DeliveryError):
    """Credentials, account, sender or address are wrong. Nothing goes out until an operator acts: kept, and loud."""

    retryable = True
    counted = False


class Carrier(Protocol):
    """Sends messages. Both methods raise subclasses of ``bot.core.delivery.DeliveryError``, which carry the policy."""

    def send(
        self, to: str, outgoing: Outgoing, *, delivery_id: str, status_callback: str, sender: str | None = None
    ) -> str:
        """Hand one message over and return the carrier's id for it.

        ``to`` is the address as the channel writes it (``whatsapp:+521…``). ``sender``: the one of our numbers that it
        goes out from, where there are several. ``status_callback`` is a public address, or "" for none; ``delivery_id``
        travels in its query as ``delivery``, so that a callback finds its delivery even when our commit was lost.
        """

    def find_sent(
        self, to: str, text: str, since: datetime, *, known: Collection[str] = (), sender: str | None = None
    ) -> str | None:
        """Return the carrier's id of a message that it took from us, or None when it has none.

        For a delivery whose worker died, or timed out, between the carrier's answer and our commit. ``since`` (aware)
        is when that attempt began; ``known`` are ids that already belong to other deliveries to this number, so that
        the same words sent twice are not taken for one.
        """
