from __future__ import annotations

import time

import pytest
import redis

from bot.worker.limits import Limits
from tests.processes import in_threads
from tests.servers import free_port


@pytest.fixture
def url(redis_server):
    redis.Redis.from_url(redis_server.url).flushall()
    return redis_server.url


def test_a_token_is_taken_once_by_all_workers_together(url):
    workers = [Limits(url, {"sms": 0.01}) for _ in range(8)]
    waits = in_threads(8, lambda index: workers[index].wait("sms", "+525500000000"))
    assert sorted(wait > 0 for wait in waits) == [False] + [True] * 7
    assert all(90 < wait <= 100 for wait in waits if wait)


def test_a_second_holds_as_many_as_the_rate(url):
    limits = Limits(url, {"whatsapp": 5})
    waits = [limits.wait("whatsapp", "a") for _ in range(6)]
    assert waits[:5] == [0.0] * 5
    assert 0 < waits[5] <= 0.2


def test_each_sender_and_channel_has_its_own(url):
    limits = Limits(url, {"sms": 0.01, "whatsapp": 0.01})
    assert [limits.wait(*each) for each in (("sms", "a"), ("sms", "b"), ("whatsapp", "a"))] == [0.0] * 3


def test_what_was_promised_is_kept(url):
    limits = Limits(url, {"sms": 20})
    while (wait := limits.wait("sms", "a")) == 0:
        pass
    deadline = time.monotonic() + 5
    while limits.wait("sms", "a"):
        assert time.monotonic() < deadline, "a token comes back"
    assert wait <= 0.05


@pytest.mark.parametrize("rates", [{}, {"sms": None}])
def test_a_channel_without_a_rate_is_not_limited(rates):
    limits = Limits(f"redis://127.0.0.1:{free_port()}/0", rates)
    assert [limits.wait("sms", "a") for _ in range(100)] == [0.0] * 100


def test_without_redis_each_worker_sends_slowly_and_says_so(json_logs):
    limits = Limits(f"redis://127.0.0.1:{free_port()}/0", {"sms": 0.1})
    assert limits.wait("sms", "a") == 0.0
    assert 30 < limits.wait("sms", "a") <= 40
    assert json_logs().count("no shared rate limit") == 1


def test_a_wiped_redis_gives_at_most_one_second_more(url):
    limits = Limits(url, {"sms": 0.01})
    limits.wait("sms", "a")
    redis.Redis.from_url(url).flushall()
    assert limits.wait("sms", "a") == 0.0
    assert limits.wait("sms", "a") > 0
