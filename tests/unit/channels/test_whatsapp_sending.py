"""The WhatsApp carrier and the Content API against the twin, over real HTTP, within Twilio's description."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from sqlalchemy import Engine
from werkzeug.wrappers import Request, Response

from bot.core.delivery import CarrierUnavailable, DeliveryError, Outgoing, OutsideWindow, Rejected, Throttled
from bot.core.interactive import Button, Buttons, Interactive, ListItem, ListPicker, LocationRequest, Template
from bot.core.messages import Media
from bot.store import open_engine, upgrade
from bot.store.contents import ContentStore
from channels.registry import CHANNELS
from channels.twilio import ContentApi, WhatsAppCarrier
from channels.twin.server import TwinServer
from channels.whatsapp.contents import OURS, Definition, buttons, current, list_picker, template, usual
from channels.whatsapp.sync import states, sync
from channels.whatsapp.templates import load_templates
from tests.unit.carrier.carrier_support import ACCOUNT, PHONE, TOKEN, Gateway, answering, twin_config, twin_for

CONTRACTS = Path(__file__).parents[2] / "contracts"
TEMPLATES = load_templates(Path(__file__).parents[3] / "data" / "whatsapp" / "templates.yml")
SENDER = "+525500000001"
OLD = "whatsapp:+5215512345678"
CALLBACK = "http://127.0.0.1:9/channels/whatsapp/status"
YES_NO = Buttons((Button("yes", "Sí"), Button("no", "No")))
LIST = ListPicker("Ver opciones", tuple(ListItem(f"o{n}", f"Tema {n}", f"Opción {n}") for n in range(1, 5)))


OLD_TEMPLATE = template("recordatorio", {"twilio/text": {"body": "Otro texto."}}, {}, "UTILITY")


class Shelf:
    """A book of contents in memory."""

    def __init__(self) -> None:
        self.contents: dict[str, str] = {}

    def find(self, name: str) -> str | None:
        return self.contents.get(name)

    def keep(self, name: str, sid: str) -> None:
        self.contents.setdefault(name, sid)

    def forget(self, name: str) -> None:
        self.contents.pop(name, None)

    def all(self) -> dict[str, str]:
        return dict(self.contents)


@pytest.fixture
def twin() -> Iterator[TwinServer]:
    with TwinServer(twin_config("http://127.0.0.1:9/channels/sms/inbound", contracts=CONTRACTS)) as server:
        yield server


@pytest.fixture
def control(twin: TwinServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.url, trust_env=False, timeout=20) as client:
        yield client
        assert client.get("/twin/violations").json() == []


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def open_carrier(url: str, shelf: Shelf) -> WhatsAppCarrier:
    return WhatsAppCarrier(ACCOUNT, TOKEN, sender=SENDER, contents=shelf, templates=TEMPLATES, api_url=url)


@pytest.fixture
def carrier(twin: TwinServer, control: httpx.Client, shelf: Shelf) -> Iterator[WhatsAppCarrier]:
    made = open_carrier(twin.url, shelf)
    yield made
    made.close()


@pytest.fixture
def api(twin: TwinServer, control: httpx.Client) -> ContentApi:
    return ContentApi.open(ACCOUNT, TOKEN, twin.url)


def write(control: httpx.Client, **more: Any) -> str:
    """Let the phone write, which opens the 24 hours; return the message's id."""
    given = {"channel": "whatsapp", "body": "hola", **more}
    return str(control.post(f"/twin/phones/{PHONE}/messages", json=given).json()["sid"])


def on_phone(control: httpx.Client) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = control.get(f"/twin/phones/{PHONE}/messages?channel=whatsapp&wait=5").json()[
        "messages"
    ]
    return shown


def sent(control: httpx.Client, path: str = "Messages.json") -> list[dict[str, str]]:
    requests = control.get("/twin/requests").json()
    return [each["params"] for each in requests if each["method"] == "POST" and each["path"].endswith(path)]


def send(carrier: WhatsAppCarrier, text: str, interactive: Interactive | None = None, to: str = OLD) -> str:
    outgoing = Outgoing("whatsapp", text, interactive=interactive)
    return carrier.send(to, outgoing, delivery_id="d1", status_callback=CALLBACK)


