"""Calls of the twin: what Twilio does with TwiML, over real sockets, with a gateway that says what a test tells it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from twilio.rest import Client
from werkzeug.wrappers import Response

from channels.twilio import TwilioCalls, valid_signature
from channels.twin.line import APPLICATION_ERROR, choices_in
from channels.twin.server import TwinServer
from channels.twin.telephone import Heard, TwinCall
from tests.servers import eventually
from tests.unit.carrier.carrier_support import ACCOUNT, OTHER_PHONE, PHONE, SERVICE, TOKEN, Call, Gateway

Answer = str | Callable[[Call], Any]
SAID = "<Say language='es-MX'>{}</Say>"


class Script:
    """What each address of the gateway answers: TwiML's inside, or a function of the request."""

    def __init__(self, gateway: Gateway) -> None:
        self.pages: dict[str, Answer] = {}
        self._gateway = gateway
        gateway.answer = self._answer

    def __setitem__(self, path: str, answer: Answer) -> None:
        self.pages[path] = answer

    def _answer(self, call: Call) -> Response:
        path = urlsplit(call.url).path.removeprefix("/channels/voice/")
        answer = self.pages.get(path, "")
        said = answer(call) if callable(answer) else answer
        if isinstance(said, Response):
            return said
        return Response(f"<Response>{said}</Response>", mimetype="text/xml")

    def asked(self, path: str) -> list[dict[str, str]]:
        """Return the forms that came to an address."""
        wanted = f"/channels/voice/{path}"
        return [call.form.to_dict() for call in list(self._gateway.calls) if urlsplit(call.url).path == wanted]


@pytest.fixture
def pages(gateway: Gateway) -> Script:
    return Script(gateway)


@pytest.fixture
def caller(twin: TwinServer) -> Iterator[TwinCall]:
    with TwinCall(twin.url, PHONE, deadline=10) as call:
        yield call


def gather(inside: str = "", **attributes: str) -> str:
    given = {"action": "turn", "method": "POST", "input": "dtmf speech", "actionOnEmptyResult": "true", **attributes}
    written = " ".join(f'{name}="{value}"' for name, value in given.items())
    return f"<Gather {written}>{inside}</Gather>"


def ended(twin: TwinServer, sid: str) -> Any:
    call = twin.twin.calls.get(sid)
    assert call is not None
    eventually(lambda: call.over, 10, "the end of the call")
    return call


# ---- a call that comes in


def test_a_call_is_answered_heard_and_ended_with_twilios_fields(
    twin: TwinServer, gateway: Gateway, pages: Script, caller: TwinCall
):
    pages["inbound"] = gather(SAID.format("Buenas tardes"))
    pages["turn"] = SAID.format("Gracias") + "<Hangup/>"
    heard = caller.place()
    assert heard.said == ("Buenas tardes",)
    assert (heard.doing, heard.over, heard.settled) == ("listening", False, True)
    heard = caller.say("licencia de manejo", confidence=0.82)
    assert heard.said == ("Gracias",)
    assert heard.over
    assert heard.status == "completed"
    (first,) = pages.asked("inbound")
    assert first["CallStatus"] == "ringing"
    assert (first["From"], first["To"], first["Direction"]) == (PHONE, SERVICE, "inbound")
    assert (first["Caller"], first["Called"], first["FromCountry"]) == (PHONE, SERVICE, "MX")
    assert first["AccountSid"] == ACCOUNT
    assert first["CallSid"] == caller.sid
    (turn,) = pages.asked("turn")
    assert (turn["SpeechResult"], turn["Confidence"], turn["CallStatus"]) == (
        "licencia de manejo",
        "0.82",
        "in-progress",
    )
    assert "Digits" not in turn
    gateway.wait_for(1, lambda call: call.url.endswith("/status"))
    (status,) = pages.asked("status")
    assert (status["CallStatus"], status["CallSid"]) == ("completed", caller.sid)
    assert int(status["CallDuration"]) >= 0
    assert all(call.signed for call in gateway.calls)


