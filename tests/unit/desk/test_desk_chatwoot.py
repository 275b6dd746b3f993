"""Chatwoot as the desk, against a server that behaves as its API is documented, and its faults."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import httpx
import pytest
import time_machine
from sqlalchemy import select, update

from bot.core.delivery import DeliveryStatus, StatusUpdate
from bot.core.handoff import HandoffEvent
from bot.core.messages import Media
from bot.desk.chatwoot import client as client_module
from bot.desk.chatwoot.address import path_secret
from bot.desk.signing import chatwoot_signature
from bot.settings import SettingsError
from bot.store import TurnOutcome
from bot.store.desk_events import DeskEvents
from bot.store.tables import handoffs, outbound
from bot.worker.desk import ChatwootAccount, desk_deliveries
from tests.builders import inbound, now
from tests.people import JUAN, SECRET
from tests.servers import serving
from tests.unit.desk.chatwoot_support import ACCOUNT, INBOX, TOKEN, ChatwootServer
from tests.unit.desk.conftest import run

PATH = f"/chatwoot/{path_secret(SECRET)}"


class Place:
    """Our side and Chatwoot's."""

    def __init__(self, api, server, delivery):
        self.api, self.chatwoot, self.delivery = api, server, delivery

    def tell(self, later=0):
        with time_machine.travel(now() + timedelta(seconds=later)):
            run(self.delivery)

    def asks(self, **more):
        handoff = self.api.people.asks(**more)
        self.tell()
        (conversation,) = [
            id_
            for id_, each in self.chatwoot.conversations.items()
            if each["custom_attributes"] == {"ventanilla_handoff": handoff.id}
        ]
        return handoff, conversation

    def hook(self, webhook, path=PATH, headers=None):
        return self.api.post(path, webhook, token="", headers=headers)

    def says(self, conversation, text, **more):
        return self.hook(self.chatwoot.created(self.chatwoot.write(conversation, text, **more)))

    def sent(self):
        with self.api.engine.connect() as db:
            found = select(outbound).where(outbound.c.kind == "agent").order_by(outbound.c.id)
            return [row.text for row in db.execute(found)]

    def state(self, handoff):
        return self.api.handoffs.get(handoff.id).state.value


@pytest.fixture
def chatwoot():
    server = ChatwootServer()
    with serving(server) as running:
        server.url = running.url
        yield server


@pytest.fixture
def make_place(make_api, chatwoot):
    made = []

    def make(**more):
        settings = {
            "chatwoot_url": chatwoot.url, "chatwoot_account": ACCOUNT, "chatwoot_inbox": INBOX,
            "chatwoot_token": TOKEN, "institution": "Mesa", **more,
        }  # fmt: skip
        api = make_api(**settings)
        (delivery,) = desk_deliveries(api.config, api.engine)
        made.append(delivery)
        delivery.step("w")
        return Place(api, chatwoot, delivery)

    yield make
    for each in made:
        each.close()


@pytest.fixture
def place(make_place):
    return make_place()


def test_who_asks_is_a_conversation_there_with_what_was_said(place):
    place.api.people.writes("perdí mi acta")
    handoff, conversation = place.asks()
    (contact,) = place.chatwoot.contacts.values()
    assert contact["identifier"] == handoff.conversation_id
    assert contact["name"].startswith("Persona ")
    (note,) = place.chatwoot.shown(conversation, private=True)
    assert "perdí mi acta" in note[1]
    assert place.chatwoot.shown(conversation) == [("person", "AGENTE")]
    place.api.people.writes("¿hay alguien?")
    place.tell()
    assert place.chatwoot.shown(conversation)[-1] == ("person", "¿hay alguien?")


