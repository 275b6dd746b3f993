"""Encrypt phone numbers at rest. The key is derived from VENTANILLA_SECRET; old secrets may still decrypt."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class WrongSecret(RuntimeError):
    """A number was encrypted under another VENTANILLA_SECRET."""


class Cipher:
    """Authenticated encryption (Fernet) of one short text."""

    def __init__(self, secret: str, *old_secrets: str) -> None:
        """The first secret encrypts; all decrypt."""
        self._fernet = MultiFernet([Fernet(_key(each)) for each in (secret, *old_secrets)])

    def encrypt(self, text: str) -> bytes:
        """Return the token to store."""
        return self._fernet.encrypt(text.encode())

    def decrypt(self, token: bytes) -> str:
        """Return the text.

        Raises:
            WrongSecret: no known secret opens the token.
        """
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken:
            raise WrongSecret("VENTANILLA_SECRET is not the one that encrypted this contact") from None


def _key(secret: str) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=b"ventanilla contact numbers").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
