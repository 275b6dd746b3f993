"""JSON logs on standard output, without what must not be in them: phone numbers, CURPs, texts."""

from __future__ import annotations

import logging
import re
import sys

from pythonjsonlogger.json import JsonFormatter

# A second net: nothing should log a number or a CURP; if something does (an address in a library's error), it is
# masked here. Runs of 8 digits or more, with the separators people use, and the CURP's fixed pattern.
_DIGITS = re.compile(r"\+?\d(?:[\s().-]?\d){7,}")
_CURP = re.compile(r"\b[A-Z]{4}\d{6}[HMX][A-Z]{5}[A-Z0-9]\d\b", re.IGNORECASE)


def mask(text: str) -> str:
    """Return ``text`` with long runs of digits and CURPs replaced by ``[…]``."""
    return _DIGITS.sub("[...]", _CURP.sub("[...]", text))


class _MaskingFormatter(JsonFormatter):
    def format(self, record: logging.LogRecord) -> str:
        """Format, then mask every text field (the message, the traceback, extra fields)."""
        record.msg = mask(record.getMessage())
        record.args = ()
        return super().format(record)

    def formatException(self, ei: object) -> str:  # noqa: N802  (logging's own name)
        return mask(super().formatException(ei))  # type: ignore[arg-type]


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
