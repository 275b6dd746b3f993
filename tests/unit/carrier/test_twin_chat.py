from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.core.delivery import Outgoing
from bot.core.ids import BadNumber
from channels.twilio import TwilioCarrier
from channels.twin.chat import ChannelUnavailable, chat, choices_in
from channels.twin.client import TwinPhone, TwinUnavailable
from channels.twin.server import TwinServer
from tests.unit.carrier.carrier_support import ACCOUNT, PHONE, TOKEN, Call, Gateway


@pytest.fixture
def assistant(gateway: Gateway, carrier: TwilioCarrier) -> Callable[..., None]:
    """An assistant that answers through the carrier, as the product does: not in the webhook's own answer."""

    def answers(**texts: list[str]) -> None:
        default = gateway.answer

        def answer(call: Call):  # type: ignore[no-untyped-def]
            if "Body" in call.form:
                for text in texts.get(call.form["Body"].split()[0] if call.form["Body"] else "blank", []):
                    carrier.send(call.form["From"], Outgoing("sms", text), delivery_id="d", status_callback="")
            return default(call)

        gateway.answer = answer

    return answers


def phone_of(twin: TwinServer, **more: Any) -> TwinPhone:
    return TwinPhone(twin.url, PHONE, **{"quiet": 0.3, "deadline": 5.0, **more})


def test_an_exchange_has_all_replies_in_order(twin: TwinServer, assistant: Callable[..., None]):
    assistant(hola=["uno", "dos", "tres"])
    with phone_of(twin) as phone:
        exchange = phone.send("hola")
    assert [reply.body for reply in exchange.replies] == ["uno", "dos", "tres"]
    assert exchange.seconds < 4


def test_silence_ends_at_the_deadline(twin: TwinServer, assistant: Callable[..., None]):
    assistant()
    with phone_of(twin, deadline=0.5) as phone:
        exchange = phone.send("nada")
    assert exchange.replies == ()
    assert 0.4 < exchange.seconds < 5


def test_what_came_before_is_not_shown_and_what_comes_late_is(
    twin: TwinServer, carrier: TwilioCarrier, assistant: Callable[..., None]
):
    def late(text: str) -> None:
        carrier.send(PHONE, Outgoing("sms", text), delivery_id="d", status_callback="")

    assistant(a=["A"], b=["B"])
    late("de ayer")
    with phone_of(twin) as phone:
        assert [reply.body for reply in phone.send("a").replies] == ["A"]
        late("tarde")
        assert [reply.body for reply in phone.send("b").replies] == ["tarde", "B"]


def test_each_line_gives_one_json_line(twin: TwinServer, assistant: Callable[..., None]):
    assistant(hola=["Diga: ¿qué necesita?\n1) Acta de nacimiento\n2) CURP\n"], blank=["¿Perdón?"])
    written: list[str] = []
    chat("sms", PHONE, ["hola señor\n", "\r\n"], written.append, twin.url, json_mode=True)
    first, second = (json.loads(line) for line in written)
    assert set(first) == {"in", "out", "choices", "seconds"}
    assert first["in"] == "hola señor"
    assert first["out"] == ["Diga: ¿qué necesita?\n1) Acta de nacimiento\n2) CURP\n"]
    assert first["choices"] == ["Acta de nacimiento", "CURP"]
    assert 0 < first["seconds"] < 10
    assert (second["in"], second["out"], second["choices"]) == ("", ["¿Perdón?"], [])
    assert "ñ" in written[0]
    assert "\n" not in written[0]


def test_people_see_the_text_and_its_segments(twin: TwinServer, assistant: Callable[..., None]):
    assistant(hola=["Buenos días " + "í" * 80])
    written: list[str] = []
    chat("sms", PHONE, ["hola\n", "\n"], written.append, twin.url, json_mode=False)
    assert len(written) == 1
    assert written[0].startswith("Buenos días")
    assert written[0].endswith("(92 characters, 2 segments)")


def answer_on_whatsapp(gateway: Gateway, twin: TwinServer, texts: dict[str, tuple[str, ...]]) -> None:
    """Answer each text with buttons of these titles (the first entry is the words above them)."""
    default = gateway.answer

    def answer(call: Call):  # type: ignore[no-untyped-def]
        shown = texts.get(call.form.get("Body", ""))
        if shown is not None and "MessageStatus" not in call.form:
            with httpx.Client(base_url=twin.url, auth=(ACCOUNT, TOKEN), trust_env=False) as api:
                form = {"To": call.form["From"], "From": call.form["To"]}
                if len(shown) > 1:
                    actions = [{"title": title, "id": f"id {title}"} for title in shown[1:]]
                    types = {"twilio/quick-reply": {"body": shown[0], "actions": actions}}
                    content = api.post("/v1/Content", json={"language": "es", "types": types}).json()
                    form["ContentSid"] = content["sid"]
                else:
                    form["Body"] = shown[0]
                api.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form).raise_for_status()
        return default(call)

    gateway.answer = answer


