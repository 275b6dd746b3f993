from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import Redis
from tests.unit.gateway.voice_line import Line, NoEngine


@pytest.fixture
def line(tmp_path, sqlite_url, redis_server: Redis) -> Iterator[Line]:
    built = Line(tmp_path, sqlite_url, redis_server.url, NoEngine())
    with built.working():
        yield built


def test_a_call_is_greeted_asked_and_answered(line):
    caller = line.caller()
    first = caller.dial()
    assert first.has("Gather")
    print(first.text)
    answer = caller.say("requisitos del pasaporte")
    print(answer.text)
    print(caller.press("8").heard)
    print(caller.press("1").heard)
    print(caller.press("*").heard)
    print(caller.press("*").heard)
    print(caller.keep_silent().heard)
    print(caller.say("adiós").text)
    assert 0
