"""Passwords and second factors."""

from __future__ import annotations

import time

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
"""NIST SP 800-63B-4 asks for 15 where a password is the only factor and 8 with a second one; no rules on its signs."""

_HASHER = PasswordHasher()  # argon2id with the library's current defaults (RFC 9106, second recommendation)
# What an unknown account's password is checked against: the same work, so that time does not tell who exists.
_NOBODY = _HASHER.hash("nobody has this password")


class WeakPassword(ValueError):
    """A password is too short."""


def hashed(password: str) -> str:
    """Return what to store.

    Raises:
        WeakPassword: it is shorter than :data:`SHORTEST`.
    """
    if len(password) < SHORTEST:
        raise WeakPassword(f"a password needs {SHORTEST} characters or more")
    return _HASHER.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Say whether a password is the stored one; None (no such account, or none by password) takes as long."""
    try:
        return _HASHER.verify(stored or _NOBODY, password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def new_totp() -> str:
    """Return the secret of a new second factor (RFC 6238), base32."""
    return pyotp.random_base32()


def totp_uri(secret: str, username: str, institution: str) -> str:
    """Return the address by which an authenticator takes the secret."""
    return pyotp.TOTP(secret).provisioning_uri(name=username, issuer_name=institution)


def totp_step(secret: str, code: str) -> int | None:
    """Return the half minute that a code is for (now, the one before or after), or None when it is wrong."""
    digits = "".join(code.split())
    if len(digits) != 6 or not digits.isdecimal():
        return None
    totp, step = pyotp.TOTP(secret), int(time.time()) // 30
    return next((each for each in (step, step - 1, step + 1) if totp.verify(digits, for_time=each * 30)), None)
