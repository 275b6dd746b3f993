"""Every conversation of tests/conversations/<language>/, on every channel, with the whole product running."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from channels.registry import CHANNELS
from tests.conversations.performance import Performance
from tests.conversations.players import PLAYERS
from tests.conversations.script import conversations

# The first one waits for the system to start and for its turn in the pool.
pytestmark = pytest.mark.timeout(300)

PERFORMANCES = [
    Performance(conversation, channel)
    for conversation in conversations()
    for channel in PLAYERS
    if channel in (conversation.channels or CHANNELS)
]


def test_every_channel_has_a_player():
    assert set(PLAYERS) == set(CHANNELS)


@pytest.mark.parametrize("performance", PERFORMANCES, ids=lambda performance: performance.id)
def test_conversation(performance: Performance, performances: dict[str, Future[str]]) -> None:
    report = performances[performance.id].result()
    if report:
        pytest.fail(report, pytrace=False)
