"""``POST /turns`` of a real engine process, with a real Redis and an action server that fails on purpose."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis as redis_client
from engine_harness import ActionServer, EngineProcess, action_answer, count_turn, run_engine, say

from bot.core.codec import from_payload, to_payload
from bot.core.replies import Say
from bot.core.turns import TurnContext, TurnResult
from bot.engine.tracker_store import PREFIX
from tests.servers import Redis, free_port

pytestmark = pytest.mark.timeout(300)  # real processes: seconds alone, minutes on a busy machine
QUESTION = "qué necesito para el pasaporte"


@pytest.fixture(scope="module")
def actions() -> Iterator[ActionServer]:
    server = ActionServer()
    yield server
    server.close()


@pytest.fixture(scope="module")
def engine(
    project: Path, engine_redis: Redis, actions: ActionServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[EngineProcess]:
    log = tmp_path_factory.mktemp("engine") / "engine.log"
    process = EngineProcess(
        project, log, REDIS_URL=engine_redis.url, ACTIONS_URL=actions.url, ACTIONS_TIMEOUT="0.7", LOG_LEVEL="DEBUG"
    )
    yield process
    process.stop()


@pytest.fixture(autouse=True)
def fresh(actions: ActionServer) -> None:
    actions.reset()


@pytest.fixture
def conversation() -> str:
    return uuid.uuid4().hex


def result(answer: tuple[int, Any]) -> TurnResult:
    status, body = answer
    assert status == 200, body
    found: TurnResult = from_payload(TurnResult, body)
    return found


def stored(redis: Redis, conversation: str) -> Any:
    with redis_client.Redis.from_url(redis.url) as client:
        return client.get(PREFIX + conversation)


def test_a_turn_is_answered_with_replies_and_how_it_was_understood(engine: EngineProcess, conversation: str) -> None:
    found = result(engine.turn("m1", conversation, QUESTION))
    assert found.replies == (Say("counted", {"n": "1", "text": QUESTION}),)
    assert (found.understood.intent, found.understood.outcome, found.replayed) == ("ask_procedure", "answer", False)
    assert 0 < found.understood.confidence <= 1
    assert found.context is None


def test_a_reply_of_domain_yml_needs_no_action_server(engine: EngineProcess, actions: ActionServer) -> None:
    found = result(engine.turn("m1", uuid.uuid4().hex, "buenos días"))
    assert found.replies == (Say("greeting"),)
    assert found.understood.outcome == "smalltalk"
    assert not actions.calls


def test_actions_see_context_channel_and_slots(engine: EngineProcess, actions: ActionServer, conversation: str) -> None:
    context = TurnContext(state="OAX", case={"age": "minor"})
    engine.turn("m1", conversation, QUESTION, context=to_payload(context), channel="whatsapp")
    result(engine.turn("m2", conversation, {"type": "Choice", "option_id": "o1", "text": "Uno"}))
    first, second = (call["tracker"] for call in actions.calls)
    assert first["latest_message"]["metadata"] == {"context": to_payload(context), "channel": "whatsapp"}
    assert first["latest_input_channel"] == "whatsapp"
    assert first["sender_id"] == conversation
    assert second["slots"]["turns"] == 1
    assert "domain" not in actions.calls[0]
    assert [(e["entity"], e["value"]) for e in second["latest_message"]["entities"]] == [("option_id", "o1")]


def test_what_must_be_remembered_comes_back_as_context(
    engine: EngineProcess, actions: ActionServer, conversation: str
) -> None:
    context = TurnContext(state="PUE", municipality="21114")
    actions.behave = lambda _: action_answer({"reply": say("x"), "context": to_payload(context), "procedure": "curp"})
    for _ in range(2):  # new, then repeated
        found = result(engine.turn("m1", conversation, QUESTION))
        assert found.context == context
        assert found.understood.procedure == "curp"


def test_the_same_message_again_gets_the_same_answer_and_runs_nothing(
    engine: EngineProcess, actions: ActionServer, engine_redis: Redis, conversation: str
) -> None:
    first = engine.turn("m1", conversation, QUESTION)[1]
    value = stored(engine_redis, conversation)
    for _ in range(3):
        again = engine.turn("m1", conversation, QUESTION)[1]
        assert again == {**first, "replayed": True}
    assert len(actions.calls) == 1
    assert stored(engine_redis, conversation) == value
    assert result(engine.turn("m2", conversation, QUESTION)).replies == (Say("counted", {"n": "2", "text": QUESTION}),)


def test_thirty_equal_requests_at_once_make_one_turn(
    engine: EngineProcess, actions: ActionServer, conversation: str
) -> None:
    with ThreadPoolExecutor(15) as pool:
        answers = list(pool.map(lambda _: engine.turn("m1", conversation, QUESTION), range(30)))
    found = [result(answer) for answer in answers]
    assert len(actions.calls) == 1
    assert sum(not each.replayed for each in found) == 1
    assert all(each.replies == found[0].replies for each in found)


def test_turns_of_a_conversation_wait_for_each_other_and_others_do_not(
    engine: EngineProcess, actions: ActionServer, conversation: str
) -> None:
    entered, gate = threading.Event(), threading.Event()

    def behave(call: dict[str, Any]) -> Any:
        if call["sender_id"] == conversation and not gate.is_set():
            entered.set()
            gate.wait(0.5)
        return count_turn(call)

    actions.behave = behave
    with ThreadPoolExecutor(4) as pool:
        slow = pool.submit(engine.turn, "m1", conversation, QUESTION)
        assert entered.wait(10)
        queued = pool.submit(engine.turn, "m2", conversation, QUESTION)
        other = result(engine.turn("m1", uuid.uuid4().hex, QUESTION))
        assert not queued.done()
        assert other.replies
        gate.set()
        numbers = [result(task.result()).replies[0] for task in (slow, queued)]
    assert [reply.params["n"] for reply in numbers if isinstance(reply, Say)] == ["1", "2"]


Behaviour = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("behave", "status", "kind"),
    [
        (lambda _: (500, {"error": "boom"}), 502, "ActionFailed"),
        (lambda _: (404, {"error": "no such action"}), 502, "ActionFailed"),
        (lambda _: (200, b"<html>"), 502, "ActionFailed"),
        (lambda _: (200, {"events": [{"event": "slot"}], "responses": []}), 502, "ActionFailed"),
        (lambda _: (200, None), 502, "ActionFailed"),
        (lambda _: action_answer(), 500, "NoReply"),
        (lambda _: action_answer({"outcome": "answer"}), 500, "NoReply"),
        (lambda _: action_answer({"reply": {"type": "Shout"}}), 500, "BadReply"),
        (lambda _: action_answer({"reply": say("x")}, {"reply": None, "oops": 1}), 500, "BadReply"),
        (lambda _: (400, {"action_name": "action_answer", "error": "not now"}), 500, "NoReply"),
        (lambda _: (400, {"error": "bad request"}), 502, "ActionFailed"),
    ],
)
def test_an_action_that_fails_fails_the_turn_and_leaves_nothing(
    engine: EngineProcess,
    actions: ActionServer,
    engine_redis: Redis,
    conversation: str,
    behave: Behaviour,
    status: int,
    kind: str,
) -> None:
    result(engine.turn("m0", conversation, QUESTION))
    value = stored(engine_redis, conversation)
    actions.behave = behave
    found, body = engine.turn("m1", conversation, QUESTION)
    assert (found, body["kind"]) == (status, kind)
    assert body["error"]
    assert stored(engine_redis, conversation) == value
    actions.behave = count_turn
    healed = result(engine.turn("m1", conversation, QUESTION))
    assert healed.replies == (Say("counted", {"n": "2", "text": QUESTION}),)
    assert not healed.replayed


def test_a_failed_first_turn_leaves_no_conversation(
    engine: EngineProcess, actions: ActionServer, engine_redis: Redis, conversation: str
) -> None:
    actions.behave = lambda _: (500, {})
    assert engine.turn("m1", conversation, QUESTION)[0] == 502
    assert stored(engine_redis, conversation) is None


def test_an_action_that_hangs_fails_the_turn_in_time(
    engine: EngineProcess, actions: ActionServer, conversation: str
) -> None:
    done = threading.Event()

    def hang(call: dict[str, Any]) -> Any:
        done.wait(20)
        return count_turn(call)

    actions.behave = hang
    try:
        assert engine.turn("m1", conversation, QUESTION)[0] == 504
    finally:
        done.set()


@pytest.mark.parametrize(
    ("text", "kind"), [("guarda silencio", "NoReply"), ("quiero hablar con una persona", "BadReply")]
)
def test_a_dialogue_without_an_answer_is_an_error(engine: EngineProcess, text: str, kind: str) -> None:
    status, body = engine.turn("m1", uuid.uuid4().hex, text)
    assert (status, body["kind"]) == (500, kind)


@pytest.mark.parametrize("text", ["/restart", '/pick{"option_id": "x"}', "/session_start", "/back", "/greet"])
def test_a_citizens_slash_is_no_command(
    engine: EngineProcess, actions: ActionServer, conversation: str, text: str
) -> None:
    result(engine.turn("m0", conversation, QUESTION))
    engine.turn("m1", conversation, text)
    result(engine.turn("m2", conversation, QUESTION))
    heard = [call["tracker"]["latest_message"] for call in actions.calls]
    assert all(message["intent"]["name"] in ("ask_procedure", "out_of_scope") for message in heard)
    assert actions.calls[-1]["tracker"]["slots"]["turns"] >= 1


@pytest.mark.parametrize(
    "content", [{"type": "Text", "text": text} for text in ("", "/", "...", "😀", "\ud83d", "a" * 50_000, "\0", "{}")]
)
def test_any_text_is_answered(engine: EngineProcess, content: Any) -> None:
    assert result(engine.turn("m1", uuid.uuid4().hex, content)).replies


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"", "$"),
        (b"{", "$"),
        (b"[]", "$"),
        (b"\xff\xfe", "$"),
        (b'{"message_id": "m"}', "$."),
        (b"[" * 50_000, "$"),
    ],
)
def test_a_malformed_request_is_answered_400_with_the_path(engine: EngineProcess, body: bytes, path: str) -> None:
    status, answer = engine.request("POST", "/turns", body)
    assert status == 400
    assert answer["error"].startswith(path)


def test_a_field_at_fault_is_named(engine: EngineProcess) -> None:
    status, body = engine.turn("m1", "c", {"type": "Choice", "option": "x"})
    assert status == 400
    assert body["error"].startswith("$.content.")
    assert engine.request("GET", "/turns", None)[0] == 405
    assert engine.request("GET", "/webhooks/rest/webhook", None)[0] == 404
    assert engine.request("POST", "/turns", b" " * 300_000)[0] == 413


def test_health_names_what_is_missing(
    engine: EngineProcess, engine_redis: Redis, actions: ActionServer, conversation: str
) -> None:
    assert engine.get("/health") == (200, {"model": True, "tracker_store": True, "actions": True})
    engine_redis.stop()
    try:
        assert engine.get("/health") == (503, {"model": True, "tracker_store": False, "actions": True})
        status, body = engine.turn("m1", conversation, QUESTION)
        assert (status, body["kind"]) == (503, "TrackerStoreError")
        assert not actions.calls
    finally:
        engine_redis.start()
    assert engine.get("/health")[0] == 200
    assert result(engine.turn("m1", conversation, QUESTION)).replies


def test_a_turn_that_another_process_overtook_is_an_error_and_then_repeated(
    engine: EngineProcess, actions: ActionServer, engine_redis: Redis, conversation: str
) -> None:
    result(engine.turn("m0", conversation, QUESTION))

    def overtaken(call: dict[str, Any]) -> Any:
        with redis_client.Redis.from_url(engine_redis.url) as client:
            value = client.get(PREFIX + conversation)
            assert isinstance(value, bytes)
            client.set(PREFIX + conversation, value.replace(b'{"version":1,', b'{"version":2,'))
        return count_turn(call)

    actions.behave = overtaken
    status, body = engine.turn("m1", conversation, QUESTION)
    assert (status, body["kind"]) == (503, "TrackerConflict")
    actions.behave = count_turn
    assert not result(engine.turn("m1", conversation, QUESTION)).replayed


def test_a_session_that_expired_starts_anew_with_its_slots(
    engine: EngineProcess, actions: ActionServer, engine_redis: Redis, conversation: str
) -> None:
    result(engine.turn("m0", conversation, QUESTION))
    with redis_client.Redis.from_url(engine_redis.url) as client:
        value = json.loads(client.get(PREFIX + conversation) or b"{}")
        for event in value["events"]:
            event["timestamp"] -= 7200
        client.set(PREFIX + conversation, json.dumps(value, separators=(",", ":")))
    assert result(engine.turn("m0", conversation, QUESTION)).replayed
    found = result(engine.turn("m1", conversation, QUESTION))
    assert found.replies == (Say("counted", {"n": "2", "text": QUESTION}),)
    events = json.loads(stored(engine_redis, conversation))["events"]
    assert events[0]["name"] == "action_session_start"
    assert sum(e["event"] == "user" for e in events) == 1


def test_a_long_conversation_stays_bounded(engine: EngineProcess, engine_redis: Redis, conversation: str) -> None:
    sizes = []
    for number in range(60):
        found = result(engine.turn(f"m{number}", conversation, QUESTION))
        assert found.replies == (Say("counted", {"n": str(number + 1), "text": QUESTION}),)
        sizes.append(len(json.loads(stored(engine_redis, conversation))["events"]))
    assert max(sizes) <= 120
    assert sizes[-1] < max(sizes)


def test_logs_are_json_lines_without_texts_slots_or_numbers(engine: EngineProcess, conversation: str) -> None:
    secret = "mi curp es GARC850101HOCRRL09 y mi cel 9511234567"
    engine.turn("m1", conversation, secret)
    engine.turn("m2", conversation, {"type": "Location", "latitude": 17.0654321, "longitude": -96.7236789})
    engine.turn("m3", conversation, {"type": "Media", "kind": "image", "text": secret})
    lines = [json.loads(line) for line in engine.log.read_text().splitlines()]
    assert all({"time", "level", "logger", "event"} <= set(line) for line in lines)
    whole = json.dumps(lines)
    for word in ("GARC85", "9511234567", "0654321", "pasaporte", "/turns HTTP"):
        assert word not in whole


def test_without_a_model_every_turn_fails_and_sigterm_ends_it(tmp_path: Path, project: Path) -> None:
    engine = EngineProcess(
        project,
        tmp_path / "log",
        "--model",
        str(tmp_path / "none.tar.gz"),
        REDIS_URL=f"redis://127.0.0.1:{free_port()}/0",
        ACTIONS_URL=f"http://127.0.0.1:{free_port()}/webhook",
    )
    try:
        assert engine.get("/health") == (503, {"model": False, "tracker_store": False, "actions": False})
        status, body = engine.turn("m1", "c", QUESTION)
        assert (status, body["kind"]) == (503, "NoModel")
        taken = run_engine(project, "run", "--port", str(engine.port))
        assert taken.returncode == 1
        assert "Address already in use" in taken.stdout.replace("address", "Address")
    finally:
        seconds = engine.stop()
    assert engine.process.returncode == 0
    assert seconds < 3


def test_sigterm_lets_a_running_turn_end(
    project: Path, engine_redis: Redis, actions: ActionServer, tmp_path: Path, conversation: str
) -> None:
    engine = EngineProcess(project, tmp_path / "log", REDIS_URL=engine_redis.url, ACTIONS_URL=actions.url)
    entered, gate = threading.Event(), threading.Event()

    def behave(call: dict[str, Any]) -> Any:
        entered.set()
        gate.wait(0.5)
        return count_turn(call)

    actions.behave = behave
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(engine.turn, "m1", conversation, QUESTION)
        assert entered.wait(20)
        seconds = engine.stop()
        assert result(running.result()).replies
    assert engine.process.returncode == 0
    assert seconds < 3