def test_on_whatsapp_a_title_is_tapped_and_everything_else_is_typed(gateway: Gateway, twin: TwinServer):
    answer_on_whatsapp(gateway, twin, {"hola": ("¿Qué?", "Acta", "CURP"), "Acta": ("Listo",), "CURP": ("¿Eh?",)})
    written: list[str] = []
    chat("whatsapp", PHONE, ["hola", "Acta", "CURP"], written.append, twin.url, json_mode=True)
    first, second, third = (json.loads(line) for line in written)
    assert (first["in"], first["out"], first["choices"]) == ("hola", ["¿Qué?"], ["Acta", "CURP"])
    assert (second["in"], second["out"], second["choices"]) == ("Acta", ["Listo"], [])
    assert third["out"] == ["¿Eh?"]
    forms = {call.form["Body"]: call.form for call in gateway.calls if "MessageStatus" not in call.form}
    assert forms["Acta"]["ButtonPayload"] == "id Acta"
    assert "ButtonPayload" not in forms["CURP"]  # an answer has closed what was open before
    assert forms["hola"]["From"].startswith("whatsapp:")


def test_people_see_what_can_be_tapped(gateway: Gateway, twin: TwinServer):
    answer_on_whatsapp(gateway, twin, {"hola": ("¿Qué?", "Acta", "CURP")})
    written: list[str] = []
    chat("whatsapp", PHONE, ["hola"], written.append, twin.url, json_mode=False)
    assert written == ["¿Qué?\n  [Acta]\n  [CURP]"]


def test_each_channel_is_a_phone_of_its_own(gateway: Gateway, twin: TwinServer, carrier: TwilioCarrier):
    answer_on_whatsapp(gateway, twin, {"hola": ("por WhatsApp",)})
    with phone_of(twin, channel="whatsapp") as phone:
        carrier.send(PHONE, Outgoing("sms", "por SMS"), delivery_id="d", status_callback="")
        assert [reply.body for reply in phone.send("hola").replies] == ["por WhatsApp"]


def test_a_twin_that_is_not_there_is_said_in_one_sentence():
    with pytest.raises(TwinUnavailable, match="ventanilla run"):
        chat("sms", PHONE, ["hola"], print, "http://127.0.0.1:9", json_mode=True)


def test_a_wrong_number_or_channel_is_refused_at_once(twin: TwinServer):
    with pytest.raises(BadNumber):
        chat("sms", "nadie", [], print, twin.url, json_mode=True)
    with pytest.raises(ChannelUnavailable):
        chat("fax", PHONE, [], print, twin.url, json_mode=True)


def test_the_phone_leaves_no_number_in_the_logs(
    twin: TwinServer, assistant: Callable[..., None], caplog: pytest.LogCaptureFixture
):
    caplog.set_level("DEBUG")
    assistant(hola=["uno"])
    with phone_of(twin) as phone:
        phone.send("hola")
    for record in caplog.records:
        assert PHONE[1:] not in record.getMessage() + str(vars(record))


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("¿Cuál?\n1) Acta\n2) CURP\n3) Otro", ["Acta", "CURP", "Otro"]),
        ("¿Cuál? 1) Acta de nacimiento 2) CURP 3) Otro", ["Acta de nacimiento", "CURP", "Otro"]),
        ("1)Sí\n2)No\nMAS para ver más", ["Sí", "No"]),
        ("4) Oaxaca\n5) Puebla", ["Oaxaca", "Puebla"]),
        ("9) a\n10) b", ["a", "b"]),
        ("Lleve:\n1) Acta\n2) INE\n¿Dónde vive?\n1) Oaxaca\n2) Puebla", ["Oaxaca", "Puebla"]),
        ("El trámite (inciso 3) cuesta $98", []),
        ("Hay 1) una cosa", []),
        ("1. Acta\n2. CURP", []),
        ("", []),
    ],
)
def test_choices_are_the_numbered_options_of_a_text(text: str, choices: list[str]):
    assert choices_in(text) == choices


def test_the_control_api_is_what_the_phone_uses(control: httpx.Client, twin: TwinServer):
    with phone_of(twin, deadline=0.1) as phone:
        phone.send("hola", fields={"NumMedia": "1"})
    shown = control.get(f"/twin/phones/{PHONE}/messages", params={"all": "1"}).json()["messages"]
    assert [(message["direction"], message["body"]) for message in shown] == [("inbound", "hola")]
