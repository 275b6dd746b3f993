import pytest

from bot.core.handoff import TRANSITIONS, HandoffEvent, HandoffState, TransitionRefused, after

TIMERS = {
    HandoffEvent.WAITED_TOO_LONG,
    HandoffEvent.AGENT_SILENT,
    HandoffEvent.AGENT_GONE,
    HandoffEvent.PERSON_SILENT,
}


def test_no_open_state_can_be_stuck():
    for state in HandoffState:
        if state.open:
            assert TIMERS & {event for from_, event in TRANSITIONS if from_ is state}


def test_every_state_leads_back_to_the_assistant_or_an_end():
    for start in HandoffState:
        reached, new = {start}, {start}
        while new:
            new = {to for (from_, _), to in TRANSITIONS.items() if from_ in new} - reached
            reached |= new
        assert reached & {HandoffState.BOT, HandoffState.CLOSED}


def test_every_event_happens_somewhere():
    assert {event for _, event in TRANSITIONS} == set(HandoffEvent)


def test_what_is_not_in_the_table_is_refused_by_name():
    with pytest.raises(TransitionRefused, match="taken is not possible while with_agent"):
        after(HandoffState.WITH_AGENT, HandoffEvent.TAKEN)
    assert after(HandoffState.WAITING, HandoffEvent.TAKEN) is HandoffState.WITH_AGENT