def test_a_text_goes_to_the_address_as_whatsapp_wrote_it(carrier: WhatsAppCarrier, control: httpx.Client) -> None:
    write(control)
    send(carrier, "*Acta*\nCosto: gratis")
    (params,) = sent(control)
    assert (params["To"], params["From"]) == (OLD, f"whatsapp:{SENDER}")
    assert params["Body"] == "*Acta*\nCosto: gratis"
    assert parse_qs(urlsplit(params["StatusCallback"]).query) == {"delivery": ["d1"]}
    (shown,) = on_phone(control)
    assert shown["body"] == "*Acta*\nCosto: gratis"


@pytest.mark.parametrize("to", [PHONE, f"whatsapp:{PHONE}"])
def test_an_address_without_its_channel_is_whatsapps(carrier: WhatsAppCarrier, control: httpx.Client, to: str) -> None:
    write(control)
    send(carrier, "hola", to=to)
    assert sent(control)[0]["To"] == f"whatsapp:{PHONE}"


def test_somebody_without_a_number_is_answered(carrier: WhatsAppCarrier, control: httpx.Client) -> None:
    control.post("/twin/phones/MX.abc123/messages", json={"channel": "whatsapp", "body": "hola"})
    send(carrier, "buenas", to="whatsapp:MX.abc123")
    assert sent(control)[0]["To"] == "whatsapp:MX.abc123"


def test_the_number_that_was_written_to_answers(carrier: WhatsAppCarrier, control: httpx.Client) -> None:
    with pytest.raises(DeliveryError):  # the twin has one number only
        carrier.send(
            OLD, Outgoing("whatsapp", "hola"), delivery_id="d", status_callback="", sender="whatsapp:+525500000009"
        )
    assert sent(control)[0]["From"] == "whatsapp:+525500000009"


def test_buttons_are_made_once_and_shown(carrier: WhatsAppCarrier, control: httpx.Client, shelf: Shelf) -> None:
    write(control)
    for _ in range(2):
        send(carrier, "¿Ya tiene acta?\n1) Sí\n2) No", YES_NO)
    assert len(sent(control, "/v1/Content")) == 1
    first, second = sent(control)
    assert first["ContentSid"] == second["ContentSid"] == shelf.contents[buttons(2, 3).name]
    assert "Body" not in first
    values = json.loads(first["ContentVariables"])
    assert values == {"1": "¿Ya tiene acta?", "2": "1) Sí", "3": "2) No", "4": "Sí", "5": "yes", "6": "No", "7": "no"}
    shown = on_phone(control)[0]
    assert shown["body"] == "¿Ya tiene acta?\n1) Sí\n2) No"
    assert [(each["id"], each["title"]) for each in shown["shown"]["options"]] == [("yes", "Sí"), ("no", "No")]


def test_a_list_is_shown_with_its_button(carrier: WhatsAppCarrier, control: httpx.Client) -> None:
    write(control)
    send(carrier, "¿Cuál?", LIST)
    shown = on_phone(control)[0]["shown"]
    assert (shown["kind"], shown["open"]) == ("list", "Ver opciones")
    assert [(each["id"], each["title"], each["description"]) for each in shown["options"]] == [
        (f"o{n}", f"Tema {n}", f"Opción {n}") for n in range(1, 5)
    ]


@pytest.mark.parametrize(
    "interactive", [None, LocationRequest(), Template("nobody_knows", {"a": "b"}), Template("recordatorio", {})]
)
def test_what_has_no_content_is_text(
    carrier: WhatsAppCarrier, control: httpx.Client, interactive: Interactive | None
) -> None:
    write(control)
    send(carrier, "¿Dónde está?", interactive)
    assert sent(control)[0]["Body"] == "¿Dónde está?"
    assert sent(control, "/v1/Content") == []


def test_a_template_that_was_not_synced_is_text(carrier: WhatsAppCarrier, control: httpx.Client) -> None:
    write(control)
    send(carrier, "Le recuerdo su acta.", Template("recordatorio", {"asunto": "su acta"}))
    assert sent(control)[0]["Body"] == "Le recuerdo su acta."
    assert sent(control, "/v1/Content") == []


