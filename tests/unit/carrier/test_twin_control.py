from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx
import pytest
from flask.testing import FlaskClient

from bot.core.delivery import Outgoing
from channels.twilio import TwilioCarrier
from channels.twin.server import TwinServer, create_app
from channels.twin.state import Fault
from tests.unit.carrier.carrier_support import ACCOUNT, OTHER_PHONE, PHONE, TOKEN

ROOT = Path(__file__).parents[3]


def send(carrier: TwilioCarrier, text: str, to: str = PHONE) -> str:
    return carrier.send(to, Outgoing("sms", text), delivery_id="d", status_callback="")


def test_a_reader_waits_for_the_next_message(control: httpx.Client, carrier: TwilioCarrier):
    begin = control.get(f"/twin/phones/{PHONE}/messages").json()["seq"]
    timer = threading.Timer(0.2, send, (carrier, "ya llegó"))
    timer.start()
    page = control.get(f"/twin/phones/{PHONE}/messages", params={"after": begin, "wait": 10}).json()
    timer.join()
    (message,) = page["messages"]
    assert message["body"] == "ya llegó"
    assert message["segments"] == 1
    assert page["last"] == message["seq"] == begin + 1


def test_a_reader_waits_no_longer_than_it_says(control: httpx.Client):
    begun = time.monotonic()
    page = control.get(f"/twin/phones/{PHONE}/messages", params={"wait": 0.3}).json()
    assert page["messages"] == []
    assert 0.25 < time.monotonic() - begun < 5


def test_each_phone_has_its_own_messages_whatever_way_its_number_is_written(
    control: httpx.Client, carrier: TwilioCarrier
):
    send(carrier, "uno")
    send(carrier, "dos", OTHER_PHONE)
    send(carrier, "tres")
    for written in (PHONE, PHONE.replace("+52", "+521"), PHONE.replace("+52", ""), PHONE.replace("+", "%2B")):
        page = control.get(f"/twin/phones/{written}/messages").json()
        assert [message["body"] for message in page["messages"]] == ["uno", "tres"]
    page = control.get(f"/twin/phones/{PHONE}/messages", params={"after": page["messages"][0]["seq"]}).json()
    assert [message["body"] for message in page["messages"]] == ["tres"]


@pytest.mark.parametrize(
    "fault",
    [
        {},
        {"fault": "explode"},
        {"fault": "2161"},
        {"fault": "429", "times": 0},
        {"fault": "429", "on": "sometimes"},
        {"fault": "429", "match": {"body": "x"}},
        {"fault": "429", "match": {"to": "nobody"}},
        {"fault": "429", "time": 2},
        "429",
    ],
)
def test_a_fault_that_cannot_be_played_is_refused(control: httpx.Client, fault: object):
    answer = control.post("/twin/faults", json=fault)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert control.get("/twin/faults").json() == []


def test_faults_count_down_and_match(control: httpx.Client, carrier: TwilioCarrier):
    control.post("/twin/faults", json=[{"fault": "21610", "match": {"to": PHONE}, "times": 2}])
    assert send(carrier, "a", OTHER_PHONE)
    for _ in range(2):
        with pytest.raises(Exception, match="21610"):
            send(carrier, "a")
    assert send(carrier, "a")
    control.post("/twin/faults", json={"fault": "503", "times": None})
    for _ in range(3):
        with pytest.raises(Exception, match="20503"):
            send(carrier, "a")
    assert len(control.get("/twin/faults").json()) == 1
    control.delete("/twin/faults")
    assert send(carrier, "a")


def test_a_request_that_hangs_is_seen_and_let_go(control: httpx.Client, carrier: TwilioCarrier):
    control.post("/twin/faults", json={"fault": "hang_after_accept"})
    errors: list[str] = []

    def sending() -> None:
        try:
            send(carrier, "hola")
        except Exception as error:
            errors.append(str(error))

    thread = threading.Thread(target=sending)
    thread.start()
    page = control.get(f"/twin/phones/{PHONE}/messages", params={"wait": 10}).json()
    assert [message["body"] for message in page["messages"]] == ["hola"]
    (record,) = control.get("/twin/requests").json()
    assert (record["status"], record["fault"]) == (None, "hang_after_accept")
    control.delete("/twin/faults")
    thread.join(10)
    assert errors
    assert errors[0].startswith("connection_lost")


