import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.logs import mask
from tests.people import CURPS, NUMBERS, ROSA, spellings


@pytest.fixture
def lines(json_logs):
    """What was logged so far, a JSON object a line."""
    return lambda: [json.loads(line) for line in json_logs().splitlines()]


@pytest.mark.parametrize("number", [each for number in NUMBERS for each in spellings(number)])
def test_a_number_is_masked_however_it_is_written(number):
    assert not any(ten in mask(f"to {number}, again") for ten in (ROSA[-8:], number[-8:]))
    assert sum(c.isdigit() for c in mask(f"to {number}, again")) <= 4


@pytest.mark.parametrize("curp", CURPS)
def test_a_curp_is_masked(curp):
    assert mask(f"curp {curp}.") == "curp [...]."
    assert curp.lower() not in mask(f"({curp.lower()})")


@given(st.text())
def test_any_text_can_be_masked(text):
    mask(text)


def test_short_numbers_stay(lines):
    logging.getLogger("x").info("retry 3 of 8 in 1500 ms, code 30003, port 8000")
    assert lines()[0]["event"] == "retry 3 of 8 in 1500 ms, code 30003, port 8000"


def test_a_record_is_one_json_object(lines):
    logging.getLogger("bot.x").warning("delivery %s", "put off", extra={"code": "20429", "attempts": 2})
    (line,) = lines()
    assert line["event"] == "delivery put off"
    assert (line["level"], line["logger"], line["process"]) == ("WARNING", "bot.x", "tests")
    assert (line["code"], line["attempts"]) == ("20429", 2)
    assert line["time"][:2] == "20"


def test_ids_are_kept_whole(lines):
    delivery = "0123456789012345678901234567890a"
    logging.getLogger("x").info("sent", extra={"delivery_id": delivery})
    assert lines()[0]["delivery_id"] == delivery


def test_numbers_and_curps_are_masked_wherever_they_hide(json_logs):
    log = logging.getLogger("x")
    secret = [*NUMBERS, *CURPS]
    log.info(f"to {secret}")
    log.info("to %s", ROSA)
    log.info("to %(number)s", {"number": ROSA})
    log.info("sent", extra={"to": ROSA, "all": secret, "deep": {"a": [ROSA]}, "as_int": int(ROSA)})
    log.info(ROSA)
    try:
        raise ValueError(f"cannot send to {ROSA} for {CURPS[0]}")
    except ValueError:
        log.exception("failed")
        log.error("again", stack_info=True)
    log.info("odd", extra={"object": Exception(ROSA)})
    out = json_logs()
    assert len(out.splitlines()) == 8
    for line in out.splitlines():
        json.loads(line)
    for each in secret:
        assert each not in out
        assert each.removeprefix("+") not in out


def test_libraries_that_log_addresses_are_quiet(lines):
    for name in ("httpx", "httpcore", "urllib3", "werkzeug", "twilio"):
        logging.getLogger(name).info("GET https://api.example/Messages?To=%s", ROSA)
    assert lines() == []