def test_a_withheld_number_is_told_as_twilio_does(twin: TwinServer, pages: Script):
    pages["inbound"] = "<Hangup/>"
    with TwinCall(twin.url, PHONE, hidden=True, deadline=10) as call:
        call.place()
    assert pages.asked("inbound")[0]["From"] == "+266696687"


def test_the_document_at_its_end_ends_the_call(pages: Script, caller: TwinCall):
    pages["inbound"] = SAID.format("Adiós")
    heard = caller.place()
    assert heard.over
    assert heard.said == ("Adiós",)


def test_a_rejected_call_is_busy_and_was_never_answered(pages: Script, caller: TwinCall):
    pages["inbound"] = "<Reject reason='busy'/>"
    heard = caller.place()
    assert (heard.status, heard.said) == ("busy", ())


def test_relative_addresses_and_redirects_start_at_the_document(pages: Script, caller: TwinCall):
    pages["inbound"] = "<Redirect>other/first?step=2</Redirect>"
    pages["other/first"] = "<Redirect method='GET'>second</Redirect>"
    pages["other/second"] = gather(SAID.format("aquí"), action="../turn")
    assert caller.place().said == ("aquí",)
    caller.press("1")
    assert pages.asked("turn")[0]["Digits"] == "1"
    assert pages.asked("other/second") == [{}], "a GET has its parameters in the address"


def test_a_get_is_signed_over_its_address(gateway: Gateway, pages: Script, caller: TwinCall):
    pages["inbound"] = "<Redirect method='GET'>second?x=1</Redirect>"
    caller.place()
    (call,) = gateway.wait_for(1, lambda each: "/second" in each.url)
    assert f"CallSid={caller.sid}" in call.url
    assert valid_signature(TOKEN, call.url, {}, call.headers["X-Twilio-Signature"])


def test_an_endless_loop_ends(pages: Script, caller: TwinCall, twin: TwinServer):
    pages["inbound"] = "<Redirect>inbound</Redirect>"
    heard = caller.place()
    call = ended(twin, caller.sid)
    assert call.status == "completed"
    assert "documents" in call.errors[-1]["detail"]
    assert heard.said == ()


# ---- gather


def test_silence_goes_to_the_action_or_to_the_next_verb(pages: Script, caller: TwinCall):
    pages["inbound"] = gather(SAID.format("¿Sí?"), timeout="9")
    pages["turn"] = gather(SAID.format("¿Hola?"), actionOnEmptyResult="false", action="never") + SAID.format("Adiós")
    caller.place()
    heard = caller.keep_silent()
    assert heard.said == ("¿Hola?",)
    assert not {"Digits", "SpeechResult"} & set(pages.asked("turn")[0])
    heard = caller.keep_silent()
    assert heard.said == ("Adiós",)
    assert heard.over
    assert pages.asked("never") == []


def test_silence_takes_its_time_on_the_calls_own_clock_only(twin: TwinServer, pages: Script, caller: TwinCall):
    pages["inbound"] = gather(timeout="600")
    caller.place()
    begun = time.monotonic()
    caller.keep_silent()
    call = ended(twin, caller.sid)
    assert call.seconds >= 600
    assert time.monotonic() - begun < 60


@pytest.mark.parametrize(
    ("attributes", "keys", "form"),
    [
        ({"numDigits": "1", "finishOnKey": ""}, "#", {"Digits": "#"}),
        ({"numDigits": "1", "finishOnKey": ""}, "57", {"Digits": "5"}),
        ({"numDigits": "4"}, "1234", {"Digits": "1234"}),
        ({"numDigits": "4"}, "12", {"Digits": "12"}),
        ({}, "0123#", {"Digits": "0123", "FinishedOnKey": "#"}),
        ({"finishOnKey": "*5"}, "125", {"Digits": "12", "FinishedOnKey": "5"}),
        ({}, "#", {"FinishedOnKey": "#"}),
    ],
)
def test_keys_end_the_input_as_the_document_says(
    pages: Script, caller: TwinCall, attributes: dict[str, str], keys: str, form: dict[str, str]
):
    pages["inbound"] = gather(**attributes)
    caller.place()
    caller.press(keys)
    (turn,) = pages.asked("turn")
    assert {name: turn[name] for name in ("Digits", "FinishedOnKey") if name in turn} == form