def test_a_fault_that_was_taken_lets_go_also_when_it_is_cleared_before_it_hangs(twin: TwinServer):
    state = twin.twin
    state.add_faults([Fault.check({"fault": "timeout"})])
    fault = state.take_fault("send", PHONE)
    assert fault is not None
    state.clear_faults()
    hanging = threading.Thread(target=state.hang, args=(fault,), daemon=True)
    hanging.start()
    hanging.join(20)
    assert not hanging.is_alive()


@pytest.mark.parametrize("address", ["10.0.0.7", "192.168.1.4", "2001:db8::1", "", "::ffff:10.0.0.7"])
def test_only_this_machine_controls_the_twin(twin: TwinServer, address: str):
    client: FlaskClient = create_app(twin.twin, twin.webhooks).test_client()
    assert client.get("/twin/requests", environ_base={"REMOTE_ADDR": address}).status_code == 403


@pytest.mark.parametrize("address", ["127.0.0.1", "127.3.2.1", "::1", "::ffff:127.0.0.1"])
def test_this_machine_controls_the_twin(twin: TwinServer, address: str):
    client: FlaskClient = create_app(twin.twin, twin.webhooks).test_client()
    assert client.get("/twin/requests", environ_base={"REMOTE_ADDR": address}).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"/twin/phones/{PHONE}/messages", {"body": "x", "repeat": 0}),
        (f"/twin/phones/{PHONE}/messages", {"body": "x", "repeat": 10**6}),
        (f"/twin/phones/{PHONE}/messages", []),
        ("/twin/phones/nobody/messages", {"body": "x"}),
        ("/twin/callbacks", {"repeat": 0}),
        ("/twin/callbacks", {"delay": -1}),
    ],
)
def test_a_wrong_order_is_refused(control: httpx.Client, path: str, body: object):
    assert control.post(path, json=body).status_code == 400


def test_a_page_in_a_browser_cannot_order_anything(control: httpx.Client):
    # What another site's page can post without asking first is a form or plain text, never JSON.
    for kind in ("text/plain", "application/x-www-form-urlencoded"):
        answer = control.post(f"/twin/phones/{PHONE}/messages", content='{"body": "x"}', headers={"Content-Type": kind})
        assert answer.status_code == 415


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run_twin(*arguments: str, **environment: str) -> subprocess.Popen[str]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("TWIN_", "TWILIO_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "channels.twin", *arguments],
        cwd=ROOT,
        env={**base, "TWIN_ACCOUNT_SID": ACCOUNT, "TWIN_AUTH_TOKEN": TOKEN, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_process_starts_serves_and_ends_on_sigterm():
    port = free_port()
    with run_twin("--port", str(port)) as process:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/twin/health", trust_env=False).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.05)  # polls until it listens
        read = None
        if process.poll() is None:
            read = httpx.get(f"http://127.0.0.1:{port}/twin/phones/{PHONE}/messages", trust_env=False)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=10)
    assert read is not None, output
    assert read.status_code == 200
    assert process.returncode == 0, output
    assert PHONE[1:] not in output


@pytest.mark.parametrize(
    ("environment", "word"),
    [({"TWIN_AUTH_TOKEN": ""}, "TWIN_AUTH_TOKEN"), ({"TWIN_ACCOUNT_SID": "AC1"}, "TWIN_ACCOUNT_SID")],
)
def test_the_process_says_what_it_lacks(environment: dict[str, str], word: str):
    with run_twin(**environment) as process:
        output, _ = process.communicate(timeout=30)
    assert process.returncode == 2, output
    assert word in output
    assert "Traceback" not in output