@pytest.mark.parametrize("names", [{"asunto": "su  acta\nde nacimiento"}, {"1": "su acta de nacimiento"}])
def test_an_approved_template_goes_outside_the_24_hours(
    carrier: WhatsAppCarrier,
    control: httpx.Client,
    api: ContentApi,
    shelf: Shelf,
    few: list[Definition],
    names: dict[str, str],
) -> None:
    list(sync(api, shelf, TEMPLATES))
    send(carrier, "Le recuerdo su acta.", Template("recordatorio", names))
    params = sent(control)[0]
    assert params["ContentSid"] == shelf.contents[TEMPLATES["recordatorio"].name]
    assert json.loads(params["ContentVariables"]) == {"asunto": "su acta de nacimiento"}
    assert "recordarle: su acta de nacimiento." in on_phone(control)[0]["body"]


def test_a_template_without_variables_is_sent(
    carrier: WhatsAppCarrier, control: httpx.Client, api: ContentApi, shelf: Shelf, few: list[Definition]
) -> None:
    list(sync(api, shelf, TEMPLATES))
    send(carrier, "Ya podemos seguir.", Template("reabrir"))
    assert sent(control)[0]["ContentSid"] == shelf.contents[TEMPLATES["reabrir"].name]


def test_without_a_content_the_numbered_text_goes(
    carrier: WhatsAppCarrier, control: httpx.Client, shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    write(control)
    control.post("/twin/faults", json={"kind": "error", "status": 500, "code": 20500, "path": "/v1/Content"})
    with answering(lambda request: _only_messages(request)) as url:
        broken = open_carrier(url, shelf)
        sid = send(broken, "¿Ya tiene acta?\n1) Sí\n2) No", YES_NO)
        broken.close()
    assert sid.startswith("SM")
    assert shelf.contents == {}
    assert "no content could be created" in caplog.text
    assert PHONE not in caplog.text


def _only_messages(request: Request) -> Response:
    if request.path.startswith("/v1/"):
        return Response('{"code": 20500, "message": "x"}', status=500, mimetype="application/json")
    assert request.form["Body"] == "¿Ya tiene acta?\n1) Sí\n2) No"
    return Response('{"sid": "SM' + "0" * 32 + '"}', status=201, mimetype="application/json")


def test_a_content_that_twilio_lost_is_made_again_next_time(
    carrier: WhatsAppCarrier, control: httpx.Client, shelf: Shelf
) -> None:
    write(control)
    shelf.keep(buttons(2, 1).name, "HX" + "0" * 32)
    send(carrier, "¿Sí?", YES_NO)
    assert sent(control)[-1]["Body"] == "¿Sí?"
    send(carrier, "¿Sí?", YES_NO)
    assert sent(control)[-1]["ContentSid"] == shelf.contents[buttons(2, 1).name] != "HX" + "0" * 32


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, 63016, OutsideWindow),
        (429, 63018, Throttled),
        (400, 63003, Rejected),
        (400, 99999, Rejected),
        (503, 20503, CarrierUnavailable),
    ],
)
def test_other_refusals_of_a_content_are_not_sent_again_as_text(
    shelf: Shelf, status: int, code: int, kind: type[DeliveryError]
) -> None:
    posts: list[str] = []

    def respond(request: Request) -> Response:
        posts.append(request.path)
        if request.path == "/v1/Content":
            return Response('{"sid": "HX' + "1" * 32 + '"}', status=201, mimetype="application/json")
        return Response(json.dumps({"code": code, "message": "x"}), status=status, mimetype="application/json")

    with answering(respond) as url:
        made = open_carrier(url, shelf)
        with pytest.raises(kind) as refused:
            send(made, "¿Sí?", YES_NO)
        made.close()
    assert refused.value.code == str(code)
    assert len([path for path in posts if path.endswith("Messages.json")]) == 1


