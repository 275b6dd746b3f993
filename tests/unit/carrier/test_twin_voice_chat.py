"""`chat --channel voice`: each line is a step of a call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from werkzeug.wrappers import Response

from bot.core.ids import BadNumber
from channels.twin.chat import chat
from channels.twin.client import TwinUnavailable
from channels.twin.server import TwinServer
from channels.twin.voice_chat import step
from tests.unit.carrier.carrier_support import PHONE, Call, Gateway


@pytest.fixture
def service(gateway: Gateway) -> Gateway:
    """A service that greets, says what it heard, and hangs up on «adiós»."""

    def answer(call: Call) -> Response:
        heard = call.form.get("Digits") or call.form.get("SpeechResult") or "nada"
        greeting = call.url.endswith("/inbound")
        said = "<Say>Hola.</Say><Say>Para actas, marque uno.</Say>" if greeting else f"<Say>Oí {heard}.</Say>"
        listening = (
            f"<Gather input='dtmf speech' action='turn' actionOnEmptyResult='true' numDigits='1'>{said}</Gather>"
        )
        inside = f"{said}<Hangup/>" if heard == "adiós" else listening
        return Response(f"<Response>{inside}</Response>", mimetype="text/xml")

    gateway.answer = answer
    return gateway


def talk(twin: TwinServer, *lines: str) -> list[dict[str, Any]]:
    written: list[str] = []
    chat("voice", PHONE, lines, written.append, twin.url, json_mode=True)
    return [json.loads(line) for line in written]


def test_each_line_is_a_step_and_gives_what_is_said(twin: TwinServer, service: Gateway):
    told = talk(twin, "say:licencia de manejo\n", "dtmf:3\n", "silence\n", "hangup\n")
    assert [each["in"] for each in told] == ["say:licencia de manejo", "dtmf:3", "silence", "hangup"]
    assert [each["out"] for each in told] == [
        ["Hola.", "Para actas, marque uno.", "Oí licencia de manejo."],
        ["Oí 3."],
        ["Oí nada."],
        [],
    ]
    assert all(set(each) == {"in", "out", "choices", "seconds"} for each in told)
    service.wait_for(1, lambda call: call.form.get("CallStatus") == "completed")


def test_a_line_after_the_end_calls_again(twin: TwinServer, service: Gateway):
    told = talk(twin, "say:adiós", "silence")
    assert told[0]["out"][-1] == "Oí adiós."
    assert told[1]["out"] == ["Hola.", "Para actas, marque uno.", "Oí nada."]
    assert len({call.form["CallSid"] for call in service.calls}) == 2


def test_what_can_be_picked_is_told(twin: TwinServer, service: Gateway):
    shown: list[str] = []
    chat("voice", PHONE, ["1", "hangup"], shown.append, twin.url, json_mode=False)
    assert shown[1:] == [
        "Hola.",
        "Para actas, marque uno.",
        "Oí 1.",
        "  (event: hung up)",
        "  (the call has ended: completed)",
    ]


def test_the_end_of_the_lines_hangs_up(twin: TwinServer, service: Gateway):
    assert len(talk(twin, "say:hola")) == 1
    (ended,) = service.wait_for(1, lambda call: call.form.get("CallStatus") == "completed")
    assert ended.form["CallSid"]


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("say:hola", {"do": "say", "text": "hola"}),
        ("say: 12 ", {"do": "say", "text": "12"}),
        ("dtmf:1 2#", {"do": "keys", "keys": "12#"}),
        ("dtmf:*", {"do": "keys", "keys": "*"}),
        ("0", {"do": "keys", "keys": "0"}),
        ("hola: ¿qué tal?", {"do": "say", "text": "hola: ¿qué tal?"}),
        ("SILENCE", {"do": "silence"}),
        ("", {"do": "silence"}),
        ("say:", {"do": "silence"}),
        ("noise", {"do": "noise"}),
        ("hangup", {"do": "hang_up"}),
    ],
)
def test_a_line_is_words_keys_silence_or_the_end(line: str, action: dict[str, str]):
    assert step(line) == action


def test_a_wrong_number_and_a_twin_that_is_away_are_said(twin: TwinServer):
    with pytest.raises(BadNumber):
        chat("voice", "nadie", ["silence"], print, twin.url, json_mode=True)
    with pytest.raises(TwinUnavailable, match="ventanilla run"):
        chat("voice", PHONE, ["silence"], print, "http://127.0.0.1:9", json_mode=True)