def test_a_key_too_many_is_lost(pages: Script, caller: TwinCall):
    pages["inbound"] = gather(numDigits="1")
    pages["turn"] = gather()
    caller.place()
    heard = caller.press("12")
    assert [(line["kind"], line["text"]) for line in heard.lines] == [("pressed", "1"), ("lost", "2")]
    assert len(pages.asked("turn")) == 1


def test_words_are_lost_where_only_keys_are_listened_for(pages: Script, caller: TwinCall):
    pages["inbound"] = gather(input="dtmf")
    caller.place()
    heard = caller.act({"do": "say", "text": "hola"}, {"do": "keys", "keys": "1#"})
    assert [line["text"] for line in heard.lines if line["kind"] == "lost"] == ["hola"]
    assert pages.asked("turn")[0]["Digits"] == "1"


def test_noise_is_a_syllable_of_which_the_recogniser_is_not_sure(pages: Script, caller: TwinCall):
    pages["inbound"] = gather()
    caller.place()
    caller.act({"do": "noise"})
    assert 0 < float(pages.asked("turn")[0]["Confidence"]) < 0.2


def test_a_gather_without_action_asks_its_own_address(pages: Script, caller: TwinCall):
    answers = iter(("<Gather numDigits='1'/>", SAID.format("otra vez aquí")))
    pages["inbound"] = lambda call: next(answers)
    caller.place()
    assert caller.press("4").said == ("otra vez aquí",)
    assert pages.asked("inbound")[1]["Digits"] == "4"


def test_a_key_cuts_the_prompt_and_words_do_where_they_may(pages: Script, caller: TwinCall, twin: TwinServer):
    long = "Estas son muchas palabras que nadie quiere oír hasta el final de todo."
    pages["inbound"] = gather(SAID.format(long) + SAID.format("Y otras."))
    pages["turn"] = gather(SAID.format(long), bargeIn="false", action="last")
    pages["last"] = "<Hangup/>"
    heard = caller.place(
        {"do": "keys", "keys": "1#", "barge_in": True, "after": 2},
        {"do": "say", "text": "oiga", "barge_in": True, "after": 1},
    )
    assert heard.over
    cut, whole = [line for line in heard.lines if line["kind"] == "said"]
    assert cut["heard"] == long[:30]
    assert whole["heard"] is None
    assert pages.asked("last")[0]["SpeechResult"] == "oiga", "what is said to the end of the prompt is heard after it"


@pytest.mark.parametrize("verb", ["Say", "Gather", "Pause", "Redirect", "Play", "Enqueue", "Dial"])
def test_a_caller_can_hang_up_at_any_verb(pages: Script, caller: TwinCall, verb: str):
    first = {
        "Say": SAID.format("hola"),
        "Gather": gather(SAID.format("hola")),
        "Pause": "<Pause length='3'/>",
        "Redirect": "<Redirect>turn</Redirect>",
        "Play": "<Play>https://example.org/a.mp3</Play>",
        "Enqueue": "<Enqueue waitUrl='turn' action='turn'>q</Enqueue>",
        "Dial": f"<Dial action='turn'>{OTHER_PHONE}</Dial>",
    }[verb]
    pages["inbound"] = first + SAID.format("después")
    heard = caller.place({"do": "hang_up", "at": verb})
    assert heard.over
    assert "después" not in heard.said
    assert pages.asked("turn") == []