@pytest.mark.parametrize("interactive", [None, YES_NO, LIST])
def test_a_message_is_found_again_after_a_lost_answer(
    carrier: WhatsAppCarrier, control: httpx.Client, interactive: Interactive | None
) -> None:
    write(control)
    since = datetime.now(timezone.utc)
    sid = send(carrier, "¿Ya  tiene acta?\n1) Sí", interactive)
    assert carrier.find_sent(OLD, "¿Ya  tiene acta?\n1) Sí", since) == sid
    assert carrier.find_sent(OLD, "¿Ya  tiene acta?\n1) Sí", since, known={sid}) is None
    assert carrier.find_sent(OLD, "otra cosa", since) is None
    assert carrier.find_sent(OLD, "¿Ya  tiene acta?\n1) Sí", since + timedelta(minutes=1)) is None


def test_typing_is_shown(carrier: WhatsAppCarrier, control: httpx.Client) -> None:
    sid = write(control)
    carrier.show_typing(sid)
    (request,) = [each for each in control.get("/twin/requests").json() if each["path"].endswith("Typing.json")]
    assert request["params"] == {"channel": "WHATSAPP", "messageId": sid}


def test_typing_that_cannot_be_shown_is_a_quiet_error(
    carrier: WhatsAppCarrier, control: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DeliveryError):
        carrier.show_typing("SM" + "f" * 32)
    assert caplog.text == ""


def test_a_voice_note_is_fetched_with_the_password(shelf: Shelf) -> None:
    with Gateway().running() as gateway, twin_for(gateway, contracts=CONTRACTS) as twin:
        given = {"channel": "whatsapp", "file": {"kind": "voice", "data": "T2dnUw=="}}
        with httpx.Client(base_url=twin.url, trust_env=False) as control:
            control.post(f"/twin/phones/{PHONE}/messages", json=given).raise_for_status()
        (call,) = gateway.wait_for(1)
        content = CHANNELS["whatsapp"].parse_inbound(call.form, datetime.now(timezone.utc)).content
        assert isinstance(content, Media)
        carrier = open_carrier(twin.url, shelf)
        assert carrier.fetch(content.url, 100) == (b"OggS", "audio/ogg")
        with pytest.raises(Rejected, match="file_too_large"):
            carrier.fetch(content.url, 3)
        carrier.close()


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://example.com/x", "file:///etc/passwd", "", "//x"]
)
def test_no_file_of_another_host_is_fetched(carrier: WhatsAppCarrier, url: str) -> None:
    with pytest.raises(Rejected, match="foreign_address"):
        carrier.fetch(url, 100)


def test_the_password_stays_where_it_belongs(shelf: Shelf) -> None:
    seen: list[str | None] = []

    def elsewhere(request: Request) -> Response:
        seen.append(request.headers.get("Authorization"))
        return Response(b"sound", mimetype="audio/ogg")

    with answering(elsewhere) as other:

        def redirecting(request: Request) -> Response:
            seen.append(request.headers.get("Authorization"))
            return Response(status=307, headers={"Location": other.replace("127.0.0.1", "localhost") + "/x"})

        with answering(redirecting) as url:
            made = open_carrier(url, shelf)
            assert made.fetch(f"{url}/Media/ME1", 100)[0] == b"sound"
            made.close()
    assert seen[0] is not None
    assert seen[0].startswith("Basic ")
    assert seen[1] is None


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[Definition]:
    """Let a sync make few shapes: one with all of them is enough."""
    shapes = [buttons(1, 1), buttons(2, 2), list_picker(4, 6)]
    monkeypatch.setattr("channels.whatsapp.sync.usual", lambda: iter(shapes))
    return shapes


# --- The Content API ------------------------------------------------------------------------------------------------


def test_a_first_sync_makes_everything_and_a_second_one_nothing(api: ContentApi, shelf: Shelf) -> None:
    done = list(sync(api, shelf, TEMPLATES))
    names = {each.name for each in [*usual(), *TEMPLATES.values()]}
    assert {line for line in done if line.startswith("created")} == {f"created: {name}" for name in names}
    assert [line for line in done if "approval" in line] == [
        f"approval asked: {each.name}" for each in TEMPLATES.values()
    ]
    assert set(shelf.contents) == {content.name for content in api.ours()} == names
    assert list(sync(api, shelf, TEMPLATES)) == []


def test_a_dry_run_does_nothing(api: ContentApi, shelf: Shelf, few: list[Definition]) -> None:
    assert len(list(sync(api, shelf, TEMPLATES, dry_run=True))) > len(TEMPLATES)
    assert api.ours() == []
    assert shelf.contents == {}


