"""What the API lets whom do, and what it says when it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from bot.console.conversation import REASONS
from bot.core.handoff import HandoffEvent
from bot.desk.service import CLOSE_REASONS, LONGEST_NOTE, LONGEST_TEXT
from bot.gateway.desk.operations import OPERATIONS
from bot.store.handoffs import NotYours
from bot.store.tables import addresses, contacts, handoffs, outbound
from tests.builders import now
from tests.people import JUAN, LUPE, ROSA
from tests.unit.desk.conftest import PERSON

KEY = "mensaje-0001"


def sent(api, kind="agent"):
    with api.engine.connect() as db:
        return [row.text for row in db.execute(select(outbound).where(outbound.c.kind == kind).order_by(outbound.c.id))]


def test_a_handoff_is_taken_answered_and_handed_back(api):
    handoff = api.people.asks()
    listed = api.get("/handoffs").json
    assert [each["id"] for each in listed["handoffs"]] == [handoff.id]
    assert listed["next"] is None
    taken = api.post(f"/handoffs/{handoff.id}/take", {"agent": "Laura"})
    assert (taken.status_code, taken.json["state"], taken.json["yours"]) == (200, "with_agent", True)
    answer = api.post(f"/handoffs/{handoff.id}/messages", {"text": "Buenas tardes."}, key=KEY)
    assert (answer.status_code, answer.json["replayed"], answer.json["segments"]) == (201, False, 1)
    assert sent(api) == ["Buenas tardes."]
    assert sent(api, "confirmation") == ["Le atiende Laura. Escribale por aqui."]
    back = api.post(f"/handoffs/{handoff.id}/back")
    assert (back.status_code, back.json["state"], back.json["end_reason"]) == (200, "bot", "handed_back")
    assert api.get("/handoffs").json["handoffs"] == []
    assert [each["id"] for each in api.get("/handoffs?state=bot").json["handoffs"]] == [handoff.id]


def test_what_is_done_again_is_done_once(api):
    handoff = api.people.asks()
    for _ in range(2):
        assert api.post(f"/handoffs/{handoff.id}/take").status_code == 200
        assert api.post(f"/handoffs/{handoff.id}/messages", {"text": "Hola"}, key=KEY).status_code in (200, 201)
    assert sent(api) == ["Hola"]
    again = api.post(f"/handoffs/{handoff.id}/messages", {"text": "Hola"}, key=KEY)
    assert (again.status_code, again.json["replayed"], len(again.json["messages"])) == (200, True, 1)
    for _ in range(2):
        assert api.post(f"/handoffs/{handoff.id}/close", {"reason": "solved"}).status_code == 200
    other = api.post(f"/handoffs/{handoff.id}/close", {"reason": "abusive"})
    assert (other.status_code, other.json["code"], other.json["state"]) == (409, "not_yours", "closed")
    # An answer that is in the outbox is told again also after the end: the first answer may have been lost.
    assert api.post(f"/handoffs/{handoff.id}/messages", {"text": "Hola"}, key=KEY).status_code == 200


def test_a_key_belongs_to_one_answer_and_one_desk(api):
    handoff, other = api.people.asks(), api.people.asks(JUAN)
    for each in (handoff, other):
        api.post(f"/handoffs/{each.id}/take")
    assert api.post(f"/handoffs/{handoff.id}/messages", {"text": "Hola"}, key=KEY).status_code == 201
    for path, text in ((handoff.id, "Otra cosa"), (other.id, "Hola")):
        refused = api.post(f"/handoffs/{path}/messages", {"text": text}, key=KEY)
        assert (refused.status_code, refused.json["errors"][0]["field"]) == (422, "Idempotency-Key")
    second = api.tokens.add("otra", now())
    third = api.people.asks(LUPE)
    assert api.post(f"/handoffs/{third.id}/take", token=second).status_code == 200
    assert api.post(f"/handoffs/{third.id}/messages", {"text": "Otra"}, key=KEY, token=second).status_code == 201


def test_a_note_with_a_key_is_added_once(api):
    handoff = api.people.asks()
    first = [api.post(f"/handoffs/{handoff.id}/notes", {"text": "Llamar"}, key=KEY).json["id"] for _ in range(2)]
    assert first[0] == first[1]
    assert api.post(f"/handoffs/{handoff.id}/notes", {"text": "Otra"}, key=KEY).status_code == 422
    assert api.post(f"/handoffs/{handoff.id}/notes", {"text": "Llamar"}).json["id"] != first[0]
    assert sent(api) == []


def test_the_console_and_a_desk_cannot_both_have_it(api):
    handoff = api.people.asks()
    ana = api.agents.add("ana", "Ana", "agent", None, now())
    api.handoffs.take(handoff.id, ana.id, now())
    refused = api.post(f"/handoffs/{handoff.id}/take")
    assert (refused.status_code, refused.json["agent"], refused.json["state"]) == (409, "Ana", "with_agent")
    for path, body in (("messages", {"text": "Hola"}), ("back", {}), ("release", {}), ("close", {"reason": "solved"})):
        answer = api.post(f"/handoffs/{handoff.id}/{path}", body, key=f"clave-{path}")
        assert (answer.status_code, answer.json["code"]) == (409, "not_yours"), path
    other = api.people.asks(JUAN)
    assert api.post(f"/handoffs/{other.id}/take").status_code == 200
    with pytest.raises(NotYours) as told:
        api.handoffs.take(other.id, ana.id, now())
    assert told.value.agent == "Mesa"


def test_two_tokens_of_one_desk_share_its_conversations(api):
    handoff = api.people.asks()
    api.post(f"/handoffs/{handoff.id}/take")
    new = api.tokens.add("crm-2", now(), desk="crm", shown="Mesa")
    assert api.tokens.revoke("crm", now())
    assert api.get("/handoffs").status_code == 401
    assert api.get("/handoffs", token=new).json["handoffs"][0]["yours"]
    assert api.post(f"/handoffs/{handoff.id}/back", token=new).status_code == 200


# ---- who may


def every_operation(handoff):
    bodies = {"reply": {"text": "Hola"}, "note": {"text": "Nota"}, "close": {"reason": "solved"}}
    for operation in OPERATIONS:
        yield operation, operation.path.replace("{handoff}", str(handoff)), bodies.get(operation.id, {})


@pytest.mark.parametrize("who", ["nobody", "forged", "revoked", "empty", "basic", "other scheme"])
def test_without_a_token_in_force_nothing_opens(api, who):
    handoff = api.people.asks()
    revoked = api.tokens.add("vieja", now())
    api.tokens.revoke("vieja", now())
    header = {
        "nobody": {},
        "forged": {"Authorization": "Bearer vnt_" + "A" * 43},
        "revoked": {"Authorization": f"Bearer {revoked}"},
        "empty": {"Authorization": "Bearer "},
        "basic": {"Authorization": "Basic " + api.token},
        "other scheme": {"Authorization": api.token},
    }[who]
    for operation, path, body in every_operation(handoff.id):
        more = {"json": body} if operation.method == "POST" else {}
        answer = api.call(operation.method, path, token="", key=KEY, headers=header, **more)
        assert (answer.status_code, answer.mimetype) == (401, "application/problem+json"), operation.id
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert api.handoffs.get(handoff.id) == handoff


def test_matrix_of_teams_and_sensitive_matters(api):
    at = api.people.asks()
    plain, sensitive = at.id, api.people.asks(JUAN, replace(PERSON, sensitive=True)).id
    theirs = api.people.asks(LUPE).id
    api.agents.save_team("Violencia", "", True)
    licences = api.agents.save_team("Licencias", "", False)
    with api.engine.begin() as db:
        db.execute(update(handoffs).where(handoffs.c.id == theirs).values(team_id=licences))
    tokens = {
        "nobody's": api.token,
        "violence": api.tokens.add("violencia", now(), in_teams=["Violencia"]),
        "licences": api.tokens.add("licencias", now(), in_teams=["Licencias"]),
        "both": api.tokens.add("ambas", now(), in_teams=["Licencias", "Violencia"]),
    }
    allowed = {
        "nobody's": {plain},
        "violence": {plain, sensitive},
        "licences": {plain, theirs},
        "both": {plain, sensitive, theirs},
    }
    for name, token in tokens.items():
        listed = {each["id"] for each in api.get("/handoffs", token=token).json["handoffs"]}
        assert listed == allowed[name], name
        for handoff in (plain, sensitive, theirs):
            before = api.handoffs.get(handoff)
            for operation, path, body in every_operation(handoff):
                if operation.id == "list" or handoff in allowed[name]:
                    continue
                more = {"json": body} if operation.method == "POST" else {}
                answer = api.call(operation.method, path, token=token, key=KEY, **more)
                assert (answer.status_code, answer.json["code"]) == (403, "forbidden"), (name, operation.id)
            assert api.handoffs.get(handoff) == before
            assert api.get(f"/handoffs/{handoff}", token=token).status_code == (
                200 if handoff in allowed[name] else 403
            )


def test_a_desk_is_nobody_who_signs_in(api):
    assert api.agents.credentials("desk:crm") is None
    assert api.agents.all() == ()
    assert api.handoffs.staffed()
    api.tokens.revoke("crm", now())
    assert not api.handoffs.staffed(), "nobody is promised to a desk that cannot answer"


def test_a_desk_without_a_browser_is_not_gone(api):
    handoff = api.people.asks()
    api.post(f"/handoffs/{handoff.id}/take")
    assert api.handoffs.overdue(HandoffEvent.AGENT_GONE, now() + timedelta(hours=1)) == ()
    assert len(api.handoffs.overdue(HandoffEvent.AGENT_SILENT, now() + timedelta(hours=1))) == 1


def test_every_access_is_noted_under_the_tokens_name(api):
    handoff = api.people.asks()
    hidden = api.people.asks(JUAN, replace(PERSON, sensitive=True))
    api.get("/handoffs")
    api.get(f"/handoffs/{handoff.id}/thread")
    api.post(f"/handoffs/{handoff.id}/take")
    api.post(f"/handoffs/{handoff.id}/messages", {"text": "Un secreto"}, key=KEY)
    api.get(f"/handoffs/{hidden.id}")
    entries = list(api.audit.all())
    assert {each.username for each in entries} == {"desk:crm"}
    assert [(each.action, each.detail.get("refused")) for each in entries] == [
        ("desk_list", None),
        ("desk_thread", None),
        ("desk_take", None),
        ("desk_reply", None),
        ("desk_read", "forbidden"),
    ]
    assert entries[1].conversation_id == handoff.conversation_id
    assert all("secreto" not in str(each) for each in entries)
    assert api.audit.verify() is None


def test_numbers_in_a_desks_note_are_taken_out(api):
    handoff = api.people.asks()
    api.post(f"/handoffs/{handoff.id}/take")
    assert api.post(f"/handoffs/{handoff.id}/notes", {"text": "llamar al 55 1234 5678"}).status_code == 201
    texts = [each["text"] for each in api.get(f"/handoffs/{handoff.id}/thread").json["entries"]]
    assert "llamar al [TELEFONO]" in texts


def test_a_desk_without_the_right_keeps_a_matter_that_became_sensitive_until_its_end(api):
    handoff = api.people.asks()
    path = f"/handoffs/{handoff.id}"
    api.post(f"{path}/take")
    with api.engine.begin() as db:
        db.execute(update(handoffs).where(handoffs.c.id == handoff.id).values(sensitive=True))
    assert [each["id"] for each in api.get("/handoffs").json["handoffs"]] == [handoff.id]
    assert api.post(f"{path}/close", {"reason": "solved"}).status_code == 200
    assert api.get(f"{path}/thread").status_code == 403
    assert api.get("/handoffs?state=closed").json["handoffs"] == []


def test_a_token_in_a_hurry_is_told_when_to_come_back(make_api):
    api = make_api(desk_requests_per_second=1)
    answers = [api.get("/handoffs") for _ in range(3)]
    late = answers[-1]
    assert (answers[0].status_code, late.status_code, late.json["code"]) == (200, 429, "too_many_requests")
    assert int(late.headers["Retry-After"]) >= 1
    other = api.tokens.add("otra", now())
    assert api.get("/handoffs", token=other).status_code == 200


# ---- what reaches the person


def test_what_would_reach_nobody_is_refused_with_its_reason(api):
    handoff = api.people.asks()
    api.post(f"/handoffs/{handoff.id}/take")
    path = f"/handoffs/{handoff.id}"
    with api.engine.begin() as db:
        db.execute(update(contacts).values(opted_out_at=now()))
    assert api.get(path).json["reply"] == {
        "possible": False, "obstacle": "opted_out", "window_open": False, "longest": LONGEST_TEXT,
    }  # fmt: skip
    refused = api.post(f"{path}/messages", {"text": "Hola"}, key=KEY)
    assert (refused.status_code, refused.json["code"], refused.json["obstacle"]) == (409, "cannot_write", "opted_out")
    with api.engine.begin() as db:
        db.execute(update(contacts).values(opted_out_at=None))
        db.execute(update(addresses).values(unreachable_at=now(), unreachable_code="30006"))
    assert api.post(f"{path}/messages", {"text": "Hola"}, key=KEY).json["obstacle"] == "unreachable"
    with api.engine.begin() as db:
        db.execute(update(addresses).values(unreachable_at=None))
    assert api.post(f"{path}/messages", {"text": "\u200b"}, key="invisible-1").json["obstacle"] == "nothing_to_say"
    # The refused request may be made again once it can be: its key is still its own.
    assert api.post(f"{path}/messages", {"text": "Hola"}, key=KEY).status_code == 201
    assert sent(api) == ["Hola"]


def test_after_whatsapps_window_an_answer_goes_by_sms_or_not_at_all(api):
    numbered = api.people.asks(f"whatsapp:{ROSA}", channel="whatsapp")
    nameless = api.people.asks("whatsapp:MX.13491208655302741918", channel="whatsapp")
    for each in (numbered, nameless):
        assert api.post(f"/handoffs/{each.id}/take").status_code == 200
        assert api.get(f"/handoffs/{each.id}").json["reply"]["window_open"]
    with time_machine.travel(now() + timedelta(hours=25)):
        assert api.get(f"/handoffs/{numbered.id}").json["reply"] == {
            "possible": True, "obstacle": None, "window_open": False, "longest": LONGEST_TEXT,
        }  # fmt: skip
        assert api.post(f"/handoffs/{numbered.id}/messages", {"text": "Hola"}, key=KEY).status_code == 201
        refused = api.post(f"/handoffs/{nameless.id}/messages", {"text": "Hola"}, key="otra-clave")
        assert refused.json["obstacle"] == "window_closed"


def test_who_is_on_the_phone_cannot_be_written_to(api):
    handoff = api.people.asks()
    with api.engine.begin() as db:
        db.execute(update(handoffs).values(channel="voice"))
    strand = api.post(f"/handoffs/{handoff.id}/take")
    assert (strand.status_code, strand.json["obstacle"]) == (409, "on_a_call")
    api.handoffs.take(handoff.id, api.tokens.find(api.token, now()).agent_id, now())
    refused = api.post(f"/handoffs/{handoff.id}/messages", {"text": "Hola"}, key=KEY)
    assert refused.json["obstacle"] == "on_a_call"


# ---- forms


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("messages", {}, "text"),
        ("messages", {"text": ""}, "text"),
        ("messages", {"text": "   \n"}, "text"),
        ("messages", {"text": "a\x00b"}, "text"),
        ("messages", {"text": 5}, "text"),
        ("messages", {"text": None}, "text"),
        ("messages", {"text": "a" * (LONGEST_TEXT + 1)}, "text"),
        ("messages", {"text": "a", "more": 1}, "more"),
        ("messages", [], "body"),
        ("notes", {"text": "a" * (LONGEST_NOTE + 1)}, "text"),
        ("close", {}, "reason"),
        ("close", {"reason": "because"}, "reason"),
        ("take", {"agent": "a\nb"}, "agent"),
        ("take", {"agent": " "}, "agent"),
    ],
)
def test_a_wrong_field_is_named(api, path, body, field):
    handoff = api.people.asks()
    answer = api.post(f"/handoffs/{handoff.id}/{path}", body, key=KEY)
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert field in [each["field"] for each in answer.json["errors"]]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=1.0", "limit"),
        ("limit=%2B5", "limit"),
        ("limit=x", "limit"),
        ("state=asleep", "state"),
        ("before=0", "before"),
        ("before=99999999999", "before"),
        ("limit=1&limit=2", "limit"),
        ("colour=red", "colour"),
    ],
)
def test_a_wrong_parameter_is_named(api, query, field):
    answer = api.get(f"/handoffs?{query}")
    assert answer.status_code == 422
    assert field in [each["field"] for each in answer.json["errors"]]


def test_other_errors_are_problems_too(api):
    handoff = api.people.asks().id
    not_json = api.call("POST", f"/handoffs/{handoff}/take", data="{", content_type="application/json")
    form = api.call("POST", f"/handoffs/{handoff}/take", data={"agent": "Laura"})
    large = api.call("POST", f"/handoffs/{handoff}/take", data="x" * 300_000, content_type="application/json")
    keyless = api.post(f"/handoffs/{handoff}/messages", {"text": "Hola"})
    bad_key = api.post(f"/handoffs/{handoff}/messages", {"text": "Hola"}, key="a b")
    answers = {
        "bad_request": not_json,
        "unsupported_media_type": form,
        "too_large": large,
        "not_found": api.get("/handoffs/999999"),
        "method_not_allowed": api.call("DELETE", f"/handoffs/{handoff}"),
        "invalid": bad_key,
    }
    for code, answer in answers.items():
        assert (answer.json["code"], answer.mimetype) == (code, "application/problem+json")
        assert answer.json["status"] == answer.status_code
    assert (keyless.status_code, keyless.json["errors"][0]["field"]) == (400, "Idempotency-Key")
    assert "GET" in answers["method_not_allowed"].headers["Allow"]
    for path in ("/handoffs/abc", "/handoffs/0", f"/handoffs/{10**12}", "/handoffs/-1", "/nowhere"):
        assert api.get(path).status_code == 404
    assert api.call("POST", f"/handoffs/{handoff}/take").status_code == 200  # a body may be left out


# ---- reading


def test_handoffs_come_by_pages(api):
    made = [api.people.asks(f"+5255400000{index:02d}").id for index in range(5)]
    seen, path = [], "/handoffs?limit=2"
    while path:
        page = api.get(path).json
        seen += [each["id"] for each in page["handoffs"]]
        path = f"/handoffs?limit=2&before={page['next']}" if page["next"] else None
    assert seen == made[::-1]


def test_handoffs_of_a_team(api):
    team = api.agents.save_team("Licencias", "", False)
    token = api.tokens.add("licencias", now(), in_teams=["Licencias"])
    one, _other = api.people.asks(), api.people.asks(JUAN)
    with api.engine.begin() as db:
        db.execute(update(handoffs).where(handoffs.c.id == one.id).values(team_id=team))
    listed = api.get("/handoffs?team=Licencias", token=token).json["handoffs"]
    assert [(each["id"], each["team"]) for each in listed] == [(one.id, "Licencias")]


def test_the_thread_comes_by_pages_and_nothing_is_left_out(api):
    handoff = api.people.asks()
    for index in range(4):
        api.people.writes(f"dato {index}")
    api.post(f"/handoffs/{handoff.id}/take")
    for index in range(3):
        api.post(f"/handoffs/{handoff.id}/messages", {"text": f"Respuesta {index}"}, key=f"respuesta-{index}")
    api.post(f"/handoffs/{handoff.id}/notes", {"text": "Nota"})
    path = f"/handoffs/{handoff.id}/thread"
    whole = api.get(f"{path}?limit=100").json
    assert whole["next"] is None
    for size in (1, 2, 3, 5):
        pages, query = [], f"?limit={size}"
        while query:
            page = api.get(path + query).json
            pages = page["entries"] + pages
            query = f"?limit={size}&before={page['next']}" if page["next"] else ""
        assert pages == whole["entries"]
    kinds = {each["kind"] for each in whole["entries"]}
    assert kinds == {"in", "out", "note", "event"}
    assert [each["text"] for each in whole["entries"] if each["what"] == "agent"] == [
        f"Respuesta {i}" for i in range(3)
    ]
    assert api.get(f"{path}?before={'A' * 12}").status_code == 404


def test_no_answer_holds_a_number(api):
    handoff = api.people.asks()
    api.post(f"/handoffs/{handoff.id}/take")
    pages = [api.get("/handoffs"), api.get(f"/handoffs/{handoff.id}"), api.get(f"/handoffs/{handoff.id}/thread")]
    assert all(ROSA[3:] not in page.get_data(as_text=True) for page in pages)


def test_the_reasons_are_the_consoles():
    assert set(CLOSE_REASONS) == set(REASONS)


# ---- the description


def test_the_document_and_its_page_are_open_and_strict(api):
    document = api.get("/openapi.json", token="")
    assert document.json["openapi"] == "3.1.0"
    page = api.get("/docs", token="")
    text = page.get_data(as_text=True)
    for operation in OPERATIONS:
        assert f'id="{operation.id}"' in text
        assert operation.path in document.json["paths"]
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "<script" not in text
    assert "style=" not in text
    with api.call("GET", "/static/desk.css", token="") as style:
        assert style.status_code == 200
