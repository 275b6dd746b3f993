import json
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum
from typing import Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.core import messages, procedures, replies
from bot.core.codec import PayloadError, from_payload, to_payload
from bot.core.delivery import Outgoing
from bot.core.turns import Topic, TurnContext, TurnRequest, TurnResult, Understood

RELAXED = settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)

st.register_type_strategy(str, st.text(max_size=12))
st.register_type_strategy(Decimal, st.decimals(allow_nan=False, allow_infinity=False, places=2))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
plain_values = st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=8))
# Its dictionaries hold whatever the dialogue put there: any JSON.
st.register_type_strategy(
    Topic,
    st.builds(Topic, st.text(), st.sampled_from(["sms", "whatsapp", "voice"]), memory=plain_values, said=plain_values),
)


def read_or_refused(kind, payload):
    """Say whether the payload is read, or refused by an error that begins with a path."""
    try:
        from_payload(kind, payload)
    except PayloadError as error:
        return str(error).startswith("$")
    return True


def there_and_back(kind, value):
    return from_payload(kind, json.loads(json.dumps(to_payload(value))))


@pytest.mark.parametrize(
    "kind",
    [
        TurnRequest,
        TurnContext,
        Understood,
        Outgoing,
        replies.Say,
        replies.Ask,
        messages.Text,
        messages.Choice,
        messages.Location,
        messages.Media,
        procedures.Procedure,
        procedures.LifeEvent,
        procedures.Condition,
        procedures.Family,
        procedures.ServiceChannel,
    ],
)
def test_every_contract_survives_json(kind):
    @RELAXED
    @given(st.from_type(kind))
    def check(value):
        assert there_and_back(kind, value) == value

    check()


@RELAXED
@given(st.lists(st.from_type(replies.Reply), max_size=3))
def test_a_turn_result_survives_json_whatever_its_replies(said):
    result = TurnResult(tuple(said), Understood("ask", 0.5), TurnContext(state="Yucatán"), replayed=True)
    assert there_and_back(TurnResult, result) == result


@settings(max_examples=300, suppress_health_check=list(HealthCheck), deadline=None)
@given(json_values)
def test_any_json_is_read_or_refused_by_path(payload):
    for kind in (TurnResult, TurnRequest, messages.Content, procedures.Procedure):
        assert read_or_refused(kind, payload)


@RELAXED
@given(st.from_type(TurnRequest), st.data())
def test_one_spoilt_field_is_read_or_refused_by_path(request, data):
    payload = json.loads(json.dumps(to_payload(request)))
    field = data.draw(st.sampled_from(sorted(payload)))
    payload[field] = data.draw(json_values)
    assert read_or_refused(TurnRequest, payload)


GOOD = {
    "replies": [{"type": "Say", "phrase": "hello", "params": {}}],
    "understood": {"intent": "greet", "confidence": 1},
}


def test_the_smallest_answer_of_an_engine():
    assert from_payload(TurnResult, GOOD) == TurnResult((replies.Say("hello"),), Understood("greet", 1.0))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"replies": None}, "$.replies"),
        ({"replies": "hello"}, "$.replies"),
        ({"replies": [{"type": "Shout", "phrase": "hello"}]}, "$.replies[0].type"),
        ({"replies": [{"type": "Say"}]}, "$.replies[0].phrase"),
        ({"replies": [{"type": "Say", "phrase": 3}]}, "$.replies[0].phrase"),
        ({"replies": [{"type": "Say", "phrase": "x", "loud": True}]}, "$.replies[0].loud"),
        ({"replies": [{"type": ["Say"], "phrase": "x"}]}, "$.replies[0].type"),
        ({"replies": [{"type": "Handoff", "reason": "bored"}]}, "$.replies[0].reason"),
        ({"understood": {"intent": "greet"}}, "$.understood.confidence"),
        ({"understood": {"intent": "greet", "confidence": True}}, "$.understood.confidence"),
        ({"understood": {"intent": "greet", "confidence": 10**400}}, "$.understood.confidence"),
        ({"replayed": 1}, "$.replayed"),
        ({"extra": 1}, "$.extra"),
        ({"context": {"case": {"age": 1}}}, "$.context.case.age"),
        ({"type": "TurnRequest"}, "$.type"),
    ],
)
def test_what_does_not_fit_is_refused_where_it_is(change, path):
    with pytest.raises(PayloadError) as refused:
        from_payload(TurnResult, {**GOOD, **change})
    assert path in str(refused.value)


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Everything:
    colour: Colour
    price: Decimal
    at: datetime
    tags: frozenset[str]
    kind: Literal["a", "b"]
    type: str = "mine"


def test_scalars_of_every_kind():
    value = Everything(Colour.RED, Decimal("98.50"), datetime(2026, 11, 22, tzinfo=timezone.utc), frozenset("xy"), "a")
    assert there_and_back(Everything, value) == value
    assert to_payload(value)["price"] == "98.50"


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "blue"},
        {"colour": ["red"]},
        {"price": "much"},
        {"price": 1.5},
        {"price": True},
        {"at": "today"},
        {"at": 5},
        {"tags": "xy"},
        {"tags": [1]},
        {"tags": [["x"]]},
        {"kind": "c"},
        {"kind": []},
    ],
)
def test_scalars_that_do_not_fit(change):
    good = {"colour": "red", "price": "1", "at": "2026-11-22T00:00:00+00:00", "tags": ["x"], "kind": "a"}
    from_payload(Everything, good)
    with pytest.raises(PayloadError):
        from_payload(Everything, {**good, **change})
