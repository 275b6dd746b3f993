"""Logs of the engine: one JSON object a line on standard output, without what a person wrote.

Rasa logs message texts and slots as fields of structured entries and as values inside exceptions. So fields are
dropped unless they are named here, exceptions show their type and place but not their message, and personal data
(:mod:`bot.core.redact`) and any long number are masked in whatever is left.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from datetime import datetime, timezone
from typing import Any

import structlog

from bot.core.redact import redact as redact_personal

_FIELDS = frozenset({"seconds", "status", "outcome", "intent", "replayed", "conversation", "error", "path", "port"})
"""The fields beside the event that an entry may carry."""

_LONG_NUMBER = re.compile(r"\d{7,}")


def redact(text: str) -> str:
    """Mask personal data, and any seven digits in a row: a log has no use for the folios that a conversation keeps."""
    return _LONG_NUMBER.sub("[number]", redact_personal(text))


def keep_named_fields(_: Any, __: str, entry: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop the fields of a structlog entry that are not named in this module (a structlog processor)."""
    return {key: value for key, value in entry.items() if key in _FIELDS or key in ("event", "exc_info")}


class JsonFormatter(logging.Formatter):
    """One entry as one line of JSON: time, level, logger, event, and the named fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact(record.getMessage()),
        }
        for name in sorted(_FIELDS):
            value = record.__dict__.get(name)
            if value is not None:
                entry[name] = redact(value) if isinstance(value, str) else value
        if record.exc_info and record.exc_info[1] is not None:
            entry.update(_exception(record.exc_info[1]))
        return json.dumps(entry, ensure_ascii=False, default=lambda value: type(value).__name__)


def _exception(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return {
        # the system's own words ("Address already in use") hold nothing of anybody's
        "exception": f"{name}: {error.strerror}" if isinstance(error, OSError) and error.strerror else name,
        "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def configure_logs(level: str) -> None:
    """Send everything that is logged in this process to standard output as JSON lines.

    Rasa stays at INFO or above whatever ``level`` says: its DEBUG entries are texts and slots.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    quietest = max(logging.INFO, logging.getLevelName(level))
    for name in ("rasa", "asyncio", "aiohttp", "matplotlib", "sanic", "urllib3"):
        logging.getLogger(name).setLevel(quietest)
    # what Rasa learns at import time about TensorFlow, matplotlib's fonts and schedulers is of no use to an operator
    for name in ("apscheduler", "sanic.access", "faker", "matplotlib.font_manager"):
        logging.getLogger(name).setLevel(logging.ERROR)
    structlog.configure(
        processors=[keep_named_fields, structlog.stdlib.render_to_log_kwargs],
        context_class=dict,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(quietest),
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").addFilter(_without_words)


def _without_words(record: logging.LogRecord) -> bool:
    """Shorten a Python warning to its place and category: Rasa quotes the message's text in some."""
    lines = str(record.args[0] if isinstance(record.args, tuple) and record.args else record.msg).splitlines()
    first = re.sub(r"\x1b\[\d+m", "", lines[0] if lines else "")  # Rasa colours its warnings
    record.msg, record.args = re.split(r"(?<=Warning):", first, maxsplit=1)[0], None
    return True
