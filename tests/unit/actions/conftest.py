"""The actions' tests: run with ``.venv-engine/bin/python -m pytest tests/unit/actions``; elsewhere none is collected.

A small catalogue is written as the SQLite file that the actions read; the search is a table of verdicts, so that each
test says what was found and checks what is done about it.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.catalogue import postings
from bot.catalogue.places import Places
from bot.catalogue.reader import FORMAT, Catalogue
from bot.core.codec import from_payload, to_payload
from bot.core.procedures import (
    Amount,
    Authority,
    Condition,
    ConditionValue,
    Cost,
    Family,
    Jurisdiction,
    LifeEvent,
    LifeEventStep,
    Procedure,
    Requirement,
    ServiceChannel,
    Source,
)
from bot.core.replies import Reply
from bot.core.turns import TurnContext

ROOT = Path(__file__).resolve().parents[3]
collect_ignore_glob: list[str] = ["test_*.py"] if importlib.util.find_spec("rasa_sdk") is None else []


def pytest_configure(config: pytest.Config) -> None:
    """Let rasa_sdk's frozen dependencies warn."""
    if not collect_ignore_glob:
        for line in ("ignore::DeprecationWarning", "ignore::PendingDeprecationWarning"):
            config.addinivalue_line("filterwarnings", line)


def card(id_: str, **changes: Any) -> Procedure:
    """Return a small procedure's card."""
    values: dict[str, Any] = {
        "name": f"Trámite {id_}",
        "short": id_,
        "level": "federal",
        "authority": Authority("Oficina", "OF"),
        "jurisdiction": Jurisdiction(),
        "source": Source("Fuente", "https://example.mx/"),
        "research_date": "2026-11-22",
        "confidence": "high",
        "aliases": (id_.replace("-", " "),),
        "questions": (),
        "summary": "Resumen.",
    }
    return Procedure(id=id_, **{**values, **changes})


def phone(number: str, short: str) -> ServiceChannel:
    """Return a telephone line."""
    return ServiceChannel("phone", short, short, phone=number)


def local(state: str, municipality: str | None = None) -> Jurisdiction:
    """Return where a local card holds."""
    return Jurisdiction(state, municipality)


PROCEDURES = (
    card(
        "acta",
        requirements=(Requirement("CURP", "CURP", when={"via": ("online",)}),),
        cost=Cost(
            free=False,
            amounts=tuple(
                Amount(Decimal(value), "2026-01", state=state)
                for state, value in (("Jalisco", 98), ("Oaxaca", 131), ("Veracruz", 199))
            ),
        ),
        channels=(ServiceChannel("web", "Acta en línea", "gob.mx/acta", url="https://www.gob.mx/acta"),),
    ),
    card("pasaporte", cost=Cost(amounts=(Amount(Decimal(1795), "2026-03"),)), channels=(phone("55 1111 2222", "SRE"),)),
    card("pasaporte-menor"),
    card(
        "licencia-jalisco",
        family="licencia",
        jurisdiction=local("Jalisco"),
        requirements=(
            Requirement("Examen", "examen", when={"occasion": ("first",)}),
            Requirement("Licencia anterior", "licencia anterior", when={"occasion": ("renewal",)}),
        ),
    ),
    card(
        "licencia-oaxaca",
        family="licencia",
        jurisdiction=local("Oaxaca"),
        aliases=("licencia oaxaca de juárez",),
    ),
    card("residencia-huejotzingo", family="residencia", jurisdiction=local("Puebla", "Huejotzingo")),
    card("residencia-texmelucan", family="residencia", jurisdiction=local("Puebla", "San Martín Texmelucan")),
    card("residencia-cdmx", family="residencia", jurisdiction=local("Ciudad de México")),
    card("seguro-desempleo-cdmx", jurisdiction=local("Ciudad de México")),
    card("locatel-cdmx", jurisdiction=local("Ciudad de México"), channels=(phone("55 3333 4444", "Locatel"),)),
    card("orden-proteccion", sensitive="violence"),
    card(
        "busqueda",
        with_person=True,
        channels=(phone("55 1234 0000", "Búsqueda"),),
        requirements=(
            Requirement("Foto", "foto", when={"occasion": ("first",)}),
            Requirement("Folio", "folio", when={"occasion": ("renewal",)}),
        ),
    ),
    card("viudez"),
    card("beca", name="Beca Benito Juárez"),
    card("emergencias-911", channels=(phone("911", "911"),)),
    card("linea-mujeres-079", channels=(phone("079", "079, opción 1"),), sensitive="violence"),
    card("linea-de-la-vida", channels=(phone("800 111 0000", "Línea de la Vida 800 111 0000"),)),
    card("reporte-persona-desaparecida", channels=(phone("800 222 0000", "Búsqueda 800 222 0000"),)),
)
FAMILIES = (
    Family("licencia", "Licencia de conducir", "Licencia de conducir"),
    Family("residencia", "Constancia de residencia", "Residencia"),
)
CONDITIONS = (
    Condition(
        "occasion",
        "¿Es por primera vez o renovación?",
        (
            ConditionValue("first", "Primera vez", "por primera vez"),
            ConditionValue("renewal", "Renovación", "si es renovación"),
        ),
    ),
    Condition(
        "via",
        "¿En línea o en una oficina?",
        (ConditionValue("online", "En línea", "en línea"), ConditionValue("office", "Oficina", "en la oficina")),
    ),
)
EVENTS = (
    LifeEvent(
        "fallecimiento",
        "Murió un familiar",
        "Murió un familiar",
        "Lo sentimos.",
        (),
        (
            LifeEventStep("Pida la pensión", ("viudez",)),
            LifeEventStep("Saque la constancia", ("residencia-huejotzingo", "residencia-cdmx")),
        ),
        sensitive="grief",
    ),
    LifeEvent(
        "victima_violencia",
        "Violencia",
        "Violencia",
        "Estamos con usted.",
        (),
        (LifeEventStep("Pida protección", ("orden-proteccion",)),),
        sensitive="violence",
    ),
)