def test_an_agents_first_words_take_the_handoff_and_reach_the_person(place):
    handoff, conversation = place.asks()
    assert place.says(conversation, "Buenas tardes").json == {"done": "reply"}
    record = place.api.handoffs.get(handoff.id)
    assert (record.state.value, record.agent) == ("with_agent", "Mesa")
    assert place.sent() == ["Buenas tardes"]
    place.api.people.writes("gracias")
    place.tell()
    assert place.chatwoot.shown(conversation)[-1] == ("person", "gracias")
    assert place.hook(place.chatwoot.resolved(conversation)).json == {"done": "back"}
    assert place.state(handoff) == "bot"
    place.tell()
    assert len(place.chatwoot.shown(conversation, private=True)) == 1, "what it did itself is not told to it"


@pytest.mark.parametrize("told", [True, False])
def test_a_sensitive_matter_is_taken_there_only_where_it_is_told_there(make_place, told):
    place = make_place(desk_sensitive=told)
    handoff, conversation = place.asks()
    with place.api.engine.begin() as db:
        db.execute(update(handoffs).where(handoffs.c.id == handoff.id).values(sensitive=True))
    answer = place.says(conversation, "Buenas, le ayudo.")
    assert (answer.status_code == 200) is told
    assert place.state(handoff) == ("with_agent" if told else "waiting")
    assert place.sent() == (["Buenas, le ayudo."] if told else [])


def test_a_repeated_webhook_changes_nothing(place):
    _, conversation = place.asks()
    webhook = place.chatwoot.created(place.chatwoot.write(conversation, "Buenas tardes"))
    assert [place.hook(webhook).status_code for _ in range(3)] == [200] * 3
    assert place.sent() == ["Buenas tardes"]
    resolved = place.chatwoot.resolved(conversation)
    assert [place.hook(resolved).json["done"] for _ in range(2)] == ["back", None]
    assert place.hook(webhook).status_code == 200
    assert place.sent() == ["Buenas tardes"]


def test_webhooks_out_of_order_and_lost_ones_keep_the_agents_order(place):
    handoff, conversation = place.asks()
    texts = ["uno", "dos", "tres", "cuatro"]
    hooks = [place.chatwoot.created(place.chatwoot.write(conversation, text)) for text in texts]
    for index in (2, 0, 1):  # that of "cuatro" is lost
        assert place.hook(hooks[index]).status_code == 200
    assert place.hook(place.chatwoot.resolved(conversation)).json == {"done": "back"}
    assert place.sent() == texts
    assert place.hook(hooks[3]).status_code == 200
    assert place.sent() == texts
    assert place.state(handoff) == "bot"


def test_words_go_out_also_while_chatwoots_list_cannot_be_read(place):
    _, conversation = place.asks()
    webhook = place.chatwoot.created(place.chatwoot.write(conversation, "Buenas tardes"))
    place.chatwoot.faults = [500]
    assert place.hook(webhook).status_code == 200
    assert place.sent() == ["Buenas tardes"]


def test_notes_incoming_words_and_other_events_are_none_of_ours(place):
    _, conversation = place.asks()
    assert place.says(conversation, "interno", private=True).json["done"] is None
    assert place.says(conversation, "de la persona", kind=0).json["done"] is None
    assert place.says(conversation, "nuestro", source="evt_1-note").json["done"] is None
    other = place.chatwoot.created(place.chatwoot.write(conversation, "otra"), inbox={"id": INBOX + 1})
    assert place.hook(other).json["done"] is None
    for odd in (
        {"event": "contact_created"},
        {"event": "message_created"},
        {"event": 5},
        {},
        {"event": None, "id": []},
    ):
        assert place.hook(odd).json["done"] is None
    reopened = {**place.chatwoot.resolved(conversation), "status": "open"}
    assert place.hook(reopened).json["done"] is None
    assert place.sent() == []


