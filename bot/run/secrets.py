"""Secrets that a trial needs and nobody has set: made once, kept in files that only their owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from bot.run.errors import RunError
from bot.settings import Settings


def complete(config: Settings, *, create: bool) -> Settings:
    """Return the settings with the secrets that are kept under VAR, when the twin is the carrier.

    ``create``: make the missing ones; otherwise they stay empty. With Twilio's credentials nothing is made up.

    Raises:
        RunError: with Twilio as the carrier, something that it needs is not set; each is named.
    """
    if not config.twin_is_carrier:
        _require_operator_settings(config)
        return config
    folder = config.var / "secret"
    kept = {
        "ventanilla_secret": config.ventanilla_secret or kept_secret(folder / "ventanilla_secret", create=create),
        "twin_auth_token": config.twin_auth_token or kept_secret(folder / "twin_auth_token", create=create),
    }
    return config.model_copy(update=kept)


def _require_operator_settings(config: Settings) -> None:
    needed = {
        "TWILIO_AUTH_TOKEN": config.twilio_auth_token,
        "PUBLIC_URL": config.public_url,
        "VENTANILLA_SECRET": config.ventanilla_secret,
    }
    missing = [name for name, value in needed.items() if not value]
    if missing:
        raise RunError(f"With TWILIO_ACCOUNT_SID set, these are needed too: {', '.join(missing)}.")


def kept_secret(path: Path, *, create: bool) -> str:
    """Return the secret in ``path``, made at the first call with ``create``; empty when there is none.

    Made by one process at a time (`ventanilla run` holds its lock), and moved into place whole.
    """
    if not path.exists():
        if not create:
            return ""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    secret = path.read_text(encoding="ascii").strip()
    if not secret:
        raise RunError(f"{path} is empty: restore it from a backup, or delete it to start with no known contacts.")
    return secret