def test_hanging_up_early_is_told_with_the_seconds_it_took(gateway: Gateway, pages: Script, caller: TwinCall):
    pages["inbound"] = gather(SAID.format("Son muchas palabras. " * 20))
    caller.place({"do": "hang_up", "after": 3})
    gateway.wait_for(1, lambda call: call.url.endswith("/status"))
    assert pages.asked("status")[0]["CallDuration"] == "3"


def test_on_a_real_clock_silence_really_passes(pages: Script, twin: TwinServer):
    pages["inbound"] = gather(timeout="1")
    pages["turn"] = "<Hangup/>"
    with TwinCall(twin.url, PHONE, deadline=10) as call:
        call.place(clock="real")
        ended(twin, call.sid)
    assert len(pages.asked("turn")) == 1


def test_on_a_real_clock_a_key_interrupts_a_prompt(pages: Script, twin: TwinServer):
    pages["inbound"] = gather(SAID.format("muchas palabras " * 100), numDigits="1")
    pages["turn"] = "<Hangup/>"
    with TwinCall(twin.url, PHONE, deadline=10) as call:
        call.place(clock="real", wait=0.1)
        line = twin.twin.calls.get(call.sid)
        assert line is not None
        eventually(lambda: line.doing == "speaking", 10, "the prompt")
        call.press("3")
        ended(twin, call.sid)
    assert pages.asked("turn")[0]["Digits"] == "3"


def test_what_is_offered_is_read_from_the_prompt(pages: Script, caller: TwinCall):
    offers = ("Para acta de nacimiento, marque uno.", "Pasaporte, dos.", "Licencia: tres.", "Para otras, marque seis.")
    pages["inbound"] = gather("".join(SAID.format(each) for each in offers))
    assert caller.place().choices == ("acta de nacimiento", "Pasaporte", "Licencia")


@pytest.mark.parametrize(
    ("prompts", "labels"),
    [
        (("Tramite su e. firma: marque uno.", "Cert. médico, dos."), ("Tramite su e. firma", "Cert. médico")),
        (("Registre la muerte, El mismo día. marque uno.",), ("Registre la muerte, El mismo día",)),
        (("Si es lo mismo, marque uno. Si es otra cosa, marque dos.",), ("Si es lo mismo", "Si es otra cosa")),
        (("Marque dos si no.", "Nada, tres."), ()),
    ],
)
def test_a_label_is_whole_whatever_stops_it_holds(prompts: tuple[str, ...], labels: tuple[str, ...]):
    assert choices_in(prompts) == labels


# ---- when things go wrong


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Response("<Response><Say>", mimetype="text/xml"), 12100),
        (Response("<Respuesta/>", mimetype="text/xml"), 12100),
        (Response("<Response/>", mimetype="application/json"), 12300),
        (Response("<Response>" + "x" * 70_000 + "</Response>", mimetype="text/xml"), 11750),
        (Response("no", status=500), 11200),
        (Response("no", status=404), 11200),
    ],
)
def test_without_twiml_the_fallback_is_asked_and_then_twilio_speaks(
    pages: Script, caller: TwinCall, twin: TwinServer, answer: Response, code: int
):
    pages["inbound"] = gather()
    pages["turn"] = lambda call: answer
    pages["fallback"] = SAID.format("Llame más tarde") + "<Redirect>turn</Redirect>"
    caller.place()
    pages["fallback"] = SAID.format("Llame más tarde")
    heard = caller.press("1#")
    assert heard.said == ("Llame más tarde",)
    assert heard.over
    (asked,) = pages.asked("fallback")
    assert asked["ErrorCode"] == str(code)
    assert asked["ErrorUrl"].endswith("/turn")
    assert [error["code"] for error in heard.errors] == [code]


