from __future__ import annotations

import contextlib
import json
import threading
import time

import pytest

from bot.core.codec import from_payload, to_payload
from bot.core.messages import Text
from bot.core.replies import Say
from bot.core.turns import TurnRequest, TurnResult, Understood
from bot.worker.engine_client import EngineClient, EngineUnavailable
from tests.people import ROSA
from tests.processes import in_threads
from tests.servers import free_port, serving

REQUEST = TurnRequest("sms:SM1", "c" * 32, "sms", Text("¿qué necesito? 🙂"))
RESULT = TurnResult((Say("hello"),), Understood("greet", 0.9))
GOOD = to_payload(RESULT)
# What a loaded machine may add to a budget.
SLACK = 1.0


@pytest.fixture
def client():
    """Make a client of these engines; closed at the end of the test."""
    with contextlib.ExitStack() as stack:
        yield lambda urls, timeout: stack.enter_context(contextlib.closing(EngineClient(urls, timeout)))


def good(request):
    request.json(GOOD)


FAILURES = {
    "500": lambda request: request.json({"error": "boom"}, 500),
    "503 with a good body": lambda request: request.json(GOOD, 503),
    "404": lambda request: request.json({}, 404),
    "redirect": lambda request: request.raw(b"", 302, {"Location": "http://127.0.0.1:1/turns"}),
    "no content": lambda request: request.raw(b"", 200),
    "not json": lambda request: request.raw(b"<html>busy</html>"),
    "half of a json": lambda request: request.raw(json.dumps(GOOD).encode()[:20]),
    "not utf-8": lambda request: request.raw(b'{"replies": "\xff\xfe"}'),
    "deep json": lambda request: request.raw(b"[" * 100_000),
    "null": lambda request: request.json(None),
    "a list": lambda request: request.json([GOOD]),
    "no replies": lambda request: request.json({**GOOD, "replies": []}),
    "unknown field": lambda request: request.json({**GOOD, "mood": "good"}),
    "unknown reply": lambda request: request.json({**GOOD, "replies": [{"type": "Sing", "phrase": "la"}]}),
    "missing field": lambda request: request.json({"replies": GOOD["replies"]}),
    "wrong type": lambda request: request.json({**GOOD, "understood": {"intent": 3, "confidence": 1}}),
    "a number too big": lambda request: request.json({**GOOD, "understood": {"intent": "x", "confidence": 10**400}}),
    "closed at once": lambda request: request.wfile.close(),
    "length that lies": lambda request: request.raw(b"{}", 200, {"Content-Length": "5000"}),
    "a broken answer": lambda request: request.wfile.write(b"BANANA\r\n\r\n"),
}


def close_after(behave):
    def answer(request):
        request.close_connection = True
        behave(request)

    return answer


def test_a_turn_is_asked_and_read(client):
    with serving(good) as engine:
        assert client([engine.url], 3).turn(REQUEST) == RESULT
        ((method, path, body),) = engine.requests
    assert (method, path) == ("POST", "/turns")
    assert from_payload(TurnRequest, json.loads(body)) == REQUEST


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_failing_engine_is_never_believed(client, failure):
    with serving(close_after(failure)) as engine, pytest.raises(EngineUnavailable):
        client([engine.url], 2).turn(REQUEST)


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_a_second_engine_answers_for_a_failing_one(client, failure):
    with serving(close_after(failure)) as bad, serving(good) as fine:
        engines = client([bad.url, fine.url], 3)
        assert [engines.turn(REQUEST) for _ in range(2)] == [RESULT, RESULT]
        assert len(bad.requests) == 1


def test_an_engine_that_hangs_costs_the_budget_and_no_more(client):
    with serving(lambda request: request.server.hang()) as engine:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable):
            client([engine.url], 0.5).turn(REQUEST)
        assert 0.4 < time.monotonic() - began < 0.5 + SLACK


def test_an_engine_that_goes_on_hanging_costs_others_little(client):
    with serving(lambda request: request.server.hang()) as engine:
        asking = client([engine.url], 1.5)

        def turn(_):
            began = time.monotonic()
            with pytest.raises(EngineUnavailable):
                asking.turn(REQUEST)
            return time.monotonic() - began

        first = in_threads(3, turn)
        assert min(first) > 1.4
        later = sorted(in_threads(4, turn))
        assert later[-1] > 1.4, "one at a time has all the time"
        assert later[2] < 1.4


def test_an_engine_that_is_back_is_believed_at_once(client):
    back = threading.Event()

    def behave(request):
        good(request) if back.is_set() else request.server.hang()

    with serving(behave) as engine:
        asking = client([engine.url], 0.6)
        for _ in range(4):
            with pytest.raises(EngineUnavailable):
                asking.turn(REQUEST)
        back.set()
        assert asking.turn(REQUEST) == RESULT


def test_an_engine_that_hangs_leaves_time_for_the_next(client):
    with serving(lambda request: request.server.hang()) as hanging, serving(good) as fine:
        engines = client([hanging.url, fine.url], 1.0)
        for _ in range(2):
            began = time.monotonic()
            assert engines.turn(REQUEST) == RESULT
            assert time.monotonic() - began < 1.0 + SLACK


def test_however_many_engines_hang_the_budget_is_one(client):
    with serving(lambda request: request.server.hang()) as engine:
        began = time.monotonic()
        with pytest.raises(EngineUnavailable):
            client([engine.url] * 4, 1.0).turn(REQUEST)
        assert time.monotonic() - began < 1.0 + SLACK
        assert len(engine.requests) == 4


def test_an_engine_that_is_not_there_fails_at_once_and_the_next_answers(client):
    began = time.monotonic()
    with pytest.raises(EngineUnavailable):
        client([f"http://127.0.0.1:{free_port()}"], 3).turn(REQUEST)
    assert time.monotonic() - began < SLACK
    with serving(good) as fine:
        assert client([f"http://127.0.0.1:{free_port()}", fine.url + "/"], 3).turn(REQUEST) == RESULT


def test_no_engine_at_all(client):
    with pytest.raises(EngineUnavailable):
        client([], 3).turn(REQUEST)


def test_engines_share_the_turns(client):
    with serving(good) as one, serving(good) as other:
        engines = client([one.url, other.url], 3)
        in_threads(10, lambda _: engines.turn(REQUEST))
        assert len(one.requests) == len(other.requests) == 5


def test_a_proxy_of_the_environment_is_not_asked(client, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with serving(good) as engine:
        assert client([engine.url], 3).turn(REQUEST) == RESULT


def test_the_log_of_a_failure_holds_no_text(client, json_logs):
    secret = TurnRequest("sms:SM1", "c" * 32, "sms", Text(f"me llamo Rosa {ROSA}"))
    with serving(lambda request: request.raw(request.body, 500)) as engine, pytest.raises(EngineUnavailable):
        client([engine.url], 1).turn(secret)
    assert "engine failed" in json_logs()
    assert "Rosa" not in json_logs()
    assert ROSA[1:] not in json_logs()


def test_ready_when_one_of_them_is(client):
    with serving(good) as fine, serving(FAILURES["500"]) as bad:
        dead = f"http://127.0.0.1:{free_port()}"
        assert client([dead, bad.url, fine.url], 3).ready()
        assert not client([dead, bad.url], 3).ready()
        assert not client([], 3).ready()
