"""Contract values as JSON in a column."""

from __future__ import annotations

import json
from typing import Any

from bot.core.codec import to_payload


def dump(value: Any) -> str:
    """Return a value of ``bot.core`` as compact JSON."""
    return json.dumps(to_payload(value), ensure_ascii=False, separators=(",", ":"))
