"""Logs: JSON lines that never carry what a person wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from engine_harness import ROOT

from bot.engine.logs import redact

PHONE = "+52 951 123 4567"
CURP = "GARC850101HOCRRL09"


def lines_of(code: str, level: str = "INFO") -> list[dict[str, Any]]:
    program = (
        "import logging, structlog, warnings\n"
        f"from bot.engine.logs import configure_logs; configure_logs({level!r})\n"
        "log = logging.getLogger('x'); slog = structlog.get_logger()\n" + code
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_an_entry_is_one_line_with_time_level_logger_and_event() -> None:
    (line,) = lines_of("log.info('a\\nb', extra={'seconds': 0.5, 'text': 'mi acta'})")
    assert set(line) == {"time", "level", "logger", "event", "seconds"}
    assert (line["level"], line["logger"], line["event"], line["seconds"]) == ("info", "x", "a\nb", 0.5)


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
def test_rasas_structured_entries_lose_texts_and_slots(level: str) -> None:
    code = (
        "slog.warning('message.parsing.failed', user_text='mi acta', slot_values={'a': 'mi acta'},\n"
        "             event_info='mi acta')\n"
        "slog.debug('processor.message.parse', parse_data_text='mi acta')\n"
        "logging.getLogger('rasa.core.x').debug('mi acta')"
    )
    lines = lines_of(code, level)
    assert [line["event"] for line in lines] == ["message.parsing.failed"]
    assert "mi acta" not in json.dumps(lines)


def test_exceptions_show_type_and_place_but_no_message() -> None:
    code = (
        "try: raise KeyError('mi acta')\n"
        "except KeyError: log.exception('it failed'); slog.error('it failed', exc_info=True)\n"
        "try: open('/nowhere/at/all')\n"
        "except OSError: log.exception('no file')"
    )
    first, second, third = lines_of(code)
    assert first["exception"] == second["exception"] == "builtins.KeyError"
    assert first["trace"]
    assert "mi acta" not in json.dumps([first, second])
    assert third["exception"] == "builtins.FileNotFoundError: No such file or directory"


def test_python_warnings_show_their_place_only() -> None:
    (line,) = lines_of("warnings.warn('\\x1b[93mmi acta', UserWarning)")
    assert line["logger"] == "py.warnings"
    assert line["event"].endswith("UserWarning")
    assert "acta" not in line["event"]


@pytest.mark.parametrize("text", [PHONE, "9511234567", "951-123-45-67", CURP, CURP.lower(), "tel.:(951)1234567"])
def test_numbers_and_curps_are_masked_wherever_they_appear(text: str) -> None:
    masked = redact(f"failed for {text}.")
    assert not any(character.isdigit() for character in masked)
    assert masked.startswith("failed for ")
    (line,) = lines_of(f"log.error('failed for {text}', extra={{'error': '{text}'}})")
    assert "1234567" not in json.dumps(line)
    assert "850101" not in json.dumps(line).lower()


@pytest.mark.parametrize("text", ["turn", "0.0123 s", "127.0.0.1:5055", "python3.10", "answered 500", "2026-11-22"])
def test_ordinary_numbers_stay(text: str) -> None:
    assert redact(text) == text
