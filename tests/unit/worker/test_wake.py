from __future__ import annotations

import queue
import signal
import threading
import time

import pytest

from bot.wake import Alarm, Bell, Wake
from tests.servers import eventually, free_port

# A wake-up that is lost shows as a wait of this length.
LONG = 20.0


@pytest.fixture
def listen():
    """Make alarms; they are closed at the end of the test."""
    alarms = []

    def make(url, *bells):
        alarms.append(Alarm(url, *bells))
        return alarms[-1]

    yield make
    for alarm in alarms:
        alarm.close()


def woken(alarm, send, seconds=10.0):
    """Send until the alarm rings (the first may come before the subscription); return the seconds of the last wait."""
    before = alarm.rings

    def rang():
        send()
        alarm.wait(before, 0.2)
        return alarm.rings != before

    eventually(rang, seconds, "a wake-up")


def settled(alarm):
    """Wait until the alarm listens: the subscription itself rings once."""
    eventually(lambda: alarm.rings, 10, "the subscription")


def test_a_wake_up_reaches_every_worker_at_once(any_redis, listen):
    alarms = [listen(any_redis.url) for _ in range(3)]
    for alarm in alarms:
        settled(alarm)
    before = [alarm.rings for alarm in alarms]
    Wake(any_redis.url).send()
    for alarm, since in zip(alarms, before, strict=True):
        began = time.monotonic()
        alarm.wait(since, LONG)
        assert alarm.rings > since
        assert time.monotonic() - began < 2


def test_a_wake_up_between_the_look_and_the_wait_is_not_lost(redis_server, listen):
    alarm = listen(redis_server.url)
    settled(alarm)
    since = alarm.rings
    alarm.ring()
    began = time.monotonic()
    alarm.wait(since, LONG)
    assert time.monotonic() - began < 1


def test_every_waiting_thread_wakes(redis_server, listen):
    alarm = listen(redis_server.url)
    settled(alarm)
    since = alarm.rings
    threads = [threading.Thread(target=alarm.wait, args=(since, LONG)) for _ in range(8)]
    for thread in threads:
        thread.start()
    Wake(redis_server.url).send()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_a_bell_wakes_one_thread_for_each_thing_to_do(redis_server, listen):
    bell = Bell()
    alarm = listen(redis_server.url, bell)
    settled(alarm)
    since = bell.rings
    woken_up = queue.Queue()

    def waits(number):
        bell.wait(since, LONG)
        woken_up.put(number)

    threads = [threading.Thread(target=waits, args=(number,)) for number in range(4)]
    for number, thread in enumerate(threads, 1):
        thread.start()
        eventually(lambda number=number: len(bell._condition._waiters) == number, 5, "a waiting thread")
    Wake(redis_server.url).send()
    woken_up.get(timeout=5)
    bell.ring(2)
    assert {woken_up.get(timeout=5), woken_up.get(timeout=5)} < {0, 1, 2, 3}
    assert len(bell._condition._waiters) == 1, "nothing is left for the fourth"
    alarm.ring()
    for thread in threads:
        thread.join(5)
        assert not thread.is_alive()


def test_without_a_wake_up_the_wait_ends_by_itself(redis_server, listen):
    alarm = listen(redis_server.url)
    settled(alarm)
    began = time.monotonic()
    alarm.wait(alarm.rings, 0.2)
    assert 0.15 < time.monotonic() - began < 2


def test_after_a_restart_of_redis_wake_ups_go_on(own_redis, listen):
    alarm, wake = listen(own_redis.url), Wake(own_redis.url)
    woken(alarm, wake.send)
    own_redis.stop(signal.SIGKILL)
    assert not wake.ping()
    wake.send()
    before = alarm.rings
    own_redis.start()
    eventually(lambda: alarm.rings > before, 10, "a ring for what came while nobody listened")
    woken(alarm, wake.send)
    assert wake.ping()


@pytest.mark.parametrize("url", ["unix:///tmp/there-is-no-such.sock", "redis://127.0.0.1:{port}/0"])
def test_without_redis_nothing_fails_and_nothing_waits(url, listen):
    url = url.format(port=free_port())
    wake, alarm = Wake(url), listen(url)
    began = time.monotonic()
    wake.send()
    assert not wake.ping()
    assert time.monotonic() - began < 1
    alarm.wait(alarm.rings, 0.1)
    since = alarm.rings
    alarm.ring()
    alarm.wait(since, LONG)
    assert time.monotonic() - began < 3


def test_a_redis_that_hangs_holds_a_webhook_for_a_second_at_most(own_redis):
    wake = Wake(own_redis.url)
    assert wake.ping()
    own_redis.send(signal.SIGSTOP)
    try:
        began = time.monotonic()
        wake.send()
        assert not wake.ping()
        assert time.monotonic() - began < 2.5
    finally:
        own_redis.send(signal.SIGCONT)
    eventually(wake.ping, 5, "the answer of a Redis that goes on")


def test_redis_may_come_after_the_workers(own_redis, listen):
    own_redis.stop()
    alarm, wake = listen(own_redis.url), Wake(own_redis.url)
    wake.send()
    own_redis.start()
    woken(alarm, wake.send)
