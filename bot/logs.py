"""JSON logs on standard output, without what must not be in them: phone numbers, CURPs, texts."""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

from pythonjsonlogger.json import JsonFormatter

# A second net: nothing should log a number or a CURP; if something does (an address in a library's error), it is
# masked here. Runs of 8 digits or more, with the separators people use, and the CURP's fixed pattern.
_DIGITS = re.compile(r"\+?\d(?:[\s().-]{0,3}\d){7,}")
_CURP = re.compile(r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\b", re.IGNORECASE)
# Ours, made of nothing secret, and of use only whole.
_KEPT = {"time", "level", "logger", "process", "delivery_id", "conversation_id"}


def mask(text: str) -> str:
    """Return ``text`` with long runs of digits and CURPs replaced by ``[…]``."""
    return _DIGITS.sub("[...]", _CURP.sub("[...]", text))


class _MaskingFormatter(JsonFormatter):
    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        """Mask every field: the message, the traceback, the stack, what came as extra."""
        return {key: value if key in _KEPT else _masked(value) for key, value in log_data.items()}


def _masked(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, dict):
        return {mask(str(key)): _masked(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_masked(item) for item in value]
    text = str(value)
    masked = mask(text)
    return value if isinstance(value, int) and masked == text else masked


def configure(process: str, level: str = "INFO") -> None:
    """Send every log record of this process to standard output as one JSON object a line."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        _MaskingFormatter(
            "{asctime}{levelname}{name}{message}",
            style="{",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger", "message": "event"},
            static_fields={"process": process},
            datefmt="%Y-%m-%dT%H:%M:%S%z",
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These log whole addresses (with ids or numbers in them) at INFO.
    for noisy in ("httpx", "httpcore", "urllib3", "werkzeug", "alembic", "twilio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
