import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.delivery import CarrierUnavailable, DeliveryError, DeliveryStatus, OptedOut, Rejected, Throttled

S = DeliveryStatus
HAPPY = (S.ACCEPTED, S.SENT, S.DELIVERED, S.READ)
SAD = ((S.ACCEPTED, S.SENT, S.UNDELIVERED), (S.ACCEPTED, S.FAILED))


def walk(start, updates):
    status = start
    for update in updates:
        if status.may_become(update):
            status = update
    return status


@pytest.mark.parametrize("story", [HAPPY, HAPPY[:3], HAPPY[:2], *SAD])
def test_a_story_in_any_order_ends_the_same(story):
    ends = {walk(S.SENDING, order) for order in itertools.permutations(story)}
    assert ends == {story[-1]}


@given(st.lists(st.sampled_from(list(S))), st.sampled_from(list(S)))
def test_a_status_never_goes_backwards_and_never_repeats(updates, start):
    status = start
    for update in updates:
        if status.may_become(update):
            assert update.rank > status.rank
            assert update is not status
            status = update


def test_a_failure_and_a_success_never_replace_each_other():
    for failure in (S.UNDELIVERED, S.FAILED, S.DEAD):
        for success in (S.DELIVERED, S.READ):
            assert not failure.may_become(success)
            assert not success.may_become(failure)


def test_what_is_final():
    assert {status for status in S if status.final} == {S.DELIVERED, S.READ, S.UNDELIVERED, S.FAILED, S.DEAD}


@pytest.mark.parametrize(
    ("error", "retryable", "opted_out"),
    [
        (DeliveryError, False, False),
        (Throttled, True, False),
        (CarrierUnavailable, True, False),
        (Rejected, False, False),
        (OptedOut, False, True),
    ],
)
def test_errors_carry_their_policy(error, retryable, opted_out):
    raised = error("123", "why", retry_after=2.0)
    assert (raised.retryable, raised.opted_out) == (retryable, opted_out)
    assert (raised.code, raised.retry_after, str(raised)) == ("123", 2.0, "123: why")
    assert str(error("123")) == "123"
