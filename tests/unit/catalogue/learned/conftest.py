"""Tests of what is learned: run with ``.venv-engine/bin/python -m pytest tests/unit/catalogue/learned``."""

from __future__ import annotations

import importlib.util

collect_ignore_glob = [] if importlib.util.find_spec("sklearn") else ["test_*.py"]