def test_another_installation_notes_what_is_there(api: ContentApi, shelf: Shelf, few: list[Definition]) -> None:
    list(sync(api, shelf, TEMPLATES))
    other = Shelf()
    assert all(line.startswith("noted: ") for line in sync(api, other, TEMPLATES))
    assert other.contents == shelf.contents


def test_what_is_old_there_twice_or_gone_is_put_right(
    api: ContentApi, shelf: Shelf, control: httpx.Client, few: list[Definition]
) -> None:
    list(sync(api, shelf, TEMPLATES))
    rare = list_picker(3, 30)
    shelf.keep(rare.name, api.create(rare))
    old = api.create(OLD_TEMPLATE)
    twice = api.create(buttons(1, 1))
    foreign = ContentApi.open(ACCOUNT, TOKEN, str(control.base_url)).create(_foreign())
    gone = buttons(2, 2)
    api.delete(shelf.contents[gone.name])
    done = list(sync(api, shelf, TEMPLATES))
    assert [line.split(" (")[0] for line in done[:2]] == [f"forgotten: {gone.name}", f"created: {gone.name}"]
    assert {line.split(" (")[0] for line in done[2:]} == {
        f"deleted: {OLD_TEMPLATE.name}",
        f"deleted: {buttons(1, 1).name}",
    }
    left = {content.sid for content in api.ours()}
    assert {old, twice} & left == set()
    assert shelf.contents[rare.name] in left
    assert control.get(f"/v1/Content/{foreign}", auth=(ACCOUNT, TOKEN)).status_code == 200
    assert list(sync(api, shelf, TEMPLATES)) == []


def _foreign() -> Definition:
    class Foreign(Definition):
        @property
        def name(self) -> str:
            return "somebody_elses"

    return Foreign("x", {"twilio/text": {"body": "Hola"}}, {})


def test_the_list_says_what_whatsapp_says(
    api: ContentApi, shelf: Shelf, control: httpx.Client, few: list[Definition]
) -> None:
    control.post("/twin/whatsapp", json={"approvals": "pending"}).raise_for_status()
    list(sync(api, shelf, TEMPLATES))
    api.create(OLD_TEMPLATE)
    lines = list(states(api.ours(), TEMPLATES))
    assert len([line for line in lines if line.endswith("  pending")]) == len(TEMPLATES)
    assert len([line for line in lines if line.endswith("  old")]) == 1
    assert len([line for line in lines if line.endswith("  ready")]) == len(few)


def test_deleting_what_is_gone_is_no_error(api: ContentApi) -> None:
    sid = api.create(buttons(1, 1))
    api.delete(sid)
    api.delete(sid)
    assert api.ours() == []


def test_names_of_other_versions_are_not_current() -> None:
    assert current(buttons(2, 3).name, {}) == buttons(2, 3)
    assert current(list_picker(4, 6).name, {}) == list_picker(4, 6)
    for name in (f"{OURS}buttons_2_3_00000000", f"{OURS}template_x_00000000", f"{OURS}hologram_1_1_1", OURS):
        assert current(name, TEMPLATES) is None


# --- The table ------------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    made = open_engine(f"sqlite:///{tmp_path / 'x.sqlite'}")
    upgrade(made)
    return made


def test_workers_share_what_one_of_them_made(engine: Engine) -> None:
    one, two = ContentStore(engine, ACCOUNT), ContentStore(engine, ACCOUNT)
    assert two.find("a") is None
    one.keep("a", "HX1")
    two.keep("a", "HX2")
    assert (one.find("a"), two.find("a")) == ("HX1", "HX1")
    assert ContentStore(engine, "AC" + "9" * 32).find("a") is None
    assert two.all() == {"a": "HX1"}


def test_what_is_forgotten_can_be_made_again(engine: Engine) -> None:
    one: ContentStore = ContentStore(engine, ACCOUNT)
    one.keep("a", "HX1")
    assert one.find("a") == "HX1"
    one.forget("a")
    assert one.find("a") is None
    one.keep("a", "HX2")
    assert one.find("a") == "HX2"