def test_without_a_fallback_twilio_says_its_sentence_and_hangs_up(pages: Script, caller: TwinCall):
    broken = Response("<Response>", mimetype="text/xml")
    pages["inbound"] = lambda call: broken
    pages["fallback"] = lambda call: broken
    heard = caller.place()
    assert heard.said == (APPLICATION_ERROR,)
    assert heard.over
    assert [error["code"] for error in heard.errors] == [12100, 12100]


@pytest.mark.parametrize(
    "inside",
    [
        "<Record/>",
        "<Dance/>",
        "<Say voze='x'>hola</Say>",
        "<Gather numDigits='many'/>",
        "<Gather><Redirect>x</Redirect></Gather>",
        "<Pause length='0'/>",
        "<Say></Say>",
        "<Say><video/>hola</Say>",
        "<Say>" + "x" * 5000 + "</Say>",
        "palabras sueltas",
    ],
)
def test_what_twilios_schema_does_not_know_is_noted_and_left_out(pages: Script, caller: TwinCall, inside: str):
    pages["inbound"] = inside + "<Pause/>" + SAID.format("después")
    heard = caller.place()
    while not heard.over:
        heard = caller.keep_silent()
    assert heard.said[-1:] == ("después",)
    assert {error["code"] for error in heard.errors} == {12200}


# ---- calls that the service places


@pytest.fixture
def placing(twin: TwinServer) -> Iterator[TwilioCalls]:
    calls = TwilioCalls(ACCOUNT, TOKEN, sender=SERVICE, api_url=twin.url, ring_seconds=5)
    yield calls
    calls.close()


def place(placing: TwilioCalls, gateway: Gateway) -> str:
    base = f"{gateway.url}/channels/voice"
    return placing.call(
        PHONE,
        url=f"{base}/inbound?callback=7",
        fallback=f"{base}/fallback",
        status_callback=f"{base}/status?callback=7",
    )


@pytest.mark.parametrize(
    ("habit", "status", "answered_by"),
    [
        ("answer", "completed", "human"),
        ("machine", "completed", "machine_start"),
        ("fax", "completed", "fax"),
        ("busy", "busy", None),
        ("no-answer", "no-answer", None),
        ("failed", "failed", None),
    ],
)
def test_a_phone_answers_or_does_not(
    twin: TwinServer,
    control: httpx.Client,
    gateway: Gateway,
    pages: Script,
    placing: TwilioCalls,
    habit: str,
    status: str,
    answered_by: str | None,
):
    control.post(f"/twin/phones/{PHONE}/answering", json={"habit": habit, "clock": "patient"}).raise_for_status()
    pages["inbound"] = SAID.format("Hola, le llamamos")
    sid = place(placing, gateway)
    call = ended(twin, sid)
    gateway.wait_for(1, lambda each: "/status" in each.url)
    (told,) = pages.asked("status")
    assert told["CallStatus"] == call.status == status
    first = pages.asked("inbound")
    assert bool(first) is (answered_by is not None)
    if first:
        assert (first[0]["AnsweredBy"], first[0]["Direction"]) == (answered_by, "outbound-api")
        assert (first[0]["From"], first[0]["To"], first[0]["CallStatus"]) == (SERVICE, PHONE, "in-progress")
        assert [line.text for line in call.lines if line.kind == "said"] == ["Hola, le llamamos"]


@pytest.mark.parametrize(("do", "status"), [("answer", "completed"), ("decline", "busy")])
def test_who_holds_the_phone_takes_the_call_or_not(
    twin: TwinServer, control: httpx.Client, gateway: Gateway, pages: Script, placing: TwilioCalls, do: str, status: str
):
    pages["inbound"] = gather(SAID.format("¿Bueno?"))
    sid = place(placing, gateway)
    call = twin.twin.calls.get(sid)
    assert call is not None
    eventually(lambda: call.status == "ringing", 10, "the ring")
    told = control.post(f"/twin/calls/{sid}/actions", json={"do": do, "clock": "patient", "wait": 5}).json()
    assert told["settled"]
    if do == "answer":
        assert told["doing"] == "listening"
        control.post(f"/twin/calls/{sid}/actions", json={"do": "hang_up", "wait": 5})
    assert ended(twin, sid).status == status