def write_catalogue(path: Path, procedures: tuple[Procedure, ...] = PROCEDURES, revision: str = "r1") -> Path:
    """Write the file that :class:`bot.catalogue.reader.Catalogue` reads, and move it into place."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    db = sqlite3.connect(draft)
    db.executescript(
        "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);"
        "CREATE TABLE card (kind TEXT NOT NULL, id TEXT NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (kind, id));"
        + postings.SCHEMA
    )
    db.executemany("INSERT INTO meta VALUES (?, ?)", [("format", str(FORMAT)), ("revision", revision)])
    groups = (("procedure", procedures), ("life_event", EVENTS), ("condition", CONDITIONS), ("family", FAMILIES))
    for kind, group in groups:
        db.executemany(
            "INSERT INTO card VALUES (?, ?, ?)", [(kind, each.id, json.dumps(to_payload(each))) for each in group]
        )
    db.commit()
    db.close()
    draft.replace(path)
    return path


@dataclass
class TableSearch:
    """A search that finds what the test says: folded text -> verdict."""

    places: Places
    verdicts: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)
    fits: dict[str, dict[str, float]] = field(default_factory=dict)

    def likeness(self, text: str) -> dict[str, float]:
        """Return how well cards fit a text; nothing fits one that the test says nothing of."""
        return self.fits.get(text, {})

    def find(self, text: str, **known: Any) -> Any:
        """Return the verdict for the text, unknown by default."""
        from bot.catalogue.search import Verdict

        self.asked.append((text, known))
        return self.verdicts.get(text, Verdict("unknown", ()))

    def encode(self, texts: list[str]) -> Any:
        """Return vectors by which two texts are alike if they are the same, and else not at all."""
        import numpy as np

        for text in texts:
            self.told.setdefault(text, len(self.told))
        vectors = np.zeros((len(texts), 4096))
        vectors[range(len(texts)), [self.told[text] for text in texts]] = 1.0
        return vectors


@dataclass
class TableDecider:
    """Decides as the verdicts and the first intent say: the surer the intent, the better the card must fit."""

    search: TableSearch

    def decide(self, text: str, ranking: Any, *, matter_only: bool = False, **known: Any) -> Any:
        """Return the decision on a text."""
        from bot.catalogue.text import normalise
        from bot.understanding.danger import unmistakable
        from bot.understanding.decision import Decision, kind_of_intent
        from bot.understanding.words import rest, without_place

        verdict = self.search.find(text, **known)
        intent, confidence = ranking[0] if ranking else ("out_of_scope", 1.0)
        heard = kind_of_intent(intent)
        asks = heard in ("procedure", "life_event")
        known = verdict.outcome != "unknown" or verdict.family is not None
        sure = verdict.known >= (0.5 if matter_only else 0.55 + 0.35 * confidence)
        kind = heard
        if known and (asks or sure):
            kind = "life_event" if verdict.outcome == "life_event" else "procedure"
        elif matter_only or (asks and intent != "ask_status") or (heard == "emergency" and confidence < 0.5):
            kind = "out_of_scope"
        bare = not rest(without_place(normalise(text), self.search.places))
        if bare and not known and asks:
            kind = heard
        if unmistakable(text):
            kind = "emergency"
        chances = {kind: confidence, "out_of_scope": confidence if heard == "out_of_scope" else 0.5}
        return Decision(kind, intent, confidence, chances, verdict, None, bare)


@dataclass
class Talk:
    """One conversation with the actions, the way Rasa holds it: slots and events as JSON."""

    search: TableSearch
    run: Callable[[dict[str, Any]], dict[str, Any]]
    actions: dict[str, str]
    context: TurnContext = field(default_factory=TurnContext)
    slots: dict[str, Any] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    meaning: dict[str, Any] = field(default_factory=dict)
    channel: str = "sms"
    now: str | None = None

    def interrupted(self) -> None:
        """Lose the running dialogue, as when Redis is wiped: only what SQL keeps is left."""
        self.slots, self.events = {}, []

    def finds(self, text: str, outcome: str, *ids: str, score: float = 0.9, known: float = 0.95, **extra: Any) -> None:
        """Tell the search what a text is: ``ids`` best first, life events by their own ids."""
        from bot.catalogue.search import Hit, Verdict

        events = {event.id for event in EVENTS}
        hits = tuple(Hit(id_, score, "life_event" if id_ in events else "procedure") for id_ in ids)
        self.search.verdicts[text] = Verdict(outcome, hits, known=known, **extra)  # type: ignore[arg-type]

    def say(self, text: str, intent: str, confidence: float = 0.9) -> tuple[Reply, ...]:
        """Say something that was understood as ``intent``."""
        return self._turn({"text": text, "intent": {"name": intent, "confidence": confidence}, "entities": []})

    def do(self, intent: str, caption: str | None = None, **entities: Any) -> tuple[Reply, ...]:
        """Do what is not words: pick, share_location, send_media."""
        listed = [{"entity": name, "value": value} for name, value in entities.items()]
        text = f"/{intent}{json.dumps(entities)}"
        return self._turn({"text": text, "intent": {"name": intent, "confidence": 1.0}, "entities": listed}, caption)

    def pick(self, option_id: str) -> tuple[Reply, ...]:
        """Pick an option."""
        return self.do("pick", option_id=option_id)

    def _turn(self, message: dict[str, Any], caption: str | None = None) -> tuple[Reply, ...]:
        context = replace(self.context, now=self.now)
        message["metadata"] = {"context": to_payload(context), "channel": self.channel}
        if caption:
            message["metadata"]["caption"] = caption
        self.events.append({"event": "user", "text": message["text"], "parse_data": message})
        call = {
            "next_action": self.actions[message["intent"]["name"]],
            "tracker": {"sender_id": "c1", "slots": self.slots, "latest_message": message, "events": self.events},
            "domain": {},
        }
        result = json.loads(json.dumps(self.run(json.loads(json.dumps(call)))))
        self.meaning = {}
        replies = []
        for response in result["responses"]:
            assert not response["text"]
            custom = response["custom"]
            replies.append(from_payload(Reply, custom["reply"]))
            self.meaning.update({name: value for name, value in custom.items() if name != "reply"})
            self.events.append({"event": "bot", "text": None, "data": {"custom": custom}})
        for event in result["events"]:
            assert event["event"] == "slot"
            self.slots[event["name"]] = event["value"]
            self.events.append(event)
        if "context" in self.meaning:
            self.context = from_payload(TurnContext, self.meaning.pop("context"))
        return tuple(replies)


@pytest.fixture(scope="session")
def places() -> Places:
    return Places.load(ROOT / "data" / "places")


@pytest.fixture
def catalogue_path(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "catalogue.sqlite")


@pytest.fixture
def replace_catalogue(catalogue_path: Path) -> Callable[[str], Path]:
    """Build the catalogue anew, with one card more, under the given revision."""
    return lambda revision: write_catalogue(catalogue_path, (*PROCEDURES, card("nuevo")), revision)


@pytest.fixture(scope="session")
def actions_by_intent() -> dict[str, str]:
    """Which action each intent leads to, as the rules say it."""
    from ruamel.yaml import YAML

    rules = {}
    for path in sorted((ROOT / "data/stories/rules").glob("*.yml")):
        for rule in YAML(typ="safe").load(path.read_text(encoding="utf-8"))["rules"]:
            intent, action = rule["steps"]
            rules[intent["intent"]] = action["action"]
    return rules


@pytest.fixture
def talk(
    catalogue_path: Path, places: Places, actions_by_intent: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Talk:
    from rasa_sdk.executor import ActionExecutor

    from actions.dialogue.knowledge import Knowledge

    search = TableSearch(places)
    know = Knowledge(Catalogue(catalogue_path), search, places, TableDecider(search))  # type: ignore[arg-type]

    class Ready:
        def current(self) -> Knowledge:
            return know

    monkeypatch.setattr("actions.base.loader", Ready)
    executor = ActionExecutor()
    executor.register_package("actions")
    return Talk(search, lambda call: asyncio.run(executor.run(call)) or {}, actions_by_intent)
