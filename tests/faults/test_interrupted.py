"""Killed at any turn, gone on with on any channel: what is remembered at the end is what nobody's kill would change."""

from __future__ import annotations

import itertools
import json
import threading
from contextlib import ExitStack, closing
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.core.messages import ChannelName
from tests.conversations.players import PLAYERS, Player
from tests.conversations.script import Citizen
from tests.faults.system import System
from tests.faults.test_another_channel import back, forget
from tests.faults.test_whole_system import conversation
from tests.people import number
from tests.servers import eventually

pytestmark = pytest.mark.timeout(600)

TALKS = (
    ("me voy a casar", "ya hice la primera", "mi plan"),
    ("cuanto cuesta el acta de nacimiento", "chiapas", "y en puebla", "donde"),
    ("licencia de conducir en jalisco", "chofer", "primera vez", "y cuanto tarda"),
    ("pasaporte", "es para mi hijo de 4 años", "y cuanto cuesta"),
    ("antecedentes no penales en la cdmx", "recuerdeme mañana a las 10", "quite el recordatorio"),
)
PROGRAMS = ("worker", "engine", "actions")
CHANNELS: tuple[ChannelName, ...] = ("sms", "whatsapp", "voice")
EXAMPLES = 3
"""Each takes some seconds: what was killed has to come back."""

phones = itertools.count(400)


@st.composite
def interruptions(draw: st.DrawFn) -> tuple[tuple[str, ...], int, str, ChannelName]:
    """Draw a talk, the turn that is cut off (from 1 on), what is killed, and the channel that it goes on with."""
    talk = draw(st.sampled_from(TALKS))
    at = draw(st.integers(1, len(talk) - 1))
    return talk, at, draw(st.sampled_from(PROGRAMS)), draw(st.sampled_from(CHANNELS))


def remembered(system: System, phone: str) -> dict[str, Any]:
    """Return what SQL keeps of a person, without when and on which channel."""
    rows = system.sql("SELECT context FROM conversations WHERE id = ?", conversation(system, phone))
    context = json.loads(rows[0][0])
    plans = [(plan["life_event"], plan["done"]) for plan in context.get("plans", ())]
    return {
        "memory": context["topic"]["memory"],
        "plans": plans,
        "reminders": [each["at"][11:] for each in context.get("reminders", ())],
        "place": (context.get("state"), context.get("municipality")),
        "case": context.get("case"),
    }


def played(system: System, phone: str, talk: tuple[str, ...], cut: tuple[int, str, ChannelName] | None) -> Any:
    """Play a talk that begins by SMS. A worker dies while it has the message, other programs before it is sent."""
    with ExitStack() as stack:
        players: dict[ChannelName, Player] = {}

        def player(channel: ChannelName) -> Player:
            if channel not in players:
                players[channel] = stack.enter_context(closing(PLAYERS[channel](system.twin, phone)))
            return players[channel]

        channel: ChannelName = "sms"
        for turn, text in enumerate(talk):
            if cut is not None and turn == cut[0]:
                _, program, channel = cut
                if program == "worker":
                    threading.Timer(0.05, system.kill, ["worker"]).start()
                else:
                    system.kill(program)
                    back(system)
                forget(system)
            assert player(channel).send(Citizen(text)), text
    eventually(lambda: system.program("worker"), 60, "a worker")
    return remembered(system, phone)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cut=interruptions())
def test_killed_at_any_turn_the_state_is_the_same_on_another_channel(
    system: System, cut: tuple[tuple[str, ...], int, str, ChannelName]
) -> None:
    talk, at, program, channel = cut
    whole = played(system, number(next(phones)), talk, None)
    assert played(system, number(next(phones)), talk, (at, program, channel)) == whole
