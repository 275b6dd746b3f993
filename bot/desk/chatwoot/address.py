"""The address that Chatwoot calls: part of it is a secret, for Chatwoot before 4.13 signs nothing."""

from __future__ import annotations

import hashlib
import hmac


def path_secret(secret: str) -> str:
    """Return the secret part of the address, made of VENTANILLA_SECRET."""
    return hmac.new(secret.encode(), b"desk: chatwoot webhook", hashlib.sha256).hexdigest()[:40]


def webhook_url(public_url: str, secret: str) -> str:
    """Return the address to enter in Chatwoot as the inbox's webhook."""
    return f"{public_url}/api/v1/chatwoot/{path_secret(secret)}"