def test_words_that_reach_nobody_are_refused_so_that_chatwoot_shows_it(place):
    handoff, conversation = place.asks()
    ana = place.api.agents.add("ana", "Ana", "agent", None, now())
    place.api.handoffs.take(handoff.id, ana.id, now())
    refused = place.says(conversation, "¿Hola?")
    assert (refused.status_code, refused.json["code"]) == (409, "not_yours")
    place.tell()
    assert "Ana" in place.chatwoot.shown(conversation, private=True)[-1][1]
    assert place.chatwoot.conversations[conversation]["status"] == "resolved"
    place.api.people.writes("sigo aquí")
    place.tell()
    assert ("person", "sigo aquí") not in place.chatwoot.shown(conversation), "Ana has it, and Ana alone"
    place.api.handoffs.release(handoff.id, ana.id, now())
    place.tell()
    assert place.chatwoot.conversations[conversation]["status"] == "open"
    assert place.says(conversation, "Ya le atiendo").status_code == 200
    assert place.sent() == ["Ya le atiendo"], "what was refused before does not go out later"
    stranger = place.chatwoot.created(place.chatwoot.write(conversation, "x"), conversation={"id": 999})
    assert place.hook(stranger).status_code == 409
    picture = place.chatwoot.created(place.chatwoot.write(conversation, ""), attachments=[{"id": 1}])
    assert place.hook(picture).status_code == 409


def test_what_ends_here_is_resolved_there(place):
    handoff, conversation = place.asks()
    place.api.handoffs.time_out(place.api.handoffs.get(handoff.id), HandoffEvent.WAITED_TOO_LONG, now())
    place.tell()
    assert place.chatwoot.conversations[conversation]["status"] == "resolved"
    assert "Ya no espera" in place.chatwoot.shown(conversation, private=True)[-1][1]
    again, other = place.asks()
    assert (again.id, other) != (handoff.id, conversation)
    assert len(place.chatwoot.contacts) == 1


def test_the_fate_of_an_agents_message_is_told(place):
    _, conversation = place.asks()
    place.says(conversation, "Buenas tardes")
    place.says(conversation, "¿Me lee?")
    delivered = []
    while (delivery := place.api.store.lease_delivery("d", 30)) is not None:
        place.api.store.delivery_accepted(delivery, f"SM{len(delivered):032d}")
        delivered.append(delivery)
    words = [each for each in delivered if each.kind == "agent"]
    for each, status in zip(words, (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED), strict=True):
        place.api.store.apply_status(StatusUpdate("", status, delivery_id=each.delivery_id))
    place.tell()
    agents = [each for each in place.chatwoot.conversations[conversation]["messages"] if each["message_type"] == 1]
    told = [(each["content"], each["status"]) for each in agents if not each["private"]]
    assert told == [("Buenas tardes", "delivered"), ("¿Me lee?", "failed")]


def test_files_are_named(place):
    _, conversation = place.asks()
    media = Media("image", "image/jpeg", "")
    message = inbound(media)
    place.api.store.record(message, media)
    lease = place.api.store.lease_conversation("w", 30)
    state = place.api.store.state(lease.conversation_id)
    place.api.store.commit_turn(lease, place.api.store.next_message(lease), TurnOutcome("with_agent", (), state))
    place.tell()
    assert "image" in place.chatwoot.shown(conversation)[-1][1]


# ---- faults


@pytest.mark.parametrize("fault", [500, 429, "lose"])
@pytest.mark.parametrize("at", range(7))
def test_whatever_request_fails_everything_is_there_once_and_in_order(place, fault, at):
    """The first conversation takes seven requests: each of them fails once."""
    place.chatwoot.faults = [None] * at + [fault]
    handoff = place.api.people.asks()
    place.api.people.writes("uno")
    place.api.people.writes("dos")
    place.tell()
    for later in range(5, 60, 5):
        place.tell(later)
    assert len(place.chatwoot.contacts) == len(place.chatwoot.conversations) == 1
    (conversation,) = place.chatwoot.conversations
    assert place.chatwoot.shown(conversation) == [("person", text) for text in ("AGENTE", "uno", "dos")]
    assert len(place.chatwoot.shown(conversation, private=True)) == 1
    assert place.chatwoot.conversations[conversation]["custom_attributes"] == {"ventanilla_handoff": handoff.id}


