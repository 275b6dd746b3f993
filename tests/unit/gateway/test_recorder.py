from __future__ import annotations

import threading

import pytest

from bot.core.ids import BadNumber
from bot.gateway.recorder import Recorder
from bot.store import Store, open_engine
from tests.builders import inbound
from tests.people import SECRET, number
from tests.processes import in_threads


@pytest.fixture
def store(sqlite_url):
    engine = open_engine(sqlite_url)
    yield Store(engine, SECRET)
    engine.dispose()


def test_every_message_is_recorded_once(store):
    recorder = Recorder(store)
    sent = [inbound(f"{index}", number(index % 5)) for index in range(40)]
    recorded = in_threads(40, lambda index: recorder.record(sent[index], sent[index].content))
    assert all(each.new for each in recorded)
    assert len({each.inbound_id for each in recorded}) == 40
    again = in_threads(40, lambda index: recorder.record(sent[index], sent[index].content))
    assert not any(each.new for each in again)


class Slow:
    """A store that holds the first commit until the others wait behind it."""

    def __init__(self, store):
        self.store = store
        self.first = threading.Event()
        self.go_on = threading.Event()
        self.batches = []

    def record(self, message, content):
        if not self.first.is_set():
            self.first.set()
            assert self.go_on.wait(10)
        return self.store.record(message, content)

    def record_all(self, messages):
        self.batches.append(len(messages))
        return self.store.record_all(messages)


def run_behind(recorder, slow, messages):
    """Record the first message, and the others while it is under way; return what each got."""
    got = [None] * len(messages)

    def work(index):
        try:
            got[index] = recorder.record(messages[index], messages[index].content)
        except BadNumber as error:
            got[index] = error

    threads = [threading.Thread(target=work, args=(index,)) for index in range(len(messages))]
    threads[0].start()
    assert slow.first.wait(10)
    for thread in threads[1:]:
        thread.start()
    while len(recorder._waiting) < len(messages) - 1:
        pass
    slow.go_on.set()
    for thread in threads:
        thread.join(10)
    return got


def test_what_comes_while_one_is_written_is_written_together(store):
    slow = Slow(store)
    recorder = Recorder(slow)
    got = run_behind(recorder, slow, [inbound(f"{index}", number(index)) for index in range(8)])
    assert slow.batches == [7]
    assert all(each.new for each in got)


def test_one_that_cannot_be_recorded_spoils_no_other(store):
    slow = Slow(store)
    recorder = Recorder(slow)
    messages = [inbound(f"{index}", number(index)) for index in range(5)]
    messages[3] = inbound("nobody", "anonymous")
    got = run_behind(recorder, slow, messages)
    assert isinstance(got[3], BadNumber)
    assert [each.new for index, each in enumerate(got) if index != 3] == [True] * 4