def test_status_callbacks_come_as_they_were_asked_for(twin: TwinServer, control: httpx.Client, gateway: Gateway):
    control.post(f"/twin/phones/{PHONE}/answering", json={"habit": "answer", "clock": "patient"})
    form = {
        "To": PHONE,
        "From": SERVICE,
        "Twiml": "<Response><Say>hola</Say></Response>",
        "StatusCallback": f"{gateway.url}/channels/voice/status",
        "StatusCallbackEvent": ["initiated", "ringing", "answered", "completed"],
    }
    answer = control.post(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", data=form, auth=(ACCOUNT, TOKEN))
    assert answer.status_code == 201
    told = gateway.wait_for(4)
    assert [call.form["CallStatus"] for call in told] == ["initiated", "ringing", "in-progress", "completed"]
    assert [call.form["SequenceNumber"] for call in told] == ["0", "1", "2", "3"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"To": ""}, 21201),
        ({"From": ""}, 21213),
        ({"To": "12"}, 21211),
        ({"Url": "ftp://x"}, 21205),
        ({"Url": ""}, 21205),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"StatusCallbackEvent": "sometimes"}, 21626),
        ({"Record": "true"}, 20001),
        ({"Timeout": "0"}, 20001),
    ],
)
def test_a_call_that_twilio_would_not_place_is_refused(control: httpx.Client, change: dict[str, str], code: int):
    form = {"To": PHONE, "From": SERVICE, "Url": "https://example.org/voice"} | change
    answer = control.post(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", data=form, auth=(ACCOUNT, TOKEN))
    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_a_call_is_changed_and_ended_by_rest(twin: TwinServer, pages: Script, caller: TwinCall, gateway: Gateway):
    pages["inbound"] = gather(SAID.format("hola"))
    pages["elsewhere"] = gather(SAID.format("otra cosa"))
    caller.place()
    client = Client(ACCOUNT, TOKEN)
    base = f"/2010-04-01/Accounts/{ACCOUNT}/Calls/{caller.sid}.json"
    with httpx.Client(base_url=twin.url, trust_env=False, auth=(client.username, client.password)) as http:
        http.post(base, data={"Url": f"{gateway.url}/channels/voice/elsewhere"}).raise_for_status()
        call = twin.twin.calls.get(caller.sid)
        assert call is not None
        eventually(lambda: any(line.text == "otra cosa" for line in call.lines), 10, "the other document")
        eventually(lambda: call.idle, 10, "the line to wait")
        assert http.get(base).json()["status"] == "in-progress"
        http.post(base, data={"Twiml": "<Response><Say>adiós</Say><Pause/><Gather/></Response>"}).raise_for_status()
        eventually(lambda: call.lines[-1].text == "adiós", 10, "the given document")
        http.post(base, data={"Status": "completed"}).raise_for_status()
        eventually(lambda: call.over, 10, "the end")
        assert http.get(base).json()["status"] == "completed"
        assert http.post(base, data={"Twiml": "<Response/>"}).json()["code"] == 21220
        found = http.get(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", params={"Status": "completed"}).json()
        assert [each["sid"] for each in found["calls"]] == [caller.sid]


def test_a_fault_is_played_on_a_call_that_is_placed(control: httpx.Client, placing: TwilioCalls, gateway: Gateway):
    control.post("/twin/faults", json={"fault": "503", "on": "call"}).raise_for_status()
    with pytest.raises(Exception, match="20503"):
        place(placing, gateway)


# ---- queues, and ringing somebody up


def test_who_waits_hears_where_she_stands_and_may_leave(twin: TwinServer, pages: Script, caller: TwinCall):
    pages["inbound"] = "<Enqueue waitUrl='queue' action='connected'>personas</Enqueue>"
    pages["queue"] = lambda call: "<Leave/>" if call.form.get("Digits") == "1" else gather(input="dtmf", action="queue")
    pages["connected"] = SAID.format("Ya no espera") + "<Hangup/>"
    caller.place()
    with TwinCall(twin.url, OTHER_PHONE, deadline=10) as second:
        second.place()
        assert pages.asked("queue")[-1]["QueuePosition"] == "2"
        assert pages.asked("queue")[-1]["CurrentQueueSize"] == "2"
        caller.keep_silent()
        assert int(pages.asked("queue")[-1]["QueueTime"] or 0) >= 0
        heard = caller.press("1#")
        assert heard.said == ("Ya no espera",)
        second.keep_silent()
        second.hang_up()
    left, hung_up = pages.asked("connected")
    assert left["QueueResult"] == "leave"
    assert int(left["QueueTime"]) >= 5
    assert (hung_up["QueueResult"], hung_up["CallStatus"]) == ("hangup", "completed")


def test_somebody_takes_the_first_of_a_queue(twin: TwinServer, control: httpx.Client, pages: Script, caller: TwinCall):
    pages["inbound"] = "<Enqueue waitUrl='queue' action='connected'>personas</Enqueue>"
    pages["queue"] = gather(SAID.format("Usted sigue"), input="dtmf", action="queue")
    pages["connected"] = SAID.format("Adiós")
    caller.place()
    assert control.get("/twin/queues/personas").json()["waiting"] == [caller.sid]
    told = control.post("/twin/queues/personas/take", json={"wait": 5}).json()
    assert told["doing"] == "talking"
    assert caller.say("gracias").doing == "talking"
    heard = caller.act({"do": "agent_leaves"})
    assert heard.over
    assert pages.asked("connected")[0]["QueueResult"] == "bridged"
    assert control.post("/twin/queues/personas/take", json={}).status_code == 404


def test_an_agents_call_takes_the_first_of_a_queue_with_a_whisper(
    twin: TwinServer, control: httpx.Client, pages: Script, caller: TwinCall
):
    pages["inbound"] = "<Enqueue waitUrl='queue' action='connected'>personas</Enqueue>"
    pages["queue"] = gather(input="dtmf", action="queue")
    pages["connected"] = "<Hangup/>"
    pages["soon"] = SAID.format("Le paso")
    caller.place()
    control.post(f"/twin/phones/{OTHER_PHONE}/answering", json={"habit": "answer", "clock": "patient"})
    url = f"{twin.twin.config.inbound_url.replace('/sms/inbound', '/voice/soon')}"
    form = {
        "To": OTHER_PHONE,
        "From": SERVICE,
        "Twiml": f"<Response><Dial><Queue url='{url}'>personas</Queue></Dial></Response>",
    }
    control.post(f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json", data=form, auth=(ACCOUNT, TOKEN)).raise_for_status()
    call = twin.twin.calls.get(caller.sid)
    assert call is not None
    eventually(lambda: call.doing == "talking", 10, "the talk")
    assert "Le paso" in [line.text for line in call.lines]
    caller.hang_up()
    agent = next(each for each in twin.twin.calls.all() if each.direction == "outbound-api")
    eventually(lambda: agent.over, 10, "the agent's call to end")


@pytest.mark.parametrize(
    ("habit", "status"), [("answer", "completed"), ("busy", "busy"), ("no-answer", "no-answer"), ("failed", "failed")]
)
def test_a_person_is_rung_up_and_hears_the_whisper_first(
    twin: TwinServer, control: httpx.Client, pages: Script, caller: TwinCall, habit: str, status: str
):
    control.post(f"/twin/phones/{OTHER_PHONE}/answering", json={"habit": habit})
    pages["inbound"] = f"<Dial action='connected' timeout='20'><Number url='whisper'>{OTHER_PHONE}</Number></Dial>"
    pages["whisper"] = SAID.format("Llamada de trámites")
    pages["connected"] = SAID.format("Seguimos")
    heard = caller.place()
    if habit == "answer":
        assert heard.doing == "talking"
        heard = caller.act({"do": "agent_leaves"})
    assert "Seguimos" in heard.said
    assert "Llamada de trámites" not in heard.said
    (told,) = pages.asked("connected")
    assert told["DialCallStatus"] == status
    assert ("DialCallDuration" in told) is (habit == "answer")
    child = twin.twin.calls.get(told["DialCallSid"])
    assert child is not None
    assert child.status == status
    assert [line.text for line in child.lines if line.kind == "said"] == (
        ["Llamada de trámites"] if habit == "answer" else []
    )


def test_a_patient_callers_ring_ends_with_her_silence(pages: Script, caller: TwinCall):
    pages["inbound"] = f"<Dial action='connected'>{OTHER_PHONE}</Dial>"
    pages["connected"] = SAID.format("Nadie contesta")
    assert caller.place().doing == "dialling"
    assert caller.keep_silent().said == ("Nadie contesta",)
    assert pages.asked("connected")[0]["DialCallStatus"] == "no-answer"


@pytest.mark.parametrize("action", [{"do": "keys", "keys": "1"}, {"do": "say", "text": "oiga"}])
def test_who_speaks_while_it_rings_is_heard_when_somebody_listens_again(
    pages: Script, caller: TwinCall, action: dict[str, str]
):
    pages["inbound"] = f"<Dial action='connected'>{OTHER_PHONE}</Dial>"
    pages["connected"] = f"<Gather input='dtmf speech' numDigits='1' action='next'>{SAID.format('Nadie')}</Gather>"
    pages["next"] = SAID.format("Ya le oigo")
    assert caller.place().doing == "dialling"
    heard = caller.act(action)
    assert heard.settled
    assert heard.said[-2:] == ("Nadie", "Ya le oigo")
    assert pages.asked("connected")[0]["DialCallStatus"] == "no-answer"


# ---- the control API


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"do": "dance"},
        {"do": "keys"},
        {"do": "keys", "keys": "12x"},
        {"do": "say", "confidence": 2},
        {"do": "hang_up", "after": -1},
        {"do": "say", "louder": True},
        "hola",
    ],
)
def test_an_action_that_is_none_is_refused(control: httpx.Client, pages: Script, action: Any):
    answer = control.post(f"/twin/phones/{PHONE}/calls", json={"script": [action]})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_reset_ends_what_goes_on(twin: TwinServer, control: httpx.Client, pages: Script, caller: TwinCall):
    pages["inbound"] = gather()
    caller.place()
    call = twin.twin.calls.get(caller.sid)
    assert call is not None
    control.delete("/twin/state")
    eventually(lambda: call.over, 10, "the end")
    assert control.get("/twin/calls").json()["calls"] == []


def test_many_calls_at_once_keep_apart(twin: TwinServer, pages: Script):
    pages["inbound"] = gather()
    pages["turn"] = lambda call: SAID.format(call.form["From"]) + "<Hangup/>"
    heard: dict[str, Heard] = {}

    def one(number: str) -> None:
        with TwinCall(twin.url, number, deadline=20) as call:
            call.place()
            heard[number] = call.say("hola")

    numbers = [f"+5255100000{index:02d}" for index in range(20)]
    threads = [threading.Thread(target=one, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: each.said for number, each in heard.items()} == {number: (number,) for number in numbers}


def test_changes_tell_of_calls_too(control: httpx.Client, pages: Script, caller: TwinCall):
    pages["inbound"] = gather()
    before = control.get(f"/twin/phones/{PHONE}/changes").json()["version"]
    caller.place()
    page = control.get(f"/twin/phones/{PHONE}/changes", params={"after": before, "wait": 5}).json()
    (call,) = page["calls"]
    assert (call["sid"], call["doing"]) == (caller.sid, "listening")
    assert page["last"] == call["version"]