def test_a_chatwoot_that_hangs_is_asked_again(place, monkeypatch, chatwoot):
    handoff, conversation = place.asks()
    place.delivery._sink._chatwoot._http.timeout = httpx.Timeout(0.1)
    chatwoot.faults = ["hang"]
    place.api.people.writes("uno")
    place.tell()
    assert chatwoot.shown(conversation) == [("person", "AGENTE")]
    place.delivery._sink._chatwoot._http.timeout = httpx.Timeout(5)
    place.tell(5)
    assert chatwoot.shown(conversation) == [("person", "AGENTE"), ("person", "uno")]
    assert place.state(handoff) == "waiting"


def test_odd_answers_are_no_answers(place, monkeypatch):
    monkeypatch.setattr(ChatwootServer, "_answer", lambda *_: (200, ["?"]))
    place.api.people.asks()
    place.tell()
    (row,) = DeskEvents(place.api.engine).listed()
    assert (row.status, row.error_code) == ("pending", "odd_answer")


# ---- who may call


def test_only_chatwoot_may_call(place):
    _, conversation = place.asks()
    webhook = place.chatwoot.created(place.chatwoot.write(conversation, "Hola"))
    assert place.hook(webhook, path="/chatwoot/" + "0" * 40).status_code == 401
    assert place.hook(webhook, path="/chatwoot/é").status_code == 401
    assert place.sent() == []


def test_a_signature_is_asked_for_where_the_inbox_has_a_secret(make_place):
    place = make_place(chatwoot_secret="el secreto de la bandeja")
    _, conversation = place.asks()
    body = json.dumps(place.chatwoot.created(place.chatwoot.write(conversation, "Hola"))).encode()
    at = str(int(time.time()))
    good = chatwoot_signature("el secreto de la bandeja", at, body)
    stale = str(int(time.time()) - 3600)

    def send(timestamp, signature):
        headers = {"X-Chatwoot-Timestamp": timestamp, "X-Chatwoot-Signature": signature}
        return place.api.call(
            "POST", PATH, token="", data=body, content_type="application/json", headers=headers
        ).status_code

    assert send(at, "sha256=" + "0" * 64) == 401
    assert send("", "") == 401
    assert send("²", good) == 401
    assert send(stale, chatwoot_signature("el secreto de la bandeja", stale, body)) == 401
    assert place.sent() == []
    assert send(at, good) == 200
    assert place.sent() == ["Hola"]


def test_without_chatwoot_there_is_no_such_address(api):
    assert api.post(PATH, {}, token="").status_code == 404


def test_what_is_missing_is_said(make_api, chatwoot):
    api = make_api(chatwoot_url=chatwoot.url, chatwoot_inbox=INBOX)
    with pytest.raises(SettingsError, match="CHATWOOT_ACCOUNT, CHATWOOT_TOKEN"):
        desk_deliveries(api.config, api.engine)


def test_no_number_goes_to_chatwoot(place):
    place.asks(sender=JUAN)
    seen = json.dumps([place.chatwoot.contacts, place.chatwoot.conversations])
    assert JUAN[3:] not in seen


def test_a_message_of_a_webhook_is_cleaned():
    message = client_module.message_of(
        {"id": "5", "message_type": "outgoing", "content": "a\x00b\nc", "sender": {"name": " La\nura \x07"}}
    )
    assert (message.content, message.sender, message.kind) == ("ab\nc", "La ura", client_module.OUTGOING)


def test_people_are_promised_to_a_chatwoot_that_is_set_up_and_to_no_other(place):
    place.api.tokens.revoke("crm", now())
    assert not place.api.handoffs.staffed()
    assert ChatwootAccount(place.api.config, place.api.tokens)() == 0
    assert place.api.handoffs.staffed()
    place.asks()
    without = place.api.config.model_copy(update={"chatwoot_url": ""})
    assert ChatwootAccount(without, place.api.tokens)() == 0
    assert not place.api.handoffs.staffed()
