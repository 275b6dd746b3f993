"""Signatures of webhooks, as Standard Webhooks has them (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets

_PREFIX = "whsec_"
TOLERANCE_SECONDS = 300
"""How far a message's time may be from the receiver's clock."""


def new_secret() -> str:
    """Return a new secret."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for: what follows ``whsec_`` is base64; any other text is itself the key.

    Raises:
        ValueError: it is no base64, or the key has fewer than 16 bytes.
    """
    try:
        body = secret.removeprefix(_PREFIX)
        key = base64.b64decode(body, validate=True) if secret.startswith(_PREFIX) else body.encode()
    except binascii.Error:
        raise ValueError("what follows whsec_ is no base64") from None
    if len(key) < 16:
        raise ValueError("needs 16 bytes or more")
    return key


def signature(key: bytes, event_id: str, timestamp: int, body: bytes) -> str:
    """Return the value of the header ``webhook-signature``."""
    signed = b".".join((event_id.encode(), str(timestamp).encode(), body))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def chatwoot_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of Chatwoot's header ``X-Chatwoot-Signature`` (https://github.com/chatwoot/chatwoot/pull/13573)."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
