"""Calls of the action server: in time, checked, and without a person's words in errors."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import pytest
from engine_harness import ActionServer, action_answer, say
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError

from bot.engine.action_endpoint import ActionEndpoint, check_action_result, install_action_check
from bot.engine.errors import ActionFailed, ActionServerUnreachable, ActionTimedOut
from tests.servers import free_port

CALL = {"next_action": "action_answer", "tracker": {"slots": {"turns": None}, "latest_message": {"text": "hola"}}}


def call(url: str, timeout: float = 5.0, times: int = 1) -> Any:
    async def run() -> Any:
        endpoint = ActionEndpoint(url, timeout)
        try:
            return [await endpoint.request(json=CALL, method="post", timeout=300) for _ in range(times)][-1]
        finally:
            await endpoint.close()

    return asyncio.run(run())


def test_an_answer_is_returned_and_the_connection_kept(action_server: ActionServer) -> None:
    assert call(action_server.url, times=3)["events"][0]["name"] == "turns"
    assert len(action_server.calls) == 3
    assert action_server.calls[0] == CALL


@pytest.mark.parametrize("status", [404, 500, 503])
def test_any_other_status_fails_the_turn(action_server: ActionServer, status: int) -> None:
    action_server.behave = lambda _: (status, {"error": "secret words"})
    with pytest.raises(ActionFailed) as caught:
        call(action_server.url)
    assert str(status) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_rejection_is_rasas_to_handle(action_server: ActionServer) -> None:
    action_server.behave = lambda _: (400, {"action_name": "action_answer", "error": "not now"})
    with pytest.raises(ClientResponseError):
        call(action_server.url)


def test_an_answer_that_is_not_json_fails_the_turn(action_server: ActionServer) -> None:
    action_server.behave = lambda _: (200, b"<html>")
    with pytest.raises(ActionFailed, match="not JSON"):
        call(action_server.url)


def test_a_server_that_hangs_fails_the_turn_in_time(action_server: ActionServer) -> None:
    done = threading.Event()

    def hang(_: Any) -> Any:
        done.wait(20)
        return action_answer()

    action_server.behave = hang
    started = time.monotonic()
    try:
        with pytest.raises(ActionTimedOut):
            call(action_server.url, timeout=0.3)
    finally:
        done.set()
    assert time.monotonic() - started < 5


def test_a_server_that_is_not_there_fails_the_turn() -> None:
    with pytest.raises(ActionServerUnreachable):
        call(f"http://127.0.0.1:{free_port()}/webhook")


def test_reachable_asks_the_action_servers_health(action_server: ActionServer) -> None:
    async def ask(url: str) -> bool:
        endpoint = ActionEndpoint(url, 1)
        try:
            return await endpoint.reachable()
        finally:
            await endpoint.close()

    assert asyncio.run(ask(action_server.url))
    assert not asyncio.run(ask(f"http://127.0.0.1:{free_port()}/webhook"))


def test_the_compiled_check_takes_what_rasas_takes_and_refuses_what_it_refuses() -> None:
    from jsonschema import ValidationError, validate

    good = [
        {},
        action_answer({"reply": say("x")})[1],
        {"events": [{"event": "slot", "name": "a", "value": None, "timestamp": None}], "responses": []},
        {"events": [{"event": "user", "text": "x", "parse_data": {"intent": {"name": "a"}}}]},
    ]
    bad = [
        None,
        [],
        {"events": {}},
        {"events": [{"event": "slot", "value": 1}]},
        {"responses": ["x"]},
        {"events": [{}]},
    ]
    schema = RemoteAction.action_response_format_spec()
    for answer in good:
        validate(answer, schema)
        assert check_action_result(RemoteAction("a", None), answer)
    for answer in bad:
        with pytest.raises(ValidationError):
            validate(answer, schema)
        with pytest.raises(ActionFailed):
            check_action_result(RemoteAction("a", None), answer)


def test_a_refused_answer_is_not_quoted() -> None:
    with pytest.raises(ActionFailed) as caught:
        check_action_result(RemoteAction("a", None), {"events": [{"event": "slot", "curp": "GARC850101HOCRRL09"}]})
    assert "events/0" in str(caught.value)
    assert "GARC" not in str(caught.value)


def test_the_check_is_installed_and_cheap() -> None:
    install_action_check()
    assert RemoteAction._validate_action_result is check_action_result
    answer = {"events": [{"event": "slot", "name": "a", "value": 1, "timestamp": None}] * 5, "responses": [{}] * 3}
    action = RemoteAction("a", None)
    started = time.process_time()
    for _ in range(20):
        action._validate_action_result(answer)
    assert (time.process_time() - started) / 20 < 0.02
